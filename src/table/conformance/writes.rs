//! Single writes, conditions, updates.

use super::{
    Attr, Attrs, Condition, Held, Reason, Table, TableError, Update, Write, add, cancelled, count,
    delete, is_limit, item, key, partition, put, text, transaction,
};

pub async fn a_put_is_read_back_whole_and_replaces(table: &dyn Table) -> Held {
    let at = key(&partition("put"), "@");
    let attrs = Attrs::from([
        ("s", text("Ångström \u{1}")),
        ("empty", text("")),
        ("n", Attr::N(i64::MIN)),
        ("b", Attr::B(vec![0, 255, 128])),
        ("set", Attr::Ss(vec!["a".to_owned(), "b".to_owned()])),
    ]);
    assert_eq!(table.get(&at).await?, None);
    table.write(&put(at.clone(), attrs.clone())).await?;
    assert_eq!(table.get(&at).await?, Some(item(&at, attrs)));
    let fewer = Attrs::from([("s", text("other"))]);
    table.write(&put(at.clone(), fewer.clone())).await?;
    assert_eq!(table.get(&at).await?, Some(item(&at, fewer)));
    Ok(())
}

pub async fn an_update_sets_adds_and_removes(table: &dyn Table) -> Held {
    let at = key(&partition("update"), "@");
    let attrs = Attrs::from([("d", text("old")), ("v", Attr::N(3)), ("pend", text("x"))]);
    table.write(&put(at.clone(), attrs)).await?;
    let update = Update {
        set: Attrs::from([("d", text("new"))]),
        add: [("v", 1), ("fresh", -2)].into(),
        remove: vec!["pend", "never"],
    };
    table
        .write(&Write::Update {
            key: at.clone(),
            update,
            condition: Some(Condition::Equals("v", Attr::N(3))),
        })
        .await?;
    let expected = Attrs::from([
        ("d", text("new")),
        ("v", Attr::N(4)),
        ("fresh", Attr::N(-2)),
    ]);
    assert_eq!(table.get(&at).await?, Some(item(&at, expected)));
    Ok(())
}

pub async fn an_update_of_nothing_makes_the_item(table: &dyn Table) -> Held {
    let at = key(&partition("upsert"), "@");
    table.write(&add(at.clone(), 5)).await?;
    assert_eq!(count(table, &at).await?, Some(5));
    Ok(())
}

pub async fn adding_to_text_is_invalid(table: &dyn Table) -> Held {
    let pk = partition("invalid");
    let at = key(&pk, "text");
    table
        .write(&put(at.clone(), [("n", text("seven"))].into()))
        .await?;
    let alone = table.write(&add(at.clone(), 1)).await;
    assert!(matches!(alone, Err(TableError::Refused(_))), "{alone:?}");
    let writes = vec![put(key(&pk, "other"), Attrs::new()), add(at, 1)];
    let reasons = cancelled(table, writes).await?;
    assert_eq!(reasons, [Reason::None, Reason::Invalid]);
    assert_eq!(table.get(&key(&pk, "other")).await?, None);
    Ok(())
}

pub async fn a_delete_removes_and_may_find_nothing(table: &dyn Table) -> Held {
    let at = key(&partition("delete"), "@");
    table.write(&put(at.clone(), Attrs::new())).await?;
    table.write(&delete(at.clone())).await?;
    assert_eq!(table.get(&at).await?, None);
    table.write(&delete(at)).await
}

pub async fn conditions_hold_or_fail(table: &dyn Table) -> Held {
    let pk = partition("conditions");
    let (there, missing) = (key(&pk, "there"), key(&pk, "missing"));
    let attrs = Attrs::from([("n", Attr::N(3)), ("s", text("x"))]);
    table.write(&put(there.clone(), attrs)).await?;
    let n = |number| Condition::Equals("n", Attr::N(number));
    let not = |condition| Condition::Not(Box::new(condition));
    // The condition, whether it holds where the item is there, and where it is missing.
    let cases = [
        (Condition::Exists, true, false),
        (Condition::NotExists, false, true),
        (Condition::Lacks("s"), false, true),
        (Condition::Lacks("t"), true, true),
        (n(3), true, false),
        (n(4), false, false),
        (Condition::Equals("s", text("x")), true, false),
        (Condition::Equals("n", text("3")), false, false),
        (Condition::Less("n", 4), true, false),
        (Condition::Less("n", 3), false, false),
        (Condition::Greater("n", 2), true, false),
        (Condition::Greater("n", 3), false, false),
        (not(n(3)), false, true),
        (Condition::And(vec![n(3), Condition::Exists]), true, false),
        (Condition::And(vec![n(3), n(4)]), false, false),
        (Condition::Or(vec![n(4), n(3)]), true, false),
        (Condition::Or(vec![Condition::NotExists, n(4)]), false, true),
        (not(Condition::Or(vec![n(4), n(5)])), true, true),
    ];
    for (condition, on_there, on_missing) in cases {
        for (key, holds) in [(&there, on_there), (&missing, on_missing)] {
            let check = Write::Check {
                key: key.clone(),
                condition: condition.clone(),
            };
            match table.transact(&transaction(vec![check])).await {
                Ok(()) => assert!(holds, "{condition:?} held on {}", key.sk),
                Err(TableError::Cancelled(_)) => {
                    assert!(!holds, "{condition:?} failed on {}", key.sk);
                }
                Err(other) => return Err(other),
            }
        }
    }
    Ok(())
}

pub async fn a_failed_condition_brings_the_item(table: &dyn Table) -> Held {
    let pk = partition("old");
    let (there, missing) = (key(&pk, "there"), key(&pk, "missing"));
    let attrs = Attrs::from([("n", Attr::N(1))]);
    table.write(&put(there.clone(), attrs.clone())).await?;
    let condition = || Some(Condition::Equals("n", Attr::N(2)));
    let update = Update {
        set: attrs.clone(),
        ..Update::default()
    };
    for (key, old) in [
        (&there, Some(item(&there, attrs.clone()))),
        (&missing, None),
    ] {
        let writes = [
            Write::Put {
                key: key.clone(),
                attrs: attrs.clone(),
                condition: condition(),
            },
            Write::Update {
                key: key.clone(),
                update: update.clone(),
                condition: condition(),
            },
            Write::Delete {
                key: key.clone(),
                condition: condition(),
            },
        ];
        for write in &writes {
            let outcome = table.write(write).await;
            assert!(
                matches!(&outcome, Err(TableError::Condition(found)) if *found == old),
                "{write:?}: {outcome:?}"
            );
        }
    }
    Ok(())
}

/// The condition under which a write may be repeated after an unknown outcome.
pub async fn missing_or_equal(table: &dyn Table) -> Held {
    let at = key(&partition("or_equal"), "@");
    let claim = |id: &str| Write::Put {
        key: at.clone(),
        attrs: Attrs::from([("id", text(id))]),
        condition: Some(Condition::Or(vec![
            Condition::NotExists,
            Condition::Equals("id", text(id)),
        ])),
    };
    table.write(&claim("mine")).await?;
    table.write(&claim("mine")).await?;
    let theirs = table.write(&claim("theirs")).await;
    assert!(
        matches!(theirs, Err(TableError::Condition(Some(_)))),
        "{theirs:?}"
    );
    Ok(())
}

pub async fn keys_beyond_their_length_are_refused(table: &dyn Table) -> Held {
    let pk = partition("long");
    let longest = format!("{pk}{}", "p".repeat(2_048 - pk.len()));
    let at = |sk: usize| key(&longest, &"é".repeat(sk / 2));
    table.write(&put(at(1_024), Attrs::new())).await?;
    assert!(table.get(&at(1_024)).await?.is_some());
    table.write(&delete(at(1_024))).await?;
    let longer = key(&format!("{longest}p"), "@");
    for key in [at(1_026), longer, key(&pk, ""), key("", "@")] {
        assert!(is_limit(
            &table.write(&put(key.clone(), Attrs::new())).await
        ));
        assert!(is_limit(&table.get(&key).await));
    }
    let named = |bytes| Attrs::from([("np", text(&pk)), ("ns", text(&"n".repeat(bytes)))]);
    table.write(&put(key(&pk, "@"), named(1_024))).await?;
    for bytes in [0, 1_025] {
        assert!(is_limit(
            &table.write(&put(key(&pk, "@"), named(bytes))).await
        ));
    }
    Ok(())
}

pub async fn an_item_has_at_most_400_kb(table: &dyn Table) -> Held {
    let at = key(&partition("large"), "@");
    let around = at.pk.len() + "PKSK@d".len();
    let attrs = |bytes: usize| Attrs::from([("d", Attr::B(vec![7; bytes - around]))]);
    table.write(&put(at.clone(), attrs(400 * 1_024))).await?;
    let larger = table.write(&put(at.clone(), attrs(400 * 1_024 + 1))).await;
    assert!(is_limit(&larger), "{larger:?}");
    table.write(&delete(at)).await
}
