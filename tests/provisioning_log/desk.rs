//! A service in memory whose clock, table and callers are in the test's hands.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use serverless_scim::api::{App, Call};
use serverless_scim::store::{
    LogPage, LogQuery, NewConnection, Policies, Provider, Sizes, Store, TenantScope,
};
use serverless_scim::table::{
    Attr, Condition, Consistency, Cursor, DynamoDb, Index, Item, Key, Page, Query, Table,
    TableError, Transaction, Write, embedded,
};
use tokio::sync::Notify;

use crate::bench::TestHost;

/// Three members are a big change.
const SIZES: Sizes = Sizes {
    writes: 8,
    lanes: 90,
    compared: 100_000,
};

/// One tenant, `fabrikam`, with one connection and a token.
pub(crate) struct Desk {
    pub(crate) host: Arc<TestHost>,
    pub(crate) table: Arc<Moody>,
    pub(crate) store: Store,
    pub(crate) app: App,
    pub(crate) tenant: TenantScope,
    pub(crate) connection: String,
    pub(crate) token: String,
}

/// An answer: status, request id, body.
pub(crate) type Sent = (u16, String, Value);

impl Desk {
    pub(crate) async fn new() -> Self {
        let host = TestHost::new(5);
        let table = Arc::new(Moody {
            inner: embedded::memory().await.unwrap(),
            loses_transactions: AtomicBool::default(),
            loses_writes: AtomicBool::default(),
            holds: AtomicBool::default(),
            held: Notify::new(),
            released: Notify::new(),
        });
        let store = Store::with_sizes(table.clone(), host.clone(), SIZES);
        let tenant = store.create_tenant("fabrikam").await.unwrap();
        let token = store.connect(&tenant, "").await.unwrap();
        let connection = store.connections(&tenant).await.unwrap()[0].id.clone();
        Self {
            app: App::new(store.clone(), None),
            token: token.reveal().to_owned(),
            host,
            table,
            store,
            tenant,
            connection,
        }
    }

    /// Another process over the same table.
    pub(crate) fn anew(&self) -> App {
        let table: Arc<dyn Table> = self.table.clone();
        App::new(Store::with_sizes(table, self.host.clone(), SIZES), None)
    }

    /// A moment later: within one, entries have no order.
    pub(crate) async fn send(&self, method: &str, path: &str, body: Value) -> Sent {
        self.host.advance(1);
        send(&self.app, &self.token, method, path, body).await
    }

    pub(crate) async fn user(&self, name: &str) -> String {
        let (status, _, user) = self
            .send("POST", "/Users", json!({ "userName": name }))
            .await;
        assert_eq!(status, 201, "{user}");
        user["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
        let group = json!({ "displayName": name, "members": members });
        let (status, _, group) = self.send("POST", "/Groups", group).await;
        assert_eq!(status, 201, "{group}");
        group["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn patch(&self, path: &str, operations: Value) -> Sent {
        let body = json!({ "Operations": operations });
        self.send("PATCH", path, body).await
    }

    pub(crate) async fn page(&self, query: &LogQuery) -> LogPage {
        self.store.log(&self.tenant, query).await.unwrap()
    }

    /// The whole log as JSON.
    pub(crate) async fn log(&self) -> Vec<Value> {
        self.log_of(&self.tenant).await
    }

    pub(crate) async fn log_of(&self, tenant: &TenantScope) -> Vec<Value> {
        let whole = LogQuery {
            limit: 1_000,
            ..LogQuery::default()
        };
        let page = self.store.log(tenant, &whole).await.unwrap();
        page.entries.iter().map(|entry| entry.to_json()).collect()
    }

    /// What a second connection may be.
    pub(crate) fn other_connection(&self) -> NewConnection {
        NewConnection {
            name: "second".to_owned(),
            provider: Provider::Okta,
            policies: Policies::default(),
            entra_bearer: None,
        }
    }

    /// Removes an item straight from the table.
    pub(crate) async fn remove(&self, key: Key) {
        let delete = Write::Delete {
            key,
            condition: Some(Condition::Exists),
        };
        self.table.write(&delete).await.unwrap();
    }

    /// Puts an item straight into the table.
    pub(crate) async fn put(&self, item: Item) {
        let attrs = item.attrs.into_iter();
        let attrs = attrs.map(|(name, attr)| (&*name.leak(), attr));
        let put = Write::Put {
            key: item.key,
            attrs: attrs.collect(),
            condition: None,
        };
        self.table.write(&put).await.unwrap();
    }

    /// A work row of long ago.
    pub(crate) async fn work(&self, row: &str) {
        let put = Write::Put {
            key: Key {
                pk: format!("T#{}#D", self.tenant),
                sk: row.to_owned(),
            },
            attrs: [("since", Attr::N(0))].into(),
            condition: None,
        };
        self.table.write(&put).await.unwrap();
    }

    /// The items of one of the tenant's partitions.
    pub(crate) async fn items(&self, partition: &str) -> Vec<Item> {
        let page = self.table.inner.scan(None).await.unwrap();
        assert!(page.next.is_none());
        let pk = format!("T#{}#{partition}", self.tenant);
        let own = page.items.into_iter().filter(|item| item.key.pk == pk);
        own.collect()
    }
}

pub(crate) async fn send(app: &App, token: &str, method: &str, path: &str, body: Value) -> Sent {
    let path = match path.starts_with("/t/") {
        true => path.to_owned(),
        false => format!("/scim/v2{path}"),
    };
    let request = Request::builder()
        .method(method)
        .uri(format!("http://scim.example{path}"))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/scim+json")
        .body(());
    let call = Call {
        parts: request.unwrap().into_parts().0,
        body: Some(Bytes::from(match body {
            Value::Null => String::new(),
            body => body.to_string(),
        })),
        origin: "http://scim.example".to_owned(),
    };
    let answer = app.handle(call).await;
    let body = serde_json::from_slice(answer.body()).unwrap_or(Value::Null);
    let request = answer.headers()["x-request-id"].to_str().unwrap();
    (answer.status().as_u16(), request.to_owned(), body)
}

/// A table that loses what it is sent, or keeps it until it is told to go on.
#[derive(Debug)]
pub(crate) struct Moody {
    inner: DynamoDb,
    pub(crate) loses_transactions: AtomicBool,
    pub(crate) loses_writes: AtomicBool,
    /// The next transaction waits.
    pub(crate) holds: AtomicBool,
    pub(crate) held: Notify,
    pub(crate) released: Notify,
}

fn lost(loses: &AtomicBool) -> Result<(), TableError> {
    match loses.load(Ordering::SeqCst) {
        true => Err(TableError::Unknown("no answer came".into())),
        false => Ok(()),
    }
}

#[async_trait]
impl Table for Moody {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        self.inner.get(key).await
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<(Vec<Item>, Vec<Key>), TableError> {
        self.inner.batch_get(keys).await
    }

    async fn query(&self, query: &Query, consistency: Consistency) -> Result<Page, TableError> {
        self.inner.query(query, consistency).await
    }

    async fn query_index(&self, index: Index, query: &Query) -> Result<Page, TableError> {
        self.inner.query_index(index, query).await
    }

    async fn scan(&self, after: Option<&Cursor>) -> Result<Page, TableError> {
        self.inner.scan(after).await
    }

    async fn transact(&self, transaction: &Transaction) -> Result<(), TableError> {
        lost(&self.loses_transactions)?;
        if self.holds.swap(false, Ordering::SeqCst) {
            self.held.notify_one();
            self.released.notified().await;
        }
        self.inner.transact(transaction).await
    }

    async fn write(&self, write: &Write) -> Result<(), TableError> {
        lost(&self.loses_writes)?;
        self.inner.write(write).await
    }
}
