//! Reading resources, members and memberships; every read is strong. RFC 7644 §3.4.1.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::keys::{Entity, parse};
use super::list::SCAN_MAX;
use super::record::generation;
use super::sweep::dying;
use super::{Id, Record, StoreError, Tenant};
use crate::table::limits::BATCH_KEYS_MAX;
use crate::table::{Consistency, Cursor, Item, Key, Query, Range};

/// Members shown in a group; a group with more shows none and says so.
pub const MEMBERS_SHOWN_MAX: usize = 10_000;
/// Groups shown in a user.
pub const GROUPS_SHOWN_MAX: usize = 1_000;
/// How often a read of members begins anew when the group changed meanwhile.
const MEMBER_READS: usize = 3;
/// Groups of a page whose members are read side by side.
const PARALLEL: usize = 16;
/// Batches of keys under way at once.
const BATCHES: usize = 10;

/// The members of a group, unless they are too many to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Membership {
    Shown(BTreeSet<Id>),
    TooMany,
}

/// Some of a group's members.
#[derive(Debug)]
pub(super) struct Part {
    pub ids: BTreeSet<Id>,
    /// The last of them, where more follow.
    pub next: Option<Id>,
}

impl Part {
    fn whole(self) -> Membership {
        match self.next {
            Some(_) => Membership::TooMany,
            None => Membership::Shown(self.ids),
        }
    }
}

impl Tenant {
    pub async fn get(&self, id: Id) -> Result<Record, StoreError> {
        self.find(id).await?.ok_or(StoreError::NotFound)
    }

    pub(super) async fn find(&self, id: Id) -> Result<Option<Record>, StoreError> {
        let item = self.table().get(&self.scope.resource(id)).await?;
        item.as_ref().map(Record::read).transpose()
    }

    /// The resources that exist of `ids`.
    pub(super) async fn find_all(
        &self,
        ids: impl IntoIterator<Item = Id>,
    ) -> Result<Vec<Record>, StoreError> {
        let keys: Vec<Key> = ids.into_iter().map(|id| self.scope.resource(id)).collect();
        let items = self.batch_get(keys).await?;
        let mut records = items
            .iter()
            .map(Record::read)
            .collect::<Result<Vec<_>, _>>()?;
        records.sort_by_key(|record| record.id);
        Ok(records)
    }

    /// A group with its members. More than `max` are not told at all: part of them could come back as a write.
    pub async fn get_with_members(
        &self,
        id: Id,
        max: usize,
    ) -> Result<(Record, Membership), StoreError> {
        let (head, part) = self.members_after(id, None, max).await?;
        Ok((head, part.whole()))
    }

    /// A group with at most `max` of its members, in the order of their ids.
    ///
    /// The dying set is read before the edges, or a deleted member could be seen once more; both it and the head again
    /// after them, or two versions could mix, or somebody be shown who died before the version told. In a group that
    /// never stands still, changes of one member made meanwhile may be seen or not, and the version told is never newer
    /// than the members. No change is ever seen in part.
    pub(super) async fn members_after(
        &self,
        id: Id,
        after: Option<Id>,
        max: usize,
    ) -> Result<(Record, Part), StoreError> {
        let mut reads = 0;
        loop {
            let (head, dying) = tokio::try_join!(self.get(id), self.dying())?;
            let mut part = self.part(&head, &dying, after, max).await?;
            let (again, dying) = tokio::try_join!(self.get(id), self.dying())?;
            reads += 1;
            let alike = again.generation == head.generation && again.latest == head.latest;
            let tired = reads >= MEMBER_READS;
            let stands = again.version == head.version || alike && tired;
            if stands && (tired || part.ids.is_disjoint(&dying)) {
                part.ids.retain(|id| !dying.contains(id));
                return Ok((head, part));
            }
            // The first tries are for whoever reads back what took its time to write.
            if tired && self.past_deadline() {
                return Err(StoreError::Busy);
            }
        }
    }

    /// The same for the groups of a page: the dying set is read once, and the heads again in one batch.
    /// A group that changed meanwhile is read by itself, one that is gone left out.
    pub async fn with_members(
        &self,
        heads: Vec<Record>,
        max: usize,
    ) -> Result<Vec<(Record, Membership)>, StoreError> {
        let dying = &self.dying().await?;
        let ids: Vec<Id> = heads.iter().map(|head| head.id).collect();
        let read = |head: Record| async move {
            let part = self.part(&head, dying, None, max).await?;
            Ok::<_, StoreError>((head, part.whole()))
        };
        let found: Vec<_> = stream::iter(heads)
            .map(read)
            .buffered(PARALLEL)
            .try_collect()
            .await?;
        let again = self.find_all(ids).await?;
        let mut shown = Vec::with_capacity(found.len());
        for (head, members) in found {
            let now = again.binary_search_by_key(&head.id, |again| again.id);
            match now.ok().and_then(|at| again.get(at)) {
                Some(now) if now.version == head.version => shown.push((head, members)),
                Some(_) => match self.get_with_members(head.id, max).await {
                    Ok(whole) => shown.push(whole),
                    Err(StoreError::NotFound) => {}
                    Err(error) => return Err(error),
                },
                None => {}
            }
        }
        Ok(shown)
    }

    /// What stands behind `after` of the members of `head`: edges and open lanes without the dying.
    async fn part(
        &self,
        head: &Record,
        dying: &BTreeSet<Id>,
        after: Option<Id>,
        max: usize,
    ) -> Result<Part, StoreError> {
        let overlay = self.overlay(head).await?;
        let hidden = |id: &Id| dying.contains(id) || overlay.remove.contains(id);
        // So many that at least one more than `max` remains, if there is one.
        let most = max + 1 + dying.len() + overlay.remove.len();
        let range = after.map_or(Range::All, |after| Range::Greater(after.key()));
        let pk = self.scope.members(head.id, &head.generation);
        let edges = self.query_up_to(pk, range, most).await?;
        let mut ids: BTreeSet<Id> = (edges.iter())
            .filter_map(|item| Id::from_key(&item.key.sk))
            .collect();
        // Where the edges were cut off, what the lanes add behind the last one read belongs to a later page.
        let end = ids.last().copied().filter(|_| edges.len() >= most);
        let pending = overlay.add.iter().filter(|id| {
            after.is_none_or(|after| **id > after) && end.is_none_or(|end| **id <= end)
        });
        ids.extend(pending);
        ids.retain(|id| !hidden(id));
        let next = ids.iter().nth(max).copied();
        if let Some(first) = next {
            ids.split_off(&first);
        }
        let last = ids.last().copied();
        Ok(Part {
            ids,
            next: last.filter(|_| next.is_some()),
        })
    }

    /// Deleted resources that may still stand in edges and lanes.
    pub(super) async fn dying(&self) -> Result<BTreeSet<Id>, StoreError> {
        let rows = self.query_all(self.scope.work(), Range::All).await?;
        Ok(rows.iter().filter_map(dying).collect())
    }

    /// Every group that a resource is a direct member of, unless they are more than `max`.
    pub(super) async fn groups_within(
        &self,
        member: Id,
        max: u64,
    ) -> Result<Vec<Record>, StoreError> {
        let (mut groups, mut looked, mut range) = (vec![], 0, Range::All);
        loop {
            let pk = self.scope.groups(member);
            let edges = self.query_up_to(pk, range, GROUPS_SHOWN_MAX).await?;
            let last = edges.get(GROUPS_SHOWN_MAX - 1);
            let last = last.map(|edge| edge.key.sk.clone());
            looked += edges.len() as u64;
            // Edges of generations that were given up are looked at as well.
            groups.extend(self.groups_by(edges).await?);
            if groups.len() as u64 > max {
                return Err(StoreError::TooMany(max));
            }
            if looked > SCAN_MAX {
                return Err(StoreError::TooMany(SCAN_MAX));
            }
            match last {
                Some(last) => range = Range::Greater(last),
                None => return Ok(groups),
            }
        }
    }

    /// The groups a resource is a direct member of, as they stand, as far as they are shown.
    pub async fn groups_of(&self, member: Id) -> Result<Vec<Record>, StoreError> {
        let edges = self
            .query_up_to(self.scope.groups(member), Range::All, GROUPS_SHOWN_MAX)
            .await?;
        self.groups_by(edges).await
    }

    /// The groups in which these edges of members stand, in the order of their ids.
    ///
    /// An edge of another generation than its group's may be left over from before the group was emptied, or its member
    /// came along into a new one meanwhile: the group's own edge decides, in the generation its head was read with.
    pub(super) async fn groups_by(&self, edges: Vec<Item>) -> Result<Vec<Record>, StoreError> {
        let group = |edge: &Item| Id::from_key(&edge.key.sk);
        let heads = self.find_all(edges.iter().filter_map(group).collect::<BTreeSet<_>>());
        let heads: HashMap<Id, Record> =
            heads.await?.into_iter().map(|one| (one.id, one)).collect();
        let (mut found, mut in_doubt) = (BTreeMap::new(), HashMap::new());
        for edge in &edges {
            let Some(head) = group(edge).and_then(|id| heads.get(&id)) else {
                continue;
            };
            if generation(edge) == Some(head.generation.as_str()) {
                found.insert(head.id, head);
            } else if let (_, Some(Entity::Reverse(member, group))) = parse(&edge.key) {
                let own = self.scope.forward(group, &head.generation, member);
                in_doubt.insert(own, head);
            }
        }
        let own = self.batch_get(in_doubt.keys().cloned().collect()).await?;
        let heads = own.iter().filter_map(|edge| in_doubt.get(&edge.key));
        found.extend(heads.map(|head| (head.id, *head)));
        Ok(found.into_values().cloned().collect())
    }

    /// Whether `member`, which exists, is in the group now.
    pub(super) async fn is_member(&self, group: &Record, member: Id) -> Result<bool, StoreError> {
        let mut head = group.clone();
        loop {
            let overlay = self.overlay(&head).await?;
            let edge = self.scope.forward(head.id, &head.generation, member);
            let there = overlay.add.contains(&member) || self.table().get(&edge).await?.is_some();
            if there && !overlay.remove.contains(&member) {
                // Lanes go when they are in the edges, or with their group: then the edge may be one that they took away.
                return Ok(head.pending.is_none() || self.find(head.id).await?.is_some());
            }
            // The members may have moved to a new generation since the head was read.
            match self.find(head.id).await? {
                Some(again) if again.generation != head.generation => head = again,
                _ => return Ok(false),
            }
        }
    }

    /// The items that exist of `keys`, in no order.
    pub(super) async fn batch_get(&self, keys: Vec<Key>) -> Result<Vec<Item>, StoreError> {
        self.batch_map(keys, Some).await
    }

    /// What `read` makes of them, one batch after the other: of many items little may be worth keeping.
    pub(super) async fn batch_map<T: Send>(
        &self,
        keys: Vec<Key>,
        read: impl Fn(Item) -> Option<T> + Copy + Send,
    ) -> Result<Vec<T>, StoreError> {
        let batches = keys.chunks(BATCH_KEYS_MAX).map(<[Key]>::to_vec);
        let batches: Vec<Vec<Key>> = batches.collect();
        let one = |batch: Vec<Key>| async move {
            let items = self.one_batch(batch).await?;
            Ok(items.into_iter().filter_map(read).collect::<Vec<T>>())
        };
        stream::iter(batches)
            .map(one)
            .buffer_unordered(BATCHES)
            .try_concat()
            .await
    }

    async fn one_batch(&self, mut open: Vec<Key>) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::with_capacity(open.len());
        while !open.is_empty() {
            let (found, unprocessed) = self.table().batch_get(&open).await?;
            items.extend(found);
            if unprocessed.len() == open.len() {
                if self.past_deadline() {
                    return Err(StoreError::Busy);
                }
                self.pause().await;
            }
            open = unprocessed;
        }
        Ok(items)
    }

    pub(super) async fn query_all(
        &self,
        pk: String,
        range: Range,
    ) -> Result<Vec<Item>, StoreError> {
        self.query_up_to(pk, range, usize::MAX).await
    }

    /// The first `max` items of a range, over as many pages as it takes.
    pub(super) async fn query_up_to(
        &self,
        pk: String,
        range: Range,
        max: usize,
    ) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        let mut after: Option<Cursor> = None;
        loop {
            let limit = u32::try_from(max - items.len()).ok();
            let query = Query {
                range: range.clone(),
                limit,
                after,
                ..Query::all(pk.clone())
            };
            let page = self.table().query(&query, Consistency::Strong).await?;
            items.extend(page.items);
            after = page.next;
            if after.is_none() || items.len() >= max {
                return Ok(items);
            }
        }
    }
}
