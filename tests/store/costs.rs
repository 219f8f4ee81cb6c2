//! What each operation may cost: capacity units and round trips, as the data model promises them.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;
use serverless_scim::patch::MemberChange;
use serverless_scim::schema::{GROUP, USER};
use serverless_scim::store::{Change, Holds, Paging, Record, Start, StoreError};
use serverless_scim::table::embedded;
use serverless_scim::table::wrappers::Metered;

use crate::bench::{Bench, group, user};

pub(crate) async fn metered() -> (Bench, Arc<Metered>) {
    let table = Arc::new(embedded::memory().await.unwrap());
    let meter = Arc::new(Metered::new(table.clone()));
    (Bench::new(table, meter.clone(), 1).await, meter)
}

/// Read units, write units, round trips since the last look.
pub(crate) fn bill(meter: &Metered) -> (usize, usize, usize) {
    let usage = meter.reset();
    assert_eq!(usage.eventual, 0, "an exact operation read eventually");
    (usage.read_halves / 2, usage.write_units, usage.round_trips)
}

#[tokio::test]
async fn users_cost_what_the_data_model_says() {
    let (bench, meter) = metered().await;
    // The first create looks for the newest buckets.
    bench
        .create(&USER, user("warm@fabrikam.example"))
        .await
        .unwrap();
    bill(&meter);

    let ada = bench
        .create(&USER, user("ada@fabrikam.example"))
        .await
        .unwrap();
    assert_eq!(bill(&meter), (0, 14, 1), "POST");

    bench.search(&USER, "userName eq \"nobody\"").await;
    assert_eq!(bill(&meter), (1, 0, 1), "eq, nobody");
    for filter in [
        "userName eq \"ADA@fabrikam.example\"",
        "externalId eq \"x-ada@fabrikam.example\"",
        "emails[type eq \"work\"].value eq \"ada@fabrikam.example\"",
    ] {
        assert_eq!(bench.search(&USER, filter).await.total, Some(1), "{filter}");
        assert_eq!(bill(&meter), (2, 0, 2), "{filter}");
    }

    bench.tenant().get(ada.id).await.unwrap();
    assert_eq!(bill(&meter), (1, 0, 1), "GET");
    bench.set(ada.id, "title", json!("Lead")).await.unwrap();
    assert_eq!(bill(&meter), (1, 4, 2), "PATCH");
    bench.set(ada.id, "title", json!("Lead")).await.unwrap();
    assert_eq!(bill(&meter), (1, 0, 1), "PATCH that changes nothing");
    for active in [false, true] {
        bench.set(ada.id, "active", json!(active)).await.unwrap();
        assert_eq!(bill(&meter), (1, 6, 2), "active: {active}");
    }
    bench
        .set(ada.id, "userName", json!("ada.mensah@fabrikam.example"))
        .await
        .unwrap();
    assert_eq!(bill(&meter), (1, 10, 2), "rename");
}

#[tokio::test]
async fn membership_costs_the_same_whatever_the_size() {
    let (bench, meter) = metered().await;
    let team = bench.create(&GROUP, group("Team")).await.unwrap().id;
    let mut users = vec![];
    for n in 0..40 {
        users.push(
            bench
                .create(&USER, user(&format!("u{n}@fabrikam.example")))
                .await
                .unwrap()
                .id,
        );
    }
    for (size, member) in users.iter().enumerate() {
        bill(&meter);
        bench.add(team, *member).await.unwrap();
        assert_eq!(bill(&meter), (1, 10, 2), "add to {size}");
    }
    bench.remove(team, users[0]).await.unwrap();
    assert_eq!(bill(&meter), (1, 8, 2), "remove one");

    let probe = format!("id eq \"{team}\" and members eq \"{}\"", users[1]);
    assert_eq!(bench.search(&GROUP, &probe).await.total, Some(1));
    let (reads, writes, _) = bill(&meter);
    assert!(
        reads <= 4 && writes == 0,
        "Entra's reference check reads {reads}"
    );

    let mut all = MemberChange::default();
    all.clear();
    bench.members(team, all).await.unwrap();
    assert_eq!(bench.members_of(team).await, BTreeSet::new());
}

#[tokio::test]
async fn a_deletion_costs_what_the_data_model_says() {
    let (bench, meter) = metered().await;
    let mut teams = vec![];
    for name in ["One", "Two", "Three"] {
        teams.push(bench.create(&GROUP, group(name)).await.unwrap().id);
    }
    for count in 0..=teams.len() {
        let name = format!("u{count}@fabrikam.example");
        let id = bench.create(&USER, user(&name)).await.unwrap().id;
        for team in &teams[..count] {
            bench.add(*team, id).await.unwrap();
        }
        bill(&meter);
        bench.delete(id).await.unwrap();
        let (reads, writes, _) = bill(&meter);
        assert_eq!(writes, 16 + 8 * count, "out of {count} groups");
        // The document, a page of groups and the next, one head each; and the work rows where this one makes a pass.
        let next = usize::from(count > 0);
        assert!(
            (2 + next + count..=3 + next + count).contains(&reads),
            "{count}: {reads}"
        );
    }
}

#[tokio::test]
async fn a_large_change_costs_little_more_than_its_members() {
    let (bench, meter) = metered().await;
    let team = bench.create(&GROUP, group("Team")).await.unwrap().id;
    let (mut many, mut all) = (MemberChange::default(), MemberChange::default());
    for n in 0..97 {
        let made = bench.create(&USER, user(&format!("u{n}@fabrikam.example")));
        many.add(&made.await.unwrap().id.to_string());
    }
    bill(&meter);
    bench.members(team, many.clone()).await.unwrap();
    // The head, everybody's document, the edges there are, the lanes twice; four lanes, of one step each, and a look at
    // each where they were.
    let (reads, writes, trips) = bill(&meter);
    assert_eq!((reads, writes), (1 + 97 + 1 + 2, 616 + 8), "97 members");
    assert!(trips <= 11, "the lanes are applied side by side: {trips}");
    bench.members(team, many).await.unwrap();
    let (reads, writes, _) = bill(&meter);
    assert!(
        writes == 0 && reads <= 1 + 97 + 4 + 1,
        "97 who are there: {reads}"
    );

    all.clear();
    bench.members(team, all.clone()).await.unwrap();
    assert_eq!(bill(&meter), (1 + 2, 6, 3), "everybody leaves");
    bench.members(team, all).await.unwrap();
    assert_eq!(bill(&meter), (1 + 1 + 1, 0, 3), "nobody is left to leave");
}

#[tokio::test]
async fn one_transaction_takes_all_it_can_hold() {
    let (bench, meter) = metered().await;
    let mut users = vec![];
    for n in 0..35 {
        let made = bench.create(&USER, user(&format!("u{n}@fabrikam.example")));
        users.push(made.await.unwrap().id);
    }
    // The head and the outbox item, three writes for who comes, two for who leaves, two for another name.
    for (adds, leave, rename, writes) in [
        (32, 1, false, 100),
        (33, 0, false, 101),
        (32, 0, true, 100),
        (31, 2, true, 101),
    ] {
        let name = format!("{adds} and {leave}");
        let team = bench.create(&GROUP, group(&name)).await.unwrap().id;
        let mut members = MemberChange::default();
        for user in &users[33..33 + leave] {
            bench.add(team, *user).await.unwrap();
            members.remove(&user.to_string());
        }
        for user in &users[..adds] {
            members.add(&user.to_string());
        }
        let decide = |old: &Record| {
            let mut document = old.document.clone();
            if rename {
                document.insert("displayName".to_owned(), json!(format!("New {name}")));
            }
            Ok::<_, StoreError>(Change {
                document,
                members: members.clone(),
                holds: Holds::Nothing,
            })
        };
        bill(&meter);
        bench.tenant().modify(team, decide).await.unwrap();
        let (_, _, trips) = bill(&meter);
        assert_eq!(trips == 2, writes <= 100, "{name}: {trips} trips");
        assert_eq!(bench.members_of(team).await.len(), adds);
    }
}

#[tokio::test]
async fn the_last_page_reads_no_more_than_the_first() {
    let (bench, meter) = metered().await;
    for n in 0..600 {
        bench
            .create(&USER, user(&format!("u{n}@fabrikam.example")))
            .await
            .unwrap();
    }
    let mut cost = vec![];
    // By a cursor the bucket where the page begins is read as a whole, and the next.
    for start in [Start::Index(1), Start::Index(581), Start::After(None)] {
        bill(&meter);
        let paging = Paging { start, count: 20 };
        let page = bench
            .tenant()
            .search(&USER, None, None, &paging)
            .await
            .unwrap();
        assert_eq!((page.total, page.records.len()), (Some(600), 20));
        cost.push(bill(&meter));
    }
    let (first, last, cursor) = (cost[0], cost[1], cost[2]);
    for other in [last, cursor] {
        assert!(
            other.0 <= 2 * first.0 && other.2 == first.2,
            "first {first:?}, last {last:?}, by cursor {cursor:?}"
        );
    }
}
