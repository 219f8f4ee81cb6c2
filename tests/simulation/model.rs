//! What the tenant holds, as its clients should see it: who lives, under which name, and who is in which group.

use std::collections::{BTreeMap, BTreeSet};

use serverless_scim::patch::Verb;
use serverless_scim::store::Id;

use crate::op::Op;

/// One moment of the abstract tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Model {
    pub live: BTreeSet<Id>,
    /// By resource type and folded name.
    pub names: BTreeMap<(u8, String), Id>,
    pub groups: BTreeMap<Id, BTreeSet<Id>>,
}

impl Model {
    pub(crate) fn holder(&self, kind: u8, name: &str) -> Option<Id> {
        self.names.get(&(kind, name.to_lowercase())).copied()
    }

    pub(crate) fn members(&self, group: Id) -> Option<&BTreeSet<Id>> {
        self.groups.get(&group)
    }

    /// Lets `op` happen, to `id` if it made a new resource. `Err` says why it must not have happened.
    pub(crate) fn apply(&mut self, op: &Op, id: Id) -> Result<(), String> {
        match op {
            Op::CreateUser { name } => self.create(id, name),
            Op::CreateGroup { name, members } => {
                self.create(id, name)?;
                let live = members.intersection(&self.live).copied().collect();
                self.groups.insert(id, live);
                Ok(())
            }
            Op::Rename { id, name } => self.rename(*id, name),
            Op::Members {
                group,
                change,
                name,
            } => {
                if let Some(name) = name {
                    self.rename(*group, name)?;
                }
                let live = self.live.clone();
                let members = self.groups.get_mut(group);
                let members = members.ok_or("members of a group that is gone were changed")?;
                if change.clear {
                    members.clear();
                }
                for (id, verb) in &change.verbs {
                    let Some(id) = Id::parse(id) else { continue };
                    match verb {
                        Verb::Add if live.contains(&id) => members.insert(id),
                        Verb::Add => false,
                        Verb::Remove => members.remove(&id),
                    };
                }
                Ok(())
            }
            Op::Delete { id } => {
                if !self.live.remove(id) {
                    return Err(format!("{id} was deleted twice"));
                }
                self.groups.remove(id);
                self.names.retain(|_, holder| holder != id);
                for members in self.groups.values_mut() {
                    members.remove(id);
                }
                Ok(())
            }
            Op::Exact { .. } => self.apply(&op.plain(), id),
            Op::Pass
            | Op::Tick
            | Op::AllGroupsOf(..)
            | Op::Read(_)
            | Op::IsMember(..)
            | Op::GroupsOf(_)
            | Op::With(_)
            | Op::Find(_)
            | Op::List
            | Op::Roster(..) => Err("a reader wrote".to_owned()),
        }
    }

    /// The groups that `member` is in by itself or through others, as `holds` has it.
    pub(crate) fn climb(
        member: Id,
        all: &BTreeSet<Id>,
        holds: impl Fn(Id, Id) -> bool,
    ) -> BTreeSet<Id> {
        let (mut found, mut open) = (BTreeSet::new(), vec![member]);
        while let Some(one) = open.pop() {
            let more = all.iter().filter(|group| holds(**group, one));
            open.extend(more.filter(|group| found.insert(**group)));
        }
        found
    }

    fn create(&mut self, id: Id, name: &str) -> Result<(), String> {
        if !self.live.insert(id) {
            return Err(format!("{id} was created twice"));
        }
        self.claim(id, name)
    }

    fn rename(&mut self, id: Id, name: &str) -> Result<(), String> {
        if !self.live.contains(&id) {
            return Err(format!("{id} is gone and was renamed"));
        }
        self.names.retain(|_, holder| *holder != id);
        self.claim(id, name)
    }

    fn claim(&mut self, id: Id, name: &str) -> Result<(), String> {
        let key = (id.resource_type(), name.to_lowercase());
        match self.names.insert(key, id) {
            Some(other) if other != id => Err(format!("{name} belongs to {other} and to {id}")),
            _ => Ok(()),
        }
    }
}
