//! The attributes that items must have, beside those their own modules read.

use super::facts::Made;
use crate::store::directory::ACTIVE;
use crate::store::lanes::{ADDS, DONE, REMOVES};
use crate::store::outbox::attr::{ACTOR, REQUEST};
use crate::store::record::attr;
use crate::store::sweep::{DEAD, OP, SINCE};
use crate::store::{Id, Kept, LogEvent, log};
use crate::table::{Attr, Item};

/// Bytes of an id in a lane or an outbox item.
const ID_BYTES: usize = 16;

/// How many active users a directory row counts, if all it counts are numbers.
pub(super) fn active(item: &Item) -> Option<i64> {
    let mut counts = item.attrs.values();
    let sound = counts.all(|count| matches!(count, Attr::N(_)));
    sound.then(|| item.number(ACTIVE).unwrap_or(0))
}

/// When a work row was written, whether its group is deleted, and the change that was open when it was.
pub(super) fn work(item: &Item) -> Option<(i64, bool, Option<String>)> {
    let since = item.number(SINCE)?;
    let dead = item.attrs.contains_key(DEAD);
    Some((since, dead, item.text(OP).map(str::to_owned)))
}

/// What the change of a lane makes of its group; `None` where the group cannot be read with such a lane.
pub(super) fn made(item: &Item) -> Option<Made> {
    let ids = |name| match item.attrs.get(name) {
        Some(Attr::B(packed)) if packed.len().is_multiple_of(ID_BYTES) => {
            let mut ids = packed.chunks_exact(ID_BYTES);
            ids.all(is_id).then_some(packed.len() / ID_BYTES)
        }
        None => Some(0),
        _ => None,
    };
    let all = i64::try_from(ids(ADDS)? + ids(REMOVES)?).ok()?;
    let done = item.number(DONE)?;
    item.text(ACTOR).and(item.text(REQUEST))?;
    let made = Made {
        version: item.number(attr::VERSION)?,
        generation: super::fault::number(item.text(attr::GENERATION)?),
    };
    (0..=all).contains(&done).then_some(made)
}

/// Whether the bytes are an id that this store gives.
fn is_id(bytes: &[u8]) -> bool {
    Id::from_bytes(bytes).is_some_and(|id| Id::parse(&id.to_string()).is_some())
}

/// An entry of the provisioning log that tells of a resource.
pub(super) fn is_entry(item: &Item) -> bool {
    let changed = |entry: log::LogEntry| matches!(entry.event, LogEvent::Changed { .. });
    log::read(item).is_some_and(changed)
}

pub(super) fn is_logged(item: &Item) -> bool {
    let refused = |entry: log::LogEntry| {
        matches!(entry.event, LogEvent::Refused { .. }) && entry.status.is_some()
    };
    log::read(item).is_some_and(refused)
}

/// The record of a deleted user, as it was.
pub(super) fn is_kept(item: &Item, id: Id) -> bool {
    Kept::read(item).is_ok_and(|kept| kept.id == id)
}
