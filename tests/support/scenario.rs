//! Conversations as data, and how one is played.
//!
//! `send` is method, path and perhaps a body (`raw` instead for text that is no JSON); `expect` is the status and what the body must hold,
//! `answered` what the headers must. How answers are matched stands in `expect.rs`. Always known: `$uid` and `$UID`, text no other
//! scenario has; `$tenant`, `$token`, `$base`. A scenario that counts everything there is runs `alone`, in a tenant of its own.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::expect::Names;
use super::process::{self, run};
use super::{Client, Reply, Server};

/// Fewer would mean that the folder was not read.
const SCENARIOS_MIN: usize = 45;

/// Plays every scenario there is, side by side, with the server on `data`; `mark` goes into every unique text. Says what failed.
pub async fn play_all(server: &Server, data: &Path, client: &Client, mark: &str) -> Vec<String> {
    let files = files(Path::new("tests/scenarios"));
    assert!(
        files.len() >= SCENARIOS_MIN,
        "only {} scenarios",
        files.len()
    );
    let mut running = tokio::task::JoinSet::new();
    for (number, path) in files.iter().enumerate() {
        let text = std::fs::read_to_string(path).expect("a scenario");
        let scenario: Scenario = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (client, tenant) = if scenario.alone {
            tenant_of_its_own(server, data, client, number)
        } else {
            (client.clone(), "default".to_owned())
        };
        let name = path.display().to_string();
        let uid = format!("{mark}{number:03}x");
        running.spawn(async move {
            let told = play(&scenario, client, &tenant, &uid).await;
            told.err()
                .map(|fault| format!("{name}\n  {} ({})\n{fault}\n", scenario.why, scenario.rfc))
        });
    }
    let mut failed: Vec<String> = running.join_all().await.into_iter().flatten().collect();
    failed.sort();
    failed
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Scenario {
    why: String,
    rfc: String,
    /// Where clients were seen to behave like this.
    #[serde(rename = "seenIn")]
    _seen_in: Option<String>,
    #[serde(default)]
    alone: bool,
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    #[serde(default)]
    why: String,
    send: Vec<Value>,
    raw: Option<String>,
    /// A base path instead of the Tenant URL's.
    base: Option<String>,
    #[serde(default)]
    headers: Map<String, Value>,
    expect: Vec<Value>,
    #[serde(default)]
    answered: Map<String, Value>,
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the scenarios");
    let mut found = vec![];
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn tenant_of_its_own(
    server: &Server,
    data: &Path,
    client: &Client,
    number: usize,
) -> (Client, String) {
    let name = format!("tenant-{number}");
    let made = run(&[
        "tenant",
        "create",
        &name,
        "--json",
        "--data",
        process::text(data),
    ]);
    let made: Value = serde_json::from_slice(&made.stdout).expect("a tenant");
    let token = made["secretToken"].as_str().expect("a token");
    (client.with(&server.tenant_url, token), name)
}

async fn play(scenario: &Scenario, client: Client, tenant: &str, uid: &str) -> Result<(), String> {
    let mut names = Names::default();
    names.set("uid", uid);
    names.set("UID", uid.to_uppercase());
    names.set("tenant", tenant);
    names.set("token", client.token.as_str());
    names.set("base", client.base.as_str());
    for (index, step) in scenario.steps.iter().enumerate() {
        let (sent, reply) = send(step, &client, &names).await;
        compare(step, &reply, &mut names).map_err(|fault| {
            let Reply { status, text, headers, .. } = &reply;
            format!("  step {}: {}\n  {fault}\n  sent: {sent}\n  answer: {status} {text}\n  {headers:?}", index + 1, step.why)
        })?;
    }
    Ok(())
}

async fn send(step: &Step, client: &Client, names: &Names) -> (String, Reply) {
    let part = |index: usize| {
        step.send
            .get(index)
            .and_then(Value::as_str)
            .expect("method and path")
    };
    let (method, path) = (part(0), names.fill(part(1)));
    let json = step
        .send
        .get(2)
        .map(|body| names.fill_value(body).to_string());
    let body = step.raw.clone().or(json);
    let mut client = client.clone();
    if let Some(base) = &step.base {
        let authority = client
            .base
            .strip_suffix("/scim/v2")
            .expect("the Tenant URL");
        client.base = format!("{authority}{}", names.fill(base));
    }
    let headers: Vec<(&str, Option<String>)> = step
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str().map(|value| names.fill(value))))
        .collect();
    let headers: Vec<(&str, Option<&str>)> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_deref()))
        .collect();
    let sent = format!(
        "{method} {path} {headers:?} {}",
        body.as_deref().unwrap_or_default()
    );
    let reply = client
        .exchange(method, &path, &headers, body.map(String::into_bytes))
        .await;
    (sent, reply)
}

fn compare(step: &Step, reply: &Reply, names: &mut Names) -> Result<(), String> {
    names.check(&step.expect[0], Some(&reply.status.into()), "status")?;
    if let Some(body) = step.expect.get(1) {
        names.check(body, Some(&reply.body), "")?;
    }
    for (name, value) in &step.answered {
        let found = reply.header(name).map(Value::from);
        names.check(value, found.as_ref(), name)?;
    }
    match reply.faults().as_slice() {
        [] => Ok(()),
        faults => Err(faults.join("; ")),
    }
}
