//! `key`: the vendor's own keys.

use clap::Subcommand;
use serde_json::json;
use serverless_scim::home::Place;

use super::call::{Access, Caller};
use super::failure::Failure;
use super::given::{self, Page, given, segment};
use super::out::say;
use super::{Stored, show};

const COLUMNS: show::Columns = &[
    ("id", "id"),
    ("label", "label"),
    ("created", "created"),
    ("ends", "expiresAt"),
    ("revoked", "revokedAt"),
];

#[derive(Debug, Subcommand)]
pub(super) enum Key {
    /// Create a key. It is shown once, and takes direct access to the data.
    Create {
        /// Who uses it, and for what.
        #[arg(long)]
        label: String,
        /// How long it lives, such as 90d; without it, until it is revoked.
        #[arg(long, value_name = "TIME", value_parser = given::seconds)]
        expires_in: Option<i64>,
        #[command(flatten)]
        stored: Stored,
        /// Print the answer as JSON.
        #[arg(long)]
        json: bool,
    },
    /// The keys there are.
    List {
        #[command(flatten)]
        page: Page,
        #[command(flatten)]
        access: Access,
    },
    /// End a key for good, at once.
    Revoke {
        /// Its id, as key list shows it.
        #[arg(value_parser = given::name)]
        id: String,
        #[command(flatten)]
        access: Access,
    },
}

pub(super) async fn run(command: Key) -> Result<(), Failure> {
    match command {
        Key::Create {
            label,
            expires_in,
            stored,
            json,
        } => {
            let caller = Caller::here(&Place::from(stored), false, json).await?;
            let body = json!({ "label": label, "expiresIn": expires_in });
            let made = caller.post("/keys", given(body)).await?;
            caller.print(&made, |made| {
                show::secret("Admin Key", made, "adminKey");
                show::fields(made, &[("Key id", "id"), ("Ends", "expiresAt")]);
            });
        }
        Key::List { page, access } => {
            let caller = access.open().await?;
            let keys = caller.get(&page.of("/keys")).await?;
            caller.print_list(&keys, COLUMNS, "There are no keys.");
        }
        Key::Revoke { id, access } => {
            let caller = access.open().await?;
            let path = format!("/keys/{}", segment(&id));
            caller.print(&caller.delete(&path).await?, |_| {
                say(format_args!("Revoked {id}. It opens nothing any more."));
            });
        }
    }
    Ok(())
}
