//! The command line: the service itself, and every verb of the admin API.
//!
//! A verb is one request of the admin API, sent in process or over HTTP; [`call`] sends it, [`show`] prints the answer.

mod call;
mod check;
mod client;
mod connection;
mod erase;
mod failure;
mod given;
mod kept;
mod key;
mod log;
mod out;
mod policy;
mod remote;
mod schema;
mod serve;
mod show;
mod simulate;
mod tenant;
mod token;
mod whose;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use serverless_scim::home::{self, Place};

use failure::Failure;
use out::{complain, say};

/// A SCIM 2.0 endpoint on one DynamoDB table.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service on this machine.
    Serve(serve::Serve),
    /// The customers served.
    #[command(subcommand)]
    Tenant(tenant::Tenant),
    /// Their identity providers.
    #[command(subcommand)]
    Connection(connection::Connection),
    /// What a connection may and must do.
    #[command(subcommand)]
    Policy(policy::Policy),
    /// The secret tokens of a connection.
    #[command(subcommand)]
    Token(token::Token),
    /// The OAuth clients of a connection.
    #[command(subcommand)]
    Client(client::Client),
    /// A tenant's own schemas and attributes.
    #[command(subcommand)]
    Schema(schema::Schema),
    /// What identity providers did, and what was refused.
    Log(log::Log),
    /// Users that were deleted and are kept for you.
    #[command(subcommand)]
    Kept(kept::Kept),
    /// Your own keys, which open the admin API.
    #[command(subcommand)]
    Key(key::Key),
    /// The DynamoDB table.
    #[command(subcommand)]
    Table(Table),
    /// Verify a table: after a restore, before writes are let in again, or whenever in doubt.
    Check(check::Check),
    /// Behave like an identity provider and report how a SCIM endpoint, any endpoint, fares.
    Simulate(simulate::Simulate),
}

/// Not a comment, for there names stand between backticks, which would be printed.
const TABLE_HELP: &str = "A DynamoDB table, on AWS or at AWS_ENDPOINT_URL_DYNAMODB";

/// Where the data is, for what needs it itself.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Stored {
    /// The data in this folder.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[arg(long, value_name = "NAME", help = TABLE_HELP)]
    table: Option<String>,
}

impl From<Stored> for Place {
    fn from(stored: Stored) -> Self {
        match (stored.data, stored.table) {
            (Some(folder), _) => Self::Folder(folder),
            (None, table) => Self::Table(table.unwrap_or_default()),
        }
    }
}

#[derive(Debug, Subcommand)]
enum Table {
    /// Create the table where no template did.
    Create {
        /// What it is to be called.
        #[arg(long, value_name = "NAME")]
        table: String,
    },
}

/// What was asked for is done, or a report has no findings. Failures and reports know the others.
const DONE: u8 = 0;

/// Does what the arguments say. Ends with 0 when it is done, 1 when it was refused or a report has findings, 2 when it
/// was asked for in a wrong way or nobody could answer.
pub(super) async fn run() -> ExitCode {
    let mut status = DONE;
    let result = match Cli::parse().command {
        Command::Serve(options) => serve::run(options).await,
        Command::Tenant(command) => tenant::run(command).await,
        Command::Connection(command) => connection::run(command).await,
        Command::Policy(command) => policy::run(command).await,
        Command::Token(command) => token::run(command).await,
        Command::Client(command) => client::run(command).await,
        Command::Schema(command) => schema::run(command).await,
        Command::Log(options) => log::run(options).await,
        Command::Kept(command) => kept::run(command).await,
        Command::Key(command) => key::run(command).await,
        Command::Table(Table::Create { table }) => create_table(&table).await,
        Command::Check(options) => check::run(options).await.map(|found| status = found),
        Command::Simulate(options) => simulate::run(options).await.map(|found| status = found),
    };
    if let Err(failure) = result {
        status = failure.exit_status();
        complain(failure);
    }
    ExitCode::from(status)
}

async fn create_table(name: &str) -> Result<(), Failure> {
    home::create_table(name).await?;
    say(format_args!("The table {name} is ready."));
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    /// What of a command's help is missing, or would show marks of a source text.
    fn wanting(command: &clap::Command, path: &str) -> Vec<String> {
        let path = format!("{path} {}", command.get_name());
        let bad = |text: Option<&clap::builder::StyledStr>| {
            text.is_none_or(|text| text.to_string().contains('`'))
        };
        let mut found = vec![];
        if bad(command.get_about()) {
            found.push(path.clone());
        }
        let arguments = command.get_arguments();
        let arguments = arguments.filter(|argument| bad(argument.get_help()));
        found.extend(arguments.map(|argument| format!("{path} {}", argument.get_id())));
        let commands = command.get_subcommands();
        found.extend(commands.flat_map(|command| wanting(command, &path)));
        found
    }

    #[test]
    fn what_a_command_holds_shows_no_secret() {
        for line in [
            "serverless-scim tenant list --url https://host.example/admin/v1 --key hush",
            "serverless-scim simulate --url https://host.example/scim/v2 --token hush",
        ] {
            let shown = format!("{:?}", Cli::try_parse_from(line.split(' ')).unwrap());
            assert!(shown.contains("host.example"), "{shown}");
            assert!(!shown.contains("hush"), "{shown}");
        }
    }

    /// What a change does not name stays as it is.
    #[test]
    fn a_change_has_no_defaults() {
        for mut command in Cli::command().get_subcommands().cloned() {
            let Some(change) = command.find_subcommand_mut("change") else {
                continue;
            };
            for argument in change.get_arguments() {
                let help = argument.get_help().map(ToString::to_string);
                assert!(!help.unwrap_or_default().contains("[default"), "{argument}");
            }
        }
    }

    #[test]
    fn each_command_and_option_says_what_it_is_for() {
        assert_eq!(wanting(&Cli::command(), ""), Vec::<String>::new());
    }
}
