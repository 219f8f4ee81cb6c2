//! The two indexes as witnesses: they are kept by the table itself, so they tell of documents on their own.

use std::collections::{HashMap, HashSet};

use super::facts::{Facts, INDEXES, Resource, digest};
use super::fault::{Broken, Fault};
use super::report::Report;
use super::words::kind;
use super::{Ask, Entity, PAUSE_MS};
use crate::store::keys::{TenantScope, parse};
use crate::store::{Id, Store, StoreError};
use crate::table::{Index, Query};

/// Entries read at once.
const PAGE: u32 = 1_000;

impl Store {
    /// Notes where an index does not show what the documents have. An index may be late, so that is no finding.
    pub(super) async fn witness(
        &self,
        scope: &TenantScope,
        facts: &Facts,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        for resource_type in [0, 1] {
            for (place, index) in INDEXES.into_iter().enumerate() {
                let pk = scope.indexed(index, resource_type);
                let shown = Shown {
                    index,
                    place,
                    pk,
                    resource_type,
                };
                let differ = self.differ(&shown, &facts.resources, None).await?;
                if differ.is_empty() {
                    continue;
                }
                self.host().sleep_ms(PAUSE_MS).await;
                let suspects: Vec<Fault> = differ
                    .iter()
                    .map(|id| Fault::Document(*id, Broken::Indexed))
                    .collect();
                let again = self.look_again(scope, &suspects).await?;
                let differ = self.differ(&shown, &again.resources, Some(&differ)).await?;
                if let Some(first) = differ.iter().min() {
                    let (name, kind, count) = (index.name, kind(resource_type), differ.len());
                    report.warn(scope, facts, &format!("the index {name} is late or wrong for {count} {kind}s, {first} among them"));
                }
            }
        }
        Ok(())
    }

    /// The resources of which the index shows what `known` does not have, or not what it has; of all or of `only` these.
    async fn differ(
        &self,
        shown: &Shown,
        known: &HashMap<Id, Resource>,
        only: Option<&HashSet<Id>>,
    ) -> Result<HashSet<Id>, StoreError> {
        let asked = |id: &Id| only.is_none_or(|only| only.contains(id));
        let (mut seen, mut differ) = (HashSet::new(), HashSet::new());
        let mut query = Query {
            limit: Some(PAGE),
            ..Query::all(shown.pk.clone())
        };
        loop {
            let page = self.page(&Ask::Index(shown.index, query.clone())).await?;
            for item in page.items {
                let (_, Some(Entity::Resource(id))) = parse(&item.key) else {
                    continue;
                };
                if !asked(&id) {
                    continue;
                }
                let has = known
                    .get(&id)
                    .and_then(|known| known.indexed.get(shown.place));
                if item.attrs.get(shown.index.sk).map(digest).as_ref() == has {
                    seen.insert(id);
                } else {
                    differ.insert(id);
                }
            }
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
        let lacking = known.iter().filter(|(id, known)| {
            id.resource_type() == shown.resource_type
                && asked(id)
                && known
                    .indexed
                    .get(shown.place)
                    .is_some_and(|digest| *digest != 0)
                && !seen.contains(id)
        });
        differ.extend(lacking.map(|(id, _)| *id));
        Ok(differ)
    }
}

/// One partition of an index.
#[derive(Debug)]
struct Shown {
    index: Index,
    /// The index's place among both.
    place: usize,
    pk: String,
    resource_type: u8,
}
