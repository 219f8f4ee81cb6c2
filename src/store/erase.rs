//! Erasing a tenant: every item of it goes, in passes that anybody may make, and a note that it was there stays for
//! some months.
//!
//! What can only be found through another item goes before that one, so a pass may end anywhere. Requests that came
//! in before the erasure began may go on for a while: until none can, only what stands for itself is removed.

mod pass;

use std::collections::BTreeSet;
use std::sync::atomic::AtomicU64;

use super::identity::{NAME, STATE, State, TENANT, erasing_since};
use super::keys::{self, TenantScope};
use super::{Store, StoreError, outbox};
use crate::schema::norm;
use crate::table::{Attr, Attrs, Condition, Item, TableError, Transaction, Write};
use pass::{Gone, Pass};

/// A credential is known for 30 s and a request takes 29 s; after this time nobody of the tenant writes any more, and
/// everything that was written can be read.
const SETTLED_MS: i64 = 90_000;
/// How long clients are told that the tenant is gone.
const REMEMBERED_S: i64 = 90 * 86_400;

/// What a pass came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// Items that it found and removed.
    pub removed: u64,
    /// Nothing is left but the note; the name is free.
    pub done: bool,
}

impl Store {
    /// Removes what it finds of a tenant that is being erased, until `until_ms`. Done is what a pass finds empty that
    /// began long enough after the erasure did. Of any other tenant nothing is removed.
    pub async fn erase_pass(
        &self,
        tenant: &TenantScope,
        until_ms: i64,
    ) -> Result<Erased, StoreError> {
        let began = self.host().now_ms();
        let Some(row) = self.table().get(&keys::registry(tenant)).await? else {
            let done = self.state(tenant).await? == State::Erased;
            return Ok(Erased { removed: 0, done });
        };
        let Some(since) = erasing_since(&row) else {
            return Ok(Erased::default());
        };
        let pass = Pass {
            store: self,
            table: self.fenced(tenant),
            scope: tenant,
            until_ms,
            removed: AtomicU64::new(0),
        };
        let settled = since + SETTLED_MS <= began;
        let gone = pass.run(settled).await?;
        let removed = pass.removed.into_inner();
        let done = settled && gone && removed == 0 && self.close(tenant, &row).await?;
        Ok(Erased { removed, done })
    }

    /// Whether the tenant is served; one without an item of its own counts as active.
    pub(super) async fn state(&self, tenant: &TenantScope) -> Result<State, StoreError> {
        let config = self.table().get(&tenant.config()).await?;
        Ok(config.as_ref().map_or(State::Active, State::of))
    }

    /// Leaves the note and frees the name, in one transaction. Whether that is done, by whomever.
    async fn close(&self, tenant: &TenantScope, row: &Item) -> Gone {
        let config = self.table().get(&tenant.config()).await?;
        let telling = [config.as_ref(), Some(row)].into_iter().flatten();
        let names: BTreeSet<String> = telling
            .filter_map(|item| item.text(NAME))
            .map(|name| norm(name, false))
            .collect();
        let own = Condition::Or(vec![
            Condition::NotExists,
            Condition::Equals(TENANT, Attr::S(tenant.to_string())),
        ]);
        let end = self.host().now_ms() / 1_000 + REMEMBERED_S;
        let note = Attrs::from([
            (STATE, Attr::S(State::Erased.name().to_owned())),
            (outbox::attr::EXPIRES, Attr::N(end)),
        ]);
        let mut writes = vec![
            Write::delete(keys::registry(tenant)).when(Condition::Exists),
            Write::put(tenant.config(), note),
        ];
        let freed = names.iter().map(|name| keys::tenant_name(name));
        writes.extend(freed.map(|key| Write::delete(key).when(own.clone())));
        let transaction = Transaction {
            token: outbox::draw_ulid(self.host()),
            writes,
        };
        match self.table().transact(&transaction).await {
            Ok(()) => Ok(true),
            // Another pass was first, or is at it.
            Err(TableError::Cancelled(_)) => Ok(self.state(tenant).await? == State::Erased),
            Err(error) => Err(error.into()),
        }
    }
}
