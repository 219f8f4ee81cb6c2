//! A seeded tenant is one that requests could have made: item by item, and in how it behaves.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic"
)]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use serverless_scim::api::{App, Call};
use serverless_scim::home::SystemHost;
use serverless_scim::store::seed::{user_id, user_name};
use serverless_scim::store::{self, Host as _, Id, Store};
use serverless_scim::table::{Attr, DynamoDb, Item, Table, embedded};

#[path = "seed/large.rs"]
mod large;

/// More than one round of buckets, and no round number.
const USERS: u64 = 600;
const GROUPS: [Range<u64>; 2] = [0..40, 0..3];

/// A table with one tenant.
struct Home {
    table: Arc<DynamoDb>,
    store: Store,
    app: App,
    token: String,
    groups: Vec<Id>,
}

impl Home {
    async fn empty() -> (Self, store::Tenant) {
        let table = Arc::new(embedded::memory().await.unwrap());
        let store = Store::new(table.clone(), Arc::new(SystemHost));
        let scope = store.create_tenant("fabrikam").await.unwrap();
        let secret = store.connect(&scope, "test").await.unwrap();
        let credential = store.authenticate(&secret).await.unwrap().unwrap();
        let request = store::Request {
            id: "seed".to_owned(),
            started: SystemHost.now_ms(),
        };
        let tenant = store.tenant(&credential, request);
        let home = Self {
            table,
            app: App::new(store.clone(), None),
            store,
            token: secret.reveal().to_owned(),
            groups: vec![],
        };
        (home, tenant)
    }

    async fn seeded() -> Self {
        Self::seeded_with(USERS, &GROUPS).await
    }

    async fn seeded_with(users: u64, groups: &[Range<u64>]) -> Self {
        let (mut home, tenant) = Self::empty().await;
        home.groups = tenant.seed(users, groups, |_| ()).await.unwrap();
        home
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("/scim/v2{path}"))
            .header("authorization", format!("Bearer {}", self.token));
        let body = if body.is_null() {
            Bytes::new()
        } else {
            body.to_string().into()
        };
        let call = Call {
            parts: request.body(()).unwrap().into_parts().0,
            body: Some(body),
            origin: "http://127.0.0.1".to_owned(),
        };
        let answer = self.app.handle(call).await;
        let body = serde_json::from_slice(answer.body()).unwrap_or_default();
        (answer.status(), body)
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.send("GET", path, Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    async fn members(&self, group: Id) -> BTreeSet<String> {
        let group = self.get(&format!("/Groups/{group}")).await;
        let members = group["members"].as_array().cloned().unwrap_or_default();
        let id = |member: &Value| member["value"].as_str().unwrap().to_owned();
        members.iter().map(id).collect()
    }

    /// Runs `check`, which must find nothing.
    async fn is_sound(&self) {
        let report = self.store.check(None, |_| ()).await.unwrap();
        assert_eq!(report.exit_status(), 0, "{}", report.to_json());
    }

    async fn items(&self) -> Vec<Item> {
        let (mut items, mut after) = (vec![], None);
        loop {
            let page = self.table.scan(after.as_ref()).await.unwrap();
            items.extend(page.items);
            after = page.next;
            if after.is_none() {
                return items;
            }
        }
    }
}

#[tokio::test]
async fn a_seeded_tenant_behaves_as_any_other() {
    let home = Home::seeded().await;
    home.is_sound().await;
    let large = home.groups[0];
    assert_eq!(home.get("/Users").await["totalResults"], 600);
    assert_eq!(home.get("/Groups").await["totalResults"], 2);
    let last = home.get("/Users?startIndex=591&count=100").await;
    assert_eq!(last["itemsPerPage"], 10);
    let found = format!(
        "/Users?filter=userName%20eq%20%22{}%22",
        user_name(599).to_uppercase()
    );
    let found = home.get(&found).await;
    assert_eq!(found["Resources"][0]["id"], user_id(599).to_string());

    let members: BTreeSet<String> = (0..40).map(|number| user_id(number).to_string()).collect();
    assert_eq!(home.members(large).await, members);
    let groups = home.get(&format!("/Users/{}", user_id(2))).await;
    assert_eq!(groups["groups"].as_array().unwrap().len(), 2);

    let one = |op: &str, number| {
        let value = json!([{ "value": user_id(number).to_string() }]);
        json!({ "Operations": [{ "op": op, "path": "members", "value": value }] })
    };
    let path = format!("/Groups/{large}");
    for body in [one("add", 50), one("remove", 7)] {
        let (status, body) = home.send("PATCH", &path, body).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{body}");
    }
    let gone = format!("/Users/{}", user_id(8));
    let (status, _) = home.send("DELETE", &gone, Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let mut expected = members;
    expected.insert(user_id(50).to_string());
    expected.remove(&user_id(7).to_string());
    expected.remove(&user_id(8).to_string());
    assert_eq!(home.members(large).await, expected);

    let rename =
        json!({ "Operations": [{ "op": "replace", "path": "userName", "value": user_name(1) }] });
    let path = format!("/Users/{}", user_id(0));
    let (status, _) = home.send("PATCH", &path, rename).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let new = json!({ "userName": "ada@fabrikam.example" });
    let (status, new) = home.send("POST", "/Users", new).await;
    assert_eq!(status, StatusCode::CREATED, "{new}");
    assert_eq!(home.get("/Users").await["totalResults"], 600);
    home.is_sound().await;
}

/// 36 buckets: the first rows of the directory count three, the others two.
#[tokio::test]
async fn pages_follow_one_another_where_a_row_counts_several_buckets() {
    let home = Home::seeded_with(4_500, &[]).await;
    let (status, new) = home
        .send("POST", "/Users", json!({ "userName": "ada" }))
        .await;
    assert_eq!(status, StatusCode::CREATED, "{new}");
    let new = new["id"].as_str().unwrap();
    let bucket = u32::from_str_radix(new.get(1..8).unwrap(), 16).unwrap();
    assert!((32..36).contains(&bucket), "one of the newest: {bucket}");
    let gone = format!("/Users/{}", user_id(7));
    let (status, _) = home.send("DELETE", &gone, Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);

    let mut expected: Vec<String> = (0..4_500)
        .filter(|number| *number != 7)
        .map(|number| user_id(number).to_string())
        .chain([new.to_owned()])
        .collect();
    expected.sort();
    let mut found = vec![];
    for start in (1..=4_500).step_by(900) {
        let page = home
            .get(&format!(
                "/Users?startIndex={start}&count=900&attributes=id"
            ))
            .await;
        assert_eq!(page["totalResults"], 4_500);
        let ids = page["Resources"].as_array().unwrap().iter();
        found.extend(ids.map(|user| user["id"].as_str().unwrap().to_owned()));
    }
    assert_eq!(found, expected);
    home.is_sound().await;
}

#[tokio::test]
async fn the_items_are_those_that_requests_write() {
    let seeded = Home::seeded().await;
    let (by_requests, _) = Home::empty().await;
    let mut ids = HashMap::new();
    for number in 0..USERS {
        let path = format!("/Users/{}", user_id(number));
        let user = seeded.get(&path).await;
        let (status, made) = by_requests.send("POST", "/Users", user.clone()).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        ids.insert(user["id"].as_str().unwrap().to_owned(), made["id"].clone());
    }
    for group in &seeded.groups {
        let mut group = seeded.get(&format!("/Groups/{group}")).await;
        let members = group.as_object_mut().unwrap().remove("members").unwrap();
        let (status, made) = by_requests.send("POST", "/Groups", group).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        let path = format!("/Groups/{}", made["id"].as_str().unwrap());
        for some in members.as_array().unwrap().chunks(20) {
            let some: Vec<Value> = some
                .iter()
                .map(|member| json!({ "value": ids[member["value"].as_str().unwrap()] }))
                .collect();
            let add = json!({ "Operations": [{ "op": "add", "path": "members", "value": some }] });
            let (status, body) = by_requests.send("PATCH", &path, add).await;
            assert_eq!(status, StatusCode::NO_CONTENT, "{body}");
        }
    }
    let (seeded, by_requests) = (seeded.items().await, by_requests.items().await);
    assert_eq!(directory(&seeded), directory(&by_requests));
    let (seeded, by_requests) = (told(&seeded), told(&by_requests));
    assert!(seeded.len() > 2_400, "{}", seeded.len());
    let differ: Vec<&String> = seeded.symmetric_difference(&by_requests).collect();
    assert_eq!(differ, [""; 0]);
}

/// What the directory counts, of each resource type.
fn directory(items: &[Item]) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for item in items.iter().filter(|item| item.key.pk.contains("#B#")) {
        let kind = item.key.pk.rsplit('#').next().unwrap().to_owned();
        for (name, count) in &item.attrs {
            let Attr::N(count) = count else {
                panic!("{item:?}")
            };
            assert!(name == "a" || (1..=128).contains(count), "{item:?}");
            // Those who are active, and all.
            let name = name.get(..1).unwrap();
            *counts.entry(format!("{kind} {name}")).or_insert(0) += count;
        }
    }
    counts
}

/// The items without what chance, the clock and the dealing into buckets decide, ids replaced by names.
fn told(items: &[Item]) -> BTreeSet<String> {
    let mut names: Vec<(String, String)> = vec![];
    for item in items {
        if let (true, Some(Attr::S(document))) = (item.key.pk.contains("#R#"), item.attrs.get("d"))
        {
            let document: Value = serde_json::from_str(document).unwrap();
            let name = document.get("userName").unwrap_or(&document["displayName"]);
            names.push((item.key.sk.clone(), name.as_str().unwrap().to_owned()));
            let bucket = item.key.pk.rsplit('#').next().unwrap();
            names.push((bucket.to_owned(), "bucket".to_owned()));
            if let Some(Attr::S(generation)) = item.attrs.get("gen") {
                names.push((generation.clone(), "generation".to_owned()));
            }
        }
    }
    let tenant = items.iter().find(|item| item.key.pk == "A#tenants");
    names.push((tenant.unwrap().key.sk.clone(), "tenant".to_owned()));
    let names: HashMap<String, String> = names.into_iter().collect();
    let plain = |text: &str| {
        let parts = text.split_inclusive(['#', '\u{1}']).map(|part| {
            let bare = part.trim_end_matches(['#', '\u{1}']);
            let name = names.get(bare).map_or(bare, String::as_str);
            format!("{name}|")
        });
        parts.collect::<String>()
    };
    let kept = items.iter().filter(|item| {
        let entity = item.key.pk.split('#').nth(2).unwrap_or_default();
        matches!(entity, "R" | "N" | "M" | "V" | "D" | "O")
    });
    kept.map(|item| {
        let attrs: Vec<String> = item
            .attrs
            .iter()
            // A head names the latest change of members, if it had one.
            .filter(|(name, _)| *name != "op")
            .map(|(name, value)| match (name.as_str(), value) {
                // Every addition of members moves the version.
                ("ct" | "lm" | "v", Attr::N(_)) => name.clone(),
                (_, Attr::S(text)) => format!("{name}={}", plain(text)),
                _ => format!("{name}={value:?}"),
            })
            .collect();
        format!("{} {} {attrs:?}", plain(&item.key.pk), plain(&item.key.sk))
    })
    .collect()
}
