//! A tenant with a past, and direct access to the table it is in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};
use serverless_scim::patch::{MemberChange, Verb};
use serverless_scim::schema::{GROUP, ResourceType, USER};
use serverless_scim::store::{
    Change, Credential, Holds, Id, Record, Report, Request, Sizes, Store, StoreError, Tenant,
};
use serverless_scim::table::{Attr, Attrs, DynamoDb, Item, Key, Table, Update, Write, embedded};

use crate::bench::{TestHost, group, object};

/// A work row goes after so long.
pub(crate) const GRACE_MS: i64 = 60_000;
/// Three members are a big change, of lanes with two.
const SIZES: Sizes = Sizes {
    writes: 8,
    lanes: 90,
    compared: 100_000,
};

pub(crate) struct Bed {
    pub(crate) table: Arc<DynamoDb>,
    pub(crate) host: Arc<TestHost>,
    pub(crate) store: Store,
    credential: Credential,
    /// Two e-mail addresses, a member of Team.
    pub(crate) ada: Id,
    /// Has the same externalId as `ada`, as its twin; a member of Team.
    pub(crate) mei: Id,
    /// Deleted long ago.
    pub(crate) gone: Id,
    /// A member of Parent.
    pub(crate) team: Id,
    pub(crate) parent: Id,
}

impl Bed {
    /// A tenant where everything has happened once, and everything was swept.
    pub(crate) async fn new() -> Self {
        let table = Arc::new(embedded::memory().await.unwrap());
        let host = TestHost::new(11);
        let store = Store::with_sizes(table.clone(), host.clone(), SIZES);
        let scope = store.create_tenant("fabrikam").await.unwrap();
        let secret = store.connect(&scope, "").await.unwrap();
        let credential = store.authenticate(&secret).await.unwrap().unwrap();
        let nobody: Id =
            serde_json::from_value(json!("00000000-0000-8000-8000-000000000000")).unwrap();
        let mut bed = Self {
            table,
            host,
            store,
            credential,
            ada: nobody,
            mei: nobody,
            gone: nobody,
            team: nobody,
            parent: nobody,
        };
        bed.live().await;
        bed.pass().await;
        bed
    }

    async fn live(&mut self) {
        let emails = json!([{ "value": "ada@fabrikam.example" }, { "value": "ada@home.example" }]);
        let ada = json!({ "userName": "osei", "externalId": "x1", "emails": emails });
        self.ada = self.create(&USER, ada).await;
        self.set(self.ada, "userName", json!("Ada.Osei")).await;
        let mei = json!({ "userName": "mei", "externalId": "x1" });
        self.mei = self.create(&USER, mei).await;
        self.gone = self.create(&USER, json!({ "userName": "gone" })).await;
        self.team = self.create(&GROUP, group("Team")).await;
        self.parent = self.create(&GROUP, group("Parent")).await;
        let short = self.create(&GROUP, group("Short-lived")).await;
        for group in [self.team, short] {
            let three = [self.ada, self.mei, self.gone].map(|id| (id, Verb::Add));
            self.members(group, false, &three).await;
        }
        self.members(self.parent, false, &[(self.team, Verb::Add)])
            .await;
        self.delete(self.gone).await;
        self.members(self.team, true, &[]).await;
        let two = [self.ada, self.mei].map(|id| (id, Verb::Add));
        self.members(self.team, true, &two).await;
        self.delete(short).await;
    }

    pub(crate) async fn pass(&self) {
        self.host.advance(GRACE_MS);
        while self.tenant().pass(100).await.unwrap() > 0 {}
    }

    pub(crate) fn tenant(&self) -> Tenant {
        self.tenant_in(&self.store)
    }

    /// The tenant in another store over the same table.
    pub(crate) fn tenant_in(&self, store: &Store) -> Tenant {
        use serverless_scim::store::Host as _;
        let request = Request {
            id: "r".to_owned(),
            started: self.host.now_ms(),
        };
        store.tenant(&self.credential, request)
    }

    /// A store of the same sizes over another view of the table.
    pub(crate) fn over(&self, table: Arc<dyn Table>) -> Store {
        Store::with_sizes(table, self.host.clone(), SIZES)
    }

    pub(crate) async fn create(&self, kind: &ResourceType, document: Value) -> Id {
        let tenant = self.tenant();
        let nobody = BTreeSet::new();
        let created = tenant.create(kind, object(document), &nobody);
        created.await.unwrap().id
    }

    pub(crate) async fn set(&self, id: Id, name: &str, value: Value) {
        let decide = |old: &Record| {
            let mut document = old.document.clone();
            document.insert(name.to_owned(), value.clone());
            let members = MemberChange::default();
            Ok::<_, StoreError>(Change {
                document,
                members,
                holds: Holds::Nothing,
            })
        };
        self.tenant().modify(id, decide).await.unwrap();
    }

    pub(crate) async fn members(&self, group: Id, clear: bool, verbs: &[(Id, Verb)]) {
        let changed = change_members(&self.tenant(), group, clear, verbs).await;
        changed.unwrap();
    }

    pub(crate) async fn delete(&self, id: Id) {
        self.tenant()
            .delete(id, |_| Ok::<_, StoreError>(()))
            .await
            .unwrap();
    }

    pub(crate) async fn check(&self) -> Report {
        self.store.check(None, |_| ()).await.unwrap()
    }

    /// The findings in words.
    pub(crate) async fn findings(&self) -> Vec<String> {
        texts(&self.check().await)
    }

    /// A key of the tenant: what follows its prefix, and the sort key.
    pub(crate) fn key(&self, pk: &str, sk: impl Into<String>) -> Key {
        let pk = format!("T#{}{pk}", self.tenant().scope());
        Key { pk, sk: sk.into() }
    }

    pub(crate) fn document(&self, id: Id) -> Key {
        let id = hex(id);
        let bucket = id.get(..8).unwrap();
        self.key(&format!("#R#{bucket}"), id.clone())
    }

    pub(crate) async fn item(&self, key: &Key) -> Item {
        self.table.get(key).await.unwrap().unwrap()
    }

    /// The key of the edge as its group sees it, then as its member does, and its generation.
    pub(crate) async fn edge(&self, group: Id, member: Id) -> (Key, Key, Attr) {
        let generation = self.item(&self.document(group)).await.attrs["gen"].clone();
        let Attr::S(text) = &generation else {
            panic!("no generation")
        };
        let forward = self.key(&format!("#M#{}#{text}", hex(group)), hex(member));
        let reverse = self.key(&format!("#V#{}", hex(member)), hex(group));
        (forward, reverse, generation)
    }

    /// Everything in the table.
    pub(crate) async fn items(&self) -> BTreeMap<Key, Item> {
        let page = self.table.scan(None).await.unwrap();
        assert!(page.next.is_none());
        page.items
            .into_iter()
            .map(|item| (item.key.clone(), item))
            .collect()
    }

    /// Makes the table what it was.
    pub(crate) async fn restore(&self, items: &BTreeMap<Key, Item>) {
        let now = self.items().await;
        for key in now.keys().filter(|key| !items.contains_key(*key)) {
            self.remove(key.clone()).await;
        }
        for (key, item) in items
            .iter()
            .filter(|(key, item)| now.get(*key) != Some(item))
        {
            let attrs = item.attrs.iter();
            let attrs = attrs.map(|(name, attr)| (&*name.clone().leak(), attr.clone()));
            self.put(key.clone(), attrs.collect::<Attrs>()).await;
        }
    }

    pub(crate) async fn put(&self, key: Key, attrs: impl Into<Attrs>) {
        let attrs = attrs.into();
        self.write(Write::Put {
            key,
            attrs,
            condition: None,
        })
        .await;
    }

    pub(crate) async fn remove(&self, key: Key) {
        self.write(Write::Delete {
            key,
            condition: None,
        })
        .await;
    }

    pub(crate) async fn update(&self, key: Key, set: impl Into<Attrs>, remove: &[&'static str]) {
        let update = Update {
            set: set.into(),
            remove: remove.to_vec(),
            ..Update::default()
        };
        self.write(Write::Update {
            key,
            update,
            condition: None,
        })
        .await;
    }

    async fn write(&self, write: Write) {
        self.table.write(&write).await.unwrap();
    }
}

pub(crate) async fn change_members(
    tenant: &Tenant,
    group: Id,
    clear: bool,
    verbs: &[(Id, Verb)],
) -> Result<Record, StoreError> {
    let mut members = MemberChange::default();
    if clear {
        members.clear();
    }
    members
        .verbs
        .extend(verbs.iter().map(|(id, verb)| (id.to_string(), *verb)));
    let decide = |old: &Record| {
        let document = old.document.clone();
        let members = members.clone();
        Ok(Change {
            document,
            members,
            holds: Holds::Nothing,
        })
    };
    tenant.modify(group, decide).await
}

pub(crate) fn texts(report: &Report) -> Vec<String> {
    report.findings.iter().map(ToString::to_string).collect()
}

/// An id as it stands in keys.
pub(crate) fn hex(id: Id) -> String {
    id.to_string().replace('-', "")
}

pub(crate) fn text(text: impl Into<String>) -> Attr {
    Attr::S(text.into())
}
