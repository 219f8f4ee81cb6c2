//! Tenants: created, listed, shown, changed, suspended, erased; a change is a merge patch (RFC 7396).

use http::StatusCode;
use serde::Deserialize;

use super::asked::{Asked, said};
use super::{AdminAnswer, AdminError, page, view};
use crate::store::{Provider, Said, TenantChange, TenantScope};

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
    #[serde(default)]
    display_name: Said<String>,
    #[serde(default)]
    provider: Said<Provider>,
    #[serde(default, deserialize_with = "said")]
    state: Option<Wanted>,
    #[serde(default)]
    token_expiry_default: Said<i64>,
    #[serde(default)]
    token_expiry_maximum: Said<i64>,
}

pub(super) async fn list(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let after = asked.query("after");
    let after = after.map(|text| TenantScope::parse(text).ok_or_else(page::bad_cursor));
    let after = after.transpose()?;
    let limit = asked.limit()?;
    let (tenants, more) = asked.store.list_tenants(after.as_ref(), limit).await?;
    let last = tenants.last().filter(|_| more);
    let next = last.map(|tenant| tenant.scope.to_string());
    Ok(page::answer(tenants.iter().map(view::tenant), next))
}

pub(super) async fn create(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let new: New = asked.body()?;
    let settings = TenantChange {
        display_name: new.display_name.into(),
        provider: new.provider.into(),
        suspended: None,
        expiry_default: new.token_expiry_default.into(),
        expiry_maximum: new.token_expiry_maximum.into(),
    };
    let created = asked.store.create_tenant_with(&new.name, &settings).await?;
    let tenant = asked.store.tenant_of(&created).await?;
    Ok(AdminAnswer::created(view::tenant(&tenant)))
}

pub(super) fn show(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    Ok(AdminAnswer::ok(view::tenant(asked.tenant()?)))
}

pub(super) async fn change(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let tenant = asked.tenant()?;
    let change: Change = asked.body()?;
    let change = TenantChange {
        display_name: change.display_name,
        provider: change.provider,
        suspended: change.state.map(|state| state == Wanted::Suspended),
        expiry_default: change.token_expiry_default,
        expiry_maximum: change.token_expiry_maximum,
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
    let tenant = asked.store.tenant_of(scope).await?;
    let shown = Some(view::tenant(&tenant));
    Ok(AdminAnswer::new(StatusCode::ACCEPTED, shown))
}
