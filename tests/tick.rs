//! The timer of `serve`: what a killed server left is finished soon after the next start.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use serverless_scim::table::{
    Attr, Consistency, DynamoDb, Item, Key, Query, Range, Table as _, Update, Write, embedded,
};
use tempfile::TempDir;

mod support;

use support::client::references;
use support::dynamo::Dynamo;
use support::process::text;
use support::{Client, Server};

/// More than one transaction adds, so that adding them is a change that can be left half done.
const MEMBERS: usize = 600;
/// Far below the minute after which a later tick comes.
const SOON: Duration = Duration::from_secs(30);
/// More than that minute: on a busy machine the first tick may come before the table goes.
const LATER: Duration = Duration::from_secs(90);

/// The data of a server, beside that server.
struct Data {
    table: DynamoDb,
    tenant: String,
}

impl Data {
    async fn of(folder: &Path, client: &Client) -> Self {
        let table = embedded::file(&folder.join("scim.db")).await;
        // A token is scim_TENANT_SECRET_CHECK.
        let tenant = client.token.split('_').nth(1).expect("a tenant");
        Self {
            table: table.expect("the file"),
            tenant: tenant.to_owned(),
        }
    }

    async fn rows(&self, partition: &str) -> Vec<Item> {
        let query = Query {
            pk: format!("T#{}#{partition}", self.tenant),
            range: Range::All,
            descending: false,
            limit: None,
            after: None,
        };
        let page = self.table.query(&query, Consistency::Strong).await;
        page.expect("a page").items
    }

    /// The groups with an open change, as their keys name them.
    async fn open_changes(&self) -> Vec<String> {
        let group = |row: &Item| Some(row.key.sk.strip_prefix("P#")?.split('#').next()?.to_owned());
        self.rows("D").await.iter().filter_map(group).collect()
    }

    /// As if the time for which the maker of a change has it to itself had passed.
    async fn end_lease(&self, group: &str) {
        let update = Write::Update {
            key: Key {
                pk: format!("T#{}#R#{}", self.tenant, &group[..8]),
                sk: group.to_owned(),
            },
            update: Update {
                set: [("pu", Attr::N(1))].into(),
                ..Update::default()
            },
            condition: None,
        };
        self.table.write(&update).await.expect("a write");
    }
}

/// Kills the server when it has committed a change of members; whether before it had applied it.
async fn kill_midway(
    server: Server,
    client: &Client,
    data: &Data,
    group: &str,
    ids: &[String],
) -> bool {
    let patch =
        json!({ "Operations": [{ "op": "add", "path": "members", "value": references(ids) }] });
    let request = reqwest::Client::new()
        .patch(format!("{}/Groups/{group}", client.base))
        .bearer_auth(&client.token)
        .header("content-type", "application/scim+json")
        .body(patch.to_string());
    let patching = tokio::spawn(request.send());
    while data.open_changes().await.is_empty() && !patching.is_finished() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    server.kill();
    let _ = patching.await;
    !data.open_changes().await.is_empty()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_cut_short_by_kill_9_is_finished_after_the_next_start() {
    let folder = TempDir::new().expect("a folder");
    let mut server = Server::on(folder.path());
    let mut client = server.client();
    let data = Data::of(folder.path(), &client).await;
    let mut ids = vec![];
    for number in 0..MEMBERS {
        ids.push(client.user(&format!("u{number}@fabrikam.example")).await);
    }
    ids.sort();
    let group = client.group("Everybody", &[]).await;
    let mut tries = 0;
    // Where this process was held up, the change went by and everybody leaves again.
    while !kill_midway(server, &client, &data, &group, &ids).await {
        tries += 1;
        assert!(tries < 20, "always done before the kill");
        server = Server::on(folder.path());
        client = client.with(&server.tenant_url, &client.token);
        let leave = json!([{ "op": "remove", "path": "members", "value": references(&ids) }]);
        client.patch(&format!("/Groups/{group}"), &leave).await;
    }
    let open = data.open_changes().await;
    let key = group.replace('-', "");
    assert_eq!(open, [key.as_str()], "cut short");
    data.end_lease(&key).await;

    let server = Server::start(&["--json", "--data", text(folder.path())]);
    let client = client.with(&server.tenant_url, &client.token);
    assert_eq!(client.members(&group).await, ids, "there in any case");
    let began = Instant::now();
    while !data.open_changes().await.is_empty() {
        assert!(began.elapsed() < SOON, "{}", server.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(data.rows(&format!("O#{key}")).await, []);
    assert_eq!(
        data.rows(&format!("V#{}", ids[0].replace('-', "")))
            .await
            .len(),
        1
    );
    assert_eq!(client.members(&group).await, ids);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tick_that_fails_is_logged_and_stops_nothing() {
    let dynamo = Dynamo::start().await;
    dynamo.run(&["table", "create", "--table", "scim"]).await;
    let server = Server::start_with(&["--json", "--table", "scim"], |command| {
        dynamo.reach(command);
    });
    dynamo.stop().await;
    let began = Instant::now();
    while !server.log().contains("the tick failed") {
        assert!(began.elapsed() < LATER, "{}", server.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let reply = server.client().exchange("GET", "/Users", &[], None).await;
    assert_eq!(reply.status, 503, "it still answers");
    assert!(server.stop("TERM").success());
}
