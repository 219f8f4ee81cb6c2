//! Resource ids: a UUID that carries the resource type and the directory bucket. RFC 7643 §3.1, RFC 9562 §5.8.
//!
//! ```text
//! type:4 | bucket:28 | time:16 | version:4 | time:12 | variant:2 | random:62
//! ```
//! `time` counts units of four seconds since 2026-01-01, so ids of one bucket sort by creation.

use std::fmt;

use uuid::Uuid;

/// Resource types an id may name: 0 is User, 1 is Group.
const TYPES: u8 = 2;

/// 28 bits.
pub(super) const BUCKET_MAX: u32 = (1 << 28) - 1;

/// 2026-01-01T00:00:00Z in milliseconds.
const EPOCH_MS: i64 = 1_767_225_600_000;
const UNIT_MS: i64 = 4_000;

/// The server-chosen `id` of a resource.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(into = "String", try_from = "String")]
pub struct Id(Uuid);

impl Id {
    /// A fresh id; `random` gives its last 62 bits.
    pub(super) fn new(resource_type: u8, bucket: u32, now_ms: i64, random: u64) -> Self {
        let units = u128::try_from((now_ms - EPOCH_MS).max(0) / UNIT_MS).unwrap_or(0) & 0x0fff_ffff;
        let head = (u128::from(resource_type & 0xf) << 28) | u128::from(bucket & BUCKET_MAX);
        let tail = u128::from(random) & ((1 << 62) - 1);
        let bits = (head << 96)
            | ((units >> 12) << 80)
            | (8 << 76)
            | ((units & 0xfff) << 64)
            | (2 << 62)
            | tail;
        Self(Uuid::from_u128(bits))
    }

    /// Reads the canonical text. Any other text is no id of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let uuid = Uuid::try_parse(text).ok()?;
        let id = Self(uuid);
        let ours =
            uuid.get_version_num() == 8 && id.resource_type() < TYPES && id.to_string() == text;
        ours.then_some(id)
    }

    /// Reads the 32 hex digits that stand in keys.
    pub(super) fn from_key(text: &str) -> Option<Self> {
        (text.len() == 32).then(|| Uuid::try_parse(text).ok().map(Self))?
    }

    /// As it stands in keys: 32 lower-case hex digits.
    pub(super) fn key(self) -> String {
        self.0.simple().to_string()
    }

    /// Reads the 16 bytes that stand in lanes.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Uuid::from_slice(bytes).ok().map(Self)
    }

    pub(super) fn bytes(self) -> [u8; 16] {
        *self.0.as_bytes()
    }

    /// The number of the resource type the id belongs to.
    pub fn resource_type(self) -> u8 {
        u8::try_from(self.0.as_u128() >> 124).unwrap_or(u8::MAX)
    }

    /// The directory bucket the resource is counted in.
    pub(super) fn bucket(self) -> u32 {
        u32::try_from((self.0.as_u128() >> 96) & u128::from(BUCKET_MAX)).unwrap_or(BUCKET_MAX)
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for Id {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not an id")
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_its_type_and_bucket() {
        let id = Id::new(1, 0x7_6543, EPOCH_MS + 9 * UNIT_MS, u64::MAX);
        assert_eq!(id.resource_type(), 1);
        assert_eq!(id.bucket(), 0x7_6543);
        assert_eq!(id.to_string(), "10076543-0000-8009-bfff-ffffffffffff");
        assert_eq!(Id::parse(&id.to_string()), Some(id));
        assert_eq!(Id::from_key(&id.key()), Some(id));
    }

    #[test]
    fn ids_of_a_bucket_sort_by_time() {
        let early = Id::new(0, 5, EPOCH_MS + 4_095 * UNIT_MS, u64::MAX);
        let late = Id::new(0, 5, EPOCH_MS + 4_096 * UNIT_MS, 0);
        assert!(early < late && early.key() < late.key());
    }

    #[test]
    fn only_the_canonical_text_of_a_known_type_is_an_id() {
        let id = Id::new(0, 1, EPOCH_MS, 7).to_string();
        let mut other_type = id.clone();
        other_type.replace_range(0..1, "2");
        let simple = id.replace('-', "");
        let braced = format!("{{{id}}}");
        for text in [
            "",
            "u-01",
            &other_type,
            &simple,
            &braced,
            &id.to_uppercase().replace('0', "A"),
        ] {
            assert_eq!(Id::parse(text), None, "{text}");
        }
        assert_eq!(Id::parse("123e4567-e89b-42d3-a456-426614174000"), None);
    }
}
