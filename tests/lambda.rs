//! The Lambda binaries as Lambda runs them: gateway events through the Runtime API, the table over HTTP. RFC 7644 §3.
//!
//! `events/story.json` is played; `events/README.md` says how it is written.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path as Captured, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use serverless_scim::api::GROUP_BODY_MAX;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};

#[path = "lambda/gateway.rs"]
mod gateway;
#[path = "lambda/tick.rs"]
mod tick;

mod support;

use support::dynamo::Dynamo;

const TENANT: &str = "fabrikam";

/// The side of the Runtime API that Lambda keeps: the next event, and what became of the last.
#[derive(Clone)]
struct Runtime {
    events: Arc<Mutex<mpsc::Receiver<Value>>>,
    outcomes: mpsc::Sender<Result<Value, String>>,
}

/// One function: a process that polls a Runtime API of its own.
struct Function {
    child: Child,
    log: TempDir,
    events: mpsc::Sender<Value>,
    outcomes: mpsc::Receiver<Result<Value, String>>,
}

impl Function {
    async fn start(binary: &str, dynamo: &Dynamo) -> Self {
        let (events, queue) = mpsc::channel(1);
        let (told, outcomes) = mpsc::channel(1);
        let runtime = Runtime {
            events: Arc::new(Mutex::new(queue)),
            outcomes: told,
        };
        let root = "/2018-06-01/runtime";
        let router = Router::new()
            .route(&format!("{root}/invocation/next"), get(next))
            .route(
                &format!("{root}/invocation/{{id}}/response"),
                post(responded),
            )
            .route(&format!("{root}/invocation/{{id}}/error"), post(failed))
            .route(&format!("{root}/init/error"), post(failed_to_start))
            .layer(DefaultBodyLimit::disable())
            .with_state(runtime);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        tokio::spawn(async move { axum::serve(listener, router).await });

        let log = TempDir::new().expect("a folder");
        let mut command = Command::new(binary);
        dynamo.reach(&mut command);
        let child = command
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "function")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("TABLE_NAME", "scim")
            .stderr(File::create(log.path().join("log")).expect("a log file"))
            .spawn()
            .expect("the function starts");
        Self {
            child,
            log,
            events,
            outcomes,
        }
    }

    /// The gateway's response to an event.
    async fn invoke(&mut self, event: Value) -> Value {
        self.events.send(event).await.expect("the Runtime API");
        let outcome = self.outcomes.recv().await.expect("the Runtime API");
        outcome.unwrap_or_else(|error| panic!("{error}\n{}", self.log()))
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.log.path().join("log")).expect("the log")
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn next(State(runtime): State<Runtime>) -> Response {
    let Some(event) = runtime.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let headers = [
        (
            "lambda-runtime-aws-request-id",
            "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        ),
        ("lambda-runtime-deadline-ms", "4102444800000"),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-central-1:123456789012:function:function",
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
        ),
        ("content-type", "application/json"),
    ];
    (headers, event.to_string()).into_response()
}

async fn responded(
    State(runtime): State<Runtime>,
    Captured(_): Captured<String>,
    body: Bytes,
) -> StatusCode {
    let response = serde_json::from_slice(&body).map_err(|error| error.to_string());
    tell(&runtime, response).await
}

async fn failed(
    State(runtime): State<Runtime>,
    Captured(_): Captured<String>,
    body: Bytes,
) -> StatusCode {
    tell(&runtime, Err(String::from_utf8_lossy(&body).into_owned())).await
}

async fn failed_to_start(State(runtime): State<Runtime>, body: Bytes) -> StatusCode {
    tell(&runtime, Err(String::from_utf8_lossy(&body).into_owned())).await
}

async fn tell(runtime: &Runtime, outcome: Result<Value, String>) -> StatusCode {
    let _ = runtime.outcomes.send(outcome).await;
    StatusCode::ACCEPTED
}

/// The functions over one table, and what the placeholders of the events stand for.
struct Account {
    functions: BTreeMap<&'static str, Function>,
    names: BTreeMap<String, String>,
    dynamo: Dynamo,
}

impl Account {
    async fn new() -> Self {
        let dynamo = Dynamo::start().await;
        let token = dynamo.tenant(TENANT).await;
        let mut functions = BTreeMap::new();
        for (name, binary) in [
            ("users", env!("CARGO_BIN_EXE_users")),
            ("groups", env!("CARGO_BIN_EXE_groups")),
            ("discovery", env!("CARGO_BIN_EXE_discovery")),
            ("bulk", env!("CARGO_BIN_EXE_bulk")),
            ("admin", env!("CARGO_BIN_EXE_admin")),
        ] {
            functions.insert(name, Function::start(binary, &dynamo).await);
        }
        let names = BTreeMap::from([
            ("token".to_owned(), token),
            ("tenant".to_owned(), TENANT.to_owned()),
        ]);
        Self {
            functions,
            names,
            dynamo,
        }
    }

    /// The vendor's own key.
    async fn administer(&mut self) {
        let command = [
            "key", "create", "--label", "story", "--table", "scim", "--json",
        ];
        let made = self.dynamo.run(&command).await;
        let key = made["adminKey"].as_str().expect("an admin key").to_owned();
        self.names.insert("adminKey".to_owned(), key);
    }

    /// Sends the event in this file to its function.
    async fn play(&mut self, file: &str) -> Value {
        let mut event = self.filled(&read(file));
        if event["isBase64Encoded"] == true {
            // Placeholders in a body can only be filled in once it is decoded.
            let decoded = BASE64_STANDARD.decode(event["body"].as_str().expect("a body"));
            let text = String::from_utf8(decoded.expect("base64")).expect("text");
            let body = self.fill(&text);
            event["body"] = json!(BASE64_STANDARD.encode(body));
        }
        self.invoke(file, event).await
    }

    /// Sends this event to a function, the first segment of `file`.
    async fn invoke(&mut self, file: &str, event: Value) -> Value {
        let function = file.split('/').next().expect("a folder");
        self.functions
            .get_mut(function)
            .expect("a function")
            .invoke(event)
            .await
    }

    fn fill(&self, text: &str) -> String {
        let fill = |text: String, (name, value): (&String, &String)| {
            text.replace(&format!("{{{{{name}}}}}"), value)
        };
        self.names.iter().fold(text.to_owned(), fill)
    }

    fn filled(&self, value: &Value) -> Value {
        serde_json::from_str(&self.fill(&value.to_string())).expect("JSON still")
    }
}

fn read(file: &str) -> Value {
    let path = Path::new("events").join(file);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The SCIM answer inside an API Gateway response, which must be whole: status, headers, a body as text.
#[track_caller]
fn answer(response: &Value) -> (u64, Value) {
    let status = response["statusCode"].as_u64().expect("statusCode");
    assert_eq!(response["isBase64Encoded"], false, "{response}");
    let headers = &response["headers"];
    assert!(headers["x-request-id"].is_string(), "{response}");
    let text = response["body"].as_str().unwrap_or_default();
    assert_eq!(status == 204, text.is_empty(), "{response}");
    if text.is_empty() {
        return (status, Value::Null);
    }
    let media_type = headers["content-type"].as_str().expect("a type");
    let known = [
        "application/scim+json",
        "application/json",
        "application/problem+json",
    ];
    assert!(known.contains(&media_type), "{response}");
    (status, serde_json::from_str(text).expect("JSON"))
}

#[tokio::test]
async fn the_story_goes_as_written() {
    let mut account = Account::new().await;
    account.administer().await;
    let story = read("story.json");
    for step in story.as_array().expect("a list") {
        let file = step["event"].as_str().expect("a file");
        let response = account.play(file).await;
        let (status, body) = answer(&response);
        assert_eq!(step["status"], status, "{file}: {response}");
        for (name, pointer) in step["capture"].as_object().into_iter().flatten() {
            let found = body.pointer(pointer.as_str().expect("a pointer"));
            let value = found.and_then(Value::as_str).expect("text").to_owned();
            account.names.insert(name.clone(), value);
        }
        let expected = step["expect"].as_object().into_iter().flatten();
        for (pointer, value) in expected {
            let found = body.pointer(pointer).cloned().unwrap_or_default();
            assert_eq!(found, account.filled(value), "{file} {pointer}: {body}");
        }
    }
    let lines: usize = account
        .functions
        .values()
        .map(|function| function.log().lines().count())
        .sum();
    assert_eq!(
        lines,
        story.as_array().map_or(0, Vec::len),
        "one line for each event"
    );
    for function in account.functions.values() {
        let log = function.log();
        for value in ["scim_", "scimadmin_", "fabrikam", "contoso"] {
            assert!(!log.contains(value), "{value}: {log}");
        }
    }
}

#[tokio::test]
async fn links_carry_the_gateways_host() {
    let mut account = Account::new().await;
    let event = read("users/04-create.json");
    let host = event["headers"]["host"]
        .as_str()
        .expect("a host")
        .to_owned();
    let (_, user) = answer(&account.play("users/04-create.json").await);
    let id = user["id"].as_str().expect("an id");
    assert_eq!(
        user["meta"]["location"],
        format!("https://{host}/scim/v2/Users/{id}")
    );
}

#[tokio::test]
async fn a_function_serves_its_own_routes_alone() {
    let mut account = Account::new().await;
    for (function, event) in [
        ("groups", "users/02-test-connection.json"),
        ("users", "groups/01-find-nobody.json"),
        ("users", "discovery/02-service-provider-config.json"),
        ("discovery", "users/02-test-connection.json"),
    ] {
        let event = account.filled(&read(event));
        let (status, body) = answer(&account.invoke(function, event).await);
        assert_eq!(
            (status, &body["status"]),
            (404, &json!("404")),
            "{function}"
        );
    }
}

#[tokio::test]
async fn a_function_answers_whatever_the_gateway_hands_it() {
    let mut account = Account::new().await;
    let create = account.filled(&read("users/04-create.json"));
    let mut broken = create.clone();
    broken["body"] = json!(BASE64_STANDARD.encode([0xff, 0xfe, b'{']));
    let (status, body) = answer(&account.invoke("users", broken).await);
    assert_eq!((status, &body["scimType"]), (400, &json!("invalidSyntax")));

    let mut nothing = create.clone();
    nothing.as_object_mut().expect("an object").remove("body");
    nothing["isBase64Encoded"] = json!(false);
    let (status, _) = answer(&account.invoke("users", nothing).await);
    assert_eq!(status, 400);

    let mut text = create.clone();
    text["body"] = json!(r#"{ "userName": "plain@fabrikam.example" }"#);
    text["isBase64Encoded"] = json!(false);
    let (status, body) = answer(&account.invoke("users", text).await);
    assert_eq!(
        (status, &body["userName"]),
        (201, &json!("plain@fabrikam.example"))
    );

    let mut large = create;
    let padded = format!("{{}}{}", " ".repeat(1024 * 1024));
    large["body"] = json!(BASE64_STANDARD.encode(padded));
    let (status, _) = answer(&account.invoke("users", large).await);
    assert_eq!(status, 413);
}

#[tokio::test]
async fn the_largest_body_of_a_group_fits_an_event() {
    const EVENT_MAX: usize = 6_291_456;
    let mut account = Account::new().await;
    for (bytes, expected) in [(GROUP_BODY_MAX + 1, 413), (GROUP_BODY_MAX, 201)] {
        let mut event = account.filled(&read("groups/02-create.json"));
        let mut body = br#"{ "displayName": "Everybody" }"#.to_vec();
        body.resize(bytes, b' ');
        event["body"] = json!(BASE64_STANDARD.encode(body));
        assert!(event.to_string().len() < EVENT_MAX);
        let (status, _) = answer(&account.invoke("groups", event).await);
        assert_eq!(status, expected);
    }
}
