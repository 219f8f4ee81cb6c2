//! Every limit a client can meet, at its edge and past it: what is refused is refused whole.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]

use serde_json::{Value, json};

#[path = "limits/lists.rs"]
mod lists;
#[path = "limits/pages.rs"]
mod pages;
mod support;

use support::client::references;
use support::{Client, Reply, Server};

const MIB: usize = 1024 * 1024;
/// In `serve`; `tests/lambda.rs` knows the other home.
const GROUP_BODY_MAX: usize = 16 * MIB;

/// The JSON padded with blanks to this many bytes.
fn padded(body: &Value, bytes: usize) -> Vec<u8> {
    let mut text = body.to_string().into_bytes();
    text.resize(bytes, b' ');
    text
}

async fn send(client: &Client, method: &str, path: &str, body: Vec<u8>) -> Reply {
    let reply = client.exchange(method, path, &[], Some(body)).await;
    assert_eq!(reply.faults(), [""; 0], "{method} {path}: {reply:?}");
    reply
}

async fn users(client: &Client, count: usize) -> Vec<String> {
    let mut ids = vec![];
    for number in 0..count {
        ids.push(
            client
                .user(&format!("member{number}@fabrikam.example"))
                .await,
        );
    }
    ids.sort();
    ids
}

fn change(op: &str, ids: &[String]) -> Value {
    json!([{ "op": op, "path": "members", "value": references(ids) }])
}

#[tokio::test]
async fn a_user_fits_one_mebibyte_and_a_group_sixteen() {
    let server = Server::in_memory();
    let client = server.client();
    let status = async |method, path: &str, body| send(&client, method, path, body).await.status;
    let user = json!({ "userName": "ada@fabrikam.example" });
    let patch = json!({ "Operations": [{ "op": "remove", "path": "title" }] });
    let made = send(&client, "POST", "/Users", padded(&user, MIB)).await;
    let one = &format!("/Users/{}", made.created());
    assert_eq!(status("PATCH", one, padded(&patch, MIB)).await, 200);
    for (method, path, body) in [
        ("POST", "/Users", &user),
        ("PUT", one, &user),
        ("PATCH", one, &patch),
        ("POST", "/Groups/.search", &json!({})),
    ] {
        let status = status(method, path, padded(body, MIB + 1)).await;
        assert_eq!(status, 413, "{method} {path}");
    }

    let group = json!({ "displayName": "Everybody" });
    let most = padded(&group, GROUP_BODY_MAX);
    let made = send(&client, "POST", "/Groups", most.clone()).await;
    let one = &format!("/Groups/{}", made.created());
    assert_eq!(status("PUT", one, most).await, 200);
    for (method, path, size) in [
        ("POST", "/Groups", GROUP_BODY_MAX + 1),
        ("PUT", one, 2 * GROUP_BODY_MAX),
    ] {
        let status = status(method, path, padded(&group, size)).await;
        assert_eq!(status, 413, "{method} {path}");
    }
}

#[tokio::test]
async fn a_hundred_thousand_members_fit_a_request_however_they_are_told() {
    let server = Server::in_memory();
    let client = server.client();
    let path = format!("/Groups/{}", client.group("Everybody", &[]).await);
    let stranger = |number: usize| {
        let id = format!("00000000-0000-4000-8000-{number:012x}");
        json!({
            "$ref": format!("https://scim.fabrikam.example/scim/v2/Users/{id}"),
            "display": format!("Member {number}"),
            "value": id,
        })
    };
    let members: Vec<Value> = (0..100_000).map(stranger).collect();
    let operations = json!([{ "op": "add", "path": "members", "value": members }]);
    assert!(operations.to_string().len() > 15_000_000);
    let refused = client.patch(&path, &operations).await;
    assert_eq!(
        (refused.status, &refused.body["scimType"]),
        (400, &json!("invalidValue")),
        "read to its end and understood: nobody knows them"
    );
}

#[tokio::test]
async fn nesting_is_bounded() {
    let server = Server::in_memory();
    let client = server.client();
    for depth in [1_000, 400_000] {
        let body = format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth)).into_bytes();
        let (method, path) = ("POST", "/Groups");
        let reply = send(&client, method, path, body).await;
        assert_eq!(
            (reply.status, &reply.body["scimType"]),
            (400, &json!("invalidSyntax"))
        );
        let body = "[".repeat(depth).into_bytes();
        assert_eq!(send(&client, method, path, body).await.status, 400);
    }
    let filter = |depth: usize| {
        let (open, close) = ("(".repeat(depth), ")".repeat(depth));
        format!("/Users?filter={open}title pr{close}")
    };
    assert_eq!(client.get(&filter(31)).await.status, 200);
    let refused = client.get(&filter(500)).await;
    assert_eq!(
        (refused.status, &refused.body["scimType"]),
        (400, &json!("invalidFilter"))
    );
    let long = |bytes: usize| {
        let text = "x".repeat(bytes - "title eq \"\"".len());
        format!("/Users?filter=title eq \"{text}\"")
    };
    assert_eq!(client.get(&long(2_048)).await.status, 200);
    assert_eq!(client.get(&long(2_049)).await.status, 400);
}

#[tokio::test]
async fn a_patch_holds_a_thousand_operations() {
    let server = Server::in_memory();
    let client = server.client();
    let path = format!("/Users/{}", client.user("ada@fabrikam.example").await);
    let operations = |count: usize| -> Value {
        let operation =
            |number| json!({ "op": "replace", "path": "title", "value": format!("t{number}") });
        (0..count).map(operation).collect()
    };
    assert_eq!(client.patch(&path, &operations(1_001)).await.status, 413);
    assert_eq!(client.get(&path).await.body.get("title"), None);
    assert_eq!(
        client.patch(&path, &operations(1_000)).await.body["title"],
        "t999"
    );
}

#[tokio::test]
async fn a_document_is_bounded() {
    let server = Server::in_memory();
    let client = server.client();
    let user =
        |bytes: usize| json!({ "userName": "ada@fabrikam.example", "title": "x".repeat(bytes) });
    assert_eq!(client.post("/Users", &user(65_536)).await.status, 413);
    let path = format!(
        "/Users/{}",
        client.post("/Users", &user(60_000)).await.created()
    );
    let grow = json!([{ "op": "add", "path": "nickName", "value": "y".repeat(10_000) }]);
    assert_eq!(client.patch(&path, &grow).await.status, 413);
    assert_eq!(client.get(&path).await.body.get("nickName"), None);

    let emails = |count: usize| -> Value {
        (0..count)
            .map(|number| json!({ "value": format!("e{number}@fabrikam.example") }))
            .collect()
    };
    let user =
        |count: usize| json!({ "userName": "many@fabrikam.example", "emails": emails(count) });
    let refused = client.post("/Users", &user(41)).await;
    assert_eq!(
        (refused.status, &refused.body["scimType"]),
        (400, &json!("invalidValue"))
    );
    assert_eq!(client.post("/Users", &user(40)).await.status, 201);
    let found = client
        .get("/Users?filter=emails.value eq \"e39@fabrikam.example\"")
        .await
        .body;
    assert_eq!(found["totalResults"], 1);
}

#[tokio::test]
async fn a_change_of_members_may_outgrow_one_transaction() {
    let server = Server::in_memory();
    let client = server.client();
    let ids = users(&client, 40).await;
    // With the head and the outbox item, 32 members are the most that one transaction adds.
    for count in [31, 32, 33, 40] {
        let body =
            json!({ "displayName": format!("Born {count}"), "members": references(&ids[..count]) });
        let made = client.post("/Groups", &body).await;
        assert_eq!(made.body["members"].as_array().map(Vec::len), Some(count));
        assert_eq!(client.members(&made.created()).await, ids[..count]);

        let group = client.group(&format!("Grown {count}"), &ids[39..]).await;
        let path = format!("/Groups/{group}");
        let rename = json!([
            { "op": "replace", "path": "displayName", "value": format!("Renamed {count}") },
            { "op": "add", "path": "members", "value": references(&ids[..count]) },
        ]);
        assert_eq!(client.patch(&path, &rename).await.status, 204);
        assert_eq!(client.members(&group).await.len(), (count + 1).min(40));
        assert_eq!(
            client.get(&path).await.body["displayName"],
            format!("Renamed {count}")
        );
    }
}

#[tokio::test]
async fn a_large_group_shrinks_in_one_request() {
    let server = Server::in_memory();
    let client = server.client();
    let ids = users(&client, 70).await;
    let group = client.group("Everybody", &ids[..31]).await;
    let path = format!("/Groups/{group}");
    for chunk in ids[31..].chunks(31) {
        assert_eq!(client.patch(&path, &change("add", chunk)).await.status, 204);
    }
    assert_eq!(client.members(&group).await, ids);
    let some = ids[2].clone();
    assert_eq!(
        client
            .patch(&path, &change("remove", &ids[..2]))
            .await
            .status,
        204
    );
    assert_eq!(client.members(&group).await, ids[2..]);

    assert_eq!(
        client
            .patch(&path, &change("replace", &ids[60..62]))
            .await
            .status,
        204
    );
    assert_eq!(client.members(&group).await, ids[60..62]);
    let left = client.get(&format!("/Users/{some}")).await.body;
    assert_eq!(left.get("groups"), None, "who was replaced has left");
    for chunk in ids.chunks(31) {
        assert_eq!(client.patch(&path, &change("add", chunk)).await.status, 204);
    }
    let everybody = json!([{ "op": "remove", "path": "members" }]);
    assert_eq!(client.patch(&path, &everybody).await.status, 204);
    assert_eq!(client.members(&group).await, [""; 0]);
    assert_eq!(
        client
            .get(&format!("/Users/{some}"))
            .await
            .body
            .get("groups"),
        None
    );
    assert_eq!(
        client.patch(&path, &change("add", &ids[..3])).await.status,
        204
    );
    assert_eq!(
        client.members(&group).await,
        ids[..3],
        "who left can come back"
    );
}

#[tokio::test]
async fn a_user_of_many_groups_leaves_them_all() {
    let server = Server::in_memory();
    let client = server.client();
    let ids = users(&client, 2).await;
    let mut groups = vec![];
    for number in 0..40 {
        groups.push(client.group(&format!("Group {number}"), &ids).await);
    }
    let user = client.get(&format!("/Users/{}", ids[0])).await.body;
    assert_eq!(user["groups"].as_array().map(Vec::len), Some(40));
    assert_eq!(
        client.delete(&format!("/Users/{}", ids[0])).await.status,
        204
    );
    for group in &groups {
        assert_eq!(client.members(group).await, ids[1..]);
    }
}
