//! Listing without an index: exact totals and any page from the counted directory, and the bounded scan. RFC 7644 §3.4.2.4.

use std::ops::Range;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::directory::Bucket;
use super::paging::{Page, Paging, Position};
use super::{Record, StoreError, Tenant};
use crate::schema::ResourceType;
use crate::table;

/// Resources a filter without index may look at.
pub const SCAN_MAX: u64 = 50_000;
/// Buckets, or as many resources, read at once.
pub(super) const PARALLEL: usize = 16;

impl Tenant {
    /// The resources of a type in the order of their ids; what it costs does not grow with the depth of the page.
    pub(super) async fn list(
        &self,
        kind: &ResourceType,
        paging: &Paging,
    ) -> Result<Page, StoreError> {
        let directory = self.directory(kind.number).await?;
        let total = directory.iter().map(|bucket| bucket.count).sum();
        let mut page = if paging.is_cursor() {
            let buckets = behind(directory, paging.after());
            self.walk(kind, buckets, paging, all).await?
        } else {
            self.window(kind, &directory, paging).await?
        };
        page.total = Some(total);
        Ok(page)
    }

    async fn window(
        &self,
        kind: &ResourceType,
        directory: &[Bucket],
        paging: &Paging,
    ) -> Result<Page, StoreError> {
        let start = paging.skip();
        let window = start..start.saturating_add(paging.limit() as u64);
        let (buckets, skip) = covering(directory, &window);
        let found: Vec<Vec<Record>> = self.read_buckets(kind, buckets, all).try_collect().await?;
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let records = found
            .into_iter()
            .flatten()
            .skip(skip)
            .take(paging.limit())
            .collect();
        Ok(Page {
            records,
            ..Page::default()
        })
    }

    /// One page of what `choose` leaves of the buckets, read only as far as the page goes; nothing is counted.
    pub(super) async fn walk<F>(
        &self,
        kind: &ResourceType,
        buckets: Vec<Bucket>,
        paging: &Paging,
        choose: impl Fn(Vec<Record>) -> F + Copy + Send,
    ) -> Result<Page, StoreError>
    where
        F: Future<Output = Result<Vec<Record>, StoreError>> + Send,
    {
        let mut records: Vec<Record> = vec![];
        let mut open = buckets.as_slice();
        // As many as fill the page where everything is chosen; then as many as can be read at once.
        let mut next = filling(open, paging.limit());
        while records.len() <= paging.limit() && !open.is_empty() {
            let (now, later) = open.split_at(next.min(open.len()));
            (open, next) = (later, PARALLEL);
            let mut found = std::pin::pin!(self.read_buckets(kind, now.to_vec(), choose));
            while let Some(bucket) = found.try_next().await? {
                let behind = |record: &Record| paging.is_before(record.id);
                records.extend(bucket.into_iter().filter(behind));
            }
        }
        Ok(paging.cut(records))
    }

    /// The directory, if all resources of a type are few enough to look at.
    pub(super) async fn scannable(
        &self,
        kind: &ResourceType,
        max: u64,
    ) -> Result<Vec<Bucket>, StoreError> {
        let directory = self.directory(kind.number).await?;
        if directory.iter().map(|bucket| bucket.count).sum::<u64>() > max {
            return Err(StoreError::TooMany(max));
        }
        Ok(directory)
    }

    /// What `choose` leaves of each bucket, in the order of the buckets, several read at once.
    pub(super) fn read_buckets<F>(
        &self,
        kind: &ResourceType,
        buckets: Vec<Bucket>,
        choose: impl Fn(Vec<Record>) -> F + Copy + Send,
    ) -> impl stream::Stream<Item = Result<Vec<Record>, StoreError>> + Send
    where
        F: Future<Output = Result<Vec<Record>, StoreError>> + Send,
    {
        let number = kind.number;
        let read = move |bucket: Bucket| async move {
            let pk = self.scope.resources_of(number, bucket.number);
            let items = self.query_all(pk, table::Range::All).await?;
            let records = items.iter().map(Record::read).collect::<Result<_, _>>()?;
            choose(records).await
        };
        stream::iter(buckets).map(read).buffered(PARALLEL)
    }
}

/// Chooses every record.
pub(super) async fn all(records: Vec<Record>) -> Result<Vec<Record>, StoreError> {
    Ok(records)
}

/// The buckets that can hold something behind `position`.
pub(super) fn behind(mut directory: Vec<Bucket>, position: Option<&Position>) -> Vec<Bucket> {
    let first = position.map_or(0, |position| position.id.bucket());
    directory.retain(|bucket| bucket.number >= first);
    directory
}

/// How many of the buckets fill a page and show whether more follows: the first, which may lie before the page as a
/// whole, and those behind it.
fn filling(buckets: &[Bucket], limit: usize) -> usize {
    let mut held = 0;
    let needed = |bucket: &&Bucket| {
        let open = held <= limit as u64;
        held += bucket.count;
        open
    };
    1 + buckets.iter().skip(1).take_while(needed).count()
}

/// The buckets that hold the window, and how many resources stand before it in the first of them.
fn covering(directory: &[Bucket], window: &Range<u64>) -> (Vec<Bucket>, u64) {
    let (mut before, mut skip, mut buckets) = (0, 0, vec![]);
    if window.is_empty() {
        return (buckets, skip);
    }
    for bucket in directory {
        let end = before + bucket.count;
        if end > window.start && before < window.end {
            if buckets.is_empty() {
                skip = window.start - before.min(window.start);
            }
            buckets.push(*bucket);
        }
        before = end;
    }
    (buckets, skip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_behind_a_cursor_reads_as_many_buckets_as_it_needs() {
        let buckets = [3, 2, 4, 1].map(|count| Bucket { number: 0, count });
        let read = |limit| filling(&buckets, limit);
        assert_eq!([0, 1, 2, 5, 6, 100].map(read), [2, 2, 3, 3, 4, 4]);
        assert_eq!(filling(&[], 1), 1);
    }

    #[test]
    fn only_the_buckets_of_the_window_are_read() {
        let bucket = |number, count| Bucket { number, count };
        let directory = [bucket(0, 3), bucket(1, 2), bucket(5, 4)];
        let numbers = |window| {
            let (buckets, skip) = covering(&directory, &window);
            (
                buckets
                    .iter()
                    .map(|bucket| bucket.number)
                    .collect::<Vec<_>>(),
                skip,
            )
        };
        assert_eq!(numbers(0..3), (vec![0], 0));
        assert_eq!(numbers(2..4), (vec![0, 1], 2));
        assert_eq!(numbers(4..9), (vec![1, 5], 1));
        assert_eq!(numbers(9..12), (vec![], 0));
        assert_eq!(numbers(4..4), (vec![], 0));
    }
}
