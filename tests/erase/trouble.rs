//! Passes that break off anywhere, and passes that meet.

use std::sync::Arc;

use serverless_scim::store::Host as _;
use serverless_scim::table::wrappers::{Trouble, Unreliable};
use serverless_scim::table::{Attrs, DynamoDb, Table as _, Write, embedded};

use crate::estate::{Estate, Items, SETTLED_MS};

/// Another table with the same items.
async fn copy(of: &Items) -> Arc<DynamoDb> {
    let table = Arc::new(embedded::memory().await.unwrap());
    for (key, item) in of {
        let attrs = item.attrs.iter();
        let attrs = attrs.map(|(name, attr)| (&*name.clone().leak(), attr.clone()));
        let put = Write::Put {
            key: key.clone(),
            attrs: attrs.collect::<Attrs>(),
            condition: None,
        };
        table.write(&put).await.unwrap();
    }
    table
}

#[tokio::test]
async fn a_pass_that_dies_anywhere_loses_nothing_that_the_next_would_need() {
    let mut estate = Estate::new().await;
    estate.host.advance(SETTLED_MS);
    let all = estate.own_items().await;
    let mut calls = 0;
    loop {
        // Each of the first calls, then some of every part.
        calls += if calls < 24 { 1 } else { 7 };
        estate.table = copy(&all).await;
        let dying = estate.dying_after(&estate.table, calls);
        let until = estate.host.now_ms() + 10_000;
        let mut died = false;
        for _ in 0..2 {
            died |= dying.erase_pass(&estate.scope, until).await.is_err();
        }
        let store = estate.over(estate.table.clone());
        estate.erase(&store).await;
        let left = estate.own_items().await;
        assert_eq!(left.len(), 1, "after {calls} calls: {:#?}", left.keys());
        if !died {
            break;
        }
    }
    assert!(calls > 100, "{calls}");
}

#[tokio::test]
async fn passes_that_meet_each_other_and_a_moody_table_come_to_the_same_end() {
    for seed in 0..8 {
        let estate = Estate::new().await;
        estate.host.advance(SETTLED_MS);
        let trouble = Trouble {
            throttle: 0.1,
            conflict: 0.05,
            lost_before: 0.05,
            lost_after: 0.05,
            short_page: 0.3,
            ..Trouble::default()
        };
        let table = Unreliable::new(estate.table.clone(), seed, trouble);
        let store = estate.over(Arc::new(table));
        for _ in 0..10 {
            let until = estate.host.now_ms() + 10_000;
            let _ = tokio::join!(
                store.erase_pass(&estate.scope, until),
                store.erase_pass(&estate.scope, until)
            );
        }
        estate.erase(&estate.store).await;
        assert_eq!(estate.own_items().await.len(), 1, "{seed}");
    }
}
