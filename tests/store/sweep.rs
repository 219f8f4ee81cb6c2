//! What deletions leave behind, and that it goes.

use std::collections::BTreeSet;
use std::sync::Arc;

use serverless_scim::patch::MemberChange;
use serverless_scim::schema::{GROUP, USER};
use serverless_scim::table::{
    Attr, Consistency, DynamoDb, Item, Query, Range, Table as _, embedded,
};

use crate::bench::{Bench, group, user};
use crate::big::{adding, stage};

/// The wait after which a work row may go.
const GRACE_MS: i64 = 60_000;

async fn bench() -> (Bench, Arc<DynamoDb>) {
    let table = Arc::new(embedded::memory().await.unwrap());
    (Bench::new(table.clone(), table.clone(), 2).await, table)
}

#[tokio::test]
async fn a_deleted_user_leaves_every_group_at_once() {
    let (bench, _) = bench().await;
    let ada = bench
        .create(&USER, user("ada@fabrikam.example"))
        .await
        .unwrap()
        .id;
    let mei = bench
        .create(&USER, user("mei@fabrikam.example"))
        .await
        .unwrap()
        .id;
    let mut groups = vec![];
    for n in 0..12 {
        let id = bench
            .create(&GROUP, group(&format!("Team {n}")))
            .await
            .unwrap()
            .id;
        bench.add(id, ada).await.unwrap();
        bench.add(id, mei).await.unwrap();
        groups.push(id);
    }
    bench.delete(ada).await.unwrap();
    for id in &groups {
        assert_eq!(bench.members_of(*id).await, BTreeSet::from([mei]));
    }
    assert_eq!(
        bench
            .search(&GROUP, &format!("members eq \"{ada}\""))
            .await
            .total,
        Some(0)
    );
    assert_eq!(bench.groups_of(mei).await.len(), 12);
}

#[tokio::test]
async fn a_deleted_or_emptied_group_leaves_no_edge() {
    let (bench, _) = bench().await;
    let ada = bench
        .create(&USER, user("ada@fabrikam.example"))
        .await
        .unwrap()
        .id;
    let gone = bench.create(&GROUP, group("Gone")).await.unwrap().id;
    let parent = bench.create(&GROUP, group("Parent")).await.unwrap().id;
    bench.add(gone, ada).await.unwrap();
    bench.add(parent, gone).await.unwrap();
    bench.delete(gone).await.unwrap();
    assert_eq!(bench.groups_of(ada).await, BTreeSet::new());
    assert_eq!(bench.members_of(parent).await, BTreeSet::new());

    bench.add(parent, ada).await.unwrap();
    let mut all = MemberChange::default();
    all.clear();
    bench.members(parent, all).await.unwrap();
    assert_eq!(bench.groups_of(ada).await, BTreeSet::new());
    bench.add(parent, ada).await.unwrap();
    assert_eq!(bench.groups_of(ada).await, BTreeSet::from([parent]));
}

#[tokio::test]
async fn work_rows_go_only_after_the_grace() {
    let (bench, table) = bench().await;
    let ada = bench
        .create(&USER, user("ada@fabrikam.example"))
        .await
        .unwrap()
        .id;
    let team = bench.create(&GROUP, group("Team")).await.unwrap().id;
    bench.add(team, ada).await.unwrap();
    bench.delete(ada).await.unwrap();
    let scope = bench.tenant().scope().clone();
    let rows = || count(&table, format!("T#{scope}#D"));
    assert_eq!(rows().await, 1);
    bench.tenant().pass(10).await.unwrap();
    assert_eq!(rows().await, 1, "too early");
    bench.host.advance(GRACE_MS);
    bench.tenant().pass(10).await.unwrap();
    assert_eq!(rows().await, 0);
    let edges = format!("T#{scope}#V#{}", ada.to_string().replace('-', ""));
    assert_eq!(count(&table, edges).await, 0);
}

/// The log of a connection tells what it asked for, and nothing else.
#[tokio::test]
async fn what_others_left_is_swept_by_a_deletion_and_not_told_as_its_own() {
    let stage = stage(40).await;
    let (bench, ada) = (&stage.bench, stage.users[0]);
    bench
        .members(stage.team, adding(&stage.users[..1]))
        .await
        .unwrap();
    // Who deletes dies when it has read and deleted.
    let dead = stage.dying_after(2).delete(ada).await;
    assert!(dead.is_err() || stage.items("D").await == 1);
    let reverse = format!("V#{}", ada.to_string().replace('-', ""));
    assert_eq!(stage.items(&reverse).await, 1, "nothing was swept");
    bench.host.advance(GRACE_MS + 1);
    for id in &stage.users[1..] {
        bench.delete(*id).await.unwrap();
    }
    assert_eq!(stage.items(&reverse).await, 0, "one in four makes a pass");
    let told = items(&stage.table, format!("T#{}#X", bench.tenant().scope())).await;
    let removal = |item: &&Item| {
        item.attrs.get("k") == Some(&Attr::S("group.members".to_owned()))
            && item.attrs.get("v") == Some(&Attr::N(3))
    };
    let [removal] = told.iter().filter(removal).collect::<Vec<_>>()[..] else {
        panic!("one removal: {told:?}")
    };
    assert_eq!(removal.attrs["actor"], Attr::S("sweep".to_owned()));
    assert!(!removal.attrs.contains_key("cid"), "{removal:?}");
}

async fn count(table: &DynamoDb, pk: String) -> usize {
    items(table, pk).await.len()
}

async fn items(table: &DynamoDb, pk: String) -> Vec<Item> {
    let query = Query {
        pk,
        range: Range::All,
        descending: false,
        limit: None,
        after: None,
    };
    let page = table.query(&query, Consistency::Strong).await;
    page.unwrap().items
}
