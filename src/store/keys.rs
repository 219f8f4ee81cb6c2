//! The single-table key design, whole. No other file spells a key.
//!
//! | item                   | PK                        | SK                      |
//! |------------------------|---------------------------|-------------------------|
//! | resource               | `T#t#R#<id[0..8]>`        | `<id>`                  |
//! | directory row          | `T#t#B#<type>`            | `<row, 6 digits>`       |
//! | alias                  | `T#t#N#<type>#<attr>#<n>` | `@` or `<id>`           |
//! | forward edge           | `T#t#M#<group>#<gen>`     | `<member>`              |
//! | reverse edge           | `T#t#V#<member>`          | `<group>`               |
//! | lane of a big change   | `T#t#O#<group>`           | `<op>#<lane, 2 digits>` |
//! | work: deleted resource | `T#t#D`                   | `U#<id>`                |
//! | work: dead generation  | `T#t#D`                   | `M#<group>#<gen>`       |
//! | work: open big change  | `T#t#D`                   | `P#<group>#<op>`        |
//! | outbox                 | `T#t#X`                   | `<ulid>`                |
//! | refusal                | `T#t#E`                   | `<ulid>`                |
//! | kept user              | `T#t#Z`                   | `<id>`                  |
//! | requests in a window   | `T#t#W`                   | `<connection>#<window>` |
//! | used assertion         | `T#t#U`                   | `<b64url sha256>`       |
//! | gate of the seats      | `T#t#G`                   | `@`                     |
//! | tenant, token          | `T#t`                     | `@`, `K#<b64url sha256>`|
//! | connection, client     | `T#t`                     | `C#<id>`, `O#<id>`      |
//! | tenant's schema        | `T#t`                     | `S#<urn, lower case>`   |
//! | registry               | `A#tenants`               | `<t>`                   |
//! | tenant name            | `A#name#<n>`              | `@`                     |
//! | admin key              | `A#keys`                  | `<b64url sha256>`       |
//!
//! | index          | PK               | SK                   | of                               |
//! |----------------|------------------|----------------------|----------------------------------|
//! | `byName`       | `T#t#I#<type>`   | `<n>` U+0001 `<id>`  | userName, a group's displayName  |
//! | `byExternalId` | `T#t#J#<type>`   | `<n>` U+0001 `<id>`  | externalId                       |
//!
//! `t` is ten base32 characters, so no tenant's prefix begins another's; `<n>` is a value in normal form.

mod parse;
mod settings;

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

pub(super) use parse::{Entity, parse};
pub(super) use settings::{admin_key, admin_keys, registry, tenant_name, tenants};

use super::id::Id;
use crate::filter::CompareOp;
use crate::table::{BY_NAME, Index, Key, Range};

/// Characters of a tenant id.
pub(super) const TENANT_CHARS: usize = 10;
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Longest normal form spelled out in an alias key; longer ones stand as their digest.
const ALIAS_TEXT_MAX: usize = 512;
/// Index keys are cut here: order and prefixes up to this length survive.
const INDEX_TEXT_MAX: usize = 512;

/// Sorts before every printable character, so that "hr" stands before "hr!" and "hr team".
const END: char = '\u{1}';
/// Sorts after every other character.
const LAST: char = char::MAX;
/// The slot of an alias that only one resource can hold.
const SLOT: &str = "@";

/// One tenant: the only way to a key inside it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantScope(Arc<str>);

/// A normalised value that finds resources: which attribute, and the value's normal form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AliasValue {
    pub attribute: &'static str,
    pub norm: String,
}

impl TenantScope {
    /// A new tenant, named by 50 random bits.
    pub(super) fn draw(random: u64) -> Self {
        let digit = |place: usize| {
            BASE32
                .get(usize::from((random >> (5 * place)).to_le_bytes()[0] & 31))
                .copied()
                .unwrap_or(b'a')
        };
        Self(
            (0..TENANT_CHARS)
                .map(|place| char::from(digit(place)))
                .collect::<String>()
                .into(),
        )
    }

    /// Reads a tenant id.
    pub fn parse(text: &str) -> Option<Self> {
        let valid = text.len() == TENANT_CHARS && text.bytes().all(|byte| BASE32.contains(&byte));
        valid.then(|| Self(text.into()))
    }

    fn key(&self, entity: fmt::Arguments<'_>, sk: impl Into<String>) -> Key {
        Key {
            pk: self.pk(entity),
            sk: sk.into(),
        }
    }

    fn pk(&self, entity: fmt::Arguments<'_>) -> String {
        format!("T#{}#{entity}", self.0)
    }

    pub(super) fn resource(&self, id: Id) -> Key {
        Key {
            pk: self.resources_of(id.resource_type(), id.bucket()),
            sk: id.key(),
        }
    }

    /// The partition of one directory bucket's resources.
    pub(super) fn resources_of(&self, resource_type: u8, bucket: u32) -> String {
        self.pk(format_args!("R#{resource_type:x}{bucket:07x}"))
    }

    pub(super) fn directory(&self, resource_type: u8) -> String {
        self.pk(format_args!("B#{resource_type}"))
    }

    pub(super) fn directory_row(&self, resource_type: u8, row: u32) -> Key {
        Key {
            pk: self.directory(resource_type),
            sk: format!("{row:06x}"),
        }
    }

    /// The alias of `value` in its single slot, or in the slot of one resource.
    pub(super) fn alias(&self, resource_type: u8, value: &AliasValue, slot: Option<Id>) -> Key {
        Key {
            pk: self.aliases(resource_type, value),
            sk: slot.map_or_else(|| SLOT.to_owned(), Id::key),
        }
    }

    /// The partition of every alias of `value`.
    pub(super) fn aliases(&self, resource_type: u8, value: &AliasValue) -> String {
        let attribute = value.attribute;
        if value.norm.len() <= ALIAS_TEXT_MAX {
            self.pk(format_args!(
                "N#{resource_type}#{attribute}#={}",
                value.norm
            ))
        } else {
            let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(&value.norm));
            self.pk(format_args!("N#{resource_type}#{attribute}#~{digest}"))
        }
    }

    pub(super) fn forward(&self, group: Id, generation: &str, member: Id) -> Key {
        Key {
            pk: self.members(group, generation),
            sk: member.key(),
        }
    }

    /// The partition of a group's forward edges.
    pub(super) fn members(&self, group: Id, generation: &str) -> String {
        self.pk(format_args!("M#{}#{generation}", group.key()))
    }

    pub(super) fn reverse(&self, member: Id, group: Id) -> Key {
        Key {
            pk: self.groups(member),
            sk: group.key(),
        }
    }

    /// The partition of a member's reverse edges.
    pub(super) fn groups(&self, member: Id) -> String {
        self.pk(format_args!("V#{}", member.key()))
    }

    /// The partition of the lanes of a group's open big change.
    pub(super) fn lanes(&self, group: Id) -> String {
        self.pk(format_args!("O#{}", group.key()))
    }

    pub(super) fn lane(&self, group: Id, op: &str, number: usize) -> Key {
        self.key(
            format_args!("O#{}", group.key()),
            format!("{op}#{number:02}"),
        )
    }

    pub(super) fn work(&self) -> String {
        self.pk(format_args!("D"))
    }

    pub(super) fn work_deleted(&self, id: Id) -> Key {
        self.key(format_args!("D"), format!("U#{}", id.key()))
    }

    pub(super) fn work_generation(&self, group: Id, generation: &str) -> Key {
        self.key(format_args!("D"), format!("M#{}#{generation}", group.key()))
    }

    pub(super) fn work_change(&self, group: Id, op: &str) -> Key {
        self.key(format_args!("D"), format!("P#{}#{op}", group.key()))
    }

    pub(super) fn outbox(&self, ulid: &str) -> Key {
        self.key(format_args!("X"), ulid)
    }

    /// The partition of an index that holds one resource type.
    pub(super) fn indexed(&self, index: Index, resource_type: u8) -> String {
        if index == BY_NAME {
            self.pk(format_args!("I#{resource_type}"))
        } else {
            self.pk(format_args!("J#{resource_type}"))
        }
    }
}

impl fmt::Display for TenantScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a row of the work partition asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Work {
    /// Take a deleted resource out of its groups.
    Deleted(Id),
    /// Remove the edges of a dead generation.
    Generation(Id, String),
    /// Finish a group's big change.
    Change(Id, String),
}

impl Work {
    /// Reads the sort key of a work row.
    pub(super) fn from_key(sk: &str) -> Option<Self> {
        match sk.split_once('#')? {
            ("U", id) => Id::from_key(id).map(Self::Deleted),
            ("M", rest) => named(rest).map(|(group, name)| Self::Generation(group, name)),
            ("P", rest) => named(rest).map(|(group, name)| Self::Change(group, name)),
            _ => None,
        }
    }
}

/// A group's id, and what follows it.
fn named(text: &str) -> Option<(Id, String)> {
    let (group, name) = text.split_once('#')?;
    Some((Id::from_key(group)?, name.to_owned()))
}

/// The number of a directory row.
pub(super) fn row_number(sk: &str) -> Option<u32> {
    u32::from_str_radix(sk, 16).ok()
}

/// Sort key of both indexes.
pub(super) fn index_sort(norm: &str, id: Id) -> String {
    format!("{}{END}{}", index_prefix(norm), id.key())
}

/// Sort keys that hold every value for which the comparison with `norm` is true, and perhaps some more.
pub(super) fn index_range(op: CompareOp, norm: &str) -> Option<Range> {
    let start = index_prefix(norm).to_owned();
    match op {
        CompareOp::Sw => Some(Range::BeginsWith(start)),
        CompareOp::Gt | CompareOp::Ge => Some(Range::GreaterOrEqual(start)),
        // Behind every key whose value is `norm` or begins with it.
        CompareOp::Lt | CompareOp::Le => Some(Range::LessOrEqual(format!("{start}{LAST}"))),
        CompareOp::Eq | CompareOp::Ne | CompareOp::Co | CompareOp::Ew => None,
    }
}

/// What stands of a value in an index.
fn index_prefix(norm: &str) -> &str {
    let mut end = norm.len().min(INDEX_TEXT_MAX);
    while !norm.is_char_boundary(end) {
        end -= 1;
    }
    norm.get(..end).unwrap_or_default()
}
