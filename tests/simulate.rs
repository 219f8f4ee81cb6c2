//! `simulate` as a process: against our own `serve`, against servers that are wrong in every way, and against nothing at all.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::process::Output;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use tokio::net::TcpListener;

mod support;

use support::Server;
use support::process::{Proxy, command, folder, sound};

#[derive(Debug)]
struct Run {
    status: i32,
    report: Value,
    stdout: String,
    stderr: String,
}

/// Runs it in a thread of its own: the servers here live in the test's runtime.
async fn simulate(url: &str, token: &str, options: &[&str]) -> Run {
    let mut command = command(&["simulate", "--url", url, "--token", token]);
    command.args(options);
    let output = tokio::task::spawn_blocking(move || command.output());
    let output: Output = output.await.expect("no panic").expect("the command starts");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    Run {
        status: output.status.code().expect("an exit status"),
        report: serde_json::from_slice(&output.stdout).unwrap_or_default(),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    }
}

/// The findings' rule ids.
fn findings(run: &Run) -> Vec<&str> {
    let findings = run.report["findings"].as_array().expect("a JSON report");
    findings
        .iter()
        .map(|finding| finding["id"].as_str().expect("an id"))
        .collect()
}

async fn totals(server: &Server) -> [Value; 2] {
    let client = server.client();
    let users = client.get("/Users?count=0").await;
    let groups = client.get("/Groups?count=0").await;
    [&users, &groups].map(|list| list.body["totalResults"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_client_passes_against_our_own_server_and_leaves_nothing() {
    let data = folder();
    let server = Server::on(data.path());
    let token = server.client().token;
    let others = server.client();
    let stays = others.user("stays@fabrikam.example").await;
    let group = others.group("Stays", std::slice::from_ref(&stays)).await;
    for client in ["entra", "entra-legacy", "okta", "rfc"] {
        let options = [
            "--as", client, "--users", "8", "--groups", "2", "--churn", "100", "--json",
        ];
        let run = simulate(&server.tenant_url, &token, &options).await;
        assert_eq!(findings(&run), Vec::<&str>::new(), "{}", run.stdout);
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert_eq!(run.report["as"], client);
        assert_eq!(run.report["leftBehind"], serde_json::json!([]));
        assert!(run.report["created"].as_u64().is_some_and(|made| made > 10));
        let measured = run.report["latency"].as_array().expect("latencies");
        assert!(
            measured
                .iter()
                .any(|row| row["request"] == "POST /Users" && row["p99Ms"].is_f64())
        );
        assert!(
            !run.stdout.contains(&token) && run.stderr.is_empty(),
            "{}",
            run.stderr
        );
        assert_eq!(totals(&server).await, [1, 1].map(Value::from), "{client}");
    }
    assert_eq!(others.members(&group).await, [stays]);
    sound(data.path());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_readable_report_says_what_passed_and_how_fast() {
    let server = Server::in_memory();
    let token = server.client().token;
    let url = format!("{}/?aadOptscim062020", server.tenant_url);
    let run = simulate(&url, &token, &["--users", "1", "--groups", "0"]).await;
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    for text in [
        "Passed",
        "RFC 7644 §3.3",
        "POST /Users",
        "p99 ms",
        "0 broken",
    ] {
        assert!(run.stdout.contains(text), "{text}: {}", run.stdout);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interrupted_it_cleans_up_and_says_so() {
    let server = Server::in_memory();
    let token = server.client().token;
    let mut running = command(&["simulate", "--url", &server.tenant_url, "--token", &token]);
    running.args(["--users", "2000", "--groups", "0", "--json"]);
    running.stdout(std::process::Stdio::piped());
    let running = running.spawn().expect("it starts");
    let began = Instant::now();
    while totals(&server).await[0].as_u64() < Some(60) {
        assert!(began.elapsed() < Duration::from_mins(1));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let kill = format!("kill -INT {}", running.id());
    std::process::Command::new("sh")
        .args(["-c", &kill])
        .status()
        .expect("a shell");
    let ended = tokio::task::spawn_blocking(move || running.wait_with_output());
    let output = ended.await.expect("no panic").expect("its end");
    assert_eq!(output.status.code(), Some(2));
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report all the same");
    assert_eq!(report["stopped"], "interrupted");
    assert_eq!(totals(&server).await[0], 0, "{report:#}");
}

/// A server that answers every request in one way.
async fn server(answer: fn(Method, Uri) -> Response) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = Router::new().fallback(move |method, uri| async move { answer(method, uri) });
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/scim")
}

const FEW: [&str; 7] = ["--users", "2", "--groups", "1", "--json", "--timeout", "2"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_says_yes_to_everything_is_found_out() {
    let url = server(|_, _| {
        (
            StatusCode::OK,
            [("content-type", "application/scim+json")],
            "{}",
        )
            .into_response()
    })
    .await;
    let run = simulate(&url, "token", &FEW).await;
    assert_eq!(run.status, 1, "{}", run.stderr);
    let found = findings(&run);
    for rule in [
        "access.token",
        "list.body",
        "sync.create-user",
        "discovery.service-provider-config",
        "scenario.validator/user_create_and_find#1",
    ] {
        assert!(found.contains(&rule), "{rule}: {found:?}");
    }
    let finding = &run.report["findings"][0];
    for part in ["must", "source", "fault", "request", "answer"] {
        assert!(!finding[part].is_null(), "{part}: {finding}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_garbage_and_wrong_types_are_findings_and_no_crash() {
    let failing =
        server(|_, _| (StatusCode::INTERNAL_SERVER_ERROR, "<html>oops</html>").into_response())
            .await;
    let garbage = server(|_, _| {
        (
            StatusCode::OK,
            [("content-type", "text/html")],
            "\u{1b}[2J\0<html>",
        )
            .into_response()
    })
    .await;
    let types = server(|_, _| {
        let body = r#"{"schemas":7,"id":{},"totalResults":"many","Resources":{"a":1},"members":"x","active":"True","meta":[]}"#;
        (StatusCode::CREATED, [("content-type", "application/json")], body).into_response()
    })
    .await;
    let empty = server(|_, _| StatusCode::OK.into_response()).await;
    for (url, rule) in [
        (failing, "answer.no-5xx"),
        (garbage, "answer.media-type"),
        (types, "resource.common"),
        (empty, "answer.body"),
    ] {
        for client in ["entra", "entra-legacy", "okta", "rfc"] {
            let run = simulate(&url, "token", &[&FEW[..], &["--as", client]].concat()).await;
            assert_eq!(run.status, 1, "{}", run.stderr);
            let found = findings(&run);
            assert!(found.contains(&rule), "{client} {rule}: {found:?}");
        }
        let readable = simulate(&url, "token", &["--users", "1", "--groups", "1"]).await;
        assert!(readable.stdout.contains("Findings") && !readable.stdout.contains('\u{1b}'));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_can_be_simulated_one_sentence_says_why() {
    let refusing = server(|_, _| StatusCode::UNAUTHORIZED.into_response()).await;
    let refusing_url = refusing.clone();
    // It accepts connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let silent_url = format!("http://{}", silent.local_addr().expect("an address"));
    for (url, says) in [
        // A port that is given to no test, so nobody listens there.
        ("http://127.0.0.1:1/scim".to_owned(), "does not answer"),
        (refusing, "refuses the token with status 401"),
        (silent_url, "timed out"),
        (
            format!("{refusing_url}/v2").replace("http://", "https://"),
            "does not answer",
        ),
        ("not a url".to_owned(), "begins with https://"),
    ] {
        let seconds = if says == "timed out" { "1" } else { "20" };
        let run = simulate(&url, "token", &["--timeout", seconds]).await;
        assert_eq!(run.status, 2, "{url}");
        assert!(
            run.stdout.is_empty() && run.stderr.contains(says),
            "{url}: {}",
            run.stderr
        );
        assert_eq!(run.stderr.trim().lines().count(), 1, "{}", run.stderr);
    }
}

/// It would take 10 minutes if every request were waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_falls_silent_ends_the_run() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let router = Router::new().fallback(move || {
        let before = asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        async move {
            if before > 3 {
                tokio::time::sleep(Duration::from_hours(1)).await;
            }
            StatusCode::NOT_FOUND
        }
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    let options = [
        "--users",
        "500",
        "--groups",
        "0",
        "--json",
        "--timeout",
        "1",
    ];
    let run = simulate(&url, "token", &options).await;
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert_eq!(run.report["stopped"], "the server stopped answering");
    assert!(findings(&run).contains(&"answer.time"));
}

#[test]
fn a_token_for_plain_http_reaches_no_proxy() {
    let server = Server::in_memory();
    let proxy = Proxy::start();
    let token = server.client().token;
    let command = command(&["simulate", "--url", &server.tenant_url, "--token", &token]);
    let mut command = proxy.around(command);
    let run = command.args(["--users", "0", "--groups", "0"]).output();
    let run = run.expect("the command starts");
    assert_eq!(proxy.seen(), 0);
    assert!(run.status.success(), "{run:?}");
}
