//! What can be wrong with a tenant's items.

use crate::store::Id;
use crate::store::keys::{TenantScope, Work};
use crate::table::Key;

/// One edge: a member of a group in one generation of its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Edge {
    pub group: Id,
    pub member: Id,
    /// The generation's 16 hex digits, as a number: there are as many edges as memberships.
    pub generation: u64,
}

impl Edge {
    pub(super) fn new(group: Id, generation: &str, member: Id) -> Option<Self> {
        Some(Self {
            group,
            member,
            generation: number(generation)?,
        })
    }

    pub(super) fn generation(&self) -> String {
        format!("{:016x}", self.generation)
    }

    pub(super) fn forward(&self, tenant: &TenantScope) -> Key {
        tenant.forward(self.group, &self.generation(), self.member)
    }

    pub(super) fn reverse(&self, tenant: &TenantScope) -> Key {
        tenant.reverse(self.member, self.group)
    }
}

/// A generation as a number, if it is one of ours.
pub(super) fn number(generation: &str) -> Option<u64> {
    let number = u64::from_str_radix(generation, 16).ok()?;
    (format!("{number:016x}") == generation).then_some(number)
}

/// One thing that is not as the data model says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Fault {
    Tenant(Part),
    /// The key is none of those the store spells.
    Stray(Key),
    /// The item lacks what an item of its kind has.
    Unreadable(Key, &'static str),
    Document(Id, Broken),
    Alias(Alias),
    /// The bucket counts so many more than it holds.
    Count {
        resource_type: u8,
        bucket: u32,
        excess: i64,
    },
    /// The row counts so many more active users than its buckets hold.
    Seats {
        row: u32,
        excess: i64,
    },
    /// The bucket holds more than its row may count.
    Overfull {
        resource_type: u8,
        bucket: u32,
        held: i64,
    },
    Edge(Edge, Amiss),
    /// A row would sweep what is alive.
    Work(Work),
    Change(Id, String, Loose),
    /// A token or an OAuth client of a connection that is gone.
    Credential {
        key: Key,
        connection: String,
    },
    /// What is left of a tenant that is erased.
    Left(Key),
}

/// What a tenant lacks, or has without a right to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Part {
    Config,
    Registry,
    Name,
    /// The names in config and registry differ.
    Names,
    /// A name, in normal form, leads here that is not the tenant's.
    Alien(String),
    /// A group is in a group, as this edge shows, and the tenant's item does not note it.
    Nested(Edge),
    /// The resource shares its value of the attribute, and the tenant's item notes no such.
    Twins(&'static str, Id),
}

/// What is wrong with the item of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Broken {
    Unreadable,
    /// No name, or too many e-mail addresses.
    Invalid,
    /// A group without generation, or another resource with one.
    Generation,
    /// Its attributes for the indexes are not those of its document.
    Indexed,
    /// It says which big change it waits for, or until when, and not both.
    Waits,
}

/// One value: whose documents have it, and whom its alias names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Alias {
    pub key: Key,
    pub attribute: &'static str,
    pub wanted: Vec<Id>,
    pub held: Option<Id>,
}

/// What is wrong with an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Amiss {
    /// The member is not told of its group.
    OnlyForward,
    /// The group does not have the member that thinks so.
    OnlyReverse,
    GroupGone,
    GenerationGone,
    MemberGone,
}

/// Which part of a big change has lost the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Loose {
    /// The group waits for a change that no row names.
    Head,
    Row,
    Lanes,
}

impl Fault {
    /// The same with what may differ from one look to the next left out.
    pub(super) fn subject(&self) -> Self {
        match self {
            Self::Alias(alias) => Self::Alias(Alias {
                wanted: vec![],
                held: None,
                ..alias.clone()
            }),
            Self::Edge(edge, _) => Self::Edge(*edge, Amiss::OnlyForward),
            Self::Count {
                resource_type,
                bucket,
                ..
            } => Self::Count {
                resource_type: *resource_type,
                bucket: *bucket,
                excess: 0,
            },
            Self::Overfull {
                resource_type,
                bucket,
                ..
            } => Self::Overfull {
                resource_type: *resource_type,
                bucket: *bucket,
                held: 0,
            },
            Self::Seats { row, .. } => Self::Seats {
                row: *row,
                excess: 0,
            },
            other => other.clone(),
        }
    }

    /// Whether it is about a number, which traffic makes another one at each look.
    pub(super) fn is_count(&self) -> bool {
        matches!(
            self,
            Self::Count { .. } | Self::Seats { .. } | Self::Overfull { .. }
        )
    }

    /// A word for scripts.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Tenant(_) => "tenant",
            Self::Stray(_) | Self::Unreadable(..) | Self::Left(_) => "item",
            Self::Credential { .. } => "credential",
            Self::Document(..) => "document",
            Self::Alias(_) => "alias",
            Self::Count { .. } | Self::Seats { .. } | Self::Overfull { .. } => "count",
            Self::Edge(..) => "edge",
            Self::Work(_) => "work",
            Self::Change(..) => "change",
        }
    }

    /// Whether `--repair` knows what to do.
    pub(super) fn is_repairable(&self) -> bool {
        match self {
            Self::Tenant(part) => matches!(part, Part::Nested(_) | Part::Twins(..)),
            Self::Stray(_) | Self::Unreadable(..) | Self::Overfull { .. } => false,
            Self::Document(_, broken) => matches!(broken, Broken::Indexed | Broken::Waits),
            Self::Alias(alias) => alias.wanted.len() < 2,
            Self::Count { .. }
            | Self::Seats { .. }
            | Self::Edge(..)
            | Self::Change(..)
            | Self::Credential { .. }
            | Self::Left(_) => true,
            Self::Work(work) => !matches!(work, Work::Change(..)),
        }
    }

    /// The resource it is about.
    pub(super) fn resource(&self) -> Option<Id> {
        match self {
            Self::Document(id, _)
            | Self::Change(id, ..)
            | Self::Tenant(Part::Twins(_, id))
            | Self::Work(Work::Deleted(id) | Work::Generation(id, _) | Work::Change(id, _)) => {
                Some(*id)
            }
            Self::Alias(alias) => alias.wanted.first().copied().or(alias.held),
            Self::Edge(edge, _) => Some(edge.group),
            _ => None,
        }
    }

    pub(super) fn attribute(&self) -> Option<&'static str> {
        match self {
            Self::Alias(alias) => Some(alias.attribute),
            Self::Tenant(Part::Twins(attribute, _)) => Some(attribute),
            _ => None,
        }
    }
}

impl Part {
    /// The name that is not the tenant's, in normal form.
    pub(super) fn alien(&self) -> Option<&str> {
        match self {
            Self::Alien(name) => Some(name),
            _ => None,
        }
    }
}
