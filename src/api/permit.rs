//! What a request may do: its token's scopes, then what was agreed for its connection. RFC 6750 §3.1.
//!
//! A token out of scope is a mistake of whoever made it, and 403. A policy is none: its refusal is 400, for a client
//! such as Entra stops a customer's whole job at 401 and 403.

use http::Method;

use super::ScimError;
use super::route::{Endpoint, Route};
use crate::schema::{Document, ResourceType};
use crate::store::{Action, Collection, Credential, Policies, Scope, Verb, presence};

/// Whether the credential may send this request; what the request says is not looked at.
pub(super) fn permitted(
    credential: &Credential,
    route: &Route,
    method: &Method,
) -> Result<(), ScimError> {
    for scope in scopes(&route.endpoint, method) {
        if !credential.scopes.allows(scope) {
            return Err(out_of_scope(scope));
        }
    }
    let policies = &credential.connection.policies;
    let refused = verb(&route.endpoint, method).filter(|verb| {
        let allowed = policies.allowed_verbs.as_ref();
        allowed.is_some_and(|allowed| !allowed.contains(verb))
    });
    refused.map_or(Ok(()), |verb| Err(not_done(verb)))
}

/// Every scope that the request takes.
fn scopes(endpoint: &Endpoint, method: &Method) -> Vec<Scope> {
    match endpoint {
        Endpoint::Collection(kind) | Endpoint::Resource(kind, _) => {
            let action = match *method {
                Method::POST => Action::Post,
                Method::PUT => Action::Put,
                Method::PATCH => Action::Patch,
                Method::DELETE => Action::Delete,
                _ => Action::Get,
            };
            vec![Scope(action, collection(kind))]
        }
        Endpoint::Search(kind) => vec![Scope(Action::Get, collection(kind))],
        Endpoint::SearchAll => [Collection::Users, Collection::Groups]
            .map(|all| Scope(Action::Get, all))
            .to_vec(),
        // Of a bulk request each operation takes its own.
        Endpoint::Bulk | Endpoint::Discovery(_) | Endpoint::Me | Endpoint::Unknown => vec![],
    }
}

fn collection(kind: &ResourceType) -> Collection {
    if kind.is_group() {
        Collection::Groups
    } else {
        Collection::Users
    }
}

fn out_of_scope(scope: Scope) -> ScimError {
    let name = scope.name();
    let does = name.replace(':', " ");
    ScimError::insufficient_scope(format!(
        "the token may not {does}; it needs the scope {name}"
    ))
}

/// The kind of change, if the request is one.
fn verb(endpoint: &Endpoint, method: &Method) -> Option<Verb> {
    let (Endpoint::Collection(kind) | Endpoint::Resource(kind, _)) = endpoint else {
        return None;
    };
    let [create, update, delete] = if kind.is_group() {
        [Verb::CreateGroups, Verb::UpdateGroups, Verb::DeleteGroups]
    } else {
        [Verb::CreateUsers, Verb::UpdateUsers, Verb::DeleteUsers]
    };
    match *method {
        Method::POST => Some(create),
        Method::PUT | Method::PATCH => Some(update),
        Method::DELETE => Some(delete),
        _ => None,
    }
}

fn not_done(verb: Verb) -> ScimError {
    let (does, action, whom) = match verb {
        Verb::CreateUsers => ("create", "Create", "users"),
        Verb::UpdateUsers => ("update", "Update", "users"),
        Verb::DeleteUsers => ("delete", "Delete", "users"),
        Verb::CreateGroups => ("create", "Create", "groups"),
        Verb::UpdateGroups => ("update", "Update", "groups"),
        Verb::DeleteGroups => ("delete", "Delete", "groups"),
    };
    ScimError::refused(format!(
        "this connection does not {does} {whom}; switch {action} off under Target Object Actions in the mapping of {whom}"
    ))
}

/// Refuses a user without a required attribute: one that is created, or one from whom the change takes it. Who lacked
/// it before can be changed and, above all, switched off.
pub(super) fn required(
    policies: &Policies,
    kind: &ResourceType,
    old: Option<&Document>,
    new: &Document,
) -> Result<(), ScimError> {
    if kind.is_group() || old.is_some_and(is_active) && !is_active(new) {
        return Ok(());
    }
    for path in &policies.required_attributes {
        // What no schema of the tenant defines nobody has.
        let has = |document: &Document| {
            presence(kind, path).is_some_and(|presence| presence.matches(document))
        };
        if !has(new) && old.is_none_or(has) {
            return Err(ScimError::invalid_value(format!(
                "this connection requires {path}; map a source attribute to {path}, and give the user a value there"
            )));
        }
    }
    Ok(())
}

fn is_active(user: &Document) -> bool {
    user.get("active").and_then(serde_json::Value::as_bool) != Some(false)
}
