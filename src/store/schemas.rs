//! The schemas that tenants register: kept beside their tokens, read with them. RFC 7643 §7.

use std::collections::BTreeMap;

use super::keys::TenantScope;
use super::outbox::draw_generation;
use super::{Store, StoreError};
use crate::schema::{GROUP, ResourceType, ResourceTypes, SchemaError, TenantSchema, USER};
use crate::table::{
    Attr, Condition, Consistency, Item, Query, Range, Reason, TableError, Transaction, Update,
    Write,
};

/// Schemas of one tenant.
pub const SCHEMAS_MAX: usize = 10;
/// Tries of a registration that another one overtakes.
const TRIES_MAX: usize = 5;

/// How often the tenant's schemas were changed; missing where it never had any. Part of the tenant's item.
const CHANGES: &str = "sv";
const JSON: &str = "json";
const TYPE: &str = "rt";
const CREATED: &str = "ct";

/// Why a schema was not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    #[error(transparent)]
    Document(#[from] SchemaError),
    #[error(
        "a tenant can have {SCHEMAS_MAX} schemas, and this one has them; see them with `schema list`, take one away with `schema remove`"
    )]
    TooMany,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Registers a schema document for the tenant, in place of one with the same URN. Says what it is, and whether it
    /// replaced another.
    pub async fn add_schema(
        &self,
        tenant: &TenantScope,
        json: &str,
        resource_type: Option<&'static ResourceType>,
    ) -> Result<(TenantSchema, bool), RegisterError> {
        let schema = TenantSchema::read(json, resource_type)?;
        let attrs = BTreeMap::from([
            (JSON, Attr::S(json.to_owned())),
            (TYPE, Attr::N(schema.resource_type.number.into())),
            (CREATED, Attr::N(self.host().now_ms())),
        ]);
        for _ in 0..TRIES_MAX {
            let changes = self.schema_changes(tenant).await?;
            let present = self.schemas(tenant).await?;
            schema.check_beside(&present)?;
            let replaces = present.iter().any(|other| other.is(&schema.schema.id));
            if !replaces && present.len() >= SCHEMAS_MAX {
                return Err(RegisterError::TooMany);
            }
            let put = Write::put(tenant.schema(&schema.schema.id), attrs.clone());
            if self.change_schemas(tenant, changes, put).await?.is_none() {
                return Ok((schema, replaces));
            }
        }
        Err(StoreError::Busy.into())
    }

    /// Takes a schema away; values stored under it stay, but are shown no more. `false` where there is no such schema.
    pub async fn remove_schema(&self, tenant: &TenantScope, urn: &str) -> Result<bool, StoreError> {
        for _ in 0..TRIES_MAX {
            let changes = self.schema_changes(tenant).await?;
            let delete = Write::delete(tenant.schema(urn)).when(Condition::Exists);
            match self
                .change_schemas(tenant, changes, delete)
                .await?
                .as_deref()
            {
                None => return Ok(true),
                Some([Reason::Condition(_), ..]) => return Ok(false),
                Some(_) => {}
            }
        }
        Err(StoreError::Busy)
    }

    /// The tenant's schemas, by URN.
    pub async fn schemas(&self, tenant: &TenantScope) -> Result<Vec<TenantSchema>, StoreError> {
        let (pk, prefix) = tenant.schemas();
        let mut schemas = vec![];
        let mut after = None;
        loop {
            let query = Query {
                range: Range::BeginsWith(prefix.to_owned()),
                after,
                ..Query::all(pk.clone())
            };
            let page = self.table().query(&query, Consistency::Strong).await?;
            for item in &page.items {
                schemas.push(read(item)?);
            }
            after = page.next;
            if after.is_none() {
                return Ok(schemas);
            }
        }
    }

    /// The resource types of the tenant whose item this is. Tenants that never had schemas are not asked for any.
    pub(super) async fn types_of(
        &self,
        tenant: &TenantScope,
        config: &Item,
    ) -> Result<ResourceTypes, StoreError> {
        if !config.attrs.contains_key(CHANGES) {
            return Ok(ResourceTypes::default());
        }
        Ok(ResourceTypes::with(&self.schemas(tenant).await?))
    }

    async fn schema_changes(&self, tenant: &TenantScope) -> Result<Option<i64>, StoreError> {
        let config = self.table().get(&tenant.config()).await?;
        let config = config.ok_or(StoreError::NotFound)?;
        Ok(config.number(CHANGES))
    }

    /// Makes one change unless another came first; gives the reasons where it was not made.
    async fn change_schemas(
        &self,
        tenant: &TenantScope,
        seen: Option<i64>,
        change: Write,
    ) -> Result<Option<Vec<Reason>>, StoreError> {
        let unchanged = match seen {
            None => Condition::And(vec![Condition::Exists, Condition::Lacks(CHANGES)]),
            Some(seen) => Condition::Equals(CHANGES, Attr::N(seen)),
        };
        let count = Write::update(
            tenant.config(),
            Update {
                add: [(CHANGES, 1)].into(),
                ..Update::default()
            },
        )
        .when(unchanged);
        let transaction = Transaction {
            token: draw_generation(self.host()),
            writes: vec![change, count],
        };
        match self.table().transact(&transaction).await {
            Ok(()) => Ok(None),
            Err(TableError::Cancelled(reasons)) => Ok(Some(reasons)),
            Err(error) => Err(error.into()),
        }
    }
}

/// An item that does not read is our failure: to go on without it would lose what clients send.
pub(super) fn read(item: &Item) -> Result<TenantSchema, StoreError> {
    let broken = || StoreError::Broken("a tenant's schema does not read");
    let resource_type: &'static ResourceType = match item.attrs.get(TYPE) {
        Some(Attr::N(number)) if *number == i64::from(USER.number) => &USER,
        Some(Attr::N(number)) if *number == i64::from(GROUP.number) => &GROUP,
        _ => return Err(broken()),
    };
    let json = item.text(JSON).ok_or_else(broken)?;
    TenantSchema::read(json, Some(resource_type)).map_err(|_| broken())
}
