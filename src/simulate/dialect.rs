//! What each client writes into its requests: the same intention in four dialects (RFC 7644 §3.5.2 and the clients' documents).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::Client;
use super::directory::{Person, Team};
use super::exchange::Ask;

pub(super) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(super) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub(super) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub(super) const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// Left as they are in a query, as the clients leave them.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The query that looks a user up by what the client matches with.
pub(super) fn look_up_user(client: Client, user_name: &str) -> Ask {
    let filter = filter(client, "userName", user_name);
    Ask::get(match client {
        Client::Okta => format!("/Users?{filter}&startIndex=1&count=100"),
        _ => format!("/Users?{filter}"),
    })
}

/// The same for a group; Entra never wants to see the members.
pub(super) fn look_up_group(client: Client, display_name: &str) -> Ask {
    let filter = filter(client, "displayName", display_name);
    Ask::get(match client {
        Client::Entra | Client::EntraLegacy => {
            format!("/Groups?excludedAttributes=members&{filter}")
        }
        Client::Okta => format!("/Groups?{filter}&startIndex=1&count=100"),
        Client::Rfc => format!("/Groups?{filter}"),
    })
}

/// An equality as `filter=`, encoded as the client encodes it.
pub(super) fn filter(client: Client, attribute: &str, value: &str) -> String {
    let literal = Value::from(value);
    let text = format!("{attribute} eq {literal}");
    let encoded = utf8_percent_encode(&text, QUERY).to_string();
    match client {
        Client::Entra | Client::EntraLegacy => format!("filter={}", encoded.replace("%20", "+")),
        Client::Okta | Client::Rfc => format!("filter={encoded}"),
    }
}

pub(super) fn create_user(client: Client, person: &Person) -> Value {
    let mut body = attributes(client, person);
    match client {
        Client::Entra | Client::EntraLegacy => {
            extend(
                &mut body,
                json!({ "meta": { "resourceType": "User" }, "roles": [] }),
            );
        }
        Client::Okta => {
            extend(&mut body, json!({ "groups": [], "locale": "en-US" }));
        }
        Client::Rfc => {}
    }
    body
}

/// A whole user, as in POST and PUT.
fn attributes(client: Client, person: &Person) -> Value {
    let mut name = json!({ "givenName": person.given_name, "familyName": person.family_name });
    let more = match client {
        Client::Okta => json!({ "middleName": "" }),
        _ => json!({ "formatted": person.display_name() }),
    };
    extend(&mut name, more);
    let mut body = json!({
        "schemas": [USER, ENTERPRISE],
        "externalId": person.external_id,
        "userName": person.user_name,
        "displayName": person.display_name(),
        "active": person.active,
        "name": name,
        "emails": [{ "primary": true, "type": "work", "value": person.user_name }],
        ENTERPRISE: { "department": person.department },
    });
    if let Some(title) = &person.title {
        extend(&mut body, json!({ "title": title }));
    }
    if let Some(phone) = &person.phone {
        let numbers = json!([{ "type": "mobile", "value": phone }]);
        extend(&mut body, json!({ "phoneNumbers": numbers }));
    }
    body
}

/// The copy that was read, changed to `person`: what a client sends that knows only PUT.
pub(super) fn replace_user(client: Client, read: &Value, person: &Person) -> Value {
    let mut body = read.as_object().cloned().unwrap_or_default();
    if let Value::Object(wanted) = attributes(client, person) {
        body.extend(wanted);
    }
    if person.title.is_none() {
        body.remove("title");
    }
    Value::Object(body)
}

/// The PATCH that makes `new` of `old`, or `None` where they are equal.
pub(super) fn change_user(client: Client, old: &Person, new: &Person) -> Option<Value> {
    let mut set: Vec<(String, Value)> = vec![];
    let mut differs = |path: &str, old: &str, new: &str| {
        if old != new {
            set.push((path.to_owned(), json!(new)));
        }
    };
    differs("userName", &old.user_name, &new.user_name);
    differs("displayName", &old.display_name(), &new.display_name());
    differs("name.givenName", &old.given_name, &new.given_name);
    differs("name.familyName", &old.family_name, &new.family_name);
    differs("name.formatted", &old.display_name(), &new.display_name());
    let department = format!("{ENTERPRISE}:department");
    differs(&department, &old.department, &new.department);
    if let (old, Some(title)) = (old.title.as_ref(), new.title.as_ref()) {
        differs("title", old.map_or("", String::as_str), title);
    }
    if old.active != new.active {
        set.push(("active".to_owned(), boolean(client, new.active)));
    }
    let mut operations = scalars(client, set);
    if old.user_name != new.user_name {
        operations.push(operation(
            client,
            "replace",
            "emails[type eq \"work\"].value",
            Some(json!(new.user_name)),
        ));
    }
    if let Some(phone) = new.phone.as_ref().filter(|_| old.phone != new.phone) {
        operations.push(add_phone(client, phone));
    }
    if old.title.is_some() && new.title.is_none() {
        operations.push(operation(client, "remove", "title", None));
    }
    (!operations.is_empty()).then(|| patch(&operations))
}

/// Single values: one operation each with a path, or all in one without, with paths for keys.
fn scalars(client: Client, set: Vec<(String, Value)>) -> Vec<Value> {
    match client {
        _ if set.is_empty() => vec![],
        Client::Entra | Client::Okta => {
            vec![json!({ "op": "replace", "value": set.into_iter().collect::<Map<_, _>>() })]
        }
        Client::EntraLegacy | Client::Rfc => set
            .into_iter()
            .map(|(path, value)| operation(client, "replace", &path, Some(value)))
            .collect(),
    }
}

/// A number where there was none: Entra names an element that does not exist yet.
fn add_phone(client: Client, phone: &str) -> Value {
    match client {
        Client::Entra | Client::EntraLegacy => {
            let path = "phoneNumbers[type eq \"mobile\"].value";
            operation(client, "add", path, Some(json!(phone)))
        }
        Client::Okta | Client::Rfc => {
            let value = json!([{ "type": "mobile", "value": phone }]);
            operation(client, "add", "phoneNumbers", Some(value))
        }
    }
}

pub(super) fn set_active(client: Client, active: bool) -> Value {
    patch(&scalars(
        client,
        vec![("active".to_owned(), boolean(client, active))],
    ))
}

fn boolean(client: Client, value: bool) -> Value {
    match client {
        Client::EntraLegacy => json!(if value { "True" } else { "False" }),
        _ => json!(value),
    }
}

/// Gives a user a manager by id, or takes the manager away.
pub(super) fn set_manager(client: Client, manager: Option<&str>) -> Value {
    let path = format!("{ENTERPRISE}:manager");
    let (op, value) = match (client, manager) {
        (_, None) => ("remove", None),
        (Client::EntraLegacy, Some(id)) => ("add", Some(json!([{ "$ref": null, "value": id }]))),
        (Client::Entra, Some(id)) => ("add", Some(json!(id))),
        (Client::Okta | Client::Rfc, Some(id)) => ("replace", Some(json!({ "value": id }))),
    };
    patch(&[operation(client, op, &path, value)])
}

pub(super) fn create_group(client: Client, team: &Team) -> Value {
    let mut body = json!({
        "schemas": [GROUP],
        "externalId": team.external_id,
        "displayName": team.display_name,
    });
    match client {
        Client::Entra | Client::EntraLegacy => {
            extend(&mut body, json!({ "meta": { "resourceType": "Group" } }));
        }
        Client::Okta => extend(&mut body, json!({ "members": [] })),
        Client::Rfc => {}
    }
    body
}

pub(super) fn rename_group(client: Client, id: &str, team: &Team) -> Value {
    let name = json!(team.display_name);
    patch(&match client {
        Client::Okta => {
            vec![json!({ "op": "replace", "value": { "id": id, "displayName": name } })]
        }
        _ => scalars(client, vec![("displayName".to_owned(), name)]),
    })
}

/// Adds these members to a group.
pub(super) fn add_members(client: Client, ids: &[String]) -> Value {
    let members = ids.iter().map(|id| match client {
        Client::EntraLegacy => json!({ "$ref": null, "value": id }),
        Client::Entra | Client::Rfc => json!({ "value": id }),
        Client::Okta => json!({ "value": id, "display": id }),
    });
    patch(&[operation(client, "add", "members", Some(members.collect()))])
}

/// Takes these members, and no others, from a group.
pub(super) fn remove_members(client: Client, ids: &[String]) -> Value {
    if client == Client::EntraLegacy {
        let members = ids.iter().map(|id| json!({ "$ref": null, "value": id }));
        let members = Some(members.collect());
        return patch(&[operation(client, "remove", "members", members)]);
    }
    let path = |id: &String| format!("members[value eq {}]", Value::from(id.as_str()));
    let operations: Vec<Value> = ids
        .iter()
        .map(|id| operation(client, "remove", &path(id), None))
        .collect();
    patch(&operations)
}

fn operation(client: Client, op: &str, path: &str, value: Option<Value>) -> Value {
    let op = match (client, op) {
        (Client::EntraLegacy, "add") => "Add",
        (Client::EntraLegacy, "remove") => "Remove",
        (Client::EntraLegacy, _) => "Replace",
        (_, op) => op,
    };
    let mut operation = json!({ "op": op, "path": path });
    if let Some(value) = value {
        extend(&mut operation, json!({ "value": value }));
    }
    operation
}

/// Adds these members to an object.
fn extend(body: &mut Value, more: Value) {
    if let (Value::Object(body), Value::Object(more)) = (body, more) {
        body.extend(more);
    }
}

fn patch(operations: &[Value]) -> Value {
    json!({ "schemas": [PATCH_OP], "Operations": operations })
}

#[cfg(test)]
mod tests;
