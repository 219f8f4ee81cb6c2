//! Listing without an index: exact totals and any page from the counted directory, and the bounded scan. RFC 7644 §3.4.2.4.

use std::ops::Range;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::directory::Bucket;
use super::{Record, StoreError, Tenant};
use crate::schema::ResourceType;
use crate::table;

/// Resources on one page; a larger `count` is taken as this.
pub const COUNT_MAX: u64 = 1_000;
/// Resources a filter without index may look at.
pub const SCAN_MAX: u64 = 50_000;
/// Buckets read at once.
const PARALLEL: usize = 16;

/// Which part of the results is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// 1 is the first.
    pub start_index: u64,
    /// At most [`COUNT_MAX`].
    pub count: u64,
}

/// Part of the results of a list or search.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// How many resources match in all.
    pub total: u64,
    pub records: Vec<Record>,
}

impl Paging {
    /// The positions asked for, counted from 0.
    pub(super) fn window(self) -> Range<u64> {
        let start = self.start_index.max(1) - 1;
        start..start.saturating_add(self.count.min(COUNT_MAX))
    }
}

impl Tenant {
    /// The resources of a type in the order of their ids; what it costs does not grow with `start_index`.
    pub async fn list(
        &self,
        resource_type: &ResourceType,
        paging: Paging,
    ) -> Result<Page, StoreError> {
        let directory = self.directory(resource_type.number).await?;
        let total = directory.iter().map(|bucket| bucket.count).sum();
        let window = paging.window();
        let (buckets, skip) = covering(&directory, &window);
        let found: Vec<Vec<Record>> = self
            .read_buckets(resource_type, buckets)
            .try_collect()
            .await?;
        let wanted = usize::try_from(window.end - window.start).unwrap_or(usize::MAX);
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let records = found
            .into_iter()
            .flatten()
            .skip(skip)
            .take(wanted)
            .collect();
        Ok(Page { total, records })
    }

    /// Every resource of a type, bucket by bucket in order, if they are few enough to look at.
    pub(super) async fn scan(
        &self,
        resource_type: &ResourceType,
        max: u64,
    ) -> Result<
        impl stream::Stream<Item = Result<Vec<Record>, StoreError>> + Send + use<'_>,
        StoreError,
    > {
        let directory = self.directory(resource_type.number).await?;
        if directory.iter().map(|bucket| bucket.count).sum::<u64>() > max {
            return Err(StoreError::TooMany);
        }
        Ok(self.read_buckets(resource_type, directory))
    }

    fn read_buckets(
        &self,
        resource_type: &ResourceType,
        buckets: Vec<Bucket>,
    ) -> impl stream::Stream<Item = Result<Vec<Record>, StoreError>> + Send + use<'_> {
        let number = resource_type.number;
        let read = move |bucket: Bucket| async move {
            let pk = self.scope.resources_of(number, bucket.number);
            let items = self.query_all(pk, table::Range::All).await?;
            items.iter().map(Record::read).collect()
        };
        stream::iter(buckets).map(read).buffered(PARALLEL)
    }
}

/// The buckets that hold the window, and how many resources stand before it in the first of them.
fn covering(directory: &[Bucket], window: &Range<u64>) -> (Vec<Bucket>, u64) {
    let (mut before, mut skip, mut buckets) = (0, 0, vec![]);
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

    #[test]
    fn pages_begin_at_one_and_are_capped() {
        assert_eq!(
            Paging {
                start_index: 0,
                count: 5
            }
            .window(),
            0..5
        );
        assert_eq!(
            Paging {
                start_index: 11,
                count: COUNT_MAX + 1
            }
            .window(),
            10..1_010
        );
        assert_eq!(
            Paging {
                start_index: u64::MAX,
                count: 9
            }
            .window()
            .end,
            u64::MAX
        );
    }
}
