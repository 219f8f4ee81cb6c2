//! The counted directory: buckets of up to 128 resources whose counts make totals and `startIndex` cheap.
//!
//! One row counts 16 buckets: a total reads every row. Neighbours among the buckets are counted in different rows, so that
//! who creates, deletes and switches at once seldom meets in one.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::host::random_u64;
use super::id::{BUCKET_MAX, Id};
use super::keys::{self, TenantScope};
use super::seats::{self, Gate};
use super::{Record, StoreError, Tenant};
use crate::table::{Condition, Consistency, Item, Query, Range, Update, Write};

/// Live resources in one bucket.
pub(super) const BUCKET_SIZE: i64 = 128;
/// Creates spread over this many buckets, or one directory row would be the tenant's bottleneck.
pub(super) const LANES: u32 = 4;
/// Tails remembered by one instance.
const TAILS_MAX: usize = 10_000;
/// In a row: how many resources live in each of its buckets.
const COUNTS: [&str; 16] = [
    "n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9", "na", "nb", "nc", "nd", "ne", "nf",
];
/// In a row: how many active users it counts.
pub(super) const ACTIVE: &str = "a";
/// Rows that count buckets which follow one another, before the first of them counts a second.
const ROWS: u32 = 16;

/// One bucket and how many resources live in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bucket {
    pub number: u32,
    pub count: u64,
}

/// The row that counts a bucket: its number without the last hex digit but one, which is the place in the row.
pub(super) fn row_of(bucket: u32) -> u32 {
    bucket >> 8 << 4 | bucket & 0xf
}

/// Every bucket that a row counts, and the attribute that does.
pub(super) fn buckets_of(row: u32) -> impl Iterator<Item = (u32, &'static str)> {
    let first = row >> 4 << 8 | row & 0xf;
    (0..).map(move |place| first | place << 4).zip(COUNTS)
}

/// The attribute of its row that counts a bucket.
pub(super) fn count_of(bucket: u32) -> &'static str {
    let place = (bucket >> 4 & 0xf) as usize;
    COUNTS.get(place).copied().unwrap_or_default()
}

/// The buckets that a row counts and ever had something in them.
pub(super) fn counted(row: &Item) -> impl Iterator<Item = (u32, i64)> {
    let buckets = keys::row_number(&row.key.sk)
        .into_iter()
        .flat_map(buckets_of);
    buckets.filter_map(|(bucket, count)| Some((bucket, row.number(count)?)))
}

/// The row counts as it was read.
pub(super) fn unchanged(row: &Item) -> Condition {
    let as_read = |name| match row.attrs.get(name) {
        Some(count) => Condition::Equals(name, count.clone()),
        None => Condition::Lacks(name),
    };
    Condition::And(COUNTS.into_iter().chain([ACTIVE]).map(as_read).collect())
}

type Rounds = [u32; LANES as usize];

/// Where each tenant's newest buckets are: a guess that the bucket's condition corrects.
#[derive(Debug, Default)]
pub(super) struct Tails(Mutex<HashMap<(TenantScope, u8), Rounds>>);

impl Tails {
    fn get(&self, tenant: &TenantScope, resource_type: u8) -> Option<Rounds> {
        let tails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tails.get(&(tenant.clone(), resource_type)).copied()
    }

    fn put(&self, tenant: &TenantScope, resource_type: u8, rounds: Rounds) {
        let mut tails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tails.len() >= TAILS_MAX {
            tails.clear();
        }
        tails.insert((tenant.clone(), resource_type), rounds);
    }
}

impl Tenant {
    /// A fresh id in one of the newest buckets.
    pub(super) async fn draw_id(&self, resource_type: u8) -> Result<Id, StoreError> {
        let rounds = match self.store.shared.tails.get(&self.scope, resource_type) {
            Some(rounds) => rounds,
            None => self.find_tails(resource_type).await?,
        };
        let lane = random_u64(self.host()) % u64::from(LANES);
        let round = rounds
            .get(usize::try_from(lane).unwrap_or(0))
            .copied()
            .unwrap_or(0);
        let bucket = (round * LANES + u32::try_from(lane).unwrap_or(0)).min(BUCKET_MAX);
        Ok(Id::new(
            resource_type,
            bucket,
            self.host().now_ms(),
            random_u64(self.host()),
        ))
    }

    async fn find_tails(&self, resource_type: u8) -> Result<Rounds, StoreError> {
        let query = Query {
            descending: true,
            limit: Some(2 * ROWS),
            ..Query::all(self.scope.directory(resource_type))
        };
        let page = self.table().query(&query, Consistency::Strong).await?;
        let mut newest: Vec<(u32, i64)> = page.items.iter().flat_map(counted).collect();
        newest.sort_unstable_by_key(|(bucket, _)| Reverse(*bucket));
        // A lane that is not among the newest starts where the foremost one is.
        let foremost = newest.first().map_or(0, |(bucket, _)| bucket / LANES);
        let mut rounds = [foremost; LANES as usize];
        for (lane, round) in (0..LANES).zip(&mut rounds) {
            if let Some((bucket, count)) = newest.iter().find(|(bucket, _)| bucket % LANES == lane)
            {
                *round = bucket / LANES + u32::from(*count >= BUCKET_SIZE);
            }
        }
        self.store
            .shared
            .tails
            .put(&self.scope, resource_type, rounds);
        Ok(rounds)
    }

    /// The bucket of `id` is full: its lane goes on in the next round, or where others brought it meanwhile.
    pub(super) async fn bucket_full(&self, id: Id) -> Result<(), StoreError> {
        let (lane, round) = (id.bucket() % LANES, id.bucket() / LANES);
        let mut rounds = self.find_tails(id.resource_type()).await?;
        if let Some(found) = rounds.get_mut(lane as usize) {
            *found = (*found).max(round + 1);
        }
        self.store
            .shared
            .tails
            .put(&self.scope, id.resource_type(), rounds);
        Ok(())
    }

    /// Counts a new resource, unless its bucket is full; an active user as such.
    pub(super) fn count_in(&self, new: &Record, gate: Option<Gate>) -> Write {
        let count = count_of(new.id.bucket());
        let room = vec![Condition::Lacks(count), Condition::Less(count, BUCKET_SIZE)];
        let seats = i64::from(seats::takes_seat(new));
        self.count(new.id, [1, seats], gate, Condition::Or(room))
    }

    /// Takes a deleted resource out of the count.
    pub(super) fn count_out(&self, old: &Record) -> Write {
        let count = count_of(old.id.bucket());
        let counted = Condition::And(vec![Condition::Exists, Condition::Greater(count, 0)]);
        let seats = i64::from(seats::takes_seat(old));
        self.count(old.id, [-1, -seats], None, counted)
    }

    /// Changes how many resources the bucket of `id` holds, and how many active users.
    pub(super) fn count(
        &self,
        id: Id,
        [resources, seats]: [i64; 2],
        gate: Option<Gate>,
        condition: Condition,
    ) -> Write {
        let add = [(count_of(id.bucket()), resources), (ACTIVE, seats)];
        let update = Update {
            add: add.into_iter().filter(|(_, by)| *by != 0).collect(),
            set: gate.map(Gate::mark).into_iter().collect(),
            ..Update::default()
        };
        Write::update(
            self.scope
                .directory_row(id.resource_type(), row_of(id.bucket())),
            update,
        )
        .when(condition)
    }

    /// Every bucket in order, the empty ones left out.
    pub(super) async fn directory(&self, resource_type: u8) -> Result<Vec<Bucket>, StoreError> {
        let rows = self
            .query_all(self.scope.directory(resource_type), Range::All)
            .await?;
        let bucket = |(number, count)| {
            let count = u64::try_from(count).ok().filter(|count| *count > 0)?;
            Some(Bucket { number, count })
        };
        let mut buckets: Vec<Bucket> = rows.iter().flat_map(counted).filter_map(bucket).collect();
        buckets.sort_unstable_by_key(|bucket| bucket.number);
        Ok(buckets)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_bucket_has_one_place_and_its_neighbours_stand_in_other_rows() {
        let places: HashMap<_, _> = (0..48)
            .flat_map(|row| buckets_of(row).map(move |(bucket, count)| (bucket, (row, count))))
            .collect();
        assert_eq!(places.len(), 48 * COUNTS.len());
        for bucket in 0..768 {
            assert_eq!(places[&bucket], (row_of(bucket), count_of(bucket)));
            let rows = (bucket..bucket + ROWS).map(row_of);
            assert_eq!(rows.collect::<HashSet<_>>().len(), ROWS as usize);
        }
        assert_eq!(row_of(BUCKET_MAX), BUCKET_MAX >> 4);
    }
}
