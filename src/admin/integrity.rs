//! Whether a tenant's items are as the data model wants them, and mending what can be mended without a guess.

use serde_json::json;

use super::asked::Asked;
use super::{AdminAnswer, AdminError, view};
use crate::store::{Repair, Report};

/// How long a check over HTTP may take: the gateway gives up after 30 s.
const CHECK_MS: u64 = 20_000;

pub(super) async fn check(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    Ok(AdminAnswer::ok(look(asked).await?.to_json()))
}

pub(super) async fn repair(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let report = look(asked).await?;
    let repairs = asked.store.repair(&report).await;
    let repairs: Vec<_> = repairs
        .iter()
        .map(|Repair { finding, failed }| json!({ "finding": finding, "failed": failed }))
        .collect();
    let after = look(asked).await?;
    Ok(AdminAnswer::ok(view::with(
        after.to_json(),
        "repairs",
        repairs,
    )))
}

async fn look(asked: &Asked<'_>) -> Result<Report, AdminError> {
    let scope = &asked.tenant()?.scope;
    let checked = asked.store.check(Some(scope), |_| ());
    if asked.request.local {
        return Ok(checked.await?);
    }
    tokio::select! {
        report = checked => Ok(report?),
        () = asked.store.host().sleep_ms(CHECK_MS) => Err(AdminError::check_takes_longer()),
    }
}
