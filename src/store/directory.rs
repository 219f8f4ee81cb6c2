//! The counted directory: buckets of up to 128 resources whose counts make totals and `startIndex` cheap.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::host::random_u64;
use super::id::{BUCKET_MAX, Id};
use super::keys::{self, TenantScope};
use super::seats::{self, Gate};
use super::{Record, StoreError, Tenant};
use crate::table::{Attr, Condition, Consistency, Query, Range, Update, Write};

/// Live resources in one bucket.
pub(super) const BUCKET_SIZE: i64 = 128;
/// Creates spread over this many buckets, or one directory row would be the tenant's bottleneck.
pub(super) const LANES: u32 = 4;
/// Tails remembered by one instance.
const TAILS_MAX: usize = 10_000;
pub(super) const COUNT: &str = "n";
/// How many of them are active users.
pub(super) const ACTIVE: &str = "a";

/// One bucket and how many resources live in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bucket {
    pub number: u32,
    pub count: u64,
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
            pk: self.scope.directory(resource_type),
            range: Range::All,
            descending: true,
            limit: Some(2 * LANES),
            after: None,
        };
        let page = self.table().query(&query, Consistency::Strong).await?;
        let newest: Vec<u32> = page
            .items
            .iter()
            .filter_map(|item| keys::bucket_of(&item.key.sk))
            .collect();
        // A lane that is not among the newest starts where the foremost one is.
        let foremost = newest.first().map_or(0, |bucket| bucket / LANES);
        let mut rounds = [foremost; LANES as usize];
        for (lane, round) in (0..LANES).zip(&mut rounds) {
            let own = newest.iter().find(|bucket| *bucket % LANES == lane);
            *round = own.map_or(foremost, |bucket| bucket / LANES);
        }
        self.store
            .shared
            .tails
            .put(&self.scope, resource_type, rounds);
        Ok(rounds)
    }

    /// The bucket of `id` is full: its lane goes on in the next round.
    pub(super) fn bucket_full(&self, id: Id) {
        let (lane, round) = (id.bucket() % LANES, id.bucket() / LANES);
        let Some(mut rounds) = self.store.shared.tails.get(&self.scope, id.resource_type()) else {
            return;
        };
        if let Some(known) = rounds.get_mut(lane as usize) {
            *known = (*known).max(round + 1);
        }
        self.store
            .shared
            .tails
            .put(&self.scope, id.resource_type(), rounds);
    }

    /// Counts a new resource, unless its bucket is full; an active user as such.
    pub(super) fn count_in(&self, new: &Record, gate: Option<Gate>) -> Write {
        let room = vec![Condition::Lacks(COUNT), Condition::Less(COUNT, BUCKET_SIZE)];
        let seats = i64::from(seats::takes_seat(new));
        self.count(new.id, [1, seats], gate, Condition::Or(room))
    }

    /// Takes a deleted resource out of the count.
    pub(super) fn count_out(&self, old: &Record) -> Write {
        let counted = Condition::And(vec![Condition::Exists, Condition::Greater(COUNT, 0)]);
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
        let add = [(COUNT, resources), (ACTIVE, seats)];
        let update = Update {
            add: add.into_iter().filter(|(_, by)| *by != 0).collect(),
            set: gate.map(Gate::mark).into_iter().collect(),
            ..Update::default()
        };
        Write::Update {
            key: self.scope.directory_row(id.resource_type(), id.bucket()),
            update,
            condition: Some(condition),
        }
    }

    /// Every bucket in order, the empty ones left out.
    pub(super) async fn directory(&self, resource_type: u8) -> Result<Vec<Bucket>, StoreError> {
        let items = self
            .query_all(self.scope.directory(resource_type), Range::All)
            .await?;
        let bucket = |item: &crate::table::Item| {
            let Some(Attr::N(count)) = item.attrs.get(COUNT) else {
                return None;
            };
            let count = u64::try_from(*count).ok().filter(|count| *count > 0)?;
            Some(Bucket {
                number: keys::bucket_of(&item.key.sk)?,
                count,
            })
        };
        Ok(items.iter().filter_map(bucket).collect())
    }
}
