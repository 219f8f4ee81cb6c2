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

/// What the command says as JSON.
fn json_of(args: &[&str], folder: &Path) -> Value {
    serde_json::from_str(&succeeds(&[args, &["--json"]].concat(), folder)).unwrap()
}

/// Whether the service shows the schema.
async fn shows(url: &str, token: &Value) -> bool {
    let request = reqwest::Client::new().get(format!("{url}/Schemas"));
    let request = request.bearer_auth(token.as_str().unwrap());
    let list: Value = request.send().await.unwrap().json().await.unwrap();
    let mut schemas = list["Resources"].as_array().unwrap().iter();
    schemas.any(|schema| schema["id"] == json!(URN))
}

#[tokio::test]
async fn a_schema_is_added_listed_and_removed_while_the_service_runs() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (_serve, shown) = serve(folder);
    let url = shown["tenantUrl"].as_str().unwrap();
    let of = |args: &[&'static str]| [&["schema"], args, &["--tenant", "default"]].concat();
    let file = folder.join("hr.json");
    let document = json!({"id": URN, "attributes": [{"name": "badge"}, {"name": "desk", "type": "complex", "subAttributes": [{"name": "floor"}]}]});
    fs::write(&file, document.to_string()).unwrap();
    let path = file.to_str().unwrap();

    let added = json_of(&["schema", "add", path, "--tenant", "Default"], folder);
    assert_eq!(
        added,
        json!({"schema": URN, "resourceType": "User", "attributes": 2, "replaced": false})
    );
    // The first token was not used yet, so the service has nothing to remember of the tenant.
    assert!(shows(url, &shown["secretToken"]).await);
    let again = ["schema", "add", path, "--tenant", "default"];
    let again = succeeds(&[&again[..], &["--resource-type", "User"]].concat(), folder);
    let replaced = format!("Replaced {URN} for default.");
    assert!(again.starts_with(&replaced), "{again}");

    let table = succeeds(&of(&["list"]), folder);
    let words = table.lines().map(|line| line.split_whitespace().collect());
    assert_eq!(
        words.collect::<Vec<Vec<&str>>>(),
        [
            vec!["schema", "resource", "type", "attributes"],
            vec![URN, "User", "2"]
        ]
    );
    assert_eq!(
        json_of(&of(&["list"]), folder),
        json!({"items": [{"schema": URN, "resourceType": "User", "attributes": 2}], "next": null})
    );

    let removed = succeeds(&of(&["remove", URN]), folder);
    assert!(removed.starts_with("Removed "), "{removed}");
    let new = json_of(&["token", "create", "--tenant", "default"], folder);
    assert!(!shows(url, &new["secretToken"]).await);
    let none = succeeds(&of(&["list"]), folder);
    assert_eq!(none, "default has no schemas of its own.\n");
    let missing = "there is no schema \"urn:fabrikam";
    fails(&of(&["remove", URN]), folder, missing);
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
