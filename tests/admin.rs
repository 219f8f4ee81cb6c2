//! The admin API over HTTP: tenants, connections, credentials, policies, and who may use it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]

mod support;

#[path = "admin/clients.rs"]
mod clients;
#[path = "admin/connections.rs"]
mod connections;
#[path = "admin/kept.rs"]
mod kept;
#[path = "admin/keys.rs"]
mod keys;
#[path = "admin/meanwhile.rs"]
mod meanwhile;
#[path = "admin/requests.rs"]
mod requests;
#[path = "admin/schemas.rs"]
mod schemas;
#[path = "admin/tenants.rs"]
mod tenants;
#[path = "admin/tokens.rs"]
mod tokens;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::{Value, json};

use support::{Client, Server};

/// A running `serve`, and its vendor.
struct Vendor {
    server: Server,
    http: reqwest::Client,
    url: String,
    key: String,
}

/// One answer; the body is null where there is none.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Vendor {
    fn new() -> Self {
        let server = Server::in_memory();
        let line: Value = serde_json::from_str(&server.printed[0]).expect("one line of JSON");
        let text = |name: &str| line[name].as_str().expect("text").to_owned();
        Self {
            url: text("adminUrl"),
            key: text("adminKey"),
            http: reqwest::Client::new(),
            server,
        }
    }

    /// Sends a request with this credential and body as they are.
    async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Answer {
        let verb = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.http.request(verb, format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("text");
        let answer = Answer {
            status,
            headers,
            body: serde_json::from_str(&text).unwrap_or_default(),
        };
        answer.check(method, path, text.is_empty());
        answer
    }

    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let bearer = format!("Bearer {}", self.key);
        let mut headers = vec![("authorization", bearer.as_str())];
        let body = body.map(|body| body.to_string().into_bytes());
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        self.send(method, path, &headers, body).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, None).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, Some(body)).await
    }

    async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.call("PATCH", path, Some(body)).await
    }

    /// A new tenant's path.
    async fn tenant(&self, name: &str) -> String {
        let made = self.post("/tenants", &json!({ "name": name })).await;
        made.is(201);
        format!("/tenants/{name}")
    }

    /// The path of a new connection of a new tenant.
    async fn connection(&self, tenant: &str) -> String {
        let tenant = self.tenant(tenant).await;
        let connections = format!("{tenant}/connections");
        let made = self.post(&connections, &json!({ "name": "Entra" })).await;
        made.is(201);
        format!("{connections}/{}", made.text("id"))
    }

    /// A client of the SCIM endpoint with this token.
    fn scim(&self, token: &str) -> Client {
        Client::new(&self.server.tenant_url, token)
    }
}

impl Answer {
    /// What every answer must have, whatever was asked.
    fn check(&self, method: &str, path: &str, empty: bool) {
        let seen = format!("{method} {path}: {self:?}");
        assert!(self.headers.contains_key("x-request-id"), "{seen}");
        assert_eq!(self.headers["cache-control"], "no-store", "{seen}");
        assert_eq!(empty, self.status == 204, "{seen}");
        if self.status >= 400 {
            assert!(self.status < 500, "{seen}");
            assert_eq!(self.headers[CONTENT_TYPE], "application/problem+json");
            assert_eq!(self.body["status"], self.status, "{seen}");
            let members: Vec<_> = self.body.as_object().expect("an object").keys().collect();
            assert_eq!(members, ["status", "code", "detail"], "{seen}");
        } else if !empty {
            assert_eq!(self.headers[CONTENT_TYPE], "application/json", "{seen}");
        }
    }

    #[track_caller]
    fn is(&self, status: u16) {
        assert_eq!(self.status, status, "{self:?}");
    }

    /// An error with this code whose detail names this.
    #[track_caller]
    fn refuses(&self, status: u16, code: &str, named: &str) {
        self.is(status);
        assert_eq!(self.body["code"], code, "{self:?}");
        assert!(self.text("detail").contains(named), "{named}: {self:?}");
    }

    #[track_caller]
    fn text(&self, name: &str) -> String {
        let text = self.body[name].as_str();
        text.unwrap_or_else(|| panic!("{name}: {self:?}"))
            .to_owned()
    }

    #[track_caller]
    fn items(&self) -> &[Value] {
        self.is(200);
        self.body["items"].as_array().expect("items")
    }
}
