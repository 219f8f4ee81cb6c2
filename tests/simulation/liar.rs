//! How a mutant lies: what one request remembers, and what becomes of its writes and reads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use serverless_scim::table::{
    Attr, Attrs, BY_NAME, Condition, Consistency, Cursor, Index, Item, Key, Page, Query, Range,
    Reason, Table, TableError, Transaction, Update, Write,
};

use crate::mutant::Mutant;

#[derive(Debug)]
pub(crate) struct Liar {
    inner: Arc<dyn Table>,
    mutant: Mutant,
    group: Option<String>,
    memory: Mutex<Memory>,
}

/// What was read earlier in the same request.
#[derive(Debug, Default)]
struct Memory {
    heads: BTreeMap<Key, Option<Item>>,
    edges: BTreeMap<String, Vec<Item>>,
}

fn is_head(key: &Key) -> bool {
    key.pk.contains("#R#1")
}

/// The key of a group's head; `tenant` is the prefix of its keys.
fn head(tenant: &str, hex: &str) -> Key {
    Key {
        pk: format!("{tenant}R#{}", &hex[..8]),
        sk: hex.to_owned(),
    }
}

fn has(key: &Key, part: &str) -> bool {
    key.pk.contains(part)
}

/// Leaves out what `lost` says, at any depth of `And`.
fn without(condition: Option<&Condition>, lost: &dyn Fn(&Condition) -> bool) -> Option<Condition> {
    match condition? {
        Condition::And(parts) => {
            let parts: Vec<Condition> = parts.iter().filter(|part| !lost(part)).cloned().collect();
            (!parts.is_empty()).then_some(Condition::And(parts))
        }
        other => (!lost(other)).then(|| other.clone()),
    }
}

fn with(write: &Write, new: Option<Condition>) -> Write {
    let mut write = write.clone();
    match &mut write {
        Write::Put { condition, .. }
        | Write::Update { condition, .. }
        | Write::Delete { condition, .. } => {
            *condition = new;
        }
        Write::Check { .. } => {}
    }
    write
}

impl Liar {
    /// `group` is whose members the request reads.
    pub(crate) fn new(inner: Arc<dyn Table>, mutant: Mutant, group: Option<String>) -> Self {
        Self {
            inner,
            mutant,
            group,
            memory: Mutex::default(),
        }
    }

    fn falsify(&self, write: &Write) -> Write {
        let key = write.key();
        match (self.mutant, write) {
            (Mutant::Fence, Write::Update { .. } | Write::Delete { .. }) if has(key, "#O#") => {
                with(write, None)
            }
            (Mutant::Guard, Write::Check { key, .. }) if has(key, "#R#") => Write::Check {
                key: key.clone(),
                condition: Condition::Or(vec![Condition::Exists, Condition::NotExists]),
            },
            (
                Mutant::Grace,
                Write::Put {
                    key,
                    attrs,
                    condition,
                },
            ) if key.pk.ends_with("#D") && !key.sk.starts_with('P') => {
                let mut attrs = attrs.clone();
                attrs.insert("since", Attr::N(0));
                Write::Put {
                    key: key.clone(),
                    attrs,
                    condition: condition.clone(),
                }
            }
            (Mutant::Exists, Write::Update { condition, .. }) if is_head(key) => with(
                write,
                without(condition.as_ref(), &|part| {
                    matches!(part, Condition::Exists | Condition::Equals(..))
                }),
            ),
            (Mutant::Version, Write::Update { .. } | Write::Put { .. }) if has(key, "#R#") => with(
                write,
                without(write.condition(), &|part| {
                    matches!(part, Condition::Equals("v", _))
                }),
            ),
            (Mutant::Nesting, Write::Update { key, .. }) if key.sk == "@" && !has(key, "#B#") => {
                Write::Check {
                    key: key.clone(),
                    condition: Condition::Exists,
                }
            }
            (
                Mutant::FlipAlone,
                Write::Update {
                    update, condition, ..
                },
            ) if is_head(key) && self.flips(key, update) => with(
                write,
                without(condition.as_ref(), &|part| {
                    matches!(part, Condition::Lacks(_) | Condition::Equals("v", _))
                }),
            ),
            (
                Mutant::Update,
                Write::Update {
                    update, condition, ..
                },
            ) if is_head(key) => self
                .whole(key, update, condition.clone())
                .unwrap_or_else(|| write.clone()),
            _ => write.clone(),
        }
    }

    fn remembered(&self, key: &Key) -> Option<Item> {
        self.memory
            .lock()
            .unwrap()
            .heads
            .get(key)
            .cloned()
            .flatten()
    }

    fn flips(&self, key: &Key, update: &Update) -> bool {
        let old = self.remembered(key);
        let generation = update.set.get("gen");
        generation.is_some()
            && old.and_then(|old| old.attrs.get("gen").cloned()).as_ref() != generation
    }

    /// The head as it was read, changed and put back.
    fn whole(&self, key: &Key, update: &Update, condition: Option<Condition>) -> Option<Write> {
        let old = self.remembered(key)?;
        let known = ["v", "ct", "lm", "d", "gen", "np", "ns", "xp", "xs", "tw"];
        let kept = known
            .into_iter()
            .filter(|name| !update.remove.contains(name));
        let mut attrs: Attrs = kept
            .filter_map(|name| Some((name, old.attrs.get(name)?.clone())))
            .collect();
        attrs.extend(update.set.clone());
        for (name, by) in &update.add {
            if let Some(Attr::N(number)) = attrs.get_mut(name) {
                *number += by;
            }
        }
        Some(Write::Put {
            key: key.clone(),
            attrs,
            condition,
        })
    }

    /// Who bears the name, as the index has it.
    async fn by_index(&self, tenant: &str, alias: &Query) -> Result<Page, TableError> {
        let norm = alias.pk.rsplit("#=").next().unwrap_or_default();
        let query = Query {
            pk: format!("{tenant}I#0"),
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

    async fn edges(&self, pk: &str) -> Result<(), TableError> {
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
                self.memory
                    .lock()
                    .unwrap()
                    .edges
                    .insert(pk.to_owned(), items);
                return Ok(());
            }
        }
    }

    /// Reads the edges of the group's generation as its head names it.
    async fn edges_too_early(&self, tenant: &str) -> Result<(), TableError> {
        let Some(hex) = &self.group else {
            return Ok(());
        };
        let key = head(tenant, hex);
        let head = match self.remembered(&key) {
            Some(head) => Some(head),
            None => self.inner.get(&key).await?,
        };
        match head.and_then(|head| head.attrs.get("gen").cloned()) {
            Some(Attr::S(generation)) => self.edges(&format!("{tenant}M#{hex}#{generation}")).await,
            _ => Ok(()),
        }
    }
}

fn is_dying(item: &Item) -> bool {
    item.key.sk.starts_with('U') || item.attrs.contains_key("dead")
}

#[async_trait]
impl Table for Liar {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        let once = matches!(self.mutant, Mutant::SecondHead | Mutant::OneHead);
        if once && is_head(key) {
            let known = self.memory.lock().unwrap().heads.get(key).cloned();
            if let Some(known) = known {
                return Ok(known);
            }
        }
        let item = self.inner.get(key).await?;
        if is_head(key) {
            self.memory
                .lock()
                .unwrap()
                .heads
                .insert(key.clone(), item.clone());
        }
        Ok(item)
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<(Vec<Item>, Vec<Key>), TableError> {
        let (items, unread) = self.inner.batch_get(keys).await?;
        let heads = items.iter().filter(|item| is_head(&item.key));
        let heads = heads.map(|item| (item.key.clone(), Some(item.clone())));
        self.memory.lock().unwrap().heads.extend(heads);
        Ok((items, unread))
    }

    async fn query(&self, query: &Query, consistency: Consistency) -> Result<Page, TableError> {
        let tenant: String = query.pk.split_inclusive('#').take(2).collect();
        let first = query.after.is_none();
        let early = match self.mutant {
            Mutant::LanesFirst => query.pk.contains("#O#"),
            Mutant::DyingFirst => query.pk.ends_with("#D"),
            _ => false,
        };
        if early && first {
            self.edges_too_early(&tenant).await?;
        }
        if self.mutant == Mutant::LanesOfTheDead && query.pk.contains("#O#") {
            let hex = query.pk.split('#').nth(3).unwrap_or_default();
            if self.inner.get(&head(&tenant, hex)).await?.is_none() {
                return Ok(Page::default());
            }
        }
        if self.mutant == Mutant::Index && query.pk.contains("#N#0#userName#") {
            return self.by_index(&tenant, query).await;
        }
        if query.pk.contains("#M#") && first {
            let known = self.memory.lock().unwrap().edges.remove(&query.pk);
            if let Some(items) = known {
                return Ok(Page { items, next: None });
            }
        }
        let mut page = self.inner.query(query, consistency).await?;
        if self.mutant == Mutant::Dying && query.pk.ends_with("#D") {
            page.items.retain(|item| !is_dying(item));
        }
        if self.mutant == Mutant::DeadGroup && query.pk.ends_with("#D") {
            page.items.retain(|item| !item.attrs.contains_key("dead"));
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
        sent.writes = transaction
            .writes
            .iter()
            .map(|write| self.falsify(write))
            .collect();
        if self.mutant == Mutant::Token {
            sent.token = format!("{}", TOKENS.fetch_add(1, Ordering::SeqCst));
        }
        let answer = self.inner.transact(&sent).await;
        match answer {
            Err(TableError::Cancelled(reasons)) if self.mutant == Mutant::StaleFirst => {
                Err(TableError::Cancelled(stale_last(&sent.writes, reasons)))
            }
            answer => answer,
        }
    }

    async fn write(&self, write: &Write) -> Result<(), TableError> {
        self.inner.write(&self.falsify(write)).await
    }
}

/// The reasons as somebody would see them who looks at the resource itself only where nothing else failed.
fn stale_last(writes: &[Write], mut reasons: Vec<Reason>) -> Vec<Reason> {
    let failed = |reason: &Reason| matches!(reason, Reason::Condition(_) | Reason::Invalid);
    let own: BTreeSet<usize> = writes
        .iter()
        .enumerate()
        .filter(|(_, write)| match write {
            Write::Check { .. } => false,
            // The name that is given up is the resource's own.
            Write::Delete { key, .. } => has(key, "#R#") || has(key, "#N#"),
            Write::Put { key, .. } | Write::Update { key, .. } => has(key, "#R#"),
        })
        .map(|(at, _)| at)
        .collect();
    let others = reasons
        .iter()
        .enumerate()
        .any(|(at, reason)| failed(reason) && !own.contains(&at));
    for at in own.into_iter().filter(|_| others) {
        reasons[at] = Reason::None;
    }
    reasons
}
