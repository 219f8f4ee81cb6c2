//! `serverless-scim`: the service on a laptop, and its administration.

mod cli;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    serverless_scim::home::start_log();
    cli::run().await
}
