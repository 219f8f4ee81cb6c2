//! Indexes that stand still while the table moves on: a GSI may be late by anything.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::lock;
use crate::table::{
    Attr, Consistency, Cursor, Index, Item, Key, Page, Query, Table, TableError, Transaction, Write,
};

/// A table whose index queries can be stopped in time.
#[derive(Debug)]
pub struct FrozenIndexes {
    inner: Arc<dyn Table>,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    Live,
    /// The items written since, as they stood when the indexes froze.
    Frozen(HashMap<Key, Option<Item>>),
    Empty,
}

impl FrozenIndexes {
    /// The indexes are live until told otherwise. Every write must come through this wrapper.
    pub fn new(inner: Arc<dyn Table>) -> Self {
        Self {
            inner,
            state: Mutex::new(State::Live),
        }
    }

    /// From now on index queries answer as of now.
    pub fn freeze(&self) {
        *lock(&self.state) = State::Frozen(HashMap::new());
    }

    /// From now on index queries find nothing.
    pub fn empty(&self) {
        *lock(&self.state) = State::Empty;
    }

    /// From now on index queries are up to date again.
    pub fn thaw(&self) {
        *lock(&self.state) = State::Live;
    }

    async fn remember(&self, key: &Key) -> Result<(), TableError> {
        if !matches!(&*lock(&self.state), State::Frozen(before) if !before.contains_key(key)) {
            return Ok(());
        }
        let item = self.inner.get(key).await?;
        if let State::Frozen(before) = &mut *lock(&self.state) {
            // Another write may have been faster, and its image is the older one.
            before.entry(key.clone()).or_insert(item);
        }
        Ok(())
    }

    async fn whole(&self, index: Index, query: &Query) -> Result<Vec<Item>, TableError> {
        let mut all = Query {
            limit: None,
            after: None,
            ..query.clone()
        };
        let mut items = Vec::new();
        loop {
            let page = self.inner.query_index(index, &all).await?;
            items.extend(page.items);
            if page.next.is_none() {
                return Ok(items);
            }
            all.after = page.next;
        }
    }
}

#[async_trait]
impl Table for FrozenIndexes {
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
        if matches!(&*lock(&self.state), State::Live) {
            return self.inner.query_index(index, query).await;
        }
        if matches!(&*lock(&self.state), State::Empty) {
            return Ok(Page::default());
        }
        let mut items = self.whole(index, query).await?;
        if let State::Frozen(before) = &*lock(&self.state) {
            items.retain(|item| !before.contains_key(&item.key));
            let then = before.values().flatten();
            items.extend(then.filter_map(|item| entry(index, query, item)));
        }
        Ok(page(index, query, items))
    }

    async fn scan(&self, after: Option<&Cursor>) -> Result<Page, TableError> {
        self.inner.scan(after).await
    }

    async fn transact(&self, transaction: &Transaction) -> Result<(), TableError> {
        for write in &transaction.writes {
            self.remember(write.key()).await?;
        }
        self.inner.transact(transaction).await
    }

    async fn write(&self, write: &Write) -> Result<(), TableError> {
        self.remember(write.key()).await?;
        self.inner.write(write).await
    }
}

/// The item as the index shows it to the query, if it does.
fn entry(index: Index, query: &Query, item: &Item) -> Option<Item> {
    let key = index_key(index, item)?;
    if key.pk != query.pk || !query.range.contains(&key.sk) {
        return None;
    }
    let attrs = [(index.pk, key.pk), (index.sk, key.sk)];
    let attrs = attrs.map(|(name, text)| (name.to_owned(), Attr::S(text)));
    Some(Item {
        key: item.key.clone(),
        attrs: attrs.into(),
    })
}

fn index_key(index: Index, item: &Item) -> Option<Key> {
    match (item.attrs.get(index.pk), item.attrs.get(index.sk)) {
        (Some(Attr::S(pk)), Some(Attr::S(sk))) => Some(Key {
            pk: pk.clone(),
            sk: sk.clone(),
        }),
        _ => None,
    }
}

/// Entries with the same index key have no order of their own in DynamoDB; here it is that of their keys.
fn page(index: Index, query: &Query, mut items: Vec<Item>) -> Page {
    let place = |item: &Item| (index_key(index, item), item.key.clone());
    items.sort_by_key(place);
    if query.descending {
        items.reverse();
    }
    if let Some(Cursor { key, index_key }) = &query.after {
        let after = (index_key.clone(), key.clone());
        items.retain(|item| (place(item) > after) != query.descending && place(item) != after);
    }
    let limit = query.limit.map_or(usize::MAX, |limit| limit as usize);
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|item| Cursor {
        key: item.key.clone(),
        index_key: index_key(index, item),
    });
    Page { items, next }
}
