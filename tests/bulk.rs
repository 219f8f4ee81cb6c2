//! Bulk requests and the search over all types, against a running `serve`. RFC 7644 §3.7, §3.4.3.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

#[path = "bulk/limits.rs"]
mod limits;
#[path = "bulk/operations.rs"]
mod operations;
#[path = "bulk/order.rs"]
mod order;
#[path = "bulk/search.rs"]
mod search;
#[path = "bulk/time.rs"]
mod time;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// A `serve` in memory, and a client of it.
struct Service {
    child: Child,
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Service {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_serverless-scim"))
            .args(["serve", "--memory", "--json", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let text = |name: &str| ready[name].as_str().unwrap().to_owned();
        Self {
            child,
            http: reqwest::Client::new(),
            base: text("tenantUrl"),
            token: text("secretToken"),
        }
    }

    async fn send(&self, method: &str, path: &str, body: impl Into<String>) -> (u16, Value) {
        let method = method.parse().unwrap();
        let request = self.http.request(method, format!("{}{path}", self.base));
        let request = request.bearer_auth(&self.token).body(body.into());
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    async fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.send(method, path, body.to_string()).await
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.send("GET", path, "").await
    }

    /// What became of each operation.
    async fn bulk(&self, operations: Value) -> Vec<Value> {
        self.bulk_failing_on(None, operations).await
    }

    async fn bulk_failing_on(&self, errors: Option<u64>, operations: Value) -> Vec<Value> {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
            "failOnErrors": errors,
            "Operations": operations,
        });
        let (status, answer) = self.call("POST", "/Bulk", &body).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(
            answer["schemas"],
            json!(["urn:ietf:params:scim:api:messages:2.0:BulkResponse"])
        );
        let results = answer["Operations"].as_array().unwrap().clone();
        for result in &results {
            self.is_sound(result);
        }
        results
    }

    /// What the report on any operation has to be.
    fn is_sound(&self, result: &Value) {
        let status: u16 = result["status"].as_str().unwrap().parse().unwrap();
        if status < 300 {
            assert_eq!(result.get("response"), None, "{result}");
            assert!(self.id(result).is_some(), "{result}");
        } else {
            assert_eq!(result["response"]["status"], result["status"], "{result}");
            assert!(result["response"]["detail"].is_string(), "{result}");
        }
        assert!(
            !result["location"].to_string().contains("bulkId"),
            "{result}"
        );
        let versioned = status < 300 && result["method"] != "DELETE";
        assert_eq!(result.get("version").is_some(), versioned, "{result}");
    }

    /// The id at the end of the location.
    fn id(&self, result: &Value) -> Option<String> {
        let location = result["location"].as_str()?;
        let path = location.strip_prefix(&self.base)?;
        Some(path.rsplit('/').next()?.to_owned())
    }

    async fn total(&self, path: &str) -> Value {
        self.get(path).await.1["totalResults"].clone()
    }

    async fn members(&self, group: &str) -> Vec<String> {
        let (_, group) = self.get(&format!("/Groups/{group}")).await;
        let members = group["members"].as_array().cloned().unwrap_or_default();
        let id = |member: &Value| member["value"].as_str().unwrap().to_owned();
        members.iter().map(id).collect()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn statuses(results: &[Value]) -> Vec<&str> {
    results
        .iter()
        .map(|result| result["status"].as_str().unwrap())
        .collect()
}

fn user(bulk_id: &str, name: &str) -> Value {
    let data = json!({ "userName": format!("{name}@fabrikam.example") });
    json!({ "method": "POST", "path": "/Users", "bulkId": bulk_id, "data": data })
}

fn group(bulk_id: &str, name: &str, members: &[&str]) -> Value {
    let members: Vec<Value> = members
        .iter()
        .map(|member| json!({ "value": member }))
        .collect();
    let data = json!({ "displayName": name, "members": members });
    json!({ "method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": data })
}

/// An operation of PATCH with one change.
fn patch(path: &str, change: &Value) -> Value {
    json!({ "method": "PATCH", "path": path, "data": { "Operations": [change] } })
}
