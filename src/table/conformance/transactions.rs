//! All or nothing, reasons, tokens.

use futures_util::future::join_all;

use super::{
    Attr, Attrs, Condition, Consistency, Held, Reason, Table, TableError, Transaction, Update,
    Write, add, all, cancelled, count, delete, is_limit, item, key, partition, put, put_new,
    sort_keys, transaction,
};

pub async fn all_or_nothing_with_a_reason_for_each(table: &dyn Table) -> Held {
    let pk = partition("all_or_nothing");
    let at = |sk: &str| key(&pk, sk);
    let taken = Attrs::from([("n", Attr::N(1))]);
    table.write(&put(at("taken"), taken.clone())).await?;
    let writes = vec![
        put_new(at("new"), Attrs::new()),
        put_new(at("taken"), Attrs::new()),
        Write::Check {
            key: at("missing"),
            condition: Condition::Exists,
        },
        add(at("counter"), 1),
        Write::Delete {
            key: at("taken2"),
            condition: Some(Condition::Exists),
        },
    ];
    let reasons = cancelled(table, writes).await?;
    let expected = [
        Reason::None,
        Reason::Condition(Some(item(&at("taken"), taken))),
        Reason::Condition(None),
        Reason::None,
        Reason::Condition(None),
    ];
    assert_eq!(reasons, expected);
    let page = table.query(&all(&pk), Consistency::Strong).await?;
    assert_eq!(sort_keys(&page.items), ["taken"]);
    Ok(())
}

pub async fn every_kind_of_write_at_once(table: &dyn Table) -> Held {
    let pk = partition("kinds");
    let at = |sk: &str| key(&pk, sk);
    for sk in ["checked", "deleted", "updated"] {
        table
            .write(&put(at(sk), [("n", Attr::N(1))].into()))
            .await?;
    }
    let writes = vec![
        Write::Check {
            key: at("checked"),
            condition: Condition::Less("n", 2),
        },
        delete(at("deleted")),
        add(at("updated"), 4),
        put_new(at("put"), [("n", Attr::N(9))].into()),
    ];
    table.transact(&transaction(writes)).await?;
    assert_eq!(count(table, &at("checked")).await?, Some(1));
    assert_eq!(table.get(&at("deleted")).await?, None);
    assert_eq!(count(table, &at("updated")).await?, Some(5));
    assert_eq!(count(table, &at("put")).await?, Some(9));
    Ok(())
}

pub async fn a_transaction_sent_twice_happens_once(table: &dyn Table) -> Held {
    let at = key(&partition("twice"), "@");
    let twice = transaction(vec![add(at.clone(), 1)]);
    table.transact(&twice).await?;
    table.transact(&twice).await?;
    assert_eq!(count(table, &at).await?, Some(1));
    // Its condition no longer holds, but the second sending is not a second transaction.
    let create = transaction(vec![put_new(key(&at.pk, "new"), Attrs::new())]);
    table.transact(&create).await?;
    table.transact(&create).await
}

pub async fn a_token_serves_one_transaction(table: &dyn Table) -> Held {
    let at = key(&partition("token"), "@");
    let first = transaction(vec![add(at.clone(), 1)]);
    let other = Transaction {
        writes: vec![add(at.clone(), 10)],
        ..first.clone()
    };
    table.transact(&first).await?;
    let outcome = table.transact(&other).await;
    assert!(
        matches!(outcome, Err(TableError::Refused(_))),
        "{outcome:?}"
    );
    assert_eq!(count(table, &at).await?, Some(1));
    Ok(())
}

pub async fn a_hundred_writes_and_no_more(table: &dyn Table) -> Held {
    let pk = partition("hundred");
    let puts = |count: usize| {
        let put = |n: usize| put_new(key(&pk, &format!("{n:03}")), Attrs::new());
        transaction((0..count).map(put).collect())
    };
    assert!(is_limit(&table.transact(&puts(101)).await));
    assert!(is_limit(&table.transact(&puts(0)).await));
    table.transact(&puts(100)).await?;
    let page = table.query(&all(&pk), Consistency::Strong).await?;
    assert_eq!(page.items.len(), 100);
    Ok(())
}

pub async fn a_key_is_written_once(table: &dyn Table) -> Held {
    let at = key(&partition("once"), "@");
    let check = Write::Check {
        key: at.clone(),
        condition: Condition::NotExists,
    };
    let both = transaction(vec![check, add(at.clone(), 1)]);
    assert!(is_limit(&table.transact(&both).await));
    assert_eq!(table.get(&at).await?, None);
    Ok(())
}

pub async fn more_than_four_megabytes_are_refused(table: &dyn Table) -> Held {
    let pk = partition("megabytes");
    let puts = |bytes: usize| {
        let part = Attrs::from([("d", Attr::B(vec![1; bytes / 11]))]);
        let put = |n: usize| put(key(&pk, &n.to_string()), part.clone());
        transaction((0..11).map(put).collect())
    };
    assert!(is_limit(&table.transact(&puts(4 * 1_024 * 1_024)).await));
    // As much as a slow link can bring in the time that one attempt has.
    table.transact(&puts(1_000_000)).await?;
    for n in 0..11 {
        table.write(&delete(key(&pk, &n.to_string()))).await?;
    }
    Ok(())
}

/// Of writers that saw the same version, one wins.
pub async fn one_winner_for_each_version(table: &dyn Table) -> Held {
    let at = key(&partition("race"), "@");
    table
        .write(&put(at.clone(), [("n", Attr::N(0))].into()))
        .await?;
    for version in 0..5 {
        let raise = || {
            transaction(vec![Write::Update {
                key: at.clone(),
                update: Update {
                    add: [("n", 1)].into(),
                    ..Update::default()
                },
                condition: Some(Condition::Equals("n", Attr::N(version))),
            }])
        };
        let rivals: Vec<_> = (0..4).map(|_| raise()).collect();
        let outcomes = join_all(rivals.iter().map(|rival| table.transact(rival))).await;
        let winners = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert!(winners <= 1, "{outcomes:?}");
        if winners == 0 {
            // All of them met each other, which only AWS does.
            table.transact(&raise()).await?;
        }
        assert_eq!(count(table, &at).await?, Some(version + 1));
    }
    Ok(())
}
