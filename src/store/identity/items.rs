//! Digests in items that carry no resource.

use crate::table::Item;

pub(super) fn digest(item: &Item, name: &str) -> Option<[u8; 32]> {
    item.bytes(name)?.try_into().ok()
}

/// As many digests as stand there one after the other.
pub(super) fn digests(item: &Item, name: &str) -> Vec<[u8; 32]> {
    item.bytes(name).unwrap_or_default().as_chunks().0.to_vec()
}
