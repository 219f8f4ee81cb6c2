//! What an access token may do: what was asked for, within what the client may. RFC 6749 §3.3.

use super::error::OAuthError;
use crate::store::{Scope, Scopes};

/// Stands for everything that the client may do.
const ALL: &str = "scim";

/// The scopes of a new token, and how they are told.
pub(super) fn granted(
    asked: Option<&str>,
    client: &Scopes,
) -> Result<(Scopes, String), OAuthError> {
    let scopes = match asked.map(str::trim) {
        None | Some("" | ALL) => client.clone(),
        Some(asked) => listed(asked)?,
    };
    if !scopes.is_within(client) {
        let words = "the client may not do all of this";
        return Err(OAuthError::invalid_scope("scope_beyond_client", words));
    }
    let told = if scopes == Scopes::default() {
        ALL.to_owned()
    } else {
        scopes.iter().map(Scope::name).collect::<Vec<_>>().join(" ")
    };
    Ok((scopes, told))
}

fn listed(text: &str) -> Result<Scopes, OAuthError> {
    let names = text.split(' ').filter(|name| !name.is_empty());
    let scopes: Result<Scopes, _> = names.map(str::parse).collect();
    scopes.map_err(|_| {
        let words = "send scim, or a list such as: get:users patch:users";
        OAuthError::invalid_scope("scope_unknown", words)
    })
}
