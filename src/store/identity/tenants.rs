//! Tenants: created under a unique name, found, listed, changed, and given up to be erased.

use super::amend::new;
use super::tenant::{CREATED, NAME, STATE, info};
use super::{Expiry, IdentityError, State, TenantChange, TenantInfo};
use crate::schema::norm;
use crate::store::host::random_u64;
use crate::store::keys::{self, TenantScope};
use crate::store::{Store, StoreError, outbox};
use crate::table::{
    Attr, Attrs, Condition, Consistency, Item, Query, Range, Reason, Update, Write,
};

/// Characters of a tenant's name.
pub(super) const NAME_MAX: usize = 63;
/// Keys of one batch.
const BATCH: usize = 100;

pub(in crate::store) const TENANT: &str = "t";
/// In the registry: since when the tenant is being erased; milliseconds since 1970.
const ERASING_SINCE: &str = "erase";
const BEING_ERASED: IdentityError = IdentityError::State("the tenant is being erased");

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
        let (tenant, norm) = (
            TenantScope::draw(random_u64(self.host())),
            norm(name, false),
        );
        let named = || Attr::S(name.to_owned());
        let mut config = settings.update(State::Active, Expiry::default())?.set;
        config.extend([(NAME, named()), (CREATED, Attr::N(self.host().now_ms()))]);
        let taken = [(TENANT, Attr::S(tenant.to_string()))].into();
        let mut writes = vec![
            new(keys::tenant_name(&norm), taken),
            new(tenant.config(), config),
            new(keys::registry(&tenant), [(NAME, named())].into()),
        ];
        // Ten letters may be a name, or some tenant's id: never both.
        if let Some(other) = TenantScope::parse(&norm) {
            writes.push(Write::check(other.config(), Condition::NotExists));
        }
        let failed = self.settled(tenant.to_string(), writes).await?;
        match failed.as_deref() {
            None => Ok(tenant),
            Some([Reason::Condition(_), ..]) => Err(IdentityError::NameTaken),
            Some([_, _, _, Reason::Condition(_)]) => Err(IdentityError::State(
                "the name is the id of another tenant; choose another name",
            )),
            // The id that was drawn is somebody's.
            Some(_) => Err(StoreError::Busy.into()),
        }
    }

    /// The tenant with this name, in any case.
    pub async fn find_tenant(&self, name: &str) -> Result<Option<TenantScope>, StoreError> {
        let item = self
            .table()
            .get(&keys::tenant_name(&norm(name, false)))
            .await?;
        Ok(item.and_then(|item| TenantScope::parse(item.text(TENANT)?)))
    }

    /// The tenant with this id, or else with this name.
    pub async fn tenant_info(&self, name_or_id: &str) -> Result<TenantInfo, IdentityError> {
        if let Some(scope) = TenantScope::parse(name_or_id)
            && let Some(found) = self.find_info(scope).await?
        {
            return Ok(found);
        }
        let named = self.find_tenant(name_or_id).await?;
        self.tenant_of(&named.ok_or(IdentityError::NotFound("tenant"))?)
            .await
    }

    /// The tenant itself.
    pub async fn tenant_of(&self, tenant: &TenantScope) -> Result<TenantInfo, IdentityError> {
        let found = self.find_info(tenant.clone()).await?;
        found.ok_or(IdentityError::NotFound("tenant"))
    }

    async fn find_info(&self, tenant: TenantScope) -> Result<Option<TenantInfo>, StoreError> {
        let config = self.table().get(&tenant.config()).await?;
        Ok(config.and_then(|config| info(tenant, &config)))
    }

    /// Up to `limit` tenants in the order of their ids, after the one given; and whether more follow.
    pub async fn list_tenants(
        &self,
        after: Option<&TenantScope>,
        limit: u32,
    ) -> Result<(Vec<TenantInfo>, bool), StoreError> {
        let query = Query {
            range: after.map_or(Range::All, |after| Range::Greater(after.to_string())),
            limit: Some(limit),
            ..Query::all(keys::tenants())
        };
        let page = self.table().query(&query, Consistency::Strong).await?;
        let scopes = page.items.iter();
        let scopes: Vec<TenantScope> = scopes
            .filter_map(|item| TenantScope::parse(&item.key.sk))
            .collect();
        let keys: Vec<_> = scopes.iter().map(TenantScope::config).collect();
        let mut tenants = vec![];
        for keys in keys.chunks(BATCH) {
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
        let changed = self.amend(tenant.config(), "tenant", |config| {
            let state = State::of(config);
            if matches!(state, State::Erasing | State::Erased) {
                return Err(BEING_ERASED);
            }
            change.update(state, Expiry::of(config))
        });
        let changed = changed.await;
        // Afterwards: who asked meanwhile may have been remembered as before.
        self.shared.credentials.forget(tenant);
        info(tenant.clone(), &changed?).ok_or(IdentityError::NotFound("tenant"))
    }

    /// Begins to erase the tenant: from here on every request of its is refused, and its name is free once the job
    /// is done. Beginning again changes nothing.
    pub async fn begin_erasing(&self, tenant: &TenantScope) -> Result<(), IdentityError> {
        let erasing = || Attr::S(State::Erasing.name().to_owned());
        let since = [(ERASING_SINCE, Attr::N(self.host().now_ms()))];
        let update = |key, set: Attrs, condition| {
            Write::update(key, Update::set(set))
                .when(Condition::And(vec![Condition::Exists, condition]))
        };
        let writes = vec![
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
        ];
        let begun = self.settled(outbox::draw_ulid(self.host()), writes).await;
        self.shared.credentials.forget(tenant);
        if begun?.is_none() {
            return Ok(());
        }
        match self.tenant_of(tenant).await?.state {
            State::Erasing | State::Erased => Ok(()),
            State::Active | State::Suspended => Err(StoreError::Busy.into()),
        }
    }
}

/// Since when the tenant of this registry row is being erased.
pub(in crate::store) fn erasing_since(row: &Item) -> Option<i64> {
    row.number(ERASING_SINCE)
}

fn is_name(name: &str) -> bool {
    name.len() <= NAME_MAX
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}
