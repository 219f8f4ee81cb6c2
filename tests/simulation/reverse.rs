//! Answers that follow edges backwards: in which groups somebody is.
//!
//! They follow a big change step by step, so an edge counts as well as a membership. Of the dead neither does: who was
//! dead all the while is in no group, and who died meanwhile is in those of before, or in none.

use std::collections::BTreeSet;

use serverless_scim::store::Id;

use crate::judge::Case;
use crate::model::Model;
use crate::oracle::Moment;

/// Whether `member`, alive, is in the group or has an edge in it; and whether both.
fn holds(moment: &Moment, group: Id, member: Id) -> (bool, bool) {
    let has = |members: &BTreeSet<Id>| members.contains(&member);
    let is = moment.model.members(group).is_some_and(has);
    let edge = moment.edges.get(&group).is_some_and(has);
    let lives = moment.model.live.contains(&member);
    (lives && (is || edge), lives && is && edge)
}

impl Case<'_> {
    fn ever(&self, group: Id, member: Id) -> bool {
        let mut moments = self.window.iter();
        self.is_open(group, member) || moments.any(|moment| holds(moment, group, member).0)
    }

    fn always(&self, group: Id, member: Id) -> bool {
        let mut moments = self.window.iter();
        !self.is_open(group, member) && moments.all(|moment| holds(moment, group, member).1)
    }

    /// Every group that there was.
    fn all(&self) -> BTreeSet<Id> {
        let groups = |moment: &Moment| moment.model.groups.keys().copied().collect::<Vec<_>>();
        self.window.iter().flat_map(groups).collect()
    }

    /// Read level by level, so each step by itself: nobody is left out who was there all the while.
    pub(crate) fn all_groups(&self, member: Id, nested: bool, ids: &BTreeSet<Id>) -> bool {
        let all = self.all();
        let known = |one| nested || one == member;
        let always = |group, one| known(one) && self.always(group, one);
        let mut least = Model::climb(member, &all, always);
        let most = Model::climb(member, &all, |group, one| self.ever(group, one));
        // Who is led back to himself is not told so.
        least.remove(&member);
        ids.is_subset(&most) && least.is_subset(ids)
    }

    pub(crate) fn groups(&self, member: Id, ids: &BTreeSet<Id>) -> bool {
        let all = self.all();
        let right = |group: &Id| {
            if ids.contains(group) {
                self.ever(*group, member)
            } else {
                !self.always(*group, member)
            }
        };
        all.union(ids).all(right)
    }
}
