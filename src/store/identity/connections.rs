//! Connections: one identity provider of a tenant, with its own credentials and policies.

use super::amend::Limited;
use super::connection::{check_name, read};
use super::tenant::CREATED;
use super::{Connection, IdentityError, NewConnection, NewToken, Policies, Provider, Secret};
use crate::store::host::random_u64;
use crate::store::keys::TenantScope;
use crate::store::{Store, StoreError};
use crate::table::{Attr, Write};

/// Connections of one tenant.
pub const CONNECTIONS_MAX: usize = 50;
/// What the first connection is called where nobody named one.
const FIRST: &str = "default";

impl Store {
    /// A new connection of the tenant.
    pub async fn create_connection(
        &self,
        tenant: &TenantScope,
        new: &NewConnection,
    ) -> Result<Connection, IdentityError> {
        new.policies.check()?;
        let mut attrs = new.attrs()?;
        check_name(&new.name)?;
        attrs.insert(CREATED, Attr::N(self.host().now_ms()));
        let id = draw_id(self);
        let limited = Limited {
            of: &tenant.config(),
            what: "tenant",
            max: CONNECTIONS_MAX,
            too_many: format!(
                "a tenant can have {CONNECTIONS_MAX} connections, and this one has them"
            ),
        };
        let count = async || Ok(self.connections(tenant).await?.len());
        let added = self.add(&limited, tenant.connection(&id), attrs, count);
        Ok(read(&added.await?)?)
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

    /// Makes the connection what `change` says, where that is other than it is. Others feel it within 30 s.
    pub async fn change_connection<E: From<IdentityError>>(
        &self,
        tenant: &TenantScope,
        id: &str,
        change: impl Fn(&Connection) -> Result<NewConnection, E>,
    ) -> Result<Connection, E> {
        let changed = self.amend(tenant.connection(id), "connection", |item| {
            let was = read(item).map_err(IdentityError::from)?;
            let new = change(&was)?;
            new.policies.check().map_err(IdentityError::from)?;
            Ok::<_, E>(new.update(&was)?)
        });
        let changed = changed.await;
        // Afterwards: who asked meanwhile may have been remembered as before.
        self.shared.credentials.forget(tenant);
        Ok(read(&changed?).map_err(IdentityError::from)?)
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
        self.table()
            .write(&Write::delete(tenant.connection(id)))
            .await?;
        self.shared.credentials.forget(tenant);
        for key in self.credentials_of(tenant, id).await? {
            self.table().write(&Write::delete(key)).await?;
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
}

/// Ten characters that name something of a tenant's.
pub(super) fn draw_id(store: &Store) -> String {
    TenantScope::draw(random_u64(store.host())).to_string()
}
