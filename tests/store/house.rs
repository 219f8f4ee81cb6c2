//! Several tenants on one table, and leftovers to find there.

use std::collections::BTreeSet;
use std::sync::Arc;

use serverless_scim::patch::{MemberChange, Verb};
use serverless_scim::schema::{GROUP, USER};
use serverless_scim::store::{
    Change, Credential, Holds, Host as _, Id, Record, Request, Store, StoreError, Tenant,
    TenantScope,
};
use serverless_scim::table::{
    Attr, Condition, Consistency, DynamoDb, Key, Query, Range, Table as _, Write, embedded,
};

use crate::bench::{NOON, TestHost, group, object, user};

pub(crate) const MINUTE_MS: i64 = 60_000;
pub(crate) const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Some tenants on one table.
pub(crate) struct House {
    pub(crate) table: Arc<DynamoDb>,
    pub(crate) host: Arc<TestHost>,
    pub(crate) tenants: Vec<(TenantScope, Credential)>,
}

impl House {
    pub(crate) async fn new(tenants: usize) -> Self {
        let table = Arc::new(embedded::memory().await.unwrap());
        let host = TestHost::new(7);
        let store = Store::new(table.clone(), host.clone());
        let mut house = Self {
            table,
            host,
            tenants: vec![],
        };
        for n in 0..tenants {
            let scope = store.create_tenant(&format!("tenant{n}")).await.unwrap();
            let secret = store.connect(&scope, "").await.unwrap();
            let credential = store.authenticate(&secret).await.unwrap().unwrap();
            house.tenants.push((scope, credential));
        }
        house
    }

    pub(crate) fn store(&self) -> Store {
        Store::new(self.table.clone(), self.host.clone())
    }

    /// A tenant as a new request on this store sees it.
    pub(crate) fn tenant(&self, store: &Store, tenant: usize) -> Tenant {
        store.tenant(&self.tenants[tenant].1, self.request())
    }

    pub(crate) fn request(&self) -> Request {
        Request {
            id: "r".to_owned(),
            started: self.host.now_ms(),
        }
    }

    /// A user in a group whose deletion came no further than its one transaction, an hour ago.
    pub(crate) async fn half_deleted(&self, tenant: usize) -> Id {
        let scope = &self.tenants[tenant].0;
        let store = self.store();
        let [ada] = self.users(tenant, 1).await[..] else {
            panic!("one user")
        };
        let team = self.team(tenant, "Team").await;
        add(&self.tenant(&store, tenant), team, &[ada]).await;
        let id = key_of(ada);
        let bucket = id.split_at(8).0;
        self.delete(format!("T#{scope}#R#{bucket}"), &id).await;
        self.work(scope, &format!("U#{id}"), NOON - HOUR_MS).await;
        ada
    }

    pub(crate) async fn users(&self, tenant: usize, count: usize) -> Vec<Id> {
        let tenant = self.tenant(&self.store(), tenant);
        let mut ids = vec![];
        for n in 0..count {
            let user = object(user(&format!("u{n}-{count}@fabrikam.example")));
            let made = tenant.create(&USER, user, &BTreeSet::new()).await;
            ids.push(made.unwrap().id);
        }
        ids
    }

    pub(crate) async fn team(&self, tenant: usize, name: &str) -> Id {
        let tenant = self.tenant(&self.store(), tenant);
        let team = object(group(name));
        let made = tenant.create(&GROUP, team, &BTreeSet::new()).await;
        made.unwrap().id
    }

    pub(crate) async fn delete(&self, pk: String, sk: &str) {
        let key = Key {
            pk,
            sk: sk.to_owned(),
        };
        let delete = Write::Delete {
            key,
            condition: Some(Condition::Exists),
        };
        self.table.write(&delete).await.unwrap();
    }

    pub(crate) async fn work(&self, tenant: &TenantScope, row: &str, since: i64) {
        let put = Write::Put {
            key: Key {
                pk: format!("T#{tenant}#D"),
                sk: row.to_owned(),
            },
            attrs: [("since", Attr::N(since))].into(),
            condition: None,
        };
        self.table.write(&put).await.unwrap();
    }

    /// What is left of a half-deleted user: work rows and reverse edges.
    pub(crate) async fn left(&self, tenant: usize, member: Id) -> (usize, usize) {
        let (scope, _) = &self.tenants[tenant];
        (
            self.count(format!("T#{scope}#D")).await,
            self.count(format!("T#{scope}#V#{}", key_of(member))).await,
        )
    }

    pub(crate) async fn count(&self, pk: String) -> usize {
        let query = Query {
            pk,
            range: Range::All,
            descending: false,
            limit: None,
            after: None,
        };
        let page = self.table.query(&query, Consistency::Strong).await.unwrap();
        page.items.len()
    }
}

pub(crate) async fn add(tenant: &Tenant, group: Id, members: &[Id]) {
    let verbs = members.iter().map(|id| (id.to_string(), Verb::Add));
    let members = MemberChange {
        verbs: verbs.collect(),
        ..MemberChange::default()
    };
    change(tenant, group, members).await;
}

pub(crate) async fn remove_all(tenant: &Tenant, group: Id) {
    let mut members = MemberChange::default();
    members.clear();
    change(tenant, group, members).await;
}

async fn change(tenant: &Tenant, group: Id, members: MemberChange) {
    let change = |old: &Record| {
        Ok::<_, StoreError>(Change {
            document: old.document.clone(),
            members: members.clone(),
            holds: Holds::Nothing,
        })
    };
    tenant.modify(group, change).await.unwrap();
}

pub(crate) fn key_of(id: Id) -> String {
    id.to_string().replace('-', "")
}
