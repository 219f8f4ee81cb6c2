//! Every scenario of `tests/scenarios/` as it is written, against our own server; how one is played stands in `src/simulate/scenario/`.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use serverless_scim::simulate::scenario::{self, Reading, Scenario};
use serverless_scim::simulate::{Client as As, Exchange, Names, Session, Target};

use super::process::{self, run};
use super::{Client, Reply, Server};

/// Plays every scenario there is, side by side, with the server on `data`; `mark` goes into every unique text. Says what failed.
pub async fn play_all(server: &Server, data: &Path, client: &Client, mark: &str) -> Vec<String> {
    let mut running = tokio::task::JoinSet::new();
    let scenarios = scenario::all().expect("scenarios that parse");
    for (number, scenario) in scenarios.into_iter().enumerate() {
        let (client, tenant) = if scenario.alone {
            tenant_of_its_own(server, data, client, number)
        } else {
            (client.clone(), "default".to_owned())
        };
        let uid = format!("{mark}{number:03}x");
        running.spawn(async move { play(&scenario, &client, &tenant, &uid).await });
    }
    let mut failed: Vec<String> = running.join_all().await.into_iter().flatten().collect();
    failed.sort();
    failed
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

/// What departs from the scenario, and what no answer of ours may have.
async fn play(scenario: &Scenario, client: &Client, tenant: &str, uid: &str) -> Vec<String> {
    let target = Target {
        url: client.base.clone(),
        token: client.token.clone(),
        client: As::Rfc,
        timeout: Duration::from_mins(1),
    };
    let session = Session::new(&target, uid).expect("a Tenant URL");
    let mut names = Names::default();
    names.set("uid", uid);
    names.set("UID", uid.to_uppercase());
    names.set("tenant", tenant);
    let played = scenario::play(scenario, &session, names, Reading::AsWritten).await;
    let at = |fault: &str, exchange: &Exchange| {
        let Scenario { name, why, .. } = scenario;
        let (sent, answer) = (exchange.request_text(), exchange.answer_text());
        format!("{name}: {why}\n  {fault}\n  sent: {sent}\n  answer: {answer}\n")
    };
    let mut failed = vec![];
    for fault in &played.faults {
        let text = format!("step {}: {}", fault.step, fault.fault);
        failed.push(at(&text, &fault.exchange));
    }
    for exchange in &played.exchanges {
        let Ok(answer) = &exchange.answer else {
            continue;
        };
        let reply = Reply {
            status: answer.status,
            headers: answer.headers.clone(),
            text: answer.text.clone(),
            body: answer.body.clone(),
        };
        client.saw(&exchange.ask.method, &reply);
        let mut faults = reply.faults();
        if !reply.text.is_empty() && has_null(&reply.body) {
            faults.push("null, or an empty list that is not Resources");
        }
        if !faults.is_empty() {
            failed.push(at(&faults.join("; "), exchange));
        }
    }
    failed
}

/// Matching takes null and `[]` for absent; our server writes neither.
fn has_null(body: &Value) -> bool {
    match body {
        Value::Null => true,
        Value::Array(list) => list.iter().any(has_null),
        Value::Object(object) => object.iter().any(|(name, value)| {
            let empty = value.as_array().is_some_and(Vec::is_empty);
            has_null(value) || empty && !matches!(name.as_str(), "Resources" | "schemaExtensions")
        }),
        _ => false,
    }
}
