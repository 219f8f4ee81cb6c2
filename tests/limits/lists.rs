//! Lists and values of one request: small in the body, large in memory.

use serde_json::{Value, json};
use serverless_scim::api::VALUES_MAX;
use serverless_scim::schema::{ELEMENTS_MAX, MEMBERS_MAX};
use serverless_scim::store::DOCUMENT_VALUES_MAX;

use crate::support::{Reply, Server};
use crate::{change, send};

fn detail(reply: &Reply) -> &str {
    reply.body["detail"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_body_holds_so_many_values() {
    let server = Server::in_memory();
    let client = server.client();
    let path = format!("/Groups/{}", client.group("Everybody", &[]).await);
    let start = r#"{"Operations":[{"op":"remove","path":"members","value":["#;
    // Three brackets and two commas open them.
    let of = |values: usize| format!("{start}0{}]}}]}}", ",0".repeat(values - 6)).into_bytes();
    let refused = send(&client, "PATCH", &path, of(VALUES_MAX + 1)).await;
    assert_eq!(refused.status, 413);
    assert!(detail(&refused).contains("values"), "{refused:?}");
    let refused = send(&client, "PATCH", &path, of(VALUES_MAX)).await;
    assert_eq!(refused.status, 413);
    assert!(detail(&refused).contains("members"), "{refused:?}");
    let nested = format!("{}1{}", "[[[[[[[[[[".repeat(12), "]]]]]]]]]]".repeat(12));
    let body = format!(r#"{{"a":[{}]}}"#, vec![nested; 10_000].join(",")).into_bytes();
    assert_eq!(send(&client, "POST", "/Groups", body).await.status, 413);
}

#[tokio::test]
async fn a_user_holds_so_many_values() {
    let server = Server::in_memory();
    let client = server.client();
    // Beside the name.
    for (roles, status) in [(DOCUMENT_VALUES_MAX - 1, 201), (DOCUMENT_VALUES_MAX, 413)] {
        let roles = (0..roles).map(|n| json!({ "value": format!("{n:x}") }));
        let name = format!("{status}@fabrikam.example");
        let user = json!({ "userName": name, "entitlements": roles.collect::<Vec<_>>() });
        let made = client.post("/Users", &user).await;
        assert_eq!(made.status, status, "{made:?}");
        assert_eq!(detail(&made).contains("values"), status == 413);
        if status == 201 {
            let path = format!("/Users/{}", made.body["id"].as_str().unwrap());
            let more = json!([{ "op": "add", "path": "title", "value": "one more" }]);
            assert_eq!(client.patch(&path, &more).await.status, 413);
            let off = json!([{ "op": "replace", "path": "active", "value": false }]);
            assert_eq!(client.patch(&path, &off).await.status, 200);
        }
    }
}

#[tokio::test]
async fn a_list_holds_so_many_elements() {
    let server = Server::in_memory();
    let client = server.client();
    let id = client.user("ada@fabrikam.example").await;
    let path = format!("/Users/{id}");
    let emails = |count: usize| Value::from(vec![json!({}); count]);
    let add = |count| json!([{ "op": "add", "path": "emails", "value": emails(count) }]);
    let user = |count| json!({ "userName": "ada@fabrikam.example", "emails": emails(count) });
    for (count, status) in [(ELEMENTS_MAX, 200), (ELEMENTS_MAX + 1, 413)] {
        let patched = client.patch(&path, &add(count)).await;
        assert_eq!(patched.status, status, "{patched:?}");
        let put = client.put(&path, &user(count)).await;
        assert_eq!(put.status, status, "{put:?}");
        assert_eq!(detail(&put).contains("emails"), status == 413);
    }
    let members: Vec<String> = (0..=MEMBERS_MAX).map(|n| n.to_string()).collect();
    let path = format!("/Groups/{}", client.group("Everybody", &[]).await);
    let refused = client.patch(&path, &change("remove", &members)).await;
    assert_eq!(refused.status, 413);
    let fits = client.patch(&path, &change("remove", &members[1..])).await;
    assert_eq!(fits.status, 204, "{fits:?}");
}
