//! Reading attributes of items that carry no resource.

use crate::table::{Attr, Item};

pub(in crate::store) fn text(item: &Item, name: &str) -> Option<String> {
    match item.attrs.get(name) {
        Some(Attr::S(text)) => Some(text.clone()),
        _ => None,
    }
}

pub(in crate::store) fn number(item: &Item, name: &str) -> Option<i64> {
    match item.attrs.get(name) {
        Some(Attr::N(number)) => Some(*number),
        _ => None,
    }
}

pub(super) fn digest(item: &Item, name: &str) -> Option<[u8; 32]> {
    match item.attrs.get(name) {
        Some(Attr::B(bytes)) => bytes.as_slice().try_into().ok(),
        _ => None,
    }
}

/// As many digests as stand there one after the other.
pub(super) fn digests(item: &Item, name: &str) -> Vec<[u8; 32]> {
    let whole = match item.attrs.get(name) {
        Some(Attr::B(bytes)) => bytes.as_slice(),
        _ => &[],
    };
    whole.as_chunks().0.to_vec()
}

pub(in crate::store) fn texts(item: &Item, name: &str) -> Vec<String> {
    match item.attrs.get(name) {
        Some(Attr::Ss(texts)) => texts.clone(),
        _ => vec![],
    }
}
