//! Cursors: where a page ended, bound to the tenant and the question it belongs to. RFC 9865 §2.
//!
//! They are not signed: keys are made inside the tenant alone, so a forged cursor pages the caller's own resources.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::ScimError;
use crate::filter::Filter;
use crate::store::{Position, Sort};

/// A cursor can be used this long.
pub(super) const LIFETIME_MS: i64 = 3_600_000;
/// Characters of a cursor; what is longer is none of ours.
const TEXT_MAX: usize = 4_096;
const VERSION: u8 = 1;

/// What a cursor belongs to: it continues no other question.
#[derive(Debug, Clone)]
pub(super) struct Question {
    tenant: String,
    /// Digest of endpoint, filter and order, however they are spelled: RFC 9865's own example changes the case.
    digest: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Cursor {
    #[serde(rename = "v")]
    version: u8,
    #[serde(rename = "t")]
    tenant: String,
    #[serde(rename = "q")]
    question: String,
    /// Milliseconds since 1970.
    #[serde(rename = "at")]
    issued: i64,
    #[serde(rename = "p")]
    position: Option<Position>,
}

impl Question {
    pub(super) fn new(
        tenant: String,
        endpoint: &str,
        filter: Option<&Filter>,
        sort: Option<&Sort>,
    ) -> Self {
        let filter = filter.map(Filter::to_string).unwrap_or_default();
        let by = sort.map(|sort| sort.path.to_string()).unwrap_or_default();
        let order = match sort {
            Some(sort) if sort.descending => "descending",
            _ => "",
        };
        let mut digest = Sha256::new();
        for part in [endpoint, &filter, &by, order] {
            digest.update(part.len().to_le_bytes());
            digest.update(part);
        }
        let digest = URL_SAFE_NO_PAD.encode(digest.finalize());
        Self {
            tenant,
            digest: digest.get(..16).unwrap_or_default().to_owned(),
        }
    }

    /// The text of a cursor at `position`, or at the beginning, in unreserved characters.
    pub(super) fn cursor(&self, position: Option<Position>, now_ms: i64) -> String {
        let cursor = Cursor {
            version: VERSION,
            tenant: self.tenant.clone(),
            question: self.digest.clone(),
            issued: now_ms,
            position,
        };
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor).unwrap_or_default())
    }

    /// The position that a client's cursor names; `None` for the beginning, as the empty cursor of a first page.
    pub(super) fn position(&self, text: &str, now_ms: i64) -> Result<Option<Position>, ScimError> {
        if text.is_empty() {
            return Ok(None);
        }
        let cursor =
            read(text).ok_or_else(|| ScimError::invalid_cursor("the cursor is not one of ours"))?;
        let ours =
            cursor.version == VERSION && cursor.tenant == self.tenant && cursor.issued <= now_ms;
        if !ours || cursor.question != self.digest {
            return Err(ScimError::invalid_cursor(
                "the cursor belongs to another request; repeat the filter and order it came with",
            ));
        }
        if now_ms.saturating_sub(cursor.issued) > LIFETIME_MS {
            return Err(ScimError::expired_cursor());
        }
        Ok(cursor.position)
    }
}

fn read(text: &str) -> Option<Cursor> {
    let bytes = (text.len() <= TEXT_MAX).then(|| URL_SAFE_NO_PAD.decode(text).ok())??;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter;
    use crate::schema::{Quirks, Scope, USER};

    const NOW: i64 = 1_790_000_000_000;

    fn question(tenant: &str, filter: &str) -> Question {
        let parse = |text| filter::parse(Scope::Resource(&USER), text, &mut Quirks::default());
        let filter = (!filter.is_empty()).then(|| parse(filter).unwrap());
        Question::new(tenant.to_owned(), "/Users", filter.as_ref(), None)
    }

    fn position() -> Option<Position> {
        serde_json::from_str(r#"{"key":"ada","id":"00000001-0000-8000-8000-000000000001"}"#)
            .unwrap()
    }

    #[track_caller]
    fn refused(result: Result<Option<Position>, ScimError>, code: &str) {
        assert_eq!(result.unwrap_err().code(), code);
    }

    #[test]
    fn a_cursor_continues_its_own_question() {
        let text = question("a", "title pr").cursor(position(), NOW);
        assert!(
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
        );
        assert_eq!(
            question("a", "title pr").position(&text, NOW + 5).unwrap(),
            position()
        );
        let ours = question("a", "title pr");
        for first in ["", &ours.cursor(None, NOW)] {
            assert_eq!(ours.position(first, NOW).unwrap(), None);
        }
    }

    #[test]
    fn how_the_question_is_spelled_does_not_matter() {
        let text = question("a", "userName sw J").cursor(position(), NOW);
        let again = question("a", "USERNAME  SW \"J\"").position(&text, NOW);
        assert_eq!(again.unwrap(), position());
    }

    #[test]
    fn another_tenant_or_filter_is_refused() {
        let text = question("a", "title pr").cursor(position(), NOW);
        refused(
            question("b", "title pr").position(&text, NOW),
            "invalidCursor",
        );
        refused(
            question("a", "title eq \"x\"").position(&text, NOW),
            "invalidCursor",
        );
    }

    #[test]
    fn tampering_and_age_are_told_apart() {
        let ours = question("a", "");
        let text = ours.cursor(position(), NOW);
        refused(ours.position(&text, NOW + LIFETIME_MS + 1), "expiredCursor");
        assert!(ours.position(&text, NOW + LIFETIME_MS).is_ok());
        refused(ours.position(&text, NOW - 1), "invalidCursor");
        let oldest = ours.cursor(position(), i64::MIN);
        refused(ours.position(&oldest, NOW), "expiredCursor");
        for nonsense in [
            "%",
            "e30",
            "abc def",
            text.get(1..).unwrap(),
            &"A".repeat(TEXT_MAX + 1),
        ] {
            refused(ours.position(nonsense, NOW), "invalidCursor");
        }
    }
}
