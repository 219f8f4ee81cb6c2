//! Two tenants on one table; one of them with something of everything, and to be erased.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use http::Request as HttpRequest;
use serde_json::{Value, json};
use serverless_scim::api::{App, Call};
use serverless_scim::patch::{MemberChange, Verb};
use serverless_scim::schema::{GROUP, ResourceType, USER};
use serverless_scim::store::{
    AuthMethod, Change, Credential, Holds, Host as _, Id, NewClient, Record, Request, Sizes, Store,
    StoreError, Tenant, TenantScope,
};
use serverless_scim::table::wrappers::{Trouble, Unreliable};
use serverless_scim::table::{Attr, Attrs, DynamoDb, Item, Key, Table, Write, embedded};

use crate::bench::{TestHost, group, object, user};

/// Until then requests may go on that came in before.
pub(crate) const SETTLED_MS: i64 = 90_000;
/// Three members are a big change.
const SIZES: Sizes = Sizes {
    writes: 8,
    lanes: 90,
    compared: 100_000,
};

pub(crate) type Items = BTreeMap<Key, Item>;

pub(crate) struct Estate {
    pub(crate) table: Arc<DynamoDb>,
    pub(crate) host: Arc<TestHost>,
    pub(crate) store: Store,
    pub(crate) scope: TenantScope,
    pub(crate) credential: Credential,
    pub(crate) token: String,
    pub(crate) team: Id,
    pub(crate) ada: Id,
}

impl Estate {
    /// Everything that a tenant can leave behind stands in the table, and its erasure has begun.
    pub(crate) async fn new() -> Self {
        let table = Arc::new(embedded::memory().await.unwrap());
        let host = TestHost::new(23);
        let store = Store::with_sizes(table.clone(), host.clone(), SIZES);
        for name in ["fabrikam", "contoso"] {
            let scope = store.create_tenant(name).await.unwrap();
            let secret = store.connect(&scope, "").await.unwrap();
            let credential = store.authenticate(&secret).await.unwrap().unwrap();
            let nobody = json!("00000000-0000-8000-8000-000000000000");
            let nobody: Id = serde_json::from_value(nobody).unwrap();
            let mut estate = Self {
                table: table.clone(),
                host: host.clone(),
                store: store.clone(),
                scope,
                credential,
                token: secret.reveal().to_owned(),
                team: nobody,
                ada: nobody,
            };
            estate.live().await;
            if name == "contoso" {
                estate.settings().await;
                estate.store.begin_erasing(&estate.scope).await.unwrap();
                return estate;
            }
        }
        unreachable!("the second is returned")
    }

    async fn live(&mut self) {
        let mut users = vec![];
        for name in ["ada", "mei", "osei", "bea"] {
            users.push(self.create(&USER, user(name)).await);
        }
        self.ada = users[0];
        self.team = self.create(&GROUP, group("Team")).await;
        let parent = self.create(&GROUP, group("Parent")).await;
        let short = self.create(&GROUP, group("Short-lived")).await;
        for group in [self.team, short] {
            self.members(group, false, &users).await.unwrap();
        }
        self.members(parent, false, &[self.team]).await.unwrap();
        // A generation given up, a user and a group gone but for their rows.
        self.members(self.team, true, &users[..3]).await.unwrap();
        self.delete(users[3]).await;
        self.delete(short).await;
        // A big change that comes no further than its commit.
        let dying = self.dying_after(&self.table, 6);
        let tenant = dying.tenant(&self.credential, self.request());
        let late = members(&tenant, parent, false, &users[..3]).await;
        assert!(late.is_ok(), "{late:?}");
        self.host.advance(1_000);
    }

    /// What is beside the resources.
    async fn settings(&self) {
        let connection = self.credential.connection.id.clone();
        let client = NewClient {
            label: "Entra".to_owned(),
            method: AuthMethod::Secret,
            scopes: None,
            access_token_life: None,
        };
        let made = self.store.create_client(&self.scope, &connection, &client);
        made.await.unwrap();
        let schema = json!({
            "id": "urn:contoso:params:scim:schemas:hr:1.0:User", "name": "HR",
            "attributes": [{ "name": "badge", "type": "string" }],
        });
        let text = schema.to_string();
        let added = self.store.add_schema(&self.scope, &text, Some(&USER));
        added.await.unwrap();
        let (status, _) = self.send("POST", "/Users", json!({})).await;
        assert_eq!(status, 400);
        let number = || Attrs::from([("n", Attr::N(1))]);
        let hex = self.ada.to_string().replace('-', "");
        let digest = "A".repeat(43);
        for (partition, sk) in [
            ("#Z", hex.as_str()),
            ("#W", &format!("{connection}#000000000001")),
            ("#U", &digest),
            ("#G", "@"),
        ] {
            self.put(partition, sk, number()).await;
        }
    }

    pub(crate) async fn put(&self, partition: &str, sk: &str, attrs: Attrs) {
        let put = Write::Put {
            key: Key {
                pk: format!("T#{}{partition}", self.scope),
                sk: sk.to_owned(),
            },
            attrs,
            condition: None,
        };
        self.table.write(&put).await.unwrap();
    }

    /// A store over the table that dies after so many calls.
    pub(crate) fn dying_after(&self, table: &Arc<DynamoDb>, calls: u64) -> Store {
        let trouble = Trouble {
            crash_after: Some(calls),
            ..Trouble::default()
        };
        let table: Arc<dyn Table> = Arc::new(Unreliable::new(table.clone(), 1, trouble));
        self.over(table)
    }

    pub(crate) fn over(&self, table: Arc<dyn Table>) -> Store {
        Store::with_sizes(table, self.host.clone(), SIZES)
    }

    fn request(&self) -> Request {
        Request {
            id: "r".to_owned(),
            started: self.host.now_ms(),
        }
    }

    /// The tenant as a request sees it that came in before the erasure.
    pub(crate) fn tenant(&self) -> Tenant {
        self.store.tenant(&self.credential, self.request())
    }

    pub(crate) async fn create(&self, kind: &ResourceType, document: Value) -> Id {
        let (tenant, nobody) = (self.tenant(), BTreeSet::new());
        let created = tenant.create(kind, object(document), &nobody);
        created.await.unwrap().id
    }

    pub(crate) async fn members(
        &self,
        group: Id,
        clear: bool,
        add: &[Id],
    ) -> Result<Record, StoreError> {
        members(&self.tenant(), group, clear, add).await
    }

    pub(crate) async fn delete(&self, id: Id) {
        let deleted = self.tenant().delete(id, |_| Ok::<_, StoreError>(())).await;
        deleted.unwrap();
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let request = HttpRequest::builder()
            .method(method)
            .uri(format!("http://scim.example/scim/v2{path}"))
            .header("authorization", format!("Bearer {}", self.token))
            .body(());
        let call = Call {
            parts: request.unwrap().into_parts().0,
            body: Some(Bytes::from(body.to_string())),
            origin: "http://scim.example".to_owned(),
        };
        let answer = App::new(self.store.clone(), None).handle(call).await;
        let body = serde_json::from_slice(answer.body()).unwrap_or(Value::Null);
        (answer.status().as_u16(), body)
    }

    /// Whether an item is the tenant's, by key or by what stands in it.
    pub(crate) fn owns(&self, item: &Item) -> bool {
        let own = self.scope.to_string();
        let key = &item.key;
        let named = item.attrs.get("t") == Some(&Attr::S(own.clone()));
        key.pk.contains(&own) || key.sk.contains(&own) || named
    }

    pub(crate) async fn own_items(&self) -> Items {
        let mut all = items(&self.table).await;
        all.retain(|_, item| self.owns(item));
        all
    }

    /// Passes of ten seconds until nothing is left to do; how many it took.
    pub(crate) async fn erase(&self, store: &Store) -> usize {
        for pass in 1..20 {
            let until = self.host.now_ms() + 10_000;
            if store.erase_pass(&self.scope, until).await.unwrap().done {
                return pass;
            }
        }
        panic!("it does not come to an end")
    }
}

async fn members(
    tenant: &Tenant,
    group: Id,
    clear: bool,
    add: &[Id],
) -> Result<Record, StoreError> {
    let mut members = MemberChange::default();
    if clear {
        members.clear();
    }
    let verbs = add.iter().map(|id| (id.to_string(), Verb::Add));
    members.verbs.extend(verbs);
    let decide = |old: &Record| {
        Ok(Change {
            document: old.document.clone(),
            members: members.clone(),
            holds: Holds::Nothing,
        })
    };
    tenant.modify(group, decide).await
}

/// Everything in a table.
pub(crate) async fn items(table: &DynamoDb) -> Items {
    let (mut all, mut after) = (Items::new(), None);
    loop {
        let page = table.scan(after.as_ref()).await.unwrap();
        all.extend(page.items.into_iter().map(|item| (item.key.clone(), item)));
        after = page.next;
        if after.is_none() {
            return all;
        }
    }
}
