//! `serve`: the whole service in this process, and what its first start has to hand out.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use serverless_scim::home::{AdminSecret, DEFAULT_TENANT, Place, Secret, Server};

use super::TABLE_HELP;
use super::failure::Failure;
use super::out::say;

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Address and port; port 0 picks a free one.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Keep the data in this folder; without it, everything is in memory and gone at the end.
    #[arg(long, value_name = "DIR", conflicts_with = "memory")]
    data: Option<PathBuf>,
    /// Keep the data in memory, until the process ends (the default).
    #[arg(long)]
    memory: bool,
    #[arg(long, value_name = "NAME", help = TABLE_HELP, conflicts_with_all = ["data", "memory"])]
    table: Option<String>,
    /// Ask only this host for the keys of signed tokens, instead of Microsoft's; a loopback address also without TLS.
    #[arg(long, value_name = "HOST[:PORT]")]
    issuer_host: Vec<String>,
    /// Print one line of JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(options: Serve) -> Result<(), Failure> {
    let place = match (options.data, options.table) {
        (Some(folder), _) => Place::Folder(folder),
        (None, Some(table)) => Place::Table(table),
        (None, None) => Place::Memory,
    };
    let server = Server::bind(&place, options.listen, &options.issuer_host).await?;
    print(&server, &place, options.json);
    Ok(server.run().await?)
}

/// What an administrator pastes, and what the vendor keeps. Secrets are known to the start that makes them alone.
fn print(server: &Server, place: &Place, json: bool) {
    let token = server.secret.as_ref().map(Secret::reveal);
    let key = server.admin_key.as_ref().map(AdminSecret::reveal);
    let (tenant_url, admin_url) = (server.tenant_url(), server.admin_url());
    if json {
        let line = json!({
            "tenantUrl": tenant_url,
            "secretToken": token,
            "adminUrl": admin_url,
            "adminKey": key,
        });
        say(line);
        return;
    }
    let options = place.options();
    let again = |command: &str| {
        format!("was shown at the first start; make another: serverless-scim {command} {options}")
    };
    let another_token = again(&format!("token create --tenant {DEFAULT_TENANT}"));
    let another_key = again("key create --label NAME");
    say(format_args!("Tenant URL    {tenant_url}"));
    say(format_args!(
        "Secret Token  {}",
        token.unwrap_or(&another_token)
    ));
    say(format_args!("Admin URL     {admin_url}"));
    say(format_args!(
        "Admin Key     {}",
        key.unwrap_or(&another_key)
    ));
}
