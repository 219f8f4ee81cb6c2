//! How long requests take as groups and directories grow: `cargo bench`, with other sizes
//! `cargo bench -- --members 10,1000 --users 1000`.

#![allow(
    clippy::print_stdout,
    reason = "the table is what the benchmark is for"
)]

mod cases;
mod home;
mod measure;

use std::sync::Arc;

use clap::Parser;
use serverless_scim::table::embedded;

use cases::{Case, Operation};
use home::{Failed, Home};
use measure::Growth;

#[derive(Debug, Parser)]
struct Arguments {
    /// Sizes of the groups.
    #[arg(long, value_delimiter = ',', default_value = "10,1000,100000,1000000")]
    members: Vec<u64>,
    /// Sizes of the directories.
    #[arg(long, value_delimiter = ',', default_value = "1000,10000,100000")]
    users: Vec<u64>,
    /// Requests of each kind at each size.
    #[arg(long, default_value_t = 300)]
    rounds: u64,
    /// What `cargo bench` adds.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let arguments = Arguments::parse();
    let home = Home::new(Arc::new(embedded::memory().await?));
    let mut cases = seeded(&home, &arguments).await?;
    measure::rounds(&home, &mut cases, arguments.rounds).await?;
    for growth in Growth::of(&cases) {
        println!("{growth}");
    }
    Ok(())
}

/// Every operation at every size, over tenants that are made for it.
async fn seeded(home: &Home, arguments: &Arguments) -> Result<Vec<Case>, Failed> {
    let mut cases = vec![];
    let largest = arguments.members.iter().max().copied().unwrap_or(0);
    let tenant = home
        .seed("groups", largest + cases::SPARE_USERS, &arguments.members)
        .await?;
    for operation in Operation::OF_GROUPS {
        for (size, group) in arguments.members.iter().zip(&tenant.groups) {
            cases.push(Case::new(
                operation,
                *size,
                tenant.clone(),
                Some(*group),
                largest,
            ));
        }
    }
    let mut tenants = vec![];
    for size in &arguments.users {
        tenants.push((
            *size,
            home.seed(&format!("users-{size}"), *size, &[]).await?,
        ));
    }
    for operation in Operation::OF_USERS {
        for (size, tenant) in &tenants {
            cases.push(Case::new(operation, *size, tenant.clone(), None, *size));
        }
    }
    Ok(cases)
}
