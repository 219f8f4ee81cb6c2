//! Membership: one edge in each direction per member, changed without reading the others. RFC 7643 §4.2, RFC 7644 §3.5.2.
//!
//! An edge is written in the transaction that checks the member's own document, so no edge leads to a resource
//! that was gone before it.

use std::collections::BTreeSet;

use super::commit::{Plan, Role};
use super::id::Id;
use super::lanes::CHANGED_MAX;
use super::record::attr;
use super::{Record, StoreError, Tenant, UnknownMembers};
use crate::patch::{MemberChange, Verb};
use crate::schema::Document;
use crate::table::{Attr, Attrs, Condition, Item, Key, Range, Write};

/// Characters of a text that is no id of ours, where an error repeats it.
const SHOWN_MAX: usize = 64;

/// What a request makes of a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The attributes as they shall be.
    pub document: Document,
    /// What happens to a group's members; nothing for other types.
    pub members: MemberChange,
    /// What the whole of it rests on.
    pub holds: Holds,
}

/// What must still be as it was decided upon when the change is written, beside what it changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holds {
    /// Nothing: changes that are about members alone commute.
    #[default]
    Nothing,
    /// The attributes: some were named, and found to be so already.
    Document,
    /// Everything.
    Version,
}

/// A membership change against one generation of edges.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Edges {
    pub add: BTreeSet<Id>,
    pub remove: BTreeSet<Id>,
    /// All present members go: the added ones form a new generation.
    pub flip: bool,
    /// Those of both whose edge was found to be as wanted: it is only looked at again, in the same transaction.
    pub settled: BTreeSet<Id>,
    /// Edges that were compared with what was read hold for that version alone.
    pub holds: Holds,
}

impl Edges {
    /// A new generation of members.
    fn all_new(add: BTreeSet<Id>) -> Self {
        Self {
            add,
            flip: true,
            holds: Holds::Version,
            ..Self::default()
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.flip && self.open().next().is_none()
    }

    /// Everybody whose edge changes.
    pub(super) fn open(&self) -> impl Iterator<Item = Id> {
        let all = self.add.iter().chain(&self.remove);
        all.filter(|id| !self.settled.contains(id)).copied()
    }

    /// How many it names.
    pub(super) fn named(&self) -> usize {
        self.add.len() + self.remove.len()
    }

    /// The writes it takes in one transaction.
    pub(super) fn writes(&self) -> usize {
        3 * self.add.len() + 2 * self.remove.len()
    }
}

impl Tenant {
    /// Turns what the request says about members into edges to write.
    pub(super) async fn edges(
        &self,
        group: &Record,
        change: &MemberChange,
    ) -> Result<Edges, StoreError> {
        let wanted = |verb| {
            let of_verb = change
                .verbs
                .iter()
                .filter(move |(_, found)| **found == verb);
            of_verb.map(|(id, _)| id)
        };
        let add = self.to_add(wanted(Verb::Add))?;
        if add.contains(&group.id) {
            return Err(StoreError::SelfMember);
        }
        let edges = if !change.clear {
            // What is no id of ours cannot be a member: removing it is done already.
            let remove = wanted(Verb::Remove).filter_map(|id| Id::parse(id));
            Edges {
                remove: remove.collect(),
                add,
                ..Edges::default()
            }
        } else if add.is_empty() {
            self.clearing(group).await?
        } else {
            self.replacing(group, add).await?
        };
        if edges.named() > CHANGED_MAX {
            return Err(StoreError::TooManyMembers);
        }
        Ok(edges)
    }

    /// All members go: one by one where that is one transaction, else at once by a new generation.
    async fn clearing(&self, group: &Record) -> Result<Edges, StoreError> {
        let most = self.sizes().writes / 2;
        let Some(remove) = self.few_members(group, most).await? else {
            return Ok(Edges::all_new(BTreeSet::new()));
        };
        let edges = Edges {
            remove,
            holds: Holds::Version,
            ..Edges::default()
        };
        // Beside the head and the outbox item.
        let fits = edges.writes() + 2 <= self.sizes().writes;
        Ok(if fits {
            edges
        } else {
            Edges::all_new(BTreeSet::new())
        })
    }

    /// The list becomes the members: what differs is changed, or everything where too much does.
    async fn replacing(&self, group: &Record, list: BTreeSet<Id>) -> Result<Edges, StoreError> {
        let most = self.sizes().compared;
        let (present, dying) = tokio::try_join!(self.few_members(group, most), self.dying())?;
        let Some(present) = present else {
            return Ok(Edges::all_new(list));
        };
        // A deleted member is none, though its edge may still be there: it cannot stay, and need not be removed.
        let present: BTreeSet<Id> = present.difference(&dying).copied().collect();
        let edges = Edges {
            add: list.difference(&present).copied().collect(),
            remove: present.difference(&list).copied().collect(),
            holds: Holds::Version,
            ..Edges::default()
        };
        let few = edges.named() <= CHANGED_MAX;
        Ok(if few { edges } else { Edges::all_new(list) })
    }

    /// The ids in the edges, unless they are more than `most`.
    async fn few_members(
        &self,
        group: &Record,
        most: usize,
    ) -> Result<Option<BTreeSet<Id>>, StoreError> {
        let pk = self.scope.members(group.id, &group.generation);
        let edges = self.query_up_to(pk, Range::All, most + 1).await?;
        let ids = edges.iter().filter_map(|item| Id::from_key(&item.key.sk));
        Ok((edges.len() <= most).then(|| ids.collect()))
    }

    /// Makes sure that everybody to be added exists; where that was agreed, leaves out and returns who does not.
    pub(super) async fn look_for_members(
        &self,
        add: &mut BTreeSet<Id>,
    ) -> Result<BTreeSet<Id>, StoreError> {
        let missing = self.missing(add, |id| self.scope.resource(id)).await?;
        match missing.first() {
            Some(id) if !self.skips_unknown() => Err(StoreError::UnknownMember(id.to_string())),
            _ => {
                add.retain(|id| !missing.contains(id));
                Ok(missing)
            }
        }
    }

    /// Reads the ids of members to be added.
    pub(super) fn to_add<'i>(
        &self,
        ids: impl IntoIterator<Item = &'i String>,
    ) -> Result<BTreeSet<Id>, StoreError> {
        let parse = |text: &String| match Id::parse(text) {
            None if self.skips_unknown() => None,
            id => Some(id.ok_or_else(|| unknown(text))),
        };
        ids.into_iter().filter_map(parse).collect()
    }

    /// Fails where a list that replaces the members names somebody, and nobody it names is known: to skip them all would
    /// empty the group.
    pub(super) fn names_somebody(
        change: &MemberChange,
        missing: &BTreeSet<Id>,
    ) -> Result<(), StoreError> {
        let named = change.verbs.iter().filter(|(_, verb)| **verb == Verb::Add);
        let mut named = named.map(|(id, _)| id).peekable();
        let first = named.peek().copied().filter(|_| change.clear);
        let nobody = named.all(|id| Id::parse(id).is_none_or(|id| missing.contains(&id)));
        first
            .filter(|_| nobody)
            .map_or(Ok(()), |first| Err(unknown(first)))
    }

    fn skips_unknown(&self) -> bool {
        self.policies().unknown_members == UnknownMembers::Skip
    }

    /// What of a change is not so already.
    pub(super) async fn unsettled(
        &self,
        group: &Record,
        edges: Edges,
    ) -> Result<Edges, StoreError> {
        let pk = self.scope.members(group.id, &group.generation);
        let named: BTreeSet<Id> = edges.add.union(&edges.remove).copied().collect();
        let (Some(first), Some(last)) = (named.first(), named.last()) else {
            return Ok(edges);
        };
        // Reading a few edges too many is cheaper than asking for each.
        let between = Range::Between(first.key(), last.key());
        let near = self.query_up_to(pk, between, named.len() + 1).await?;
        let absent = if near.len() <= named.len() {
            let near: BTreeSet<Id> = (near.iter())
                .filter_map(|item| Id::from_key(&item.key.sk))
                .collect();
            named.difference(&near).copied().collect()
        } else {
            let edge = |id| self.scope.forward(group.id, &group.generation, id);
            self.missing(&named, edge).await?
        };
        Ok(Edges {
            add: edges.add.intersection(&absent).copied().collect(),
            remove: edges.remove.difference(&absent).copied().collect(),
            holds: Holds::Version,
            ..edges
        })
    }

    /// Those of `ids` whose item is not there.
    async fn missing(
        &self,
        ids: &BTreeSet<Id>,
        key: impl Fn(Id) -> Key,
    ) -> Result<BTreeSet<Id>, StoreError> {
        let keys = ids.iter().map(|id| key(*id)).collect();
        let id = |item: Item| Id::from_key(&item.key.sk);
        let found: BTreeSet<Id> = self.batch_map(keys, id).await?.into_iter().collect();
        Ok(ids.difference(&found).copied().collect())
    }

    /// `edge` is what must hold of the edge in the group of this generation, if anything.
    pub(super) fn plan_add(
        &self,
        plan: &mut Plan,
        (group, generation): (Id, &str),
        member: Id,
        edge: Option<Condition>,
    ) {
        let check = Write::check(self.scope.resource(member), Condition::Exists);
        let forward =
            Write::put(self.scope.forward(group, generation, member), Attrs::new()).when(edge);
        let reverse = Write::put(
            self.scope.reverse(member, group),
            [(attr::GENERATION, Attr::S(generation.to_owned()))],
        );
        plan.push(Role::Member(member), check);
        plan.push(Role::Edge(member), forward);
        plan.push(Role::Other, reverse);
    }

    /// The same for a member that goes.
    pub(super) fn plan_remove(
        &self,
        plan: &mut Plan,
        (group, generation): (Id, &str),
        member: Id,
        edge: Option<Condition>,
    ) {
        let forward = Write::delete(self.scope.forward(group, generation, member)).when(edge);
        let reverse = Write::delete(self.scope.reverse(member, group));
        plan.push(Role::Edge(member), forward);
        plan.push(Role::Other, reverse);
    }

    /// The same for a member whose edge is as wanted, provided that it still is.
    fn plan_settled(
        &self,
        plan: &mut Plan,
        (group, generation): (Id, &str),
        member: Id,
        edge: Condition,
    ) {
        let key = self.scope.forward(group, generation, member);
        plan.push(Role::Edge(member), Write::check(key, edge));
    }

    /// The edges of a change, or the lanes that lead to them if it is a big one.
    pub(super) fn plan_edges(&self, plan: &mut Plan, group: &Record, edges: &Edges) {
        self.plan_nested(plan, edges.add.iter().copied());
        if let Some(open) = &group.pending {
            return self.plan_lanes(plan, group, open, edges);
        }
        let place = (group.id, group.generation.as_str());
        for member in &edges.add {
            if edges.settled.contains(member) {
                self.plan_settled(plan, place, *member, Condition::Exists);
            } else {
                self.plan_add(plan, place, *member, Some(Condition::NotExists));
            }
        }
        for member in &edges.remove {
            if edges.settled.contains(member) {
                self.plan_settled(plan, place, *member, Condition::NotExists);
            } else {
                self.plan_remove(plan, place, *member, Some(Condition::Exists));
            }
        }
    }
}

fn unknown(text: &str) -> StoreError {
    StoreError::UnknownMember(text.chars().take(SHOWN_MAX).collect())
}
