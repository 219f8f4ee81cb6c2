//! Clients that do things at once: nothing is lost, nothing is there twice. RFC 7644 §3.3, §3.5.2, §3.6.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]

use serde_json::{Value, json};
use tokio::task::JoinSet;

mod support;

use support::process::{self, folder};
use support::{Client, Reply, Server};

/// The statuses of all requests, sorted.
async fn statuses(running: JoinSet<Reply>) -> Vec<u16> {
    let mut statuses: Vec<u16> = running
        .join_all()
        .await
        .iter()
        .map(|reply| reply.status)
        .collect();
    statuses.sort_unstable();
    statuses
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

/// The answer, once it is another one than that others were in the way: on a busy machine that may befall one of many.
async fn patch(client: &Client, path: &str, operations: &Value) -> Reply {
    loop {
        let reply = client.patch(path, operations).await;
        if reply.status != 429 {
            return reply;
        }
    }
}

/// The same of a DELETE.
async fn delete(client: &Client, path: &str) -> Reply {
    loop {
        let reply = client.delete(path).await;
        if reply.status != 429 {
            return reply;
        }
    }
}

fn add(id: &str) -> Value {
    json!([{ "op": "Add", "path": "members", "value": [{ "value": id }] }])
}

#[tokio::test]
async fn thirty_clients_add_one_member_each() {
    let data = folder();
    let server = Server::on(data.path());
    let client = server.client();
    let ids = users(&client, 30).await;
    let group = client.group("Everybody", &[]).await;
    let mut running = JoinSet::new();
    for id in ids.clone() {
        let (client, path) = (client.clone(), format!("/Groups/{group}"));
        running.spawn(async move { patch(&client, &path, &add(&id)).await });
    }
    assert_eq!(statuses(running).await, [204; 30]);
    assert_eq!(client.members(&group).await, ids);
    let mut running = JoinSet::new();
    for id in ids.clone() {
        let (client, path) = (client.clone(), format!("/Groups/{group}"));
        let leave = json!([{ "op": "remove", "path": format!("members[value eq \"{id}\"]") }]);
        running.spawn(async move { patch(&client, &path, &leave).await });
    }
    assert_eq!(statuses(running).await, [204; 30]);
    assert_eq!(client.members(&group).await, [""; 0]);
    process::sound(data.path());
}

#[tokio::test]
async fn one_of_ten_creates_a_name() {
    let data = folder();
    let server = Server::on(data.path());
    let client = server.client();
    let name = "ada.osei@fabrikam.example";
    let mut running = JoinSet::new();
    for number in 0..10 {
        let client = client.clone();
        // Ten spellings of one name.
        let (head, tail) = name.split_at(number);
        let user = json!({ "userName": format!("{}{tail}", head.to_uppercase()) });
        running.spawn(async move { client.post("/Users", &user).await });
    }
    let replies = running.join_all().await;
    let (created, refused): (Vec<&Reply>, Vec<&Reply>) =
        replies.iter().partition(|reply| reply.status == 201);
    assert_eq!((created.len(), refused.len()), (1, 9));
    let uniqueness = |reply: &&Reply| reply.status == 409 && reply.body["scimType"] == "uniqueness";
    assert!(refused.iter().all(uniqueness), "{refused:?}");
    let all = client.get("/Users").await.body;
    assert_eq!(all["totalResults"], 1);
    assert_eq!(all["Resources"][0]["id"], created[0].body["id"]);
    process::sound(data.path());
}

/// A number that a longer run sets by environment variable.
fn number(variable: &str, short: usize) -> usize {
    let text = std::env::var(variable).ok();
    text.map_or(short, |text| text.parse().expect("a number"))
}

#[tokio::test]
async fn thirty_two_clients_lose_no_member() {
    let members = number("RACE_MEMBERS", 64);
    let data = folder();
    let server = Server::on(data.path());
    let client = server.client();
    let ids = users(&client, members).await;
    let group = client.group("Everybody", &[]).await;
    let mut running = JoinSet::new();
    for part in ids.chunks(members.div_ceil(32)) {
        let (client, path) = (client.clone(), format!("/Groups/{group}"));
        let part = part.to_vec();
        running.spawn(async move {
            for id in part {
                let added = patch(&client, &path, &add(&id)).await;
                assert_eq!(added.status, 204);
            }
        });
    }
    running.join_all().await;
    assert_eq!(client.members(&group).await, ids);
    process::sound(data.path());
}

#[tokio::test]
async fn one_of_sixty_four_creates_a_name_each_round() {
    let rounds = number("RACE_ROUNDS", 3);
    let data = folder();
    let server = Server::on(data.path());
    let client = server.client();
    for round in 0..rounds {
        let mut running = JoinSet::new();
        for number in 0..64_usize {
            let name = format!("mei.lindqvist.{round}@fabrikam.example");
            let spelled = |(at, letter): (usize, char)| match number >> (at % 6) & 1 {
                1 => letter.to_ascii_uppercase(),
                _ => letter,
            };
            let name: String = name.chars().enumerate().map(spelled).collect();
            let client = client.clone();
            running.spawn(async move { client.post("/Users", &json!({ "userName": name })).await });
        }
        let mut wanted = vec![201];
        wanted.resize(64, 409);
        assert_eq!(statuses(running).await, wanted, "round {round}");
    }
    let all = client.get("/Users?count=0").await.body;
    assert_eq!(all["totalResults"], rounds);
    process::sound(data.path());
}

#[tokio::test]
async fn changes_of_different_attributes_all_stay() {
    let data = folder();
    let server = Server::on(data.path());
    let client = server.client();
    let id = client.user("ada@fabrikam.example").await;
    let changes = [
        ("title", "Lead"),
        ("nickName", "Addy"),
        ("displayName", "Ada"),
        ("locale", "en"),
        ("timezone", "Europe/London"),
        ("preferredLanguage", "en"),
        ("userType", "Employee"),
        ("externalId", "e1"),
    ];
    let mut running = JoinSet::new();
    for (path, value) in changes {
        let (client, user) = (client.clone(), format!("/Users/{id}"));
        let change = json!([{ "op": "replace", "path": path, "value": value }]);
        running.spawn(async move { patch(&client, &user, &change).await });
    }
    assert_eq!(statuses(running).await, [200; 8]);
    let user = client.get(&format!("/Users/{id}")).await.body;
    for (path, value) in changes {
        assert_eq!(user[path], value, "{user}");
    }
    assert_eq!(
        user["meta"]["version"], "W/\"9\"",
        "one version for each change"
    );
    process::sound(data.path());
}

#[tokio::test]
async fn one_of_two_takes_the_name() {
    let data = folder();
    let server = Server::on(data.path());
    let client = server.client();
    for round in 0..5 {
        let wanted = format!("wanted{round}@fabrikam.example");
        let mut running = JoinSet::new();
        for (number, spelling) in [wanted.clone(), wanted.to_uppercase()]
            .into_iter()
            .enumerate()
        {
            let id = client
                .user(&format!("u{round}.{number}@fabrikam.example"))
                .await;
            let client = client.clone();
            let rename = json!([{ "op": "replace", "path": "userName", "value": spelling }]);
            running.spawn(async move { client.patch(&format!("/Users/{id}"), &rename).await });
        }
        assert_eq!(statuses(running).await, [200, 409]);
        let found = client
            .get(&format!("/Users?filter=userName eq \"{wanted}\""))
            .await
            .body;
        assert_eq!(found["totalResults"], 1);
    }
    process::sound(data.path());
}

#[tokio::test]
async fn a_stale_version_wins_nothing() {
    let data = folder();
    let server = Server::on(data.path());
    let client = server.client();
    let created = client
        .post("/Users", &json!({ "userName": "ada@fabrikam.example" }))
        .await;
    let (id, tag) = (
        created.created(),
        created.header("etag").expect("a version").to_owned(),
    );
    let mut running = JoinSet::new();
    for number in 0..8 {
        let (client, path, tag) = (client.clone(), format!("/Users/{id}"), tag.clone());
        let body = json!({ "userName": "ada@fabrikam.example", "title": format!("t{number}") });
        running.spawn(async move {
            let headers = [("if-match", Some(tag.as_str()))];
            client
                .exchange("PUT", &path, &headers, Some(body.to_string().into_bytes()))
                .await
        });
    }
    assert_eq!(
        statuses(running).await,
        [200, 412, 412, 412, 412, 412, 412, 412]
    );
    process::sound(data.path());
}

#[tokio::test]
async fn a_stale_version_adds_nobody() {
    let data = folder();
    let server = Server::on(data.path());
    let client = server.client();
    let ids = users(&client, 8).await;
    let group = client.group("Guarded", &[]).await;
    let path = format!("/Groups/{group}");
    let read = client.get(&path).await;
    let tag = read.header("etag").expect("a version").to_owned();
    let mut running = JoinSet::new();
    for id in ids {
        let (client, path, tag) = (client.clone(), path.clone(), tag.clone());
        let schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
        let body = json!({ "schemas": [schema], "Operations": add(&id) });
        running.spawn(async move {
            let headers = [("if-match", Some(tag.as_str()))];
            let body = Some(body.to_string().into_bytes());
            client.exchange("PATCH", &path, &headers, body).await
        });
    }
    assert_eq!(
        statuses(running).await,
        [204, 412, 412, 412, 412, 412, 412, 412]
    );
    assert_eq!(client.members(&group).await.len(), 1);
    process::sound(data.path());
}

#[tokio::test]
async fn a_deleted_group_keeps_nobody() {
    let data = folder();
    let server = Server::on(data.path());
    let client = server.client();
    let ids = users(&client, 10).await;
    let group = client.group("Short-lived", &[]).await;
    let mut running = JoinSet::new();
    for (number, id) in ids.iter().cloned().enumerate() {
        let (client, path) = (client.clone(), format!("/Groups/{group}"));
        running.spawn(async move {
            if number == 5 {
                return delete(&client, &path).await;
            }
            patch(&client, &path, &add(&id)).await
        });
    }
    let statuses = statuses(running).await;
    assert!(
        statuses.iter().all(|status| matches!(status, 204 | 404)),
        "{statuses:?}"
    );
    assert_eq!(client.get(&format!("/Groups/{group}")).await.status, 404);
    for id in ids {
        let user = client.get(&format!("/Users/{id}")).await;
        assert_eq!((user.status, user.body.get("groups")), (200, None));
    }
    process::sound(data.path());
}

#[tokio::test]
async fn a_deleted_user_stays_in_no_group() {
    let data = folder();
    let server = Server::on(data.path());
    let client = server.client();
    let id = client.user("gone@fabrikam.example").await;
    let mut groups = vec![];
    for number in 0..9 {
        groups.push(client.group(&format!("Group {number}"), &[]).await);
    }
    let mut running = JoinSet::new();
    for (number, group) in groups.iter().cloned().enumerate() {
        let (client, id) = (client.clone(), id.clone());
        running.spawn(async move {
            if number == 4 {
                return delete(&client, &format!("/Users/{id}")).await;
            }
            patch(&client, &format!("/Groups/{group}"), &add(&id)).await
        });
    }
    let statuses = statuses(running).await;
    assert!(
        statuses.iter().all(|status| matches!(status, 204 | 400)),
        "{statuses:?}"
    );
    for group in groups {
        assert_eq!(client.members(&group).await, [""; 0]);
    }
    process::sound(data.path());
}
