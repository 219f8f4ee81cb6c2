//! Erasing a tenant: every item of it goes, in passes that anybody may make, and a note that it was there stays for
//! some months.
//!
//! What can only be found through another item goes before that one, so a pass may end anywhere. Requests that came
//! in before the erasure began may go on for a while: until none can, only what stands for itself is removed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{StreamExt as _, stream};

use super::directory::COUNT;
use super::host::random_u64;
use super::identity::{NAME, STATE, State, TENANT, erasing_since, text};
use super::keys::{self, TenantScope, Work};
use super::record::{attr, generation as generation_of};
use super::{Id, Record, Store, StoreError, aliases, outbox};
use crate::schema::{GROUP, USER, norm};
use crate::table::{
    Attr, Attrs, Condition, Consistency, Item, Key, Query, Range, Table, TableError, Transaction,
    Write,
};

/// A credential is known for 30 s and a request takes 29 s; after this time nobody of the tenant writes any more, and
/// everything that was written can be read.
const SETTLED_MS: i64 = 90_000;
/// How long clients are told that the tenant is gone.
const REMEMBERED_S: i64 = 90 * 86_400;
/// Items of one page: between two, the time is looked at.
const PAGE: u32 = 200;
/// Items removed at once: resources of a bucket, and of each what hangs on it.
const RESOURCES: usize = 8;
const PARTS: usize = 4;
/// Tries of a removal while the table is busy, and the longest wait between two.
const TRIES: u32 = 4;
const WAIT_MS: u64 = 100;

/// What a pass came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// Items that it found and removed.
    pub removed: u64,
    /// Nothing is left but the note; the name is free.
    pub done: bool,
}

/// One pass through a tenant.
struct Pass<'s> {
    store: &'s Store,
    table: Arc<dyn Table>,
    scope: &'s TenantScope,
    until_ms: i64,
    removed: AtomicU64,
}

/// Whether everything of a part is gone; `false` where time ran out or somebody came between.
type Gone = Result<bool, StoreError>;

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
        let named = [config.as_ref(), Some(row)].into_iter().flatten();
        let names: BTreeSet<String> = named
            .filter_map(|item| text(item, NAME))
            .map(|name| norm(&name, false))
            .collect();
        let delete = |key, condition| Write::Delete {
            key,
            condition: Some(condition),
        };
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
            delete(keys::registry(tenant), Condition::Exists),
            Write::Put {
                key: tenant.config(),
                attrs: note,
                condition: None,
            },
        ];
        let names = names.iter().map(|name| keys::tenant_name(name));
        writes.extend(names.map(|key| delete(key, own.clone())));
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

impl Pass<'_> {
    async fn run(&self, settled: bool) -> Gone {
        let mut gone = true;
        if settled {
            for kind in [&USER, &GROUP] {
                let rows = self.scope.directory(kind.number);
                let bucket = |row| self.bucket(kind.number, row);
                gone &= self.each(rows, 1, bucket).await?;
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

    /// A bucket's resources, then the row that leads to them.
    async fn bucket(&self, resource_type: u8, row: Item) -> Gone {
        if let Some(bucket) = keys::bucket_of(&row.key.sk) {
            let resources = self.scope.resources_of(resource_type, bucket);
            let resource = |item| self.resource(item);
            if !self.each(resources, RESOURCES, resource).await? {
                return Ok(false);
            }
        }
        let count = row.attrs.get(COUNT).cloned();
        let unchanged = count.map(|count| Condition::Equals(COUNT, count));
        self.found(row.key, unchanged).await
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
                pk: pk.clone(),
                range: Range::All,
                descending: false,
                limit: Some(PAGE),
                after,
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
        let delete = Write::Delete { key, condition };
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
