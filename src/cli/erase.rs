//! `tenant erase`: everything a tenant has, for good.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use serverless_scim::store::{Erased, Store, StoreError, TenantScope};

use super::failure::Failure;
use super::given::text;
use super::out::say;
use super::tenant::One;
use super::whose;

/// A pass ends after so long, to show how far it came.
const PASS_MS: i64 = 1_000;
/// Between two passes that found nothing: what is under way elsewhere has to end first.
const PAUSE: Duration = Duration::from_secs(1);
/// The state of a tenant that is gone.
const ERASED: &str = "erased";

/// Begins the job; where the data is at hand, goes on until it is done.
pub(super) async fn run(one: One, confirm: &str) -> Result<(), Failure> {
    if confirm != one.name {
        return Err(Failure::Unasked(format!(
            "nothing is erased: --confirm says \"{confirm}\", and the tenant is \"{}\"",
            one.name
        )));
    }
    let caller = one.access.open().await?;
    let mut tenant = caller.delete(&whose::tenant(&one.name)).await?;
    if let Some(store) = caller.store() {
        finish(store, &text(&tenant, "id")).await?;
        // By its id, for the name is free again.
        tenant = caller.get(&whose::tenant(&text(&tenant, "id"))).await?;
    }
    caller.print(&tenant, |tenant| tell(&one.name, tenant));
    Ok(())
}

fn tell(name: &str, tenant: &Value) {
    if text(tenant, "state") == ERASED {
        say(format_args!("Erased {name}. Nothing of it is left."));
    } else {
        say(format_args!(
            "{name} is being erased; every request of its is refused within 30 seconds."
        ));
        say(
            "The service works on it from its next tick on: within a minute, on AWS within an hour.",
        );
    }
}

async fn finish(store: &Store, id: &str) -> Result<(), Failure> {
    let Some(scope) = TenantScope::parse(id) else {
        return Ok(());
    };
    // Drawn on standard error, and only where that is a terminal.
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {human_pos} [{elapsed}]") {
        bar.set_style(style);
    }
    bar.set_message("items removed");
    loop {
        let pass = pass(store, &scope).await.map_err(|error| {
            let why = serverless_scim::api::chain(&error);
            Failure::Unasked(format!(
                "the tenant is being erased and not yet gone; the same command goes on: {why}"
            ))
        })?;
        bar.inc(pass.removed);
        if pass.done {
            bar.finish_and_clear();
            return Ok(());
        }
        if pass.removed == 0 {
            bar.set_message("items removed; waiting until no request can be under way");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn pass(store: &Store, scope: &TenantScope) -> Result<Erased, StoreError> {
    let until = store.host().now_ms().saturating_add(PASS_MS);
    store.erase_pass(scope, until).await
}
