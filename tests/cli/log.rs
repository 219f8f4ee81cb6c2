//! The provisioning log, read and followed, and the job that erases a tenant.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::process::{command, folder, run, sound, text};
use crate::support::{Client, Server};
use crate::ways::{member, of_fabrikam, on_data, over_http};

#[tokio::test]
async fn the_log_names_what_was_done_and_no_values() {
    let data = folder();
    let server = Server::on(data.path());
    let client = server.client();
    let id = client.user("ada@fabrikam.example").await;
    let twin = json!({ "userName": "ada@fabrikam.example" });
    assert_eq!(client.post("/Users", &twin).await.status, 409);
    let key = server.admin_key.as_deref().expect("a key");
    for way in [["--data", text(data.path())], ["--url", &server.admin_url]] {
        let log = |more: &[&str]| {
            let arguments = [&["log", "--tenant", "default"], &way[..], more].concat();
            let output = command(&arguments).env("SCIM_ADMIN_KEY", key).output();
            let output = output.expect("the command starts");
            assert!(output.status.success(), "{arguments:?}");
            String::from_utf8(output.stdout).expect("text")
        };
        let shown = log(&[]);
        assert!(shown.starts_with("time  "), "{shown}");
        assert!(shown.contains("created") && shown.contains(&id), "{shown}");
        assert!(
            shown.contains("refused") && shown.contains("409"),
            "{shown}"
        );
        assert!(shown.contains("POST /Users  "), "what was refused: {shown}");
        assert!(!shown.contains("ada@"), "no value: {shown}");
        let page: Value = serde_json::from_str(&log(&["--json"])).expect("JSON");
        assert_eq!(
            page["items"].as_array().expect("entries").len(),
            2,
            "{page}"
        );
        let only = log(&["--connection", "default", "--limit", "1", "--json"]);
        let page: Value = serde_json::from_str(&only).expect("JSON");
        assert_eq!(page["items"][0]["resourceId"], id.as_str());
    }
}

#[tokio::test]
async fn a_follower_sees_each_entry_once_as_it_comes() {
    let server = Server::in_memory();
    let client = server.client();
    let first = client.user("ada@fabrikam.example").await;
    let follow = ["log", "--follow", "--since", "1h", "--json"];
    let mut follower = command(&follow)
        .args(["--tenant", "default", "--url"])
        .arg(&server.admin_url)
        .env(
            "SCIM_ADMIN_KEY",
            server.admin_key.as_deref().expect("a key"),
        )
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut lines = BufReader::new(follower.stdout.take().expect("its output")).lines();
    let mut next = || {
        let line = lines.next().expect("a line").expect("text");
        let entry: Value = serde_json::from_str(&line).expect("JSON");
        member(&entry, "resourceId")
    };
    assert_eq!(next(), first);
    for number in 0..3 {
        let id = client.user(&format!("u{number}@fabrikam.example")).await;
        assert_eq!(next(), id, "once, and in turn");
    }
    follower.kill().expect("kill");
    follower.wait().expect("its end");
}

#[tokio::test]
async fn the_log_begins_where_it_is_told_to() {
    let data = folder();
    let server = Server::on(data.path());
    let client = server.client();
    let mut ids = vec![];
    for number in 0..3 {
        ids.push(client.user(&format!("u{number}@fabrikam.example")).await);
        // Entries of one millisecond could not be told apart.
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    let log = |more: &[&str]| {
        let of = ["log", "--tenant", "default", "--data", text(data.path())];
        let output = run(&[&of[..], more].concat());
        assert!(output.status.success(), "{more:?}: {output:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    let seen = |shown: &str| ids.iter().filter(|id| shown.contains(*id)).count();
    let all = log(&[]);
    assert_eq!((seen(&all), all.lines().count()), (3, 4), "{all}");
    let time = all.lines().nth(1).and_then(|line| line.split("  ").next());
    let time = time.expect("a time");
    assert!(time.len() == 20 && time.ends_with('Z'), "seconds: {time}");
    assert_eq!(seen(&log(&["--since", "1d", "--connection", "default"])), 3);
    let none = log(&["--since", "0s"]);
    assert!(none.starts_with("The log is empty there; "), "{none}");

    let page = log(&["--limit", "2"]);
    assert_eq!(seen(&page), 2, "{page}");
    let last = page.lines().last().expect("a line");
    let next = last.strip_prefix("There are more: add --after ");
    let next = next.unwrap_or_else(|| panic!("{last}"));
    let rest = log(&["--after", next]);
    assert!(seen(&rest) == 1 && rest.contains(&ids[2]), "{rest}");
    assert!(!log(&["--limit", "3"]).contains("There are more"));
    let both = run(&["log", "--since", "1h", "--after", next]);
    assert_eq!(both.status.code(), Some(2));
}

#[tokio::test]
async fn a_follower_begins_now() {
    let data = folder();
    let server = Server::on(data.path());
    let client = server.client();
    let before = client.user("ada@fabrikam.example").await;
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    let mut follower = command(&["log", "--follow", "--tenant", "default", "--data"])
        .arg(data.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let stdout = follower.stdout.take().expect("its output");
    let reading = std::thread::spawn(move || BufReader::new(stdout).lines().next());
    // Until it has begun nothing is new to it.
    let mut number = 0;
    while !reading.is_finished() {
        assert!(number < 300, "nothing was told");
        client.user(&format!("u{number}@fabrikam.example")).await;
        number += 1;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    follower.kill().expect("kill");
    follower.wait().expect("its end");
    let line = reading.join().expect("it reads").expect("a line");
    assert!(!line.expect("text").contains(&before));
}

#[tokio::test]
async fn a_tenant_is_erased_until_nothing_is_left() {
    let data = folder();
    let path = text(data.path());
    let server = Server::on(data.path());
    let made = run(&["tenant", "create", "fabrikam", "--json", "--data", path]);
    let made: Value = serde_json::from_slice(&made.stdout).expect("JSON");
    let client = Client::new(&server.tenant_url, &member(&made, "secretToken"));
    client.user("ada@fabrikam.example").await;
    drop(server);
    // It waits until no request of the tenant can be under way any more.
    let erase = [
        "tenant",
        "erase",
        "fabrikam",
        "--confirm",
        "fabrikam",
        "--data",
        path,
    ];
    let output = run(&erase);
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(
        words, "Erased fabrikam. Nothing of it is left.\n",
        "{output:?}"
    );
    let shown = run(&[
        "tenant",
        "show",
        &member(&made, "id"),
        "--json",
        "--data",
        path,
    ]);
    let shown: Value = serde_json::from_slice(&shown.stdout).expect("JSON");
    assert_eq!(shown["state"], "erased");
    sound(data.path());
    let again = run(&["tenant", "create", "fabrikam", "--data", path]);
    assert!(again.status.success(), "the name is free: {again:?}");
}

#[test]
fn over_http_the_service_erases() {
    let way = over_http();
    way.says(&["tenant", "create", "fabrikam"]);
    let words = way.says(&["tenant", "erase", "fabrikam", "--confirm", "fabrikam"]);
    assert!(words.starts_with("fabrikam is being erased; "), "{words}");
    assert_eq!(
        member(&way.json(&["tenant", "show", "fabrikam"]), "state"),
        "erasing"
    );
    let words = way.refused(&of_fabrikam(&[
        "token",
        "create",
        "--connection",
        "default",
    ]));
    assert!(words.contains("being erased"), "{words}");
}

#[test]
fn an_empty_log_says_so() {
    let way = on_data();
    way.says(&["tenant", "create", "fabrikam"]);
    let words = way.says(&of_fabrikam(&["log"]));
    assert!(words.starts_with("The log is empty there; "), "{words}");
}
