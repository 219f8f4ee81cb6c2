//! The commands against a service that runs in a process of its own.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};

use crate::tenant::URN;

/// Ends with the test.
struct Serve(Child);

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn cli(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_serverless-scim"))
        .args(arguments)
        .arg("--data")
        .arg(folder)
        .output()
        .unwrap()
}

#[track_caller]
fn succeeds(arguments: &[&str], folder: &Path) -> String {
    let output = cli(arguments, folder);
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn fails(arguments: &[&str], folder: &Path, message: &str) {
    let output = cli(arguments, folder);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && error.contains(message),
        "{arguments:?}: {error}"
    );
}

fn serve(folder: &Path) -> (Serve, Value) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_serverless-scim"))
        .args(["serve", "--listen", "127.0.0.1:0", "--json", "--data"])
        .arg(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    (Serve(child), serde_json::from_str(&line).unwrap())
}

#[tokio::test]
async fn a_schema_is_added_listed_and_removed_while_the_service_runs() {
    let folder = tempfile::tempdir().unwrap();
    let (_serve, shown) = serve(folder.path());
    let url = shown["tenantUrl"].as_str().unwrap();
    let client = reqwest::Client::new();
    let schemas = async |token: &str| {
        let request = client.get(format!("{url}/Schemas")).bearer_auth(token);
        let list: Value = request.send().await.unwrap().json().await.unwrap();
        list["Resources"]
            .as_array()
            .unwrap()
            .iter()
            .any(|schema| schema["id"] == json!(URN))
    };
    let new_token = || {
        let line = succeeds(
            &["token", "create", "--tenant", "default", "--json"],
            folder.path(),
        );
        let line: Value = serde_json::from_str(&line).unwrap();
        line["secretToken"].as_str().unwrap().to_owned()
    };
    let file = folder.path().join("hr.json");
    let document = json!({"id": URN, "attributes": [{"name": "badge"}, {"name": "desk", "type": "complex", "subAttributes": [{"name": "floor"}]}]});
    fs::write(&file, document.to_string()).unwrap();
    let path = file.to_str().unwrap();

    let line = succeeds(
        &["schema", "add", path, "--tenant", "Default", "--json"],
        folder.path(),
    );
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        line,
        json!({"schema": URN, "resourceType": "User", "attributes": 2, "replaced": false})
    );
    // The first token was not used yet, so the service has nothing to remember of the tenant.
    assert!(schemas(shown["secretToken"].as_str().unwrap()).await);
    let again = succeeds(
        &[
            "schema",
            "add",
            path,
            "--tenant",
            "default",
            "--resource-type",
            "User",
        ],
        folder.path(),
    );
    assert!(
        again.starts_with(&format!("Replaced {URN} for default.")),
        "{again}"
    );

    let table = succeeds(&["schema", "list", "--tenant", "default"], folder.path());
    let rows: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        rows,
        [
            vec!["schema", "resource", "type", "attributes"],
            vec![URN, "User", "2"]
        ]
    );
    let line = succeeds(
        &["schema", "list", "--tenant", "default", "--json"],
        folder.path(),
    );
    let listed: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        listed,
        json!({"items": [{"schema": URN, "resourceType": "User", "attributes": 2}], "next": null})
    );

    let removed = succeeds(
        &["schema", "remove", URN, "--tenant", "default"],
        folder.path(),
    );
    assert!(removed.starts_with("Removed "), "{removed}");
    assert!(!schemas(&new_token()).await);
    let none = succeeds(&["schema", "list", "--tenant", "default"], folder.path());
    assert_eq!(none, "default has no schemas of its own.\n");
    fails(
        &["schema", "remove", URN, "--tenant", "default"],
        folder.path(),
        "there is no schema \"urn:fabrikam",
    );
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    succeeds(&["tenant", "create", "fabrikam"], folder.path());
    let file = folder.path().join("hr.json");
    let path = file.to_str().unwrap();
    fails(
        &["schema", "add", path, "--tenant", "fabrikam"],
        folder.path(),
        "hr.json: No such file",
    );
    let add = |text: &str, message: &str| {
        fs::write(&file, text).unwrap();
        fails(
            &["schema", "add", path, "--tenant", "fabrikam"],
            folder.path(),
            message,
        );
    };
    add("{", "hr.json: not valid JSON: EOF");
    let document =
        json!({"id": URN, "attributes": [{"name": "badge", "type": "text"}]}).to_string();
    add(
        &document,
        "hr.json: attributes[0].type: must be string, boolean,",
    );
    let long = format!(
        "{{\"id\": \"{URN}\", \"description\": \"{}\"}}",
        "x".repeat(70_000)
    );
    add(&long, "the document: has more than 65536 bytes");
    add(&" ".repeat(1_100_000), "it has more than 1048576 bytes");
    fails(
        &["schema", "list", "--tenant", "nobody"],
        folder.path(),
        "there is no tenant \"nobody\"; see those there are:",
    );
    fails(
        &[
            "schema",
            "add",
            path,
            "--tenant",
            "fabrikam",
            "--resource-type",
            "Device",
        ],
        folder.path(),
        "invalid value 'Device'",
    );
}
