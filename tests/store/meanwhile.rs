//! A change that is overtaken between its first plan and its second.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use serverless_scim::patch::MemberChange;
use serverless_scim::schema::{GROUP, USER};
use serverless_scim::store::Id;
use serverless_scim::table::{
    Consistency, Cursor, Index, Item, Key, Page, Query, Table, TableError, Transaction, Write,
    embedded,
};

use crate::bench::{Bench, group, user};

/// Lets somebody else replace a group's members before the second transaction goes out, or the second look at the group.
struct Meanwhile {
    inner: Arc<dyn Table>,
    before_look: bool,
    looks: AtomicU32,
    transactions: AtomicU32,
    other: OnceLock<(Bench, Id, MemberChange)>,
}

impl fmt::Debug for Meanwhile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meanwhile").finish_non_exhaustive()
    }
}

impl Meanwhile {
    async fn replace(&self) {
        let (other, team, change) = self.other.get().unwrap();
        other.members(*team, change.clone()).await.unwrap();
    }
}

#[async_trait]
impl Table for Meanwhile {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        if self.looks.fetch_add(1, Ordering::SeqCst) == 1 && self.before_look {
            self.replace().await;
        }
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
        if self.transactions.fetch_add(1, Ordering::SeqCst) == 1 && !self.before_look {
            self.replace().await;
        }
        self.inner.transact(transaction).await
    }

    async fn write(&self, write: &Write) -> Result<(), TableError> {
        self.inner.write(write).await
    }
}

#[tokio::test]
async fn who_was_a_member_at_the_first_try_is_added_again_after_a_replacement() {
    for before_look in [false, true] {
        overtaken(before_look).await;
    }
}

async fn overtaken(before_look: bool) {
    let table: Arc<dyn Table> = Arc::new(embedded::memory().await.unwrap());
    let other = Bench::new(table.clone(), table.clone(), 9).await;
    let team = other.create(&GROUP, group("Team")).await.unwrap().id;
    let mut ids = vec![];
    for n in 0..60 {
        let id = other
            .create(&USER, user(&format!("u{n}@fabrikam.example")))
            .await
            .unwrap()
            .id;
        other.add(team, id).await.unwrap();
        ids.push(id);
    }
    let [new, only] = ["new@fabrikam.example", "only@fabrikam.example"].map(user);
    let new = other.create(&USER, new).await.unwrap().id;
    let only = other.create(&USER, only).await.unwrap().id;

    // So many leave that the members become a new generation.
    let mut replaced = MemberChange::default();
    replaced.clear();
    replaced.add(&only.to_string());
    let meanwhile = Arc::new(Meanwhile {
        inner: table,
        before_look,
        looks: AtomicU32::new(0),
        transactions: AtomicU32::new(0),
        other: OnceLock::new(),
    });
    let bench = other.over(meanwhile.clone());
    assert!(meanwhile.other.set((other, team, replaced)).is_ok());

    let mut both = MemberChange::default();
    both.add(&ids[0].to_string());
    both.add(&new.to_string());
    bench.members(team, both).await.unwrap();
    assert_eq!(
        bench.members_of(team).await,
        BTreeSet::from([ids[0], new, only])
    );
    assert_eq!(bench.groups_of(ids[0]).await, BTreeSet::from([team]));
}
