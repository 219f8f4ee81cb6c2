//! `serverless-scim`: the service on a laptop, and its administration.

#![allow(clippy::print_stdout, reason = "a command line prints")]

mod schema_command;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use serde_json::json;
use serverless_scim::home::{self, DEFAULT_TENANT, Error, Place, Server};

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
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
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
    let server = Server::bind(&place, options.listen).await?;
    let secret = server.secret.as_ref().map(home::Secret::reveal);
    if options.json {
        println!(
            "{}",
            json!({ "tenantUrl": server.tenant_url(), "secretToken": secret })
        );
    } else {
        let again = format!(
            "was shown at the first start; make another: serverless-scim token create --tenant {DEFAULT_TENANT} {}",
            place.options()
        );
        println!("Tenant URL    {}", server.tenant_url());
        println!("Secret Token  {}", secret.unwrap_or(&again));
    }
    server.run().await
}

async fn create_tenant(name: &str, place: &Place, json: bool) -> Result<(), Error> {
    let store = place.open().await?;
    let tenant = store.create_tenant(name).await?;
    let secret = store.create_token(&tenant, "first token").await?;
    show(name, secret.reveal(), json);
    Ok(())
}

async fn create_token(tenant: &str, label: &str, place: &Place, json: bool) -> Result<(), Error> {
    let store = place.open().await?;
    let found = home::find_tenant(&store, tenant, place).await?;
    let secret = store.create_token(&found, label).await?;
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
