//! Bearer tokens that a customer's own identity provider signs: whose they are. Their signature is checked elsewhere.

use sha2::{Digest as _, Sha256};

use super::connection;
use super::credentials::{Credential, Refused};
use super::{Connection, EntraBearer, State};
use crate::store::keys::TenantScope;
use crate::store::{Store, StoreError};

impl Store {
    /// Whom the signed token stands for, as far as this instance remembers.
    pub fn remembered_bearer(&self, tenant: &TenantScope, text: &str) -> Option<Credential> {
        let known = &self.shared.credentials;
        known.known(&digest(tenant, text), self.host().now_ms())
    }

    /// The tenant's connections that take signed tokens. It costs the same whether or not the tenant exists.
    pub async fn bearer_connections(
        &self,
        tenant: &TenantScope,
    ) -> Result<Vec<(Connection, EntraBearer)>, StoreError> {
        let connections = self.connections(tenant).await?;
        let takes = |connection: Connection| {
            let bearer = connection.entra_bearer.clone()?;
            Some((connection, bearer))
        };
        Ok(connections.into_iter().filter_map(takes).collect())
    }

    /// The tenant through this connection, for a token that was found good until `ends` (milliseconds since 1970).
    pub async fn accept_bearer(
        &self,
        tenant: &TenantScope,
        connection: &Connection,
        text: &str,
        ends: i64,
    ) -> Result<Result<Credential, Refused>, StoreError> {
        let (config, connection) = (tenant.config(), tenant.connection(&connection.id));
        let [config, connection] = self.pair([config, connection]).await?;
        let (Some(config), Some(connection)) = (config, connection) else {
            return Ok(Err(Refused::Unknown));
        };
        let state = State::of(&config);
        if matches!(state, State::Erasing | State::Erased) {
            return Ok(Err(Refused::Erased));
        }
        let connection = connection::read(&connection)?;
        let credential = Credential {
            actor: format!("E-{}", connection.id),
            ..self.through(tenant, &config, connection).await?
        };
        if state == State::Suspended {
            return Ok(Err(Refused::Suspended(credential.holder())));
        }
        let now = self.host().now_ms();
        let known = &self.shared.credentials;
        known.trust(digest(tenant, text), now, ends, &credential);
        Ok(Ok(credential))
    }
}

/// What a signed token is remembered by: another tenant's memory of it is another.
fn digest(tenant: &TenantScope, text: &str) -> [u8; 32] {
    Sha256::digest(format!("{tenant} {text}")).into()
}
