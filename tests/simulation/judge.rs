//! Whether an answer was right at some moment between a request's begin and its end.

use std::collections::BTreeSet;

use serverless_scim::patch::Verb;
use serverless_scim::store::{Id, StoreError};

use crate::model::Model;
use crate::op::{Answered, Op, Outcome};
use crate::oracle::Moment;

/// How exactly an answer can be held to one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grade {
    /// It is what was true at one moment.
    Exact,
    /// The dying were read over several pages: whoever was deleted meanwhile may be there or not.
    Paged,
    /// The group never stood still: each member by itself, but no change of more than one in part.
    Restless,
    /// A commit was half readable: each member by itself.
    Each,
}

/// A request that has ended.
pub(crate) struct Case<'c> {
    pub op: &'c Op,
    pub outcome: &'c Outcome,
    pub window: &'c [Moment],
    /// Whether it took effect.
    pub committed: bool,
    pub grade: Grade,
    /// Group and member of edges that were not out at some time meanwhile: a step moves its lane and its edges in one
    /// commit, and who reads half of it may miss a member. It ends when the commit is out.
    pub open: BTreeSet<(Id, Id)>,
    /// Groups of which lanes were not out at some time meanwhile: a list that replaces everybody goes by lanes alone, and
    /// who reads half of them misses members who stay (6.6 b of the data model).
    pub split: BTreeSet<Id>,
    /// Whose deletion was not out at some time meanwhile: to who reads half of it they are alive, and a big change that
    /// began before it still names them.
    pub dying: BTreeSet<Id>,
}

impl Case<'_> {
    /// Why the answer is wrong.
    pub(crate) fn fault(&self) -> Option<String> {
        let right = match (self.outcome, self.op) {
            // Nothing is promised of a request that was refused for its time.
            (Err(StoreError::Unavailable(_)), _) => true,
            (Err(StoreError::Busy), _) | (Ok(Answered::Stale), Op::Exact { .. }) => !self.committed,
            (Err(error), op) => !self.committed && self.some(|model| refuses(model, op, error)),
            (Ok(Answered::Wrote), op) => {
                self.committed
                    || !op.changes()
                    || self.some(|model| is_done(model, op))
                    || self.is_half_done()
            }
            (Ok(Answered::Members(ids)), Op::Read(group)) => self.members(*group, ids),
            (Ok(Answered::Ids(ids)), op) => self.ids(op, ids),
            _ => false,
        };
        (!right).then(|| {
            let moments: Vec<_> = self
                .window
                .iter()
                .map(|moment| &moment.model.groups)
                .collect();
            format!(
                "{:?} (took effect: {}) answered {:?}, {:?}; meanwhile {moments:?}",
                self.op, self.committed, self.outcome, self.grade
            )
        })
    }

    pub(crate) fn some(&self, holds: impl Fn(&Model) -> bool) -> bool {
        self.window.iter().any(|moment| holds(&moment.model))
    }

    /// FOUND: what half of a commit shows can be taken for what was asked for.
    fn is_half_done(&self) -> bool {
        let plain = self.op.plain();
        let Op::Members {
            group,
            change,
            name: None,
        } = &plain
        else {
            return false;
        };
        let held = |moment: &Moment, id: &Id| {
            let members = moment.model.members(*group);
            members.is_some_and(|members| members.contains(id))
        };
        let is_as_wanted = |(id, verb): (&String, &Verb)| {
            Id::parse(id).is_none_or(|id| {
                let wanted = *verb == Verb::Add;
                let mut moments = self.window.iter();
                self.open.contains(&(*group, id)) || moments.any(|now| held(now, &id) == wanted)
            })
        };
        let adds = change.verbs.keys().filter_map(|id| Id::parse(id));
        let torn = self.open.iter().any(|(open, _)| open == group);
        torn && if change.clear {
            self.members(*group, &adds.collect())
        } else {
            change.verbs.iter().all(is_as_wanted)
        }
    }

    fn members(&self, group: Id, ids: &BTreeSet<Id>) -> bool {
        let held = |moment: &Moment| moment.model.members(group).cloned();
        let inside =
            |id: &Id| self.some(|model| model.members(group).is_some_and(|m| m.contains(id)));
        match self.grade {
            Grade::Exact => self
                .window
                .iter()
                .any(|moment| held(moment).as_ref() == Some(ids)),
            Grade::Paged => {
                let gone = self.gone();
                let rest = |ids: &BTreeSet<Id>| -> BTreeSet<Id> {
                    ids.difference(&gone).copied().collect()
                };
                ids.iter().all(inside)
                    && self
                        .window
                        .iter()
                        .any(|moment| held(moment).is_some_and(|held| rest(&held) == rest(ids)))
            }
            Grade::Restless => {
                let step = |one: &Moment, next: &Moment| match (held(one), held(next)) {
                    (Some(one), Some(next)) => one.symmetric_difference(&next).nth(1).is_none(),
                    _ => false,
                };
                let mut calm = self.window.chunk_by(step);
                calm.any(|moments| self.each(moments, group, ids))
            }
            Grade::Each => self.each(self.window, group, ids),
        }
    }

    /// Whether everybody was in the group at some of the moments who is told to be, and everybody else was not.
    fn each(&self, moments: &[Moment], group: Id, ids: &BTreeSet<Id>) -> bool {
        let held = |moment: &Moment| moment.model.members(group).cloned().unwrap_or_default();
        let inside = |id: &Id| moments.iter().any(|moment| held(moment).contains(id));
        let outside = |id: &Id| moments.iter().any(|moment| !held(moment).contains(id));
        let open = |id: &Id| self.open.contains(&(group, *id));
        let split = self.split.contains(&group);
        let all: BTreeSet<Id> = moments.iter().flat_map(held).collect();
        let dying = |id: &Id| self.dying.contains(id);
        ids.iter().all(|id| open(id) || dying(id) || inside(id))
            && all
                .difference(ids)
                .all(|id| split || open(id) || outside(id))
    }

    /// Who was deleted meanwhile.
    fn gone(&self) -> BTreeSet<Id> {
        let last = self.window.last();
        let now = last
            .map(|moment| moment.model.live.clone())
            .unwrap_or_default();
        let all = self
            .window
            .iter()
            .flat_map(|moment| moment.model.live.iter().copied());
        all.filter(|id| !now.contains(id)).collect()
    }

    fn ids(&self, op: &Op, ids: &BTreeSet<Id>) -> bool {
        match op {
            Op::IsMember(group, member) => {
                self.open.contains(&(*group, *member))
                    || self.some(|model| {
                        model.members(*group).is_some_and(|m| m.contains(member)) != ids.is_empty()
                    })
            }
            Op::Find(name) => self.some(|model| ids.iter().copied().eq(model.holder(0, name))),
            Op::AllGroupsOf(member, nested) => self.all_groups(*member, *nested, ids),
            Op::GroupsOf(member) | Op::With(member) => self.groups(*member, ids),
            _ => false,
        }
    }
}

/// Whether the request would change nothing.
fn is_done(model: &Model, op: &Op) -> bool {
    let (mut after, op) = (model.clone(), &op.plain());
    let target = match op {
        Op::Rename { id, .. } | Op::Delete { id } | Op::Members { group: id, .. } => *id,
        _ => return false,
    };
    after.apply(op, target).is_ok() && after == *model
}

/// Whether this is the answer the request gets at this moment.
fn refuses(model: &Model, op: &Op, error: &StoreError) -> bool {
    match (error, &op.plain()) {
        (StoreError::SelfMember, Op::Members { group, change, .. }) => {
            change.verbs.get(&group.to_string()) == Some(&Verb::Add)
        }
        (
            StoreError::NotFound,
            Op::Read(id)
            | Op::GroupsOf(id)
            | Op::AllGroupsOf(id, _)
            | Op::Rename { id, .. }
            | Op::Delete { id }
            | Op::Members { group: id, .. },
        ) => !model.live.contains(id),
        (StoreError::Taken { holder, .. }, Op::CreateUser { name }) => {
            model.holder(0, name) == Some(*holder)
        }
        (StoreError::Taken { holder, .. }, Op::CreateGroup { name, .. }) => {
            model.holder(1, name) == Some(*holder)
        }
        (
            StoreError::Taken { holder, .. },
            Op::Rename { id, name }
            | Op::Members {
                group: id,
                name: Some(name),
                ..
            },
        ) => {
            // Of a resource that is gone nothing else is said.
            model.live.contains(id)
                && holder != id
                && model.holder(id.resource_type(), name) == Some(*holder)
        }
        (StoreError::UnknownMember(_), Op::CreateGroup { members, .. }) => {
            !members.is_subset(&model.live)
        }
        (StoreError::UnknownMember(id), Op::Members { change, .. }) => {
            change.verbs.get(id) == Some(&Verb::Add)
                && Id::parse(id).is_none_or(|id| !model.live.contains(&id))
        }
        _ => false,
    }
}
