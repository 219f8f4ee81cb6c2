//! Mending documents, aliases and counts, each in one conditional transaction.

use super::fault::{Alias, Broken, Fault};
use crate::schema::USER;
use crate::store::commit::{Outcome, Plan, Role};
use crate::store::record::attr;
use crate::store::{
    Id, Record, State, StoreError, Tenant, aliases, directory, identity, outbox, seats,
};
use crate::table::{
    Attr, Attrs, BY_EXTERNAL_ID, BY_NAME, Condition, Item, Key, Range, Update, Write,
};

impl Tenant {
    /// Whether the fault was there to be mended.
    pub(super) async fn mend(&self, fault: &Fault) -> Result<bool, StoreError> {
        match fault {
            Fault::Document(id, Broken::Indexed) => self.mend_indexed(*id).await,
            Fault::Alias(alias) => self.mend_alias(alias).await,
            Fault::Count {
                resource_type,
                bucket,
                ..
            } => {
                let row = directory::row_of(*bucket);
                self.mend_counts(*resource_type, row).await
            }
            Fault::Seats { row, .. } => self.mend_counts(USER.number, *row).await,
            Fault::Edge(edge, amiss) => self.mend_edge(*edge, *amiss).await,
            Fault::Work(work) => self.mend_row(work).await,
            Fault::Change(group, op, loose) => self.mend_change(*group, op, *loose).await,
            Fault::Credential { key, connection } => {
                let of_it = Attr::S(connection.clone());
                self.all(vec![
                    Write::Delete {
                        key: key.clone(),
                        condition: Some(Condition::Equals(identity::CONNECTION, of_it)),
                    },
                    Write::Check {
                        key: self.scope.connection(connection),
                        condition: Condition::NotExists,
                    },
                ])
                .await
            }
            Fault::Left(key) => self.mend_left(key).await,
            Fault::Tenant(_) | Fault::Stray(_) | Fault::Unreadable(..) | Fault::Document(..) => {
                Ok(false)
            }
        }
    }

    /// All writes or none; `false` where a condition did not hold.
    pub(super) async fn all(&self, writes: Vec<Write>) -> Result<bool, StoreError> {
        let mut plan = Plan::new(outbox::draw_generation(self.host()));
        for write in writes {
            plan.push(Role::Own, write);
        }
        Ok(matches!(self.commit(&plan).await?, Outcome::Done))
    }

    async fn mend_left(&self, key: &Key) -> Result<bool, StoreError> {
        let erased = Attr::S(State::Erased.name().to_owned());
        self.all(vec![
            Write::Delete {
                key: key.clone(),
                condition: None,
            },
            Write::Check {
                key: self.scope.config(),
                condition: Condition::Equals(identity::STATE, erased),
            },
        ])
        .await
    }

    async fn mend_indexed(&self, id: Id) -> Result<bool, StoreError> {
        let record = self.get(id).await?;
        let mut set = record.attrs(&self.scope)?;
        let names = [BY_NAME.pk, BY_NAME.sk, BY_EXTERNAL_ID.pk, BY_EXTERNAL_ID.sk];
        set.retain(|name, _| names.contains(name));
        let remove = names
            .into_iter()
            .filter(|name| !set.contains_key(name))
            .collect();
        let update = Update {
            set,
            remove,
            ..Update::default()
        };
        let condition = Some(as_read(Some(&record)));
        let key = self.scope.resource(id);
        self.all(vec![Write::Update {
            key,
            update,
            condition,
        }])
        .await
    }

    /// The alias follows the documents, if they are still as they were read.
    async fn mend_alias(&self, alias: &Alias) -> Result<bool, StoreError> {
        let key = alias.key.clone();
        let mut writes = vec![];
        for id in alias.wanted.iter().chain(&alias.held) {
            let record = self.find(*id).await?;
            let wants = match &record {
                Some(Record {
                    document, twins, ..
                }) => aliases::keys(&self.scope, *id, document, twins)?.contains_key(&key),
                None => false,
            };
            if wants != alias.wanted.contains(id) {
                return Ok(false);
            }
            writes.push(Write::Check {
                key: self.scope.resource(*id),
                condition: as_read(record.as_ref()),
            });
        }
        let condition = Some(alias.held.map_or(Condition::NotExists, aliases::mine));
        writes.push(match alias.wanted.as_slice() {
            [] => Write::Delete { key, condition },
            [one] => Write::Put {
                key,
                attrs: [(aliases::HOLDER, Attr::S(one.key()))].into(),
                condition,
            },
            _ => return Ok(false),
        });
        self.all(writes).await
    }

    /// The row counts what its buckets hold.
    async fn mend_counts(&self, resource_type: u8, row: u32) -> Result<bool, StoreError> {
        let key = self.scope.directory_row(resource_type, row);
        // The row before what it counts: whoever comes between changes the row.
        let read = self.table().get(&key).await?;
        let number = |count| Attr::N(i64::try_from(count).unwrap_or(i64::MAX));
        let mut set = Attrs::new();
        let mut active = Some(0);
        for (bucket, count) in directory::buckets_of(row) {
            let held = self.scope.resources_of(resource_type, bucket);
            let held = self.query_all(held, Range::All).await?;
            let knows = |row: &Item| row.attrs.contains_key(count);
            if !held.is_empty() || read.as_ref().is_some_and(knows) {
                set.insert(count, number(held.len()));
            }
            // A document that does not read may be anybody's.
            let records: Result<Vec<_>, _> = held.iter().map(Record::read).collect();
            let seats = records.map(|all| all.iter().filter(|one| seats::takes_seat(one)).count());
            active = active.zip(seats.ok()).map(|(sum, seats)| sum + seats);
        }
        if let (Some(active), true) = (active, resource_type == USER.number) {
            set.insert(directory::ACTIVE, number(active));
        }
        let update = Update {
            set,
            ..Update::default()
        };
        let unchanged = read.as_ref().map(directory::unchanged);
        let condition = Some(unchanged.unwrap_or(Condition::NotExists));
        self.all(vec![Write::Update {
            key,
            update,
            condition,
        }])
        .await
    }
}

/// The document is as it was read, or as gone.
fn as_read(record: Option<&Record>) -> Condition {
    match record {
        Some(record) => Condition::Equals(attr::VERSION, Attr::N(record.version)),
        None => Condition::NotExists,
    }
}
