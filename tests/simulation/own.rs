//! One run's part of an engine that others use as well: a look at all of it, and its indexes, cost what the run wrote.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serverless_scim::table::{
    Attr, BY_EXTERNAL_ID, BY_NAME, Consistency, Cursor, Index, Item, Key, Page, Query, Range,
    Table, TableError, Transaction, Write,
};

/// The partition that holds a row of every run's tenant.
const TENANTS: &str = "A#tenants";
/// Keys of one batch.
const BATCH: usize = 100;

#[derive(Debug)]
pub(crate) struct Own {
    inner: Arc<dyn Table>,
    /// Every key that was written, and whether its item was ever to stand in an index.
    keys: Mutex<BTreeMap<Key, bool>>,
}

impl Own {
    pub(crate) fn new(inner: Arc<dyn Table>) -> Self {
        let keys = Mutex::default();
        Self { inner, keys }
    }

    fn remember(&self, write: &Write) {
        let set = match write {
            Write::Put { attrs, .. } => attrs,
            Write::Update { update, .. } => &update.set,
            Write::Delete { .. } | Write::Check { .. } => return,
        };
        let indexed = [BY_NAME.pk, BY_EXTERNAL_ID.pk]
            .iter()
            .any(|name| set.contains_key(name));
        let mut keys = self.keys.lock().unwrap();
        *keys.entry(write.key().clone()).or_default() |= indexed;
    }

    /// What is there of `keys`.
    async fn read(&self, keys: &[Key]) -> Result<Vec<Item>, TableError> {
        let mut items = vec![];
        for batch in keys.chunks(BATCH) {
            items.extend(self.inner.batch_get(batch).await?.0);
        }
        Ok(items)
    }

    /// The run's own tenant, where all would be read.
    fn narrow(&self, query: &Query) -> Query {
        let keys = self.keys.lock().unwrap();
        let mut query = query.clone();
        if query.pk == TENANTS
            && let Some(own) = keys.keys().find(|key| key.pk == TENANTS)
        {
            query.range = Range::Between(own.sk.clone(), own.sk.clone());
        }
        query
    }
}

#[async_trait]
impl Table for Own {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        self.inner.get(key).await
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<(Vec<Item>, Vec<Key>), TableError> {
        self.inner.batch_get(keys).await
    }

    async fn query(&self, query: &Query, consistency: Consistency) -> Result<Page, TableError> {
        self.inner.query(&self.narrow(query), consistency).await
    }

    /// Never late; who wants it late wraps it.
    async fn query_index(&self, index: Index, query: &Query) -> Result<Page, TableError> {
        let keys: Vec<Key> = {
            let keys = self.keys.lock().unwrap();
            let indexed = keys.iter().filter(|(_, indexed)| **indexed);
            indexed.map(|(key, _)| key.clone()).collect()
        };
        assert!(query.after.is_none() && !query.descending, "{query:?}");
        let mut items = self.read(&keys).await?;
        items.retain(|item| {
            let text = |name: &str| match item.attrs.get(name) {
                Some(Attr::S(text)) => text.as_str(),
                _ => "",
            };
            let inside = match &query.range {
                Range::All => true,
                Range::BeginsWith(prefix) => text(index.sk).starts_with(prefix.as_str()),
                other => panic!("{other:?}"),
            };
            text(index.pk) == query.pk && inside
        });
        items.sort_by_key(|item| format!("{:?}", item.attrs.get(index.sk)));
        Ok(Page { items, next: None })
    }

    async fn scan(&self, after: Option<&Cursor>) -> Result<Page, TableError> {
        let from = after.map_or(Bound::Unbounded, |after| Bound::Excluded(after.key.clone()));
        let keys: Vec<Key> = {
            let keys = self.keys.lock().unwrap();
            let rest = keys.range((from, Bound::Unbounded));
            rest.map(|(key, _)| key.clone()).take(BATCH).collect()
        };
        let last = keys.last().filter(|_| keys.len() == BATCH).cloned();
        let next = last.map(|key| Cursor {
            key,
            index_key: None,
        });
        let items = self.read(&keys).await?;
        Ok(Page { items, next })
    }

    async fn transact(&self, transaction: &Transaction) -> Result<(), TableError> {
        transaction
            .writes
            .iter()
            .for_each(|write| self.remember(write));
        self.inner.transact(transaction).await
    }

    async fn write(&self, write: &Write) -> Result<(), TableError> {
        self.remember(write);
        self.inner.write(write).await
    }
}
