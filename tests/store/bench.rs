//! A store to experiment on: time that only sleeping moves, chance by seed.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rand::rngs::StdRng;
use rand::{RngCore as _, SeedableRng as _};
use serde_json::{Value, json};
use serverless_scim::filter::{self, Filter};
use serverless_scim::patch::{MemberChange, Verb};
use serverless_scim::schema::{Document, Quirks, ResourceType, Scope};
use serverless_scim::store::{
    COUNT_MAX, Change, Credential, Holds, Host, Id, MEMBERS_SHOWN_MAX, Membership, Page, Paging,
    Record, Request, Sizes, Start, Store, StoreError, Tenant,
};
use serverless_scim::table::Table;

pub(crate) const NOON: i64 = 1_790_000_000_000;

/// Sleeping takes no time and moves the clock.
#[derive(Debug)]
pub(crate) struct TestHost {
    now: AtomicI64,
    random: Mutex<StdRng>,
}

impl TestHost {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        let random = Mutex::new(StdRng::seed_from_u64(seed));
        Arc::new(Self {
            now: AtomicI64::new(NOON),
            random,
        })
    }

    pub(crate) fn advance(&self, ms: i64) {
        self.now.fetch_add(ms, Ordering::SeqCst);
    }
}

#[async_trait]
impl Host for TestHost {
    fn now_ms(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    fn random(&self, bytes: &mut [u8]) {
        self.random.lock().unwrap().fill_bytes(bytes);
    }

    async fn sleep_ms(&self, ms: u64) {
        self.advance(i64::try_from(ms).unwrap());
        tokio::task::yield_now().await;
    }
}

/// One tenant of a store over `table`.
pub(crate) struct Bench {
    pub(crate) host: Arc<TestHost>,
    store: Store,
    credential: Credential,
}

impl Bench {
    /// Makes the tenant over `reliable`, then works over `table`.
    pub(crate) async fn new(reliable: Arc<dyn Table>, table: Arc<dyn Table>, seed: u64) -> Self {
        let host = TestHost::new(seed);
        let store = Store::new(reliable, host.clone());
        let tenant = store.create_tenant("fabrikam").await.unwrap();
        let secret = store.connect(&tenant, "").await.unwrap();
        let credential = store.authenticate(&secret).await.unwrap().unwrap();
        let store = Store::new(table, host.clone());
        Self {
            host,
            store,
            credential,
        }
    }

    /// The same tenant over another view of the table, as another process sees it.
    pub(crate) fn over(&self, table: Arc<dyn Table>) -> Self {
        let store = Store::new(table, self.host.clone());
        Self {
            host: self.host.clone(),
            store,
            credential: self.credential.clone(),
        }
    }

    /// The same tenant where transactions and comparisons have other sizes.
    pub(crate) fn with_sizes(&self, table: Arc<dyn Table>, sizes: Sizes) -> Self {
        Self {
            store: Store::with_sizes(table, self.host.clone(), sizes),
            host: self.host.clone(),
            credential: self.credential.clone(),
        }
    }

    /// The tenant as a new request sees it.
    pub(crate) fn tenant(&self) -> Tenant {
        let started = self.host.now_ms();
        self.store.tenant(
            &self.credential,
            Request {
                id: "r".to_owned(),
                started,
            },
        )
    }

    pub(crate) async fn create(
        &self,
        kind: &ResourceType,
        document: Value,
    ) -> Result<Record, StoreError> {
        self.tenant()
            .create(kind, object(document), &BTreeSet::new())
            .await
    }

    pub(crate) async fn set(&self, id: Id, name: &str, value: Value) -> Result<Record, StoreError> {
        let decide = |old: &Record| {
            let mut document = old.document.clone();
            document.insert(name.to_owned(), value.clone());
            Ok(Change {
                document,
                members: MemberChange::default(),
                holds: Holds::Nothing,
            })
        };
        self.tenant().modify(id, decide).await
    }

    pub(crate) async fn members(
        &self,
        group: Id,
        change: MemberChange,
    ) -> Result<Record, StoreError> {
        let decide = |old: &Record| {
            Ok(Change {
                document: old.document.clone(),
                members: change.clone(),
                holds: Holds::Nothing,
            })
        };
        self.tenant().modify(group, decide).await
    }

    pub(crate) async fn add(&self, group: Id, member: Id) -> Result<Record, StoreError> {
        self.members(group, verb(member, Verb::Add)).await
    }

    pub(crate) async fn remove(&self, group: Id, member: Id) -> Result<Record, StoreError> {
        self.members(group, verb(member, Verb::Remove)).await
    }

    pub(crate) async fn delete(&self, id: Id) -> Result<(), StoreError> {
        self.tenant().delete(id, |_| Ok(())).await
    }

    pub(crate) async fn search(&self, kind: &ResourceType, text: &str) -> Page {
        let filter = filter::parse(Scope::Resource(kind), text, &mut Quirks::default()).unwrap();
        self.page(kind, Some(&filter)).await
    }

    pub(crate) async fn list(&self, kind: &ResourceType) -> Page {
        self.page(kind, None).await
    }

    async fn page(&self, kind: &ResourceType, filter: Option<&Filter>) -> Page {
        let paging = Paging {
            start: Start::Index(1),
            count: COUNT_MAX,
        };
        let page = self.tenant().search(kind, filter, None, &paging).await;
        page.unwrap()
    }

    /// What `check` has to say of the table, in words.
    pub(crate) async fn findings(&self) -> Vec<String> {
        let report = self.store.check(None, |_| ()).await.unwrap();
        report.findings.iter().map(ToString::to_string).collect()
    }

    /// Work rows that nobody has removed yet.
    pub(crate) async fn waiting(&self) -> u64 {
        let report = self.store.check(None, |_| ()).await.unwrap();
        report.waiting.rows
    }

    pub(crate) async fn members_of(&self, group: Id) -> BTreeSet<Id> {
        match self
            .tenant()
            .get_with_members(group, MEMBERS_SHOWN_MAX)
            .await
            .unwrap()
            .1
        {
            Membership::Shown(ids) => ids,
            Membership::TooMany => panic!("too many members"),
        }
    }

    pub(crate) async fn groups_of(&self, user: Id) -> BTreeSet<Id> {
        let groups = self.tenant().groups_of(user).await.unwrap();
        groups.iter().map(|group| group.id).collect()
    }
}

pub(crate) fn object(value: Value) -> Document {
    serde_json::from_value(value).unwrap()
}

pub(crate) fn user(name: &str) -> Value {
    json!({ "userName": name, "externalId": format!("x-{name}"), "active": true,
            "emails": [{ "type": "work", "value": name, "primary": true }] })
}

pub(crate) fn group(name: &str) -> Value {
    json!({ "displayName": name, "externalId": format!("g-{name}") })
}

pub(crate) fn verb(member: Id, verb: Verb) -> MemberChange {
    MemberChange {
        verbs: [(member.to_string(), verb)].into(),
        ..MemberChange::default()
    }
}
