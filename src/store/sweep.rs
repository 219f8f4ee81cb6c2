//! What a deletion leaves behind, and its removal: work rows, and edges of the dead.
//!
//! Leftovers are invisible and a row in the tenant's work partition names each of them. The row outlives the
//! moment in which a transaction that committed earlier may still become readable.

use futures_util::StreamExt as _;
use futures_util::stream;

use super::host::random_u64;
use super::keys::{TenantScope, Work};
use super::members::{Change, Holds};
use super::record::{attr, generation};
use super::{Id, Record, StoreError, Tenant};
use crate::patch::MemberChange;
use crate::table::{Attr, Attrs, Condition, Consistency, Item, Query, TableError, Write};

/// One DELETE in so many makes a pass beside its own work: reading the work rows costs more the more there are.
const PASS_EVERY: u64 = 4;
/// Ripe rows cleared by such a pass, so that a wave of deletes clears more than it adds.
const RIPE_ROWS: usize = 16;
/// A DELETE is answered after so long of sweeping, whatever is left.
const INLINE_MS: i64 = 1_000;
/// Who acts in a pass that a deletion makes.
const PASS_ACTOR: &str = "sweep";
/// Removals under way at once.
const PARALLEL: usize = 8;

pub(super) const SINCE: &str = "since";
pub(super) const DEAD: &str = "dead";
pub(super) const OP: &str = "op";

/// What a sweep came upon.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Swept {
    pub found: usize,
    /// Of what was found: what has to wait for a later pass.
    pub left: usize,
}

impl Swept {
    fn and(self, other: Self) -> Self {
        Self {
            found: self.found + other.found,
            left: self.left + other.left,
        }
    }
}

/// The row for a set of edges that nobody reads any more; `dead` where its group is gone as well.
pub(super) fn dead_generation(
    tenant: &TenantScope,
    group: &Record,
    now_ms: i64,
    dead: bool,
) -> Write {
    let mut attrs = Attrs::from([(SINCE, Attr::N(now_ms))]);
    if dead {
        attrs.insert(DEAD, Attr::N(1));
    }
    if let Some(open) = &group.pending {
        attrs.insert(OP, Attr::S(open.op.clone()));
    }
    Write::put(tenant.work_generation(group.id, &group.generation), attrs)
}

/// The row for a resource that is being deleted.
pub(super) fn left_behind(tenant: &TenantScope, old: &Record, now_ms: i64) -> Write {
    if !old.generation.is_empty() {
        return dead_generation(tenant, old, now_ms, true);
    }
    Write::put(tenant.work_deleted(old.id), [(SINCE, Attr::N(now_ms))])
}

/// The deleted resource a work row names: readers take it out of every group.
pub(super) fn dying(row: &Item) -> Option<Id> {
    match Work::from_key(&row.key.sk)? {
        Work::Deleted(id) => Some(id),
        Work::Generation(id, _) => row.attrs.contains_key(DEAD).then_some(id),
        Work::Change(..) => None,
    }
}

impl Tenant {
    /// The sweep of one deletion and of a few ripe rows, as far as the request's time allows.
    pub(super) async fn sweep_after_delete(&self, old: &Record) {
        let swift = self.until(self.deadline.min(self.host().now_ms() + INLINE_MS));
        let swept = async {
            let op = old.pending.as_ref().map(|open| open.op.as_str());
            match old.generation.as_str() {
                "" => swift.leave_groups(old.id).await?,
                generation => swift.sweep_group(old.id, generation, op, true).await?,
            };
            if random_u64(self.host()).is_multiple_of(PASS_EVERY) {
                // What others left is no change of this request, and not told as one.
                let ours = self.store.ourselves(&self.scope, PASS_ACTOR, INLINE_MS);
                ours.until(swift.deadline).pass(RIPE_ROWS).await?;
            }
            Ok::<_, StoreError>(())
        };
        if let Err(error) = swept.await {
            tracing::warn!(tenant = %self.scope, %error, "a sweep waits for a later pass");
        }
    }

    /// Removes what a group's generation left, and of a group that is gone all its traces. Its lanes go first: without
    /// them nobody writes further edges.
    pub(super) async fn sweep_group(
        &self,
        group: Id,
        generation: &str,
        op: Option<&str>,
        dead: bool,
    ) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        if let Some(op) = op {
            swept.found += self.drop_lanes(group, op).await?;
        }
        swept = swept.and(self.collect(group, generation).await?);
        if dead {
            swept = swept.and(self.leave_groups(group).await?);
        }
        Ok(swept)
    }

    /// Removes the lanes of a change whose group is gone, then its row; returns how many lanes there were.
    pub(super) async fn drop_lanes(&self, group: Id, op: &str) -> Result<usize, StoreError> {
        let lanes = self.lane_items(group, op).await?;
        let found = lanes.len();
        for lane in lanes {
            self.write_if(Write::delete(lane.key)).await?;
        }
        self.write_if(Write::delete(self.scope.work_change(group, op)))
            .await?;
        Ok(found)
    }

    /// Takes a deleted resource out of its groups, page by page while there is time, each by an ordinary small change.
    pub(super) async fn leave_groups(&self, member: Id) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        loop {
            let edges = self.edges_page(self.scope.groups(member)).await?;
            let found = edges.len();
            let left = stream::iter(edges)
                .map(|edge| self.leave_group(member, edge))
                .buffer_unordered(PARALLEL)
                .filter(|result| std::future::ready(self.is_left(result)))
                .count()
                .await;
            swept = swept.and(Swept { found, left });
            if found == 0 || left > 0 || self.past_deadline() {
                return Ok(swept);
            }
        }
    }

    /// Whether an edge has to wait for a later pass.
    fn is_left(&self, result: &Result<bool, StoreError>) -> bool {
        if let Err(error) = result {
            tracing::warn!(tenant = %self.scope, %error, "an edge waits for a later pass");
        }
        !matches!(result, Ok(true))
    }

    /// Whether the edge is gone; a group whose open change is still being applied is left alone.
    async fn leave_group(&self, member: Id, edge: Item) -> Result<bool, StoreError> {
        let Some(group) = Id::from_key(&edge.key.sk) else {
            return Ok(false);
        };
        if self.past_deadline() {
            return Ok(false);
        }
        let of_edge = generation(&edge).unwrap_or_default();
        let head = self.find(group).await?;
        if let Some(head) = head.filter(|head| head.generation == of_edge) {
            let now = self.host().now_ms();
            if head.pending.as_ref().is_some_and(|open| now < open.until) {
                return Ok(false);
            }
            // Without a transaction that takes both edges out, this one is all there is of the membership.
            if !self.take_out(head, member).await? {
                self.write_if(Write::delete(edge.key)).await?;
            }
            return Ok(true);
        }
        // The sweep is led by reverse edges, so they go last. By now the edge may be of a newer generation: the member
        // may have been added before it died, in a commit that was not readable yet.
        self.write_if(Write::delete(self.scope.forward(group, of_edge, member)))
            .await?;
        let stale = Condition::Equals(attr::GENERATION, Attr::S(of_edge.to_owned()));
        self.write_if(Write::delete(edge.key).when(stale)).await?;
        Ok(true)
    }

    /// Takes `member` out of a group that may have it; whether surely by the transaction that removes both edges.
    pub(super) async fn take_out(&self, group: Record, member: Id) -> Result<bool, StoreError> {
        let mut tries = 0;
        let members = MemberChange {
            verbs: [(member.to_string(), crate::patch::Verb::Remove)].into(),
            ..MemberChange::default()
        };
        let change = |head: &Record| {
            tries += 1;
            Ok(Change {
                document: head.document.clone(),
                members: members.clone(),
                holds: Holds::Nothing,
            })
        };
        match self.modify_from(group, change).await {
            // A second try may have found that there is nothing to write.
            Ok(_) => Ok(tries == 1),
            Err(StoreError::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes the edges of a dead generation, page by page while the request has time.
    async fn collect(&self, group: Id, generation: &str) -> Result<Swept, StoreError> {
        let mut found = 0;
        loop {
            let edges = self
                .edges_page(self.scope.members(group, generation))
                .await?;
            found += edges.len();
            let more = !edges.is_empty();
            let drops = stream::iter(edges).map(|edge| self.drop_edge(group, generation, edge));
            let mut drops = drops.buffer_unordered(PARALLEL);
            while let Some(dropped) = drops.next().await {
                dropped?;
                // What is under way and not awaited may happen or not: a later pass finds what is left.
                if self.past_deadline() {
                    return Ok(Swept { found, left: 0 });
                }
            }
            if !more {
                return Ok(Swept { found, left: 0 });
            }
        }
    }

    async fn drop_edge(&self, group: Id, generation: &str, edge: Item) -> Result<(), StoreError> {
        if let Some(member) = Id::from_key(&edge.key.sk) {
            // The reverse edge may belong to a newer generation by now. The collection is led by forward edges, so they go last.
            let condition = Condition::Equals(attr::GENERATION, Attr::S(generation.to_owned()));
            self.write_if(Write::delete(self.scope.reverse(member, group)).when(condition))
                .await?;
        }
        self.write_if(Write::delete(edge.key)).await
    }

    /// One page of edges.
    async fn edges_page(&self, pk: String) -> Result<Vec<Item>, StoreError> {
        let query = Query {
            limit: Some(1_000),
            ..Query::all(pk)
        };
        Ok(self.table().query(&query, Consistency::Strong).await?.items)
    }

    /// A write that is done already when its condition fails.
    pub(super) async fn write_if(&self, write: Write) -> Result<(), StoreError> {
        match self.table().write(&write).await {
            Ok(()) | Err(TableError::Condition(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
