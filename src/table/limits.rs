//! DynamoDB's limits, checked before anything is sent: emulators are laxer than AWS on some of them.

use std::collections::HashSet;

use super::definition::INDEXES;
use super::item::{PK, SK};
use super::{
    Attr, Attrs, Condition, Key, Query, Range, TableError, Transaction, Update, Write, size,
};

/// Bytes of a partition key, an index's included.
pub const PARTITION_KEY_BYTES_MAX: usize = 2_048;
/// Bytes of a sort key, an index's included.
pub const SORT_KEY_BYTES_MAX: usize = 1_024;
/// Bytes of an item, names and values.
pub const ITEM_BYTES_MAX: usize = 400 * 1_024;
/// Writes of one transaction.
pub const WRITES_MAX: usize = 100;
/// Bytes of all items of one transaction.
pub const TRANSACTION_BYTES_MAX: usize = 4 * 1_024 * 1_024;
/// Keys of one `batch_get`.
pub const BATCH_KEYS_MAX: usize = 100;
/// Bytes of a transaction's token.
pub const TOKEN_BYTES_MAX: usize = 36;

type Checked = Result<(), TableError>;

fn within(holds: bool, limit: &'static str) -> Checked {
    if holds {
        Ok(())
    } else {
        Err(TableError::Limit(limit))
    }
}

pub(super) fn key(key: &Key) -> Checked {
    partition_key(&key.pk)?;
    sort_key(&key.sk)
}

fn partition_key(pk: &str) -> Checked {
    let fits = (1..=PARTITION_KEY_BYTES_MAX).contains(&pk.len());
    within(fits, "a partition key has 1 to 2,048 bytes")
}

fn sort_key(sk: &str) -> Checked {
    let fits = (1..=SORT_KEY_BYTES_MAX).contains(&sk.len());
    within(fits, "a sort key has 1 to 1,024 bytes")
}

pub(super) fn batch(keys: &[Key]) -> Checked {
    within(
        keys.len() <= BATCH_KEYS_MAX,
        "a batch reads at most 100 keys",
    )?;
    within(distinct(keys.iter()), "the keys of a batch are distinct")?;
    keys.iter().try_for_each(key)
}

fn distinct<'a>(mut keys: impl Iterator<Item = &'a Key>) -> bool {
    let mut seen = HashSet::new();
    keys.all(|key| seen.insert(key))
}

pub(super) fn query(query: &Query) -> Checked {
    within(query.limit != Some(0), "a query reads at least one item")?;
    partition_key(&query.pk)?;
    match &query.range {
        Range::All => Ok(()),
        Range::BeginsWith(prefix) if prefix.is_empty() => Ok(()),
        Range::Between(low, high) => sort_key(low).and_then(|()| sort_key(high)),
        Range::BeginsWith(sk)
        | Range::LessOrEqual(sk)
        | Range::Greater(sk)
        | Range::GreaterOrEqual(sk) => sort_key(sk),
    }
}

pub(super) fn transaction(transaction: &Transaction) -> Checked {
    let Transaction { token, writes } = transaction;
    within(
        (1..=TOKEN_BYTES_MAX).contains(&token.len()),
        "a token has 1 to 36 bytes",
    )?;
    within(
        (1..=WRITES_MAX).contains(&writes.len()),
        "a transaction has 1 to 100 writes",
    )?;
    within(
        distinct(writes.iter().map(Write::key)),
        "a transaction writes a key once",
    )?;
    let mut bytes = 0;
    for write in writes {
        bytes += checked(write)?;
    }
    within(
        bytes <= TRANSACTION_BYTES_MAX,
        "the items of a transaction have at most 4 MB",
    )
}

pub(super) fn write(write: &Write) -> Checked {
    let alone = !matches!(write, Write::Check { .. });
    within(alone, "a check stands in a transaction only")?;
    checked(write).map(drop)
}

/// The size of a write that is within its limits.
fn checked(write: &Write) -> Result<usize, TableError> {
    key(write.key())?;
    if let Some(condition) = write.condition() {
        self::condition(condition)?;
    }
    let bytes = match write {
        Write::Put { key, attrs, .. } => {
            self::attrs(attrs)?;
            size::of_put(key, attrs)
        }
        Write::Update { key, update, .. } => {
            self::update(update)?;
            size::of_update(key, update)
        }
        Write::Delete { key, .. } | Write::Check { key, .. } => size::of_key(key),
    };
    within(bytes <= ITEM_BYTES_MAX, "an item has at most 400 KB")?;
    Ok(bytes)
}

fn attrs(attrs: &Attrs) -> Checked {
    attrs.keys().try_for_each(|name| not_a_key(name))?;
    attrs.values().try_for_each(value)?;
    for index in INDEXES {
        if let Some(Attr::S(pk)) = attrs.get(index.pk) {
            partition_key(pk)?;
        }
        if let Some(Attr::S(sk)) = attrs.get(index.sk) {
            sort_key(sk)?;
        }
    }
    Ok(())
}

fn not_a_key(name: &str) -> Checked {
    within(name != PK && name != SK, "the key is not an attribute")
}

fn value(attr: &Attr) -> Checked {
    let Attr::Ss(members) = attr else {
        return Ok(());
    };
    let distinct = members.iter().collect::<HashSet<_>>().len() == members.len();
    within(
        distinct && !members.is_empty(),
        "a set has distinct members, at least one",
    )
}

fn update(update: &Update) -> Checked {
    attrs(&update.set)?;
    let mut seen = HashSet::new();
    for name in update
        .set
        .keys()
        .chain(update.add.keys())
        .chain(&update.remove)
    {
        not_a_key(name)?;
        within(seen.insert(name), "an update names an attribute once")?;
    }
    within(!seen.is_empty(), "an update changes an attribute")
}

fn condition(condition: &Condition) -> Checked {
    match condition {
        Condition::And(parts) | Condition::Or(parts) => {
            within(!parts.is_empty(), "a condition has parts to join")?;
            parts.iter().try_for_each(self::condition)
        }
        Condition::Not(part) => self::condition(part),
        Condition::Equals(_, attr) => value(attr),
        Condition::Exists
        | Condition::NotExists
        | Condition::Lacks(_)
        | Condition::Less(..)
        | Condition::Greater(..) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
