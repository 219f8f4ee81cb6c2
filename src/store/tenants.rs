//! Tenants, their tokens, and who a token stands for.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use super::host::random_u64;
use super::keys::{self, TenantScope};
use super::nested::is_nested;
use super::token::Secret;
use super::{Store, StoreError};
use crate::schema::{ResourceTypes, norm};
use crate::table::{Attr, Condition, Item, TableError, Transaction, Write};

/// A known token is trusted this long without another look; a revocation takes as long to be felt.
const KNOWN_MS: i64 = 30_000;
/// An unknown one is refused this long without another look.
const UNKNOWN_MS: i64 = 5_000;
/// Tokens remembered by one instance.
const REMEMBERED_MAX: usize = 10_000;
/// Characters of a tenant's name.
const NAME_MAX: usize = 63;

pub(super) const NAME: &str = "name";
pub(super) const TENANT: &str = "t";
const LABEL: &str = "label";
const DIGEST: &str = "sha256";
const CREATED: &str = "ct";

/// Who acts: a tenant, through one of its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    pub(super) scope: TenantScope,
    /// The tenant's name.
    pub tenant: String,
    /// Which token, for logs and the outbox; it gives nothing away.
    pub actor: String,
    /// The resource types as this tenant has them.
    pub types: ResourceTypes,
    pub(super) nested: bool,
}

impl Credential {
    /// The tenant's id, for the log.
    pub fn tenant_id(&self) -> String {
        self.scope.to_string()
    }

    /// Whether `tenant`, a name in any case or an id, is the credential's tenant.
    pub fn is_of(&self, tenant: &str) -> bool {
        norm(tenant, false) == norm(&self.tenant, false) || tenant == self.scope.to_string()
    }
}

/// Why a tenant was not created.
#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    #[error(
        "a tenant with this name exists already; choose another name, or make a token for it with `token create`"
    )]
    NameTaken,
    #[error(
        "a tenant's name has 1 to {NAME_MAX} letters, digits, dots, dashes or underscores and begins with a letter or digit"
    )]
    NameInvalid,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What one instance remembers of tokens: who they are, or that nobody knows them.
#[derive(Debug, Default)]
pub(super) struct Credentials(Mutex<HashMap<[u8; 32], Remembered>>);

/// Until when it holds, and who it is if anybody knows.
#[derive(Debug, Clone)]
struct Remembered {
    until: i64,
    credential: Option<Credential>,
}

impl Credentials {
    fn get(&self, digest: &[u8; 32], now: i64) -> Option<Remembered> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(digest).filter(|known| now < known.until).cloned()
    }

    fn put(&self, digest: [u8; 32], now: i64, credential: Option<Credential>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED_MAX {
            known.retain(|_, known| now < known.until);
        }
        if known.len() >= REMEMBERED_MAX {
            known.clear();
        }
        let kept = if credential.is_some() {
            KNOWN_MS
        } else {
            UNKNOWN_MS
        };
        let until = now + kept;
        known.insert(digest, Remembered { until, credential });
    }

    /// Everybody of this tenant is looked up again.
    pub(super) fn forget(&self, scope: &TenantScope) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_of = |known: &Remembered| {
            let credential = known.credential.as_ref();
            credential.is_some_and(|credential| credential.scope == *scope)
        };
        known.retain(|_, known| !is_of(known));
    }
}

impl Store {
    /// Whom the token stands for; `None` if nobody knows it.
    pub async fn authenticate(&self, secret: &Secret) -> Result<Option<Credential>, StoreError> {
        let (digest, now) = (secret.digest(), self.host().now_ms());
        if let Some(known) = self.shared.credentials.get(&digest, now) {
            return Ok(known.credential);
        }
        let scope = secret.tenant();
        let (config_key, token_key) = (scope.config(), scope.token(&digest));
        let (items, unprocessed) = self
            .table()
            .batch_get(&[config_key.clone(), token_key.clone()])
            .await?;
        if !unprocessed.is_empty() {
            return Err(StoreError::Busy);
        }
        let item = |key| items.iter().find(|item| item.key == key);
        let credential = match (item(config_key), item(token_key)) {
            (Some(config), Some(token)) if same_digest(token, &digest) => Some(Credential {
                scope: scope.clone(),
                tenant: text(config, NAME).unwrap_or_default(),
                actor: actor(&digest),
                types: self.types_of(scope, config).await?,
                nested: is_nested(config),
            }),
            _ => None,
        };
        self.shared.credentials.put(digest, now, credential.clone());
        Ok(credential)
    }

    /// Creates a tenant under a name that no other has, in any case.
    pub async fn create_tenant(&self, name: &str) -> Result<TenantScope, TenantError> {
        if !is_name(name) {
            return Err(TenantError::NameInvalid);
        }
        let tenant = TenantScope::draw(random_u64(self.host()));
        let new = |key, attrs| Write::Put {
            key,
            attrs,
            condition: Some(Condition::NotExists),
        };
        let named = || Attr::S(name.to_owned());
        let config = [(NAME, named()), (CREATED, Attr::N(self.host().now_ms()))].into();
        let taken = [(TENANT, Attr::S(tenant.to_string()))].into();
        let transaction = Transaction {
            token: tenant.to_string(),
            writes: vec![
                new(keys::tenant_name(&norm(name, false)), taken),
                new(keys::registry(&tenant), [(NAME, named())].into()),
                new(tenant.config(), config),
            ],
        };
        match self.table().transact(&transaction).await {
            Ok(()) => Ok(tenant),
            Err(TableError::Cancelled(_)) => Err(TenantError::NameTaken),
            Err(error) => Err(StoreError::from(error).into()),
        }
    }

    /// The tenant with this name, in any case.
    pub async fn find_tenant(&self, name: &str) -> Result<Option<TenantScope>, StoreError> {
        let item = self
            .table()
            .get(&keys::tenant_name(&norm(name, false)))
            .await?;
        Ok(item.and_then(|item| TenantScope::parse(&text(&item, TENANT)?)))
    }

    /// A new token for the tenant. Only its digest is stored.
    pub async fn create_token(
        &self,
        tenant: &TenantScope,
        label: &str,
    ) -> Result<Secret, StoreError> {
        let secret = Secret::draw(tenant, self.host());
        let digest = secret.digest();
        let attrs = [
            (LABEL, Attr::S(label.to_owned())),
            (DIGEST, Attr::B(digest.to_vec())),
            (CREATED, Attr::N(self.host().now_ms())),
        ];
        let key = tenant.token(&digest);
        self.table()
            .write(&Write::Put {
                key,
                attrs: attrs.into(),
                condition: None,
            })
            .await?;
        Ok(secret)
    }
}

pub(super) fn same_digest(token: &Item, digest: &[u8; 32]) -> bool {
    matches!(token.attrs.get(DIGEST), Some(Attr::B(stored)) if bool::from(stored.as_slice().ct_eq(digest)))
}

fn actor(digest: &[u8; 32]) -> String {
    let text = URL_SAFE_NO_PAD.encode(digest);
    format!("K-{}", text.get(..8).unwrap_or_default())
}

pub(super) fn text(item: &Item, name: &str) -> Option<String> {
    match item.attrs.get(name) {
        Some(Attr::S(text)) => Some(text.clone()),
        _ => None,
    }
}

fn is_name(name: &str) -> bool {
    name.len() <= NAME_MAX
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}
