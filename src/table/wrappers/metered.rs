//! What calls would cost on AWS: capacity units, calls, and calls that had to wait for each other.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::lock;
use crate::table::definition::INDEXES;
use crate::table::{
    Consistency, Cursor, Index, Item, Key, Page, Query, Table, TableError, Transaction, Write, size,
};

const READ_UNIT_BYTES: usize = 4_096;
const WRITE_UNIT_BYTES: usize = 1_024;

/// The bill.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Read units, doubled: an eventually consistent read costs half a unit.
    pub read_halves: usize,
    /// Write units of items and index entries; a transaction's items cost double.
    pub write_units: usize,
    pub calls: usize,
    /// The longest chain of calls of which each began after the one before had ended.
    pub round_trips: usize,
    /// Queries that may miss the newest writes. Where every read must be exact, this is 0.
    pub eventual: usize,
}

/// A table that counts. It looks at items before and after a write, and does not count that.
///
/// A write that fails is billed at the item as it stands, and one that runs beside others on the same item at
/// whatever it happens to see.
#[derive(Debug)]
pub struct Metered {
    inner: Arc<dyn Table>,
    usage: Mutex<Usage>,
}

impl Metered {
    pub fn new(inner: Arc<dyn Table>) -> Self {
        let usage = Mutex::default();
        Self { inner, usage }
    }

    pub fn usage(&self) -> Usage {
        *lock(&self.usage)
    }

    /// Starts a new bill and returns the old one.
    pub fn reset(&self) -> Usage {
        std::mem::take(&mut *lock(&self.usage))
    }

    async fn call<T>(&self, call: impl Future<Output = T> + Send) -> T {
        let begun = {
            let mut usage = lock(&self.usage);
            usage.calls += 1;
            usage.round_trips
        };
        // Whoever is polled beside this call begins before it ends, however fast the table is.
        tokio::task::yield_now().await;
        let answer = call.await;
        let mut usage = lock(&self.usage);
        usage.round_trips = usage.round_trips.max(begun + 1);
        answer
    }

    fn bill(&self, add: impl FnOnce(&mut Usage)) {
        add(&mut lock(&self.usage));
    }

    fn bill_page(&self, page: &Result<Page, TableError>, consistency: Consistency) {
        let items = page.iter().flat_map(|page| &page.items);
        let units = units(items.map(size::of_item).sum(), READ_UNIT_BYTES);
        self.bill(|usage| match consistency {
            Consistency::Strong => usage.read_halves += 2 * units,
            Consistency::Eventual => {
                usage.read_halves += units;
                usage.eventual += 1;
            }
        });
    }

    async fn images(&self, writes: &[Write]) -> Vec<Option<Item>> {
        let mut images = Vec::with_capacity(writes.len());
        for write in writes {
            images.push(self.inner.get(write.key()).await.ok().flatten());
        }
        images
    }

    /// `factor` is what the items cost, not the index entries.
    async fn billed(
        &self,
        factor: usize,
        writes: &[Write],
        call: impl Future<Output = Result<(), TableError>> + Send,
    ) -> Result<(), TableError> {
        let before = self.images(writes).await;
        let result = self.call(call).await;
        let after = self.images(writes).await;
        let units: usize = before
            .iter()
            .zip(&after)
            .map(|(before, after)| (before.as_ref(), after.as_ref()))
            .map(|(before, after)| factor * item_units(before, after) + index_units(before, after))
            .sum();
        self.bill(|usage| usage.write_units += units);
        result
    }
}

fn units(bytes: usize, unit: usize) -> usize {
    bytes.div_ceil(unit).max(1)
}

fn item_units(before: Option<&Item>, after: Option<&Item>) -> usize {
    let bytes = before.into_iter().chain(after).map(size::of_item).max();
    units(bytes.unwrap_or(0), WRITE_UNIT_BYTES)
}

/// An entry that moves is removed and put again; one that stays costs nothing, as it holds keys only.
fn index_units(before: Option<&Item>, after: Option<&Item>) -> usize {
    INDEXES
        .into_iter()
        .map(|index| {
            let (before, after) = (entry(index, before), entry(index, after));
            if before == after {
                return 0;
            }
            before.iter().chain(&after).map(entry_units).sum()
        })
        .sum()
}

fn entry(index: Index, item: Option<&Item>) -> Option<Item> {
    let item = item?;
    let attr = |name: &str| Some((name.to_owned(), item.attrs.get(name)?.clone()));
    Some(Item {
        key: item.key.clone(),
        attrs: [attr(index.pk)?, attr(index.sk)?].into(),
    })
}

fn entry_units(entry: &Item) -> usize {
    units(size::of_item(entry), WRITE_UNIT_BYTES)
}

#[async_trait]
impl Table for Metered {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        let item = self.call(self.inner.get(key)).await?;
        let bytes = item.as_ref().map_or(0, size::of_item);
        self.bill(|usage| usage.read_halves += 2 * units(bytes, READ_UNIT_BYTES));
        Ok(item)
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<(Vec<Item>, Vec<Key>), TableError> {
        let (items, unread) = self.call(self.inner.batch_get(keys)).await?;
        let missing = keys.len().saturating_sub(items.len() + unread.len());
        let found = items
            .iter()
            .map(|item| units(size::of_item(item), READ_UNIT_BYTES));
        let units = found.sum::<usize>() + missing;
        self.bill(|usage| usage.read_halves += 2 * units);
        Ok((items, unread))
    }

    async fn query(&self, query: &Query, consistency: Consistency) -> Result<Page, TableError> {
        let page = self.call(self.inner.query(query, consistency)).await;
        self.bill_page(&page, consistency);
        page
    }

    async fn query_index(&self, index: Index, query: &Query) -> Result<Page, TableError> {
        let page = self.call(self.inner.query_index(index, query)).await;
        self.bill_page(&page, Consistency::Eventual);
        page
    }

    async fn scan(&self, after: Option<&Cursor>) -> Result<Page, TableError> {
        let page = self.call(self.inner.scan(after)).await;
        self.bill_page(&page, Consistency::Strong);
        page
    }

    async fn transact(&self, transaction: &Transaction) -> Result<(), TableError> {
        let call = self.inner.transact(transaction);
        self.billed(2, &transaction.writes, call).await
    }

    async fn write(&self, write: &Write) -> Result<(), TableError> {
        let call = self.inner.write(write);
        self.billed(1, std::slice::from_ref(write), call).await
    }
}
