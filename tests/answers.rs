//! What is asked is answered or refused: no filter, order, cursor or condition is passed over in silence. RFC 7644 §3.4.2, §3.14.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use serde_json::{Value, json};

#[allow(dead_code, reason = "made for the tests of policies")]
#[path = "policies/bed.rs"]
mod bed;
#[allow(dead_code, reason = "made for the store's own tests")]
#[path = "store/bench.rs"]
mod bench;
#[path = "answers/between.rs"]
mod between;
#[path = "answers/pages.rs"]
mod pages;
#[path = "answers/parameters.rs"]
mod parameters;
mod support;

use support::{Client, Server};

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

async fn found(client: &Client, path: &str, filter: &str) -> Value {
    let query: String = form_urlencoded::byte_serialize(filter.as_bytes()).collect();
    let reply = client.get(&format!("{path}?filter={query}")).await;
    match reply.status {
        200 => reply.body["totalResults"].clone(),
        _ => reply.body["scimType"].clone(),
    }
}

#[tokio::test]
async fn what_the_server_says_of_a_resource_can_be_filtered_by() {
    let server = Server::in_memory();
    let client = server.client();
    let plain = client.user("ada@fabrikam.example").await;
    let body = json!({ "userName": "mei@fabrikam.example", ENTERPRISE: { "department": "R&D" } });
    assert_eq!(client.post("/Users", &body).await.status, 201);
    for (filter, expected) in [
        (format!("schemas eq \"{CORE}\""), json!(2)),
        (format!("schemas eq \"{ENTERPRISE}\""), json!(1)),
        ("schemas pr".to_owned(), json!(2)),
        ("not (schemas pr)".to_owned(), json!(0)),
        (
            format!("id eq \"{plain}\" and schemas eq \"{CORE}\""),
            json!(1),
        ),
        ("meta.version eq \"W/\\\"1\\\"\"".to_owned(), json!(2)),
        ("meta.version ne \"W/\\\"1\\\"\"".to_owned(), json!(0)),
        // An address depends on how the request was addressed.
        ("meta.location pr".to_owned(), json!("invalidFilter")),
        ("groups.$ref pr".to_owned(), json!("invalidFilter")),
    ] {
        assert_eq!(
            found(&client, "/Users", &filter).await,
            expected,
            "{filter}"
        );
    }
    let sorted = client.get("/Users?sortBy=meta.location").await;
    assert_eq!(sorted.status, 400, "{sorted:?}");
}

#[tokio::test]
async fn a_qualified_name_chooses_its_type() {
    let server = Server::in_memory();
    let client = server.client();
    let ada = json!({ "userName": "ada@fabrikam.example", "displayName": "Ada" });
    assert_eq!(client.post("/Users", &ada).await.status, 201);
    client.group("Team", &[]).await;
    let ask = |filter: &str| {
        let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": filter });
        let client = client.clone();
        async move { client.post("/.search", &body).await.body["totalResults"].clone() }
    };
    let group = "urn:ietf:params:scim:schemas:core:2.0:Group";
    assert_eq!(ask("displayName pr").await, 2, "both have one");
    assert_eq!(ask(&format!("{group}:displayName pr")).await, 1);
    assert_eq!(ask(&format!("schemas eq \"{group}\"")).await, 1);
    assert_eq!(ask("id pr").await, 2);
}

#[tokio::test]
async fn a_write_that_must_not_meet_this_version_does_not() {
    let server = Server::in_memory();
    let client = server.client();
    let ada = format!("/Users/{}", client.user("ada@fabrikam.example").await);
    let put = json!({ "userName": "ada@fabrikam.example", "title": "Lead" });
    let patch = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "add", "path": "title", "value": "Lead" }],
    });
    for tag in ["*", "W/\"1\""] {
        for (method, body) in [
            ("PUT", Some(&put)),
            ("PATCH", Some(&patch)),
            ("DELETE", None),
        ] {
            let headers = [("If-None-Match", Some(tag))];
            let body = body.map(|body| body.to_string().into_bytes());
            let reply = client.exchange(method, &ada, &headers, body).await;
            assert_eq!(reply.status, 412, "{method} {tag}: {reply:?}");
        }
    }
    let now = client.get(&ada).await;
    assert_eq!(now.body["meta"]["version"], "W/\"1\"");
    let headers = [("If-None-Match", Some("W/\"2\""))];
    let put = put.to_string().into_bytes();
    let reply = client.exchange("PUT", &ada, &headers, Some(put)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

#[tokio::test]
async fn nothing_said_of_active_switches_nobody_on() {
    let server = Server::in_memory();
    let client = server.client();
    let off = json!({ "userName": "ada@fabrikam.example", "active": false });
    let ada = client.post("/Users", &off).await.id();
    for value in [
        json!({}),
        json!([{}]),
        json!([null]),
        json!({ "value": null }),
    ] {
        for operation in [
            json!([{ "op": "replace", "path": "active", "value": value }]),
            json!([{ "op": "replace", "value": { "active": value } }]),
        ] {
            let reply = client.patch(&format!("/Users/{ada}"), &operation).await;
            assert_eq!(reply.body["scimType"], "invalidValue", "{value}");
        }
    }
    assert_eq!(
        client.get(&format!("/Users/{ada}")).await.body["active"],
        false
    );
}
