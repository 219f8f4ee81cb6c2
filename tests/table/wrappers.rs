//! The wrappers do to a table what they say.

use std::sync::Arc;

use serverless_scim::table::wrappers::{FrozenIndexes, Metered, Trouble, Unreliable, Usage};
use serverless_scim::table::{
    Attr, Attrs, BY_NAME, Condition, Consistency, Key, Query, Range, Reason, Table, TableError,
    Transaction, Update, Write, embedded,
};

async fn memory() -> Arc<dyn Table> {
    Arc::new(embedded::memory().await.expect("memory"))
}

fn key(sk: &str) -> Key {
    Key {
        pk: "p".into(),
        sk: sk.into(),
    }
}

fn named(sk: &str, name: &str) -> Write {
    Write::Put {
        key: key(sk),
        attrs: Attrs::from([("np", Attr::S("i".into())), ("ns", Attr::S(name.into()))]),
        condition: None,
    }
}

fn delete(sk: &str) -> Write {
    Write::Delete {
        key: key(sk),
        condition: None,
    }
}

fn transaction(token: &str, writes: Vec<Write>) -> Transaction {
    Transaction {
        token: token.into(),
        writes,
    }
}

fn all(pk: &str) -> Query {
    Query {
        pk: pk.into(),
        range: Range::All,
        descending: false,
        limit: None,
        after: None,
    }
}

async fn names(table: &dyn Table, query: &Query) -> Vec<String> {
    let page = table.query_index(BY_NAME, query).await.expect("index");
    let name = |attr: &Attr| match attr {
        Attr::S(name) => name.clone(),
        other => panic!("{other:?}"),
    };
    page.items.iter().map(|i| name(&i.attrs["ns"])).collect()
}

#[tokio::test]
async fn frozen_indexes_stand_still_while_the_table_moves() {
    let table = FrozenIndexes::new(memory().await);
    for (sk, name) in [("1", "ada"), ("2", "bea"), ("3", "cy")] {
        table.write(&named(sk, name)).await.expect("put");
    }
    table.freeze();
    let writes = vec![named("1", "zoe"), delete("2"), named("4", "dan")];
    table.transact(&transaction("t", writes)).await.expect("tx");
    assert_eq!(names(&table, &all("i")).await, ["ada", "bea", "cy"]);
    let some = Query {
        range: Range::Greater("ada".into()),
        limit: Some(1),
        ..all("i")
    };
    assert_eq!(names(&table, &some).await, ["bea"]);
    let page = table.query_index(BY_NAME, &some).await.expect("index");
    let rest = Query {
        after: page.next,
        ..some
    };
    assert_eq!(names(&table, &rest).await, ["cy"]);
    let page = table.query(&all("p"), Consistency::Strong).await;
    assert_eq!(
        page.expect("base").items.len(),
        3,
        "the table is not frozen"
    );
    table.thaw();
    assert_eq!(names(&table, &all("i")).await, ["cy", "dan", "zoe"]);
    table.empty();
    assert_eq!(names(&table, &all("i")).await, [""; 0]);
}

#[tokio::test]
async fn a_bill_follows_the_rules_of_aws() {
    let table = Metered::new(memory().await);
    let document = |bytes: usize| Write::Put {
        key: key("doc"),
        attrs: Attrs::from([
            ("d", Attr::B(vec![0; bytes])),
            ("np", Attr::S("i".into())),
            ("ns", Attr::S("ada".into())),
        ]),
        condition: None,
    };
    table.write(&document(1_500)).await.expect("put");
    assert_eq!(
        table.reset().write_units,
        2 + 1,
        "an item of 2 KB, one entry"
    );

    let check = Write::Check {
        key: key("doc"),
        condition: Condition::Exists,
    };
    let edge = Write::Put {
        key: key("edge"),
        attrs: Attrs::new(),
        condition: None,
    };
    table
        .transact(&transaction("t", vec![check, edge]))
        .await
        .expect("tx");
    assert_eq!(table.reset().write_units, 2 * 2 + 2);

    let rename = Write::Update {
        key: key("doc"),
        update: Update {
            set: [("ns", Attr::S("bea".into()))].into(),
            ..Update::default()
        },
        condition: None,
    };
    table.write(&rename).await.expect("update");
    assert_eq!(table.reset().write_units, 2 + 2, "the entry moves");
    table.write(&document(10)).await.expect("put");
    assert_eq!(table.reset().write_units, 2 + 2, "the larger image counts");

    table.write(&document(5_000)).await.expect("put");
    table.reset();
    table.get(&key("doc")).await.expect("get");
    table
        .batch_get(&[key("doc"), key("none")])
        .await
        .expect("batch");
    table
        .query(&all("p"), Consistency::Strong)
        .await
        .expect("query");
    let expected = Usage {
        read_halves: 2 * (2 + (2 + 1) + 2),
        calls: 3,
        round_trips: 3,
        ..Usage::default()
    };
    assert_eq!(table.reset(), expected);
    table.query_index(BY_NAME, &all("i")).await.expect("index");
    assert_eq!(table.usage().read_halves, 1);
    assert_eq!(table.usage().eventual, 1);
}

#[tokio::test]
async fn calls_side_by_side_are_one_round_trip() {
    let table = Metered::new(memory().await);
    let (a, b) = (key("a"), key("b"));
    let (first, second) = futures_util::future::join(table.get(&a), table.get(&b)).await;
    first.and(second).expect("get");
    table.get(&key("c")).await.expect("get");
    let usage = table.usage();
    assert_eq!((usage.calls, usage.round_trips), (3, 2));
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_sending_again() {
    let inner = memory().await;
    for (trouble, happened) in [
        (
            Trouble {
                lost_before: 1.0,
                ..Trouble::default()
            },
            false,
        ),
        (
            Trouble {
                lost_after: 1.0,
                ..Trouble::default()
            },
            true,
        ),
    ] {
        let table = Unreliable::new(Arc::clone(&inner), 1, trouble);
        let sk = if happened { "after" } else { "before" };
        let once = transaction(sk, vec![named(sk, "ada")]);
        let outcome = table.transact(&once).await;
        assert!(
            matches!(outcome, Err(TableError::Unknown(_))),
            "{outcome:?}"
        );
        let there = inner.get(&key(sk)).await.expect("get").is_some();
        assert_eq!(there, happened);
        inner.transact(&once).await.expect("the same again");
    }
}

#[tokio::test]
async fn conflicts_throttles_unread_keys_and_short_pages() {
    let inner = memory().await;
    for sk in ["1", "2", "3"] {
        inner.write(&named(sk, sk)).await.expect("put");
    }
    let with = |trouble| Unreliable::new(Arc::clone(&inner), 7, trouble);
    let none = Trouble::default();
    let table = with(Trouble {
        conflict: 1.0,
        ..none
    });
    let Err(TableError::Cancelled(reasons)) = table
        .transact(&transaction("t", vec![delete("1"), delete("2")]))
        .await
    else {
        panic!("a conflict");
    };
    let conflicts = reasons.iter().filter(|r| **r == Reason::Conflict);
    assert_eq!((reasons.len(), conflicts.count()), (2, 1));
    assert!(matches!(
        table.write(&delete("1")).await,
        Err(TableError::Busy)
    ));
    let table = with(Trouble {
        throttle: 1.0,
        ..none
    });
    assert!(matches!(table.get(&key("1")).await, Err(TableError::Busy)));
    let table = with(Trouble {
        unprocessed: 1.0,
        short_page: 1.0,
        ..none
    });
    let mut wanted = vec![key("1"), key("2"), key("3")];
    let mut rounds = 0;
    while !wanted.is_empty() {
        let (items, unread) = table.batch_get(&wanted).await.expect("batch");
        assert_eq!(items.len() + unread.len(), wanted.len());
        wanted = unread;
        rounds += 1;
    }
    assert!(rounds > 1);
    let page = table.query(&all("p"), Consistency::Strong).await;
    let page = page.expect("page");
    assert!(page.items.len() == 1 && page.next.is_some());
}

#[tokio::test]
async fn after_a_crash_nothing_reaches_the_table() {
    let inner = memory().await;
    let crash = Trouble {
        crash_after: Some(2),
        ..Trouble::default()
    };
    let table = Unreliable::new(Arc::clone(&inner), 1, crash);
    table.write(&named("1", "ada")).await.expect("answered");
    for sk in ["2", "3"] {
        let outcome = table.write(&named(sk, "bea")).await;
        assert!(
            matches!(outcome, Err(TableError::Unknown(_))),
            "{outcome:?}"
        );
    }
    let page = inner.query(&all("p"), Consistency::Strong).await;
    assert_eq!(page.expect("page").items.len(), 2);
}
