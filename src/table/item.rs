//! Items as the SDK speaks of them: attribute values both ways, keys and cursors.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use super::{Attr, Attrs, Cursor, Index, Item, Key};

/// The name of the partition key.
pub(super) const PK: &str = "PK";
/// The name of the sort key.
pub(super) const SK: &str = "SK";

/// An item on the wire.
pub(super) type Wire = HashMap<String, AttributeValue>;

pub(super) fn value(attr: &Attr) -> AttributeValue {
    match attr {
        Attr::S(text) => AttributeValue::S(text.clone()),
        Attr::N(number) => AttributeValue::N(number.to_string()),
        Attr::B(bytes) => AttributeValue::B(Blob::new(bytes.clone())),
        Attr::Ss(members) => AttributeValue::Ss(members.clone()),
    }
}

/// `None` for a type the store never writes.
fn attr(value: AttributeValue) -> Option<Attr> {
    match value {
        AttributeValue::S(text) => Some(Attr::S(text)),
        AttributeValue::N(number) => number.parse().ok().map(Attr::N),
        AttributeValue::B(bytes) => Some(Attr::B(bytes.into_inner())),
        AttributeValue::Ss(members) => Some(Attr::Ss(members)),
        _ => None,
    }
}

pub(super) fn key(key: &Key) -> Wire {
    key_as(PK, SK, key)
}

fn key_as(pk: &str, sk: &str, key: &Key) -> Wire {
    HashMap::from([
        (pk.to_owned(), AttributeValue::S(key.pk.clone())),
        (sk.to_owned(), AttributeValue::S(key.sk.clone())),
    ])
}

pub(super) fn item(at: &Key, attrs: &Attrs) -> Wire {
    let mut item = key(at);
    item.extend(
        attrs
            .iter()
            .map(|(name, attr)| ((*name).to_owned(), value(attr))),
    );
    item
}

/// The item, without attributes of types that the store never writes: they are somebody else's (global tables add some).
pub(super) fn read(mut wire: Wire) -> Result<Item, Unkeyed> {
    let key = take_key(&mut wire, PK, SK)?;
    let attrs = wire
        .into_iter()
        .filter_map(|(name, value)| Some((name, attr(value)?)))
        .collect();
    Ok(Item { key, attrs })
}

pub(super) fn read_key(mut wire: Wire) -> Result<Key, Unkeyed> {
    take_key(&mut wire, PK, SK)
}

fn take_key(wire: &mut Wire, pk: &str, sk: &str) -> Result<Key, Unkeyed> {
    match (wire.remove(pk), wire.remove(sk)) {
        (Some(AttributeValue::S(pk)), Some(AttributeValue::S(sk))) => Ok(Key { pk, sk }),
        _ => Err(Unkeyed),
    }
}

pub(super) fn cursor(cursor: &Cursor, index: Option<Index>) -> Wire {
    let mut wire = key(&cursor.key);
    if let (Some(index), Some(key)) = (index, &cursor.index_key) {
        wire.extend(key_as(index.pk, index.sk, key));
    }
    wire
}

pub(super) fn read_cursor(mut wire: Wire, index: Option<Index>) -> Result<Cursor, Unkeyed> {
    let index_key = index
        .map(|index| take_key(&mut wire, index.pk, index.sk))
        .transpose()?;
    let key = read_key(wire)?;
    Ok(Cursor { key, index_key })
}

/// An answer held an item or a cursor without a string `PK` and `SK`: this is not our table.
#[derive(Debug, thiserror::Error)]
#[error("an item without the keys PK and SK: the table has another key schema")]
pub(super) struct Unkeyed;
