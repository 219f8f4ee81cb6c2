//! How a mutant lies: what one request remembers, and what becomes of its reads.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use serverless_scim::table::{
    Attr, BY_NAME, Consistency, Cursor, Index, Item, Key, Page, Query, Range, Table, TableError,
    Transaction, Write,
};

use crate::lies::{falsify, is_head, stale_last};
use crate::mutant::{Lie, Mutant};

#[derive(Debug)]
pub(crate) struct Liar {
    pub inner: Arc<dyn Table>,
    pub lie: Lie,
    /// Whom the request asks about.
    about: Option<String>,
    pub memory: Mutex<Memory>,
}

/// What stood in a place, if anything.
#[derive(Debug, Clone)]
struct Seen(Option<Item>);

/// What was read earlier in the same request.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    heads: BTreeMap<Key, Seen>,
    looks: usize,
    pub edges: BTreeMap<String, Vec<Item>>,
}

/// The key of a group's head; `tenant` is the prefix of its keys.
fn head(tenant: &str, hex: &str) -> Key {
    Key {
        pk: format!("{tenant}R#{}", &hex[..8]),
        sk: hex.to_owned(),
    }
}

/// `T#`, the tenant and `#`.
pub(crate) fn tenant(query: &Query) -> String {
    query.pk.split_inclusive('#').take(2).collect()
}

pub(crate) fn is_dying(item: &Item) -> bool {
    item.key.sk.starts_with('U') || item.attrs.contains_key("dead")
}

impl Liar {
    pub(crate) fn new(inner: Arc<dyn Table>, lie: Lie, about: Option<String>) -> Self {
        Self {
            inner,
            lie,
            about,
            memory: Mutex::default(),
        }
    }

    /// Whether it lies so.
    fn lies(&self, mutant: Mutant) -> bool {
        self.lie.mutant == mutant && !self.lie.honest
    }

    /// How often the request has begun to read the dying, this time included.
    pub(crate) fn looks(&self, work: &Query) -> usize {
        let mut memory = self.memory.lock().unwrap();
        memory.looks += usize::from(work.after.is_none());
        memory.looks
    }

    fn falsify(&self, write: &Write) -> Write {
        if self.lie.honest {
            return write.clone();
        }
        falsify(self.lie.mutant, write, self.remembered(write.key()))
    }

    fn remembered(&self, key: &Key) -> Option<Item> {
        let memory = self.memory.lock().unwrap();
        memory.heads.get(key).cloned().and_then(|seen| seen.0)
    }

    fn remember<'i>(&self, items: impl IntoIterator<Item = &'i Item>) {
        let heads = items.into_iter().filter(|item| is_head(&item.key));
        let heads = heads.map(|item| (item.key.clone(), Seen(Some(item.clone()))));
        self.memory.lock().unwrap().heads.extend(heads);
    }

    /// The head that the request saw, where it takes that for the present one.
    fn known_head(&self, key: &Key) -> Option<Seen> {
        let mut memory = self.memory.lock().unwrap();
        if self.lies(Mutant::OneHead) {
            return memory.heads.get(key).cloned();
        }
        // Every second look is one that should have been made again.
        let once = self.lies(Mutant::SecondHead) || self.lies(Mutant::PageOnce);
        if once { memory.heads.remove(key) } else { None }
    }

    /// Who bears the name, as the index has it.
    async fn by_index(&self, alias: &Query) -> Result<Page, TableError> {
        let norm = alias.pk.rsplit("#=").next().unwrap_or_default();
        let query = Query {
            pk: format!("{}I#0", tenant(alias)),
            range: Range::BeginsWith(format!("{norm}\u{1}")),
            ..alias.clone()
        };
        let mut page = self.inner.query_index(BY_NAME, &query).await?;
        for item in &mut page.items {
            let id = Attr::S(item.key.sk.clone());
            item.attrs.insert("id".to_owned(), id);
        }
        Ok(page)
    }

    /// The whole partition.
    pub(crate) async fn all(&self, pk: &str) -> Result<Vec<Item>, TableError> {
        let mut query = Query {
            pk: pk.to_owned(),
            range: Range::All,
            descending: false,
            limit: None,
            after: None,
        };
        let mut items = vec![];
        loop {
            let page = self.inner.query(&query, Consistency::Strong).await?;
            items.extend(page.items);
            query.after = page.next;
            if query.after.is_none() {
                return Ok(items);
            }
        }
    }

    /// Where the edges of a group stand, as its head names them that was read.
    pub(crate) async fn place_of_edges(&self, query: &Query) -> Result<Option<String>, TableError> {
        let (tenant, hex) = (tenant(query), query.pk.split('#').nth(3));
        let Some(hex) = hex else { return Ok(None) };
        let key = head(&tenant, hex);
        let head = match self.remembered(&key) {
            Some(head) => Some(head),
            None => self.inner.get(&key).await?,
        };
        Ok(match head.and_then(|head| head.attrs.get("gen").cloned()) {
            Some(Attr::S(generation)) => Some(format!("{tenant}M#{hex}#{generation}")),
            _ => None,
        })
    }

    /// Reads the edges before the lanes.
    async fn edges_first(&self, lanes: &Query) -> Result<(), TableError> {
        if let Some(pk) = self.place_of_edges(lanes).await? {
            let edges = self.all(&pk).await?;
            if !self.lie.honest {
                self.memory.lock().unwrap().edges.insert(pk, edges);
            }
        }
        Ok(())
    }

    /// Whether there are no lanes to be swept, for their group is gone.
    async fn is_headless(&self, lanes: &Query) -> Result<bool, TableError> {
        let hex = lanes.pk.split('#').nth(3).unwrap_or_default();
        let head = self.inner.get(&head(&tenant(lanes), hex)).await?;
        Ok(head.is_none() && !self.lie.honest)
    }

    /// What the mutant answers by itself.
    async fn answer(&self, query: &Query) -> Result<Option<Page>, TableError> {
        let (first, lanes) = (query.after.is_none(), query.pk.contains("#O#"));
        match self.lie.mutant {
            Mutant::DyingLast | Mutant::ListDyingLast => return self.dying_last(query).await,
            Mutant::LanesFirst if lanes && first => self.edges_first(query).await?,
            Mutant::LanesOfTheDead if lanes && self.is_headless(query).await? => {
                return Ok(Some(Page::default()));
            }
            Mutant::Index if query.pk.contains("#N#0#userName#") => {
                let page = self.by_index(query).await?;
                return Ok(Some(page).filter(|_| !self.lie.honest));
            }
            _ => {}
        }
        let known = self.memory.lock().unwrap().edges.remove(&query.pk);
        let page = |items| Page { items, next: None };
        Ok(known.filter(|_| first).map(page))
    }
}

#[async_trait]
impl Table for Liar {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        if let Some(known) = self.known_head(key) {
            return Ok(known.0);
        }
        let item = self.inner.get(key).await?;
        if is_head(key) {
            let mut memory = self.memory.lock().unwrap();
            memory.heads.insert(key.clone(), Seen(item.clone()));
        }
        let unlooked = self.lies(Mutant::Unlooked) && self.about.as_ref() == Some(&key.sk);
        Ok(item.or_else(|| unlooked.then(|| somebody(key))))
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<(Vec<Item>, Vec<Key>), TableError> {
        if self.lies(Mutant::ListOnce) {
            let known = keys.iter().map(|key| self.remembered(key)).collect();
            if let Some(heads) = known {
                return Ok((heads, vec![]));
            }
        }
        let (items, unread) = self.inner.batch_get(keys).await?;
        self.remember(&items);
        Ok((items, unread))
    }

    async fn query(&self, query: &Query, consistency: Consistency) -> Result<Page, TableError> {
        if let Some(page) = self.answer(query).await? {
            return Ok(page);
        }
        let mut page = self.inner.query(query, consistency).await?;
        self.remember(&page.items);
        let work = query.pk.ends_with("#D") && !self.lie.honest;
        match self.lie.mutant {
            Mutant::Dying if work => page.items.retain(|item| !is_dying(item)),
            Mutant::DyingOnce if work && self.looks(query).is_multiple_of(2) => {
                page.items.retain(|item| !is_dying(item));
            }
            Mutant::DeadGroup if work => {
                page.items.retain(|item| !item.attrs.contains_key("dead"));
            }
            Mutant::Held if work => page.items.iter_mut().for_each(begin_late),
            _ => {}
        }
        Ok(page)
    }

    async fn query_index(&self, index: Index, query: &Query) -> Result<Page, TableError> {
        self.inner.query_index(index, query).await
    }

    async fn scan(&self, after: Option<&Cursor>) -> Result<Page, TableError> {
        self.inner.scan(after).await
    }

    async fn transact(&self, transaction: &Transaction) -> Result<(), TableError> {
        static TOKENS: AtomicU64 = AtomicU64::new(0);
        let mut sent = transaction.clone();
        let writes = transaction.writes.iter();
        sent.writes = writes.map(|write| self.falsify(write)).collect();
        if self.lies(Mutant::Token) {
            sent.token = format!("{}", TOKENS.fetch_add(1, Ordering::SeqCst));
        }
        if self.lies(Mutant::Idle) {
            return Err(TableError::Busy);
        }
        let answer = self.inner.transact(&sent).await;
        match answer {
            Err(TableError::Cancelled(reasons)) if self.lies(Mutant::StaleFirst) => {
                Err(TableError::Cancelled(stale_last(&sent.writes, reasons)))
            }
            answer => answer,
        }
    }

    async fn write(&self, write: &Write) -> Result<(), TableError> {
        self.inner.write(&self.falsify(write)).await
    }
}

/// A resource that nobody looked for and that is taken to be there.
fn somebody(key: &Key) -> Item {
    let number = |name: &str| (name.to_owned(), Attr::N(1));
    let document = ("d".to_owned(), Attr::S("{}".to_owned()));
    Item {
        key: key.clone(),
        attrs: [number("v"), number("ct"), number("lm"), document].into(),
    }
}

/// Lets an open change seem to have begun after every deletion.
fn begin_late(row: &mut Item) {
    if row.key.sk.starts_with('P') {
        row.attrs.insert("since".to_owned(), Attr::N(i64::MAX));
    }
}
