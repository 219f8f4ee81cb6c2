//! What is remembered of a tenant's items: no document, only what the invariants speak of.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

use super::claims::Claims;
use super::fault::{Edge, Fault};
use super::shape;
use crate::schema::USER;
use crate::store::keys::{Entity, TenantScope, Work};
use crate::store::record::generation;
use crate::store::{Id, State, aliases, directory, identity, nested, schemas};
use crate::table::{Attr, BY_EXTERNAL_ID, BY_NAME, Index, Item, Key};

/// Everything known of one tenant.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub identity: Identity,
    pub resources: HashMap<Id, Resource>,
    pub claims: Claims,
    pub counts: HashMap<(u8, u32), i64>,
    /// Directory rows that changed whenever they were looked at: nothing is known of what they count.
    pub moving: HashSet<(u8, u32)>,
    /// Active users by row, as far as there is one.
    pub active: HashMap<u32, i64>,
    pub edges: HashMap<Edge, Sides>,
    /// By group and change, what it makes of the group.
    pub lanes: HashMap<(Id, String), Made>,
    pub rows: Vec<Row>,
    /// When the oldest of the rows was written; milliseconds since 1970.
    pub oldest: Option<i64>,
    pub outbox: u64,
    /// Ids of connections, and the credentials that name one.
    pub connections: HashSet<String>,
    pub credentials: Vec<(Key, String)>,
    /// Items beside the tenant's own.
    pub others: u64,
    /// Whose document does not read.
    pub unread: HashSet<Id>,
    /// What single items tell.
    pub faults: Vec<Fault>,
    /// By attribute, who has its value as a twin: the first of them.
    pub twins: BTreeMap<&'static str, Id>,
}

/// Under which names the tenant is known where.
#[derive(Debug, Default)]
pub(super) struct Identity {
    pub config: Option<String>,
    pub registry: Option<String>,
    /// Whether config and registry row are there, with or without a name.
    pub has_config: bool,
    pub has_registry: bool,
    /// Normal forms that lead here.
    pub names: BTreeSet<String>,
    /// Whether the tenant's item notes that a group was in a group.
    pub nested: bool,
    /// The attributes of which it notes twins.
    pub twins: BTreeSet<String>,
}

/// A resource that is alive.
#[derive(Debug, Default)]
pub(super) struct Resource {
    /// A user who is not switched off.
    pub active: bool,
    pub version: i64,
    /// The generation of a group's members.
    pub generation: Option<u64>,
    /// The open big change.
    pub pending: Option<Box<str>>,
    /// Digests of its sort keys in the indexes; 0 where it is not in one.
    pub indexed: [u64; 2],
}

/// What a big change makes of its group, as its lanes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Made {
    pub version: i64,
    pub generation: Option<u64>,
}

/// In which directions an edge was seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sides {
    pub forward: bool,
    pub reverse: bool,
}

/// A work row.
#[derive(Debug)]
pub(super) struct Row {
    pub work: Work,
    /// The group is deleted.
    pub dead: bool,
    /// The change that was open when it was.
    pub op: Option<String>,
}

/// Both indexes, in the order of `Resource::indexed`.
pub(super) const INDEXES: [Index; 2] = [BY_NAME, BY_EXTERNAL_ID];

impl Facts {
    /// Takes in an item of the tenant.
    pub(super) fn absorb(
        &mut self,
        tenant: Option<&TenantScope>,
        entity: Option<Entity>,
        item: &Item,
    ) {
        self.others += u64::from(entity != Some(Entity::Config));
        let read = match (tenant, entity) {
            (None, _) | (_, None) => Err(""),
            (Some(tenant), Some(Entity::Resource(id))) => {
                self.resource(tenant, id, item);
                Ok(())
            }
            (Some(tenant), Some(entity)) => self.other(tenant, entity, item),
        };
        if let Err(what) = read {
            let key = item.key.clone();
            self.faults.push(match what {
                "" => Fault::Stray(key),
                what => Fault::Unreadable(key, what),
            });
        }
    }

    /// Fails with what does not read; with nothing where the key means nothing.
    fn other(
        &mut self,
        tenant: &TenantScope,
        entity: Entity,
        item: &Item,
    ) -> Result<(), &'static str> {
        let edge = |group, generation: &str, member| Edge::new(group, generation, member).ok_or("");
        match entity {
            Entity::Directory(resource_type, row) => {
                let active = shape::active(item).ok_or("a count of the directory")?;
                let counts = directory::counted(item);
                let counts = counts.map(|(bucket, count)| ((resource_type, bucket), count));
                self.counts.extend(counts);
                if resource_type == USER.number {
                    self.active.insert(row, active);
                }
            }
            Entity::Alias(resource_type, name) => {
                let mut known = aliases::indexed(resource_type).iter();
                let known = known.find(|indexed| indexed.name == name).ok_or("")?;
                let holder = aliases::holder(item).ok_or("an alias")?;
                self.claims.hold(item.key.clone(), known.name, holder);
            }
            Entity::Forward(group, generation, member) => {
                let edge = edge(group, &generation, member)?;
                self.edges.entry(edge).or_default().forward = true;
            }
            Entity::Reverse(member, group) => {
                let generation = generation(item).ok_or("a membership")?;
                let edge = edge(group, generation, member).map_err(|_| "a membership")?;
                self.edges.entry(edge).or_default().reverse = true;
            }
            Entity::Lane(group, op) => {
                let made = shape::made(item).ok_or("a lane of a big change")?;
                self.lanes.insert((group, op), made);
            }
            Entity::Work(work) => {
                let (since, dead, op) = shape::work(item).ok_or("a work row")?;
                self.oldest = Some(self.oldest.map_or(since, |oldest| oldest.min(since)));
                self.rows.push(Row { work, dead, op });
            }
            Entity::Outbox => {
                shape::is_entry(item)
                    .then_some(())
                    .ok_or("an outbox item")?;
                self.outbox += 1;
            }
            setting => return self.setting(tenant, setting, item),
        }
        Ok(())
    }

    /// The same of what says nothing of a resource.
    fn setting(
        &mut self,
        tenant: &TenantScope,
        entity: Entity,
        item: &Item,
    ) -> Result<(), &'static str> {
        match entity {
            Entity::Connection => {
                let id = TenantScope::connection_of(&item.key);
                self.connections.extend(id.map(str::to_owned));
                identity::read_connection(item).map_err(|_| "a connection")?;
            }
            Entity::Client => {
                let client = identity::read_client(tenant, item).map_err(|_| "an OAuth client")?;
                self.credentials.push((item.key.clone(), client.connection));
            }
            Entity::Refusal => shape::is_logged(item).then_some(()).ok_or("a refusal")?,
            Entity::Kept(id) => shape::is_kept(item, id)
                .then_some(())
                .ok_or("the record of a deleted user")?,
            Entity::Config if State::of(item) == State::Erased => {}
            Entity::Config => {
                let name = item.text(identity::NAME);
                self.identity.has_config = true;
                self.identity.nested = nested::is_nested(item);
                self.identity.twins = aliases::twins_ever(item);
                self.identity.config = Some(name.ok_or("the tenant's own item")?.to_owned());
            }
            Entity::Registered => {
                self.identity.has_registry = true;
                let name = item.text(identity::NAME);
                self.identity.registry =
                    Some(name.ok_or("the tenant's row in the registry")?.to_owned());
            }
            Entity::Name(norm) => {
                self.identity.names.insert(norm);
            }
            Entity::Token(digest) => {
                let same = identity::same_digest(item, &digest);
                let connection = item.text(identity::CONNECTION);
                let connection = connection.filter(|_| same).ok_or("a token")?;
                self.credentials
                    .push((item.key.clone(), connection.to_owned()));
            }
            Entity::Schema(urn) => {
                let schema = schemas::read(item).map_err(|_| "a schema")?;
                let same = schema.schema.id.eq_ignore_ascii_case(&urn);
                same.then_some(()).ok_or("a schema")?;
            }
            // There is nothing that these have to agree with.
            Entity::Resource(_) | Entity::AdminKey | Entity::Counter => {}
            _ => return Err(""),
        }
        Ok(())
    }
}

/// Stands for a sort key; never 0.
pub(super) fn digest(sort_key: &Attr) -> u64 {
    let Attr::S(text) = sort_key else { return 1 };
    BuildHasherDefault::<DefaultHasher>::default()
        .hash_one(text)
        .max(1)
}
