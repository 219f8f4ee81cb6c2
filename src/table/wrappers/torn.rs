//! Commits that become readable item by item.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::lock;
use crate::table::{
    Consistency, Cursor, Index, Item, Key, Page, Query, Reason, Table, TableError, Transaction,
    Write,
};

/// A table whose transactions are decided at once and become readable one item at a time. Until an item is out, it is
/// locked: readers see it as it was, other writers meet a conflict. A writer that goes away does not stop its items.
///
/// Only strong reads of the base table are torn: an index may lag anyway, and a scan is for a table at rest.
#[derive(Debug)]
pub struct Torn {
    inner: Arc<dyn Table>,
    /// Writes go to the table one at a time, so that what is held is what they replaced.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    held: BTreeMap<Key, Held>,
    /// Lets items out; without it somebody calls `release`.
    random: Option<StdRng>,
}

/// An item of a decided transaction that is not out yet.
#[derive(Debug)]
struct Held {
    token: String,
    /// What readers see.
    before: Option<Item>,
}

impl Torn {
    /// Every call may let an item out, and a writer waits for its own.
    pub fn new(inner: Arc<dyn Table>, seed: u64) -> Self {
        Self::with(inner, Some(StdRng::seed_from_u64(seed)))
    }

    /// Items come out by `release` alone. Who steers also keeps back the answer to a transaction until it `is_out`.
    pub fn steered(inner: Arc<dyn Table>) -> Self {
        Self::with(inner, None)
    }

    fn with(inner: Arc<dyn Table>, random: Option<StdRng>) -> Self {
        let held = BTreeMap::new();
        Self {
            inner,
            turn: tokio::sync::Mutex::default(),
            state: Mutex::new(State { held, random }),
        }
    }

    /// The items that are not out yet, in the order of their keys.
    pub fn held(&self) -> Vec<Key> {
        lock(&self.state).held.keys().cloned().collect()
    }

    /// From now on the item is read as it was committed.
    pub fn release(&self, key: &Key) {
        lock(&self.state).held.remove(key);
    }

    /// Whether all items of the transaction with this token can be read.
    pub fn is_out(&self, token: &str) -> bool {
        lock(&self.state)
            .held
            .values()
            .all(|held| held.token != token)
    }

    /// Lets one of the items out that `choose` accepts; whether there was one, and somebody to let it out.
    fn let_out(&self, choose: impl Fn(&Held) -> bool) -> bool {
        let state = &mut *lock(&self.state);
        let chosen = state.held.iter().filter(|(_, held)| choose(held));
        let keys: Vec<Key> = chosen.map(|(key, _)| key.clone()).collect();
        let Some(random) = state.random.as_mut().filter(|_| !keys.is_empty()) else {
            return false;
        };
        let at = random.random_range(0..keys.len());
        keys.get(at)
            .is_some_and(|key| state.held.remove(key).is_some())
    }

    fn pass_time(&self) {
        let some = |state: &mut State| state.random.as_mut().is_some_and(|r| r.random_bool(0.5));
        if some(&mut lock(&self.state)) {
            self.let_out(|_| true);
        }
    }

    /// The items as readers see them while they are held.
    fn seen(&self, chosen: impl Fn(&Key) -> bool) -> Vec<(Key, Option<Item>)> {
        let state = lock(&self.state);
        let held = state.held.iter().filter(|(key, _)| chosen(key));
        held.map(|(key, held)| (key.clone(), held.before.clone()))
            .collect()
    }

    /// The reasons for which a transaction on held items is cancelled.
    fn conflicts(&self, writes: &[Write]) -> Option<Vec<Reason>> {
        let state = lock(&self.state);
        let reason = |write: &Write| {
            if state.held.contains_key(write.key()) {
                Reason::Conflict
            } else {
                Reason::None
            }
        };
        let reasons: Vec<Reason> = writes.iter().map(reason).collect();
        reasons.contains(&Reason::Conflict).then_some(reasons)
    }

    async fn hold(&self, transaction: &Transaction) -> Result<(), TableError> {
        let mut held = BTreeMap::new();
        for write in &transaction.writes {
            let before = self.inner.get(write.key()).await?;
            let token = transaction.token.clone();
            held.insert(write.key().clone(), Held { token, before });
        }
        lock(&self.state).held.extend(held);
        Ok(())
    }

    async fn whole(
        &self,
        query: &Query,
        consistency: Consistency,
    ) -> Result<Vec<Item>, TableError> {
        let mut all = Query {
            limit: None,
            after: None,
            ..query.clone()
        };
        let mut items = Vec::new();
        loop {
            let page = self.inner.query(&all, consistency).await?;
            items.extend(page.items);
            if page.next.is_none() {
                return Ok(items);
            }
            all.after = page.next;
        }
    }
}

#[async_trait]
impl Table for Torn {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        self.pass_time();
        // What is held is looked at after the item: else a commit between the two would be seen too early.
        let item = self.inner.get(key).await?;
        let seen = self.seen(|held| held == key).pop();
        Ok(seen.map_or(item, |(_, before)| before))
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<(Vec<Item>, Vec<Key>), TableError> {
        self.pass_time();
        let (mut items, unread) = self.inner.batch_get(keys).await?;
        let asked = |held: &Key| keys.contains(held) && !unread.contains(held);
        for (key, before) in self.seen(asked) {
            items.retain(|item| item.key != key);
            items.extend(before);
        }
        Ok((items, unread))
    }

    async fn query(&self, query: &Query, consistency: Consistency) -> Result<Page, TableError> {
        self.pass_time();
        let inside = |key: &Key| key.pk == query.pk && query.range.contains(&key.sk);
        let page = self.inner.query(query, consistency).await?;
        if self.seen(inside).is_empty() {
            return Ok(page);
        }
        let mut items = self.whole(query, consistency).await?;
        for (key, before) in self.seen(inside) {
            items.retain(|item| item.key != key);
            items.extend(before);
        }
        Ok(cut(query, items))
    }

    async fn query_index(&self, index: Index, query: &Query) -> Result<Page, TableError> {
        self.pass_time();
        self.inner.query_index(index, query).await
    }

    async fn scan(&self, after: Option<&Cursor>) -> Result<Page, TableError> {
        self.inner.scan(after).await
    }

    async fn transact(&self, transaction: &Transaction) -> Result<(), TableError> {
        self.pass_time();
        {
            let _turn = self.turn.lock().await;
            if let Some(reasons) = self.conflicts(&transaction.writes) {
                return Err(TableError::Cancelled(reasons));
            }
            self.hold(transaction).await?;
            let outcome = self.inner.transact(transaction).await;
            if outcome.is_err() {
                let token = &transaction.token;
                let mut state = lock(&self.state);
                state.held.retain(|_, held| held.token != *token);
                return outcome;
            }
        }
        while self.let_out(|held| held.token == transaction.token) {
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    async fn write(&self, write: &Write) -> Result<(), TableError> {
        self.pass_time();
        let _turn = self.turn.lock().await;
        if self.conflicts(std::slice::from_ref(write)).is_some() {
            return Err(TableError::Busy);
        }
        self.inner.write(write).await
    }
}

/// The page of `query` from everything in its range.
fn cut(query: &Query, mut items: Vec<Item>) -> Page {
    items.sort_by(|one, other| one.key.sk.cmp(&other.key.sk));
    if query.descending {
        items.reverse();
    }
    if let Some(Cursor { key, .. }) = &query.after {
        items.retain(|item| (item.key.sk > key.sk) != query.descending && item.key.sk != key.sk);
    }
    let limit = query.limit.map_or(usize::MAX, |limit| limit as usize);
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|item| Cursor {
        key: item.key.clone(),
        index_key: None,
    });
    Page { items, next }
}
