//! A fence lets through what is the tenant's, and nothing else of any call.

use std::sync::Arc;

use serverless_scim::table::{
    BY_NAME, Condition, Consistency, Cursor, Fenced, Key, Query, Range, Table, TableError,
    Transaction, Write, embedded,
};

const OWN: &str = "T#k3v5q2m7xa";
const OWN_ITEMS: [&str; 2] = ["T#k3v5q2m7xa", "T#k3v5q2m7xa#R#00000000"];
/// The registry, another tenant, one whose id goes on, one whose id ends early, nothing.
const FOREIGN: [&str; 5] = [
    "A#tenants",
    "T#aaaaaaaaaa",
    "T#k3v5q2m7xab",
    "T#k3v5q2m7x",
    "",
];

fn key(pk: &str) -> Key {
    Key {
        pk: pk.to_owned(),
        sk: "1".to_owned(),
    }
}

fn query(pk: &str) -> Query {
    Query {
        pk: pk.to_owned(),
        range: Range::All,
        descending: false,
        limit: None,
        after: None,
    }
}

fn put(pk: &str) -> Write {
    Write::Put {
        key: key(pk),
        attrs: [].into(),
        condition: None,
    }
}

fn transaction(writes: Vec<Write>) -> Transaction {
    Transaction {
        token: format!("token-{}", writes.len()),
        writes,
    }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: &Result<T, TableError>, what: &str) {
    assert!(
        matches!(result, Err(TableError::Refused(_))),
        "{what}: {result:?}"
    );
}

#[tokio::test]
async fn what_is_the_tenants_passes() {
    let table = Arc::new(embedded::memory().await.expect("memory"));
    let fenced = Fenced::new(table, OWN.to_owned());
    for pk in OWN_ITEMS {
        fenced.write(&put(pk)).await.expect("a write");
        assert!(
            fenced.get(&key(pk)).await.expect("a read").is_some(),
            "{pk}"
        );
        let page = fenced.query(&query(pk), Consistency::Strong).await;
        assert_eq!(page.expect("a page").items.len(), 1, "{pk}");
    }
    let (found, _) = fenced.batch_get(&OWN_ITEMS.map(key)).await.expect("items");
    assert_eq!(found.len(), 2);
}

#[tokio::test]
async fn nothing_else_does_in_any_call() {
    let table = Arc::new(embedded::memory().await.expect("memory"));
    let fenced = Fenced::new(table.clone(), OWN.to_owned());
    for pk in FOREIGN {
        let own = key(OWN);
        refused(&fenced.get(&key(pk)).await, "get");
        refused(&fenced.batch_get(&[own.clone(), key(pk)]).await, "batch");
        refused(
            &fenced.query(&query(pk), Consistency::Strong).await,
            "query",
        );
        refused(&fenced.query_index(BY_NAME, &query(pk)).await, "index");
        let cursor = |key, index_key| Query {
            after: Some(Cursor { key, index_key }),
            ..query(OWN)
        };
        let after = cursor(key(pk), None);
        refused(&fenced.query(&after, Consistency::Strong).await, "cursor");
        let after = cursor(own.clone(), Some(key(pk)));
        refused(&fenced.query_index(BY_NAME, &after).await, "index cursor");
        let condition = Condition::NotExists;
        let delete = Write::Delete {
            key: key(pk),
            condition: None,
        };
        let check = Write::Check {
            key: key(pk),
            condition,
        };
        let update = Write::Update {
            key: key(pk),
            update: serverless_scim::table::Update::default(),
            condition: None,
        };
        for write in [put(pk), update, delete, check] {
            refused(&fenced.write(&write).await, "write");
            let both = transaction(vec![put(OWN), write]);
            refused(&fenced.transact(&both).await, "transaction");
        }
    }
    refused(&fenced.scan(None).await, "scan");
    let page = table.scan(None).await.expect("a page");
    assert_eq!(page.items, [], "nothing was written");
}
