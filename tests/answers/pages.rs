//! Walks by cursor. RFC 9865 §2.

use serde_json::{Value, json};

use crate::support::{Client, Reply, Server};

#[tokio::test]
async fn a_walk_can_be_walked_to_its_end() {
    let server = Server::in_memory();
    let client = server.client();
    for number in 0..3 {
        let title = format!("{}{number}", "ü".repeat(3_100));
        let name = format!("u{number}@fabrikam.example");
        let body = json!({ "userName": name, "title": title });
        assert_eq!(client.post("/Users", &body).await.status, 201);
    }
    let (mut cursor, mut seen) = (String::new(), 0);
    loop {
        let page = client
            .get(&format!("/Users?sortBy=title&count=1&cursor={cursor}"))
            .await;
        assert_eq!(page.status, 200, "{}", page.text);
        seen += page.body["Resources"].as_array().expect("a list").len();
        match page.body["nextCursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(seen, 3);
}

async fn people(client: &Client) {
    for name in ["u0", "u1", "u2"] {
        let body = json!({ "userName": name, "title": "Lead" });
        client.post("/Users", &body).await.created();
    }
}

#[track_caller]
fn names(page: &Reply) -> Vec<&str> {
    assert_eq!(page.status, 200, "{}", page.text);
    let rows = page.body["Resources"].as_array().expect("a list");
    rows.iter()
        .map(|row| row["userName"].as_str().expect("a name"))
        .collect()
}

#[track_caller]
fn next(page: &Reply) -> &str {
    page.body["nextCursor"].as_str().expect("a cursor")
}

#[tokio::test]
async fn a_page_without_rows_tells_the_total_and_moves_nowhere() {
    let server = Server::in_memory();
    let client = server.client();
    people(&client).await;
    let ask = |cursor: &str, count: &str, query: &str| {
        let path = format!("/Users?cursor={cursor}&count={count}{query}");
        let client = client.clone();
        async move { client.get(&path).await }
    };
    for (query, total) in [
        ("", 3),
        ("&filter=title pr", 3),
        ("&filter=userName eq \"u1\"", 1),
        ("&filter=userName sw \"u\"&sortBy=userName", 3),
    ] {
        let whole = ask("", "10", query).await;
        let mut cursor = String::new();
        for place in 0..total {
            for count in ["0", "-1"] {
                let none = ask(&cursor, count, query).await;
                assert_eq!(names(&none), Vec::<&str>::new(), "{query}");
                assert_eq!(none.body["itemsPerPage"], 0);
                assert_eq!(none.body["totalResults"], total, "{query}");
                let rest = ask(next(&none), "10", query).await;
                assert_eq!(names(&rest), names(&whole)[place..], "{query}");
            }
            let one = ask(&cursor, "1", query).await;
            cursor = one.body["nextCursor"].as_str().unwrap_or("").to_owned();
        }
    }
    let odd = ask("", "abc", "").await;
    assert_eq!(odd.body["scimType"], "invalidCount");
}

#[tokio::test]
async fn a_cursor_goes_on_with_the_same_question_in_other_words() {
    let server = Server::in_memory();
    let client = server.client();
    people(&client).await;
    let ask = |cursor: &str, query: &str| {
        let path = format!("/Users?cursor={cursor}&count=1&{query}");
        let client = client.clone();
        async move { client.get(&path).await }
    };
    let first = ask("", "filter=userName sw \"u\"&sortBy=userName").await;
    assert_eq!(names(&first), ["u0"]);
    for same in [
        "filter=username sw \"u\"&sortBy=userName",
        "filter=(USERNAME  SW \"u\")&sortBy=username&sortOrder=ascending",
        "sortby=urn:ietf:params:scim:schemas:core:2.0:User:userName&filter=userName sw \"u\"",
    ] {
        assert_eq!(names(&ask(next(&first), same).await), ["u1"], "{same}");
    }
    for other in [
        "filter=userName sw \"u\"",
        "filter=userName sw \"u1\"&sortBy=userName",
        "filter=userName sw \"u\"&sortBy=title",
        "filter=userName sw \"u\"&sortBy=userName&sortOrder=descending",
        "sortBy=userName",
    ] {
        let refused = ask(next(&first), other).await;
        assert_eq!(
            refused.body["scimType"],
            Value::from("invalidCursor"),
            "{other}"
        );
    }
}
