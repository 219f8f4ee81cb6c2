//! What a PATCH does to the members of a group, folded to one verb per id. RFC 7644 §3.5.2.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Change, PatchErrorKind};
use crate::filter::{CompareOp, Filter};
use crate::schema::AttrPath;

/// The outcome of all operations on `members`, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberChange {
    /// Everybody who was a member before leaves, but for those added.
    pub clear: bool,
    /// What happens to single ids, as the client spelled them.
    pub verbs: BTreeMap<String, Verb>,
}

/// What happens to one member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Add,
    Remove,
}

impl MemberChange {
    pub fn add(&mut self, id: &str) {
        self.verbs.insert(id.to_owned(), Verb::Add);
    }

    pub fn remove(&mut self, id: &str) {
        if self.clear {
            self.verbs.remove(id);
        } else {
            self.verbs.insert(id.to_owned(), Verb::Remove);
        }
    }

    /// Removes all, also those added before.
    pub fn clear(&mut self) {
        self.clear = true;
        self.verbs.clear();
    }

    /// Whether nothing was asked of the members.
    pub fn is_empty(&self) -> bool {
        !self.clear && self.verbs.is_empty()
    }

    /// Takes in one operation on `members`, or on those that `filter` chooses.
    pub(super) fn fold(
        &mut self,
        change: &Change,
        filter: Option<&Filter>,
    ) -> Result<(), PatchErrorKind> {
        match (change, filter) {
            (Change::Append(list), _) => ids(list).for_each(|id| self.add(id)),
            (Change::ReplaceAll(list), _) => {
                self.clear();
                ids(list).for_each(|id| self.add(id));
            }
            (Change::RemoveListed(list), _) => ids(list).for_each(|id| self.remove(id)),
            (Change::Remove, None) => self.clear(),
            (Change::Remove, Some(filter)) => chosen(filter)?.iter().for_each(|id| self.remove(id)),
            (Change::Set(_) | Change::Merge(_) | Change::Expect(_), _) => {
                return Err(not_changed_in_place());
            }
        }
        Ok(())
    }
}

/// A member is there or not: there is nothing about it to write.
pub(super) fn not_changed_in_place() -> PatchErrorKind {
    PatchErrorKind::NoTarget("a member cannot be changed in place; add it to members or remove it")
}

/// Whether `path` leads to the members of a group.
pub(super) fn is_members(path: &AttrPath) -> bool {
    path.extension.is_none() && path.attribute.name == "members"
}

fn ids(list: &[Value]) -> impl Iterator<Item = &str> {
    list.iter()
        .filter_map(|element| element.get("value")?.as_str())
}

/// The ids that `value eq "..."`, alone or joined by `or`, names.
fn chosen(filter: &Filter) -> Result<Vec<&str>, PatchErrorKind> {
    let mut ids = vec![];
    let mut open = vec![filter];
    while let Some(filter) = open.pop() {
        match filter {
            Filter::Or(left, right) => open.extend([left.as_ref(), right]),
            Filter::Compare(path, CompareOp::Eq, Value::String(id))
                if path.leaf().name == "value" =>
            {
                ids.push(id.as_str());
            }
            _ => return Err(PatchErrorKind::MembersFilter),
        }
    }
    Ok(ids)
}
