//! What actors do, each as one request of a tenant.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use serverless_scim::patch::{MemberChange, Verb};
use serverless_scim::store::{Id, StoreError};

/// One request.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    CreateUser {
        name: String,
    },
    CreateGroup {
        name: String,
        members: BTreeSet<Id>,
    },
    Rename {
        id: Id,
        name: String,
    },
    Members {
        group: Id,
        change: MemberChange,
        name: Option<String>,
    },
    Delete {
        id: Id,
    },
    /// A client reads, and then changes what it has seen: with If-Match, and members as a whole list.
    Exact {
        id: Id,
        name: Option<String>,
        member: Option<(Id, Verb)>,
        known: Arc<Mutex<Option<Known>>>,
    },
    Pass,
    Tick,
    /// The group with its members.
    Read(Id),
    /// Whether the group has this member.
    IsMember(Id, Id),
    /// The groups of a member.
    GroupsOf(Id),
    /// The groups of a member and theirs; whether the client's instance knows of groups in groups.
    AllGroupsOf(Id, bool),
    /// The groups that hold a member, by filter.
    With(Id),
    /// Who has this userName.
    Find(String),
    /// All groups with their members, as a list shows them.
    List,
    /// The users in a group by cursor, so many on a page.
    Roster(Id, u64),
}

/// What a client knows of a resource when it names its version.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    pub version: i64,
    pub name: String,
    pub members: BTreeSet<Id>,
}

/// What the request answered.
#[derive(Debug)]
pub(crate) enum Answered {
    /// Under which version the resource is known now; nothing of one that is gone.
    Wrote(Option<(Id, i64)>),
    /// The version that the client knows is not the present one.
    Stale,
    Members(Shown),
    Ids(BTreeSet<Id>),
    List(Vec<Shown>),
    Pages(Vec<Leaf>),
}

/// A group as it is shown.
#[derive(Debug)]
pub(crate) struct Shown {
    pub group: Id,
    pub version: i64,
    pub members: BTreeSet<Id>,
}

/// A page of a group's members, and between which moments it was read.
#[derive(Debug)]
pub(crate) struct Leaf {
    pub after: Option<Id>,
    pub ids: Vec<Id>,
    pub next: Option<Id>,
    pub moments: (usize, usize),
}

pub(crate) type Outcome = Result<Answered, StoreError>;

impl Op {
    pub(crate) fn changes(&self) -> bool {
        matches!(
            self,
            Self::CreateUser { .. }
                | Self::CreateGroup { .. }
                | Self::Rename { .. }
                | Self::Members { .. }
                | Self::Delete { .. }
                | Self::Exact { .. }
        )
    }

    /// Whether it is planned upon a look at the edges of the group to these members: a list is compared with all of
    /// them, and a change that does not fit one transaction with those it names. A smaller one is held against the edges
    /// by the transaction itself.
    pub(crate) fn compares(&self, of: Id, ids: &BTreeSet<Id>, fit: usize) -> bool {
        let Self::Members {
            group,
            change,
            name,
        } = self
        else {
            return false;
        };
        let named = |id: &Id| change.verbs.contains_key(&id.to_string());
        let write = |verb: &Verb| if *verb == Verb::Add { 3 } else { 2 };
        // The head, the outbox item, the names, and that there are groups in groups.
        let others = 3 + if name.is_some() { 2 } else { 0 };
        let writes = others + change.verbs.values().map(write).sum::<usize>();
        *group == of && (change.clear || writes > fit && ids.iter().all(named))
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::CreateUser { .. } => "create user",
            Self::CreateGroup { .. } => "create group",
            Self::Rename { .. } => "rename",
            Self::Members { .. } => "members",
            Self::Delete { .. } => "delete",
            Self::Exact { .. } => "exact",
            Self::Pass => "pass",
            Self::Tick => "tick",
            Self::Read(_) => "read",
            Self::IsMember(..) => "is member",
            Self::GroupsOf(_) => "groups of",
            Self::AllGroupsOf(..) => "all groups of",
            Self::With(_) => "with",
            Self::Find(_) => "find",
            Self::List => "list",
            Self::Roster(..) => "roster",
        }
    }

    /// Whether it finishes what others left.
    pub(crate) fn finishes(&self) -> bool {
        matches!(self, Self::Pass | Self::Tick)
    }

    pub(crate) fn exact(id: Id, name: Option<String>, member: Option<(Id, Verb)>) -> Self {
        Self::Exact {
            id,
            name,
            member,
            known: Arc::default(),
        }
    }

    /// The change as it is, without the version that was asked for.
    pub(crate) fn plain(&self) -> Self {
        let Self::Exact {
            id,
            name,
            member,
            known,
        } = self
        else {
            return self.clone();
        };
        let known = known.lock().unwrap().clone().unwrap_or_default();
        let mut change = MemberChange::default();
        if let Some((one, verb)) = member {
            let mut list = known.members;
            match verb {
                Verb::Add => list.insert(*one),
                Verb::Remove => list.remove(one),
            };
            change.clear();
            for id in &list {
                change.add(&id.to_string());
            }
        }
        match (id.resource_type(), name) {
            (0, Some(name)) => Self::Rename {
                id: *id,
                name: name.clone(),
            },
            _ => Self::Members {
                group: *id,
                change,
                name: name.clone(),
            },
        }
    }
}
