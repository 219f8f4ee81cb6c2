//! Groups in groups: who is in one through another. RFC 7643 §4.1.2 `groups`, type `indirect`.
//!
//! Tenants that never put a group into a group pay nothing for it: their config item says so, and the transaction that
//! first does it changes that.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::commit::Plan;
use super::{GROUPS_SHOWN_MAX, Id, Record, StoreError, Tenant};
use crate::schema::GROUP;
use crate::table::{Item, Range};

/// How far up groups are followed; the groups that hold a member itself are the first level.
pub const NESTING_MAX: usize = 8;
/// Groups whose groups are read side by side.
const PARALLEL: usize = 8;

/// In a tenant's config item, once a group was a member.
const NESTED: &str = "nested";

/// Whether a group of the tenant whose item this is was ever a member.
pub(super) fn is_nested(config: &Item) -> bool {
    config.attrs.contains_key(NESTED)
}

impl Tenant {
    /// The groups a resource is in as they stand, each once, and whether directly: those that are come first.
    pub async fn all_groups_of(&self, member: Id) -> Result<Vec<(Record, bool)>, StoreError> {
        let mut level = self.groups_of(member).await?;
        let (mut shown, mut seen) = (vec![], BTreeSet::from([member]));
        for depth in 1..=NESTING_MAX {
            level.truncate(GROUPS_SHOWN_MAX - shown.len());
            let climbed: Vec<Id> = level.iter().map(|group| group.id).collect();
            seen.extend(&climbed);
            shown.extend(level.into_iter().map(|group| (group, depth == 1)));
            let open = GROUPS_SHOWN_MAX - shown.len();
            if !self.nested || depth == NESTING_MAX || climbed.is_empty() || open == 0 {
                break;
            }
            level = self.parents_of(climbed, &seen, open).await?;
        }
        Ok(shown)
    }

    /// Groups that hold any of `groups` and are not `seen` yet; of very many only some.
    async fn parents_of(
        &self,
        groups: Vec<Id>,
        seen: &BTreeSet<Id>,
        most: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let edges = stream::iter(groups)
            .map(|group| self.query_up_to(self.scope.groups(group), Range::All, GROUPS_SHOWN_MAX));
        let mut edges = edges.buffered(PARALLEL);
        let (mut parents, mut open) = (BTreeSet::new(), vec![]);
        while parents.len() < most
            && let Some(mut found) = edges.try_next().await?
        {
            let parent = |edge: &Item| Id::from_key(&edge.key.sk);
            found.retain(|edge| parent(edge).is_some_and(|parent| !seen.contains(&parent)));
            parents.extend(found.iter().filter_map(parent));
            open.extend(found);
        }
        self.groups_by(open).await
    }

    /// Whether adding these members is the first nesting of the tenant, as far as this instance knows.
    pub(super) fn nests(&self, adds: impl IntoIterator<Item = Id>) -> bool {
        !self.nested
            && adds
                .into_iter()
                .any(|id| id.resource_type() == GROUP.number)
    }

    /// Notes with the tenant that a group is a member, where one of `adds` is the first.
    pub(super) fn plan_nested(&self, plan: &mut Plan, adds: impl IntoIterator<Item = Id>) {
        if self.nests(adds) {
            plan.note(self.scope.config(), NESTED);
        }
    }
}
