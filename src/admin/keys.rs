//! The vendor's own keys: made by whoever has the table, listed and revoked by whoever has one.

use serde::Deserialize;

use super::asked::Asked;
use super::{AdminAnswer, AdminError, page, view};
use crate::store::AdminKey;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct New {
    label: String,
    expires_in: Option<i64>,
}

pub(super) async fn list(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let keys = asked.store.admin_keys().await?;
    page::of(
        asked,
        &keys,
        |key: &AdminKey| (key.created, key.id.as_str()),
        view::key,
    )
}

pub(super) async fn create(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    if !asked.request.local {
        return Err(AdminError::local_only());
    }
    let new: New = asked.body()?;
    let created = asked.store.create_admin_key(&new.label, new.expires_in);
    let (secret, key) = created.await?;
    let shown = view::with(view::key(&key), "adminKey", secret.reveal());
    Ok(AdminAnswer::created(shown))
}

pub(super) async fn revoke(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    asked
        .store
        .revoke_admin_key(asked.parameter("key")?)
        .await?;
    Ok(AdminAnswer::no_content())
}
