//! Who a token stands for, and why it does not.

use std::collections::BTreeSet;
use std::sync::Arc;

use subtle::ConstantTimeEq as _;

use super::items::{digest, digests};
use super::tenant::{NAME, State};
use super::tokens::{CLIENT, CONNECTION, DIGEST, PREDECESSORS, RETIRE, REVOKED, UNTIL, scopes};
use super::{Connection, Scopes, Secret, connection};
use crate::schema::{ResourceTypes, norm};
use crate::store::keys::TenantScope;
use crate::store::nested::is_nested;
use crate::store::{Store, StoreError, aliases};
use crate::table::Item;

/// Who acts: a tenant, through one of its credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    pub(in crate::store) scope: TenantScope,
    /// The tenant's name.
    pub tenant: String,
    /// Which credential, for logs and the outbox; it gives nothing away.
    pub actor: String,
    /// Through which connection.
    pub connection: Arc<Connection>,
    /// What it may do.
    pub scopes: Scopes,
    /// The resource types as this tenant has them.
    pub types: ResourceTypes,
    pub(in crate::store) nested: bool,
    /// Attributes of which twins may exist.
    pub(in crate::store) twins_ever: BTreeSet<String>,
    pub(super) token: Option<TokenMark>,
}

/// What is to be noted about the token once it was used well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TokenMark {
    pub digest: [u8; 32],
    /// Until when it is good; milliseconds since 1970.
    pub until: Option<i64>,
    /// Whom it replaces, and how many seconds they may live on.
    pub predecessors: Option<(Vec<[u8; 32]>, i64)>,
}

/// Whose a credential is, whether or not it lets anybody in: the provisioning log's who.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub(in crate::store) scope: TenantScope,
    pub(in crate::store) connection: String,
    pub(in crate::store) actor: String,
}

impl Holder {
    pub fn tenant_id(&self) -> String {
        self.scope.to_string()
    }

    pub fn actor(&self) -> &str {
        &self.actor
    }
}

/// Why a token of the right shape lets nobody in; with its holder where its secret has proved whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    Unknown,
    Expired(Holder),
    Revoked(Holder),
    /// The token is good; its tenant is not served at present.
    Suspended(Holder),
    /// The tenant is gone, or going.
    Erased,
}

impl Refused {
    /// Who was refused, where that is known and somebody is left to be told.
    pub fn holder(&self) -> Option<&Holder> {
        match self {
            Self::Expired(holder) | Self::Revoked(holder) | Self::Suspended(holder) => Some(holder),
            Self::Unknown | Self::Erased => None,
        }
    }
}

impl Credential {
    /// The tenant's id, for the log.
    pub fn tenant_id(&self) -> String {
        self.scope.to_string()
    }

    /// Who it is, for the provisioning log.
    pub fn holder(&self) -> Holder {
        Holder {
            scope: self.scope.clone(),
            connection: self.connection.id.clone(),
            actor: self.actor.clone(),
        }
    }

    /// Whether `tenant`, a name in any case or an id, is the credential's tenant.
    pub fn is_of(&self, tenant: &str) -> bool {
        norm(tenant, false) == norm(&self.tenant, false) || tenant == self.scope.to_string()
    }
}

impl Store {
    /// Whom the token stands for, or why nobody.
    ///
    /// An unknown token costs the same reads whether or not the tenant that it names exists.
    pub async fn authenticate(
        &self,
        secret: &Secret,
    ) -> Result<Result<Credential, Refused>, StoreError> {
        let (digest, now) = (secret.digest(), self.host().now_ms());
        if let Some(known) = self.shared.credentials.get(&digest, now) {
            return Ok(known);
        }
        let found = self.look_up(secret.tenant(), &digest, now).await?;
        self.shared.credentials.put(digest, now, &found);
        Ok(found)
    }

    async fn look_up(
        &self,
        scope: &TenantScope,
        digest: &[u8; 32],
        now: i64,
    ) -> Result<Result<Credential, Refused>, StoreError> {
        let [config, token] = self.pair([scope.config(), scope.token(digest)]).await?;
        let Some(config) = config else {
            return Ok(Err(Refused::Unknown));
        };
        let state = State::of(&config);
        if matches!(state, State::Erasing | State::Erased) {
            return Ok(Err(Refused::Erased));
        }
        let Some(token) = token.filter(|token| same_digest(token, digest)) else {
            return Ok(Err(Refused::Unknown));
        };
        let holder = || Holder {
            scope: scope.clone(),
            connection: token.text(CONNECTION).unwrap_or_default().to_owned(),
            actor: TenantScope::token_id(digest),
        };
        if let Some(refused) = refused(&token, state, now, holder) {
            return Ok(Err(refused));
        }
        let Some(connection) = self.connection_of(scope, &token).await? else {
            return Ok(Err(Refused::Unknown));
        };
        let mark = TokenMark {
            digest: *digest,
            until: token.number(UNTIL),
            predecessors: Some(digests(&token, PREDECESSORS)).zip(token.number(RETIRE)),
        };
        let credential = Credential {
            actor: TenantScope::token_id(digest),
            scopes: scopes(&token),
            token: Some(mark),
            ..self.through(scope, &config, connection).await?
        };
        Ok(Ok(credential))
    }

    /// The tenant through a connection, without a token.
    pub(super) async fn through(
        &self,
        scope: &TenantScope,
        config: &Item,
        connection: Connection,
    ) -> Result<Credential, StoreError> {
        Ok(Credential {
            scope: scope.clone(),
            tenant: config.text(NAME).unwrap_or_default().to_owned(),
            actor: String::new(),
            connection: Arc::new(connection),
            scopes: Scopes::default(),
            types: self.types_of(scope, config).await?,
            nested: is_nested(config),
            twins_ever: aliases::twins_ever(config),
            token: None,
        })
    }

    /// The connection that the token belongs to; `None` where it, or the client it was issued to, is gone.
    async fn connection_of(
        &self,
        scope: &TenantScope,
        token: &Item,
    ) -> Result<Option<Connection>, StoreError> {
        let Some(id) = token.text(CONNECTION) else {
            return Ok(None);
        };
        let key = scope.connection(id);
        let connection = match token.text(CLIENT) {
            None => self.table().get(&key).await?,
            Some(client) => {
                let client = client.rsplit('.').next().unwrap_or_default();
                let [connection, client] = self.pair([key, scope.client(client)]).await?;
                client.and(connection)
            }
        };
        connection.as_ref().map(connection::read).transpose()
    }

    /// Two items in one round trip.
    pub(super) async fn pair(
        &self,
        keys: [crate::table::Key; 2],
    ) -> Result<[Option<Item>; 2], StoreError> {
        let (items, unprocessed) = self.table().batch_get(&keys).await?;
        if !unprocessed.is_empty() {
            return Err(StoreError::Busy);
        }
        Ok(keys.map(|key| items.iter().find(|item| item.key == key).cloned()))
    }
}

fn refused(
    token: &Item,
    state: State,
    now: i64,
    holder: impl FnOnce() -> Holder,
) -> Option<Refused> {
    if token.number(REVOKED).is_some() {
        return Some(Refused::Revoked(holder()));
    }
    if token.number(UNTIL).is_some_and(|until| until <= now) {
        return Some(Refused::Expired(holder()));
    }
    (state == State::Suspended).then(|| Refused::Suspended(holder()))
}

pub(in crate::store) fn same_digest(token: &Item, wanted: &[u8; 32]) -> bool {
    digest(token, DIGEST).is_some_and(|stored| bool::from(stored.ct_eq(wanted)))
}
