use std::collections::BTreeMap;

use super::*;

fn at(pk: usize, sk: usize) -> Key {
    Key {
        pk: "p".repeat(pk),
        sk: "s".repeat(sk),
    }
}

fn delete(name: usize) -> Write {
    Write::Delete {
        key: Key {
            pk: "p".into(),
            sk: name.to_string(),
        },
        condition: None,
    }
}

fn put(attrs: Attrs) -> Write {
    Write::Put {
        key: at(1, 1),
        attrs,
        condition: None,
    }
}

fn set(update: Update) -> Write {
    Write::Update {
        key: at(1, 1),
        update,
        condition: None,
    }
}

fn of(token: &str, writes: Vec<Write>) -> Transaction {
    Transaction {
        token: token.into(),
        writes,
    }
}

#[track_caller]
fn check(result: Checked, fits: bool) {
    match result {
        Ok(()) => assert!(fits, "accepted"),
        Err(TableError::Limit(limit)) => assert!(!fits, "{limit}"),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn keys() {
    for (pk, sk, fits) in [
        (1, 1, true),
        (0, 1, false),
        (1, 0, false),
        (PARTITION_KEY_BYTES_MAX, SORT_KEY_BYTES_MAX, true),
        (PARTITION_KEY_BYTES_MAX + 1, 1, false),
        (1, SORT_KEY_BYTES_MAX + 1, false),
    ] {
        check(key(&at(pk, sk)), fits);
    }
}

#[test]
fn keys_of_a_batch() {
    let keys: Vec<Key> = (1..=BATCH_KEYS_MAX + 1).map(|sk| at(1, sk)).collect();
    check(batch(&keys[..BATCH_KEYS_MAX]), true);
    check(batch(&keys), false);
    check(batch(&[at(1, 1), at(1, 1)]), false);
    check(batch(&[at(1, 0)]), false);
}

#[test]
fn keys_of_the_indexes() {
    for (name, max) in [
        ("np", PARTITION_KEY_BYTES_MAX),
        ("ns", SORT_KEY_BYTES_MAX),
        ("xp", PARTITION_KEY_BYTES_MAX),
        ("xs", SORT_KEY_BYTES_MAX),
    ] {
        for (length, fits) in [(0, false), (1, true), (max, true), (max + 1, false)] {
            let attrs = Attrs::from([(name, Attr::S("n".repeat(length)))]);
            check(write(&put(attrs.clone())), fits);
            let update = Update {
                set: attrs,
                ..Update::default()
            };
            check(write(&set(update)), fits);
        }
    }
    check(
        write(&put(Attrs::from([("d", Attr::S(String::new()))]))),
        true,
    );
}

#[test]
fn size_of_an_item() {
    let around = "PKpSKsd".len();
    for (bytes, fits) in [(ITEM_BYTES_MAX, true), (ITEM_BYTES_MAX + 1, false)] {
        let attrs = Attrs::from([("d", Attr::B(vec![0; bytes - around]))]);
        check(write(&put(attrs)), fits);
    }
}

#[test]
fn writes_of_a_transaction() {
    for (count, fits) in [
        (0, false),
        (1, true),
        (WRITES_MAX, true),
        (WRITES_MAX + 1, false),
    ] {
        check(
            transaction(&of("t", (0..count).map(delete).collect())),
            fits,
        );
    }
    check(transaction(&of("t", vec![delete(1), delete(1)])), false);
}

#[test]
fn size_of_a_transaction() {
    let item = |name: usize, bytes: usize| Write::Put {
        key: Key {
            pk: "p".into(),
            sk: format!("{name:03}"),
        },
        attrs: Attrs::from([("d", Attr::B(vec![0; bytes - "PKpSK000d".len()]))]),
        condition: None,
    };
    let part = TRANSACTION_BYTES_MAX / 16;
    let mut writes: Vec<Write> = (0..15).map(|name| item(name, part)).collect();
    writes.push(item(15, part));
    check(transaction(&of("t", writes.clone())), true);
    writes[15] = item(15, part + 1);
    check(transaction(&of("t", writes)), false);
}

#[test]
fn length_of_a_token() {
    for (length, fits) in [
        (0, false),
        (1, true),
        (TOKEN_BYTES_MAX, true),
        (TOKEN_BYTES_MAX + 1, false),
    ] {
        check(transaction(&of(&"t".repeat(length), vec![delete(1)])), fits);
    }
}

#[test]
fn an_update_changes_each_attribute_once() {
    check(write(&set(Update::default())), false);
    let twice = Update {
        add: BTreeMap::from([("v", 1)]),
        remove: vec!["v"],
        ..Update::default()
    };
    check(write(&set(twice)), false);
    let key = Update {
        remove: vec!["SK"],
        ..Update::default()
    };
    check(write(&set(key)), false);
    check(write(&put(Attrs::from([("PK", Attr::N(1))]))), false);
}

#[test]
fn sets_and_conditions_are_not_empty() {
    let members = |members: &[&str]| {
        let members = members.iter().map(ToString::to_string).collect();
        put(Attrs::from([("set", Attr::Ss(members))]))
    };
    check(write(&members(&["a", "b"])), true);
    check(write(&members(&[])), false);
    check(write(&members(&["a", "a"])), false);
    let condition = Condition::Not(Box::new(Condition::And(vec![])));
    check(
        write(&Write::Delete {
            key: at(1, 1),
            condition: Some(condition),
        }),
        false,
    );
}

#[test]
fn a_check_alone_is_refused() {
    let check_only = Write::Check {
        key: at(1, 1),
        condition: Condition::Exists,
    };
    check(write(&check_only), false);
    check(transaction(&of("t", vec![check_only])), true);
}

#[test]
fn bounds_of_a_query() {
    let ask = |range: Range, limit: Option<u32>| {
        query(&Query {
            pk: "p".into(),
            range,
            descending: false,
            limit,
            after: None,
        })
    };
    check(ask(Range::All, Some(1)), true);
    check(ask(Range::All, Some(0)), false);
    check(ask(Range::BeginsWith(String::new()), None), true);
    check(ask(Range::Greater(String::new()), None), false);
    check(
        ask(Range::Greater("s".repeat(SORT_KEY_BYTES_MAX)), None),
        true,
    );
    check(
        ask(
            Range::Between("a".into(), "s".repeat(SORT_KEY_BYTES_MAX + 1)),
            None,
        ),
        false,
    );
}
