//! `tenant erase`: everything a tenant has, for good.

use indicatif::{ProgressBar, ProgressStyle};
use serverless_scim::store::Store;

use super::call::{Caller, text};
use super::failure::Failure;
use super::tenant::One;
use super::whose;

/// So long the job works before its state is looked at again.
const STEP_MS: i64 = 1_000;
/// What a tenant is that is gone.
const ERASED: &str = "erased";

/// Begins the job; where the data is at hand, goes on until it is done.
pub(super) async fn run(one: One, confirm: &str) -> Result<(), Failure> {
    if confirm != one.name {
        return Err(Failure::Refused(format!(
            "nothing is erased: --confirm says \"{confirm}\", and the tenant is \"{}\"",
            one.name
        )));
    }
    let caller = one.access.open().await?;
    let mut tenant = caller.delete(&whose::tenant(&one.name)).await?;
    if let Some(store) = caller.store() {
        // The name is free before the last is gone.
        let path = whose::tenant(&text(&tenant, "id"));
        tenant = finish(&caller, store, &path).await?;
    }
    caller.print(&tenant, |tenant| {
        if text(tenant, "state") == ERASED {
            println!("Erased {}. Nothing of it is left.", one.name);
        } else {
            println!(
                "{} is being erased; every request of its is refused from now on.",
                one.name
            );
            println!("The service works on it within a minute, on AWS within an hour.");
        }
    });
    Ok(())
}

async fn finish(caller: &Caller, store: &Store, path: &str) -> Result<serde_json::Value, Failure> {
    // Drawn on standard error, and only where that is a terminal.
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} erasing [{elapsed}]") {
        bar.set_style(style);
    }
    loop {
        bar.tick();
        let tenant = caller.get(path).await?;
        if text(&tenant, "state") == ERASED {
            bar.finish_and_clear();
            return Ok(tenant);
        }
        let until = store.host().now_ms().saturating_add(STEP_MS);
        let ticked = store.tick(until).await;
        ticked.map_err(|error| {
            let why = serverless_scim::api::chain(&error);
            Failure::Unreachable(format!(
                "the tenant is being erased, but not yet gone: {why}"
            ))
        })?;
    }
}
