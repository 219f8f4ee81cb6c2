//! Pages by position or by cursor, and the order they follow. RFC 7644 §3.4.2.3, §3.4.2.4, RFC 9865.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Id, Record};
use crate::schema::{AttrPath, AttributeType, Document, instant, norm, timestamp};

/// Resources on one page; a larger `count` is taken as this.
pub const COUNT_MAX: u64 = 1_000;

/// Bytes of a text that count where resources are sorted by it: a cursor carries them.
const SORTED_MAX: usize = 512;

/// Which part of the results is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Paging {
    pub start: Start,
    /// At most [`COUNT_MAX`].
    pub count: u64,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// 1 is the first.
    Index(u64),
    /// Behind this position, or at the beginning: every resource that is there throughout is seen exactly once.
    After(Option<Position>),
}

/// Part of the results of a list or search.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// How many resources match in all; `None` where a cursor makes counting too dear.
    pub total: Option<u64>,
    pub records: Vec<Record>,
    /// The last record's position, if a cursor led here and more follow.
    pub next: Option<Position>,
}

/// The order of the results: by an attribute, then by id.
#[derive(Debug, Clone, PartialEq)]
pub struct Sort {
    pub path: AttrPath,
    pub descending: bool,
}

/// A place in the order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// `None` where the resource has no value, or nothing was asked to be sorted.
    pub(super) key: Option<SortKey>,
    pub(super) id: Id,
}

/// A value as it sorts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum SortKey {
    /// Numbers, booleans as 0 and 1.
    Number(f64),
    /// Text in normal form, moments in UTC.
    Text(String),
}

impl Paging {
    pub(super) fn limit(&self) -> usize {
        usize::try_from(self.count.min(COUNT_MAX)).unwrap_or(usize::MAX)
    }

    /// How many results stand before the page, if it begins at an index.
    pub(super) fn skip(&self) -> u64 {
        match self.start {
            Start::Index(index) => index.max(1) - 1,
            Start::After(_) => 0,
        }
    }

    pub(super) fn after(&self) -> Option<&Position> {
        match &self.start {
            Start::Index(_) => None,
            Start::After(position) => position.as_ref(),
        }
    }

    pub(super) fn is_cursor(&self) -> bool {
        matches!(self.start, Start::After(_))
    }

    /// Whether a result stands behind the cursor, where results come in the order of their ids.
    pub(super) fn is_before(&self, id: Id) -> bool {
        self.after().is_none_or(|after| id > after.id)
    }

    /// Whether to keep a result that `before` others precede and `kept` of them were kept: it is on the page, or the one
    /// behind it, which shows that more follow.
    pub(super) fn needs(&self, id: Id, before: u64, kept: usize) -> bool {
        if self.is_cursor() {
            return kept <= self.limit() && self.is_before(id);
        }
        let end = self.skip().saturating_add(self.limit() as u64);
        (self.skip()..end).contains(&before)
    }

    /// The page that begins with the first of these results, which stand in the order of their ids.
    pub(super) fn cut(&self, mut records: Vec<Record>) -> Page {
        let more = records.len() > self.limit();
        records.truncate(self.limit());
        let last = records.last().filter(|_| more && self.is_cursor());
        let next = last.map(|record| Position {
            key: None,
            id: record.id,
        });
        Page {
            total: None,
            records,
            next,
        }
    }

    /// The page of results that are all at hand, each with its position.
    pub(super) fn of(&self, mut found: Vec<(Position, Record)>, descending: bool) -> Page {
        found.sort_by(|(one, _), (other, _)| one.compare(other, descending));
        let total = Some(found.len() as u64);
        let behind = |(position, _): &(Position, Record)| {
            let after = self.after();
            after.is_none_or(|after| position.compare(after, descending) == Ordering::Greater)
        };
        let skip = usize::try_from(self.skip()).unwrap_or(usize::MAX);
        let mut rest = found.into_iter().filter(behind).skip(skip).peekable();
        let page: Vec<_> = rest.by_ref().take(self.limit()).collect();
        let last = page.last().map(|(position, _)| position.clone());
        let next = last.filter(|_| self.is_cursor() && rest.peek().is_some());
        let records = page.into_iter().map(|(_, record)| record).collect();
        Page {
            total,
            records,
            next,
        }
    }
}

impl Position {
    /// A missing value comes last, and first where the order descends.
    fn compare(&self, other: &Self, descending: bool) -> Ordering {
        let keys = match (&self.key, &other.key) {
            (Some(one), Some(other)) => one.compare(other),
            (one, other) => one.is_none().cmp(&other.is_none()),
        };
        let keys = if descending { keys.reverse() } else { keys };
        keys.then_with(|| self.id.cmp(&other.id))
    }
}

impl SortKey {
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => one.total_cmp(other),
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            (Self::Number(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), Self::Number(_)) => Ordering::Greater,
        }
    }
}

impl Sort {
    /// The value that places `document`: of a list the primary element's, or the first.
    pub(super) fn key(&self, document: &Document) -> Option<SortKey> {
        let leaf = self.path.leaf();
        let value = self.chosen(document)?;
        match (leaf.kind, value) {
            (AttributeType::DateTime, Value::String(text)) => {
                let milliseconds = instant(text)?.unix_timestamp_nanos() / 1_000_000;
                Some(SortKey::Text(timestamp(i64::try_from(milliseconds).ok()?)))
            }
            (_, Value::String(text)) => {
                let mut text = norm(text, leaf.case_exact);
                text.truncate(text.floor_char_boundary(SORTED_MAX));
                Some(SortKey::Text(text))
            }
            (_, Value::Number(number)) => number.as_f64().map(SortKey::Number),
            (_, Value::Bool(flag)) => Some(SortKey::Number(f64::from(u8::from(*flag)))),
            _ => None,
        }
    }

    fn chosen<'d>(&self, document: &'d Document) -> Option<&'d Value> {
        let whole = AttrPath {
            sub: None,
            ..self.path.clone()
        };
        let elements = whole.values(document);
        let is_primary = |element: &&&Value| element.get("primary") == Some(&Value::Bool(true));
        let element = elements.iter().find(is_primary).or(elements.first())?;
        match &self.path.sub {
            Some(sub) => element.get(&sub.name),
            None => Some(element),
        }
    }
}
