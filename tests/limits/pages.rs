//! A page of large rows ends early, and what leads on from it misses nothing.

use serde_json::{Value, json};

use crate::support::{Client, Server};

const USERS: usize = 60;
const GROUPS: usize = 5;
/// Bytes that the rows of a page take where their answer is text within JSON.
const PAGE_MAX: usize = 4 * 1024 * 1024;

async fn large(server: &Server) -> Client {
    let client = server.client();
    let long = "\\\"x".repeat(12_000);
    for number in 0..USERS {
        let user = json!({ "userName": format!("u{number:03}"), "title": long });
        client.post("/Users", &user).await.created();
    }
    for number in 0..GROUPS {
        let group = json!({ "displayName": format!("g{number:03}"), "externalId": long });
        client.post("/Groups", &group).await.created();
    }
    client
}

/// The names on a page that is not too large and tells its own size.
#[track_caller]
fn names(page: &Value) -> Vec<String> {
    let rows = page["Resources"].as_array().expect("rows");
    assert_eq!(page["itemsPerPage"], rows.len());
    let carried = Value::from(page.to_string()).to_string().len();
    assert!(carried < PAGE_MAX + 10_000, "{carried}");
    let name = |row: &Value| {
        let name = row.get("userName").unwrap_or(&row["displayName"]);
        name.as_str().expect("a name").to_owned()
    };
    rows.iter().map(name).collect()
}

fn all(prefix: char, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{prefix}{n:03}")).collect()
}

#[tokio::test]
async fn every_way_through_large_rows_leads_to_all_of_them() {
    let server = Server::in_memory();
    let client = large(&server).await;
    by_index(&client).await;
    by_cursor(&client, "").await;
    by_cursor(&client, "&filter=title pr").await;
    by_cursor(
        &client,
        "&filter=userName sw \"u\"&sortBy=userName&sortOrder=descending",
    )
    .await;
    over_every_type(&client).await;
}

async fn by_index(client: &Client) {
    let mut seen = vec![];
    while seen.len() < USERS {
        let body = json!({ "startIndex": seen.len() + 1, "count": 1_000 });
        let page = client.post("/Users/.search", &body).await.body;
        assert_eq!(page["totalResults"], USERS);
        let names = names(&page);
        assert!(!names.is_empty() && names.len() < USERS);
        seen.extend(names);
    }
    seen.sort();
    assert_eq!(seen, all('u', USERS));
}

async fn by_cursor(client: &Client, query: &str) {
    let (mut seen, mut cursor) = (vec![], String::new());
    for _ in 0..USERS {
        let page = client.get(&format!("/Users?cursor={cursor}{query}")).await;
        seen.extend(names(&page.body));
        match page.body["nextCursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    if query.contains("descending") {
        seen.reverse();
    } else {
        seen.sort();
    }
    assert_eq!(seen, all('u', USERS), "{query}");
}

async fn over_every_type(client: &Client) {
    let mut seen = vec![];
    while seen.len() < USERS + GROUPS {
        let body = json!({ "startIndex": seen.len() + 1, "count": 1_000 });
        let page = client.post("/.search", &body).await.body;
        assert_eq!(page["totalResults"], USERS + GROUPS);
        let names = names(&page);
        assert!(!names.is_empty());
        seen.extend(names);
    }
    let (users, groups) = seen.split_at_mut(USERS);
    users.sort();
    groups.sort();
    assert_eq!((&*users, &*groups), (&*all('u', USERS), &*all('g', GROUPS)));
}
