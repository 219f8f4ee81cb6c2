//! The entry points for arbitrary input: what must hold of each, whatever comes in.
//!
//! The fuzz targets call them with libFuzzer's input, `tests/fuzz.rs` with a bounded random one.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use serverless_scim::api::{App, Call};
use serverless_scim::filter;
use serverless_scim::home::SystemHost;
use serverless_scim::patch;
use serverless_scim::schema::{self, Document, GROUP, Quirks, ResourceType, Scope, Target, USER};
use serverless_scim::store::Store;
use serverless_scim::table::{Table, embedded};

use still::Still;

#[path = "still.rs"]
mod still;

fn types() -> [&'static ResourceType; 2] {
    [&USER, &GROUP]
}

/// A filter that reads prints as one that reads the same, and evaluates without a panic.
pub(crate) fn filter(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for kind in types() {
        let scope = Scope::Resource(kind);
        let Ok(parsed) = filter::parse(scope, text, &mut Quirks::default()) else {
            continue;
        };
        let printed = parsed.to_string();
        let again = filter::parse(scope, &printed, &mut Quirks::default());
        // Printing may spell out what was short, and so pass the limit of length.
        if printed.len() <= filter::TEXT_MAX {
            assert_eq!(again.as_ref(), Ok(&parsed), "{printed}");
        }
        parsed.matches(&sample(kind));
    }
}

/// A path that reads shows as one that reads the same.
pub(crate) fn path(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for kind in types() {
        let scope = Scope::Resource(kind);
        if let Ok(Target::Attribute(path)) = Target::parse(scope, text, &mut Quirks::default()) {
            let again = Target::parse(scope, &path.to_string(), &mut Quirks::default());
            assert_eq!(again, Ok(Target::Attribute(path)));
        }
    }
}

/// A PATCH that succeeds leaves a document that is complete and that a second look does not change.
pub(crate) fn patch(data: &[u8]) {
    let Ok(body) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    for kind in types() {
        let mut quirks = Quirks::default();
        let Ok(operations) = patch::parse(kind, &body, &mut quirks) else {
            continue;
        };
        let before = sample(kind);
        let Ok(patched) = patch::apply(kind, &before, &operations, &mut quirks) else {
            continue;
        };
        assert_eq!(schema::require(kind, &patched.document), Ok(()));
        let mut finished = patched.document.clone();
        schema::finish(kind, &mut finished, &mut quirks);
        assert_eq!(finished, patched.document);
    }
}

/// One service for all requests of a run.
pub(crate) struct Service {
    runtime: tokio::runtime::Runtime,
    app: App,
    token: String,
    user: String,
}

impl Service {
    /// Over the engine itself, or over one that stands still.
    pub(crate) fn new(stands_still: bool) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let (app, token, user) = runtime.block_on(serve(stands_still));
        Self {
            runtime,
            app,
            token,
            user,
        }
    }
}

async fn serve(stands_still: bool) -> (App, String, String) {
    let table: Arc<dyn Table> = Arc::new(embedded::memory().await.expect("a table"));
    let store = Store::new(Arc::clone(&table), Arc::new(SystemHost));
    let tenant = store.create_tenant("fuzz").await.expect("a tenant");
    let secret = store.connect(&tenant, "").await.expect("a token");
    let credential = store
        .authenticate(&secret)
        .await
        .expect("an answer")
        .expect("known");
    let request = serverless_scim::store::Request {
        id: String::new(),
        started: i64::MAX / 2,
    };
    let create = store.tenant(&credential, request);
    let ada = create
        .create(&USER, sample(&USER), &BTreeSet::new())
        .await
        .expect("a user");
    let store = if stands_still {
        Store::new(Arc::new(Still::new(table)), Arc::new(SystemHost))
    } else {
        store
    };
    (
        App::new(store, None),
        secret.reveal().to_owned(),
        ada.id.to_string(),
    )
}

impl Service {
    /// Every request is answered, none with a failure of ours. Line one is `METHOD path`, the rest the body;
    /// `ID` in both stands for a user that is there.
    pub(crate) fn request(&mut self, data: &[u8]) {
        let Ok(text) = std::str::from_utf8(data) else {
            return;
        };
        let text = text.replace("ID", &self.user);
        let (line, body) = text.split_once('\n').unwrap_or((&text, ""));
        let (method, path) = line.split_once(' ').unwrap_or(("GET", line));
        let authorization = format!("Bearer {}", self.token);
        let request = Request::builder()
            .method(method)
            .uri(format!("/scim/v2/{path}"))
            .header("authorization", authorization)
            .body(());
        let Ok(request) = request else { return };
        let call = Call {
            parts: request.into_parts().0,
            body: Some(Bytes::from(body.to_owned())),
            origin: "http://localhost".to_owned(),
        };
        let response = self.runtime.block_on(self.app.handle(call));
        let status = response.status().as_u16();
        assert!(status < 500 || status == 501, "{status} for {line}");
        if status >= 400 {
            let error: Value = serde_json::from_slice(response.body()).expect("a SCIM Error");
            assert_eq!(error.get("status"), Some(&json!(status.to_string())));
        }
    }
}

fn sample(kind: &ResourceType) -> Document {
    let value = if kind.is_group() {
        json!({ "displayName": "Field", "externalId": "g-1" })
    } else {
        json!({
            "userName": "ada@fabrikam.example", "externalId": "x-1", "active": true, "title": "Lead",
            "name": { "givenName": "Ada", "familyName": "Osei" },
            "emails": [{ "type": "work", "value": "ada@fabrikam.example", "primary": true }],
            "roles": [{ "value": "auditor" }],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
                "department": "Field", "manager": { "value": "9c51" }
            }
        })
    };
    serde_json::from_value(value).expect("an object")
}
