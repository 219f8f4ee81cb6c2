//! Connections: one identity provider of a tenant, with its own credentials and policies.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::items::{number, text};
use super::tenants::CREATED;
use super::{IdentityError, NewToken, Policies, Secret, label};
use crate::store::host::random_u64;
use crate::store::keys::TenantScope;
use crate::store::{Store, StoreError};
use crate::table::{
    Attr, Attrs, Condition, Consistency, Item, Query, Range, TableError, Update, Write,
};

/// Connections of one tenant.
pub const CONNECTIONS_MAX: usize = 50;
/// Keys of one batch.
pub(super) const BATCH: usize = 100;
/// What the first connection is called where nobody named one.
const FIRST: &str = "default";

const NAME: &str = "name";
const PROVIDER: &str = "idp";
const POLICIES: &str = "p";
const ENTRA_BEARER: &str = "eb";
/// First request that was answered well, and the latest as far as noted; milliseconds since 1970.
pub(super) const ACTIVE_SINCE: &str = "fs";
pub(super) const LAST_USED: &str = "lu";

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
    fn attrs(&self) -> Result<Attrs, IdentityError> {
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
}

impl Store {
    /// A new connection of the tenant.
    pub async fn create_connection(
        &self,
        tenant: &TenantScope,
        new: &NewConnection,
    ) -> Result<Connection, IdentityError> {
        new.policies.check()?;
        let mut attrs = new.attrs()?;
        if self.connections(tenant).await?.len() >= CONNECTIONS_MAX {
            return Err(IdentityError::TooMany(format!(
                "a tenant can have {CONNECTIONS_MAX} connections, and this one has them"
            )));
        }
        let now = self.host().now_ms();
        attrs.insert(CREATED, Attr::N(now));
        let id = draw_id(self);
        let put = Write::Put {
            key: tenant.connection(&id),
            attrs,
            condition: Some(Condition::NotExists),
        };
        self.table().write(&put).await?;
        self.connection(tenant, &id).await
    }

    pub async fn connection(
        &self,
        tenant: &TenantScope,
        id: &str,
    ) -> Result<Connection, IdentityError> {
        let missing = IdentityError::NotFound("connection");
        let item = self.table().get(&tenant.connection(id)).await?;
        match item {
            Some(item) => Ok(read(&item)?),
            None => Err(missing),
        }
    }

    /// The tenant's connections, the oldest first.
    pub async fn connections(&self, tenant: &TenantScope) -> Result<Vec<Connection>, StoreError> {
        let (pk, prefix) = tenant.connections();
        let items = self.settings(pk, prefix.to_owned()).await?;
        let mut connections: Vec<Connection> = items.iter().map(read).collect::<Result<_, _>>()?;
        connections
            .sort_by(|left, right| (left.created, &left.id).cmp(&(right.created, &right.id)));
        Ok(connections)
    }

    /// Makes the connection what `new` says, where that is other than it was. Others feel it within 30 s.
    pub async fn change_connection(
        &self,
        tenant: &TenantScope,
        was: &Connection,
        new: &NewConnection,
    ) -> Result<Connection, IdentityError> {
        new.policies.check()?;
        let before = NewConnection::from(was).attrs()?;
        let mut set = new.attrs()?;
        set.retain(|name, value| before.get(name) != Some(value));
        let cleared = new.entra_bearer.is_none() && was.entra_bearer.is_some();
        let update = Update {
            set,
            remove: cleared.then_some(ENTRA_BEARER).into_iter().collect(),
            ..Update::default()
        };
        if update == Update::default() {
            return self.connection(tenant, &was.id).await;
        }
        let write = Write::Update {
            key: tenant.connection(&was.id),
            update,
            condition: Some(Condition::Exists),
        };
        let written = self.table().write(&write).await;
        // Afterwards: who asked meanwhile may have been remembered as before.
        self.shared.credentials.forget(tenant);
        match written {
            Ok(()) => self.connection(tenant, &was.id).await,
            Err(TableError::Condition(_)) => Err(IdentityError::NotFound("connection")),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes the connection away, and with it every credential of its: they are unknown within 30 s. Users and groups
    /// stay.
    pub async fn delete_connection(
        &self,
        tenant: &TenantScope,
        id: &str,
    ) -> Result<(), IdentityError> {
        self.connection(tenant, id).await?;
        // Credentials last: without their connection they let nobody in.
        let delete = |key| Write::Delete {
            key,
            condition: None,
        };
        self.table().write(&delete(tenant.connection(id))).await?;
        self.shared.credentials.forget(tenant);
        for key in self.credentials_of(tenant, id).await? {
            self.table().write(&delete(key)).await?;
        }
        Ok(())
    }

    /// A token of the tenant's first connection, which is made if there is none.
    pub async fn connect(
        &self,
        tenant: &TenantScope,
        label: &str,
    ) -> Result<Secret, IdentityError> {
        let first = self.connections(tenant).await?.into_iter().next();
        let connection = if let Some(first) = first {
            first.id
        } else {
            let new = NewConnection {
                name: FIRST.to_owned(),
                provider: Provider::Entra,
                policies: Policies::default(),
                entra_bearer: None,
            };
            self.create_connection(tenant, &new).await?.id
        };
        let new = NewToken {
            label: label.to_owned(),
            ..NewToken::default()
        };
        let (secret, _) = self.create_token(tenant, &connection, &new).await?;
        Ok(secret)
    }

    /// Every item of the partition whose sort key begins with `prefix`.
    pub(super) async fn settings(
        &self,
        pk: String,
        prefix: String,
    ) -> Result<Vec<Item>, StoreError> {
        let (mut items, mut after) = (vec![], None);
        loop {
            let query = Query {
                pk: pk.clone(),
                range: Range::BeginsWith(prefix.clone()),
                descending: false,
                limit: None,
                after,
            };
            let page = self.table().query(&query, Consistency::Strong).await?;
            items.extend(page.items);
            after = page.next;
            if after.is_none() {
                return Ok(items);
            }
        }
    }
}

/// Ten characters that name something of a tenant's.
pub(super) fn draw_id(store: &Store) -> String {
    TenantScope::draw(random_u64(store.host())).to_string()
}

/// An item that does not read is our failure: to go on without policies would allow what they forbid.
pub(in crate::store) fn read(item: &Item) -> Result<Connection, StoreError> {
    let broken = || StoreError::Broken("a connection does not read");
    let policies = text(item, POLICIES).ok_or_else(broken)?;
    let bearer = text(item, ENTRA_BEARER);
    let bearer = bearer.map(|json| serde_json::from_str(&json)).transpose();
    Ok(Connection {
        id: TenantScope::connection_of(&item.key)
            .ok_or_else(broken)?
            .to_owned(),
        name: text(item, NAME).ok_or_else(broken)?,
        provider: text(item, PROVIDER)
            .and_then(|name| Provider::from_str(&name).ok())
            .ok_or_else(broken)?,
        policies: serde_json::from_str(&policies).map_err(|_| broken())?,
        entra_bearer: bearer.map_err(|_| broken())?,
        created: number(item, CREATED).unwrap_or_default(),
        active_since: number(item, ACTIVE_SINCE),
        last_used: number(item, LAST_USED),
    })
}
