//! Tenants: created, listed, shown, changed, suspended, erased.

use http::StatusCode;
use serde::Deserialize;

use super::asked::{Asked, said};
use super::{AdminAnswer, AdminError, page, view};
use crate::store::{Expiry, Provider, TenantChange, TenantScope};

/// An erasure is answered after so long, whatever is left to do.
const ERASE_MS: i64 = 3_000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct New {
    name: String,
    display_name: Option<String>,
    provider: Option<Provider>,
    token_expiry_default: Option<i64>,
    token_expiry_maximum: Option<i64>,
}

/// What can be asked of a tenant's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Wanted {
    Active,
    Suspended,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(
    clippy::option_option,
    reason = "a merge patch: what is left out, null and a value are three things"
)]
struct Change {
    #[serde(default, deserialize_with = "said")]
    display_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "said")]
    provider: Option<Option<Provider>>,
    #[serde(default, deserialize_with = "said")]
    state: Option<Wanted>,
    #[serde(default, deserialize_with = "said")]
    token_expiry_default: Option<Option<i64>>,
    #[serde(default, deserialize_with = "said")]
    token_expiry_maximum: Option<Option<i64>>,
}

pub(super) async fn list(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let after = asked.query("after");
    let after = after.map(|text| TenantScope::parse(text).ok_or_else(page::bad_cursor));
    let after = after.transpose()?;
    let limit = asked.limit()?;
    let (tenants, more) = asked.store.list_tenants(after.as_ref(), limit).await?;
    let last = tenants.last().filter(|_| more);
    let next = last.map(|tenant| tenant.scope.to_string());
    Ok(page::answer(
        tenants.iter().map(view::tenant).collect(),
        next,
    ))
}

pub(super) async fn create(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let new: New = asked.body()?;
    let settings = TenantChange {
        display_name: Some(new.display_name),
        provider: Some(new.provider),
        suspended: None,
        expiry: Some(Expiry {
            default: new.token_expiry_default,
            maximum: new.token_expiry_maximum,
        }),
    };
    let created = asked.store.create_tenant_with(&new.name, &settings).await?;
    let tenant = asked.store.tenant_info(&created.to_string()).await?;
    Ok(AdminAnswer::created(view::tenant(&tenant)))
}

pub(super) fn show(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    Ok(AdminAnswer::ok(view::tenant(asked.tenant()?)))
}

pub(super) async fn change(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let tenant = asked.tenant()?;
    let change: Change = asked.body()?;
    let said = change.token_expiry_default.is_some() || change.token_expiry_maximum.is_some();
    let expiry = Expiry {
        default: change.token_expiry_default.unwrap_or(tenant.expiry.default),
        maximum: change.token_expiry_maximum.unwrap_or(tenant.expiry.maximum),
    };
    let change = TenantChange {
        display_name: change.display_name,
        provider: change.provider,
        suspended: change.state.map(|state| state == Wanted::Suspended),
        expiry: said.then_some(expiry),
    };
    let changed = asked.store.change_tenant(&tenant.scope, &change).await?;
    Ok(AdminAnswer::ok(view::tenant(&changed)))
}

pub(super) async fn erase(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let scope = &asked.tenant()?.scope;
    asked.store.begin_erasing(scope).await?;
    let until = asked.store.host().now_ms() + ERASE_MS;
    if let Err(error) = asked.store.erase_pass(scope, until).await {
        // It has begun, and the tick goes on with it.
        tracing::warn!(tenant = %scope, %error, "the erasure waits for the next tick");
    }
    let tenant = asked.store.tenant_info(&scope.to_string()).await?;
    let shown = Some(view::tenant(&tenant));
    Ok(AdminAnswer::new(StatusCode::ACCEPTED, shown))
}
