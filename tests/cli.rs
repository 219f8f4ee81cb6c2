//! The command line: what it prints, how it stops, what survives it, and what it refuses.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};
use tempfile::TempDir;

#[path = "cli/credentials.rs"]
mod credentials;
#[path = "cli/log.rs"]
mod log;
#[path = "cli/refusals.rs"]
mod refusals;
mod support;
#[path = "cli/tenants.rs"]
mod tenants;
#[path = "cli/ways.rs"]
mod ways;

use support::process::{self, run};
use support::{Client, Server};

const STOPPED: Option<i32> = Some(0);

fn folder() -> TempDir {
    TempDir::new().expect("a folder")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The token that a command made and printed as JSON.
fn token(arguments: &[&str], data: &Path) -> String {
    let made = run(&[arguments, &["--json", "--data", process::text(data)]].concat());
    assert!(made.status.success(), "{}", stderr(&made));
    let line: Value = serde_json::from_slice(&made.stdout).expect("one line of JSON");
    line["secretToken"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    let data = folder();
    let server = Server::on(data.path());
    let secret = server.secret.clone().expect("a token");
    let client = server.client();
    let mut users = vec![];
    for number in 0..20 {
        users.push(client.user(&format!("u{number}@fabrikam.example")).await);
    }
    let group = client.group("Everybody", &users).await;
    client.delete(&format!("/Users/{}", users[0])).await;
    let title = json!([{ "op": "add", "path": "title", "value": "Lead" }]);
    let last = client
        .patch(&format!("/Users/{}", users[1]), &title)
        .await
        .body;
    server.kill();

    let server = Server::on(data.path());
    assert_eq!(server.secret, None, "a token is shown once");
    let client = Client::new(&server.tenant_url, &secret);
    assert_eq!(client.get("/Users").await.body["totalResults"], 19);
    let mut user = client.get(&format!("/Users/{}", users[1])).await.body;
    assert_eq!(
        (&user["title"], &user["meta"]["version"]),
        (&last["title"], &last["meta"]["version"])
    );
    assert_eq!(user["groups"][0]["value"].take(), group);
    let mut left = users[1..].to_vec();
    left.sort();
    assert_eq!(client.members(&group).await, left);
    let again = client
        .post("/Users", &json!({ "userName": "U1@fabrikam.example" }))
        .await;
    assert_eq!(again.status, 409);
}

#[tokio::test]
async fn writes_under_way_are_there_or_not() {
    let data = folder();
    let server = Server::on(data.path());
    let client = server.client();
    let secret = server.secret.clone().expect("a token");
    let mut acknowledged = vec![];
    for number in 0..15 {
        acknowledged.push(client.user(&format!("u{number}@fabrikam.example")).await);
    }
    let racing = client.clone();
    let writer = tokio::spawn(async move {
        let mut written = vec![];
        // Ends when the server is gone.
        for number in 15.. {
            let user = json!({ "userName": format!("u{number}@fabrikam.example") }).to_string();
            let request = reqwest::Client::new()
                .post(format!("{}/Users", racing.base))
                .bearer_auth(&racing.token)
                .header("content-type", "application/scim+json")
                .body(user);
            let Ok(response) = request.send().await else {
                break;
            };
            let Ok(body) = response.json::<Value>().await else {
                break;
            };
            written.push(body["id"].as_str().expect("an id").to_owned());
        }
        written
    });
    tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    server.kill();
    acknowledged.extend(writer.await.expect("the writer"));

    let server = Server::on(data.path());
    let client = Client::new(&server.tenant_url, &secret);
    for id in &acknowledged {
        assert_eq!(client.get(&format!("/Users/{id}")).await.status, 200);
    }
    let list = client.get("/Users?count=1000").await.body;
    let total = list["totalResults"].as_u64().expect("a total");
    let there = list["Resources"].as_array().expect("rows").len() as u64;
    let known = acknowledged.len() as u64;
    assert_eq!(total, there);
    assert!(
        (known..=known + 1).contains(&total),
        "{known} acknowledged, {total} there"
    );
}

#[tokio::test]
async fn a_further_token_works_at_once_while_serve_runs() {
    let data = folder();
    let server = Server::on(data.path());
    let client = server.client();
    let id = client.user("ada@fabrikam.example").await;
    let second = token(
        &[
            "token", "create", "--tenant", "default", "--label", "second",
        ],
        data.path(),
    );
    assert_ne!(Some(&second), server.secret.as_ref());
    let by_second = Client::new(&server.tenant_url, &second);
    assert_eq!(by_second.get(&format!("/Users/{id}")).await.status, 200);
    assert_eq!(
        client.get(&format!("/Users/{id}")).await.status,
        200,
        "the first works on"
    );

    let other = token(&["tenant", "create", "fabrikam"], data.path());
    let other = Client::new(&server.tenant_url, &other);
    assert_eq!(
        other.get(&format!("/Users/{id}")).await.status,
        404,
        "another tenant"
    );
    other.user("ada@fabrikam.example").await;
}

#[test]
fn a_tenant_is_created_once() {
    let data = folder();
    let data = process::text(data.path());
    let first = run(&["tenant", "create", "fabrikam", "--data", data]);
    let printed = String::from_utf8(first.stdout).expect("text");
    let (tenant, token) = printed.split_once('\n').expect("two lines");
    assert_eq!(tenant, "Tenant        fabrikam");
    assert!(token.starts_with("Secret Token  scim_"), "{token}");
    for name in ["fabrikam", "FABRIKAM"] {
        let second = run(&["tenant", "create", name, "--data", data]);
        assert_eq!(second.status.code(), Some(1), "{name}");
        assert!(second.stdout.is_empty());
        assert!(stderr(&second).starts_with("a tenant with this name exists already"));
    }
    for name in ["", "two words", "a/b", &"x".repeat(64)] {
        let refused = run(&["tenant", "create", name, "--data", data]);
        assert!(!refused.status.success(), "\"{name}\"");
        assert!(!stderr(&refused).is_empty());
    }
    assert!(
        run(&["tenant", "create", &"x".repeat(63), "--data", data])
            .status
            .success()
    );
}

#[test]
fn a_token_needs_its_tenant_and_its_folder() {
    let data = folder();
    let missing = data.path().join("missing");
    let create = |tenant: &str, folder: &Path| {
        run(&[
            "token",
            "create",
            "--tenant",
            tenant,
            "--data",
            process::text(folder),
        ])
    };
    let output = create("default", &missing);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).starts_with("there is no data in "),
        "{}",
        stderr(&output)
    );
    assert!(!missing.exists(), "a mistyped folder is not made");
    let made = run(&[
        "tenant",
        "create",
        "fabrikam",
        "--data",
        process::text(&missing),
    ]);
    assert!(made.status.success(), "{}", stderr(&made));
    assert!(create("fabrikam", &missing).status.success());
    let output = create("nobody", &missing);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).starts_with("there is no tenant \"nobody\""));
}

#[test]
fn both_signals_stop_it_cleanly() {
    for signal in ["TERM", "INT"] {
        let data = folder();
        let server = Server::on(data.path());
        assert_eq!(server.stop(signal).code(), STOPPED, "{signal}");
        let server = Server::in_memory();
        assert_eq!(server.stop(signal).code(), STOPPED, "{signal}");
    }
}

#[tokio::test]
async fn it_stops_with_connections_open() {
    let server = Server::in_memory();
    let client = server.client();
    client.user("ada@fabrikam.example").await;
    // The client keeps its connection; that must not hold the process up.
    let began = std::time::Instant::now();
    assert_eq!(server.stop("TERM").code(), STOPPED);
    // Less than what it gives to requests that do not end.
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    drop(client);
}

#[test]
fn four_lines_tell_what_to_paste_and_what_to_keep() {
    let data = folder();
    let options = ["--data", process::text(data.path())];
    let server = Server::start(&options);
    let [url, token, admin_url, admin_key] = server.printed.as_slice() else {
        panic!("{:?}", server.printed)
    };
    let url = url
        .strip_prefix("Tenant URL    http://127.0.0.1:")
        .expect("a Tenant URL");
    let port = url.strip_suffix("/scim/v2").expect("its path");
    assert!(port.parse::<u16>().is_ok_and(|port| port > 0));
    let token = token.strip_prefix("Secret Token  scim_").expect("a token");
    assert!(token.len() >= 43, "256 bits");
    assert_eq!(
        *admin_url,
        format!("Admin URL     http://127.0.0.1:{port}/admin/v1")
    );
    let key = admin_key
        .strip_prefix("Admin Key     scimadmin_")
        .expect("a key");
    assert!(key.len() >= 43, "256 bits");
    drop(server);

    let server = Server::start(&options);
    for (line, title, command) in [
        (1, "Secret Token  ", "token create --tenant default"),
        (3, "Admin Key     ", "key create --label NAME"),
    ] {
        let folder = data.path().display();
        let advice = format!(
            "{title}was shown at the first start; make another: serverless-scim {command} --data {folder}"
        );
        assert_eq!(server.printed[line], advice);
        let advice = advice.split_once("serverless-scim ").expect("a command").1;
        let made = run(&advice.split(' ').collect::<Vec<_>>());
        assert!(made.status.success(), "the advice works: {}", stderr(&made));
    }
}

#[test]
fn json_is_one_line_of_four_members() {
    let data = folder();
    let server = Server::on(data.path());
    let line: Value = serde_json::from_str(&server.printed[0]).expect("JSON");
    let expected = json!({
        "tenantUrl": server.tenant_url,
        "secretToken": server.secret,
        "adminUrl": server.admin_url,
        "adminKey": server.admin_key,
    });
    assert_eq!(line, expected);
    assert!(server.secret.is_some() && server.admin_key.is_some());
    drop(server);
    let server = Server::on(data.path());
    assert_eq!(
        server.printed[0],
        format!(
            "{{\"tenantUrl\":\"{}\",\"secretToken\":null,\"adminUrl\":\"{}\",\"adminKey\":null}}",
            server.tenant_url, server.admin_url
        )
    );
}

#[test]
fn places_exclude_each_other() {
    for places in [["--memory", "--data", "d"], ["--memory", "--table", "t"]] {
        let output = run(&[&["serve"], places.as_slice()].concat());
        assert_eq!(output.status.code(), Some(2), "{places:?}");
        assert!(stderr(&output).contains("cannot be used with"));
    }
    let nowhere = run(&["tenant", "create", "fabrikam"]);
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(stderr(&nowhere).contains("--data <DIR>"));
}

#[test]
fn what_cannot_be_opened_is_said() {
    let data = folder();
    let file = data.path().join("file");
    std::fs::write(&file, "no folder").expect("a file");
    let output = run(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data",
        process::text(&file),
    ]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).starts_with("cannot use the folder "),
        "{}",
        stderr(&output)
    );

    let server = Server::in_memory();
    let port = server
        .tenant_url
        .trim_start_matches("http://")
        .trim_end_matches("/scim/v2");
    let output = run(&["serve", "--listen", port]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).starts_with(&format!("cannot listen on {port}")),
        "{}",
        stderr(&output)
    );
}
