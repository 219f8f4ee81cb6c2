//! Versions as entity tags: weak, their opaque text compared. RFC 7644 §3.14, RFC 9110 §13.1.

use http::HeaderMap;
use http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};

use super::ScimError;
use crate::store::Record;

/// 412 unless `If-Match` is absent or names the version, and where `If-None-Match` names it; whether `If-Match` is there.
pub(super) fn check(headers: &HeaderMap, record: &Record) -> Result<bool, ScimError> {
    if is_known(headers, record) {
        return Err(ScimError::precondition_failed());
    }
    match names(headers, &IF_MATCH, record) {
        None => Ok(false),
        Some(true) => Ok(true),
        Some(false) => Err(ScimError::precondition_failed()),
    }
}

/// Whether `If-None-Match` says that the client has this version.
pub(super) fn is_known(headers: &HeaderMap, record: &Record) -> bool {
    names(headers, &IF_NONE_MATCH, record) == Some(true)
}

fn names(headers: &HeaderMap, header: &HeaderName, record: &Record) -> Option<bool> {
    let current = record.version.to_string();
    let mut values = headers.get_all(header).iter().peekable();
    values.peek()?;
    Some(values.any(|value| {
        let text = value.to_str().unwrap_or_default();
        text.split(',')
            .map(str::trim)
            .any(|tag| tag == "*" || opaque(tag) == Some(&current))
    }))
}

fn opaque(tag: &str) -> Option<&str> {
    let tag = tag
        .strip_prefix("W/")
        .or_else(|| tag.strip_prefix("w/"))
        .unwrap_or(tag);
    tag.strip_prefix('"')?.strip_suffix('"')
}
