//! Timestamps as SCIM writes them. RFC 7643 §2.3.5.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// Milliseconds since 1970 as `2026-01-31T09:30:00.125Z`.
pub fn timestamp(ms: i64) -> String {
    let format =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000);
    moment
        .ok()
        .and_then(|moment| moment.format(format).ok())
        .unwrap_or_default()
}

/// The moment that an xsd:dateTime names (RFC 7643 §2.3.5), in UTC where it has no offset.
pub fn instant(text: &str) -> Option<OffsetDateTime> {
    // The parser takes any character between date and time.
    if !matches!(text.as_bytes().get(10), Some(b'T' | b't')) {
        return None;
    }
    let with_offset = OffsetDateTime::parse(text, &Rfc3339);
    with_offset
        .or_else(|_| OffsetDateTime::parse(&format!("{text}Z"), &Rfc3339))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_stay() {
        assert_eq!(timestamp(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(timestamp(1_767_225_600_125), "2026-01-01T00:00:00.125Z");
    }
}
