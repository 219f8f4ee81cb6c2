//! The table as it is, with an oracle that sees what takes effect.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serverless_scim::table::{
    Consistency, Cursor, Index, Item, Key, Page, Query, Table, TableError, Transaction, Write,
};

use crate::oracle::Oracle;

#[derive(Debug)]
pub(crate) struct Watched {
    pub inner: Arc<dyn Table>,
    /// Runs of one seed draw the same tokens, and share an engine that remembers them.
    pub run: u64,
    pub oracle: Arc<Mutex<Oracle>>,
}

#[async_trait]
impl Table for Watched {
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
        let mut own = transaction.clone();
        own.token = format!("{}-{}", transaction.token, self.run);
        self.inner.transact(&own).await?;
        let mut oracle = self.oracle.lock().unwrap();
        oracle.transacted(&transaction.token, &transaction.writes);
        Ok(())
    }

    async fn write(&self, write: &Write) -> Result<(), TableError> {
        self.inner.write(write).await?;
        self.oracle
            .lock()
            .unwrap()
            .wrote(std::slice::from_ref(write));
        Ok(())
    }
}
