//! Large changes of membership over HTTP: whole or not at all, whatever is sent and whoever reads. RFC 7644 §3.5.2.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use serverless_scim::store::CHANGED_MAX;

mod support;

use support::client::references;
use support::{Client, Server};

async fn users(client: &Client, count: usize) -> Vec<String> {
    let mut ids = vec![];
    for number in 0..count {
        ids.push(client.user(&format!("m{number}@fabrikam.example")).await);
    }
    ids.sort();
    ids
}

fn change(op: &str, ids: &[String]) -> Value {
    json!({ "op": op, "path": "members", "value": references(ids) })
}

/// An id that nobody has.
fn stranger(of: &str, number: usize) -> String {
    format!("{}{number:012x}", &of[..24])
}

#[tokio::test]
async fn a_large_change_with_a_bad_id_changes_nothing() {
    let server = Server::in_memory();
    let client = server.client();
    let ids = users(&client, 70).await;
    let group = client.group("Everybody", &ids[..2]).await;
    let path = format!("/Groups/{group}");
    let before = client.get(&path).await.body;
    let gone = client.user("gone@fabrikam.example").await;
    client.delete(&format!("/Users/{gone}")).await;
    for bad in [stranger(&ids[0], 1), "u-17".to_owned(), gone, group.clone()] {
        let mut many = ids.clone();
        many.push(bad.clone());
        for operations in [
            json!([change("add", &many)]),
            json!([change("replace", &many)]),
        ] {
            let refused = client.patch(&path, &operations).await;
            assert_eq!(refused.status, 400, "{bad}: {refused:?}");
            assert_eq!(refused.body["scimType"], "invalidValue");
        }
        let body = json!({ "displayName": "Everybody", "members": references(&many) });
        assert_eq!(client.put(&path, &body).await.status, 400);
        assert_eq!(client.get(&path).await.body, before);
        // Who is no member need not be known to be removed.
        if bad != group {
            let body = json!({ "displayName": "Another", "members": references(&many) });
            assert_eq!(client.post("/Groups", &body).await.status, 400);
            let reply = client
                .patch(&path, &json!([change("remove", &many[2..])]))
                .await;
            assert_eq!(reply.status, 204, "{bad}");
        }
    }
    assert_eq!(
        client.get(&path).await.body,
        before,
        "nothing was removed either"
    );
}

#[tokio::test]
async fn an_id_named_often_counts_once_and_the_last_word_holds() {
    let server = Server::in_memory();
    let client = server.client();
    let ids = users(&client, 60).await;
    let path = format!("/Groups/{}", client.group("Everybody", &[]).await);
    let mut twice = ids.clone();
    twice.extend(ids.clone());
    let operations = json!([change("add", &twice), change("remove", &ids[..3])]);
    assert_eq!(client.patch(&path, &operations).await.status, 204);
    assert_eq!(client.members(&path[8..]).await, ids[3..]);
    let operations = json!([change("remove", &ids), change("add", &ids[..2])]);
    assert_eq!(client.patch(&path, &operations).await.status, 204);
    assert_eq!(client.members(&path[8..]).await, ids[..2]);
}

#[tokio::test]
async fn two_large_changes_at_once_both_happen() {
    let server = Server::in_memory();
    let client = server.client();
    let ids = users(&client, 120).await;
    let path = format!("/Groups/{}", client.group("Everybody", &[]).await);
    let add = |part: &[String]| {
        let (client, path, body) = (client.clone(), path.clone(), json!([change("add", part)]));
        async move {
            loop {
                let reply = client.patch(&path, &body).await;
                if reply.status != 429 {
                    return reply.status;
                }
                assert_eq!(reply.header("retry-after"), Some("1"));
            }
        }
    };
    let statuses = tokio::join!(add(&ids[..60]), add(&ids[50..]), add(&ids[20..90]));
    assert_eq!(statuses, (204, 204, 204));
    assert_eq!(client.members(&path[8..]).await, ids);
}

#[tokio::test]
async fn readers_see_all_of_a_large_change_or_nothing() {
    let server = Server::in_memory();
    let client = server.client();
    let ids = users(&client, 150).await;
    let group = client.group("Everybody", &[]).await;
    let over = Arc::new(AtomicBool::new(false));
    let reader = {
        let (client, group, over) = (client.clone(), group.clone(), Arc::clone(&over));
        tokio::spawn(async move {
            let mut seen = vec![];
            let path = format!("/Groups/{group}");
            while !over.load(Ordering::SeqCst) {
                let reply = client.get(&path).await;
                // Who reads slowly may find another version each time.
                if reply.status != 429 {
                    assert_eq!(reply.status, 200, "{reply:?}");
                    seen.push(reply.body["members"].as_array().map_or(0, Vec::len));
                }
            }
            seen
        })
    };
    let path = format!("/Groups/{group}");
    for _ in 0..3 {
        for operation in [change("add", &ids), change("remove", &ids)] {
            assert_eq!(client.patch(&path, &json!([operation])).await.status, 204);
        }
    }
    // One read at least of everybody, however slow the reader.
    client.patch(&path, &json!([change("add", &ids)])).await;
    let last = client.members(&group).await.len();
    over.store(true, Ordering::SeqCst);
    let mut seen = reader.await.expect("the reader");
    seen.push(last);
    assert!(
        seen.iter().all(|count| [0, 150].contains(count)),
        "{seen:?}"
    );
    assert!(seen.contains(&150), "{seen:?}");
}

#[tokio::test]
async fn a_shortened_answer_sent_back_takes_nobody_out() {
    let server = Server::in_memory();
    let client = server.client();
    let ids = users(&client, 101).await;
    let body = json!({ "displayName": "Everybody", "members": references(&ids) });
    let group = client.post("/Groups", &body).await.created();
    let list = client
        .get("/Groups?filter=displayName eq \"Everybody\"")
        .await
        .body;
    let mut shown = list["Resources"][0].clone();
    assert_eq!(shown.get("members"), None, "a list shows at most 100");
    shown["displayName"] = json!("Renamed");
    let path = format!("/Groups/{group}");
    assert_eq!(client.put(&path, &shown).await.status, 200);
    assert_eq!(client.members(&group).await, ids);
    let user = client.get(&format!("/Users/{}", ids[100])).await.body;
    assert_eq!(user["groups"][0]["value"], json!(group));
}

#[tokio::test]
async fn more_ids_than_one_commit_record_holds_are_refused() {
    let server = Server::in_memory();
    let client = server.client();
    let ids = users(&client, 1).await;
    let path = format!("/Groups/{}", client.group("Everybody", &ids).await);
    let many: Vec<String> = (0..=CHANGED_MAX).map(|n| stranger(&ids[0], n)).collect();
    let (some, others) = many.split_at(CHANGED_MAX / 2);
    let both = json!([change("remove", some), change("remove", others)]);
    let refused = client.patch(&path, &both).await;
    assert_eq!(refused.status, 413);
    let fits = client
        .patch(&path, &json!([change("remove", &many[1..])]))
        .await;
    assert_eq!(fits.status, 204, "{fits:?}");
    assert_eq!(client.members(&path[8..]).await, ids);
}
