//! `log`: the provisioning log of a tenant.

use std::collections::HashSet;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use serverless_scim::home::SystemHost;
use serverless_scim::store::Host as _;
use ulid::Ulid;

use super::call::Caller;
use super::failure::Failure;
use super::given::{self, Page, segment, text};
use super::out::say;
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
/// How far back one looks where nothing is said.
const DAY_S: i64 = 24 * 60 * 60;

#[derive(Debug, Args)]
pub(super) struct Log {
    /// Begin so long ago, such as 1h or 7d [default: 24h; with --follow now].
    #[arg(long, value_name = "TIME", value_parser = given::seconds, conflicts_with = "after")]
    since: Option<i64>,
    /// Go on with what comes, until Ctrl-C; with --json, a line for each entry.
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
    let back = if options.follow { 0 } else { DAY_S };
    page.begin(&place(options.since.unwrap_or(back)));
    if !options.follow {
        return read(&caller, path, page).await;
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

/// The place in the log where entries of so long ago begin: their ids are ULIDs.
fn place(seconds_ago: i64) -> String {
    let then = SystemHost.now_ms() - seconds_ago * 1_000;
    Ulid::from_parts(u64::try_from(then).unwrap_or_default(), 0).to_string()
}

/// Prints as many entries as a page may hold. The API may answer fewer where it passed over others.
async fn read(
    caller: &Caller,
    path: impl Fn(&Page) -> String,
    mut page: Page,
) -> Result<(), Failure> {
    let mut log = caller.get(&path(&page)).await?;
    if caller.json {
        say(log);
        return Ok(());
    }
    let mut entries = vec![];
    loop {
        let items = log.get("items").and_then(Value::as_array);
        entries.extend(items.into_iter().flatten().map(shown));
        let last = entries.last().map(|entry| text(entry, "id"));
        let place = last.unwrap_or_default().max(text(&log, "next"));
        if entries.len() > page.limit() || !page.go_on(&place) {
            break;
        }
        log = caller.get(&path(&page)).await?;
    }
    let more = entries.len() > page.limit();
    entries.truncate(page.limit());
    let last = entries.last().map(|entry| text(entry, "id"));
    let next = last.filter(|_| more);
    let none = "The log is empty there; look further back with --since, such as --since 90d.";
    caller.print_list(&json!({ "items": entries, "next": next }), COLUMNS, none);
    Ok(())
}

/// Prints the entries that were not seen before; those of this page are seen now.
fn follow(caller: &Caller, log: &Value, seen: &HashSet<String>) -> HashSet<String> {
    let entries = log.get("items").and_then(Value::as_array);
    let mut page = HashSet::new();
    for entry in entries.into_iter().flatten() {
        let id = text(entry, "id");
        if !seen.contains(&id) {
            caller.print(entry, |entry| say(show::line(&shown(entry), COLUMNS)));
        }
        page.insert(id);
    }
    page
}

/// The entry with what was asked for in place of a type: of a refusal, method and path.
fn shown(entry: &Value) -> Value {
    let mut entry = entry.clone();
    let method = text(&entry, "method");
    if !method.is_empty() {
        let asked = format!("{method} {}", text(&entry, "route"));
        if let Value::Object(entry) = &mut entry {
            entry.insert("resourceType".to_owned(), asked.into());
        }
    }
    entry
}
