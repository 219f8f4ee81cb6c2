//! DynamoDB over HTTP for processes of their own: dynoxide's server in the test's process.

use std::process::Command;

use dynoxide::Database;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A DynamoDB endpoint; it stops when it goes out of scope.
pub struct Dynamo {
    pub database: Database,
    endpoint: String,
    stop: Option<oneshot::Sender<()>>,
    running: tokio::task::JoinHandle<Result<(), String>>,
}

impl Dynamo {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let database = Database::memory().expect("a database");
        let (stop, stopped) = oneshot::channel();
        let served = database.clone();
        let running = tokio::spawn(async move {
            let shutdown = async { drop(stopped.await) };
            dynoxide::server::serve_with_shutdown(listener, served, shutdown).await
        });
        Self {
            database,
            endpoint,
            stop: Some(stop),
            running,
        }
    }

    /// Points a process here, with credentials that nobody looks at.
    pub fn reach(&self, command: &mut Command) {
        command
            .env("AWS_ENDPOINT_URL_DYNAMODB", &self.endpoint)
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "not-a-secret")
            .env("AWS_EC2_METADATA_DISABLED", "true");
    }

    /// Runs the command line against this endpoint.
    pub async fn run(&self, arguments: &[&str]) -> Value {
        let mut command = super::process::command(arguments);
        self.reach(&mut command);
        // The endpoint runs on this runtime.
        let output = tokio::task::spawn_blocking(move || command.output());
        let output = output.await.expect("no panic").expect("the command starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    }

    /// A table named `scim` with one tenant in it; its token.
    pub async fn tenant(&self, name: &str) -> String {
        self.run(&["table", "create", "--table", "scim"]).await;
        let made = self
            .run(&["tenant", "create", name, "--table", "scim", "--json"])
            .await;
        made["secretToken"].as_str().expect("a token").to_owned()
    }

    /// Spoils every stored document: what is there is no JSON any more.
    pub fn spoil_documents(&self) {
        let scan = serde_json::from_value(json!({ "TableName": "scim" })).expect("a request");
        let found = serde_json::to_value(self.database.scan(scan).expect("a scan")).expect("JSON");
        let items = found["Items"].as_array().expect("items");
        let mut spoiled = 0;
        for item in items {
            let Some(document) = item["d"]["S"].as_str() else {
                continue;
            };
            let mut item = item.clone();
            item["d"] = json!({ "S": document.trim_end_matches('}') });
            let put = json!({ "TableName": "scim", "Item": item });
            let put = serde_json::from_value(put).expect("a request");
            self.database.put_item(put).expect("a put");
            spoiled += 1;
        }
        assert!(spoiled > 0, "no document in {found}");
    }

    /// Stops answering, as a table that is not reachable does.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        self.running.abort();
        let _ = self.running.await;
    }
}
