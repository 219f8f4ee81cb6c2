//! The Lambda home: one function per SCIM resource route behind an HTTP API, and the scheduled one.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use lambda_runtime::{LambdaEvent, service_fn};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::event::{Reply, call};
use super::front::Front;
use super::{Error, SystemHost, issuers, log_tick, start_log};
use crate::api::{App, Call, Function};
use crate::store::Store;
use crate::table::{DynamoDb, Sessions, aws_config};

/// A tick ends this long before Lambda would end it, so that what is under way comes to an end of its own.
const TICK_MARGIN_MS: i64 = 10_000;

/// Serves the routes of `function` until Lambda ends the process. `TABLE_NAME` names the table, `ISSUER_HOSTS` the hosts
/// that are asked for keys if they are others than Microsoft's.
pub async fn lambda(function: Function) -> Result<(), Error> {
    let app = App::new(store().await?, Some(function));
    let app = &app.with_keys(issuers::from_environment()?);
    let serve = |event| answer(event, |call| app.handle(call));
    lambda_runtime::run(service_fn(serve)).await
}

/// Serves the vendor's side and the token endpoint until Lambda ends the process. The environment is that of [`lambda`].
pub async fn admin_lambda() -> Result<(), Error> {
    let front = &Front::new(store().await?, issuers::from_environment()?, None);
    let serve = |event| answer(event, |call| front.handle(call));
    lambda_runtime::run(service_fn(serve)).await
}

/// Makes one tick of every event, whatever is in it, and answers with what it met. `TABLE_NAME` names the table.
pub async fn tick_lambda() -> Result<(), Error> {
    let store = &store().await?;
    let tick = |event: LambdaEvent<IgnoredAny>| async move {
        let deadline = i64::try_from(event.context.deadline).unwrap_or(i64::MAX);
        let ticked = store.tick(deadline - TICK_MARGIN_MS).await?;
        log_tick(&ticked);
        Ok::<Value, Error>(json!({
            "tenants": ticked.tenants,
            "withWork": ticked.with_work,
            "failed": ticked.failed,
        }))
    };
    lambda_runtime::run(service_fn(tick)).await
}

async fn store() -> Result<Store, Error> {
    start_log();
    let name = std::env::var("TABLE_NAME")
        .map_err(|_| "set TABLE_NAME to the name of the DynamoDB table")?;
    let (config, host) = (aws_config().await, Arc::new(SystemHost));
    let table = Arc::new(DynamoDb::from_config(&config, name.clone()));
    // With a role for tenants the function itself sees no more than their settings.
    Ok(match std::env::var("TENANT_ROLE_ARN") {
        Ok(role) if !role.is_empty() => {
            Store::with_sessions(table, Sessions::new(config, name, role), host)
        }
        _ => Store::new(table, host),
    })
}

/// Whatever the gateway hands over is answered; what is no request, with 400.
async fn answer<F>(
    event: LambdaEvent<Value>,
    handle: impl FnOnce(Call) -> F,
) -> Result<Reply, Error>
where
    F: Future<Output = Response<Bytes>>,
{
    match call(event.payload) {
        Ok(call) => Ok(Reply::of(handle(call).await)),
        Err(reason) => {
            tracing::warn!(reason, "no request");
            Ok(Reply::refusal(reason))
        }
    }
}
