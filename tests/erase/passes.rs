//! What a pass may remove when, and what is left at the end.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use serverless_scim::schema::USER;
use serverless_scim::store::{Erased, Host as _, LogQuery, State};
use serverless_scim::table::Attr;

use crate::bench::user;
use crate::estate::{Estate, SETTLED_MS, items};

/// The partitions of a tenant by their letter; settings have none.
fn letters(estate: &Estate, items: &crate::estate::Items) -> String {
    let start = format!("T#{}#", estate.scope);
    let letter = |pk: &str| pk.strip_prefix(&start).and_then(|rest| rest.chars().next());
    let letters: BTreeSet<char> = items.keys().filter_map(|key| letter(&key.pk)).collect();
    letters.into_iter().collect()
}

#[tokio::test]
async fn nothing_is_left_but_the_note_and_nobody_else_loses_anything() {
    let estate = Estate::new().await;
    let before = estate.own_items().await;
    assert_eq!(
        letters(&estate, &before),
        "BDEGMNORUVWXZ",
        "something of everything"
    );
    let others: Vec<_> = others(&estate).await;
    assert!(others.len() > 40);

    // Before nobody can write any more, only what nothing else is found through goes.
    let until = || estate.host.now_ms() + 10_000;
    let early = estate
        .store
        .erase_pass(&estate.scope, until())
        .await
        .unwrap();
    assert!(early.removed > 10 && !early.done, "{early:?}");
    assert_eq!(letters(&estate, &estate.own_items().await), "BDMNORV");
    // A request that came in before writes on, in the last moment.
    estate.host.advance(SETTLED_MS - 1);
    estate.create(&USER, user("straggler")).await;
    estate
        .members(estate.team, false, &[estate.ada])
        .await
        .unwrap();
    estate.members(estate.team, true, &[]).await.unwrap();
    let again = estate
        .store
        .erase_pass(&estate.scope, until())
        .await
        .unwrap();
    assert!(again.removed > 0 && !again.done, "{again:?}");
    assert!(estate.own_items().await.len() > 40);
    estate.host.advance(1);
    assert_eq!(estate.send("GET", "/Users", Value::Null).await.0, 410);
    assert_eq!(
        estate.erase(&estate.store).await,
        2,
        "one removes, one finds nothing"
    );

    let left = estate.own_items().await;
    let now = estate.host.now_ms() / 1_000;
    let [note] = left.values().collect::<Vec<_>>()[..] else {
        panic!("{left:#?}")
    };
    assert_eq!(
        (note.key.pk.clone(), note.key.sk.as_str()),
        (format!("T#{}", estate.scope), "@")
    );
    let shown = [
        ("exp", Attr::N(now + 90 * 86_400)),
        ("state", Attr::S("erased".to_owned())),
    ];
    assert_eq!(
        note.attrs,
        shown.map(|(name, attr)| (name.to_owned(), attr)).into()
    );
    assert_eq!(self::others(&estate).await, others, "byte for byte");
    let report = estate.store.check(None, |_| ()).await.unwrap();
    assert!(report.findings.is_empty(), "{report}");
}

async fn others(estate: &Estate) -> Vec<serverless_scim::table::Item> {
    let all = items(&estate.table).await.into_values();
    all.filter(|item| !estate.owns(item)).collect()
}

#[tokio::test]
async fn clients_are_told_that_it_is_gone_and_the_name_is_free_at_the_end() {
    let estate = Estate::new().await;
    let gone = async |when: &str| {
        for (method, path) in [
            ("GET", "/Users"),
            ("POST", "/Users"),
            ("GET", "/ServiceProviderConfig"),
        ] {
            let (status, body) = estate.send(method, path, json!({})).await;
            assert_eq!(
                (status, &body["status"]),
                (410, &json!("410")),
                "{when}: {method} {path}"
            );
        }
    };
    gone("begun").await;
    assert!(estate.store.create_tenant("contoso").await.is_err());
    estate.host.advance(SETTLED_MS);
    // With the credentials gone as well.
    let until = estate.host.now_ms() + 10_000;
    estate.store.erase_pass(&estate.scope, until).await.unwrap();
    gone("half gone").await;
    assert!(estate.store.create_tenant("contoso").await.is_err());
    estate.erase(&estate.store).await;
    gone("erased").await;
    let info = estate
        .store
        .tenant_info(&estate.scope.to_string())
        .await
        .unwrap();
    assert_eq!((info.state, info.name.as_str()), (State::Erased, ""));
    let log = estate
        .store
        .log(&estate.scope, &LogQuery::default())
        .await
        .unwrap();
    assert!(log.entries.is_empty(), "refusals of the dead are not told");
    let new = estate.store.create_tenant("Contoso").await.unwrap();
    assert_ne!(new, estate.scope);
    assert_eq!(estate.own_items().await.len(), 1);
}

#[tokio::test]
async fn of_a_tenant_that_is_not_to_go_nothing_is_removed() {
    let estate = Estate::new().await;
    let other = estate.store.find_tenant("fabrikam").await.unwrap().unwrap();
    let before = items(&estate.table).await;
    estate.host.advance(SETTLED_MS);
    let until = estate.host.now_ms() + 10_000;
    let pass = estate.store.erase_pass(&other, until).await.unwrap();
    assert_eq!(
        pass,
        Erased {
            removed: 0,
            done: false
        }
    );
    let late = estate
        .store
        .erase_pass(&estate.scope, estate.host.now_ms())
        .await
        .unwrap();
    assert_eq!(
        late,
        Erased {
            removed: 0,
            done: false
        },
        "no time, no work"
    );
    assert_eq!(items(&estate.table).await, before);
    estate.erase(&estate.store).await;
    let again = estate.store.erase_pass(&estate.scope, until).await.unwrap();
    assert_eq!(
        again,
        Erased {
            removed: 0,
            done: true
        }
    );
}

#[tokio::test]
async fn the_tick_does_it_as_soon_as_it_may() {
    let estate = Estate::new().await;
    let tick = async || {
        let until = estate.host.now_ms() + 60_000;
        estate.store.tick(until).await.unwrap()
    };
    let ticked = tick().await;
    assert_eq!((ticked.tenants, ticked.failed), (2, 0));
    assert!(estate.own_items().await.len() > 40);
    estate.host.advance(SETTLED_MS);
    tick().await;
    assert_eq!(estate.own_items().await.len(), 1);
    assert_eq!(tick().await.tenants, 1);
}

#[tokio::test]
async fn check_waits_for_it_and_its_repair_makes_the_passes() {
    let estate = Estate::new().await;
    let scope = &estate.scope;
    let of_tenant = async || estate.store.check(Some(scope), |_| ()).await.unwrap();
    let rows = of_tenant().await.waiting.rows;
    estate.host.advance(SETTLED_MS);
    let until = estate.host.now_ms() + 10_000;
    let dying = estate.dying_after(&estate.table, 60);
    let pass = dying.erase_pass(scope, until).await;
    assert!(pass.is_err(), "half of it is gone: {pass:?}");
    let report = of_tenant().await;
    assert!(report.findings.is_empty(), "{report}");
    assert!(rows > 0 && report.waiting.rows > 0, "{report}");
    estate.store.repair(&report).await;
    assert_eq!(estate.own_items().await.len(), 1);
    let report = of_tenant().await;
    assert!(
        report.findings.is_empty() && report.waiting.rows == 0,
        "{report}"
    );

    // What is there all the same is told, and goes.
    estate
        .put("#X", "01K00000000000000000000000", [].into())
        .await;
    let report = of_tenant().await;
    let told: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    let expected =
        format!("{scope}: an item of a tenant that is erased; its key begins \"T#{scope}#X\"");
    assert_eq!(told, [expected]);
    estate.store.repair(&report).await;
    assert_eq!(estate.own_items().await.len(), 1);
}
