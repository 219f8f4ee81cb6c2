//! `serverless-scim`: the service on a laptop, and its administration.

#![allow(clippy::print_stdout, reason = "a command line prints")]

mod cli;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    serverless_scim::home::start_log();
    cli::run().await
}
