//! The slice of DynamoDB the store stands on: items, conditions, transactions, queries. It knows nothing of SCIM.

use std::collections::BTreeMap;
use std::fmt::Debug;

use async_trait::async_trait;

mod client;
#[cfg(feature = "local")]
pub mod conformance;
mod definition;
mod dynamodb;
#[cfg(feature = "local")]
pub mod embedded;
mod expression;
mod fenced;
mod item;
pub mod limits;
mod outcome;
mod sessions;
mod size;
#[cfg(feature = "local")]
mod tokens;
#[cfg(feature = "local")]
pub mod wrappers;
mod write;

pub use client::{aws_config, emulator_config};
pub use definition::{BY_EXTERNAL_ID, BY_NAME, CreateError, create_table};
pub use dynamodb::DynamoDb;
pub use fenced::Fenced;
pub use sessions::Sessions;

/// A primary key. `pk` is at most 2,048 bytes, `sk` at most 1,024.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub pk: String,
    pub sk: String,
}

/// An attribute value. Strings, numbers and bytes are all the store needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attr {
    S(String),
    N(i64),
    B(Vec<u8>),
    /// A non-empty set of strings.
    Ss(Vec<String>),
}

/// The attributes of an item beside its key.
pub type Attrs = BTreeMap<&'static str, Attr>;

/// An item as read: attribute names are those the store wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub key: Key,
    pub attrs: BTreeMap<String, Attr>,
}

impl Item {
    /// The attribute, if it is there and a string; the others likewise.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.attrs.get(name) {
            Some(Attr::S(text)) => Some(text),
            _ => None,
        }
    }

    pub fn number(&self, name: &str) -> Option<i64> {
        match self.attrs.get(name) {
            Some(Attr::N(number)) => Some(*number),
            _ => None,
        }
    }

    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        match self.attrs.get(name) {
            Some(Attr::B(bytes)) => Some(bytes),
            _ => None,
        }
    }

    pub fn texts(&self, name: &str) -> Option<&[String]> {
        match self.attrs.get(name) {
            Some(Attr::Ss(texts)) => Some(texts),
            _ => None,
        }
    }
}

/// What must hold of the item before a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The item is there.
    Exists,
    NotExists,
    /// The attribute is missing, or the whole item.
    Lacks(&'static str),
    Equals(&'static str, Attr),
    Less(&'static str, i64),
    Greater(&'static str, i64),
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
}

/// One write of a transaction, or alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    Put {
        key: Key,
        attrs: Attrs,
        condition: Option<Condition>,
    },
    Update {
        key: Key,
        update: Update,
        condition: Option<Condition>,
    },
    Delete {
        key: Key,
        condition: Option<Condition>,
    },
    /// Writes nothing; the transaction holds only if the condition does.
    Check { key: Key, condition: Condition },
}

/// Attribute-wise changes of one item.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Update {
    pub set: Attrs,
    /// Adds to a number; a missing one counts as 0.
    pub add: BTreeMap<&'static str, i64>,
    pub remove: Vec<&'static str>,
}

/// All or nothing: at most 100 writes on distinct keys, 4 MB together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// 1 to 36 characters. Sending the same transaction with the same token again is the same as sending it once (for 10 minutes).
    pub token: String,
    pub writes: Vec<Write>,
}

/// A range of one partition, in the order of the sort key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub pk: String,
    pub range: Range,
    pub descending: bool,
    /// At most this many items are read.
    pub limit: Option<u32>,
    /// Go on after the item where an earlier page ended.
    pub after: Option<Cursor>,
}

/// Which sort keys, compared bytewise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Range {
    All,
    BeginsWith(String),
    /// Both ends included.
    Between(String, String),
    LessOrEqual(String),
    Greater(String),
    GreaterOrEqual(String),
}

/// A global secondary index: its name and its key attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    pub name: &'static str,
    pub pk: &'static str,
    pub sk: &'static str,
}

/// Where a page of a query ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub key: Key,
    /// On an index also the index key of that item.
    pub index_key: Option<Key>,
}

/// At most 1 MB of items; `next` where more may follow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    pub items: Vec<Item>,
    pub next: Option<Cursor>,
}

/// Whether a read must see every acknowledged write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consistency {
    Strong,
    Eventual,
}

/// Why one write of a cancelled transaction did not happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// This write was fine; another one was not.
    None,
    /// Its condition failed; the item as it stands, `None` where there is none.
    Condition(Option<Item>),
    /// Another transaction or write holds the item.
    Conflict,
    Throttled,
    /// The update does not fit the item as it stands (a number added to nothing).
    Invalid,
}

/// Why a call failed, by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// A transaction did not happen; one reason per write, in their order.
    #[error("the transaction was cancelled")]
    Cancelled(Vec<Reason>),
    /// The condition of a single write failed.
    #[error("the condition does not hold")]
    Condition(Option<Item>),
    /// It did not happen and may be tried again.
    #[error("the table is busy")]
    Busy,
    /// It may have happened: a time-out, a broken connection.
    #[error("the outcome is not known")]
    Unknown(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It did not happen: the request is beyond one of DynamoDB's limits.
    #[error("beyond a limit of the table: {0}")]
    Limit(&'static str),
    /// It did not happen and trying again will not help: no table, no permission.
    #[error("the table refused the request")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A DynamoDB table, real, embedded or behind a wrapper that makes trouble.
#[async_trait]
pub trait Table: Debug + Send + Sync {
    /// Strongly consistent.
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError>;

    /// Up to 100 distinct keys, strongly consistent. Returns the items found, in any order, and the keys not processed.
    async fn batch_get(&self, keys: &[Key]) -> Result<(Vec<Item>, Vec<Key>), TableError>;

    async fn query(&self, query: &Query, consistency: Consistency) -> Result<Page, TableError>;

    /// Eventually consistent: the newest writes may be missing. Items hold what the index projects (keys only).
    async fn query_index(&self, index: Index, query: &Query) -> Result<Page, TableError>;

    /// A page of everything there is, in no order, strongly consistent. For checking the whole; no request may ask it.
    async fn scan(&self, after: Option<&Cursor>) -> Result<Page, TableError>;

    async fn transact(&self, transaction: &Transaction) -> Result<(), TableError>;

    /// One write without a token: only for writes that may safely happen twice.
    async fn write(&self, write: &Write) -> Result<(), TableError>;
}
