//! A table over HTTP, and a service: found and repaired, and never called sound where a repair failed.

use std::process::{Command, Output};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::dynamo::Dynamo;
use crate::support::process::command;

const DEAD: &str = "00000000056e80a0a59b462d90d010a9";
const FINDING: &str = "fabrikam: User 00000000-056e-80a0-a59b-462d90d010a9: an alias of userName names it, but it is gone or has no such value";

/// A table with one tenant, and what its keys begin with.
async fn table() -> (Dynamo, String) {
    let dynamo = Dynamo::start().await;
    let token = dynamo.tenant("fabrikam").await;
    let tenant = token.split('_').nth(1).expect("a tenant");
    let prefix = format!("T#{tenant}");
    (dynamo, prefix)
}

/// Leaves an alias of a user who never was.
fn harm(dynamo: &Dynamo, prefix: &str) {
    let item = json!({
        "PK": { "S": format!("{prefix}#N#0#userName#=ozzy") },
        "SK": { "S": "@" },
        "id": { "S": DEAD },
    });
    let put = json!({ "TableName": "scim", "Item": item });
    let put = serde_json::from_value(put).expect("a request");
    dynamo.database.put_item(put).expect("a put");
}

/// Exit status, report and log of a check that answers in JSON.
async fn check(arguments: &[&str], prepare: impl FnOnce(&mut Command)) -> (i32, Value, String) {
    let output = run(&[arguments, &["--json"]].concat(), prepare).await;
    let report = serde_json::from_slice(&output.stdout).expect("JSON and nothing else");
    let log = String::from_utf8(output.stderr).expect("text");
    (output.status.code().expect("an exit status"), report, log)
}

async fn run(arguments: &[&str], prepare: impl FnOnce(&mut Command)) -> Output {
    let mut command = command(&[&["check"], arguments].concat());
    prepare(&mut command);
    // Whom it asks runs on this runtime.
    let output = tokio::task::spawn_blocking(move || command.output());
    output.await.expect("no panic").expect("the command starts")
}

/// Answers everything by `handler`; where that is.
async fn serve<S: Clone + Send + Sync + 'static>(
    handler: axum::routing::MethodRouter<S>,
    state: S,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = Router::new().fallback_service(handler.with_state(state));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[tokio::test]
async fn damage_is_found_and_repaired_over_http() {
    let (dynamo, prefix) = table().await;
    let at = ["--table", "scim"];
    let reach = |command: &mut Command| dynamo.reach(command);
    let (status, report, log) = check(&at, reach).await;
    assert_eq!((status, log.as_str()), (0, ""), "{report}");
    harm(&dynamo, &prefix);
    let (status, report, log) = check(&at, reach).await;
    assert_eq!((status, log.as_str()), (1, ""), "{report}");
    assert_eq!(
        report["findings"].as_array().map(Vec::len),
        Some(1),
        "{report}"
    );
    let told = report["findings"][0]["text"].as_str().expect("words");
    assert_eq!(format!("fabrikam: {told}"), FINDING);
    let (status, report, log) = check(&["--table", "scim", "--repair"], reach).await;
    assert_eq!((status, log.as_str()), (0, ""), "{report}");
    assert_eq!(
        report["repairs"],
        json!([{ "finding": FINDING, "failed": null }])
    );
    let (status, report, _) = check(&at, reach).await;
    assert_eq!(status, 0, "{report}");
}

/// A table that does what it is told and says of every transaction that it did not.
async fn denying(
    State(table): State<Arc<str>>,
    mut headers: HeaderMap,
    body: Bytes,
) -> Result<Response, StatusCode> {
    let unreachable = |_| StatusCode::BAD_GATEWAY;
    let asked = headers.get("x-amz-target").cloned();
    headers.remove("host");
    let sent = reqwest::Client::new()
        .post(&*table)
        .headers(headers)
        .body(body.clone());
    let answer = sent.send().await.map_err(unreachable)?;
    let (status, done) = (answer.status(), answer.bytes().await.map_err(unreachable)?);
    if asked.is_none_or(|target| !target.as_bytes().ends_with(b".TransactWriteItems")) {
        return Ok((status, done).into_response());
    }
    let writes: Value = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    let writes = writes["TransactItems"].as_array().map_or(0, Vec::len);
    let denied = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "message": "Transaction cancelled",
        "CancellationReasons": vec![json!({ "Code": "ConditionalCheckFailed" }); writes],
    });
    Ok((StatusCode::BAD_REQUEST, denied.to_string()).into_response())
}

#[tokio::test]
async fn a_failed_repair_is_no_success_though_the_table_is_sound() {
    let (dynamo, prefix) = table().await;
    let mut honest = Command::new("none");
    dynamo.reach(&mut honest);
    let endpoint = honest
        .get_envs()
        .find(|(name, _)| *name == "AWS_ENDPOINT_URL_DYNAMODB");
    let endpoint = endpoint.and_then(|(_, value)| value?.to_str());
    let state: Arc<str> = endpoint.expect("an endpoint").into();
    let liar = serve(axum::routing::post(denying), state).await;
    let reach = |command: &mut Command| {
        dynamo.reach(command);
        command.env("AWS_ENDPOINT_URL_DYNAMODB", &liar);
    };
    let repair = ["--table", "scim", "--repair"];
    harm(&dynamo, &prefix);
    let (status, report, _) = check(&repair, reach).await;
    let failed = json!([{ "finding": FINDING, "failed": "it changed meanwhile" }]);
    assert_eq!((status, &report["repairs"]), (1, &failed), "{report}");
    assert_eq!(
        (&report["findings"], &report["exitStatus"]),
        (&json!([]), &json!(1))
    );
    harm(&dynamo, &prefix);
    let output = run(&repair, reach).await;
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    let first = format!("Not repaired, it changed meanwhile: {FINDING}\n");
    assert!(shown.starts_with(&first), "{shown}");
    assert!(shown.ends_with("Not every repair succeeded.\n"), "{shown}");
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test]
async fn nor_is_it_a_success_by_a_service() {
    let report = |failed: Value, status: i32| {
        let repair = json!({ "finding": "it", "failed": failed });
        json!({ "findings": [], "warnings": [], "exitStatus": status, "repairs": [repair] })
    };
    let tell = |State(report): State<Value>| async move { axum::Json(report) };
    for (failed, expected) in [(Value::Null, 0), (json!("no time"), 1)] {
        let url = serve(axum::routing::post(tell), report(failed, expected)).await;
        let options = ["--url", &url, "--tenant", "fabrikam", "--repair"];
        let with_key = |command: &mut Command| {
            command.env("SCIM_ADMIN_KEY", "key");
        };
        let (status, report, _) = check(&options, with_key).await;
        assert_eq!(
            (status, &report["exitStatus"]),
            (expected, &json!(expected))
        );
        let output = run(&options, with_key).await;
        assert_eq!(output.status.code(), Some(expected));
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(shown.contains("Not every repair succeeded."), expected == 1);
    }
}
