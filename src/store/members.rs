//! Membership: one edge in each direction per member, changed without reading the others. RFC 7643 §4.2, RFC 7644 §3.5.2.
//!
//! An edge is written in the transaction that checks the member's own document, so no edge leads to a resource
//! that was gone before it.

use std::collections::BTreeSet;

use super::commit::{Plan, Role};
use super::id::Id;
use super::record::attr;
use super::{Record, StoreError, Tenant};
use crate::patch::{MemberChange, Verb};
use crate::schema::Document;
use crate::table::{Attr, Condition, Consistency, Query, Range, Write};

/// Writes beside those of members: head, outbox item, two aliases taken and two given up, work row.
const OTHER_WRITES: usize = 7;
/// New members that fit one transaction whatever else the request changes: three writes each.
pub const ADDS_MAX: usize = (100 - OTHER_WRITES) / 3;
/// Present members that are compared with a new list; a longer list is replaced as a whole.
const COMPARED_MAX: u32 = 1_000;

/// What a request makes of a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The attributes as they shall be.
    pub document: Document,
    /// What happens to a group's members; nothing for other types.
    pub members: MemberChange,
}

/// A membership change against one generation of edges.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Edges {
    pub add: BTreeSet<Id>,
    pub remove: BTreeSet<Id>,
    /// All present members go: the added ones form a new generation.
    pub flip: bool,
    /// Decided by what was read, so the group must not have changed since.
    pub compared: bool,
}

impl Edges {
    pub(super) fn is_empty(&self) -> bool {
        !self.flip && self.add.is_empty() && self.remove.is_empty()
    }

    /// Leaves out members whose edge is already as wanted.
    pub(super) fn without(mut self, settled: &BTreeSet<Id>) -> Self {
        self.add.retain(|id| !settled.contains(id));
        self.remove.retain(|id| !settled.contains(id));
        self
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
            change
                .verbs
                .iter()
                .filter(move |(_, found)| **found == verb)
                .map(|(id, _)| id)
        };
        let add = to_add(wanted(Verb::Add))?;
        if add.contains(&group.id) {
            return Err(StoreError::SelfMember);
        }
        if !change.clear {
            // What is no id of ours cannot be a member: removing it is done already.
            let remove = wanted(Verb::Remove)
                .filter_map(|id| Id::parse(id))
                .collect();
            return Ok(Edges {
                add,
                remove,
                ..Edges::default()
            });
        }
        let Some(present) = self.few_members(group).await? else {
            return Ok(Edges {
                add,
                flip: true,
                compared: true,
                ..Edges::default()
            });
        };
        let edges = Edges {
            add: add.difference(&present).copied().collect(),
            remove: present.difference(&add).copied().collect(),
            flip: false,
            compared: true,
        };
        let writes = 3 * edges.add.len() + 2 * edges.remove.len();
        let small = writes <= self.sizes().writes - OTHER_WRITES;
        let flip = Edges {
            add,
            flip: true,
            compared: true,
            ..Edges::default()
        };
        Ok(
            if small || edges.add.is_empty() && edges.remove.is_empty() {
                edges
            } else {
                flip
            },
        )
    }

    /// The present members, unless they are too many to compare.
    async fn few_members(&self, group: &Record) -> Result<Option<BTreeSet<Id>>, StoreError> {
        let query = Query {
            pk: self.scope.members(group.id, &group.generation),
            range: Range::All,
            descending: false,
            limit: Some(COMPARED_MAX),
            after: None,
        };
        let page = self.table().query(&query, Consistency::Strong).await?;
        let ids = page
            .items
            .iter()
            .filter_map(|item| Id::from_key(&item.key.sk));
        Ok(page.next.is_none().then(|| ids.collect()))
    }

    pub(super) fn plan_add(&self, plan: &mut Plan, group: &Record, member: Id) {
        let check = Write::Check {
            key: self.scope.resource(member),
            condition: Condition::Exists,
        };
        let forward = Write::Put {
            key: self.scope.forward(group.id, &group.generation, member),
            attrs: crate::table::Attrs::new(),
            condition: Some(Condition::NotExists),
        };
        let reverse = Write::Put {
            key: self.scope.reverse(member, group.id),
            attrs: [(attr::GENERATION, Attr::S(group.generation.clone()))].into(),
            condition: None,
        };
        plan.push(Role::Member(member), check);
        plan.push(Role::Edge(member), forward);
        plan.push(Role::Other, reverse);
    }

    pub(super) fn plan_remove(&self, plan: &mut Plan, group: &Record, member: Id) {
        let forward = self.scope.forward(group.id, &group.generation, member);
        let reverse = self.scope.reverse(member, group.id);
        plan.push(
            Role::Edge(member),
            Write::Delete {
                key: forward,
                condition: Some(Condition::Exists),
            },
        );
        plan.push(
            Role::Other,
            Write::Delete {
                key: reverse,
                condition: None,
            },
        );
    }
}

/// Reads the ids of members to be added.
pub(super) fn to_add<'i>(
    ids: impl IntoIterator<Item = &'i String>,
) -> Result<BTreeSet<Id>, StoreError> {
    let parse =
        |text: &String| Id::parse(text).ok_or_else(|| StoreError::UnknownMember(text.clone()));
    ids.into_iter().map(parse).collect()
}
