//! The attributes that items must have, beside those their own modules read.

use crate::store::Id;
use crate::store::directory::{ACTIVE, COUNT};
use crate::store::lanes::{ADDS, DONE, REMOVES};
use crate::store::record::{attr, text};
use crate::store::sweep::{DEAD, OP, SINCE};
use crate::table::{Attr, Item};

/// Bytes of an id in a lane or an outbox item.
const ID_BYTES: usize = 16;

/// How many resources a bucket counts.
pub(super) fn count(item: &Item) -> Option<i64> {
    number(item, COUNT)
}

/// How many active users it counts among them.
pub(super) fn active(item: &Item) -> Option<i64> {
    if item.attrs.contains_key(ACTIVE) {
        number(item, ACTIVE)
    } else {
        Some(0)
    }
}

/// Whether the group of a work row is deleted, and the change that was open when it was.
pub(super) fn work(item: &Item) -> Option<(bool, Option<String>)> {
    number(item, SINCE)?;
    let dead = item.attrs.contains_key(DEAD);
    Some((dead, text(item, OP).map(str::to_owned)))
}

pub(super) fn is_lane(item: &Item) -> bool {
    let ids = |name| match item.attrs.get(name) {
        Some(Attr::B(packed)) if packed.len().is_multiple_of(ID_BYTES) => {
            Some(packed.len() / ID_BYTES)
        }
        None => Some(0),
        _ => None,
    };
    let (Some(adds), Some(removes), Some(done)) = (ids(ADDS), ids(REMOVES), number(item, DONE))
    else {
        return false;
    };
    let all = i64::try_from(adds + removes).unwrap_or(i64::MAX);
    (0..=all).contains(&done) && text(item, attr::GENERATION).is_some()
}

pub(super) fn is_entry(item: &Item) -> bool {
    let texts = ["k", "rid", "actor", "req"];
    let numbers = ["v", "exp"];
    texts.iter().all(|name| text(item, name).is_some())
        && numbers.iter().all(|name| number(item, name).is_some())
        && text(item, "rid").and_then(Id::from_key).is_some()
}

fn number(item: &Item, name: &str) -> Option<i64> {
    match item.attrs.get(name) {
        Some(Attr::N(number)) => Some(*number),
        _ => None,
    }
}
