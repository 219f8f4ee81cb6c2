//! Records of users who were deleted and kept: SCIM knows nothing of them, the vendor does.

use super::commit::{Plan, Role};
use super::record::{OPTIONAL, attr};
use super::{Id, OnDelete, Record, Store, StoreError, Tenant, TenantScope};
use crate::schema::{Document, USER};
use crate::table::{Attr, Condition, Consistency, Item, Query, Range, TableError, Write};

const DELETED: &str = "del";
const ACTOR: &str = "actor";

/// A user as the client deleted it, switched off.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    pub id: Id,
    /// Without `id`, `schemas`, `meta` and `groups`.
    pub document: Document,
    pub version: i64,
    /// Times in milliseconds since 1970.
    pub created: i64,
    pub modified: i64,
    pub deleted: i64,
    /// Which credential deleted it.
    pub actor: String,
}

impl Kept {
    /// Reads the item of a record.
    pub(super) fn read(item: &Item) -> Result<Self, StoreError> {
        let broken = || StoreError::Broken("a kept record does not read");
        let mut record = Record::read(item)?;
        // Set here and not in the item: the stored document may be as large as it can be already.
        record.document.insert("active".to_owned(), false.into());
        Ok(Self {
            id: record.id,
            document: record.document,
            version: record.version,
            created: record.created,
            modified: record.modified,
            deleted: item.number(DELETED).ok_or_else(broken)?,
            actor: item.text(ACTOR).ok_or_else(broken)?.to_owned(),
        })
    }
}

impl Tenant {
    /// Keeps the record of a user who is being deleted, where that was agreed.
    pub(super) fn plan_kept(&self, plan: &mut Plan, old: &Record) -> Result<(), StoreError> {
        let keeps = self.policies().on_delete == OnDelete::Keep;
        if !keeps || old.id.resource_type() != USER.number {
            return Ok(());
        }
        let mut attrs = old.attrs(&self.scope)?;
        attrs.retain(|name, _| !OPTIONAL.contains(name));
        attrs.insert(attr::VERSION, Attr::N(old.version + 1));
        attrs.insert(DELETED, Attr::N(self.host().now_ms()));
        attrs.insert(ACTOR, Attr::S(self.actor.clone()));
        let key = self.scope.kept_user(old.id);
        plan.push(Role::Other, Write::put(key, attrs));
        Ok(())
    }
}

impl Store {
    /// At most `limit` records of users who were deleted and kept, in the order of their ids; with the last id, where
    /// more may follow behind it.
    pub async fn kept_users(
        &self,
        tenant: &TenantScope,
        after: Option<Id>,
        limit: u32,
    ) -> Result<(Vec<Kept>, Option<Id>), StoreError> {
        let query = Query {
            range: after.map_or(Range::All, |after| Range::Greater(after.key())),
            limit: Some(limit),
            ..Query::all(tenant.kept())
        };
        let page = self
            .fenced(tenant)
            .query(&query, Consistency::Strong)
            .await?;
        let kept: Vec<Kept> = page
            .items
            .iter()
            .map(Kept::read)
            .collect::<Result<_, _>>()?;
        let last = kept.last().map(|kept| kept.id);
        Ok((kept, last.filter(|_| page.next.is_some())))
    }

    /// The record of a user who was deleted and kept.
    pub async fn kept_user(&self, tenant: &TenantScope, id: Id) -> Result<Kept, StoreError> {
        let item = self.fenced(tenant).get(&tenant.kept_user(id)).await?;
        let item = item.ok_or(StoreError::NotFound)?;
        Kept::read(&item)
    }

    /// Removes such a record for good.
    pub async fn delete_kept(&self, tenant: &TenantScope, id: Id) -> Result<(), StoreError> {
        let delete = Write::delete(tenant.kept_user(id)).when(Condition::Exists);
        match self.fenced(tenant).write(&delete).await {
            Ok(()) => Ok(()),
            Err(TableError::Condition(_)) => Err(StoreError::NotFound),
            Err(error) => Err(error.into()),
        }
    }
}
