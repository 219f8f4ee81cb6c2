//! From a key back to what it names, for reading a whole table: only what this store spells has a meaning.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ulid::Ulid;

use super::settings::{CLIENT, CONNECTION, SCHEMA, TOKEN};
use super::{SLOT, TENANT_CHARS, TenantScope, Work, named, row_number};
use crate::store::id::Id;
use crate::table::Key;

/// What an item is, by its key alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) enum Entity {
    /// A row of the registry of tenants.
    Registered,
    /// Who has a name, as it stands in normal form.
    Name(String),
    Config,
    Token([u8; 32]),
    Connection,
    Client,
    /// One of the vendor's own keys.
    AdminKey,
    Schema(String),
    Resource(Id),
    /// A resource type and the number of a row.
    Directory(u8, u32),
    /// The attribute and the slot; the value stays in the key.
    Alias(u8, String),
    /// Group, generation and member, as the group's members are read.
    Forward(Id, String, Id),
    /// Member and group, as the member's groups are read.
    Reverse(Id, Id),
    /// Group and change.
    Lane(Id, String),
    Work(Work),
    Outbox,
    Refusal,
    /// A deleted user whose record is kept.
    Kept(Id),
    /// Counted requests, a used assertion, the gate of the seats: what is no resource and says nothing of one.
    Counter,
}

/// The tenant a key belongs to, where it says so, and what it names there. The tenant of a `Name` stands in its item.
pub(in crate::store) fn parse(key: &Key) -> (Option<TenantScope>, Option<Entity>) {
    if let Some(rest) = key.pk.strip_prefix("A#") {
        return match rest.strip_prefix("name#") {
            Some(norm) if key.sk == SLOT => (None, Some(Entity::Name(norm.to_owned()))),
            None if rest == "keys" => (None, digest(&key.sk).map(|_| Entity::AdminKey)),
            None if rest == "tenants" => {
                let tenant = TenantScope::parse(&key.sk);
                let entity = tenant.as_ref().map(|_| Entity::Registered);
                (tenant, entity)
            }
            _ => (None, None),
        };
    }
    let split = |rest: &'_ str| {
        let (tenant, rest) = rest.split_at_checked(TENANT_CHARS)?;
        let own = rest.is_empty() || rest.starts_with('#');
        Some((TenantScope::parse(tenant).filter(|_| own)?, rest.to_owned()))
    };
    match key.pk.strip_prefix("T#").and_then(split) {
        Some((tenant, rest)) => {
            let entity = entity(&tenant, &rest, key);
            (Some(tenant), entity)
        }
        None => (None, None),
    }
}

/// What a key of the tenant names; `rest` is what follows the tenant in its partition key.
fn entity(tenant: &TenantScope, rest: &str, key: &Key) -> Option<Entity> {
    if rest.is_empty() {
        return setting(key);
    }
    let (part, rest) = match rest.strip_prefix('#')?.split_once('#') {
        Some((part, rest)) => (part, Some(rest)),
        None => (rest.strip_prefix('#')?, None),
    };
    let (entity, spelled) = match (part, rest) {
        ("R", Some(_)) => {
            let id = id(&key.sk)?;
            (Entity::Resource(id), tenant.resource(id))
        }
        ("B", Some(rest)) => {
            let (resource_type, row) = (rest.parse().ok()?, row_number(&key.sk)?);
            let spelled = tenant.directory_row(resource_type, row);
            (Entity::Directory(resource_type, row), spelled)
        }
        ("N", Some(rest)) => return alias(rest, &key.sk),
        ("M", Some(rest)) => {
            let ((group, generation), member) = (named(rest)?, id(&key.sk)?);
            let spelled = tenant.forward(group, &generation, member);
            (Entity::Forward(group, generation, member), spelled)
        }
        ("V", Some(rest)) => {
            let (member, group) = (id(rest)?, id(&key.sk)?);
            (
                Entity::Reverse(member, group),
                tenant.reverse(member, group),
            )
        }
        ("O", Some(rest)) => {
            let (op, number) = key.sk.split_once('#')?;
            let group = id(rest)?;
            let spelled = tenant.lane(group, op, number.parse().ok()?);
            (Entity::Lane(group, op.to_owned()), spelled)
        }
        ("D", None) => {
            let work = Work::from_key(&key.sk)?;
            let spelled = work.key(tenant);
            (Entity::Work(work), spelled)
        }
        ("X", None) => {
            Ulid::from_string(&key.sk).ok()?;
            (Entity::Outbox, tenant.outbox(&key.sk))
        }
        ("E", None) => {
            Ulid::from_string(&key.sk).ok()?;
            (Entity::Refusal, tenant.refusal(&key.sk))
        }
        ("Z", None) => {
            let id = id(&key.sk)?;
            (Entity::Kept(id), tenant.kept_user(id))
        }
        ("W", None) => {
            let (connection, number) = key.sk.split_once('#')?;
            let spelled = tenant.window(connection, number.parse().ok()?);
            (Entity::Counter, spelled)
        }
        ("U", None) => (Entity::Counter, tenant.used_assertion(&digest(&key.sk)?)),
        ("G", None) => (Entity::Counter, tenant.seat_gate()),
        _ => return None,
    };
    // Other spellings of the same are not ours: nobody would ever read them.
    (spelled == *key).then_some(entity)
}

/// What stands beside a tenant's own item.
fn setting(key: &Key) -> Option<Entity> {
    if key.sk == SLOT {
        return Some(Entity::Config);
    }
    if let Some(urn) = key.sk.strip_prefix(SCHEMA) {
        return Some(Entity::Schema(urn.to_owned()));
    }
    let named = |start| key.sk.strip_prefix(start).and_then(TenantScope::parse);
    if named(CONNECTION).is_some() {
        return Some(Entity::Connection);
    }
    if named(CLIENT).is_some() {
        return Some(Entity::Client);
    }
    digest(key.sk.strip_prefix(TOKEN)?).map(Entity::Token)
}

fn digest(text: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

fn alias(rest: &str, sk: &str) -> Option<Entity> {
    let (resource_type, rest) = rest.split_once('#')?;
    let (attribute, value) = rest.split_once('#')?;
    let slot = sk == SLOT || id(sk).is_some();
    let spelled = slot && matches!(value.as_bytes(), [b'=' | b'~', _, ..]);
    let resource_type = resource_type.parse().ok()?;
    spelled.then(|| Entity::Alias(resource_type, attribute.to_owned()))
}

/// An id of a known type.
fn id(text: &str) -> Option<Id> {
    Id::from_key(text).filter(|id| Id::parse(&id.to_string()) == Some(*id))
}

impl Work {
    pub(in crate::store) fn key(&self, tenant: &TenantScope) -> Key {
        match self {
            Self::Deleted(id) => tenant.work_deleted(*id),
            Self::Generation(group, generation) => tenant.work_generation(*group, generation),
            Self::Change(group, op) => tenant.work_change(*group, op),
        }
    }
}

#[cfg(test)]
mod tests;
