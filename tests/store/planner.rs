//! The planner against naive evaluation, and pages that join: index and cursor, sorted and not.

use std::collections::BTreeSet;
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};
use serverless_scim::filter;
use serverless_scim::schema::{
    AttrPath, Document, GROUP, Quirks, ResourceType, Scope, USER, timestamp,
};
use serverless_scim::store::{Id, Paging, Record, Sort, Start, StoreError};
use serverless_scim::table::embedded;

use crate::bench::{Bench, group, object};

const NAMES: [&str; 8] = [
    "ada", "Ada.Osei", "mei", "MEI.LIN", "kofi", "zoë", "Straße", "hr!",
];

/// A tenant of people and groups whose values meet often.
async fn world(seed: u64) -> (Bench, Vec<Id>, Vec<Id>) {
    let table = Arc::new(embedded::memory().await.unwrap());
    let bench = Bench::new(table.clone(), table, seed).await;
    let mut random = StdRng::seed_from_u64(seed);
    let (mut users, mut groups) = (vec![], vec![]);
    for n in 0..36 {
        let name = NAMES.choose(&mut random).unwrap();
        let mut user = json!({ "userName": format!("{name}{n}"), "active": n % 3 != 0 });
        if n % 2 == 0 {
            user["externalId"] = json!(format!("{name}-{}", n % 5));
        }
        if n % 4 != 0 {
            user["emails"] = json!([{ "type": "work", "value": format!("{name}{}@x", n % 7) }]);
            user["title"] = json!(NAMES.choose(&mut random).unwrap());
        }
        users.push(bench.create(&USER, user).await.unwrap().id);
        bench.host.advance(1_000);
    }
    for name in NAMES {
        let id = bench.create(&GROUP, group(name)).await.unwrap().id;
        for _ in 0..5 {
            bench
                .add(id, *users.choose(&mut random).unwrap())
                .await
                .unwrap();
        }
        groups.push(id);
    }
    (bench, users, groups)
}

fn term(random: &mut StdRng, kind: &ResourceType, users: &[Id], groups: &[Id]) -> String {
    let op = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]
        .choose(random)
        .unwrap();
    let name = NAMES.choose(random).unwrap();
    let number = random.random_range(0..36);
    let moment = timestamp(crate::bench::NOON + random.random_range(0..40_000));
    let common = [
        format!("externalId {op} \"{name}-{}\"", number % 5),
        "externalId pr".to_owned(),
        format!(
            "meta.lastModified {} \"{moment}\"",
            ["gt", "le"].choose(random).unwrap()
        ),
    ];
    let mine = if kind.is_group() {
        vec![
            format!("displayName {op} \"{name}\""),
            format!("members eq \"{}\"", users.choose(random).unwrap()),
            format!("members.value ne \"{}\"", users.choose(random).unwrap()),
            format!("members[value eq \"{}\"]", users.choose(random).unwrap()),
            format!(
                "members[type {op} \"User\" and (value eq \"{}\" or value eq \"{}\")]",
                users.choose(random).unwrap(),
                users.choose(random).unwrap()
            ),
            "members pr".to_owned(),
            format!("id eq \"{}\"", groups.choose(random).unwrap()),
        ]
    } else {
        vec![
            format!("userName {op} \"{name}{number}\""),
            format!("userName {op} \"{name}\""),
            format!("emails.value {op} \"{name}{}@x\"", number % 7),
            format!(
                "emails[type eq \"work\" and value {op} \"{name}{}@x\"]",
                number % 7
            ),
            format!("title {op} \"{name}\""),
            "active eq true".to_owned(),
            format!("groups.value eq \"{}\"", groups.choose(random).unwrap()),
            format!("groups.display {op} \"{name}\""),
            format!(
                "groups[value eq \"{}\" and display {op} \"{name}\"]",
                groups.choose(random).unwrap()
            ),
            "groups pr".to_owned(),
            format!("id eq \"{}\"", users.choose(random).unwrap()),
            "id eq \"nobody\"".to_owned(),
        ]
    };
    if random.random_bool(0.2) {
        common.choose(random).unwrap().clone()
    } else {
        mine.choose(random).unwrap().clone()
    }
}

fn expression(
    random: &mut StdRng,
    kind: &ResourceType,
    users: &[Id],
    groups: &[Id],
    depth: u32,
) -> String {
    let part = |random: &mut StdRng| {
        if depth == 0 {
            term(random, kind, users, groups)
        } else {
            expression(random, kind, users, groups, depth - 1)
        }
    };
    match random.random_range(0..5) {
        0 => format!("({}) and ({})", part(random), part(random)),
        1 => format!("({}) or ({})", part(random), part(random)),
        2 => format!("not ({})", part(random)),
        _ => term(random, kind, users, groups),
    }
}

/// What an evaluation sees that has everything before it.
async fn everything(bench: &Bench, kind: &ResourceType) -> Vec<(Id, Document)> {
    let mut documents = vec![];
    for record in bench.list(kind).await.records {
        let mut document = record.document.clone();
        document.insert("id".to_owned(), json!(record.id.to_string()));
        document.insert(
            "meta".to_owned(),
            json!({
                "resourceType": kind.name,
                "created": timestamp(record.created),
                "lastModified": timestamp(record.modified),
            }),
        );
        if kind.is_group() {
            let members = bench.members_of(record.id).await;
            let list: Vec<Value> = members
                .iter()
                .map(|id| json!({ "value": id.to_string(), "type": "User" }))
                .collect();
            document.insert("members".to_owned(), Value::Array(list));
        } else {
            let groups = bench.tenant().groups_of(record.id).await.unwrap();
            let show = |group: &Record| json!({ "value": group.id.to_string(), "display": group.document["displayName"], "type": "direct" });
            document.insert("groups".to_owned(), groups.iter().map(show).collect());
        }
        documents.push((record.id, document));
    }
    documents
}

#[tokio::test]
async fn the_planner_finds_what_naive_evaluation_finds() {
    let (bench, users, groups) = world(11).await;
    let mut random = StdRng::seed_from_u64(5);
    for kind in [&*USER, &*GROUP] {
        let all = everything(&bench, kind).await;
        for _ in 0..250 {
            let text = expression(&mut random, kind, &users, &groups, 2);
            let parsed =
                filter::parse(Scope::Resource(kind), &text, &mut Quirks::default()).unwrap();
            let naive: BTreeSet<Id> = all
                .iter()
                .filter(|(_, document)| parsed.matches(document))
                .map(|(id, _)| *id)
                .collect();
            let page = bench.search(kind, &text).await;
            let found: BTreeSet<Id> = page.records.iter().map(|record| record.id).collect();
            assert_eq!(found, naive, "{text}");
            assert_eq!(page.total, Some(naive.len() as u64), "{text}");
        }
    }
}

/// Walks by cursor, changing the world between pages.
async fn walk(
    bench: &Bench,
    text: Option<&str>,
    sort: Option<&Sort>,
    count: u64,
    disturb: bool,
) -> Vec<Id> {
    let parsed = text
        .map(|text| filter::parse(Scope::Resource(&USER), text, &mut Quirks::default()).unwrap());
    let (mut seen, mut after, mut n) = (vec![], None, 0);
    loop {
        let paging = Paging {
            start: Start::After(after),
            count,
        };
        let page = bench
            .tenant()
            .search(&USER, parsed.as_ref(), sort, &paging)
            .await
            .unwrap();
        assert!(page.records.len() as u64 <= count);
        seen.extend(page.records.iter().map(|record| record.id));
        if disturb {
            n += 1;
            let new = object(json!({ "userName": format!("new{n}"), "title": "mei" }));
            let id = bench.create(&USER, Value::Object(new)).await.unwrap().id;
            if n % 2 == 0 {
                bench.delete(id).await.unwrap();
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return seen,
        }
    }
}

fn by(name: &str, descending: bool) -> Sort {
    let path = AttrPath::parse(Scope::Resource(&USER), name, &mut Quirks::default()).unwrap();
    Sort {
        path: path.with_default_sub(),
        descending,
    }
}

#[tokio::test]
async fn a_cursor_walk_sees_everybody_who_stays_exactly_once() {
    for (filter, sort) in [
        (None, None),
        (Some("active eq true"), None),
        (Some("userName sw \"a\" or userName sw \"m\""), None),
        (Some("title pr"), Some(by("title", false))),
        (None, Some(by("emails", true))),
    ] {
        let (bench, users, _) = world(3).await;
        let before: BTreeSet<Id> = walk(&bench, filter, sort.as_ref(), 1_000, false)
            .await
            .into_iter()
            .collect();
        let seen = walk(&bench, filter, sort.as_ref(), 5, true).await;
        let once: BTreeSet<Id> = seen.iter().copied().collect();
        assert_eq!(once.len(), seen.len(), "{filter:?}: somebody twice");
        assert!(before.is_subset(&once), "{filter:?}: somebody missing");
        assert!(!before.is_empty() && before.iter().all(|id| users.contains(id)));
    }
}

#[tokio::test]
async fn index_pages_join_in_every_order() {
    let (bench, users, _) = world(4).await;
    for sort in [
        None,
        Some(by("userName", false)),
        Some(by("title", true)),
        Some(by("meta.created", true)),
    ] {
        let mut seen = vec![];
        for start in (1..=36).step_by(7) {
            let paging = Paging {
                start: Start::Index(start),
                count: 7,
            };
            let page = bench
                .tenant()
                .search(&USER, None, sort.as_ref(), &paging)
                .await
                .unwrap();
            assert_eq!((page.total, page.next), (Some(36), None));
            seen.extend(page.records.iter().map(|record| record.id));
        }
        assert_eq!(
            seen.iter().copied().collect::<BTreeSet<_>>(),
            users.iter().copied().collect()
        );
        assert_eq!(seen.len(), 36);
    }
}

#[tokio::test]
async fn what_has_no_value_sorts_last_and_descending_first() {
    let (bench, ..) = world(6).await;
    let has_title = |record: &Record| record.document.contains_key("title");
    for descending in [false, true] {
        let paging = Paging {
            start: Start::Index(1),
            count: 1_000,
        };
        let page = bench
            .tenant()
            .search(&USER, None, Some(&by("title", descending)), &paging)
            .await
            .unwrap();
        let flags: Vec<bool> = page.records.iter().map(has_title).collect();
        let mut sorted = flags.clone();
        sorted.sort_by_key(|has| *has == descending);
        assert_eq!(flags, sorted);
        assert!(flags.contains(&true) && flags.contains(&false));
    }
}

#[tokio::test]
async fn a_page_past_the_end_is_empty_and_counts_all() {
    let (bench, ..) = world(8).await;
    for (filter, total) in [(None, 36), (Some("active eq true"), 24)] {
        let parsed = filter.map(|text| {
            filter::parse(Scope::Resource(&USER), text, &mut Quirks::default()).unwrap()
        });
        for paging in [
            Paging {
                start: Start::Index(999),
                count: 10,
            },
            Paging {
                start: Start::Index(1),
                count: 0,
            },
        ] {
            let page = bench
                .tenant()
                .search(&USER, parsed.as_ref(), None, &paging)
                .await;
            let page = page.map_err(|error: StoreError| error.to_string()).unwrap();
            assert_eq!((page.total, page.records.len()), (Some(total), 0));
        }
    }
}
