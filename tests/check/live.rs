//! A table that changes while it is read.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use serde_json::json;
use serverless_scim::patch::Verb;
use serverless_scim::schema::USER;
use serverless_scim::store::Progress;
use serverless_scim::table::{
    Attr, Consistency, Cursor, Index, Item, Key, Page, Query, Table, TableError, Transaction, Write,
};

use crate::bed::{Bed, hex, texts};
use crate::odd::{Odd, Oddity};

/// The scan has read some kinds of items before the changes, the others after them.
#[derive(Debug)]
struct Overtaken {
    inner: Arc<dyn Table>,
    before: BTreeMap<Key, Item>,
    /// What stands behind the tenant in the keys of items that were read early.
    early: &'static str,
}

#[async_trait]
impl Table for Overtaken {
    async fn scan(&self, after: Option<&Cursor>) -> Result<Page, TableError> {
        let early = |item: &Item| {
            let part = item.key.pk.split('#').nth(2).unwrap_or_default();
            self.early.contains(part)
        };
        let mut page = self.inner.scan(after).await?;
        page.items.retain(|item| !early(item));
        page.items
            .extend(self.before.values().filter(|item| early(item)).cloned());
        Ok(page)
    }

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

    async fn transact(&self, transaction: &Transaction) -> Result<(), TableError> {
        self.inner.transact(transaction).await
    }

    async fn write(&self, write: &Write) -> Result<(), TableError> {
        self.inner.write(write).await
    }
}

/// Everything that a tenant does in the time of a long scan.
async fn busy(bed: &Bed) {
    bed.set(bed.ada, "userName", json!("renamed")).await;
    let new = bed.create(&USER, json!({ "userName": "new" })).await;
    let both = [(new, Verb::Add), (bed.ada, Verb::Remove)];
    bed.members(bed.team, false, &both).await;
    let three = [new, bed.ada, bed.mei].map(|id| (id, Verb::Add));
    bed.members(bed.parent, true, &three).await;
    bed.delete(bed.mei).await;
    bed.pass().await;
    bed.members(bed.team, true, &[]).await;
    bed.delete(bed.team).await;
}

#[tokio::test]
async fn what_changes_while_it_is_read_is_no_finding() {
    let bed = Bed::new().await;
    let before = bed.items().await;
    busy(&bed).await;
    // Resources, directory, aliases, edges of both kinds, work.
    for early in [
        "R", "B", "N", "M", "V", "D", "RB", "RN", "RMV", "RD", "MD", "NBMVD",
    ] {
        let (inner, before) = (bed.table.clone(), before.clone());
        let store = bed.over(Arc::new(Overtaken {
            inner,
            before,
            early,
        }));
        let suspects = AtomicUsize::new(0);
        let report = store.check(None, |progress| {
            if let Progress::Suspects(count) = progress {
                suspects.fetch_add(count, Ordering::Relaxed);
            }
        });
        assert_eq!(
            texts(&report.await.unwrap()),
            Vec::<String>::new(),
            "{early}"
        );
        let expected = early != "D";
        assert_eq!(suspects.into_inner() > 0, expected, "{early}");
    }
}

#[tokio::test]
async fn damage_is_seen_through_the_changes() {
    let bed = Bed::new().await;
    let before = bed.items().await;
    crate::harm::harm(&bed, "no reverse edge").await;
    crate::harm::harm(&bed, "an alias of the dead").await;
    bed.set(bed.mei, "userName", json!("renamed")).await;
    let inner = bed.table.clone();
    let store = bed.over(Arc::new(Overtaken {
        inner,
        before,
        early: "RN",
    }));
    let report = store.check(None, |_| ()).await.unwrap();
    let kinds: Vec<&str> = report
        .findings
        .iter()
        .map(serverless_scim::store::Finding::kind)
        .collect();
    assert_eq!(
        kinds,
        ["edge"],
        "an alias that came after the scan is for the next one"
    );
}

/// The row that counts the users, and how many it counts in their bucket.
async fn count(bed: &Bed) -> (Key, i64) {
    let row = bed.key("#B#0", hex(bed.ada).get(2..8).unwrap());
    match bed.item(&row).await.attrs["n0"] {
        Attr::N(count) => (row, count),
        ref other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_wrong_count_is_seen_though_the_scan_saw_another() {
    let bed = Bed::new().await;
    let (row, count) = count(&bed).await;
    let set = |more: i64| [("n0", Attr::N(count + more))];
    bed.update(row.clone(), set(3), &[]).await;
    let before = bed.items().await;
    bed.update(row, set(2), &[]).await;
    let inner = bed.table.clone();
    let store = bed.over(Arc::new(Overtaken {
        inner,
        before,
        early: "B",
    }));
    let report = store.check(None, |_| ()).await.unwrap();
    let [found] = &texts(&report)[..] else {
        panic!("{report}")
    };
    assert!(found.contains("counts 2 more than it holds"), "{found}");
}

#[tokio::test]
async fn a_count_that_is_another_at_each_look_is_traffic() {
    let bed = Bed::new().await;
    let (row, count) = count(&bed).await;
    bed.update(row, [("n0", Attr::N(count + 2))], &[]).await;
    let store = bed.over(Odd::new(bed.table.clone(), Oddity::Drifts));
    let report = store.check(None, |_| ()).await.unwrap();
    assert_eq!(texts(&report), Vec::<String>::new());
}

#[tokio::test]
async fn a_count_is_not_mended_by_who_came_and_went_meanwhile() {
    let bed = Bed::new().await;
    let (row, right) = count(&bed).await;
    let wrong = [("n0", Attr::N(right + 2))];
    bed.update(row, wrong, &[]).await;
    let report = bed.check().await;
    let store = bed.over(Odd::new(bed.table.clone(), Oddity::Guest));
    let repairs = store.repair(&report).await;
    assert!(repairs[0].failed.is_some(), "{repairs:?}");
    assert_eq!(count(&bed).await.1, right + 2);
    bed.store.repair(&report).await;
    assert_eq!(count(&bed).await.1, right);
}
