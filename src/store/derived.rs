//! What a filter asks about that no document holds: members and groups. RFC 7643 §4.1.2, §4.2.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

use super::access::Access;
use super::list::SCAN_MAX;
use super::read::{GROUPS_SHOWN_MAX, MEMBERS_SHOWN_MAX};
use super::{Id, Membership, Record, StoreError, Tenant};
use crate::filter::{CompareOp, Filter};
use crate::schema::{AttrPath, Document, ResourceType, norm, schemas_of, timestamp};

/// Resources that may be looked at where the filter asks for members or groups of each.
const DERIVED_MAX: u64 = 1_000;
/// Candidates looked at side by side.
const PARALLEL: usize = 16;

/// What is asked of candidates.
#[derive(Debug)]
pub(super) struct Question<'q> {
    pub kind: &'q ResourceType,
    pub filter: Option<&'q Filter>,
    derived: Derived,
    /// What all candidates have: the group they are members of, or the member that is in them.
    known: Option<Id>,
}

/// What a filter asks about that no document holds.
#[derive(Debug, PartialEq, Eq)]
enum Derived {
    No,
    Groups,
    /// The members as a whole.
    Members,
    /// Only whether these are among a group's members, or a user's groups; or whether anybody is among the members.
    Few {
        ids: BTreeSet<Id>,
        any: bool,
    },
}

impl Derived {
    fn of(filter: &Filter) -> Self {
        match filter {
            Filter::Not(inner) => Self::of(inner),
            Filter::And(left, right) | Filter::Or(left, right) => {
                match (Self::of(left), Self::of(right)) {
                    (Self::No, other) | (other, Self::No) => other,
                    (
                        Self::Few { ids, any },
                        Self::Few {
                            ids: more,
                            any: also,
                        },
                    ) => Self::Few {
                        ids: ids.union(&more).copied().collect(),
                        any: any || also,
                    },
                    (Self::Few { .. }, whole) | (whole, _) => whole,
                }
            }
            Filter::Present(path) => match Self::whole(path) {
                Self::Members => Self::Few {
                    ids: BTreeSet::new(),
                    any: true,
                },
                whole => whole,
            },
            // An element that holds the id decides, and no other can match.
            Filter::ValuePath(path, inner) => {
                Self::few(path, inner.conjuncts().into_iter().find_map(needed))
            }
            Filter::Compare(path, CompareOp::Eq | CompareOp::Ne, literal) => {
                Self::few(path, named(path, literal))
            }
            Filter::Compare(path, ..) => Self::whole(path),
        }
    }

    fn few(path: &AttrPath, ids: Option<BTreeSet<Id>>) -> Self {
        match (Self::whole(path), ids) {
            (Self::Members | Self::Groups, Some(ids)) => Self::Few { ids, any: false },
            (whole, _) => whole,
        }
    }

    fn whole(path: &AttrPath) -> Self {
        match (&path.extension, path.attribute.name.as_str()) {
            (None, "members") => Self::Members,
            (None, "groups") => Self::Groups,
            _ => Self::No,
        }
    }
}

/// The id, if it is any, that a comparison is about.
fn named(path: &AttrPath, literal: &Value) -> Option<BTreeSet<Id>> {
    let id = literal.as_str().filter(|_| path.leaf().name == "value")?;
    // The schema says of these values that their case does not matter.
    Some(Id::parse(&norm(id, false)).into_iter().collect())
}

/// The ids of which an element must have one.
fn needed(filter: &Filter) -> Option<BTreeSet<Id>> {
    match filter {
        Filter::Compare(path, CompareOp::Eq, literal) => named(path, literal),
        Filter::Or(left, right) => Some(needed(left)?.union(&needed(right)?).copied().collect()),
        _ => None,
    }
}

impl<'q> Question<'q> {
    pub(super) fn new(kind: &'q ResourceType, filter: Option<&'q Filter>, access: &Access) -> Self {
        let known = match access {
            Access::MembersOf(id) | Access::GroupsOf(id) => Some(*id),
            _ => None,
        };
        Self {
            kind,
            filter,
            derived: filter.map_or(Derived::No, Derived::of),
            known,
        }
    }

    /// How many resources may be looked at.
    pub(super) fn most(&self) -> u64 {
        match &self.derived {
            Derived::No => SCAN_MAX,
            // That all users have it in common is known without a look at each.
            Derived::Few { ids, .. }
                if !self.kind.is_group() && ids.iter().all(|id| Some(*id) == self.known) =>
            {
                SCAN_MAX
            }
            _ => DERIVED_MAX,
        }
    }
}

impl Tenant {
    /// Those of `records` that match.
    pub(super) async fn matching(
        &self,
        question: &Question<'_>,
        records: Vec<Record>,
    ) -> Result<Vec<Record>, StoreError> {
        let Some(filter) = question.filter else {
            return Ok(records);
        };
        let heads = &match &question.derived {
            Derived::Few { ids, .. } if !question.kind.is_group() => {
                self.find_all(ids.iter().copied()).await?
            }
            _ => vec![],
        };
        let look = |record: Record| async move {
            let document = self.evaluated(question, &record, heads).await?;
            Ok::<_, StoreError>(filter.matches(&document).then_some(record))
        };
        let looked: Vec<Option<Record>> = stream::iter(records)
            .map(look)
            .buffered(PARALLEL)
            .try_collect()
            .await?;
        Ok(looked.into_iter().flatten().collect())
    }

    /// The document as the filter sees it: with `id`, `meta` and what it asks of members or groups. `heads` are the
    /// groups it asks about of a user.
    async fn evaluated(
        &self,
        question: &Question<'_>,
        record: &Record,
        heads: &[Record],
    ) -> Result<Document, StoreError> {
        let kind = question.kind;
        let mut document = whole(kind, record);
        let (name, list) = match &question.derived {
            Derived::No => return Ok(document),
            Derived::Groups => ("groups", self.groups_list(record.id).await?),
            Derived::Members => {
                let ids = self.members_within(record.id).await?;
                ("members", ids.into_iter().map(element).collect())
            }
            Derived::Few { ids, any } if kind.is_group() => {
                let mut found = self.members_among(record, ids, question.known).await?;
                if *any && found.is_empty() {
                    found.extend(self.first_member(record.id).await?.map(element));
                }
                ("members", found)
            }
            Derived::Few { .. } => (
                "groups",
                self.groups_among(record.id, heads, question.known).await?,
            ),
        };
        document.insert(name.to_owned(), Value::Array(list));
        Ok(document)
    }

    async fn groups_list(&self, member: Id) -> Result<Vec<Value>, StoreError> {
        let most = GROUPS_SHOWN_MAX as u64;
        let groups = self.groups_within(member, most).await?;
        Ok(groups.iter().map(direct).collect())
    }

    /// Every member of a group, unless they are too many.
    pub(super) async fn members_within(&self, group: Id) -> Result<BTreeSet<Id>, StoreError> {
        match self.get_with_members(group, MEMBERS_SHOWN_MAX).await {
            Ok((_, Membership::Shown(ids))) => Ok(ids),
            Ok((_, Membership::TooMany)) => Err(StoreError::TooMany(MEMBERS_SHOWN_MAX as u64)),
            Err(StoreError::NotFound) => Ok(BTreeSet::new()),
            Err(error) => Err(error),
        }
    }

    async fn first_member(&self, group: Id) -> Result<Option<Id>, StoreError> {
        let mut after = None;
        loop {
            let (_, part) = match self.members_after(group, after, 1).await {
                Err(StoreError::NotFound) => return Ok(None),
                other => other?,
            };
            after = part.next;
            // Who died meanwhile is left out, and more may follow.
            if after.is_none() || !part.ids.is_empty() {
                return Ok(part.ids.first().copied());
            }
        }
    }

    /// Those of the asked ids that are members: one edge each, however large the group. One is known to be.
    async fn members_among(
        &self,
        group: &Record,
        ids: &BTreeSet<Id>,
        known: Option<Id>,
    ) -> Result<Vec<Value>, StoreError> {
        let mut members: Vec<Value> = known.map(element).into_iter().collect();
        let others = ids.iter().copied().filter(|id| Some(*id) != known);
        for record in self.find_all(others).await? {
            if self.is_member(group, record.id).await? {
                members.push(element(record.id));
            }
        }
        Ok(members)
    }

    /// Those of the groups that hold `member`, which is known to be in one of them.
    async fn groups_among(
        &self,
        member: Id,
        heads: &[Record],
        known: Option<Id>,
    ) -> Result<Vec<Value>, StoreError> {
        let (of_known, asked): (Vec<&Record>, Vec<&Record>) =
            heads.iter().partition(|head| Some(head.id) == known);
        let (open, quiet): (Vec<_>, Vec<_>) =
            asked.into_iter().partition(|head| head.pending.is_some());
        let edge = |head: &Record| self.scope.forward(head.id, &head.generation, member);
        let edges = self.batch_get(quiet.iter().map(|head| edge(head)).collect());
        let edges: BTreeSet<_> = edges.await?.into_iter().map(|edge| edge.key).collect();
        let (mut holding, missed): (Vec<_>, Vec<_>) = quiet
            .into_iter()
            .partition(|head| edges.contains(&edge(head)));
        // Where there is no edge, the members may have moved to a new generation since the head was read.
        let again = self.find_all(missed.iter().map(|head| head.id)).await?;
        let moved = |now: &&Record| {
            let mut before = missed.iter();
            before.all(|head| head.id != now.id || head.generation != now.generation)
        };
        for head in open.into_iter().chain(again.iter().filter(moved)) {
            if self.is_member(head, member).await? {
                holding.push(head);
            }
        }
        Ok(holding.into_iter().chain(of_known).map(direct).collect())
    }
}

/// A group that holds a user, as a user shows it.
fn direct(group: &Record) -> Value {
    json!({ "value": group.id.to_string(), "display": group.document.get("displayName"), "type": "direct" })
}

fn element(id: Id) -> Value {
    json!({ "value": id.to_string(), "type": if id.resource_type() == 0 { "User" } else { "Group" } })
}

/// The stored document with `id`, `schemas` and `meta`.
pub(super) fn whole(kind: &ResourceType, record: &Record) -> Document {
    let mut document = record.document.clone();
    let schemas = schemas_of(kind, &document);
    document.insert("schemas".to_owned(), json!(schemas));
    document.insert("id".to_owned(), json!(record.id.to_string()));
    let meta = json!({
        "resourceType": kind.name,
        "created": timestamp(record.created),
        "lastModified": timestamp(record.modified),
        "version": record.etag(),
    });
    document.insert("meta".to_owned(), meta);
    document
}
