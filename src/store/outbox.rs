//! The outbox: one item per change, written in the change's own transaction; it is the provisioning log as well.

use std::collections::{BTreeMap, BTreeSet};

use ulid::Ulid;

use super::commit::{Plan, Role};
use super::id::Id;
use super::{Tenant, host};
use crate::schema::Document;
use crate::table::{Attr, Attrs, Condition, Write};

/// How long an entry is kept.
const KEPT_DAYS: i64 = 90;
const DAY_SECONDS: i64 = 86_400;

/// What happened to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Created,
    Updated,
    Deleted,
    /// Only a group's members changed.
    Members,
}

/// One entry: names of what changed, never values.
#[derive(Debug)]
pub(super) struct Entry {
    pub kind: Kind,
    pub id: Id,
    /// The resource's version after the change.
    pub version: i64,
    pub changed: BTreeSet<String>,
    /// Members added or removed.
    pub members: Vec<Id>,
}

impl Tenant {
    /// Begins a plan with its outbox item, whose id `ulid` is the transaction's token as well.
    pub(super) fn plan(&self, ulid: String, entry: &Entry) -> Plan {
        let now = self.host().now_ms();
        let mut attrs: Attrs = BTreeMap::from([
            ("k", Attr::S(kind(entry).to_owned())),
            ("rid", Attr::S(entry.id.key())),
            ("v", Attr::N(entry.version)),
            ("actor", Attr::S(self.actor.clone())),
            ("req", Attr::S(self.request.id.clone())),
            ("bell", Attr::N(1)),
            ("exp", Attr::N(now / 1_000 + KEPT_DAYS * DAY_SECONDS)),
        ]);
        if !entry.changed.is_empty() {
            attrs.insert("ch", Attr::Ss(entry.changed.iter().cloned().collect()));
        }
        if !entry.members.is_empty() {
            attrs.insert(
                "ids",
                Attr::B(entry.members.iter().flat_map(|id| id.bytes()).collect()),
            );
        }
        let key = self.scope.outbox(&ulid);
        let mut plan = Plan::new(ulid);
        plan.push(
            Role::Other,
            Write::Put {
                key,
                attrs,
                condition: Some(Condition::NotExists),
            },
        );
        plan
    }
}

fn kind(entry: &Entry) -> &'static str {
    match (entry.id.resource_type(), entry.kind) {
        (0, Kind::Created) => "user.created",
        (0, Kind::Deleted) => "user.deleted",
        (0, Kind::Updated | Kind::Members) => "user.updated",
        (_, Kind::Created) => "group.created",
        (_, Kind::Updated) => "group.updated",
        (_, Kind::Deleted) => "group.deleted",
        (_, Kind::Members) => "group.members",
    }
}

/// Names of the attributes that differ, extension attributes with their URN.
pub(super) fn changed(old: &Document, new: &Document) -> BTreeSet<String> {
    let differs = |name: &&String| old.get(*name) != new.get(*name);
    let names = old.keys().chain(new.keys()).filter(differs);
    names.flat_map(|name| inside(name, old, new)).collect()
}

fn inside(name: &str, old: &Document, new: &Document) -> Vec<String> {
    if !name.starts_with("urn:") {
        return vec![name.to_owned()];
    }
    let empty = Document::new();
    let part = |document: &'_ Document| {
        document
            .get(name)
            .and_then(|value| value.as_object())
            .cloned()
    };
    let (old, new) = (part(old).unwrap_or_default(), part(new).unwrap_or(empty));
    changed(&old, &new)
        .into_iter()
        .map(|attribute| format!("{name}:{attribute}"))
        .collect()
}

/// A fresh name for a change.
pub(super) fn draw_ulid(host: &dyn host::Host) -> String {
    let mut random = [0; 16];
    host.random(&mut random);
    let now = u64::try_from(host.now_ms()).unwrap_or(0);
    Ulid::from_parts(now, u128::from_le_bytes(random)).to_string()
}

/// A fresh name for a set of edges.
pub(super) fn draw_generation(host: &dyn host::Host) -> String {
    format!("{:016x}", host::random_u64(host))
}
