//! A tenant of a real size, filled directly, and its service without a socket: time passes only with the table's calls.

use std::collections::BTreeSet;
use std::ops::Range as Numbers;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Value, json};
use serverless_scim::api::{App, Call};
use serverless_scim::store::{Host as _, Id, Request, Store};
use serverless_scim::table::{
    Attr, Attrs, Consistency, Cursor, DynamoDb, Index, Item, Key, Page, Query, Range, Table,
    TableError, Transaction, Update, Write, embedded,
};

use crate::bench::TestHost;

/// The wait after which a work row may go, and more than any lease.
const GRACE_MS: i64 = 70_000;

/// A table whose calls take time, where it is told so.
#[derive(Debug)]
pub(crate) struct Timed {
    inner: Arc<DynamoDb>,
    host: Arc<TestHost>,
    /// Milliseconds of one call.
    pub(crate) takes: AtomicI64,
    pub(crate) calls: AtomicU64,
}

impl Timed {
    fn passes(&self) {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.host.advance(self.takes.load(Ordering::SeqCst));
    }
}

#[async_trait]
impl Table for Timed {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        self.passes();
        self.inner.get(key).await
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<(Vec<Item>, Vec<Key>), TableError> {
        self.passes();
        self.inner.batch_get(keys).await
    }

    async fn query(&self, query: &Query, consistency: Consistency) -> Result<Page, TableError> {
        self.passes();
        self.inner.query(query, consistency).await
    }

    async fn query_index(&self, index: Index, query: &Query) -> Result<Page, TableError> {
        self.passes();
        self.inner.query_index(index, query).await
    }

    async fn scan(&self, after: Option<&Cursor>) -> Result<Page, TableError> {
        self.passes();
        self.inner.scan(after).await
    }

    async fn transact(&self, transaction: &Transaction) -> Result<(), TableError> {
        self.passes();
        self.inner.transact(transaction).await
    }

    async fn write(&self, write: &Write) -> Result<(), TableError> {
        self.passes();
        self.inner.write(write).await
    }
}

pub(crate) struct Hall {
    pub(crate) table: Arc<DynamoDb>,
    pub(crate) timed: Arc<Timed>,
    pub(crate) host: Arc<TestHost>,
    store: Store,
    app: App,
    token: String,
    scope: String,
    /// The groups it was filled with.
    pub(crate) groups: Vec<Id>,
}

/// An answer; the body is null where there is none.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Value,
}

impl Hall {
    /// So many users, and a group for each range of them; see `Tenant::seed`.
    pub(crate) async fn new(users: u64, groups: &[Numbers<u64>]) -> Self {
        let table = Arc::new(embedded::memory().await.unwrap());
        let host = TestHost::new(11);
        let timed = Arc::new(Timed {
            inner: table.clone(),
            host: host.clone(),
            takes: AtomicI64::new(0),
            calls: AtomicU64::new(0),
        });
        let store = Store::new(timed.clone(), host.clone());
        let scope = store.create_tenant("fabrikam").await.unwrap();
        let secret = store.connect(&scope, "").await.unwrap();
        let credential = store.authenticate(&secret).await.unwrap().unwrap();
        let request = Request {
            id: "seed".to_owned(),
            started: host.now_ms(),
        };
        let tenant = store.tenant(&credential, request);
        Self {
            groups: tenant.seed(users, groups, |_| ()).await.unwrap(),
            app: App::new(store.clone(), None),
            token: secret.reveal().to_owned(),
            scope: scope.to_string(),
            table,
            timed,
            host,
            store,
        }
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let parts = http::Request::builder()
            .method(method)
            .uri(format!(
                "/scim/v2{}",
                path.replace(' ', "%20").replace('"', "%22")
            ))
            .header("authorization", format!("Bearer {}", self.token))
            .body(())
            .unwrap()
            .into_parts()
            .0;
        let call = Call {
            parts,
            body: Some(body.map_or_else(Bytes::new, |body| body.to_string().into())),
            origin: "https://scim.fabrikam.example".to_owned(),
        };
        let answer = self.app.handle(call).await;
        let retry_after = answer.headers().get("retry-after");
        Answer {
            status: answer.status().as_u16(),
            retry_after: retry_after.map(|value| value.to_str().unwrap().to_owned()),
            body: serde_json::from_slice(answer.body()).unwrap_or_default(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.send("GET", path, None).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.body
    }

    /// A PATCH of a group's members.
    pub(crate) async fn members(&self, group: &str, changes: &[(&str, &[Id])]) -> Answer {
        let operation = |(op, ids): &(&str, &[Id])| json!({ "op": op, "path": "members", "value": references(ids) });
        let operations: Vec<Value> = changes.iter().map(operation).collect();
        let body = json!({ "Operations": operations });
        self.send("PATCH", &format!("/Groups/{group}"), Some(&body))
            .await
    }

    pub(crate) async fn total(&self, path: &str) -> u64 {
        self.get(path).await["totalResults"].as_u64().unwrap()
    }

    pub(crate) async fn members_of(&self, group: &str) -> BTreeSet<Id> {
        let group = self.get(&format!("/Groups/{group}")).await;
        let members = group["members"].as_array().cloned().unwrap_or_default();
        members
            .iter()
            .map(|member| id_of(&member["value"]))
            .collect()
    }

    pub(crate) async fn items(&self, partition: &str) -> Vec<Item> {
        let (mut items, mut after) = (vec![], None);
        loop {
            let query = Query {
                pk: format!("T#{}#{partition}", self.scope),
                range: Range::All,
                descending: false,
                limit: None,
                after,
            };
            let page = self.table.query(&query, Consistency::Strong).await.unwrap();
            items.extend(page.items);
            after = page.next;
            if after.is_none() {
                return items;
            }
        }
    }

    /// The groups in which a resource's own edges stand.
    pub(crate) async fn edges_of(&self, member: Id) -> Vec<Item> {
        self.items(&format!("V#{}", key(&member.to_string()))).await
    }

    /// What groups that are gone left of `member`: edges in both directions, which nobody has swept yet.
    pub(crate) async fn leave_over(&self, groups: u32, member: Id) {
        let member = key(&member.to_string());
        let edges = (0..groups).flat_map(|number| {
            let group = format!("1fffffff000080008{number:015x}");
            let generation = Attr::S(format!("{number:016x}"));
            [
                self.put(&format!("M#{group}#{number:016x}"), &member, Attrs::new()),
                self.put(&format!("V#{member}"), &group, [("gen", generation)].into()),
            ]
        });
        let edges: Vec<Write> = edges.collect();
        for (number, some) in edges.chunks(100).enumerate() {
            let transaction = Transaction {
                token: format!("left over {number}"),
                writes: some.to_vec(),
            };
            self.table.transact(&transaction).await.unwrap();
        }
    }

    fn put(&self, partition: &str, sk: &str, attrs: Attrs) -> Write {
        Write::Put {
            key: Key {
                pk: format!("T#{}#{partition}", self.scope),
                sk: sk.to_owned(),
            },
            attrs,
            condition: None,
        }
    }

    /// Sets an attribute of a group's own item.
    pub(crate) async fn set(&self, group: &str, name: &'static str, value: Attr) {
        let sk = key(group);
        let update = Write::Update {
            key: Key {
                pk: format!("T#{}#R#{}", self.scope, sk.split_at(8).0),
                sk,
            },
            update: Update {
                set: [(name, value)].into(),
                ..Update::default()
            },
            condition: None,
        };
        self.table.write(&update).await.unwrap();
    }

    /// Ticks, with time between them, until nothing can wait: no work is left, and `check` has nothing to say.
    pub(crate) async fn is_sound_in_the_end(&self) {
        for _ in 0..4 {
            self.host.advance(GRACE_MS);
            let until = self.host.now_ms() + GRACE_MS;
            let ticked = self.store.tick(until).await.unwrap();
            assert_eq!(ticked.failed, 0);
        }
        assert_eq!(self.items("D").await, []);
        let report = self.store.check(None, |_| ()).await.unwrap();
        assert_eq!(report.exit_status(), 0, "{}", report.to_json());
    }
}

pub(crate) fn key(id: &str) -> String {
    id.replace('-', "")
}

pub(crate) fn id_of(value: &Value) -> Id {
    serde_json::from_value(value.clone()).unwrap()
}

pub(crate) fn references(ids: &[Id]) -> Value {
    ids.iter()
        .map(|id| json!({ "value": id.to_string() }))
        .collect()
}
