//! What is shown of the store's types: JSON with camelCase names and times as RFC 3339 has them. Never a secret.

use serde_json::{Value, json};

use crate::schema::{TenantSchema, timestamp};
use crate::store::{AdminKey, Client, ClientSecret, Connection, Scope, Scopes, TenantInfo, Token};

fn time(ms: Option<i64>) -> Option<String> {
    ms.map(timestamp)
}

pub(super) fn scopes(scopes: &Scopes) -> Value {
    scopes.iter().map(Scope::name).collect()
}

pub(super) fn tenant(tenant: &TenantInfo) -> Value {
    json!({
        "id": tenant.scope.to_string(),
        "name": tenant.name,
        "displayName": tenant.display_name,
        "provider": tenant.provider,
        "state": tenant.state.name(),
        "created": timestamp(tenant.created),
        "tokenExpiryDefault": tenant.expiry.default,
        "tokenExpiryMaximum": tenant.expiry.maximum,
    })
}

pub(super) fn connection(connection: &Connection) -> Value {
    json!({
        "id": connection.id,
        "name": connection.name,
        "provider": connection.provider,
        "policies": connection.policies,
        "entraBearer": connection.entra_bearer,
        "created": timestamp(connection.created),
        "activeSince": time(connection.active_since),
        "lastUsed": time(connection.last_used),
    })
}

pub(super) fn token(token: &Token) -> Value {
    json!({
        "id": token.id,
        "connection": token.connection,
        "label": token.label,
        "scopes": scopes(&token.scopes),
        "created": timestamp(token.created),
        "expiresAt": time(token.expires),
        "lastUsed": time(token.last_used),
        "revokedAt": time(token.revoked),
        "replaces": token.replaces,
    })
}

pub(super) fn client(client: &Client, token_endpoint: &str) -> Value {
    json!({
        "clientId": client.id,
        "connection": client.connection,
        "label": client.label,
        "method": client.method,
        "secrets": client.secrets.iter().map(secret).collect::<Value>(),
        "scopes": scopes(&client.scopes),
        "accessTokenLife": client.access_token_life,
        "tokenEndpoint": token_endpoint,
        "created": timestamp(client.created),
        "lastUsed": time(client.last_used),
    })
}

fn secret(secret: &ClientSecret) -> Value {
    json!({ "id": secret.id, "created": timestamp(secret.created) })
}

pub(super) fn schema(schema: &TenantSchema) -> Value {
    json!({
        "schema": schema.schema.id,
        "resourceType": schema.resource_type.name,
        "attributes": schema.attributes(),
    })
}

pub(super) fn key(key: &AdminKey) -> Value {
    json!({
        "id": key.id,
        "label": key.label,
        "created": timestamp(key.created),
        "expiresAt": time(key.expires),
        "revokedAt": time(key.revoked),
    })
}

/// The same with a further member.
pub(super) fn with(mut view: Value, name: &str, value: impl Into<Value>) -> Value {
    if let Value::Object(members) = &mut view {
        members.insert(name.to_owned(), value.into());
    }
    view
}
