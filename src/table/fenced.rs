//! A table behind a fence: what one tenant's requests may touch, checked at every call, whatever the code above it does.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    Consistency, Cursor, Index, Item, Key, Page, Query, Table, TableError, Transaction, Write,
};

/// Lets through only keys of one partition key and of those that continue it after `#`.
#[derive(Debug, Clone)]
pub struct Fenced {
    table: Arc<dyn Table>,
    own: String,
}

/// A call that would have left the fence; it is a defect of ours, and nothing was asked of the table.
#[derive(Debug, thiserror::Error)]
#[error("a key outside the tenant")]
struct Outside;

impl Fenced {
    /// Everything whose partition key is `own` or begins with `own` and `#`.
    pub fn new(table: Arc<dyn Table>, own: String) -> Self {
        Self { table, own }
    }

    fn partition(&self, pk: &str) -> Result<(), TableError> {
        match pk.strip_prefix(&self.own) {
            Some(rest) if rest.is_empty() || rest.starts_with('#') => Ok(()),
            _ => Err(TableError::Refused(Box::new(Outside))),
        }
    }

    fn key(&self, key: &Key) -> Result<(), TableError> {
        self.partition(&key.pk)
    }

    fn query_inside(&self, query: &Query) -> Result<(), TableError> {
        self.partition(&query.pk)?;
        let Some(after) = &query.after else {
            return Ok(());
        };
        self.key(&after.key)?;
        after.index_key.as_ref().map_or(Ok(()), |key| self.key(key))
    }
}

#[async_trait]
impl Table for Fenced {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        self.key(key)?;
        self.table.get(key).await
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<(Vec<Item>, Vec<Key>), TableError> {
        keys.iter().try_for_each(|key| self.key(key))?;
        self.table.batch_get(keys).await
    }

    async fn query(&self, query: &Query, consistency: Consistency) -> Result<Page, TableError> {
        self.query_inside(query)?;
        self.table.query(query, consistency).await
    }

    async fn query_index(&self, index: Index, query: &Query) -> Result<Page, TableError> {
        self.query_inside(query)?;
        self.table.query_index(index, query).await
    }

    async fn scan(&self, _: Option<&Cursor>) -> Result<Page, TableError> {
        Err(TableError::Refused(Box::new(Outside)))
    }

    async fn transact(&self, transaction: &Transaction) -> Result<(), TableError> {
        let writes = &transaction.writes;
        writes.iter().try_for_each(|write| self.key(write.key()))?;
        self.table.transact(transaction).await
    }

    async fn write(&self, write: &Write) -> Result<(), TableError> {
        self.key(write.key())?;
        self.table.write(write).await
    }
}
