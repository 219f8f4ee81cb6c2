//! More than a search may hold: candidates, results to be sorted, groups of one user, holders of one value.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use serde_json::json;
use serverless_scim::filter;
use serverless_scim::schema::{AttrPath, GROUP, Quirks, ResourceType, Scope, USER};
use serverless_scim::store::{
    GROUPS_SHOWN_MAX, MEMBERS_SHOWN_MAX, Page as Found, Paging, SCAN_MAX, SORT_MAX, Sort, Start,
    StoreError,
};
use serverless_scim::table::wrappers::Metered;
use serverless_scim::table::{
    Attr, Attrs, Consistency, Cursor, DynamoDb, Index, Item, Key, Page, Query, Table, TableError,
    Transaction, Write, embedded,
};

use crate::bench::{Bench, user};

/// Transactions that put items there, so that each has a token of its own.
static PUTS: AtomicUsize = AtomicUsize::new(0);
/// Entries of one page of the index.
const PAGE: usize = 950;

/// A table whose index lists so many users, who are there when asked for; each page begins with the entry that ended
/// the one before, as a rename meanwhile makes it.
#[derive(Debug)]
struct Wide {
    inner: Arc<dyn Table>,
    users: usize,
}

fn id(resource_type: u8, number: usize) -> String {
    format!("{resource_type}fffffff000080008{number:015x}")
}

fn found(key: Key) -> Item {
    let document = json!({ "userName": format!("u{}", key.sk.get(26..).unwrap()) }).to_string();
    let mut attrs = [("v", 1), ("ct", 1), ("lm", 1)]
        .map(|(name, number)| (name.to_owned(), Attr::N(number)))
        .to_vec();
    attrs.push(("d".to_owned(), Attr::S(document)));
    let attrs = attrs.into_iter().collect();
    Item { key, attrs }
}

#[async_trait]
impl Table for Wide {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        self.inner.get(key).await
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<(Vec<Item>, Vec<Key>), TableError> {
        self.inner.batch_get(keys).await?;
        Ok((keys.iter().cloned().map(found).collect(), vec![]))
    }

    async fn query(&self, query: &Query, consistency: Consistency) -> Result<Page, TableError> {
        self.inner.query(query, consistency).await
    }

    async fn query_index(&self, _: Index, query: &Query) -> Result<Page, TableError> {
        let key = |number| Key {
            pk: query.pk.replace("#I#0", "#R#0fffffff"),
            sk: id(0, number),
        };
        let number = |after: &Cursor| {
            let digits = after.key.sk.get(17..).unwrap();
            usize::from_str_radix(digits, 16).unwrap()
        };
        let begin = query.after.as_ref().map_or(0, number);
        let end = (begin + PAGE).min(self.users);
        let items = (begin..end).map(|number| found(key(number))).collect();
        let next = (end < self.users).then(|| Cursor {
            key: key(end - 1),
            index_key: None,
        });
        Ok(Page { items, next })
    }

    async fn scan(&self, after: Option<&Cursor>) -> Result<Page, TableError> {
        self.inner.scan(after).await
    }

    async fn transact(&self, transaction: &Transaction) -> Result<(), TableError> {
        self.inner.transact(transaction).await
    }

    async fn write(&self, write: &Write) -> Result<(), TableError> {
        self.inner.write(write).await
    }
}

async fn bench() -> (Bench, Arc<DynamoDb>) {
    let table = Arc::new(embedded::memory().await.unwrap());
    (Bench::new(table.clone(), table.clone(), 4).await, table)
}

async fn wide(users: u64) -> Bench {
    let (bench, inner) = bench().await;
    let users = usize::try_from(users).unwrap();
    bench.over(Arc::new(Wide { inner, users }))
}

async fn search(
    bench: &Bench,
    kind: &ResourceType,
    text: &str,
    sort: Option<&str>,
    start: Start,
) -> Result<Found, StoreError> {
    let filter = filter::parse(Scope::Resource(kind), text, &mut Quirks::default()).unwrap();
    let sort = sort.map(|path| Sort {
        path: AttrPath::parse(Scope::Resource(kind), path, &mut Quirks::default()).unwrap(),
        descending: true,
    });
    let paging = Paging { start, count: 500 };
    let tenant = bench.tenant();
    tenant
        .search(kind, Some(&filter), sort.as_ref(), &paging)
        .await
}

async fn total(bench: &Bench, kind: &ResourceType, text: &str) -> Result<u64, StoreError> {
    let found = search(bench, kind, text, None, Start::Index(1)).await;
    found.map(|page| page.total.unwrap())
}

fn names(page: &Found) -> Vec<&str> {
    let name = |record| -> &str {
        let record: &serverless_scim::store::Record = record;
        record.document["userName"].as_str().unwrap()
    };
    page.records.iter().map(name).collect()
}

#[tokio::test]
async fn an_entry_met_twice_in_an_index_is_one_candidate() {
    let bench = wide(2_300).await;
    for filter in [
        "userName sw \"u\"",
        "userName sw \"u\" or userName ge \"u\"",
    ] {
        assert_eq!(
            total(&bench, &USER, filter).await.unwrap(),
            2_300,
            "{filter}"
        );
    }
    let last = search(
        &bench,
        &USER,
        "userName sw \"u\"",
        None,
        Start::Index(2_299),
    )
    .await;
    assert_eq!(names(&last.unwrap()), ["u0008fa", "u0008fb"]);

    let (mut seen, mut after) = (vec![], None);
    loop {
        let page = search(
            &bench,
            &USER,
            "userName sw \"u\"",
            None,
            Start::After(after),
        )
        .await;
        let page = page.unwrap();
        assert_eq!(page.total, Some(2_300));
        seen.extend(page.records.iter().map(|record| record.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 2_300);
    assert!(seen.is_sorted());
}

#[tokio::test]
async fn what_an_index_finds_is_sorted_up_to_the_same_number_as_all_else() {
    let sorted = async |bench: &Bench| {
        let (filter, first) = ("userName sw \"u\"", Start::Index(1));
        search(bench, &USER, filter, Some("userName"), first).await
    };
    let page = sorted(&wide(SORT_MAX).await).await.unwrap();
    assert_eq!(page.total, Some(SORT_MAX));
    assert_eq!(names(&page)[0], "u00270f");
    let refused = sorted(&wide(SORT_MAX + 1).await).await;
    assert!(
        matches!(refused, Err(StoreError::TooManySorted)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn an_index_gives_as_many_candidates_as_a_filter_may_look_at() {
    let filter = "userName sw \"u\"";
    assert_eq!(
        total(&wide(SCAN_MAX).await, &USER, filter).await.unwrap(),
        SCAN_MAX
    );
    let refused = total(&wide(SCAN_MAX + 1).await, &USER, filter).await;
    assert!(
        matches!(refused, Err(StoreError::TooMany(SCAN_MAX))),
        "{refused:?}"
    );
}

/// Puts the items into the table of the tenant: what follows its prefix, the sort key, and the attributes.
async fn put(bench: &Bench, table: &DynamoDb, items: Vec<(String, String, Attrs)>) {
    let scope = bench.tenant().scope().clone();
    for some in items.chunks(100) {
        let put = |(pk, sk, attrs): &(String, String, Attrs)| Write::Put {
            key: Key {
                pk: format!("T#{scope}#{pk}"),
                sk: sk.clone(),
            },
            attrs: attrs.clone(),
            condition: None,
        };
        let transaction = Transaction {
            token: PUTS.fetch_add(1, Ordering::Relaxed).to_string(),
            writes: some.iter().map(put).collect(),
        };
        table.transact(&transaction).await.unwrap();
    }
}

fn generation(number: usize) -> Attr {
    Attr::S(format!("{number:016x}"))
}

/// The items of a group of this number, with this member.
fn team(number: usize, member: &str) -> Vec<(String, String, Attrs)> {
    let group = id(1, number);
    let document = json!({ "displayName": format!("g{number}") }).to_string();
    let head = Attrs::from([
        ("v", Attr::N(1)),
        ("ct", Attr::N(1)),
        ("lm", Attr::N(1)),
        ("d", Attr::S(document)),
        ("gen", generation(7)),
    ]);
    vec![
        (
            format!("R#{}", group.get(..8).unwrap()),
            group.clone(),
            head,
        ),
        (
            format!("M#{group}#{:016x}", 7),
            member.to_owned(),
            Attrs::new(),
        ),
        (
            format!("V#{member}"),
            group,
            [("gen", generation(7))].into(),
        ),
    ]
}

#[tokio::test]
async fn who_is_in_too_many_groups_is_not_answered_in_part() {
    let (bench, table) = bench().await;
    let ada = bench.create(&USER, user("ada")).await.unwrap().id;
    let key = ada.to_string().replace('-', "");
    let teams = (0..GROUPS_SHOWN_MAX).flat_map(|number| team(number, &key));
    put(&bench, &table, teams.collect()).await;
    let filters = [
        (&GROUP, format!("members eq \"{ada}\"")),
        (&GROUP, format!("members[value eq \"{ada}\"]")),
        (
            &GROUP,
            format!("members.value eq \"{ada}\" and displayName sw \"g\""),
        ),
    ];
    let (kind, filter) = &filters[0];
    assert_eq!(total(&bench, kind, filter).await.unwrap(), 1_000);
    put(&bench, &table, team(GROUPS_SHOWN_MAX, &key)).await;
    let of_user = (&USER, "groups.display eq \"g1000\"".to_owned());
    for (kind, filter) in filters.iter().chain([&of_user]) {
        let refused = total(&bench, kind, filter).await;
        assert!(
            matches!(refused, Err(StoreError::TooMany(1_000))),
            "{filter}: {refused:?}"
        );
    }
    assert_eq!(
        bench.groups_of(ada).await.len(),
        GROUPS_SHOWN_MAX,
        "to be shown"
    );
}

#[tokio::test]
async fn edges_of_given_up_generations_hide_no_group() {
    let (bench, table) = bench().await;
    let ada = bench.create(&USER, user("ada")).await.unwrap().id;
    let key = ada.to_string().replace('-', "");
    let mut items = vec![];
    for number in 0..2_000 {
        let left = [("gen", generation(6))].into();
        items.push((format!("V#{key}"), id(1, number), left));
    }
    items.extend((3_000..3_003).flat_map(|number| team(number, &key)));
    put(&bench, &table, items).await;
    let filter = format!("members eq \"{ada}\"");
    assert_eq!(total(&bench, &GROUP, &filter).await.unwrap(), 3);
}

#[tokio::test]
async fn a_value_of_too_many_is_not_answered_in_part() {
    let (bench, table) = bench().await;
    let alias = |number: usize| {
        let holder = id(0, number);
        let attrs = [("id", Attr::S(holder.clone()))].into();
        ("N#0#emails#=a@b".to_owned(), holder, attrs)
    };
    let (filter, most) = ("emails eq \"a@b\"", MEMBERS_SHOWN_MAX);
    put(&bench, &table, (0..most).map(alias).collect()).await;
    let all = bench.over(Arc::new(Wide {
        inner: table.clone(),
        users: 0,
    }));
    // Their documents have other values.
    assert_eq!(total(&all, &USER, filter).await.unwrap(), 0);
    put(&bench, &table, vec![alias(most)]).await;
    let refused = total(&all, &USER, filter).await;
    assert!(
        matches!(refused, Err(StoreError::TooMany(10_000))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn an_instance_that_slept_finds_the_newest_buckets_at_once() {
    let (bench, table) = bench().await;
    let meter = Arc::new(Metered::new(table.clone()));
    let sleepy = bench.over(meter.clone());
    sleepy.create(&USER, user("first")).await.unwrap();
    // Meanwhile others fill ten rounds of four buckets each.
    let rows = (0..16).map(|row: u32| {
        let counts = ["n0", "n1", "n2"].into_iter().zip(0..);
        let full = counts.filter(|(_, place)| place * 16 + row < 40);
        let full = full.map(|(name, _)| (name, Attr::N(128))).collect();
        ("B#0".to_owned(), format!("{row:06x}"), full)
    });
    put(&bench, &table, rows.collect()).await;
    meter.reset();
    sleepy.create(&USER, user("second")).await.unwrap();
    let calls = meter.reset().calls;
    assert_eq!(calls, 3, "it is refused, looks, and finds room");
}
