//! Who may come in: tenants, their connections, tokens and OAuth clients, and the vendor's own keys.
//!
//! All of it stands in the tenant's own partition, but for the registry and the vendor's keys. Every secret is stored
//! as its digest alone.

mod access;
mod admin_keys;
mod amend;
mod client;
mod clients;
mod connection;
mod connections;
mod credentials;
mod expiry;
mod items;
mod policies;
mod remembered;
mod rotation;
mod scopes;
mod secret;
mod signed;
mod tenant;
mod tenants;
mod tokens;
mod touch;

pub use admin_keys::AdminKey;
pub use client::{AuthMethod, Client, ClientChange, ClientSecret, Federation, NewClient};
pub use clients::CLIENT_SECRETS_MAX;
pub use connection::{Connection, EntraBearer, NewConnection, Provider};
pub use connections::CONNECTIONS_MAX;
pub use credentials::{Credential, Holder, Refused};
pub use expiry::{EXPIRY_MIN_S, Expiry};
pub use policies::{
    OnDelete, Policies, PolicyError, RATE_MAX, REQUIRED_MAX, SEATS_MAX, UnknownMembers, Verb,
    presence,
};
pub use rotation::ROTATION_S;
pub use scopes::{Action, Collection, Scope, Scopes};
pub use secret::{AdminSecret, Secret, SecretKind, TokenError};
pub use tenant::{Said, State, TenantChange, TenantInfo};
pub use tokens::{NewToken, Token};

pub(super) use client::read as read_client;
pub(super) use connection::read as read_connection;
pub(super) use credentials::same_digest;
pub(super) use remembered::Credentials;
pub(super) use tenant::{NAME, STATE};
pub(super) use tenants::{TENANT, erasing_since};
pub(super) use tokens::CONNECTION;

use super::StoreError;

/// Characters of a label or a display name.
pub const LABEL_MAX: usize = 100;

/// Why a change of tenants, connections or credentials was not made.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("a tenant with this name exists already; choose another name")]
    NameTaken,
    #[error(
        "a tenant's name has 1 to {max} letters, digits, dots, dashes or underscores and begins with a letter or digit",
        max = tenants::NAME_MAX
    )]
    NameInvalid,
    /// What is not there: "tenant", "connection", "token", "client".
    #[error("there is no such {0}")]
    NotFound(&'static str),
    #[error("\"{0}\" has 1 to {LABEL_MAX} characters, none of them a control character")]
    Label(&'static str),
    /// A value that its attribute does not take, and what it takes.
    #[error("\"{0}\": {1}")]
    Invalid(&'static str, String),
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// There are as many as there can be.
    #[error("{0}")]
    TooMany(String),
    /// The tenant or the credential is not in a state that allows it.
    #[error("{0}")]
    State(&'static str),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<crate::table::TableError> for IdentityError {
    fn from(error: crate::table::TableError) -> Self {
        Self::Store(error.into())
    }
}

/// A name for people to read: not empty, bounded, on one line.
fn label(name: &'static str, text: &str) -> Result<String, IdentityError> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= LABEL_MAX;
    if !fits || text.chars().any(char::is_control) {
        return Err(IdentityError::Label(name));
    }
    Ok(text.to_owned())
}
