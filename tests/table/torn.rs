//! A torn table shows a commit item by item, and loses none.

use std::sync::Arc;

use serverless_scim::table::wrappers::Torn;
use serverless_scim::table::{
    Attr, Attrs, Condition, Consistency, Cursor, Item, Key, Query, Range, Reason, Table,
    TableError, Transaction, Write, embedded,
};

fn key(sk: &str) -> Key {
    Key {
        pk: "p".into(),
        sk: sk.into(),
    }
}

fn put(sk: &str, n: i64) -> Write {
    Write::Put {
        key: key(sk),
        attrs: Attrs::from([("n", Attr::N(n))]),
        condition: None,
    }
}

fn delete(sk: &str) -> Write {
    Write::Delete {
        key: key(sk),
        condition: None,
    }
}

fn number(item: &Item) -> (String, i64) {
    match item.attrs["n"] {
        Attr::N(n) => (item.key.sk.clone(), n),
        _ => panic!("{item:?}"),
    }
}

async fn numbers(table: &dyn Table, query: &Query) -> (Vec<(String, i64)>, Option<Cursor>) {
    let page = table.query(query, Consistency::Strong).await;
    let page = page.expect("query");
    (page.items.iter().map(number).collect(), page.next)
}

fn all() -> Query {
    Query {
        pk: "p".into(),
        range: Range::All,
        descending: false,
        limit: None,
        after: None,
    }
}

fn pairs(pairs: &[(&str, i64)]) -> Vec<(String, i64)> {
    let own = |(sk, n): &(&str, i64)| ((*sk).to_owned(), *n);
    pairs.iter().map(own).collect()
}

/// 1 and 2 stand at 0; a transaction sets 1, removes 2, adds 3, and looks at 4.
async fn half_done() -> (Torn, Arc<dyn Table>) {
    let inner: Arc<dyn Table> = Arc::new(embedded::memory().await.expect("memory"));
    for sk in ["1", "2", "4"] {
        inner.write(&put(sk, 0)).await.expect("put");
    }
    let torn = Torn::steered(Arc::clone(&inner));
    let check = Write::Check {
        key: key("4"),
        condition: Condition::Exists,
    };
    let once = Transaction {
        token: "t".into(),
        writes: vec![put("1", 1), delete("2"), put("3", 1), check],
    };
    torn.transact(&once).await.expect("commit");
    (torn, inner)
}

#[tokio::test]
async fn each_item_comes_out_by_itself() {
    let (torn, _) = half_done().await;
    assert_eq!(torn.held(), ["1", "2", "3", "4"].map(key));
    let before = pairs(&[("1", 0), ("2", 0), ("4", 0)]);
    assert_eq!(numbers(&torn, &all()).await, (before, None));
    torn.release(&key("3"));
    let some = pairs(&[("1", 0), ("2", 0), ("3", 1), ("4", 0)]);
    assert_eq!(numbers(&torn, &all()).await.0, some);
    torn.release(&key("2"));
    assert_eq!(torn.get(&key("2")).await.expect("get"), None);
    let one = torn.get(&key("1")).await.expect("get").expect("item");
    assert_eq!(number(&one).1, 0);
    let (items, unread) = torn
        .batch_get(&["1", "2", "3"].map(key))
        .await
        .expect("get");
    let mut found: Vec<_> = items.iter().map(number).collect();
    found.sort();
    assert_eq!((found, unread), (pairs(&[("1", 0), ("3", 1)]), vec![]));
    assert!(!torn.is_out("t"));
    torn.release(&key("1"));
    torn.release(&key("4"));
    assert!(torn.is_out("t"));
    let after = pairs(&[("1", 1), ("3", 1), ("4", 0)]);
    assert_eq!(numbers(&torn, &all()).await.0, after);
}

#[tokio::test]
async fn pages_join_over_what_is_held() {
    let (torn, _) = half_done().await;
    for descending in [false, true] {
        let mut query = Query {
            descending,
            limit: Some(1),
            ..all()
        };
        let mut seen = vec![];
        loop {
            let (page, next) = numbers(&torn, &query).await;
            seen.extend(page);
            query.after = next;
            if query.after.is_none() {
                break;
            }
        }
        if descending {
            seen.reverse();
        }
        assert_eq!(seen, pairs(&[("1", 0), ("2", 0), ("4", 0)]));
    }
}

#[tokio::test]
async fn what_is_not_out_is_locked() {
    let (torn, inner) = half_done().await;
    let other = |token: &str| Transaction {
        token: token.into(),
        writes: vec![put("5", 2), put("1", 2)],
    };
    let Err(TableError::Cancelled(reasons)) = torn.transact(&other("u")).await else {
        panic!("a conflict");
    };
    assert_eq!(reasons, [Reason::None, Reason::Conflict]);
    let busy = torn.write(&delete("4")).await;
    assert!(matches!(busy, Err(TableError::Busy)), "{busy:?}");
    torn.release(&key("1"));
    torn.transact(&other("v")).await.expect("free");
    assert_eq!(torn.held(), ["1", "2", "3", "4", "5"].map(key));
    assert!(inner.get(&key("5")).await.expect("get").is_some());
}

#[tokio::test]
async fn by_chance_everything_comes_out_before_the_answer() {
    let inner: Arc<dyn Table> = Arc::new(embedded::memory().await.expect("memory"));
    let torn = Arc::new(Torn::new(inner, 3));
    let mut torn_reads = 0;
    for n in 1..=50 {
        let writes = ["1", "2", "3"].map(|sk| put(sk, n)).to_vec();
        let token = format!("t{n}");
        let sender = Arc::clone(&torn);
        let sending = tokio::spawn(async move {
            let once = Transaction { token, writes };
            sender.transact(&once).await
        });
        while !sending.is_finished() {
            let (now, _) = numbers(torn.as_ref(), &all()).await;
            let fresh = now.iter().filter(|(_, seen)| *seen == n).count();
            torn_reads += usize::from(fresh == 1 || fresh == 2);
            tokio::task::yield_now().await;
        }
        sending.await.expect("join").expect("commit");
        assert_eq!(torn.held(), []);
    }
    assert!(torn_reads > 0, "no reader saw half of a commit");
}
