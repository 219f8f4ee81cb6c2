//! A SCIM client that distrusts every answer: see [`Reply::faults`].

use std::sync::{Arc, Mutex};

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// A Tenant URL and a Secret Token.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    pub base: String,
    pub token: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// What the log must know of an exchange.
#[derive(Debug, Clone)]
pub struct Seen {
    pub request: String,
    pub method: String,
    pub status: u16,
}

/// One answer; the body is null where there is none.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    pub body: Value,
}

impl Client {
    pub fn new(base: &str, token: &str) -> Self {
        Self {
            http: reqwest::Client::new(),
            base: base.to_owned(),
            token: token.to_owned(),
            seen: Arc::default(),
        }
    }

    /// Another tenant's client that keeps the same record.
    pub fn with(&self, base: &str, token: &str) -> Self {
        Self {
            base: base.to_owned(),
            token: token.to_owned(),
            ..self.clone()
        }
    }

    /// Every exchange of this client and its clones.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no panic elsewhere").clone()
    }

    /// Sends a request with headers over the usual ones (`None` takes one away) and a body as it is.
    pub async fn exchange(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, Option<&str>)],
        body: Option<Vec<u8>>,
    ) -> Reply {
        let bearer = format!("Bearer {}", self.token);
        let mut sent = vec![("authorization", bearer.as_str())];
        if body.is_some() {
            sent.push(("content-type", "application/scim+json; charset=utf-8"));
        }
        sent.retain(|(name, _)| {
            !headers
                .iter()
                .any(|(other, _)| other.eq_ignore_ascii_case(name))
        });
        sent.extend(
            headers
                .iter()
                .filter_map(|(name, value)| Some((*name, (*value)?))),
        );
        let verb = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.http.request(verb, format!("{}{path}", self.base));
        for (name, value) in sent {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("text");
        let body = serde_json::from_str(&text).unwrap_or_default();
        let reply = Reply {
            status,
            headers,
            text,
            body,
        };
        self.saw(method, &reply);
        reply
    }

    /// Adds an exchange to the record.
    pub fn saw(&self, method: &str, reply: &Reply) {
        let seen = Seen {
            request: reply.header("x-request-id").unwrap_or_default().to_owned(),
            method: method.to_owned(),
            status: reply.status,
        };
        self.seen.lock().expect("no panic elsewhere").push(seen);
    }

    /// Sends a SCIM request; the answer must be without fault.
    pub async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let body = body.map(|body| body.to_string().into_bytes());
        let reply = self.exchange(method, path, &[], body).await;
        let faults = reply.faults();
        assert!(faults.is_empty(), "{method} {path}: {faults:?} {reply:?}");
        reply
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, None).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.call("DELETE", path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.call("POST", path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.call("PUT", path, Some(body)).await
    }

    /// A PATCH of these operations.
    pub async fn patch(&self, path: &str, operations: &Value) -> Reply {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": operations,
        });
        self.call("PATCH", path, Some(&body)).await
    }

    /// Creates a user with this name and returns its id.
    pub async fn user(&self, user_name: &str) -> String {
        self.post("/Users", &json!({ "userName": user_name }))
            .await
            .created()
    }

    /// Creates a group with these members and returns its id.
    pub async fn group(&self, display_name: &str, members: &[String]) -> String {
        let body = json!({ "displayName": display_name, "members": references(members) });
        self.post("/Groups", &body).await.created()
    }

    /// The member ids of a group, sorted.
    pub async fn members(&self, group: &str) -> Vec<String> {
        let reply = self.get(&format!("/Groups/{group}")).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let members = reply.body["members"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let value = |member: &Value| member["value"].as_str().expect("a value").to_owned();
        let mut ids: Vec<String> = members.iter().map(value).collect();
        ids.sort();
        ids
    }
}

/// Ids as the `members` of a request.
pub fn references(ids: &[String]) -> Value {
    ids.iter().map(|id| json!({ "value": id })).collect()
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub fn id(&self) -> String {
        self.body["id"]
            .as_str()
            .unwrap_or_else(|| panic!("an id: {self:?}"))
            .to_owned()
    }

    /// The id of what was created.
    pub fn created(&self) -> String {
        assert_eq!(self.status, 201, "{self:?}");
        self.id()
    }

    /// Whether Location leads to what was created.
    fn is_located(&self) -> bool {
        let location = self.header("location").unwrap_or_default();
        let shown = self.body["meta"]["location"].as_str();
        location.ends_with(&format!("/{}", self.id()))
            && shown.is_none_or(|shown| shown == location)
    }

    /// What no answer may have, whatever was asked.
    pub fn faults(&self) -> Vec<&'static str> {
        let bodyless = matches!(self.status, 204 | 304);
        let found = self.body.as_object();
        let names = |key: &str, wanted: &str| {
            let list = found.and_then(|body| body.get(key)?.as_array());
            list.is_some_and(|list| list.iter().any(|name| name == wanted))
        };
        let status = Value::from(self.status.to_string());
        let rules = [
            (
                self.header("x-request-id").is_some_and(|id| !id.is_empty()),
                "no X-Request-Id",
            ),
            (
                bodyless == self.text.is_empty(),
                "a body where none belongs, or none",
            ),
            (bodyless || found.is_some(), "the body is no JSON object"),
            (
                bodyless || self.header("content-type") == Some("application/scim+json"),
                "not application/scim+json",
            ),
            (
                self.status < 400 || names("schemas", ERROR),
                "no Error schema",
            ),
            (
                self.status < 400 || self.body["status"] == status,
                "another status in the body",
            ),
            (
                self.status < 400
                    || self.body["detail"]
                        .as_str()
                        .is_some_and(|text| !text.is_empty()),
                "no detail",
            ),
            (
                self.status < 500 || self.status == 501,
                "a failure of the server",
            ),
            (self.status != 201 || self.is_located(), "no Location"),
            (
                self.status != 401
                    || self
                        .header("www-authenticate")
                        .is_some_and(|challenge| challenge.starts_with("Bearer realm=\"scim\"")),
                "WWW-Authenticate",
            ),
        ];
        rules
            .into_iter()
            .filter(|(kept, _)| !kept)
            .map(|(_, fault)| fault)
            .collect()
    }
}
