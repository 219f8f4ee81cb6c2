//! `check`: whether a table holds what it should, and `--repair` for what can be mended without a guess.

use http::Method;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use serverless_scim::home::Error;
use serverless_scim::store::{Progress, Report, Store, TenantScope};

use super::call::{Access, Caller};
use super::failure::Failure;
use super::given::{self, text};
use super::out::say;
use super::{show, whose};

#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// Only this tenant; the whole table is read all the same. A service is always asked of one.
    #[arg(long, value_name = "NAME", value_parser = given::name)]
    tenant: Option<String>,
    /// Mend what can be mended without a guess, work off what waits, and check again.
    #[arg(long)]
    repair: bool,
    #[command(flatten)]
    access: Access,
}

/// The exit status: 0 when the table is sound, 1 with findings, or where a repair failed. Whatever else goes wrong must
/// not look like a finding.
pub(super) async fn run(options: Check) -> Result<u8, Failure> {
    let checked = check(options).await;
    checked.map_err(|failure| Failure::Unasked(failure.to_string()))
}

async fn check(options: Check) -> Result<u8, Failure> {
    let Check {
        tenant,
        repair,
        access,
    } = options;
    let caller = access.open().await?;
    match caller.store() {
        Some(store) => here(&caller, store, tenant.as_deref(), repair).await,
        None => there(&caller, tenant.as_deref(), repair).await,
    }
}

async fn here(
    caller: &Caller,
    store: &Store,
    tenant: Option<&str>,
    repair: bool,
) -> Result<u8, Failure> {
    let tenant = match tenant {
        // Asked for as anywhere else, so that a refusal has the same words.
        Some(name) => Some(text(&caller.get(&whose::tenant(name)).await?, "id")),
        None => None,
    };
    let mut report = look(store, tenant.as_deref()).await?;
    let mut repairs = vec![];
    if repair {
        repairs = store.repair(&report).await;
        report = look(store, tenant.as_deref()).await?;
    }
    let shown = report.to_json_after(&repairs);
    if caller.json {
        say(format_args!("{shown:#}"));
    } else {
        for repair in &repairs {
            say(repair);
        }
        say(&report);
        tell_failures(&shown);
    }
    Ok(status(&shown))
}

/// The exit status that a report stands for.
fn status(report: &Value) -> u8 {
    u8::from(report.get("exitStatus").and_then(Value::as_u64) != Some(0))
}

/// Whether something was to be repaired and could not be.
fn has_failures(report: &Value) -> bool {
    let repairs = report.get("repairs").and_then(Value::as_array);
    let failed = |repair: &Value| repair.get("failed").is_some_and(|why| !why.is_null());
    repairs.is_some_and(|repairs| repairs.iter().any(failed))
}

/// The last line, where a report that may be one of a sound table is not all there is to say.
fn tell_failures(report: &Value) {
    if has_failures(report) {
        say("Not every repair succeeded.");
    }
}

/// The same by a service, which looks at one tenant.
async fn there(caller: &Caller, tenant: Option<&str>, repair: bool) -> Result<u8, Failure> {
    let tenant = tenant.ok_or_else(|| {
        let why = "a service checks one tenant at a time: add --tenant NAME";
        Failure::Unasked(why.to_owned())
    })?;
    let path = format!("{}/integrity", whose::tenant(tenant));
    let report = if repair {
        caller.ask(Method::POST, &path, None).await?
    } else {
        caller.get(&path).await?
    };
    if caller.json {
        say(format_args!("{report:#}"));
    } else {
        tell(&report);
        tell_failures(&report);
    }
    Ok(status(&report))
}

/// A report that came as JSON, in words.
fn tell(report: &Value) {
    let list = |name: &str| {
        let items = report.get(name).and_then(Value::as_array);
        items.cloned().unwrap_or_default()
    };
    for repair in list("repairs") {
        let finding = show::safe(&text(&repair, "finding"));
        match text(&repair, "failed").as_str() {
            "" => say(format_args!("Repaired: {finding}")),
            why => say(format_args!("Not repaired, {}: {finding}", show::safe(why))),
        }
    }
    let findings = list("findings");
    for finding in &findings {
        say(show::safe(&text(finding, "text")));
    }
    for warning in list("warnings") {
        let words = warning.as_str().unwrap_or_default();
        say(format_args!("Warning: {}", show::safe(words)));
    }
    let mut counts = report.clone();
    if let Value::Object(counts) = &mut counts {
        counts.retain(|_, count| count.is_number());
        counts.remove("exitStatus");
        counts.insert("findings".to_owned(), findings.len().into());
    }
    show::members(&counts);
    say(if findings.is_empty() {
        "The tenant is sound."
    } else {
        "The tenant is not sound."
    });
}

async fn look(store: &Store, tenant: Option<&str>) -> Result<Report, Failure> {
    let tenant = tenant.and_then(TenantScope::parse);
    // Drawn on standard error, and only where that is a terminal.
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {human_pos} [{elapsed}]") {
        bar.set_style(style);
    }
    let report = store.check(tenant.as_ref(), |progress| match progress {
        Progress::Read(items) => {
            bar.set_message("items read");
            bar.set_position(items);
        }
        Progress::Suspects(count) => {
            bar.set_message("suspicions looked at again");
            bar.set_position(count as u64);
        }
    });
    let report = report.await;
    bar.finish_and_clear();
    report.map_err(|error| Failure::from(Error::from(error)))
}
