//! Answers that show the members of a group.

use std::collections::BTreeSet;

use serverless_scim::store::Id;

use crate::judge::Case;
use crate::op::Shown;
use crate::oracle::Moment;
use crate::schedule::LAST_LOOK;

/// How exactly an answer can be held to one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grade {
    /// It is what was true at one moment.
    Exact,
    /// A list read the dying once, over several pages: whoever was deleted meanwhile may be there or not.
    Paged,
    /// The group never stood still: each member by itself, but no change of more than one in part.
    Restless,
    /// A commit that concerns the group was half readable: each member by itself.
    Each,
}

pub(crate) fn held(moment: &Moment, group: Id) -> BTreeSet<Id> {
    moment.model.members(group).cloned().unwrap_or_default()
}

/// Who was deleted meanwhile.
pub(crate) fn gone(moments: &[Moment]) -> BTreeSet<Id> {
    let last = moments.last();
    let now = last.map(|moment| moment.model.live.clone());
    let now = now.unwrap_or_default();
    let all = moments
        .iter()
        .flat_map(|moment| moment.model.live.iter().copied());
    all.filter(|id| !now.contains(id)).collect()
}

fn is_inside(moments: &[Moment], group: Id, id: Id) -> bool {
    let mut members = moments.iter().filter_map(|now| now.model.members(group));
    members.any(|members| members.contains(&id))
}

impl Case<'_> {
    pub(crate) fn grade(&self, group: Id) -> Grade {
        match () {
            () if self.is_torn(group) => Grade::Each,
            () if self
                .heads
                .get(&group)
                .is_some_and(|reads| *reads >= LAST_LOOK) =>
            {
                Grade::Restless
            }
            () if self.pages && !self.heads.contains_key(&group) => Grade::Paged,
            () => Grade::Exact,
        }
    }

    /// Whether something of the group, or the deletion of somebody it names, was not out at some time.
    pub(crate) fn is_torn(&self, group: Id) -> bool {
        let named = |moment: &Moment| {
            let named = moment.named.get(&group);
            named.is_some_and(|named| !named.is_disjoint(&self.torn.dying))
        };
        self.torn.groups.contains(&group) || self.window.iter().any(named)
    }

    /// The version told is never newer than the members: If-Match rests on it.
    pub(crate) fn shown(&self, shown: &Shown) -> bool {
        let (group, ids) = (shown.group, &shown.members);
        let version = |moment: &Moment| moment.versions.get(&group).copied();
        let told = |moment: &&Moment| version(moment) == Some(shown.version);
        let held = |moment: &Moment| moment.model.members(group).cloned();
        let right = match self.grade(group) {
            Grade::Exact => {
                let mut moments = self.window.iter().filter(told);
                moments.any(|moment| held(moment).as_ref() == Some(ids))
            }
            Grade::Paged => {
                let left = gone(self.window);
                let rest = |ids: &BTreeSet<Id>| -> BTreeSet<Id> {
                    ids.difference(&left).copied().collect()
                };
                let mut moments = self.window.iter().filter(told);
                ids.iter().all(|id| is_inside(self.window, group, *id))
                    && moments
                        .any(|moment| held(moment).is_some_and(|held| rest(&held) == rest(ids)))
            }
            Grade::Restless => self.calm(group).any(|moments| {
                let mut versions = moments.iter().map(version);
                self.each(moments, group, ids)
                    && versions.any(|version| version >= Some(shown.version))
            }),
            Grade::Each => self.each(self.window, group, ids),
        };
        right && self.had(group, shown.version)
    }

    /// Moments between which no more than one member came or went.
    pub(crate) fn calm(&self, group: Id) -> impl Iterator<Item = &[Moment]> {
        let held = move |moment: &Moment| moment.model.members(group).cloned();
        let step = move |one: &Moment, next: &Moment| match (held(one), held(next)) {
            (Some(one), Some(next)) => one.symmetric_difference(&next).nth(1).is_none(),
            _ => false,
        };
        self.window.chunk_by(step)
    }

    /// Whether everybody was in the group at some of the moments who is told to be, and everybody else was not.
    pub(crate) fn each(&self, moments: &[Moment], group: Id, ids: &BTreeSet<Id>) -> bool {
        let outside = |id: &Id| {
            moments
                .iter()
                .any(|moment| !held(moment, group).contains(id))
        };
        let all = moments.iter().flat_map(|moment| held(moment, group));
        let all: BTreeSet<Id> = all.collect();
        let split = self.is_split(group);
        ids.iter().all(|id| self.may_be(moments, group, *id))
            && all
                .difference(ids)
                .all(|id| split || self.is_open(group, *id) || outside(id))
    }

    pub(crate) fn may_be(&self, moments: &[Moment], group: Id, id: Id) -> bool {
        let torn = self.is_open(group, id) || self.torn.dying.contains(&id);
        torn || is_inside(moments, group, id)
    }

    pub(crate) fn is_open(&self, group: Id, member: Id) -> bool {
        self.torn.edges.contains(&(group, member))
    }

    /// A list that replaces everybody goes by lanes alone, and who reads half of them misses members who stay (6.6 b of
    /// the data model).
    pub(crate) fn is_split(&self, group: Id) -> bool {
        let lists = |moment: &Moment| moment.lists.contains(&group);
        self.torn.lanes.contains(&group) && self.window.iter().any(lists)
    }
}
