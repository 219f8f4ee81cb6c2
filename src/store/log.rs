//! The provisioning log: what was changed and what was refused, the oldest first, for reading once and for following.

mod entry;

use std::fmt;
use std::str::FromStr;

use ulid::Ulid;

pub(super) use entry::read;
pub use entry::{LogEntry, LogEvent};

use super::keys::TenantScope;
use super::outbox::attr;
use super::{Store, StoreError};
use crate::table::{Consistency, Item, Page, Query, Range, Table};
use entry::time;

/// Entries of one page.
pub const LOG_PAGE_MAX: usize = 1_000;
/// Items looked at for one page of one connection's entries, in each of both partitions...
const LOOKED_AT_MAX: usize = 2_000;
/// ...and how many more than the entries of a page otherwise: parts of big changes are read and not shown.
const PARTS: usize = 200;
/// An entry is named when its change is planned. A big change is committed up to 45 s after that, its last try may
/// take some seconds, and its items become readable one by one; after this time none can turn up any more.
const SETTLED_MS: i64 = 90_000;

/// A place in the log, between two entries.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogCursor(String);

/// A text that is no place in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("\"after\" is the \"next\" of an earlier page, or left out")]
pub struct LogCursorError;

impl Default for LogCursor {
    /// Before everything.
    fn default() -> Self {
        Self(Ulid::nil().to_string())
    }
}

impl FromStr for LogCursor {
    type Err = LogCursorError;

    fn from_str(text: &str) -> Result<Self, LogCursorError> {
        let ulid = Ulid::from_string(text).map_err(|_| LogCursorError)?;
        // Other spellings of the same would not sort as entries do.
        let cursor = Self(ulid.to_string());
        if cursor.0 == text {
            Ok(cursor)
        } else {
            Err(LogCursorError)
        }
    }
}

impl fmt::Display for LogCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which part of the log.
#[derive(Debug, Clone, Default)]
pub struct LogQuery {
    /// Of this connection alone.
    pub connection: Option<String>,
    pub after: LogCursor,
    /// Entries, up to [`LOG_PAGE_MAX`].
    pub limit: usize,
}

/// Some entries, in the order of their ids, and where to go on.
///
/// Entries of the last [`SETTLED_MS`] are told at once, but `next` does not move past them: a change that was begun
/// earlier may still come in between. So a follower misses nothing, sees young entries again and knows them by their
/// ids. There is nothing more for now where `next` stays.
#[derive(Debug)]
pub struct LogPage {
    pub entries: Vec<LogEntry>,
    pub next: LogCursor,
}

impl Store {
    /// A page of the tenant's log.
    pub async fn log(&self, tenant: &TenantScope, query: &LogQuery) -> Result<LogPage, StoreError> {
        let table = self.fenced(tenant);
        let (changes, refusals) = tokio::try_join!(
            log_items(table.as_ref(), tenant.outboxes(), query),
            log_items(table.as_ref(), tenant.refusals(), query)
        )?;
        // Behind the end of a page that was cut, the other partition's items are not yet in turn.
        let ends = [&changes, &refusals].map(|page| match (&page.next, page.items.last()) {
            (Some(_), Some(last)) => Some(last.key.sk.clone()),
            _ => None,
        });
        let end = ends.into_iter().flatten().min();
        let mut items: Vec<Item> = changes.items.into_iter().chain(refusals.items).collect();
        items.retain(|item| end.as_ref().is_none_or(|end| item.key.sk <= *end));
        items.sort_by(|left, right| left.key.sk.cmp(&right.key.sk));
        let now = self.host().now_ms();
        let (mut entries, mut next) = (vec![], query.after.clone());
        for item in items {
            if entries.len() == query.entries() {
                break;
            }
            if time(&item).is_some_and(|time| time <= now - SETTLED_MS) {
                next = LogCursor(item.key.sk.clone());
            }
            // What does not read is for `check` to tell.
            let Some(entry) = read(&item) else { continue };
            let asked = query.connection.is_none() || entry.connection == query.connection;
            let expired = item
                .number(attr::EXPIRES)
                .is_some_and(|end| end * 1_000 <= now);
            if asked && !expired && !item.attrs.contains_key(attr::PART) {
                entries.push(entry);
            }
        }
        Ok(LogPage { entries, next })
    }
}

async fn log_items(table: &dyn Table, pk: String, of: &LogQuery) -> Result<Page, StoreError> {
    let looked_at = match of.connection {
        Some(_) => LOOKED_AT_MAX,
        None => of.entries() + PARTS,
    };
    let query = Query {
        range: Range::Greater(of.after.0.clone()),
        limit: u32::try_from(looked_at).ok(),
        ..Query::all(pk)
    };
    // An eventual read may miss what is older than what it shows.
    Ok(table.query(&query, Consistency::Strong).await?)
}

impl LogQuery {
    fn entries(&self) -> usize {
        self.limit.clamp(1, LOG_PAGE_MAX)
    }
}
