//! Paging through the members of a group.

use std::collections::BTreeSet;
use std::sync::Arc;

use serverless_scim::filter;
use serverless_scim::schema::{GROUP, Quirks, Scope, USER};
use serverless_scim::store::{Id, Page, Paging, Start};
use serverless_scim::table::embedded;
use serverless_scim::table::wrappers::Metered;

use crate::bench::{Bench, group, user};

async fn page(bench: &Bench, filter: &str, start: Start, count: u64) -> Page {
    let filter = filter::parse(Scope::Resource(&USER), filter, &mut Quirks::default()).unwrap();
    let paging = Paging { start, count };
    let tenant = bench.tenant();
    let page = tenant.search(&USER, Some(&filter), None, &paging);
    page.await.unwrap()
}

/// The ids on all pages, and how many pages there were.
async fn walk(bench: &Bench, filter: &str, count: u64) -> (Vec<Id>, usize) {
    let (mut ids, mut pages, mut after) = (vec![], 0, None);
    loop {
        let page = page(bench, filter, Start::After(after), count).await;
        ids.extend(page.records.iter().map(|record| record.id));
        pages += 1;
        after = page.next;
        if after.is_none() {
            return (ids, pages);
        }
    }
}

#[tokio::test]
async fn members_come_page_by_page_each_exactly_once() {
    let table = Arc::new(embedded::memory().await.unwrap());
    let meter = Arc::new(Metered::new(table.clone()));
    let bench = Bench::new(table, meter.clone(), 5).await;
    let team = bench.create(&GROUP, group("Team")).await.unwrap().id;
    let inner = bench.create(&GROUP, group("Inner")).await.unwrap().id;
    bench.add(team, inner).await.unwrap();
    let mut users = BTreeSet::new();
    for n in 0..25 {
        let made = bench.create(&USER, user(&format!("u{n}@fabrikam.example")));
        let id = made.await.unwrap().id;
        bench.add(team, id).await.unwrap();
        users.insert(id);
    }
    let filter = format!("groups.value eq \"{team}\"");
    for count in [1, 7, 24, 25, 26, 1_000] {
        let (ids, pages) = walk(&bench, &filter, count).await;
        assert_eq!(ids.iter().copied().collect::<BTreeSet<_>>(), users);
        assert_eq!(ids.len(), 25, "each once by {count}");
        // The last page says that it is the last: it saw nobody behind it.
        assert!(pages <= 25_usize.div_ceil(usize::try_from(count).unwrap()) + 1);
    }
    let some = format!("{filter} and userName sw \"u1\"");
    assert_eq!(walk(&bench, &some, 4).await.0.len(), 11);
    let other = format!("{filter} and groups.value eq \"{inner}\"");
    assert_eq!(walk(&bench, &other, 4).await.0.len(), 0);
    let none = format!("groups.value eq \"{}\"", users.first().unwrap());
    assert_eq!(walk(&bench, &none, 4).await.0.len(), 0);

    bench.delete(*users.first().unwrap()).await.unwrap();
    assert_eq!(walk(&bench, &filter, 7).await.0.len(), 24);

    // By position the total is exact; and what a page costs does not grow with who is asked about.
    meter.reset();
    let first = page(&bench, &filter, Start::Index(1), 10).await;
    assert_eq!((first.total, first.records.len()), (Some(24), 10));
    let by_index = meter.reset();
    page(&bench, &filter, Start::After(None), 10).await;
    let by_cursor = meter.reset();
    for usage in [by_index, by_cursor] {
        assert!(usage.calls <= 7, "{usage:?}");
    }
}

#[tokio::test]
async fn a_page_of_few_among_many_members_takes_few_looks() {
    let table = Arc::new(embedded::memory().await.unwrap());
    let meter = Arc::new(Metered::new(table.clone()));
    let bench = Bench::new(table, meter.clone(), 5).await;
    let team = bench.create(&GROUP, group("Team")).await.unwrap().id;
    for n in 0..200 {
        let made = bench.create(&USER, user(&format!("u{n}@fabrikam.example")));
        bench.add(team, made.await.unwrap().id).await.unwrap();
    }
    meter.reset();
    let nobody = format!("groups.value eq \"{team}\" and title eq \"nobody\"");
    assert_eq!(walk(&bench, &nobody, 1).await, (vec![], 1));
    let usage = meter.reset();
    assert!(usage.round_trips <= 10, "{usage:?}");
}

#[tokio::test]
async fn who_is_in_any_of_many_groups_takes_few_looks_at_each_user() {
    let table = Arc::new(embedded::memory().await.unwrap());
    let meter = Arc::new(Metered::new(table.clone()));
    let bench = Bench::new(table, meter.clone(), 5).await;
    let (mut arms, mut in_some) = (vec![], BTreeSet::new());
    for n in 0..20 {
        let team = bench.create(&GROUP, group(&format!("Team {n}"))).await;
        let made = bench.create(&USER, user(&format!("u{n}@fabrikam.example")));
        let (team, id) = (team.unwrap().id, made.await.unwrap().id);
        if n % 2 == 0 {
            bench.add(team, id).await.unwrap();
            in_some.insert(id);
        }
        arms.push(format!("groups.value eq \"{team}\""));
    }
    let any = format!("active eq true and ({})", arms.join(" or "));
    meter.reset();
    let found = page(&bench, &any, Start::Index(1), 100).await;
    let found: BTreeSet<Id> = found.records.iter().map(|record| record.id).collect();
    assert_eq!(found, in_some);
    let usage = meter.reset();
    assert!(usage.calls <= 5 * 20 + 40, "{usage:?}");
}
