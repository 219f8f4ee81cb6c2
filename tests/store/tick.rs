//! The tick: every tenant's leftovers go, whatever becomes of the others'.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serverless_scim::patch::Verb;
use serverless_scim::schema::{GROUP, USER};
use serverless_scim::store::{Change, Id, Request, Store, Tenant, TenantScope, Ticked};
use serverless_scim::table::wrappers::Metered;
use serverless_scim::table::{
    Attr, Consistency, Cursor, DynamoDb, Index, Item, Key, Page, Query, Range, Table, TableError,
    Transaction, Write, embedded,
};

use crate::bench::{NOON, TestHost, group, object, user, verb};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Some tenants on one table.
struct House {
    table: Arc<DynamoDb>,
    host: Arc<TestHost>,
    tenants: Vec<(TenantScope, Tenant)>,
}

impl House {
    async fn new(tenants: usize) -> Self {
        let table = Arc::new(embedded::memory().await.unwrap());
        let host = TestHost::new(7);
        let store = Store::new(table.clone(), host.clone());
        let mut house = Self {
            table,
            host,
            tenants: vec![],
        };
        for n in 0..tenants {
            let scope = store.create_tenant(&format!("tenant{n}")).await.unwrap();
            let secret = store.create_token(&scope, "").await.unwrap();
            let credential = store.authenticate(&secret).await.unwrap().unwrap();
            let request = Request {
                id: "r".to_owned(),
                started: NOON,
            };
            house
                .tenants
                .push((scope, store.tenant(&credential, request)));
        }
        house
    }

    fn store(&self) -> Store {
        Store::new(self.table.clone(), self.host.clone())
    }

    /// A user in a group whose deletion came no further than its one transaction, an hour ago.
    async fn half_deleted(&self, tenant: usize) -> Id {
        let (scope, tenant) = &self.tenants[tenant];
        let none = BTreeSet::new();
        let ada = object(user("ada@fabrikam.example"));
        let ada = tenant.create(&USER, ada, &none).await.unwrap().id;
        let team = object(group("Team"));
        let team = tenant.create(&GROUP, team, &none).await.unwrap();
        let change = Change {
            document: team.document.clone(),
            members: verb(ada, Verb::Add),
            exact: false,
        };
        tenant
            .modify(team.id, |_| {
                Ok::<_, serverless_scim::store::StoreError>(change.clone())
            })
            .await
            .unwrap();
        let id = key_of(ada);
        let bucket = id.split_at(8).0;
        self.delete(format!("T#{scope}#R#{bucket}"), &id).await;
        self.work(scope, &format!("U#{id}"), NOON - HOUR_MS).await;
        ada
    }

    async fn delete(&self, pk: String, sk: &str) {
        let key = Key {
            pk,
            sk: sk.to_owned(),
        };
        let delete = Write::Delete {
            key,
            condition: Some(serverless_scim::table::Condition::Exists),
        };
        self.table.write(&delete).await.unwrap();
    }

    async fn work(&self, tenant: &TenantScope, row: &str, since: i64) {
        let put = Write::Put {
            key: Key {
                pk: format!("T#{tenant}#D"),
                sk: row.to_owned(),
            },
            attrs: [("since", Attr::N(since))].into(),
            condition: None,
        };
        self.table.write(&put).await.unwrap();
    }

    /// What is left of a half-deleted user: work rows and reverse edges.
    async fn left(&self, tenant: usize, member: Id) -> (usize, usize) {
        let (scope, _) = &self.tenants[tenant];
        (
            self.count(format!("T#{scope}#D")).await,
            self.count(format!("T#{scope}#V#{}", key_of(member))).await,
        )
    }

    async fn count(&self, pk: String) -> usize {
        let query = Query {
            pk,
            range: Range::All,
            descending: false,
            limit: None,
            after: None,
        };
        let page = self.table.query(&query, Consistency::Strong).await.unwrap();
        page.items.len()
    }
}

fn key_of(id: Id) -> String {
    id.to_string().replace('-', "")
}

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

/// Takes its time over every query, notes whom it was about, and fails for one tenant.
#[derive(Debug)]
struct Watched {
    inner: Arc<DynamoDb>,
    host: Arc<TestHost>,
    query_ms: i64,
    refused: Option<String>,
    asked: Mutex<BTreeSet<String>>,
}

impl Watched {
    fn over(house: &House) -> Self {
        Self {
            inner: house.table.clone(),
            host: house.host.clone(),
            query_ms: 0,
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
    let now = || serverless_scim::store::Host::now_ms(house.host.as_ref());
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
