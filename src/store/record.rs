//! A resource as stored: its document, version and times, and the item that holds them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde_json::Value;

use super::StoreError;
use super::aliases;
use super::commit::Sizes;
use super::id::Id;
use super::keys::{self, TenantScope};
use crate::schema::Document;
use crate::table::{Attr, Attrs, BY_EXTERNAL_ID, BY_NAME, Item};

/// Bytes of a document as JSON. Every added member pays for a look at the member's item, so it must stay small.
pub const DOCUMENT_MAX: usize = 64 * 1024;

/// Values in a document. Each takes many times its text in memory, and a list shows a thousand documents at once.
pub const DOCUMENT_VALUES_MAX: usize = 4_000;

const KB: usize = 1024;
/// Bytes of an item beside its document, roughly: the key, the index keys, version and times.
const ITEM_REST: usize = 256;

/// A resource at one version.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    pub id: Id,
    /// Grows with every change; the `ETag`.
    pub version: i64,
    /// Milliseconds since 1970.
    pub created: i64,
    /// Milliseconds since 1970.
    pub modified: i64,
    /// Without `id`, `schemas`, `meta`, `groups` and `members`.
    pub document: Document,
    /// Attributes whose value another resource held first, so that the alias stands in a slot of its own.
    pub(super) twins: BTreeSet<String>,
    /// Which set of edges holds a group's members; empty for other types.
    pub(super) generation: String,
    /// The latest change of a group's members that was not about one of them alone; empty where there was none.
    pub(super) latest: String,
    /// That change, if it is a big one and not in the edges yet.
    pub(super) pending: Option<Pending>,
}

/// A group's open big change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pending {
    /// Names its lanes.
    pub op: String,
    /// Its maker works on it alone until then; milliseconds since 1970.
    pub until: i64,
    /// How many lanes there were at most.
    pub lanes: usize,
}

/// Names of the attributes of a resource's item.
pub(super) mod attr {
    pub(crate) const VERSION: &str = "v";
    pub(crate) const CREATED: &str = "ct";
    pub(crate) const MODIFIED: &str = "lm";
    pub(crate) const DOCUMENT: &str = "d";
    pub(crate) const TWINS: &str = "tw";
    pub(crate) const GENERATION: &str = "gen";
    pub(crate) const LATEST: &str = "op";
    pub(crate) const PENDING: &str = "pend";
    pub(crate) const PENDING_UNTIL: &str = "pu";
    pub(crate) const PENDING_LANES: &str = "pl";
}

/// Attributes that not every resource has, and by which it is found: a change may take them away, and a record that is
/// kept of a deleted user has none.
pub(super) const OPTIONAL: [&str; 5] = [
    BY_NAME.pk,
    BY_NAME.sk,
    BY_EXTERNAL_ID.pk,
    BY_EXTERNAL_ID.sk,
    attr::TWINS,
];

impl Record {
    /// The version as a weak entity tag: `W/"7"`.
    pub fn etag(&self) -> String {
        format!("W/\"{}\"", self.version)
    }

    /// Reads the item of a resource; an item the store did not write is our failure.
    pub(super) fn read(item: &Item) -> Result<Self, StoreError> {
        let broken = || StoreError::Broken("a resource's item does not read");
        let number = |name| item.number(name).ok_or_else(broken);
        let document = match item.attrs.get(attr::DOCUMENT) {
            Some(Attr::S(json)) => serde_json::from_str(json).map_err(|_| broken())?,
            Some(Attr::B(deflated)) => {
                // The bound keeps a damaged item from filling the memory.
                let json = DeflateDecoder::new(deflated.as_slice()).take(2 * DOCUMENT_MAX as u64);
                serde_json::from_reader(json).map_err(|_| broken())?
            }
            _ => return Err(broken()),
        };
        Ok(Self {
            id: Id::from_key(&item.key.sk).ok_or_else(broken)?,
            version: number(attr::VERSION)?,
            created: number(attr::CREATED)?,
            modified: number(attr::MODIFIED)?,
            document,
            twins: item
                .texts(attr::TWINS)
                .unwrap_or_default()
                .iter()
                .cloned()
                .collect(),
            generation: generation(item).unwrap_or_default().to_owned(),
            latest: item.text(attr::LATEST).unwrap_or_default().to_owned(),
            pending: pending(item),
        })
    }

    /// What the item holds beside its key.
    pub(super) fn attrs(&self, tenant: &TenantScope) -> Result<Attrs, StoreError> {
        let mut attrs: Attrs = BTreeMap::from([
            (attr::VERSION, Attr::N(self.version)),
            (attr::CREATED, Attr::N(self.created)),
            (attr::MODIFIED, Attr::N(self.modified)),
            (attr::DOCUMENT, encode(&self.document)?),
        ]);
        if !self.twins.is_empty() {
            attrs.insert(attr::TWINS, Attr::Ss(self.twins.iter().cloned().collect()));
        }
        if !self.generation.is_empty() {
            attrs.insert(attr::GENERATION, Attr::S(self.generation.clone()));
        }
        if !self.latest.is_empty() {
            attrs.insert(attr::LATEST, Attr::S(self.latest.clone()));
        }
        if let Some(pending) = &self.pending {
            attrs.insert(attr::PENDING, Attr::S(pending.op.clone()));
            attrs.insert(attr::PENDING_UNTIL, Attr::N(pending.until));
            attrs.insert(attr::PENDING_LANES, count(pending.lanes));
        }
        let resource_type = self.id.resource_type();
        for indexed in aliases::indexed(resource_type) {
            let Some(index) = indexed.index else { continue };
            if let Some(norm) = aliases::norms(indexed, &self.document).pop() {
                let partition = tenant.indexed(index, resource_type);
                attrs.insert(index.pk, Attr::S(partition));
                attrs.insert(index.sk, Attr::S(keys::index_sort(&norm, self.id)));
            }
        }
        Ok(attrs)
    }
}

fn pending(item: &Item) -> Option<Pending> {
    let lanes = item.number(attr::PENDING_LANES);
    Some(Pending {
        op: item.text(attr::PENDING)?.to_owned(),
        until: item.number(attr::PENDING_UNTIL)?,
        lanes: lanes
            .and_then(|lanes| usize::try_from(lanes).ok())
            .unwrap_or(Sizes::default().lanes),
    })
}

/// A number of things as an attribute.
pub(super) fn count(things: usize) -> Attr {
    Attr::N(i64::try_from(things).unwrap_or(i64::MAX))
}

/// The generation that a group's item names.
pub(super) fn generation(item: &Item) -> Option<&str> {
    item.text(attr::GENERATION)
}

/// Fails where the document has too many values, and more than it had: nobody is kept from switching a user off.
pub(super) fn bounded(document: &Document, old: Option<&Document>) -> Result<(), StoreError> {
    let count = |document: &Document| -> usize {
        let others = document.iter().filter(|(name, _)| *name != "active");
        others.map(|(_, value)| values(value)).sum()
    };
    if count(document) > DOCUMENT_VALUES_MAX.max(old.map_or(0, count)) {
        return Err(StoreError::DocumentTooLarge);
    }
    Ok(())
}

fn values(value: &Value) -> usize {
    match value {
        Value::Array(list) => list.iter().map(values).sum(),
        Value::Object(object) => object.values().map(values).sum(),
        _ => 1,
    }
}

/// JSON, deflated where that makes the item a whole KB smaller: writes are billed by the KB.
fn encode(document: &Document) -> Result<Attr, StoreError> {
    let json = serde_json::to_string(document)
        .map_err(|_| StoreError::Broken("a document does not write"))?;
    if json.len() > DOCUMENT_MAX {
        return Err(StoreError::DocumentTooLarge);
    }
    if json.len() + ITEM_REST <= KB {
        return Ok(Attr::S(json));
    }
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    let deflated = encoder
        .write_all(json.as_bytes())
        .and_then(|()| encoder.finish())
        .map_err(|_| StoreError::Broken("a document does not deflate"))?;
    let units = |bytes: usize| (bytes + ITEM_REST).div_ceil(KB);
    if units(deflated.len()) < units(json.len()) {
        Ok(Attr::B(deflated))
    } else {
        Ok(Attr::S(json))
    }
}
