//! A tenant that is suspended while one of its requests comes in.

use std::fmt;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use serverless_scim::home::SystemHost;
use serverless_scim::store::{Refused, Secret, Store, TenantChange};
use serverless_scim::table::{
    Consistency, Cursor, Index, Item, Key, Page, Query, Table, TableError, Transaction, Write,
    embedded,
};

/// Lets a request in right before each single write.
struct Busy {
    inner: Arc<dyn Table>,
    request: OnceLock<(Store, Secret)>,
}

impl fmt::Debug for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Busy").finish_non_exhaustive()
    }
}

#[async_trait]
impl Table for Busy {
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
        self.inner.transact(transaction).await
    }

    async fn write(&self, write: &Write) -> Result<(), TableError> {
        if let Some((store, secret)) = self.request.get() {
            store.authenticate(secret).await.unwrap().unwrap();
        }
        self.inner.write(write).await
    }
}

#[tokio::test]
async fn who_comes_in_at_that_moment_is_refused_from_the_next_on() {
    let table = Arc::new(Busy {
        inner: Arc::new(embedded::memory().await.unwrap()),
        request: OnceLock::new(),
    });
    let store = Store::new(table.clone(), Arc::new(SystemHost));
    let tenant = store.create_tenant("fabrikam").await.unwrap();
    let secret = store.connect(&tenant, "").await.unwrap();
    assert!(table.request.set((store.clone(), secret.clone())).is_ok());
    let change = TenantChange {
        suspended: Some(true),
        ..TenantChange::default()
    };
    store.change_tenant(&tenant, &change).await.unwrap();
    let found = store.authenticate(&secret).await.unwrap();
    assert!(matches!(found, Err(Refused::Suspended(_))), "{found:?}");
}
