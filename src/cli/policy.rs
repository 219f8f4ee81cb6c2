//! `policy`: what a connection may and must do.

use std::path::PathBuf;

use clap::Subcommand;
use http::Method;

use super::failure::Failure;
use super::given::document;
use super::out::say;
use super::show;
use super::whose::OfConnection;

#[derive(Debug, Subcommand)]
pub(super) enum Policy {
    /// The policies of a connection.
    Show {
        #[command(flatten)]
        of: OfConnection,
    },
    /// Replace all policies of a connection; what the document leaves out is as it is without a policy.
    Set {
        /// JSON, as policy show --json prints it; - for standard input.
        file: PathBuf,
        #[command(flatten)]
        of: OfConnection,
    },
}

pub(super) async fn run(command: Policy) -> Result<(), Failure> {
    match command {
        Policy::Show { of } => {
            let (caller, path) = of.open().await?;
            caller.print(
                &caller.get(&format!("{path}/policies")).await?,
                show::members,
            );
        }
        Policy::Set { file, of } => {
            let policies = document(&file)?;
            let (caller, path) = of.open().await?;
            let path = format!("{path}/policies");
            let set = caller.ask(Method::PUT, &path, Some(policies)).await;
            let set = set.map_err(|failure| failure.after(&file.display().to_string()))?;
            caller.print(&set, |policies| {
                show::members(policies);
                say("They are in force everywhere within 30 seconds.");
            });
        }
    }
    Ok(())
}
