//! What a connection is, and how it stands in its item.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::tenant::CREATED;
use super::{IdentityError, Policies, label};
use crate::store::StoreError;
use crate::store::keys::TenantScope;
use crate::table::{Attr, Attrs, Item, Update};

const NAME: &str = "name";
const PROVIDER: &str = "idp";
const POLICIES: &str = "p";
const ENTRA_BEARER: &str = "eb";
/// First request that was answered well, and the latest as far as noted; milliseconds since 1970.
pub(super) const ACTIVE_SINCE: &str = "fs";
pub(super) const LAST_USED: &str = "lu";

/// What ends a path, or a part of it: gateways decode before they look where.
const NOT_IN_PATHS: [char; 4] = ['/', '?', '#', '%'];

/// Who provisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    Entra,
    Okta,
    OneLogin,
    JumpCloud,
    Other,
}

/// Bearer tokens that Entra signs itself, for a customer that leaves the Secret Token blank: for tests, off by default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EntraBearer {
    /// The customer's Entra tenant.
    pub tenant_id: String,
    /// The application the tokens are for.
    pub audience: String,
}

/// One identity provider of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    pub id: String,
    pub name: String,
    pub provider: Provider,
    pub policies: Policies,
    pub entra_bearer: Option<EntraBearer>,
    /// Times in milliseconds since 1970.
    pub created: i64,
    /// The first request that was answered well.
    pub active_since: Option<i64>,
    /// The latest one, to the hour.
    pub last_used: Option<i64>,
}

/// What a connection is to be, also after a change.
#[derive(Debug, Clone)]
pub struct NewConnection {
    pub name: String,
    pub provider: Provider,
    pub policies: Policies,
    pub entra_bearer: Option<EntraBearer>,
}

impl Provider {
    pub const ALL: [Self; 5] = [
        Self::Entra,
        Self::Okta,
        Self::OneLogin,
        Self::JumpCloud,
        Self::Other,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Entra => "entra",
            Self::Okta => "okta",
            Self::OneLogin => "onelogin",
            Self::JumpCloud => "jumpcloud",
            Self::Other => "other",
        }
    }
}

impl FromStr for Provider {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|known| known.name() == text);
        found.ok_or_else(|| Self::ALL.map(Self::name).join(", "))
    }
}

impl From<&Connection> for NewConnection {
    fn from(connection: &Connection) -> Self {
        Self {
            name: connection.name.clone(),
            provider: connection.provider,
            policies: connection.policies.clone(),
            entra_bearer: connection.entra_bearer.clone(),
        }
    }
}

impl NewConnection {
    pub(super) fn attrs(&self) -> Result<Attrs, IdentityError> {
        let json = |value: serde_json::Result<String>| {
            value
                .map(Attr::S)
                .map_err(|_| StoreError::Broken("a connection does not become JSON"))
        };
        let mut attrs = Attrs::from([
            (NAME, Attr::S(label("name", &self.name)?)),
            (PROVIDER, Attr::S(self.provider.name().to_owned())),
            (POLICIES, json(serde_json::to_string(&self.policies))?),
        ]);
        if let Some(bearer) = &self.entra_bearer {
            attrs.insert(ENTRA_BEARER, json(serde_json::to_string(bearer))?);
        }
        Ok(attrs)
    }

    /// What is other than it was.
    pub(super) fn update(&self, was: &Connection) -> Result<Update, IdentityError> {
        let before = Self::from(was).attrs()?;
        let mut set = self.attrs()?;
        set.retain(|name, value| before.get(name) != Some(value));
        if set.contains_key(NAME) {
            check_name(&self.name)?;
        }
        let cleared = self.entra_bearer.is_none() && was.entra_bearer.is_some();
        Ok(Update {
            set,
            remove: cleared.then_some(ENTRA_BEARER).into_iter().collect(),
            ..Update::default()
        })
    }
}

/// Whether a new name can stand in a path, where the connection is named by it.
pub(super) fn check_name(name: &str) -> Result<(), IdentityError> {
    let why = match name.find(NOT_IN_PATHS).and_then(|at| name.get(at..=at)) {
        Some(found) => format!("a name that can stand in a path has no \"{found}\""),
        None if matches!(name.trim(), "." | "..") => "a name is more than dots".to_owned(),
        None => return Ok(()),
    };
    Err(IdentityError::Invalid("name", why))
}

/// An item that does not read is our failure: to go on without policies would allow what they forbid.
pub(in crate::store) fn read(item: &Item) -> Result<Connection, StoreError> {
    let broken = || StoreError::Broken("a connection does not read");
    let policies = item.text(POLICIES).ok_or_else(broken)?;
    let bearer = item.text(ENTRA_BEARER);
    let bearer = bearer.map(serde_json::from_str).transpose();
    Ok(Connection {
        id: TenantScope::connection_of(&item.key)
            .ok_or_else(broken)?
            .to_owned(),
        name: item.text(NAME).ok_or_else(broken)?.to_owned(),
        provider: item
            .text(PROVIDER)
            .and_then(|name| Provider::from_str(name).ok())
            .ok_or_else(broken)?,
        policies: serde_json::from_str(policies).map_err(|_| broken())?,
        entra_bearer: bearer.map_err(|_| broken())?,
        created: item.number(CREATED).unwrap_or_default(),
        active_since: item.number(ACTIVE_SINCE),
        last_used: item.number(LAST_USED),
    })
}
