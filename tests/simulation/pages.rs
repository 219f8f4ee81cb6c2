//! Answers that show several groups, or a group's members page by page.

use std::collections::BTreeSet;

use serverless_scim::store::Id;

use crate::judge::Case;
use crate::members::{Grade, gone, held};
use crate::op::{Leaf, Shown};
use crate::oracle::Moment;
use crate::schedule::LAST_LOOK;

impl Case<'_> {
    /// Each group as if it had been read by itself; one that was there all the while is shown once.
    pub(crate) fn list(&self, groups: &[Shown]) -> bool {
        let ids: BTreeSet<Id> = groups.iter().map(|shown| shown.group).collect();
        let mut last: Vec<Id> = vec![];
        if let Some(moment) = self.window.last() {
            last.extend(moment.model.groups.keys());
        }
        let stays = |id: &Id| {
            let mut moments = self.window.iter();
            moments.all(|moment| moment.model.groups.contains_key(id))
        };
        ids.len() == groups.len()
            && last
                .iter()
                .filter(|id| stays(id))
                .all(|id| ids.contains(id))
            && groups.iter().all(|shown| self.shown(shown))
    }

    /// Each page is exact, and who is a member all the while stands on one of them.
    pub(crate) fn roster(&self, group: Id, count: u64, pages: &[Leaf]) -> bool {
        let led = pages
            .windows(2)
            .all(|two| two[0].next.is_some() && two[1].after == two[0].next);
        let ends = pages.last().is_some_and(|last| last.next.is_none());
        let all: BTreeSet<Id> = pages.iter().flat_map(|page| page.ids.clone()).collect();
        let told: usize = pages.iter().map(|page| page.ids.len()).sum();
        let stays = |id: &&Id| {
            let mut moments = self.window.iter();
            moments.all(|moment| held(moment, group).contains(id))
        };
        let first = self.window.first().map(|first| held(first, group));
        let first = first.unwrap_or_default();
        let mut stable = first
            .iter()
            .filter(|id| id.resource_type() == 0)
            .filter(stays);
        let split = self.is_split(group);
        led && ends
            && told == all.len()
            && stable.all(|id| all.contains(id) || split || self.is_open(group, *id))
            && pages.iter().all(|page| page.ids.len() as u64 <= count)
            && pages.iter().all(|page| self.leaf(group, page, pages.len()))
    }

    fn leaf(&self, group: Id, page: &Leaf, pages: usize) -> bool {
        let behind = |id: &Id| page.after.is_none_or(|after| *id > after);
        let covered = |id: &Id| behind(id) && page.next.is_none_or(|next| *id <= next);
        let own = |id: &Id| covered(id) && id.resource_type() == 0;
        let ids: BTreeSet<Id> = page.ids.iter().copied().collect();
        let (from, to) = page.moments;
        let window = &self.window[from - self.begun..=to - self.begun];
        let sorted = page.ids.is_sorted() && ids.iter().all(own);
        sorted
            && match self.grade(group) {
                Grade::Each => self.each_of(self.window, group, &ids, own),
                // One page at least was read a third time.
                Grade::Restless if self.heads[&group] >= 2 * pages + LAST_LOOK - 2 => self
                    .calm(group)
                    .any(|moments| self.each_of(moments, group, &ids, own)),
                _ => self.leaf_at_once(window, group, &ids, behind, own),
            }
    }

    /// A page whose members were read at one moment, or bit by bit where some of them do not count.
    fn leaf_at_once(
        &self,
        window: &[Moment],
        group: Id,
        ids: &BTreeSet<Id>,
        behind: impl Fn(&Id) -> bool,
        own: impl Fn(&Id) -> bool,
    ) -> bool {
        let left = gone(window);
        // Groups are no users, and who is gone when its document is read does not count either: the page goes on.
        let others = |moment: &Moment| {
            let held = held(moment, group);
            held.iter().any(|id| behind(id) && id.resource_type() != 0)
        };
        if !left.is_empty() || window.iter().any(others) {
            return self.each_of(window, group, ids, own);
        }
        let page = |moment: &Moment| -> BTreeSet<Id> {
            held(moment, group)
                .into_iter()
                .filter(|id| own(id))
                .collect()
        };
        window.iter().any(|moment| page(moment) == *ids)
    }

    /// Like `each`, of those on one page.
    fn each_of(
        &self,
        moments: &[Moment],
        group: Id,
        ids: &BTreeSet<Id>,
        own: impl Fn(&Id) -> bool,
    ) -> bool {
        let others = moments.iter().flat_map(|moment| held(moment, group));
        let others = others.filter(|id| !own(id));
        // Those on other pages are as they are.
        self.each(moments, group, &ids.iter().copied().chain(others).collect())
    }
}
