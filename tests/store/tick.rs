//! The tick: every tenant's leftovers go, whatever becomes of the others'.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serverless_scim::store::{Host as _, Sizes, Store, Ticked};
use serverless_scim::table::wrappers::Metered;
use serverless_scim::table::{
    Consistency, Cursor, DynamoDb, Index, Item, Key, Page, Query, Table, TableError, Transaction,
    Write,
};

use crate::bench::{NOON, TestHost};
use crate::house::{HOUR_MS, House, MINUTE_MS, add, key_of};

#[tokio::test]
async fn one_tick_finishes_what_every_tenant_left() {
    let house = House::new(3).await;
    let (first, third) = (house.half_deleted(0).await, house.half_deleted(2).await);
    assert_eq!(house.left(0, first).await, (1, 1));
    let ticked = house.store().tick(NOON + MINUTE_MS).await.unwrap();
    let expected = Ticked {
        tenants: 3,
        with_work: 2,
        failed: 0,
    };
    assert_eq!(ticked, expected);
    assert_eq!(house.left(0, first).await, (0, 0));
    assert_eq!(house.left(2, third).await, (0, 0));
    let ticked = house.store().tick(NOON + MINUTE_MS).await.unwrap();
    assert_eq!(ticked.with_work, 0);
}

#[tokio::test]
async fn more_rows_than_one_pass_takes_go_in_one_tick() {
    let house = House::new(1).await;
    for n in 0..250 {
        let row = format!("U#00000001000a8f3e81c3a1b2c3d4{n:04x}");
        house.work(&house.tenants[0].0, &row, NOON - HOUR_MS).await;
    }
    house.store().tick(NOON + MINUTE_MS).await.unwrap();
    let left = house.count(format!("T#{}#D", house.tenants[0].0)).await;
    assert_eq!(left, 0);
}

#[tokio::test]
async fn what_is_not_ripe_stays() {
    let house = House::new(1).await;
    let row = "U#00000001000a8f3e81c3a1b2c3d4e5f6";
    house.work(&house.tenants[0].0, row, NOON - 1_000).await;
    let ticked = house.store().tick(NOON + MINUTE_MS).await.unwrap();
    assert_eq!((ticked.with_work, ticked.failed), (1, 0));
    let left = house.count(format!("T#{}#D", house.tenants[0].0)).await;
    assert_eq!(left, 1);
}

#[tokio::test]
async fn an_idle_tenant_costs_half_a_read() {
    let house = House::new(12).await;
    let meter = Arc::new(Metered::new(house.table.clone()));
    let store = Store::new(meter.clone(), house.host.clone());
    store.tick(NOON + MINUTE_MS).await.unwrap();
    let usage = meter.usage();
    assert_eq!((usage.calls, usage.eventual), (13, 13));
    assert_eq!((usage.read_halves, usage.write_units), (13, 0));
}

/// Takes its time, notes whom queries were about, and fails for one tenant.
#[derive(Debug)]
struct Watched {
    inner: Arc<DynamoDb>,
    host: Arc<TestHost>,
    query_ms: i64,
    transact_ms: i64,
    refused: Option<String>,
    asked: Mutex<BTreeSet<String>>,
}

impl Watched {
    fn over(house: &House) -> Self {
        Self {
            inner: house.table.clone(),
            host: house.host.clone(),
            query_ms: 0,
            transact_ms: 0,
            refused: None,
            asked: Mutex::default(),
        }
    }
}

#[async_trait]
impl Table for Watched {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        self.inner.get(key).await
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<(Vec<Item>, Vec<Key>), TableError> {
        self.inner.batch_get(keys).await
    }

    async fn query(&self, query: &Query, consistency: Consistency) -> Result<Page, TableError> {
        self.host.advance(self.query_ms);
        self.asked.lock().unwrap().insert(query.pk.clone());
        match &self.refused {
            Some(tenant) if query.pk.contains(tenant.as_str()) => Err(TableError::Busy),
            _ => self.inner.query(query, consistency).await,
        }
    }

    async fn query_index(&self, index: Index, query: &Query) -> Result<Page, TableError> {
        self.inner.query_index(index, query).await
    }

    async fn scan(&self, after: Option<&Cursor>) -> Result<Page, TableError> {
        self.inner.scan(after).await
    }

    async fn transact(&self, transaction: &Transaction) -> Result<(), TableError> {
        self.host.advance(self.transact_ms);
        self.inner.transact(transaction).await
    }

    async fn write(&self, write: &Write) -> Result<(), TableError> {
        self.inner.write(write).await
    }
}

#[tokio::test]
async fn a_tenant_that_fails_stops_nobody_else() {
    let house = House::new(3).await;
    let (first, second) = (house.half_deleted(0).await, house.half_deleted(1).await);
    let table = Watched {
        refused: Some(house.tenants[1].0.to_string()),
        ..Watched::over(&house)
    };
    let store = Store::new(Arc::new(table), house.host.clone());
    let ticked = store.tick(NOON + MINUTE_MS).await.unwrap();
    let expected = Ticked {
        tenants: 3,
        with_work: 1,
        failed: 1,
    };
    assert_eq!(ticked, expected);
    assert_eq!(house.left(0, first).await, (0, 0));
    assert_eq!(house.left(1, second).await, (1, 1), "not lost either");
}

#[tokio::test]
async fn a_tick_ends_in_time_and_leaves_nobody_out_for_ever() {
    let house = House::new(30).await;
    let table = Arc::new(Watched {
        query_ms: 100,
        ..Watched::over(&house)
    });
    let store = Store::new(table.clone(), house.host.clone());
    let now = || house.host.now_ms();
    let late = store.tick(now()).await.unwrap();
    assert_eq!(late, Ticked::default(), "no time, no work");
    let mut ticks = 0;
    while table.asked.lock().unwrap().len() < 31 {
        ticks += 1;
        assert!(ticks < 200, "somebody is never looked after");
        let until = now() + 600;
        let ticked = store.tick(until).await.unwrap();
        assert!(ticked.tenants < 15 && now() < until + 1_000, "{ticked:?}");
    }
}

#[tokio::test]
async fn a_change_that_takes_many_turns_is_finished_in_one_tick() {
    let house = House::new(1).await;
    let (team, users) = (house.team(0, "Team").await, house.users(0, 20).await);
    let table = Arc::new(Watched {
        transact_ms: 9_000,
        ..Watched::over(&house)
    });
    let sizes = Sizes {
        writes: 8,
        lanes: 4,
        compared: 100_000,
    };
    let store = Store::with_sizes(table, house.host.clone(), sizes);
    add(&house.tenant(&store, 0), team, &users).await;
    let lanes = || house.count(format!("T#{}#O#{}", house.tenants[0].0, key_of(team)));
    assert_eq!(lanes().await, 4, "nothing is applied yet");
    house.host.advance(MINUTE_MS);
    store.tick(house.host.now_ms() + HOUR_MS).await.unwrap();
    assert_eq!((lanes().await, house.left(0, users[0]).await), (0, (0, 1)));
}
