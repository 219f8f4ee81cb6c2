//! Secret tokens of a connection: made, listed, labelled, rotated, revoked. RFC 6750.

use serde::Deserialize;

use super::asked::{Asked, scopes};
use super::{AdminAnswer, AdminError, page, view};
use crate::store::{NewToken, ROTATION_S, Token};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct New {
    label: Option<String>,
    expires_in: Option<i64>,
    scopes: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    label: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rotation {
    retire_after: Option<i64>,
}

pub(super) async fn list(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let (scope, connection) = (&asked.tenant()?.scope, &asked.connection()?.id);
    let tokens = asked.store.tokens(scope, connection).await?;
    page::of(
        asked,
        &tokens,
        |token: &Token| (token.created, token.id.as_str()),
        view::token,
    )
}

pub(super) async fn create(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let (scope, connection) = (&asked.tenant()?.scope, &asked.connection()?.id);
    let new: New = asked.body_or_default()?;
    let new = NewToken {
        label: new.label.unwrap_or_default(),
        expires_in: new.expires_in,
        scopes: scopes(new.scopes.as_ref())?,
    };
    let (secret, token) = asked.store.create_token(scope, connection, &new).await?;
    let shown = view::with(view::token(&token), "token", secret.reveal());
    Ok(AdminAnswer::created(shown))
}

pub(super) async fn show(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let (scope, connection) = (&asked.tenant()?.scope, &asked.connection()?.id);
    let id = asked.parameter("token")?;
    let token = asked.store.token(scope, connection, id).await?;
    Ok(AdminAnswer::ok(view::token(&token)))
}

pub(super) async fn label(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let (scope, connection) = (&asked.tenant()?.scope, &asked.connection()?.id);
    let id = asked.parameter("token")?;
    let change: Change = asked.body()?;
    let store = asked.store;
    let token = store
        .label_token(scope, connection, id, &change.label)
        .await?;
    Ok(AdminAnswer::ok(view::token(&token)))
}

pub(super) async fn revoke(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let (scope, connection) = (&asked.tenant()?.scope, &asked.connection()?.id);
    let id = asked.parameter("token")?;
    asked.store.revoke_token(scope, connection, id).await?;
    Ok(AdminAnswer::no_content())
}

pub(super) async fn rotate(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let (scope, connection) = (&asked.tenant()?.scope, &asked.connection()?.id);
    let id = asked.parameter("token")?;
    let rotation: Rotation = asked.body_or_default()?;
    let retire = rotation.retire_after.unwrap_or(ROTATION_S);
    let rotated = asked.store.rotate_token(scope, connection, id, retire);
    let (secret, token) = rotated.await?;
    let shown = view::with(view::token(&token), "token", secret.reveal());
    Ok(AdminAnswer::created(shown))
}
