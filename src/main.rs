//! `serverless-scim`: the service on a laptop, and its administration.

#![allow(clippy::print_stdout, reason = "a command line prints")]

mod check_command;
mod schema_command;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use serde_json::json;
use serverless_scim::home::{self, DEFAULT_TENANT, Error, Place, Server};
use serverless_scim::simulate;

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
    Serve(Serve),
    /// The customers served.
    #[command(subcommand)]
    Tenant(Tenant),
    /// Their secret tokens.
    #[command(subcommand)]
    Token(Token),
    /// Their own schemas and attributes.
    #[command(subcommand)]
    Schema(schema_command::Schema),
    /// The DynamoDB table.
    #[command(subcommand)]
    Table(Table),
    /// Verify a table: after a restore, before writes are let in again, or whenever in doubt.
    Check(check_command::Check),
    /// Behave like an identity provider and report how a SCIM endpoint, any endpoint, fares.
    Simulate(Simulate),
}

#[derive(Debug, Args)]
struct Simulate {
    /// The Tenant URL, as one would paste it into Entra ID.
    #[arg(long)]
    url: String,
    /// The Secret Token.
    #[arg(long, env = "SCIM_TOKEN", hide_env_values = true)]
    token: String,
    /// Whose behaviour.
    #[arg(long = "as", value_enum, default_value = "entra")]
    client: simulate::Client,
    /// Users to provision; 0 with no groups leaves the sync out.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(..=i64::from(simulate::USERS_MAX)))]
    users: u32,
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(..=i64::from(simulate::GROUPS_MAX)))]
    groups: u32,
    /// Per cent of the users that change afterwards.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u8).range(..=100))]
    churn: u8,
    /// The same seed, the same users and changes; names differ from run to run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seconds to wait for one answer.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
    /// Seconds for everything but cleaning up.
    #[arg(long, default_value_t = 1800, value_parser = clap::value_parser!(u64).range(1..))]
    time: u64,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Serve {
    /// Address and port; port 0 picks a free one.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    #[command(flatten)]
    place: Embedded,
    /// Serve a DynamoDB table, on AWS or at `AWS_ENDPOINT_URL_DYNAMODB`.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["data", "memory"])]
    table: Option<String>,
    /// Ask only this host for the keys of signed tokens, instead of Microsoft's; a loopback address also without TLS.
    #[arg(long, value_name = "HOST[:PORT]")]
    issuer_host: Vec<String>,
    /// Print one line of JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Embedded {
    /// Keep the data in this folder.
    #[arg(long, value_name = "DIR", conflicts_with = "memory")]
    data: Option<PathBuf>,
    /// Keep the data in memory, until the process ends (the default).
    #[arg(long)]
    memory: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Kept {
    /// The data in this folder.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A DynamoDB table, on AWS or at `AWS_ENDPOINT_URL_DYNAMODB`.
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Tenant {
    /// Create a tenant and its first token.
    Create {
        /// 1 to 63 letters, digits, dots, dashes or underscores.
        name: String,
        #[command(flatten)]
        place: Kept,
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
enum Token {
    /// Create a further token. It is shown once.
    Create {
        #[arg(long)]
        tenant: String,
        /// What the token is for.
        #[arg(long, default_value = "")]
        label: String,
        #[command(flatten)]
        place: Kept,
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
enum Table {
    /// Create the table where no template did.
    Create {
        #[arg(long, value_name = "NAME")]
        table: String,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    home::start_log();
    let result = match Cli::parse().command {
        Command::Serve(options) => serve(options).await,
        Command::Tenant(Tenant::Create { name, place, json }) => {
            create_tenant(&name, &place.into(), json).await
        }
        Command::Token(Token::Create {
            tenant,
            label,
            place,
            json,
        }) => create_token(&tenant, &label, &place.into(), json).await,
        Command::Schema(command) => schema_command::run(command).await,
        Command::Table(Table::Create { table }) => create_table(&table).await,
        Command::Check(options) => return check_command::run(options).await,
        Command::Simulate(options) => return simulate(options).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", serverless_scim::api::chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

async fn serve(options: Serve) -> Result<(), Error> {
    let place = match (options.place.data, options.table) {
        (Some(folder), _) => Place::Folder(folder),
        (None, Some(table)) => Place::Table(table),
        (None, None) => Place::Memory,
    };
    let server = Server::bind(&place, options.listen, &options.issuer_host).await?;
    let secret = server.secret.as_ref().map(home::Secret::reveal);
    let admin_key = server.admin_key.as_ref().map(home::AdminSecret::reveal);
    if options.json {
        println!(
            "{}",
            json!({
                "tenantUrl": server.tenant_url(),
                "secretToken": secret,
                "adminUrl": server.admin_url(),
                "adminKey": admin_key,
            })
        );
    } else {
        let again = format!(
            "was shown at the first start; make another: serverless-scim token create --tenant {DEFAULT_TENANT} {}",
            place.options()
        );
        println!("Tenant URL    {}", server.tenant_url());
        println!("Secret Token  {}", secret.unwrap_or(&again));
        println!("Admin URL     {}", server.admin_url());
        let again = "was shown at the first start";
        println!("Admin Key     {}", admin_key.unwrap_or(again));
    }
    server.run().await
}

/// Ends with 0 when everything passed, 1 with findings, 2 when it could not run to its end.
async fn simulate(options: Simulate) -> ExitCode {
    let json = options.json;
    let bar = indicatif::ProgressBar::new(0);
    if let Ok(style) = indicatif::ProgressStyle::with_template("{msg:14} {wide_bar} {pos}/{len}") {
        bar.set_style(style);
    }
    let stop = || async {
        let _ = tokio::signal::ctrl_c().await;
    };
    match simulate::run(&options.into(), &bar, stop).await {
        Ok(report) => {
            if json {
                println!("{:#}", report.to_json());
            } else {
                println!("{report}");
            }
            ExitCode::from(report.exit_status())
        }
        Err(reason) => {
            bar.finish_and_clear();
            eprintln!("{reason}");
            ExitCode::from(2)
        }
    }
}

async fn create_tenant(name: &str, place: &Place, json: bool) -> Result<(), Error> {
    let store = place.open().await?;
    let tenant = store.create_tenant(name).await?;
    let secret = store.connect(&tenant, "first token").await?;
    show(name, secret.reveal(), json);
    Ok(())
}

async fn create_token(tenant: &str, label: &str, place: &Place, json: bool) -> Result<(), Error> {
    let store = place.open_existing().await?;
    let found = home::find_tenant(&store, tenant, place).await?;
    let secret = store.connect(&found, label).await?;
    show(tenant, secret.reveal(), json);
    Ok(())
}

async fn create_table(name: &str) -> Result<(), Error> {
    home::create_table(name).await?;
    println!("The table {name} is ready.");
    Ok(())
}

fn show(tenant: &str, secret: &str, json: bool) {
    if json {
        println!("{}", json!({ "tenant": tenant, "secretToken": secret }));
    } else {
        println!("Tenant        {tenant}");
        println!("Secret Token  {secret}");
    }
}

impl From<Kept> for Place {
    fn from(kept: Kept) -> Self {
        match (kept.data, kept.table) {
            (Some(folder), _) => Self::Folder(folder),
            (None, table) => Self::Table(table.unwrap_or_default()),
        }
    }
}

impl From<Simulate> for simulate::Options {
    fn from(options: Simulate) -> Self {
        Self {
            target: simulate::Target {
                url: options.url,
                token: options.token,
                client: options.client,
                timeout: Duration::from_secs(options.timeout),
            },
            users: options.users,
            groups: options.groups,
            churn: options.churn,
            seed: options.seed,
            time: Duration::from_secs(options.time),
        }
    }
}
