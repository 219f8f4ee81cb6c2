//! What a deletion leaves behind, and its removal: work rows, edges of the dead, passes.
//!
//! Leftovers are invisible and a row in the tenant's work partition names each of them. The row outlives the
//! moment in which a transaction that committed earlier may still become readable.

use futures_util::StreamExt as _;
use futures_util::stream;

use super::host::random_u64;
use super::keys::{TenantScope, Work};
use super::members::Change;
use super::record::{attr, generation};
use super::{Id, Record, StoreError, Tenant};
use crate::patch::MemberChange;
use crate::table::{Attr, Condition, Consistency, Item, Query, Range, TableError, Write};

/// A row is removed by a pass at least this long after it was written.
const GRACE_MS: i64 = 60_000;
/// One DELETE in so many makes a pass beside its own work: reading the work rows costs more the more there are.
const PASS_EVERY: u64 = 4;
/// Ripe rows cleared by such a pass, so that a wave of deletes clears more than it adds.
const RIPE_ROWS: usize = 16;
/// Removals under way at once.
const LANES: usize = 8;

pub(super) const SINCE: &str = "since";
pub(super) const DEAD: &str = "dead";

/// The row for a set of edges that nobody reads any more; `dead` where its group is gone as well.
pub(super) fn dead_generation(
    tenant: &TenantScope,
    group: &Record,
    now_ms: i64,
    dead: bool,
) -> Write {
    let mut attrs = crate::table::Attrs::from([(SINCE, Attr::N(now_ms))]);
    if dead {
        attrs.insert(DEAD, Attr::N(1));
    }
    Write::Put {
        key: tenant.work_generation(group.id, &group.generation),
        attrs,
        condition: None,
    }
}

/// The row for a resource that is being deleted.
pub(super) fn left_behind(tenant: &TenantScope, old: &Record, now_ms: i64) -> Write {
    if !old.generation.is_empty() {
        return dead_generation(tenant, old, now_ms, true);
    }
    Write::Put {
        key: tenant.work_deleted(old.id),
        attrs: [(SINCE, Attr::N(now_ms))].into(),
        condition: None,
    }
}

/// The deleted resource a work row names: readers take it out of every group.
pub(super) fn dying(row: &Item) -> Option<Id> {
    match Work::from_key(&row.key.sk)? {
        Work::Deleted(id) => Some(id),
        Work::Change(..) => None,
        Work::Generation(id, _) => row.attrs.contains_key(DEAD).then_some(id),
    }
}

impl Tenant {
    /// The sweep of one deletion and of a few ripe rows, as far as the request's time allows.
    pub(super) async fn sweep_after_delete(&self, old: &Record) {
        let swept = async {
            let work = match old.generation.as_str() {
                "" => Work::Deleted(old.id),
                generation => Work::Generation(old.id, generation.to_owned()),
            };
            self.sweep(&work, true).await?;
            if random_u64(self.host()).is_multiple_of(PASS_EVERY) {
                self.pass(RIPE_ROWS).await?;
            }
            Ok::<_, StoreError>(())
        };
        if let Err(error) = swept.await {
            tracing::warn!(tenant = %self.scope, %error, "a sweep waits for a later pass");
        }
    }

    /// Works off up to `rows` ripe rows: sweeps what is found, removes the row where nothing is.
    pub async fn pass(&self, rows: usize) -> Result<(), StoreError> {
        let ripe = self.host().now_ms() - GRACE_MS;
        let is_ripe =
            |row: &Item| matches!(row.attrs.get(SINCE), Some(Attr::N(since)) if *since <= ripe);
        let found = self.query_all(self.scope.work(), Range::All).await?;
        for row in found.into_iter().filter(is_ripe).take(rows) {
            let Some(work) = Work::from_key(&row.key.sk) else {
                continue;
            };
            let dead = row.attrs.contains_key(DEAD);
            if self.sweep(&work, dead).await? == 0 {
                let since = row.attrs.get(SINCE).cloned().unwrap_or(Attr::N(0));
                let condition = Some(Condition::Equals(SINCE, since));
                self.write_if(Write::Delete {
                    key: row.key,
                    condition,
                })
                .await?;
            }
        }
        Ok(())
    }

    /// Removes edges that the work row stands for; returns how many it found.
    async fn sweep(&self, work: &Work, dead: bool) -> Result<usize, StoreError> {
        match work {
            Work::Deleted(id) => self.leave_groups(*id).await,
            Work::Change(..) => Ok(1),
            Work::Generation(group, generation) => {
                let edges = self.collect(*group, generation).await?;
                Ok(edges
                    + if dead {
                        self.leave_groups(*group).await?
                    } else {
                        0
                    })
            }
        }
    }

    /// Takes a deleted resource out of every group, each by an ordinary small change.
    async fn leave_groups(&self, member: Id) -> Result<usize, StoreError> {
        let edges = self.edges_page(self.scope.groups(member)).await?;
        let found = edges.len();
        let left = stream::iter(edges)
            .map(|edge| self.leave_group(member, edge))
            .buffer_unordered(LANES);
        left.for_each(|result| async {
            if let Err(error) = result {
                tracing::warn!(tenant = %self.scope, %error, "an edge waits for a later pass");
            }
        })
        .await;
        Ok(found)
    }

    async fn leave_group(&self, member: Id, edge: Item) -> Result<(), StoreError> {
        let Some(group) = Id::from_key(&edge.key.sk) else {
            return Ok(());
        };
        let of_edge = generation(&edge).unwrap_or_default();
        let head = self.find(group).await?;
        if head.is_some_and(|head| head.generation == of_edge) {
            let members = MemberChange {
                verbs: [(member.to_string(), crate::patch::Verb::Remove)].into(),
                ..MemberChange::default()
            };
            let change = |head: &Record| {
                Ok(Change {
                    document: head.document.clone(),
                    members: members.clone(),
                })
            };
            return match self.modify(group, change).await {
                Ok(_) | Err(StoreError::NotFound) => Ok(()),
                Err(error) => Err(error),
            };
        }
        // The sweep is led by reverse edges, so they go last.
        self.write_if(Write::Delete {
            key: self.scope.forward(group, of_edge, member),
            condition: None,
        })
        .await?;
        self.write_if(Write::Delete {
            key: edge.key,
            condition: None,
        })
        .await
    }

    /// Removes the edges of a dead generation, page by page while the request has time.
    async fn collect(&self, group: Id, generation: &str) -> Result<usize, StoreError> {
        let mut found = 0;
        loop {
            let edges = self
                .edges_page(self.scope.members(group, generation))
                .await?;
            found += edges.len();
            let more = !edges.is_empty();
            let drops = stream::iter(edges).map(|edge| self.drop_edge(group, generation, edge));
            let mut drops = drops.buffer_unordered(LANES);
            while let Some(dropped) = drops.next().await {
                dropped?;
            }
            if !more || self.past_deadline() {
                return Ok(found);
            }
        }
    }

    async fn drop_edge(&self, group: Id, generation: &str, edge: Item) -> Result<(), StoreError> {
        if let Some(member) = Id::from_key(&edge.key.sk) {
            // The reverse edge may belong to a newer generation by now. The collection is led by forward edges, so they go last.
            let condition = Some(Condition::Equals(
                attr::GENERATION,
                Attr::S(generation.to_owned()),
            ));
            self.write_if(Write::Delete {
                key: self.scope.reverse(member, group),
                condition,
            })
            .await?;
        }
        self.write_if(Write::Delete {
            key: edge.key,
            condition: None,
        })
        .await
    }

    /// One page of edges.
    async fn edges_page(&self, pk: String) -> Result<Vec<Item>, StoreError> {
        let query = Query {
            pk,
            range: Range::All,
            descending: false,
            limit: Some(1_000),
            after: None,
        };
        Ok(self.table().query(&query, Consistency::Strong).await?.items)
    }

    /// A write that is done already when its condition fails.
    async fn write_if(&self, write: Write) -> Result<(), StoreError> {
        match self.table().write(&write).await {
            Ok(()) | Err(TableError::Condition(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
