//! A tenant of a service in memory, without a socket.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use serverless_scim::api::{App, Call};
use serverless_scim::home::SystemHost;
use serverless_scim::schema::ResourceType;
use serverless_scim::store::{Store, TenantScope};
use serverless_scim::table::embedded;

pub(crate) const URN: &str = "urn:fabrikam:params:scim:schemas:hr:1.0:User";
pub(crate) const CORE_USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

pub(crate) async fn store() -> Store {
    let table = embedded::memory().await.unwrap();
    Store::new(Arc::new(table), Arc::new(SystemHost))
}

#[derive(Clone)]
pub(crate) struct Tenant {
    pub(crate) store: Store,
    pub(crate) scope: TenantScope,
    app: App,
    token: String,
}

impl Tenant {
    pub(crate) async fn create(store: &Store, name: &str) -> Self {
        let scope = store.create_tenant(name).await.unwrap();
        let token = store.connect(&scope, "test").await.unwrap();
        Self {
            app: App::new(store.clone(), None),
            store: store.clone(),
            scope,
            token: token.reveal().to_owned(),
        }
    }

    /// A tenant in a store of its own, with these schemas.
    pub(crate) async fn with(schemas: &[Value]) -> Self {
        let tenant = Self::create(&store().await, "fabrikam").await;
        for schema in schemas {
            tenant.register(schema, None).await;
        }
        tenant
    }

    pub(crate) async fn register(&self, schema: &Value, kind: Option<&'static ResourceType>) {
        let text = schema.to_string();
        let added = self.store.add_schema(&self.scope, &text, kind).await;
        added.unwrap_or_else(|error| panic!("{error}"));
    }

    /// The same tenant through a new token, which no instance remembers yet: its next request reads the schemas.
    pub(crate) async fn anew(&self) -> Self {
        let token = self.store.connect(&self.scope, "anew").await.unwrap();
        Self {
            token: token.reveal().to_owned(),
            ..self.clone()
        }
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://scim.example/scim/v2{path}"))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/scim+json")
            .body(());
        let call = Call {
            parts: request.unwrap().into_parts().0,
            body: Some(Bytes::from(
                body.map(|body| body.to_string()).unwrap_or_default(),
            )),
            origin: "http://scim.example".to_owned(),
        };
        let answer = self.app.handle(call).await;
        let body = serde_json::from_slice(answer.body()).unwrap_or(Value::Null);
        (answer.status().as_u16(), body)
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.send("GET", path, None).await;
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }

    /// Creates a user with these attributes beside a name.
    pub(crate) async fn user(&self, name: &str, attributes: Value) -> Value {
        let (status, body) = self.post("/Users", name, attributes).await;
        assert_eq!(status, 201, "{body}");
        body
    }

    pub(crate) async fn post(&self, path: &str, name: &str, attributes: Value) -> (u16, Value) {
        let key = if path == "/Users" {
            "userName"
        } else {
            "displayName"
        };
        let mut body = json!({key: name});
        body.as_object_mut()
            .unwrap()
            .extend(attributes.as_object().unwrap().clone());
        self.send("POST", path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, operations: Value) -> (u16, Value) {
        let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations});
        self.send("PATCH", path, Some(body)).await
    }

    /// Names of the users that the filter finds.
    pub(crate) async fn find(&self, filter: &str) -> Vec<String> {
        let query: String = form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        let list = self.get(&format!("/Users?filter={query}")).await;
        let names = list["Resources"].as_array().unwrap().iter();
        names
            .map(|user| user["userName"].as_str().unwrap().to_owned())
            .collect()
    }
}

pub(crate) fn path_of(resource: &Value) -> String {
    format!("/Users/{}", resource["id"].as_str().unwrap())
}
