//! One tenant with connections of different policies, in one process.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};
use serverless_scim::api::{App, Call};
use serverless_scim::store::{
    Connection, Host, IdentityError, NewConnection, NewToken, Policies, Provider, Scopes, Sizes,
    Store, TenantScope,
};
use serverless_scim::table::{Consistency, DynamoDb, Item, Key, Query, Range, Table, embedded};

use crate::bench::TestHost;

pub(crate) struct Bed {
    pub(crate) table: Arc<DynamoDb>,
    pub(crate) host: Arc<TestHost>,
    pub(crate) store: Store,
    pub(crate) tenant: TenantScope,
}

/// A client of one connection.
#[derive(Clone)]
pub(crate) struct Customer {
    pub(crate) app: App,
    pub(crate) token: String,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Bed {
    pub(crate) async fn new() -> Self {
        Self::of_sizes(Sizes::default()).await
    }

    pub(crate) async fn of_sizes(sizes: Sizes) -> Self {
        let table = Arc::new(embedded::memory().await.unwrap());
        let host = TestHost::new(3);
        let store = Store::with_sizes(table.clone(), host.clone(), sizes);
        let tenant = store.create_tenant("fabrikam").await.unwrap();
        Self {
            table,
            host,
            store,
            tenant,
        }
    }

    pub(crate) async fn connect(&self, policies: Value) -> Connection {
        let new = NewConnection {
            name: "entra".to_owned(),
            provider: Provider::Entra,
            policies: serde_json::from_value(policies).unwrap(),
            entra_bearer: None,
        };
        self.store
            .create_connection(&self.tenant, &new)
            .await
            .unwrap()
    }

    pub(crate) async fn token(&self, connection: &Connection, scopes: Option<Scopes>) -> Customer {
        let new = NewToken {
            scopes,
            ..NewToken::default()
        };
        let made = self.store.create_token(&self.tenant, &connection.id, &new);
        let (secret, _) = made.await.unwrap();
        Customer {
            app: App::new(self.store.clone(), None),
            token: secret.reveal().to_owned(),
        }
    }

    /// A client of a new connection with these policies.
    pub(crate) async fn customer(&self, policies: Value) -> Customer {
        let connection = self.connect(policies).await;
        self.token(&connection, None).await
    }

    /// The connection has other policies from now on.
    pub(crate) async fn agree(&self, connection: &Connection, policies: Value) {
        let new = NewConnection {
            name: connection.name.clone(),
            provider: connection.provider,
            policies: serde_json::from_value::<Policies>(policies).unwrap(),
            entra_bearer: None,
        };
        let same = |_: &_| Ok::<_, IdentityError>(new.clone());
        let id = &connection.id;
        let changed = self.store.change_connection(&self.tenant, id, same);
        changed.await.unwrap();
    }

    /// What `check` has to say of the table, in words.
    pub(crate) async fn findings(&self) -> Vec<String> {
        let report = self.store.check(None, |_| ()).await.unwrap();
        report.findings.iter().map(ToString::to_string).collect()
    }

    /// The tenant's own item.
    pub(crate) async fn config(&self) -> Item {
        let key = Key {
            pk: format!("T#{}", self.tenant),
            sk: "@".to_owned(),
        };
        self.table.get(&key).await.unwrap().unwrap()
    }

    /// How many items there are, refusals in the log left out.
    pub(crate) async fn table_size(&self) -> usize {
        let all = self.table.scan(None).await.unwrap().items;
        let refusal = |item: &&Item| item.key.pk.ends_with("#E");
        all.len() - all.iter().filter(refusal).count()
    }

    /// The tenant's items of one partition.
    pub(crate) async fn items(&self, partition: &str) -> Vec<Item> {
        let query = Query {
            pk: format!("T#{}#{partition}", self.tenant),
            range: Range::All,
            descending: false,
            limit: None,
            after: None,
        };
        let page = self.table.query(&query, Consistency::Strong).await.unwrap();
        page.items
    }
}

impl Customer {
    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let parts = http::Request::builder()
            .method(method)
            .uri(format!("/scim/v2{path}"))
            .header("authorization", format!("Bearer {}", self.token))
            .body(())
            .unwrap()
            .into_parts()
            .0;
        let call = Call {
            parts,
            body: Some(body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()))),
            origin: "https://scim.fabrikam.example".to_owned(),
        };
        let answer = self.app.handle(call).await;
        Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: serde_json::from_slice(answer.body()).unwrap_or_default(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, Some(body)).await
    }

    /// A PATCH that sets one attribute, or with null removes it.
    pub(crate) async fn set(&self, path: &str, name: &str, value: Value) -> Answer {
        self.send("PATCH", path, Some(&patch(name, value))).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, None).await
    }

    /// The path of a new user.
    pub(crate) async fn user(&self, name: &str) -> String {
        let made = self.post("/Users", &user(name)).await;
        assert_eq!(made.status, 201, "{made:?}");
        format!("/Users/{}", made.body["id"].as_str().unwrap())
    }

    /// The path of a new group.
    pub(crate) async fn group(&self, name: &str) -> String {
        let made = self.post("/Groups", &json!({ "displayName": name })).await;
        assert_eq!(made.status, 201, "{made:?}");
        format!("/Groups/{}", made.body["id"].as_str().unwrap())
    }

    pub(crate) async fn total(&self, path: &str) -> u64 {
        let list = self.get(path).await;
        list.body["totalResults"].as_u64().unwrap()
    }

    /// How many resources have this value.
    pub(crate) async fn found(&self, endpoint: &str, filter: &str) -> u64 {
        let filter: String = form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        self.total(&format!("{endpoint}?filter={filter}")).await
    }

    pub(crate) async fn bulk(&self, operations: &[Value]) -> Vec<Value> {
        let body = json!({ "Operations": operations });
        let answer = self.post("/Bulk", &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["Operations"].as_array().unwrap().clone()
    }

    /// Sends the change by itself and then in bulk: both are refused alike. Returns status and detail.
    pub(crate) async fn refused(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> (u16, String) {
        let alone = self.send(method, path, body).await;
        assert!(alone.status >= 400, "{method} {path}: {alone:?}");
        let operation = json!({ "method": method, "path": path, "bulkId": "b", "data": body });
        let [result] = &self.bulk(&[operation]).await[..] else {
            panic!("one result")
        };
        assert_eq!(result["status"], alone.status.to_string(), "{result}");
        assert_eq!(result["response"], alone.body, "{result}");
        let detail = alone.body["detail"].as_str().unwrap().to_owned();
        (alone.status, detail)
    }
}

pub(crate) fn user(name: &str) -> Value {
    json!({ "userName": format!("{name}@fabrikam.example") })
}

pub(crate) fn patch(name: &str, value: Value) -> Value {
    let operation = match value {
        Value::Null => json!({ "op": "remove", "path": name }),
        value => json!({ "op": "replace", "path": name, "value": value }),
    };
    json!({ "Operations": [operation] })
}

/// Another instance of the service on this table.
pub(crate) fn instance(table: Arc<dyn Table>, host: Arc<dyn Host>) -> App {
    App::new(Store::new(table, host), None)
}
