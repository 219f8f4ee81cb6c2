//! `kept`: users that their identity provider deleted and whose record the vendor keeps.

use clap::{Args, Subcommand};

use super::call::Caller;
use super::failure::Failure;
use super::given::{self, Page, segment};
use super::out::say;
use super::show;
use super::whose::OfTenant;

const COLUMNS: show::Columns = &[
    ("id", "id"),
    ("user name", "userName"),
    ("deleted", "deletedAt"),
];

#[derive(Debug, Subcommand)]
pub(super) enum Kept {
    /// The records there are.
    List {
        #[command(flatten)]
        page: Page,
        #[command(flatten)]
        of: OfTenant,
    },
    /// One record, as JSON.
    Show(One),
    /// Forget a record for good.
    Delete(One),
}

/// A record named by itself.
#[derive(Debug, Args)]
pub(super) struct One {
    /// The id the user had.
    #[arg(value_parser = given::name)]
    id: String,
    #[command(flatten)]
    of: OfTenant,
}

impl One {
    async fn open(self) -> Result<(Caller, String), Failure> {
        let (caller, path) = self.of.open().await?;
        Ok((caller, format!("{path}/users/kept/{}", segment(&self.id))))
    }
}

pub(super) async fn run(command: Kept) -> Result<(), Failure> {
    match command {
        Kept::List { page, of } => {
            let (caller, path) = of.open().await?;
            let list = caller.get(&page.of(&format!("{path}/users/kept"))).await?;
            caller.print_list(&list, COLUMNS, "There are no kept users.");
        }
        Kept::Show(one) => {
            let (caller, path) = one.open().await?;
            caller.print(&caller.get(&path).await?, |kept| {
                say(format_args!("{kept:#}"));
            });
        }
        Kept::Delete(one) => {
            let id = one.id.clone();
            let (caller, path) = one.open().await?;
            caller.print(&caller.delete(&path).await?, |_| {
                say(format_args!("Deleted {id} for good."));
            });
        }
    }
    Ok(())
}
