//! A tenant filled directly, for sizes that requests would take hours to reach: the items are those that requests leave.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;
use std::ops::Range;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::json;
use ulid::Ulid;

use super::directory::{self, BUCKET_SIZE, LANES};
use super::host::random_u64;
use super::record::attr;
use super::{Id, Record, StoreError, Tenant, aliases};
use crate::schema::Document;
use crate::table::{Attr, Attrs, Key, Transaction, Write};

const USER: u8 = 0;
const GROUP: u8 = 1;
/// 2026-01-02T00:00:00Z in milliseconds, when everything was created.
const CREATED_MS: i64 = 1_767_312_000_000;
/// Resources that fill one bucket of each lane.
const ROUND: u64 = BUCKET_SIZE as u64 * LANES as u64;
/// Writes of one transaction.
const WRITES: usize = 100;
/// Transactions under way at once: while the table carries one out, others are made ready.
const PARALLEL: usize = 4;

impl Tenant {
    /// Fills the tenant, which must be empty, with the first `users` and with one group for each entry of `groups`, which
    /// says whose members these users are. Returns the groups' ids; `told` hears of every finished bundle of writes.
    ///
    /// Only the outbox is left out. A member past the last user is two edges and no more: all that a change of other
    /// members can meet.
    pub async fn seed(
        &self,
        users: u64,
        groups: &[Range<u64>],
        told: impl Fn(usize) + Sync,
    ) -> Result<Vec<Id>, StoreError> {
        let heads: Vec<Record> = (0..).map(group).take(groups.len()).collect();
        let edges = heads.iter().zip(groups).flat_map(|(head, members)| {
            let members = members.clone().map(user_id);
            members.flat_map(|member| self.edge(head, member))
        });
        let records = (0..users).map(user).chain(heads.iter().cloned());
        let resources = records.flat_map(|record| match self.items(&record) {
            Ok(items) => items.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        });
        let counts = [(USER, users), (GROUP, groups.len() as u64)]
            .into_iter()
            .flat_map(|(kind, total)| self.counts(kind, total));
        let mut writes = resources.chain(counts.chain(edges).map(Ok)).fuse();
        let bundles = iter::from_fn(|| {
            let bundle: Vec<_> = writes.by_ref().take(WRITES).collect();
            (!bundle.is_empty()).then_some(bundle)
        });
        stream::iter(bundles)
            .map(|bundle| self.put_all(bundle, &told))
            .buffer_unordered(PARALLEL)
            .try_collect::<()>()
            .await?;
        Ok(heads.iter().map(|head| head.id).collect())
    }

    async fn put_all(
        &self,
        bundle: Vec<Result<Write, StoreError>>,
        told: &(impl Fn(usize) + Sync),
    ) -> Result<(), StoreError> {
        let writes: Vec<Write> = bundle.into_iter().collect::<Result<_, _>>()?;
        let count = writes.len();
        let random = (random_u64(self.host()), random_u64(self.host()));
        let token = Ulid::from(random).to_string();
        self.table()
            .transact(&Transaction { token, writes })
            .await?;
        told(count);
        Ok(())
    }

    /// The resource and its aliases.
    fn items(&self, record: &Record) -> Result<Vec<Write>, StoreError> {
        let holder = || [(aliases::HOLDER, Attr::S(record.id.key()))].into();
        let own = new(self.scope.resource(record.id), record.attrs(&self.scope)?);
        let aliases = aliases::keys(&self.scope, record.id, &record.document, &record.twins)?;
        let aliases = aliases.into_keys().map(|key| new(key, holder()));
        Ok(iter::once(own).chain(aliases).collect())
    }

    /// Both directions of a membership.
    fn edge(&self, group: &Record, member: Id) -> [Write; 2] {
        let generation = Attr::S(group.generation.clone());
        [
            new(
                self.scope.forward(group.id, &group.generation, member),
                Attrs::new(),
            ),
            new(
                self.scope.reverse(member, group.id),
                [(attr::GENERATION, generation)].into(),
            ),
        ]
    }

    /// The directory rows of so many resources.
    fn counts(&self, resource_type: u8, total: u64) -> impl Iterator<Item = Write> {
        let buckets = (0..).map(move |number| (number, in_bucket(number, total)));
        let filled = buckets.take_while(|(_, count)| *count > 0);
        let mut rows: BTreeMap<u32, (Attrs, i64)> = BTreeMap::new();
        for (bucket, count) in filled {
            let (attrs, sum) = rows.entry(directory::row_of(bucket)).or_default();
            attrs.insert(directory::count_of(bucket), Attr::N(count));
            *sum += count;
        }
        rows.into_iter().map(move |(row, (mut attrs, sum))| {
            if resource_type == USER {
                attrs.insert(directory::ACTIVE, Attr::N(sum));
            }
            new(self.scope.directory_row(resource_type, row), attrs)
        })
    }
}

fn new(key: Key, attrs: Attrs) -> Write {
    Write::put(key, attrs)
}

/// The id of a seeded user, counted from 0.
pub fn user_id(number: u64) -> Id {
    id(USER, number)
}

/// The userName of a seeded user, counted from 0.
pub fn user_name(number: u64) -> String {
    format!("user{number}@fabrikam.example")
}

fn id(resource_type: u8, number: u64) -> Id {
    let lane = number % u64::from(LANES);
    let bucket = number / ROUND * u64::from(LANES) + lane;
    let bucket = u32::try_from(bucket).unwrap_or(u32::MAX);
    Id::new(resource_type, bucket, CREATED_MS, scattered(number))
}

/// How many of `total` resources, dealt out as [`id`] does, are in a bucket.
fn in_bucket(bucket: u32, total: u64) -> i64 {
    let (round, lane) = (u64::from(bucket / LANES), u64::from(bucket % LANES));
    let dealt = total.saturating_sub(round * ROUND).min(ROUND);
    let count = (dealt + u64::from(LANES) - 1 - lane) / u64::from(LANES);
    i64::try_from(count).unwrap_or(BUCKET_SIZE)
}

/// Bits that look drawn, and differ for different numbers (splitmix64, of which the id keeps 62).
fn scattered(number: u64) -> u64 {
    let mut bits = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

fn user(number: u64) -> Record {
    let name = user_name(number);
    let document = json!({
        "userName": name,
        "externalId": format!("{:016x}", scattered(number)),
        "displayName": format!("User {number}"),
        "name": { "givenName": "User", "familyName": number.to_string() },
        "emails": [{ "type": "work", "value": name, "primary": true }],
        "active": true,
    });
    record(user_id(number), document, String::new())
}

fn group(number: u64) -> Record {
    let document = json!({
        "displayName": format!("Group {number}"),
        "externalId": format!("{:016x}", !scattered(number)),
    });
    let generation = format!("{:016x}", scattered(!number));
    record(id(GROUP, number), document, generation)
}

fn record(id: Id, document: serde_json::Value, generation: String) -> Record {
    Record {
        id,
        version: 1,
        created: CREATED_MS,
        modified: CREATED_MS,
        document: serde_json::from_value(document).unwrap_or_else(|_| Document::new()),
        twins: BTreeSet::new(),
        generation,
        latest: String::new(),
        pending: None,
    }
}
