//! What every `Table` does: one async function for one rule, for tests over any of them.
//!
//! Each rule uses partitions of its own, so they may run side by side and again on a table that is in use.

#![allow(
    clippy::missing_panics_doc,
    reason = "a rule that does not hold panics: that is its answer"
)]

pub mod index;
pub mod queries;
pub mod transactions;
pub mod writes;

use super::{
    Attr, Attrs, Condition, Consistency, Item, Key, Page, Query, Range, Reason, Table, TableError,
    Transaction, Update, Write,
};

/// A rule that holds; calls that should succeed and did not are the error.
pub type Held = Result<(), TableError>;

/// A partition nobody else uses.
fn partition(rule: &str) -> String {
    format!("conformance#{rule}#{:032x}", rand::random::<u128>())
}

fn key(pk: &str, sk: &str) -> Key {
    Key {
        pk: pk.to_owned(),
        sk: sk.to_owned(),
    }
}

fn text(text: &str) -> Attr {
    Attr::S(text.to_owned())
}

fn put(key: Key, attrs: Attrs) -> Write {
    Write::Put {
        key,
        attrs,
        condition: None,
    }
}

fn put_new(key: Key, attrs: Attrs) -> Write {
    Write::Put {
        key,
        attrs,
        condition: Some(Condition::NotExists),
    }
}

fn add(key: Key, number: i64) -> Write {
    Write::Update {
        key,
        update: Update {
            add: [("n", number)].into(),
            ..Update::default()
        },
        condition: None,
    }
}

fn delete(key: Key) -> Write {
    Write::Delete {
        key,
        condition: None,
    }
}

fn transaction(writes: Vec<Write>) -> Transaction {
    Transaction {
        token: format!("{:032x}", rand::random::<u128>()),
        writes,
    }
}

fn item(key: &Key, attrs: Attrs) -> Item {
    Item {
        key: key.clone(),
        attrs: attrs.into_iter().map(|(n, a)| (n.to_owned(), a)).collect(),
    }
}

fn all(pk: &str) -> Query {
    Query {
        pk: pk.to_owned(),
        range: Range::All,
        descending: false,
        limit: None,
        after: None,
    }
}

fn sort_keys(items: &[Item]) -> Vec<&str> {
    items.iter().map(|item| item.key.sk.as_str()).collect()
}

/// The number in `n`.
async fn count(table: &dyn Table, key: &Key) -> Result<Option<i64>, TableError> {
    let item = table.get(key).await?;
    Ok(item.and_then(|item| match item.attrs.get("n") {
        Some(Attr::N(number)) => Some(*number),
        _ => None,
    }))
}

/// The reasons of a transaction that must be cancelled.
async fn cancelled(table: &dyn Table, writes: Vec<Write>) -> Result<Vec<Reason>, TableError> {
    let outcome = table.transact(&transaction(writes)).await;
    assert!(outcome.is_err(), "the transaction is cancelled");
    match outcome {
        Err(TableError::Cancelled(reasons)) => Ok(reasons),
        other => other.map(|()| Vec::new()),
    }
}

fn is_limit<T>(outcome: &Result<T, TableError>) -> bool {
    matches!(outcome, Err(TableError::Limit(_)))
}
