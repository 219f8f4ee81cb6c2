//! One pass through a tenant: what can only be found through another item goes before that one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{StreamExt as _, stream};

use crate::schema::{GROUP, USER};
use crate::store::directory;
use crate::store::host::random_u64;
use crate::store::keys::{TenantScope, Work};
use crate::store::record::{attr, generation as generation_of};
use crate::store::{Id, Record, Store, StoreError, aliases};
use crate::table::{Condition, Consistency, Item, Key, Query, Table, TableError, Write};

/// Items of one page: between two, the time is looked at.
const PAGE: u32 = 200;
/// Items removed at once: resources of a bucket, and of each what hangs on it.
const RESOURCES: usize = 8;
const PARTS: usize = 4;
/// Tries of a removal while the table is busy, and the longest wait between two.
const TRIES: u32 = 4;
const WAIT_MS: u64 = 100;

/// One pass through a tenant.
pub(super) struct Pass<'s> {
    pub store: &'s Store,
    pub table: Arc<dyn Table>,
    pub scope: &'s TenantScope,
    pub until_ms: i64,
    pub removed: AtomicU64,
}

/// Whether everything of a part is gone; `false` where time ran out or somebody came between.
pub(super) type Gone = Result<bool, StoreError>;

impl Pass<'_> {
    /// Before the tenant is `settled` only what stands for itself goes.
    pub(super) async fn run(&self, settled: bool) -> Gone {
        let mut gone = true;
        if settled {
            for kind in [&USER, &GROUP] {
                let rows = self.scope.directory(kind.number);
                let row = |row| self.row(kind.number, row);
                gone &= self.each(rows, 1, row).await?;
            }
            gone &= self
                .each(self.scope.work(), 1, |row| self.work(row))
                .await?;
        }
        for pk in [
            self.scope.outboxes(),
            self.scope.refusals(),
            self.scope.kept(),
            self.scope.windows(),
            self.scope.used_assertions(),
            self.scope.seat_gate().pk,
        ] {
            let drop = |item: Item| self.found(item.key, None);
            gone &= self.each(pk, RESOURCES, drop).await?;
        }
        if settled && gone {
            // Credentials last: until here it could still be told what their holder has lost.
            let config = self.scope.config();
            let drop = |item: Item| {
                let kept = item.key == config;
                async move { Ok(kept || self.found(item.key, None).await?) }
            };
            gone &= self.each(self.scope.settings(), PARTS, drop).await?;
        }
        Ok(gone)
    }

    /// The resources of a row's buckets, then the row that leads to them.
    async fn row(&self, resource_type: u8, row: Item) -> Gone {
        for (bucket, _) in directory::counted(&row) {
            let resources = self.scope.resources_of(resource_type, bucket);
            let resource = |item| self.resource(item);
            if !self.each(resources, RESOURCES, resource).await? {
                return Ok(false);
            }
        }
        let unchanged = directory::unchanged(&row);
        self.found(row.key, Some(unchanged)).await
    }

    /// What hangs on a resource, then its document.
    async fn resource(&self, item: Item) -> Gone {
        if let Some(id) = Id::from_key(&item.key.sk) {
            let generation = generation_of(&item).unwrap_or_default();
            if !self.hanging(id, generation).await? {
                return Ok(false);
            }
        }
        match Record::read(&item) {
            Ok(record) => {
                let keys = aliases::keys(self.scope, record.id, &record.document, &record.twins);
                for key in keys.unwrap_or_default().into_keys() {
                    self.delete(key, None).await?;
                }
            }
            Err(error) => {
                tracing::warn!(tenant = %self.scope, %error, "aliases are left for check to find");
            }
        }
        let version = item.attrs.get(attr::VERSION).cloned();
        let unchanged = version.map(|version| Condition::Equals(attr::VERSION, version));
        self.found(item.key, unchanged).await
    }

    /// A work row leads to what it names.
    async fn work(&self, row: Item) -> Gone {
        let gone = match Work::from_key(&row.key.sk) {
            Some(Work::Deleted(id)) => self.hanging(id, "").await?,
            Some(Work::Generation(group, generation)) => self.hanging(group, &generation).await?,
            Some(Work::Change(group, _)) => self.lanes(group).await?,
            None => true,
        };
        Ok(gone && self.found(row.key, None).await?)
    }

    /// Lanes, members of a generation, and memberships.
    async fn hanging(&self, id: Id, generation: &str) -> Gone {
        let mut gone = true;
        if !generation.is_empty() {
            gone &= self.lanes(id).await?;
            let edge = |edge: Item| async move {
                if let Some(member) = Id::from_key(&edge.key.sk) {
                    self.delete(self.scope.reverse(member, id), None).await?;
                }
                self.found(edge.key, None).await
            };
            let members = self.scope.members(id, generation);
            gone &= self.each(members, PARTS, edge).await?;
        }
        let edge = |edge: Item| async move {
            let of_edge = generation_of(&edge).unwrap_or_default();
            if let Some(group) = Id::from_key(&edge.key.sk) {
                let forward = self.scope.forward(group, of_edge, id);
                self.delete(forward, None).await?;
            }
            self.found(edge.key, None).await
        };
        Ok(self.each(self.scope.groups(id), PARTS, edge).await? && gone)
    }

    async fn lanes(&self, group: Id) -> Gone {
        let drop = |lane: Item| self.found(lane.key, None);
        self.each(self.scope.lanes(group), PARTS, drop).await
    }

    /// Does the same with every item of a partition, so many at once, while there is time.
    async fn each<F>(&self, pk: String, at_once: usize, part: impl Fn(Item) -> F) -> Gone
    where
        F: Future<Output = Gone>,
    {
        let (mut gone, mut after) = (true, None);
        loop {
            if self.store.host().now_ms() >= self.until_ms {
                return Ok(false);
            }
            let query = Query {
                limit: Some(PAGE),
                after,
                ..Query::all(pk.clone())
            };
            let page = self.table.query(&query, Consistency::Strong).await?;
            let mut parts = stream::iter(page.items)
                .map(&part)
                .buffer_unordered(at_once);
            while let Some(part) = parts.next().await {
                gone &= part?;
            }
            after = page.next;
            if after.is_none() {
                return Ok(gone);
            }
        }
    }

    /// Removes an item that this pass came upon.
    async fn found(&self, key: Key, condition: Option<Condition>) -> Gone {
        self.removed.fetch_add(1, Ordering::Relaxed);
        self.delete(key, condition).await
    }

    async fn delete(&self, key: Key, condition: Option<Condition>) -> Gone {
        let delete = Write::delete(key).when(condition);
        let mut tries = 0;
        loop {
            tries += 1;
            match self.table.write(&delete).await {
                Ok(()) => return Ok(true),
                Err(TableError::Condition(_)) => return Ok(false),
                Err(TableError::Busy | TableError::Unknown(_)) if tries < TRIES => {
                    let host = self.store.host();
                    host.sleep_ms(random_u64(host) % WAIT_MS).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}
