//! Mending documents, aliases and counts, each in one conditional transaction.

use std::collections::BTreeMap;

use super::fault::{Alias, Broken, Fault, Part};
use crate::schema::USER;
use crate::store::aliases::Indexed;
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
            Fault::Document(id, Broken::Waits) => self.mend_waits(*id).await,
            Fault::Tenant(part) => self.mend_note(part).await,
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
                let of_it = Condition::Equals(identity::CONNECTION, of_it);
                let connection = self.scope.connection(connection);
                self.all(vec![
                    Write::delete(key.clone()).when(of_it),
                    Write::check(connection, Condition::NotExists),
                ])
                .await
            }
            Fault::Left(key) => self.mend_left(key).await,
            Fault::Stray(_)
            | Fault::Unreadable(..)
            | Fault::Document(..)
            | Fault::Overfull { .. } => Ok(false),
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

    /// The tenant's item notes it again; what it notes is never taken back, so there is nothing to lose.
    async fn mend_note(&self, part: &Part) -> Result<bool, StoreError> {
        let mut plan = Plan::new(outbox::draw_generation(self.host()));
        match part {
            Part::Nested(edge) => {
                let unaware = Self {
                    nested: false,
                    ..self.clone()
                };
                unaware.plan_nested(&mut plan, [edge.member]);
            }
            Part::Twins(attribute, id) => {
                let mut indexed = aliases::indexed(id.resource_type()).iter();
                let indexed = indexed.find(|indexed| indexed.name == *attribute);
                let Some(flag) = indexed.and_then(Indexed::ever) else {
                    return Ok(false);
                };
                plan.note(self.scope.config(), flag);
            }
            _ => return Ok(false),
        }
        Ok(matches!(self.commit(&plan).await?, Outcome::Done))
    }

    async fn mend_left(&self, key: &Key) -> Result<bool, StoreError> {
        let erased = Attr::S(State::Erased.name().to_owned());
        let is_erased = Condition::Equals(identity::STATE, erased);
        self.all(vec![
            Write::delete(key.clone()),
            Write::check(self.scope.config(), is_erased),
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
        let write = Write::update(self.scope.resource(id), update);
        self.all(vec![write.when(as_read(Some(&record)))]).await
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
            let key = self.scope.resource(*id);
            writes.push(Write::check(key, as_read(record.as_ref())));
        }
        let write = match alias.wanted.as_slice() {
            [] => Write::delete(key),
            [one] => Write::put(key, [(aliases::HOLDER, Attr::S(one.key()))]),
            _ => return Ok(false),
        };
        writes.push(write.when(alias.held.map_or(Condition::NotExists, aliases::mine)));
        self.all(writes).await
    }

    /// The row counts what its buckets hold.
    async fn mend_counts(&self, resource_type: u8, row: u32) -> Result<bool, StoreError> {
        let counted = self.counted(resource_type, row).await?;
        // Who came before their bucket was read and went after it left the row as it was, but not the second reading.
        if self.counted(resource_type, row).await? != counted {
            return Ok(false);
        }
        let number = |count| Attr::N(i64::try_from(count).unwrap_or(i64::MAX));
        let mut set = Attrs::new();
        for (bucket, count) in directory::buckets_of(row) {
            let held = counted.held.keys().filter(|id| id.bucket() == bucket);
            let held = held.count();
            let knows = |row: &Item| row.attrs.contains_key(count);
            if held > 0 || counted.row.as_ref().is_some_and(knows) {
                set.insert(count, number(held));
            }
        }
        // A document that does not read may be anybody's.
        let seats: Option<Vec<bool>> = counted.held.values().copied().collect();
        if let (Some(seats), true) = (seats, resource_type == USER.number) {
            let active = seats.into_iter().filter(|takes| *takes);
            set.insert(directory::ACTIVE, number(active.count()));
        }
        let unchanged = counted.row.as_ref().map(directory::unchanged);
        let key = self.scope.directory_row(resource_type, row);
        let write = Write::update(key, Update::set(set));
        self.all(vec![write.when(unchanged.unwrap_or(Condition::NotExists))])
            .await
    }

    /// The row before what it counts: whoever comes between and stays changes the row.
    async fn counted(&self, resource_type: u8, row: u32) -> Result<Counted, StoreError> {
        let key = self.scope.directory_row(resource_type, row);
        let mut counted = Counted {
            row: self.table().get(&key).await?,
            held: BTreeMap::new(),
        };
        for (bucket, _) in directory::buckets_of(row) {
            let held = self.scope.resources_of(resource_type, bucket);
            for item in self.query_all(held, Range::All).await? {
                let Some(id) = Id::from_key(&item.key.sk) else {
                    continue;
                };
                let seat = Record::read(&item).ok();
                let seat = seat.as_ref().map(seats::takes_seat);
                counted.held.insert(id, seat);
            }
        }
        Ok(counted)
    }
}

/// A row of the directory, and what it counts: who is there, and whether they take a seat, if that can be read.
#[derive(Debug, PartialEq)]
struct Counted {
    row: Option<Item>,
    held: BTreeMap<Id, Option<bool>>,
}

/// The document is as it was read, or as gone.
fn as_read(record: Option<&Record>) -> Condition {
    match record {
        Some(record) => Condition::Equals(attr::VERSION, Attr::N(record.version)),
        None => Condition::NotExists,
    }
}
