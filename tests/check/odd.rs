//! A table with one oddity.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use serverless_scim::table::{
    Attr, Consistency, Cursor, Index, Item, Key, Page, Query, Reason, Table, TableError,
    Transaction, Write,
};

/// How the id of somebody who is not there ends.
pub(crate) const SHADOW: &str = "ffff";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Oddity {
    /// Rows of open changes stay, whatever is said of deleting them.
    Stays,
    /// The first look at a bucket meets a resource that came after the count was read, and is gone before the next.
    Guest,
    /// Transactions that would change the item of a group fail, as if it had changed.
    Rigid,
    /// The index of names shows a user who never was.
    Shadow,
    /// Every look at the count finds another one.
    Drifts,
}

#[derive(Debug)]
pub(crate) struct Odd {
    inner: Arc<dyn Table>,
    oddity: Oddity,
    looks: AtomicI64,
}

impl Odd {
    pub(crate) fn new(inner: Arc<dyn Table>, oddity: Oddity) -> Arc<Self> {
        let looks = AtomicI64::new(0);
        Arc::new(Self {
            inner,
            oddity,
            looks,
        })
    }

    fn stays(&self, write: &Write) -> bool {
        let row = |key: &Key| key.pk.ends_with("#D") && key.sk.starts_with("P#");
        self.oddity == Oddity::Stays && matches!(write, Write::Delete { key, .. } if row(key))
    }

    fn is_rigid(&self, write: &Write) -> bool {
        self.oddity == Oddity::Rigid
            && matches!(write, Write::Update { key, .. } if key.pk.contains("#R#1"))
    }

    fn look(&self, oddity: Oddity) -> i64 {
        if self.oddity == oddity {
            return self.looks.fetch_add(1, Ordering::SeqCst);
        }
        -1
    }
}

#[async_trait]
impl Table for Odd {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        self.inner.get(key).await
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<(Vec<Item>, Vec<Key>), TableError> {
        let (mut items, open) = self.inner.batch_get(keys).await?;
        for row in items.iter_mut().filter(|item| item.key.pk.contains("#B#")) {
            let more = self.look(Oddity::Drifts) + 1;
            for count in row.attrs.values_mut() {
                if let Attr::N(count) = count {
                    *count += more;
                }
            }
        }
        Ok((items, open))
    }

    async fn query(&self, query: &Query, consistency: Consistency) -> Result<Page, TableError> {
        let mut page = self.inner.query(query, consistency).await?;
        let held = query.pk.contains("#R#") && !page.items.is_empty();
        if held && self.look(Oddity::Guest) == 0 {
            let mut guest = page.items[0].clone();
            guest.key.sk.replace_range(28.., SHADOW);
            page.items.push(guest);
        }
        Ok(page)
    }

    async fn query_index(&self, index: Index, query: &Query) -> Result<Page, TableError> {
        let mut page = self.inner.query_index(index, query).await?;
        let shadows = self.oddity == Oddity::Shadow && query.pk.ends_with("#I#0");
        if let Some(mut shadow) = page.items.first().cloned().filter(|_| shadows) {
            shadow.key.sk.replace_range(28.., SHADOW);
            page.items.push(shadow);
        }
        Ok(page)
    }

    async fn scan(&self, after: Option<&Cursor>) -> Result<Page, TableError> {
        self.inner.scan(after).await
    }

    async fn transact(&self, transaction: &Transaction) -> Result<(), TableError> {
        if transaction.writes.iter().any(|write| self.stays(write)) {
            return Ok(());
        }
        if transaction.writes.iter().any(|write| self.is_rigid(write)) {
            let reasons = transaction.writes.iter();
            let reasons = reasons.map(|_| Reason::Condition(None)).collect();
            return Err(TableError::Cancelled(reasons));
        }
        self.inner.transact(transaction).await
    }

    async fn write(&self, write: &Write) -> Result<(), TableError> {
        if self.stays(write) {
            return Ok(());
        }
        self.inner.write(write).await
    }
}
