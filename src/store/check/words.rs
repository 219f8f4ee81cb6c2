//! Faults in words, for whoever has to mend them: where and what, and never a value.

use std::fmt;

use super::fault::{Alias, Amiss, Broken, Fault, Loose, Part};
use crate::schema::{GROUP, USER};
use crate::store::Id;
use crate::store::directory::BUCKET_SIZE;
use crate::store::keys::Work;
use crate::table::Key;

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenant(Part::Alien(name)) => {
                write!(
                    out,
                    "the name {name:?} leads to the tenant, and is not its own"
                )
            }
            Self::Tenant(Part::Twins(attribute, id)) => write!(
                out,
                "{}: it shares its {attribute}, and the tenant does not note that any do: a value that is to be unique may be taken twice",
                named(*id)
            ),
            Self::Tenant(part) => out.write_str(part.words()),
            Self::Stray(key) => write!(
                out,
                "an item whose key is none of ours; it begins {:?}",
                begin(key)
            ),
            Self::Left(key) => write!(
                out,
                "an item of a tenant that is erased; its key begins {:?}",
                begin(key)
            ),
            Self::Credential { connection, .. } => write!(
                out,
                "a token or client of the connection {connection}, which is gone"
            ),
            Self::Unreadable(_, what) => write!(out, "{what} does not read"),
            Self::Document(id, broken) => write!(out, "{}: {}", named(*id), broken.words()),
            Self::Alias(alias) => alias.fmt(out),
            Self::Count { .. } | Self::Overfull { .. } | Self::Seats { .. } => self.count(out),
            Self::Edge(edge, amiss) => {
                let (group, member) = (named(edge.group), named(edge.member));
                write!(out, "{group}, member {member}: {}", amiss.words())
            }
            Self::Work(Work::Deleted(id)) => {
                write!(
                    out,
                    "{}: a row names it as deleted, and it is alive",
                    named(*id)
                )
            }
            Self::Work(Work::Generation(id, _) | Work::Change(id, _)) => {
                write!(out, "{}: a row would sweep what it has now", named(*id))
            }
            Self::Change(id, _, loose) => write!(out, "{}: {}", named(*id), loose.words()),
        }
    }
}

impl Fault {
    /// In words, if it is about a number.
    fn count(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count {
                resource_type,
                bucket,
                excess,
            } => {
                let (few, many) = ("fewer", "more");
                let than = if *excess < 0 { few } else { many };
                let kind = kind(*resource_type);
                let excess = excess.unsigned_abs();
                write!(
                    out,
                    "bucket {bucket} of the {kind} directory counts {excess} {than} than it holds"
                )
            }
            Self::Overfull {
                resource_type,
                bucket,
                held,
            } => write!(
                out,
                "bucket {bucket} of the {} directory holds {held}, which is more than {BUCKET_SIZE}",
                kind(*resource_type)
            ),
            Self::Seats { row, excess } => {
                let than = if *excess < 0 { "fewer" } else { "more" };
                let excess = excess.unsigned_abs();
                write!(
                    out,
                    "row {row} of the User directory counts {excess} {than} active users than its buckets hold"
                )
            }
            _ => Ok(()),
        }
    }
}

/// Characters of a strange key that are shown: tenant and kind of item.
const SHOWN: usize = 14;

/// Free text stands last in a key, and may be a value.
fn begin(key: &Key) -> String {
    key.pk.chars().take(SHOWN).collect()
}

impl fmt::Display for Alias {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attribute = self.attribute;
        match (self.wanted.as_slice(), self.held) {
            ([], Some(held)) => {
                let held = named(held);
                write!(
                    out,
                    "{held}: an alias of {attribute} names it, but it is gone or has no such value"
                )
            }
            ([], None) => write!(out, "an alias of {attribute} names nobody"),
            ([one], None) => {
                write!(
                    out,
                    "{}: a value of {attribute} has no alias, so no lookup finds it",
                    named(*one)
                )
            }
            ([one], Some(held)) => {
                let (one, held) = (named(*one), named(held));
                write!(
                    out,
                    "{one}: the alias of a value of {attribute} names {held} instead, which is gone or has no such value"
                )
            }
            (many, _) => {
                let all: Vec<String> = many.iter().map(|id| named(*id)).collect();
                let all = all.join(" and ");
                write!(
                    out,
                    "{all}: one value of {attribute}, which only one can hold; change it in one of them"
                )
            }
        }
    }
}

impl Part {
    fn words(&self) -> &'static str {
        match self {
            Self::Config => "the tenant has no item of its own: no token of it works",
            Self::Registry => "the tenant is missing from the registry",
            Self::Name => "the tenant's name does not lead to it",
            Self::Names => "the registry has another name for the tenant",
            Self::Alien(_) => "a name leads to the tenant that is not its own",
            Self::Nested(_) => {
                "a group is in a group, and the tenant does not note it: groups that hold somebody through others are not shown"
            }
            Self::Twins(..) => "resources share a value, and the tenant does not note it",
        }
    }
}

impl Broken {
    fn words(self) -> &'static str {
        match self {
            Self::Unreadable => "its item does not read",
            Self::Invalid => "its document has no name or too many e-mail addresses",
            Self::Generation => {
                "it says of its members what its resource type does not have, or nothing"
            }
            Self::Waits => "it says which big change it waits for or until when, and not both",
            Self::Indexed => "its index attributes are not those of its document",
        }
    }
}

impl Amiss {
    fn words(self) -> &'static str {
        match self {
            Self::OnlyForward => "the group has the member, the member does not have the group",
            Self::OnlyReverse => "the member has the group, the group does not have the member",
            Self::GroupGone => "the group is gone, and nothing waits to remove the edge",
            Self::GenerationGone => {
                "the group has given up these members, and nothing waits to remove the edge"
            }
            Self::MemberGone => "the member is gone, and nothing waits to remove the edge",
        }
    }
}

impl Loose {
    fn words(self) -> &'static str {
        match self {
            Self::Head => "it waits for a big change that no row names, so nobody finishes it",
            Self::Row => "a row names a big change that the group does not wait for",
            Self::Lanes => "lanes of a big change that the group does not wait for",
        }
    }
}

/// The name of a resource type.
pub(super) fn kind(resource_type: u8) -> &'static str {
    match resource_type {
        0 => USER.name,
        _ => GROUP.name,
    }
}

fn named(id: Id) -> String {
    format!("{} {id}", kind(id.resource_type()))
}
