//! `check`: whether a table holds what it should, and `--repair` for what can be mended without a guess.

use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use serverless_scim::home::{Error, Place};
use serverless_scim::store::{Progress, Repair, Report, Store, TenantScope};

use super::Stored;

#[derive(Debug, clap::Args)]
pub(super) struct Check {
    #[command(flatten)]
    place: Stored,
    /// Only this tenant; the whole table is read all the same.
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Mend what can be mended without a guess, work off what waits, and check again.
    #[arg(long)]
    repair: bool,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// Ends with 0 when the table is sound, 1 with findings, 2 when it could not be checked.
pub(super) async fn run(options: Check) -> ExitCode {
    let json = options.json;
    match check(options).await {
        Ok((report, repairs)) => {
            if json {
                let mut shown = report.to_json();
                let repairs = repairs.iter().map(
                    |Repair { finding, failed }| json!({ "finding": finding, "failed": failed }),
                );
                if let Value::Object(shown) = &mut shown {
                    shown.insert("repairs".to_owned(), repairs.collect());
                }
                println!("{shown:#}");
            } else {
                for repair in &repairs {
                    println!("{repair}");
                }
                println!("{report}");
            }
            ExitCode::from(report.exit_status())
        }
        Err(error) => {
            eprintln!("{}", serverless_scim::api::chain(error.as_ref()));
            ExitCode::from(2)
        }
    }
}

async fn check(options: Check) -> Result<(Report, Vec<Repair>), Error> {
    let place = Place::from(options.place);
    let store = place.open_existing().await?;
    let tenant = match &options.tenant {
        Some(name) => Some(find(&store, name, &place).await?),
        None => None,
    };
    let report = look(&store, tenant.as_ref()).await?;
    if !options.repair {
        return Ok((report, vec![]));
    }
    let repairs = store.repair(&report).await;
    Ok((look(&store, tenant.as_ref()).await?, repairs))
}

async fn find(store: &Store, name: &str, place: &Place) -> Result<TenantScope, Error> {
    let found = store.find_tenant(name).await?;
    found.ok_or_else(|| {
        let options = place.options();
        format!(
            "there is no tenant \"{name}\"; see those there are: serverless-scim tenant list {options}"
        )
        .into()
    })
}

async fn look(store: &Store, tenant: Option<&TenantScope>) -> Result<Report, Error> {
    // Drawn on standard error, and only where that is a terminal.
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {human_pos} [{elapsed}]") {
        bar.set_style(style);
    }
    let report = store.check(tenant, |progress| match progress {
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
    Ok(report?)
}
