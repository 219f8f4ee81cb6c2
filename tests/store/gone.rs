//! Members who are deleted while a large change that names them is on its way.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use serverless_scim::patch::MemberChange;
use serverless_scim::schema::{GROUP, USER};
use serverless_scim::store::Id;
use serverless_scim::table::{
    Consistency, Cursor, DynamoDb, Index, Item, Key, Page, Query, Range, Table, TableError,
    Transaction, Write, embedded,
};

use crate::bench::{Bench, group, user};

/// The wait after which a work row may go, and more than any lease.
const GRACE_MS: i64 = 70_000;
/// Who is in the group; those to be added follow them.
const PRESENT: usize = 20;

/// A table where somebody else deletes users before a certain transaction goes out.
struct Between {
    inner: Arc<DynamoDb>,
    transactions: AtomicU32,
    before: u32,
    other: OnceLock<(Bench, Vec<Id>)>,
}

impl fmt::Debug for Between {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Between").finish_non_exhaustive()
    }
}

#[async_trait]
impl Table for Between {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        self.inner.get(key).await
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<(Vec<Item>, Vec<Key>), TableError> {
        self.inner.batch_get(keys).await
    }

    async fn query(&self, query: &Query, consistency: Consistency) -> Result<Page, TableError> {
        self.inner.query(query, consistency).await
    }

    async fn query_index(&self, index: Index, query: &Query) -> Result<Page, TableError> {
        self.inner.query_index(index, query).await
    }

    async fn scan(&self, after: Option<&Cursor>) -> Result<Page, TableError> {
        self.inner.scan(after).await
    }

    async fn transact(&self, transaction: &Transaction) -> Result<(), TableError> {
        if self.transactions.fetch_add(1, Ordering::SeqCst) + 1 == self.before {
            let (other, gone) = self.other.get().unwrap();
            for id in gone {
                other.delete(*id).await.unwrap();
            }
        }
        self.inner.transact(transaction).await
    }

    async fn write(&self, write: &Write) -> Result<(), TableError> {
        self.inner.write(write).await
    }
}

/// Items of one of the tenant's partitions.
async fn items(table: &DynamoDb, bench: &Bench, partition: &str) -> usize {
    let query = Query {
        pk: format!("T#{}#{partition}", bench.tenant().scope()),
        range: Range::All,
        descending: false,
        limit: None,
        after: None,
    };
    let page = table.query(&query, Consistency::Strong).await.unwrap();
    page.items.len()
}

/// The first who stay, the first who leave, and the first and the last who come.
async fn deleted_before(transaction: u32) {
    let table = Arc::new(embedded::memory().await.unwrap());
    let bench = Bench::new(table.clone(), table.clone(), 5).await;
    let mut ids = vec![];
    for number in 0..PRESENT + 70 {
        let made = bench.create(&USER, user(&format!("u{number}@fabrikam.example")));
        ids.push(made.await.unwrap().id);
    }
    let team = bench.create(&GROUP, group("Team")).await.unwrap().id;
    let (present, coming) = ids.split_at(PRESENT);
    let (leaving, staying) = present.split_at(PRESENT / 2);
    let mut change = MemberChange::default();
    for id in present {
        change.add(&id.to_string());
    }
    bench.members(team, change).await.unwrap();

    let mut change = MemberChange::default();
    for id in coming {
        change.add(&id.to_string());
    }
    for id in leaving {
        change.remove(&id.to_string());
    }
    let gone = vec![staying[0], leaving[0], coming[0], coming[69]];
    let between = Arc::new(Between {
        inner: table.clone(),
        transactions: AtomicU32::new(0),
        before: transaction,
        other: OnceLock::new(),
    });
    let over = bench.over(between.clone());
    let other = bench.over(table.clone());
    assert!(between.other.set((other, gone.clone())).is_ok());
    over.members(team, change).await.unwrap();
    let made = between.transactions.load(Ordering::SeqCst);
    assert!(made >= transaction, "it took {made} transactions");

    let mut left: BTreeSet<Id> = staying.iter().chain(coming).copied().collect();
    left.retain(|id| !gone.contains(id));
    assert_eq!(bench.members_of(team).await, left, "before {transaction}");
    for _ in 0..4 {
        bench.host.advance(GRACE_MS);
        while bench.tenant().pass(100).await.unwrap() > 0 {}
    }
    assert_eq!(bench.members_of(team).await, left, "before {transaction}");
    assert_eq!(bench.findings().await, [""; 0], "before {transaction}");
    assert_eq!(items(&table, &bench, "D").await, 0, "no work is left");
    for id in gone {
        let edges = format!("V#{}", id.to_string().replace('-', ""));
        assert_eq!(items(&table, &bench, &edges).await, 0, "{id}");
    }
}

/// The commit, three steps at least, and the end.
#[tokio::test]
async fn who_is_deleted_during_a_large_change_leaves_nothing_behind() {
    for transaction in 1..=5 {
        deleted_before(transaction).await;
    }
}
