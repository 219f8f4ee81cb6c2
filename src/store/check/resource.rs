//! What is remembered of a resource: its place in indexes and aliases, and what its head says of its members.

use super::facts::{Facts, INDEXES, Resource, digest};
use super::fault::{Broken, Fault, number};
use crate::store::keys::TenantScope;
use crate::store::record::{Record, attr, generation};
use crate::store::{Id, StoreError, aliases, seats};
use crate::table::{Attr, Item};

impl Facts {
    pub(super) fn resource(&mut self, tenant: &TenantScope, id: Id, item: &Item) {
        let mut facts = Resource {
            version: item.number(attr::VERSION).unwrap_or_default(),
            generation: generation(item).and_then(number),
            pending: item.text(attr::PENDING).map(Into::into),
            ..Resource::default()
        };
        let broken = |broken| Fault::Document(id, broken);
        if facts.generation.is_some() == (id.resource_type() == 0) {
            self.faults.push(broken(Broken::Generation));
        }
        if waits_by_half(item) {
            self.faults.push(broken(Broken::Waits));
        }
        let read = Record::read(item).and_then(|record| {
            let wanted = aliases::keys(tenant, id, &record.document, &record.twins)?;
            Ok((record.attrs(tenant)?, wanted, record))
        });
        match read {
            Err(error) => {
                self.unread.insert(id);
                let unreadable = matches!(error, StoreError::Broken(_));
                self.faults.push(broken(if unreadable {
                    Broken::Unreadable
                } else {
                    Broken::Invalid
                }));
            }
            Ok((attrs, wanted, record)) => {
                facts.active = seats::takes_seat(&record);
                self.twins(&record);
                let mut names = INDEXES.iter().flat_map(|index| [index.pk, index.sk]);
                if names.any(|name| attrs.get(name) != item.attrs.get(name)) {
                    self.faults.push(broken(Broken::Indexed));
                }
                facts.indexed = INDEXES.map(|index| attrs.get(index.sk).map_or(0, digest));
                for (key, indexed) in wanted {
                    self.claims.want(key, indexed.name, id);
                }
            }
        }
        self.resources.insert(id, facts);
    }

    /// The first twin proves that the tenant has some, whatever order they are read in.
    fn twins(&mut self, record: &Record) {
        let indexed = aliases::indexed(record.id.resource_type()).iter();
        let noted = indexed
            .filter(|indexed| indexed.ever().is_some() && record.twins.contains(indexed.name));
        for indexed in noted {
            let first = self.twins.entry(indexed.name).or_insert(record.id);
            *first = record.id.min(*first);
        }
    }
}

/// A head names an open change and until when its maker has it alone, or neither. Half of it is read as neither; and
/// where only the name is there, every write to the group fails on it.
fn waits_by_half(head: &Item) -> bool {
    let has = |name: &str| head.attrs.contains_key(name);
    let named = matches!(head.attrs.get(attr::PENDING), Some(Attr::S(_)));
    let until = matches!(head.attrs.get(attr::PENDING_UNTIL), Some(Attr::N(_)));
    !(named && until) && (has(attr::PENDING) || has(attr::PENDING_UNTIL))
}
