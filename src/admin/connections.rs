//! Connections and their policies; a change is a merge patch (RFC 7396).

use serde::Deserialize;
use serde_json::{Value, json};

use super::asked::{Asked, read_body, said, text};
use super::{AdminAnswer, AdminError, page, view};
use crate::store::{Connection, EntraBearer, NewConnection, Policies, Provider, Said};

/// Characters of what names an Entra tenant or application.
const ENTRA_NAME_MAX: usize = 256;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct New {
    name: String,
    provider: Option<Provider>,
    policies: Option<Policies>,
    entra_bearer: Option<EntraBearer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(
    clippy::option_option,
    reason = "a merge patch: what is left out, null and a value are three things"
)]
struct Change {
    #[serde(default, deserialize_with = "said")]
    name: Option<String>,
    #[serde(default, deserialize_with = "said")]
    provider: Option<Provider>,
    /// A merge patch of its own.
    #[serde(default, deserialize_with = "said")]
    policies: Option<Value>,
    #[serde(default)]
    entra_bearer: Said<EntraBearer>,
}

pub(super) async fn list(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let connections = asked.store.connections(&asked.tenant()?.scope).await?;
    page::of(
        asked,
        &connections,
        |connection: &Connection| (connection.created, connection.id.as_str()),
        view::connection,
    )
}

pub(super) async fn create(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let new: New = asked.body()?;
    let provider = new.provider.or(asked.tenant()?.provider);
    let new = checked(NewConnection {
        name: new.name,
        provider: provider.unwrap_or(Provider::Entra),
        policies: new.policies.unwrap_or_default(),
        entra_bearer: new.entra_bearer,
    })?;
    let scope = &asked.tenant()?.scope;
    let created = asked.store.create_connection(scope, &new).await?;
    Ok(AdminAnswer::created(view::connection(&created)))
}

pub(super) fn show(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    Ok(AdminAnswer::ok(view::connection(asked.connection()?)))
}

pub(super) async fn change(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let change: Change = asked.body()?;
    let changed = changed(asked, |new| {
        if let Some(patch) = &change.policies {
            let mut merged = json!({ "policies": new.policies });
            merge(&mut merged, &json!({ "policies": patch }));
            let read: PoliciesAlone = read_body(&merged)?;
            new.policies = read.policies.unwrap_or_default();
        }
        if let Some(name) = &change.name {
            new.name.clone_from(name);
        }
        new.provider = change.provider.unwrap_or(new.provider);
        let bearer = change.entra_bearer.clone();
        new.entra_bearer = bearer.over(new.entra_bearer.take());
        Ok(())
    });
    Ok(AdminAnswer::ok(view::connection(&changed.await?)))
}

pub(super) async fn delete(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let (tenant, connection) = (asked.tenant()?, asked.connection()?);
    let scope = &tenant.scope;
    asked.store.delete_connection(scope, &connection.id).await?;
    Ok(AdminAnswer::no_content())
}

pub(super) fn policies(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    Ok(AdminAnswer::ok(json!(asked.connection()?.policies)))
}

pub(super) async fn replace_policies(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let policies: Policies = asked.body()?;
    let changed = changed(asked, |new| {
        new.policies.clone_from(&policies);
        Ok(())
    });
    Ok(AdminAnswer::ok(json!(changed.await?.policies)))
}

/// So that an error names its place from the top of the body.
#[derive(Debug, Deserialize)]
struct PoliciesAlone {
    policies: Option<Policies>,
}

/// The connection after the change, whatever it has become meanwhile.
async fn changed(
    asked: &Asked<'_>,
    change: impl Fn(&mut NewConnection) -> Result<(), AdminError>,
) -> Result<Connection, AdminError> {
    let (scope, id) = (&asked.tenant()?.scope, &asked.connection()?.id);
    let changed = asked.store.change_connection(scope, id, |was| {
        let mut new = NewConnection::from(was);
        change(&mut new)?;
        checked(new)
    });
    changed.await
}

fn checked(new: NewConnection) -> Result<NewConnection, AdminError> {
    if let Some(bearer) = &new.entra_bearer {
        text("entraBearer.tenantId", &bearer.tenant_id, ENTRA_NAME_MAX)?;
        text("entraBearer.audience", &bearer.audience, ENTRA_NAME_MAX)?;
    }
    Ok(new)
}

/// RFC 7396 §2.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    if let Value::Object(members) = target {
        for (name, value) in patch {
            if value.is_null() {
                members.remove(name);
            } else {
                merge(members.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
    }
}
