//! Users who were deleted and kept: SCIM knows nothing of them any more.

use serde_json::{Value, json};

use super::asked::Asked;
use super::{AdminAnswer, AdminError, page, view};
use crate::schema::timestamp;
use crate::store::{Id, Kept, StoreError};

pub(super) async fn list(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let scope = &asked.tenant()?.scope;
    let after = asked.query("after");
    let after = after.map(|text| Id::parse(text).ok_or_else(page::bad_cursor));
    let (kept, next) = asked
        .store
        .kept_users(scope, after.transpose()?, asked.limit()?)
        .await?;
    Ok(page::answer(
        kept.iter().map(shown),
        next.map(|next| next.to_string()),
    ))
}

pub(super) async fn show(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let kept = asked
        .store
        .kept_user(&asked.tenant()?.scope, id(asked)?)
        .await;
    let kept = kept.map_err(missing)?;
    let document = Value::Object(kept.document.clone());
    Ok(AdminAnswer::ok(view::with(
        shown(&kept),
        "document",
        document,
    )))
}

pub(super) async fn forget(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let forgotten = asked
        .store
        .delete_kept(&asked.tenant()?.scope, id(asked)?)
        .await;
    forgotten.map_err(missing)?;
    Ok(AdminAnswer::no_content())
}

fn id(asked: &Asked<'_>) -> Result<Id, AdminError> {
    Id::parse(asked.parameter("user")?).ok_or_else(|| AdminError::not_found("kept user"))
}

fn missing(error: StoreError) -> AdminError {
    match error {
        StoreError::NotFound => AdminError::not_found("kept user"),
        error => error.into(),
    }
}

fn shown(kept: &Kept) -> Value {
    json!({
        "id": kept.id.to_string(),
        "userName": kept.document.get("userName"),
        "created": timestamp(kept.created),
        "lastModified": timestamp(kept.modified),
        "deletedAt": timestamp(kept.deleted),
        "credential": kept.actor,
    })
}
