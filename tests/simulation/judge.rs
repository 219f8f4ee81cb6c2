//! Whether an answer was right at some moment between a request's begin and its end.

use std::collections::{BTreeMap, BTreeSet};

use serverless_scim::patch::Verb;
use serverless_scim::store::{Id, StoreError};
use serverless_scim::table::Key;

use crate::members::held;
use crate::model::Model;
use crate::op::{Answered, Op, Outcome};
use crate::oracle::Moment;
use crate::shadow::{deleted, edge, head_of, lane};

/// No request is refused for its time sooner.
const DEADLINE_MS: i64 = 3_000;

/// A request that has ended.
pub(crate) struct Case<'c> {
    pub op: &'c Op,
    pub outcome: &'c Outcome,
    pub window: &'c [Moment],
    /// Which moment is the first of the window.
    pub begun: usize,
    /// The moment that it led to, where it took effect.
    pub effect: Option<usize>,
    /// The dying may come over several pages.
    pub pages: bool,
    /// How often it has read the head of each group.
    pub heads: BTreeMap<Id, usize>,
    pub torn: Torn,
    /// Writes that fit one transaction.
    pub writes: usize,
    /// No call had failed or been late, and nobody had gone.
    pub calm: bool,
    /// Milliseconds.
    pub took: i64,
    /// Of them some passed at once.
    pub jumped: bool,
}

/// What was not out at some time meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Torn {
    /// Groups of which the head, a lane or an edge was not.
    pub groups: BTreeSet<Id>,
    /// Group and member of edges: a step moves its lane and its edges in one commit, and who reads half of it may miss
    /// a member. It ends when the commit is out.
    pub edges: BTreeSet<(Id, Id)>,
    /// Groups of which lanes were not.
    pub lanes: BTreeSet<Id>,
    /// Whose deletion was not: to who reads half of it they are alive, and a big change that began before it still
    /// names them.
    pub dying: BTreeSet<Id>,
}

impl Torn {
    pub(crate) fn of<'k>(keys: impl Iterator<Item = &'k Key>) -> Self {
        let mut torn = Self::default();
        for key in keys {
            torn.edges.extend(edge(key));
            torn.lanes.extend(lane(key));
            torn.dying.extend(deleted(key));
            torn.groups.extend(head_of(key));
        }
        torn.groups.extend(&torn.lanes);
        torn.groups
            .extend(torn.edges.iter().map(|(group, _)| *group));
        torn
    }
}

impl Case<'_> {
    /// Why the answer is wrong.
    pub(crate) fn fault(&self) -> Option<String> {
        let committed = self.effect.is_some();
        let right = match (self.outcome, self.op) {
            // Nothing is promised of a request that was refused for its time.
            (Err(StoreError::Unavailable(_)), _) => !self.calm,
            (Err(StoreError::Busy), _) => !committed && (!self.calm || self.was_busy()),
            (Ok(Answered::Stale), Op::Exact { .. }) => !committed,
            (Err(error), op) => !committed && self.some(|model| refuses(model, op, error)),
            (Ok(Answered::Wrote(told)), op) => !op.changes() || self.wrote(*told),
            (Ok(Answered::Members(shown)), Op::Read(group)) => {
                shown.group == *group && self.shown(shown)
            }
            (Ok(Answered::List(groups)), Op::List) => self.list(groups),
            (Ok(Answered::Pages(pages)), Op::Roster(group, count)) => {
                self.roster(*group, *count, pages)
            }
            (Ok(Answered::Ids(ids)), op) => self.ids(op, ids),
            _ => false,
        };
        (!right).then(|| self.told())
    }

    fn told(&self) -> String {
        let moments: Vec<_> = self
            .window
            .iter()
            .map(|moment| {
                let groups = moment.model.groups.iter();
                let version = |id: &Id| moment.versions.get(id).copied().unwrap_or_default();
                let told = groups.map(|(id, members)| (*id, version(id), members));
                told.collect::<Vec<_>>()
            })
            .collect();
        let heads: Vec<_> = self.heads.keys().map(|id| (*id, self.grade(*id))).collect();
        format!(
            "{:?} (took effect: {:?}) answered {:?}, {heads:?}; from moment {} on {moments:?}",
            self.op, self.effect, self.outcome, self.begun
        )
    }

    /// Whether a request had reason to give up: its time was over, for it stood still, or somebody changed something
    /// meanwhile or kept a change open.
    fn was_busy(&self) -> bool {
        let others = |moment: &Moment| !moment.open.is_empty();
        let held_up = self.jumped || self.window.len() > 1 || self.window.iter().any(others);
        self.took >= DEADLINE_MS && held_up
    }

    pub(crate) fn some(&self, holds: impl Fn(&Model) -> bool) -> bool {
        self.window.iter().any(|moment| holds(&moment.model))
    }

    /// Whether a resource had this version at some moment.
    pub(crate) fn had(&self, id: Id, version: i64) -> bool {
        let mut moments = self.window.iter();
        moments.any(|moment| moment.versions.get(&id) == Some(&version))
    }

    /// A change that was made, or that would have changed nothing. The version told with it may be older than what was
    /// made of the resource, for changes of members commute, but never newer: If-Match rests on it.
    fn wrote(&self, told: Option<(Id, i64)>) -> bool {
        let version = |moment: &Moment, id| moment.versions.get(&id).copied();
        let Some(at) = self.effect else {
            let Some((id, told)) = told else { return false };
            let done = |moment: &Moment| {
                is_done(&moment.model, self.op) && version(moment, id) >= Some(told)
            };
            return self.had(id, told) && (self.window.iter().any(done) || self.is_half_done());
        };
        let Some((id, told)) = told else {
            return matches!(self.op, Op::Delete { .. });
        };
        let made = self
            .window
            .get(at - self.begun)
            .and_then(|made| version(made, id));
        let commutes = id.resource_type() == 1 && self.had(id, told);
        made == Some(told) || commutes && made > Some(told)
    }

    /// FOUND: what half of a commit shows can be taken for what was asked for, by who compares.
    fn is_half_done(&self) -> bool {
        let plain = self.op.plain();
        let Op::Members {
            group,
            change,
            name,
        } = &plain
        else {
            return false;
        };
        let verbs = |wanted| {
            let found = change
                .verbs
                .iter()
                .filter(move |(_, verb)| **verb == wanted);
            found.filter_map(|(id, _)| Id::parse(id))
        };
        let adds: BTreeSet<Id> = verbs(Verb::Add).collect();
        let named = |moment: &Moment| {
            let holds = |name: &String| moment.model.holder(1, name) == Some(*group);
            name.as_ref().is_none_or(holds)
        };
        let done = |moment: &Moment| {
            let held = held(moment, *group);
            let open = |id: &Id| self.is_open(*group, *id);
            adds.iter().all(|id| open(id) || held.contains(id))
                && verbs(Verb::Remove).all(|id| open(&id) || !held.contains(&id))
        };
        let torn = self.is_torn(*group);
        let mut moments = self.window.iter().filter(|moment| named(moment));
        torn && if change.clear {
            moments.next().is_some() && self.each(self.window, *group, &adds)
        } else {
            plain.compares(*group, &adds, self.writes) && moments.any(done)
        }
    }

    fn ids(&self, op: &Op, ids: &BTreeSet<Id>) -> bool {
        match op {
            Op::IsMember(group, member) => {
                self.is_open(*group, *member)
                    || ids.is_empty() && self.is_split(*group)
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
