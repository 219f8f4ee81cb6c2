//! OAuth clients of a connection, and their secrets. RFC 6749 §4.4, RFC 7523 §2.2.

use serde::Deserialize;
use serde_json::json;

use super::asked::{Asked, said, scopes, text};
use super::{AdminAnswer, AdminError, page, setup, view};
use crate::jose::{CLIENT_KEYS_MAX, Keys, is_issuer};
use crate::store::{AuthMethod, Client, ClientChange, Federation, NewClient};

/// Audiences of one federation.
const AUDIENCES_MAX: usize = 10;
/// Characters of an issuer, an audience, a subject or an id.
const CLAIM_MAX: usize = 512;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct New {
    label: String,
    method: AuthMethod,
    scopes: Option<Vec<String>>,
    access_token_life: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Change {
    #[serde(default, deserialize_with = "said")]
    label: Option<String>,
    #[serde(default, deserialize_with = "said")]
    method: Option<AuthMethod>,
    #[serde(default, deserialize_with = "said")]
    access_token_life: Option<i64>,
}

pub(super) async fn list(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let (scope, connection) = (&asked.tenant()?.scope, &asked.connection()?.id);
    let clients = asked.store.clients(scope, connection).await?;
    let endpoint = setup::token_endpoint(asked);
    page::of(
        asked,
        &clients,
        |client: &Client| (client.created, client.id.as_str()),
        |client| view::client(client, &endpoint),
    )
}

pub(super) async fn create(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let (scope, connection) = (&asked.tenant()?.scope, &asked.connection()?.id);
    let new: New = asked.body()?;
    check(&new.method)?;
    let new = NewClient {
        label: new.label,
        method: new.method,
        scopes: scopes(new.scopes.as_ref())?,
        access_token_life: new.access_token_life,
    };
    let (client, secret) = asked.store.create_client(scope, connection, &new).await?;
    let mut shown = view::client(&client, &setup::token_endpoint(asked));
    if let Some(secret) = secret {
        shown = view::with(shown, "clientSecret", secret.reveal());
    }
    Ok(AdminAnswer::created(shown))
}

pub(super) async fn show(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let client = find(asked).await?;
    let shown = view::client(&client, &setup::token_endpoint(asked));
    Ok(AdminAnswer::ok(shown))
}

pub(super) async fn change(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let client = find(asked).await?;
    let change: Change = asked.body()?;
    if let Some(method) = &change.method {
        check(method)?;
    }
    let change = ClientChange {
        label: change.label,
        method: change.method,
        access_token_life: change.access_token_life,
    };
    let client = asked.store.change_client(&client, &change).await?;
    let shown = view::client(&client, &setup::token_endpoint(asked));
    Ok(AdminAnswer::ok(shown))
}

pub(super) async fn delete(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let client = find(asked).await?;
    asked.store.delete_client(&client).await?;
    Ok(AdminAnswer::no_content())
}

pub(super) async fn add_secret(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let client = find(asked).await?;
    let (secret, client) = asked.store.add_client_secret(&client).await?;
    let id = client.secrets.last().map(|secret| &secret.id);
    let shown = json!({ "id": id, "clientSecret": secret.reveal() });
    Ok(AdminAnswer::created(shown))
}

pub(super) async fn remove_secret(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let client = find(asked).await?;
    let id = asked.parameter("secret")?;
    asked.store.remove_client_secret(&client, id).await?;
    Ok(AdminAnswer::no_content())
}

async fn find(asked: &Asked<'_>) -> Result<Client, AdminError> {
    let (scope, connection) = (&asked.tenant()?.scope, &asked.connection()?.id);
    let id = asked.parameter("client")?;
    Ok(asked.store.client(scope, connection, id).await?)
}

fn check(method: &AuthMethod) -> Result<(), AdminError> {
    match method {
        AuthMethod::Secret => Ok(()),
        AuthMethod::PrivateKey { jwks } => {
            let keys = Keys::of_client(jwks).map(drop);
            keys.map_err(|error| {
                let expected = format!(
                    "a JWK Set of 1 to {CLIENT_KEYS_MAX} public keys (RFC 7517 section 5), but {error}"
                );
                AdminError::invalid("method.privateKey.jwks", &expected)
            })
        }
        AuthMethod::Federation(federation) => check_federation(federation),
    }
}

fn check_federation(federation: &Federation) -> Result<(), AdminError> {
    let place = |name: &str| format!("method.federation.{name}");
    text(&place("issuer"), &federation.issuer, CLAIM_MAX)?;
    if !is_issuer(&federation.issuer) {
        let expected = "a URL that begins with https://, as the assertion's iss has it";
        return Err(AdminError::invalid(&place("issuer"), expected));
    }
    if !(1..=AUDIENCES_MAX).contains(&federation.audiences.len()) {
        let expected = format!("1 to {AUDIENCES_MAX} audiences");
        return Err(AdminError::invalid(&place("audiences"), &expected));
    }
    for (at, audience) in federation.audiences.iter().enumerate() {
        text(&place(&format!("audiences[{at}]")), audience, CLAIM_MAX)?;
    }
    text(&place("subject"), &federation.subject, CLAIM_MAX)?;
    for (name, id) in [
        ("tenantId", &federation.tenant_id),
        ("objectId", &federation.object_id),
    ] {
        if let Some(id) = id {
            text(&place(name), id, CLAIM_MAX)?;
        }
    }
    Ok(())
}
