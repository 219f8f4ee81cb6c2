//! Tenants: a unique name, what people call it, and whether it is served.

use std::str::FromStr;

use serde::{Deserialize, Deserializer};

use super::expiry::Expiry;
use super::items::{number, text};
use super::{IdentityError, Provider, label};
use crate::schema::norm;
use crate::store::host::random_u64;
use crate::store::keys::{self, TenantScope};
use crate::store::{Store, StoreError};
use crate::table::{
    Attr, Attrs, Condition, Consistency, Item, Query, Range, TableError, Transaction, Update, Write,
};

/// Characters of a tenant's name.
pub(super) const NAME_MAX: usize = 63;

pub(in crate::store) const NAME: &str = "name";
pub(in crate::store) const TENANT: &str = "t";
pub(in crate::store) const STATE: &str = "state";
pub(super) const CREATED: &str = "ct";
const DISPLAY_NAME: &str = "dn";
const PROVIDER: &str = "idp";
const EXPIRY_DEFAULT: &str = "td";
const EXPIRY_MAXIMUM: &str = "tm";
/// In the registry: since when the tenant is being erased; milliseconds since 1970.
const ERASING_SINCE: &str = "erase";

/// Whether a tenant is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Active,
    /// Every request is refused until the tenant is active again; nothing is lost.
    Suspended,
    /// Its items are being removed; there is no way back.
    Erasing,
    /// Nothing is left but this note.
    Erased,
}

/// A tenant as its vendor sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantInfo {
    pub scope: TenantScope,
    pub name: String,
    /// What people call it; the name where nothing else was said.
    pub display_name: String,
    /// Where its people come from, if that was said.
    pub provider: Option<Provider>,
    pub state: State,
    /// Milliseconds since 1970.
    pub created: i64,
    /// How long its tokens live.
    pub expiry: Expiry,
}

/// What a change says of something that need not be there. RFC 7396.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Said<T> {
    /// It stays.
    #[default]
    Nothing,
    /// It goes.
    Null,
    Value(T),
}

/// What is to be other than it is; `None` stays.
#[derive(Debug, Clone, Default)]
pub struct TenantChange {
    pub display_name: Said<String>,
    pub provider: Said<Provider>,
    /// Suspends, or serves again.
    pub suspended: Option<bool>,
    pub expiry: Option<Expiry>,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Erasing => "erasing",
            Self::Erased => "erased",
        }
    }

    /// The state of the tenant whose config item this is.
    pub(in crate::store) fn of(config: &Item) -> Self {
        let states = [Self::Suspended, Self::Erasing, Self::Erased];
        let stored = text(config, STATE);
        let found = states
            .into_iter()
            .find(|state| stored.as_deref() == Some(state.name()));
        found.unwrap_or(Self::Active)
    }
}

impl<T> From<Option<T>> for Said<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Value)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Said<T> {
    fn deserialize<D: Deserializer<'de>>(given: D) -> Result<Self, D::Error> {
        Option::deserialize(given).map(Self::from)
    }
}

impl<T> Said<T> {
    /// What is, after the change of what was.
    pub fn over(self, was: Option<T>) -> Option<T> {
        match self {
            Self::Nothing => was,
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }
}

impl TenantChange {
    fn update(&self) -> Result<Update, IdentityError> {
        let mut update = Update::default();
        match &self.display_name {
            Said::Nothing => {}
            Said::Null => update.remove.push(DISPLAY_NAME),
            Said::Value(name) => {
                let name = Attr::S(label("displayName", name)?);
                update.set.insert(DISPLAY_NAME, name);
            }
        }
        match self.provider {
            Said::Nothing => {}
            Said::Null => update.remove.push(PROVIDER),
            Said::Value(provider) => {
                let provider = Attr::S(provider.name().to_owned());
                update.set.insert(PROVIDER, provider);
            }
        }
        let mut say = |name, value| match value {
            Some(value) => drop(update.set.insert(name, value)),
            None => update.remove.push(name),
        };
        if let Some(suspended) = self.suspended {
            let state = Attr::S(State::Suspended.name().to_owned());
            say(STATE, suspended.then_some(state));
        }
        if let Some(expiry) = self.expiry {
            let expiry = expiry.check()?;
            say(EXPIRY_DEFAULT, expiry.default.map(Attr::N));
            say(EXPIRY_MAXIMUM, expiry.maximum.map(Attr::N));
        }
        Ok(update)
    }
}

impl Store {
    /// Creates a tenant under a name that no other has, in any case.
    pub async fn create_tenant(&self, name: &str) -> Result<TenantScope, IdentityError> {
        self.create_tenant_with(name, &TenantChange::default())
            .await
    }

    /// The same with settings other than the defaults.
    pub async fn create_tenant_with(
        &self,
        name: &str,
        settings: &TenantChange,
    ) -> Result<TenantScope, IdentityError> {
        if !is_name(name) {
            return Err(IdentityError::NameInvalid);
        }
        let tenant = TenantScope::draw(random_u64(self.host()));
        let new = |key, attrs| Write::Put {
            key,
            attrs,
            condition: Some(Condition::NotExists),
        };
        let named = || Attr::S(name.to_owned());
        let mut config = settings.update()?.set;
        config.extend([(NAME, named()), (CREATED, Attr::N(self.host().now_ms()))]);
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
            Err(TableError::Cancelled(_)) => Err(IdentityError::NameTaken),
            Err(error) => Err(error.into()),
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

    /// The tenant with this name or this id.
    pub async fn tenant_info(&self, name_or_id: &str) -> Result<TenantInfo, IdentityError> {
        let missing = || IdentityError::NotFound("tenant");
        let scope = match self.find_tenant(name_or_id).await? {
            Some(scope) => scope,
            None => TenantScope::parse(name_or_id).ok_or_else(missing)?,
        };
        let config = self.table().get(&scope.config()).await?;
        config
            .as_ref()
            .and_then(|config| info(scope, config))
            .ok_or_else(missing)
    }

    /// Up to `limit` tenants in the order of their ids, after the one given; and whether more follow.
    pub async fn list_tenants(
        &self,
        after: Option<&TenantScope>,
        limit: u32,
    ) -> Result<(Vec<TenantInfo>, bool), StoreError> {
        let query = Query {
            pk: keys::tenants(),
            range: after.map_or(Range::All, |after| Range::Greater(after.to_string())),
            descending: false,
            limit: Some(limit),
            after: None,
        };
        let page = self.table().query(&query, Consistency::Strong).await?;
        let scopes = page.items.iter();
        let scopes: Vec<TenantScope> = scopes
            .filter_map(|item| TenantScope::parse(&item.key.sk))
            .collect();
        let keys: Vec<_> = scopes.iter().map(TenantScope::config).collect();
        let mut tenants = vec![];
        for keys in keys.chunks(super::connections::BATCH) {
            let (items, unprocessed) = self.table().batch_get(keys).await?;
            if !unprocessed.is_empty() {
                return Err(StoreError::Busy);
            }
            tenants.extend(items.iter().filter_map(|config| {
                let scope = scopes.iter().find(|scope| scope.config() == config.key)?;
                info(scope.clone(), config)
            }));
        }
        tenants.sort_by(|left, right| left.scope.cmp(&right.scope));
        Ok((tenants, page.next.is_some()))
    }

    /// Changes a tenant that is not being erased. Others feel a suspension within 30 s.
    pub async fn change_tenant(
        &self,
        tenant: &TenantScope,
        change: &TenantChange,
    ) -> Result<TenantInfo, IdentityError> {
        let update = change.update()?;
        if update != Update::default() {
            self.write_config(tenant, update).await?;
        }
        self.tenant_info(&tenant.to_string()).await
    }

    async fn write_config(
        &self,
        tenant: &TenantScope,
        update: Update,
    ) -> Result<(), IdentityError> {
        let suspended = Attr::S(State::Suspended.name().to_owned());
        let served = Condition::Or(vec![
            Condition::Lacks(STATE),
            Condition::Equals(STATE, suspended),
        ]);
        let write = Write::Update {
            key: tenant.config(),
            update,
            condition: Some(Condition::And(vec![Condition::Exists, served])),
        };
        let written = self.table().write(&write).await;
        // Afterwards: who asked meanwhile may have been remembered as before.
        self.shared.credentials.forget(tenant);
        match written {
            Ok(()) => Ok(()),
            Err(TableError::Condition(None)) => Err(IdentityError::NotFound("tenant")),
            Err(TableError::Condition(Some(_))) => {
                Err(IdentityError::State("the tenant is being erased"))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Begins to erase the tenant: from here on every request of its is refused, and its name is free once the job
    /// is done. Beginning again changes nothing.
    pub async fn begin_erasing(&self, tenant: &TenantScope) -> Result<(), IdentityError> {
        let erasing = || Attr::S(State::Erasing.name().to_owned());
        let since = [(ERASING_SINCE, Attr::N(self.host().now_ms()))];
        let update = |key, set: Attrs, condition| Write::Update {
            key,
            update: Update {
                set,
                ..Update::default()
            },
            condition: Some(Condition::And(vec![Condition::Exists, condition])),
        };
        let transaction = Transaction {
            token: crate::store::outbox::draw_ulid(self.host()),
            writes: vec![
                update(
                    tenant.config(),
                    [(STATE, erasing())].into(),
                    Condition::Not(Box::new(Condition::Equals(STATE, erasing()))),
                ),
                update(
                    keys::registry(tenant),
                    since.into(),
                    Condition::Lacks(ERASING_SINCE),
                ),
            ],
        };
        let begun = self.table().transact(&transaction).await;
        self.shared.credentials.forget(tenant);
        match begun {
            Ok(()) => Ok(()),
            Err(TableError::Cancelled(_)) => {
                match self.tenant_info(&tenant.to_string()).await?.state {
                    State::Erasing | State::Erased => Ok(()),
                    State::Active | State::Suspended => Err(StoreError::Busy.into()),
                }
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Since when the tenant of this registry row is being erased.
pub(in crate::store) fn erasing_since(row: &Item) -> Option<i64> {
    number(row, ERASING_SINCE)
}

fn info(scope: TenantScope, config: &Item) -> Option<TenantInfo> {
    let state = State::of(config);
    // Of an erased tenant nothing is known but its id.
    let name = text(config, NAME).or((state == State::Erased).then(String::new))?;
    Some(TenantInfo {
        scope,
        display_name: text(config, DISPLAY_NAME).unwrap_or_else(|| name.clone()),
        name,
        provider: text(config, PROVIDER).and_then(|name| Provider::from_str(&name).ok()),
        state,
        created: number(config, CREATED).unwrap_or_default(),
        expiry: expiry_of(config),
    })
}

pub(super) fn expiry_of(config: &Item) -> Expiry {
    Expiry {
        default: number(config, EXPIRY_DEFAULT),
        maximum: number(config, EXPIRY_MAXIMUM),
    }
}

fn is_name(name: &str) -> bool {
    name.len() <= NAME_MAX
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}
