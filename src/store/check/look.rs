//! The second look: what the suspicions are about, read strongly and anew.
//!
//! Looking at little leaves little time for changes between its reads, whatever the size of the table; to read it all
//! again would take as long as the first time, and meet as many changes.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::facts::Facts;
use super::fault::{Fault, Part};
use super::{Entity, belongs};
use crate::schema::{USER, norm};
use crate::store::directory::{buckets_of, row_of};
use crate::store::keys::{self, TenantScope, parse};
use crate::store::{Id, Store, StoreError, aliases, identity};
use crate::table::{Item, Key, Range};

/// Tries to read a directory row and what it counts while neither changes.
const COUNTS: usize = 5;

/// What has to be read.
#[derive(Debug, Default)]
struct Wanted {
    items: BTreeSet<Key>,
    resources: BTreeSet<Id>,
    /// Directory rows, by resource type and number, and which of their buckets.
    directory: BTreeMap<(u8, u32), BTreeSet<u32>>,
    /// Groups whose lanes matter.
    lanes: BTreeSet<Id>,
    rows: bool,
    identity: bool,
    /// Beside the tenant's own items: names that lead to it.
    names: BTreeSet<Key>,
}

impl Wanted {
    fn by(scope: &TenantScope, faults: &[Fault]) -> Self {
        let mut wanted = Self::default();
        for fault in faults {
            wanted.add(scope, fault);
        }
        wanted
    }

    fn add(&mut self, scope: &TenantScope, fault: &Fault) {
        self.resources.extend(fault.resource());
        match fault {
            Fault::Tenant(part) => {
                self.identity = true;
                self.names.extend(part.alien().map(keys::tenant_name));
                if let Part::Nested(edge) = part {
                    self.items
                        .extend([edge.forward(scope), edge.reverse(scope)]);
                }
            }
            // The registry stands outside of the tenant.
            Fault::Unreadable(key, _) if matches!(parse(key), (_, Some(Entity::Registered))) => {
                self.identity = true;
            }
            Fault::Stray(key) | Fault::Unreadable(key, _) => {
                self.items.insert(key.clone());
            }
            Fault::Credential { key, connection } => {
                self.items.insert(key.clone());
                self.items.insert(scope.connection(connection));
            }
            // Of what is left of an erased tenant all is looked for again.
            Fault::Document(..) | Fault::Left(_) => {}
            Fault::Alias(alias) => {
                self.items.insert(alias.key.clone());
                self.resources.extend(&alias.wanted);
                self.resources.extend(alias.held);
            }
            Fault::Count {
                resource_type,
                bucket,
                ..
            }
            | Fault::Overfull {
                resource_type,
                bucket,
                ..
            } => {
                let row = (*resource_type, row_of(*bucket));
                self.directory.entry(row).or_default().insert(*bucket);
            }
            Fault::Seats { row, .. } => {
                let buckets = buckets_of(*row).map(|(bucket, _)| bucket);
                let row = (USER.number, *row);
                self.directory.entry(row).or_default().extend(buckets);
            }
            Fault::Edge(edge, _) => {
                self.items.insert(edge.forward(scope));
                self.items.insert(edge.reverse(scope));
                self.resources.insert(edge.member);
                self.rows = true;
            }
            Fault::Work(_) => self.rows = true,
            Fault::Change(group, ..) => {
                self.lanes.insert(*group);
                self.rows = true;
            }
        }
    }
}

/// What was read; an item that was read twice stands as it was last.
#[derive(Debug, Default)]
struct Seen(BTreeMap<Key, Item>);

impl Seen {
    fn add(&mut self, items: Vec<Item>) {
        self.0
            .extend(items.into_iter().map(|item| (item.key.clone(), item)));
    }

    /// Whom the aliases name.
    fn holders(&self) -> Vec<Id> {
        let aliases = self
            .0
            .values()
            .filter(|item| matches!(parse(&item.key), (_, Some(Entity::Alias(..)))));
        aliases.filter_map(aliases::holder).collect()
    }
}

impl Store {
    /// Facts about what the faults are about. Of other things they may tell only half.
    ///
    /// Work rows are read last: the row of a deletion is written with it and stays longer than any look.
    pub(super) async fn look_again(
        &self,
        scope: &TenantScope,
        faults: &[Fault],
    ) -> Result<Facts, StoreError> {
        let mut wanted = Wanted::by(scope, faults);
        let tenant = self.checker(scope);
        let mut seen = Seen::default();
        if wanted.identity {
            self.look_at_identity(scope, wanted.names, &mut seen)
                .await?;
        }
        let items = |keys: Vec<Key>| {
            let tenant = &tenant;
            async move { self.patiently(|| tenant.batch_get(keys.clone())).await }
        };
        let all = |pk: String| {
            let tenant = &tenant;
            async move {
                self.patiently(|| tenant.query_all(pk.clone(), Range::All))
                    .await
            }
        };
        seen.add(items(wanted.items.into_iter().collect()).await?);
        let mut moving = HashSet::new();
        for ((resource_type, number), buckets) in wanted.directory {
            let row = scope.directory_row(resource_type, number);
            moving.insert((resource_type, number));
            for _ in 0..COUNTS {
                let mut held = items(vec![row.clone()]).await?;
                let before = held.clone();
                for bucket in &buckets {
                    held.extend(all(scope.resources_of(resource_type, *bucket)).await?);
                }
                // Who came or went meanwhile changed the row.
                if items(vec![row.clone()]).await? == before {
                    moving.remove(&(resource_type, number));
                    seen.add(held);
                    break;
                }
            }
        }
        wanted.resources.extend(seen.holders());
        let resources = wanted.resources.iter().map(|id| scope.resource(*id));
        seen.add(items(resources.collect()).await?);
        for group in wanted.lanes {
            seen.add(all(scope.lanes(group)).await?);
        }
        if wanted.rows {
            seen.add(all(scope.work()).await?);
        }
        let mut facts = Facts {
            moving,
            ..Facts::default()
        };
        // Documents before aliases: one alias that serves the first of two who want it must not hide the second.
        for item in seen.0.values().rev() {
            let (owner, entity) = belongs(item);
            if owner.as_ref() == Some(scope) {
                facts.absorb(Some(scope), entity, item);
            }
        }
        Ok(facts)
    }

    /// What the registry and the names say: they stand outside of the tenant.
    async fn look_at_identity(
        &self,
        scope: &TenantScope,
        mut names: BTreeSet<Key>,
        seen: &mut Seen,
    ) -> Result<(), StoreError> {
        for key in [scope.config(), keys::registry(scope)] {
            let item = self.one(&key).await?;
            let name = item.as_ref().and_then(|item| item.text(identity::NAME));
            names.extend(name.map(|name| keys::tenant_name(&norm(name, false))));
            seen.add(item.into_iter().collect());
        }
        for key in names {
            seen.add(self.one(&key).await?.into_iter().collect());
        }
        Ok(())
    }

    async fn one(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        self.patiently(|| async { Ok(self.table().get(key).await?) })
            .await
    }
}
