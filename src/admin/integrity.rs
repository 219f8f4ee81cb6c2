//! Whether a tenant's items are as the data model wants them, and mending what can be mended without a guess.

use serde_json::Value;

use super::asked::Asked;
use super::{AdminAnswer, AdminError};
use crate::store::Report;

/// How long all of it may take over HTTP: the gateway and the function give up after 29 s.
const CHECK_MS: u64 = 25_000;

pub(super) async fn check(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    in_time(asked, async { Ok(look(asked).await?.to_json()) }).await
}

pub(super) async fn repair(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let repair = async {
        let report = look(asked).await?;
        let repairs = asked.store.repair(&report).await;
        Ok(look(asked).await?.to_json_after(&repairs))
    };
    in_time(asked, repair).await
}

/// Every repair is one transaction: what was mended by the end of the time stays so.
async fn in_time(
    asked: &Asked<'_>,
    work: impl Future<Output = Result<Value, AdminError>>,
) -> Result<AdminAnswer, AdminError> {
    if asked.request.local {
        return Ok(AdminAnswer::ok(work.await?));
    }
    tokio::select! {
        done = work => Ok(AdminAnswer::ok(done?)),
        () = asked.store.host().sleep_ms(CHECK_MS) => Err(AdminError::check_takes_longer()),
    }
}

async fn look(asked: &Asked<'_>) -> Result<Report, AdminError> {
    let scope = &asked.tenant()?.scope;
    Ok(asked.store.check(Some(scope), |_| ()).await?)
}
