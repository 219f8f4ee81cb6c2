//! `log`: the provisioning log of a tenant.

use std::collections::HashSet;
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::call::Caller;
use super::failure::Failure;
use super::given::{self, Page, segment, text};
use super::show;
use super::whose::OfTenant;

const COLUMNS: show::Columns = &[
    ("time", "time"),
    ("operation", "operation"),
    ("type", "resourceType"),
    ("resource", "resourceId"),
    ("status", "status"),
    ("changed", "changed"),
    ("error", "error"),
    ("quirks", "quirks"),
    ("connection", "connection"),
    ("credential", "credential"),
    ("request", "requestId"),
];
/// How long to wait for new entries before the log is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
pub(super) struct Log {
    /// Go on with what comes, until Ctrl-C; with `--json`, a line for each entry.
    #[arg(long)]
    follow: bool,
    /// Only of this connection: its name or its id.
    #[arg(long, value_name = "NAME", value_parser = given::name)]
    connection: Option<String>,
    #[command(flatten)]
    page: Page,
    #[command(flatten)]
    of: OfTenant,
}

pub(super) async fn run(options: Log) -> Result<(), Failure> {
    let only = options.connection.as_deref().map(segment);
    let only = only.map_or_else(String::new, |name| format!("&connection={name}"));
    let (caller, path) = options.of.open().await?;
    let path = |page: &Page| format!("{}{only}", page.of(&format!("{path}/log")));
    let mut page = options.page;
    if !options.follow {
        let log = caller.get(&path(&page)).await?;
        caller.print(&log, |log| show::list(log, COLUMNS, "The log is empty."));
        return Ok(());
    }
    let mut seen = HashSet::new();
    loop {
        let log = caller.get(&path(&page)).await?;
        seen = follow(&caller, &log, &seen);
        // Young entries are told again until nothing can come in before them.
        if !page.go_on(&text(&log, "next")) {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

/// Prints the entries that were not seen before; those of this page are seen now.
fn follow(caller: &Caller, log: &Value, seen: &HashSet<String>) -> HashSet<String> {
    let entries = log.get("items").and_then(Value::as_array);
    let mut page = HashSet::new();
    for entry in entries.into_iter().flatten() {
        let id = text(entry, "id");
        if !seen.contains(&id) {
            caller.print(entry, |entry| println!("{}", show::line(entry, COLUMNS)));
        }
        page.insert(id);
    }
    page
}
