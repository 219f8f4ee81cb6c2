//! How long requests take as groups and directories grow: `cargo bench --bench sizes`, with other sizes
//! `cargo bench --bench sizes -- --members 10,1000 --users 1000`.
//!
//! Every request goes through the whole service in this process, without sockets, over the embedded engine.

#![allow(
    clippy::print_stdout,
    reason = "the table is what the benchmark is for"
)]

mod cases;
mod changes;
mod home;
mod measure;
mod paging;
mod plot;

use std::path::PathBuf;

use clap::Parser;
use serde_json::Value;
use serverless_scim::home::Place;

use cases::{Case, Operation};
use home::{Failed, Home, Tenant};
use measure::Growth;

/// Users of the groups' tenant that are written whole, with document and aliases.
const WHOLE_USERS: u64 = 20_000;

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
    /// Read a group of so many members page by page and watch the memory of `serve`; 0 leaves it out.
    #[arg(long, default_value_t = 100_000)]
    paged: u64,
    /// Members that one request adds.
    #[arg(long, value_delimiter = ',', default_value = "1000,10000")]
    changed: Vec<u64>,
    /// Draw the growth here.
    #[arg(long)]
    plot: Option<PathBuf>,
    /// What `cargo bench` adds.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let arguments = Arguments::parse();
    println!(
        "Embedded engine in memory, {} requests of each kind at each size, taken in turns.\n\
         Built for compiling fast, not for speed: compare rows, not machines. Times in ms.\n",
        arguments.rounds
    );
    let home = Home::open(&Place::Memory).await?;
    let (groups, tenant) = of_groups(&home, &arguments).await?;
    let users = of_users(&home, &arguments).await?;
    if let Some(path) = &arguments.plot {
        let note = "embedded engine in memory";
        std::fs::write(path, plot::svg(&groups, &users, note))?;
    }
    for change in changes::measured(&home, &arguments.changed).await? {
        println!("{change}");
    }
    emptied(&home, &tenant, &arguments.members).await?;
    drop(home);
    if arguments.paged > 0 {
        println!("{}", paging::measured(arguments.paged).await?);
    }
    Ok(())
}

/// One tenant with all the groups. Their members are the same users, who follow those in no group; members beyond
/// [`WHOLE_USERS`] are edges alone, for no request here reads the document of a member that is one already.
async fn of_groups(home: &Home, arguments: &Arguments) -> Result<(Vec<Growth>, Tenant), Failed> {
    let spare = cases::SPARE_USERS;
    let members: Vec<_> = arguments
        .members
        .iter()
        .map(|size| spare..spare + size)
        .collect();
    let tenant = home.seed("groups", WHOLE_USERS, &members).await?;
    let mut cases = vec![];
    for operation in Operation::OF_GROUPS {
        for (size, group) in arguments.members.iter().zip(&tenant.groups) {
            cases.push(Case::new(operation, *size, &tenant, Some(*group)));
        }
    }
    Ok((run(home, &mut cases, arguments.rounds).await?, tenant))
}

/// Takes everybody out of each group: once, for it cannot be taken back, and last, for the edges wait to be collected.
async fn emptied(home: &Home, tenant: &Tenant, members: &[u64]) -> Result<(), Failed> {
    for (size, group) in members.iter().zip(&tenant.groups) {
        let path = format!("/Groups/{group}");
        let empty = home::patch("remove", "members", &Value::Null);
        let (took, _) = home.send(tenant, "PATCH", &path, Some(empty)).await?;
        let ms = took.as_secs_f64() * 1e3;
        println!("a group of {size} members: empty after {ms:.2} ms");
    }
    Ok(())
}

/// One tenant for each size of directory.
async fn of_users(home: &Home, arguments: &Arguments) -> Result<Vec<Growth>, Failed> {
    let mut tenants = vec![];
    for size in &arguments.users {
        let tenant = home.seed(&format!("users-{size}"), *size, &[]).await?;
        tenants.push((*size, tenant));
    }
    let mut cases = vec![];
    for operation in Operation::OF_USERS {
        for (size, tenant) in &tenants {
            cases.push(Case::new(operation, *size, tenant, None));
        }
    }
    run(home, &mut cases, arguments.rounds).await
}

async fn run(home: &Home, cases: &mut [Case], rounds: u64) -> Result<Vec<Growth>, Failed> {
    measure::rounds(home, cases, rounds).await?;
    let growths = Growth::of(cases);
    for growth in &growths {
        println!("{growth}");
    }
    Ok(growths)
}
