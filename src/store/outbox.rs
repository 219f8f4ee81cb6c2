//! The outbox: one item per change, written in the change's own transaction; it is the provisioning log as well.

use std::collections::{BTreeMap, BTreeSet};

use ulid::Ulid;

use super::commit::{Plan, Role};
use super::id::Id;
use super::{Tenant, host};
use crate::schema::{Document, Quirks};
use crate::table::{Attr, Attrs, Condition, Write};

/// How long an entry is kept.
const KEPT_DAYS: i64 = 90;
const DAY_SECONDS: i64 = 86_400;

/// Names of the attributes of an entry, in part those of a refusal too.
pub(super) mod attr {
    pub(crate) const KIND: &str = "k";
    pub(crate) const RESOURCE: &str = "rid";
    pub(crate) const VERSION: &str = "v";
    pub(crate) const ACTOR: &str = "actor";
    pub(crate) const CONNECTION: &str = "cid";
    pub(crate) const REQUEST: &str = "req";
    /// Codes of the quirk catalogue.
    pub(crate) const QUIRKS: &str = "q";
    /// The answer where all goes well.
    pub(crate) const STATUS: &str = "st";
    pub(crate) const CHANGED: &str = "ch";
    /// Members, packed.
    pub(crate) const MEMBERS: &str = "ids";
    /// How many members the parts of a big change name; in the entry that stands for them all.
    pub(crate) const COUNT: &str = "n";
    /// A part of a big change, told by the entry of the same request and version that is none.
    pub(crate) const PART: &str = "part";
    pub(crate) const EXPIRES: &str = "exp";
}

/// What a request has to tell the log beside its changes.
#[derive(Debug, Clone, Default)]
pub(super) struct Noted {
    pub quirks: Quirks,
    /// The answer where all goes well; 0 where nobody is answered.
    pub status: u16,
}

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
    /// The resource's version after the change. Changes of members alone commute: of two that met, both may say the same.
    pub version: i64,
    pub changed: BTreeSet<String>,
    /// Members added or removed.
    pub members: Vec<Id>,
    pub extent: Extent,
}

/// How much of a change an entry tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    Whole,
    /// A big change, of so many members that its parts will name.
    Big(usize),
    /// A step of a big change.
    Part,
}

impl Tenant {
    /// Begins a plan with its outbox item, whose id `ulid` is the transaction's token as well.
    pub(super) fn plan(&self, ulid: String, entry: &Entry) -> Plan {
        let attrs = self.entry(entry);
        let key = self.scope.outbox(&ulid);
        let mut plan = Plan::new(ulid);
        plan.push(
            Role::Other,
            Write::put(key, attrs).when(Condition::NotExists),
        );
        plan
    }

    fn entry(&self, entry: &Entry) -> Attrs {
        let now = self.host().now_ms();
        let text = |text: &str| Attr::S(text.to_owned());
        let mut attrs: Attrs = BTreeMap::from([
            (attr::KIND, text(kind(entry))),
            (attr::RESOURCE, Attr::S(entry.id.key())),
            (attr::VERSION, Attr::N(entry.version)),
            (attr::ACTOR, text(&self.actor)),
            (attr::REQUEST, text(&self.request.id)),
            ("bell", Attr::N(1)),
            (
                attr::EXPIRES,
                Attr::N(now / 1_000 + KEPT_DAYS * DAY_SECONDS),
            ),
        ]);
        if !self.through.is_empty() {
            attrs.insert(attr::CONNECTION, text(&self.through));
        }
        if !entry.changed.is_empty() {
            let names = entry.changed.iter().cloned().collect();
            attrs.insert(attr::CHANGED, Attr::Ss(names));
        }
        if !entry.members.is_empty() {
            let packed = entry.members.iter().flat_map(|id| id.bytes()).collect();
            attrs.insert(attr::MEMBERS, Attr::B(packed));
        }
        match entry.extent {
            Extent::Whole => {}
            Extent::Big(members) => {
                let members = i64::try_from(members).unwrap_or(i64::MAX);
                attrs.insert(attr::COUNT, Attr::N(members));
            }
            // What the request met stands in the entry of the whole.
            Extent::Part => {
                attrs.insert(attr::PART, Attr::N(1));
                return attrs;
            }
        }
        let noted = self.noted();
        if noted.status > 0 {
            attrs.insert(attr::STATUS, Attr::N(noted.status.into()));
        }
        attrs.extend(quirks(&noted.quirks));
        attrs
    }
}

/// The quirks as an attribute, if there are any.
pub(super) fn quirks(quirks: &Quirks) -> Option<(&'static str, Attr)> {
    let codes: Vec<String> = quirks.codes().into_iter().map(str::to_owned).collect();
    (!codes.is_empty()).then_some((attr::QUIRKS, Attr::Ss(codes)))
}

impl Kind {
    /// What an entry's kind says that happened.
    pub(super) fn of(kind: &str) -> Option<&'static str> {
        let (_, what) = kind.split_once('.')?;
        ["created", "updated", "deleted", "members"]
            .into_iter()
            .find(|known| *known == what)
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
