//! Why a document or a value does not fit its schema. RFC 7643 §2.2, §2.3; RFC 7644 §3.12.

/// What is wrong, and at which attribute.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path} {kind}")]
pub struct Violation {
    /// The attribute path in canonical names.
    pub path: String,
    pub kind: ViolationKind,
}

/// The ways in which a value can fail its attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ViolationKind {
    #[error("is required and must not be empty")]
    Required,
    #[error("must not be empty text; leave it out or send null")]
    Empty,
    #[error("must be {expected}")]
    Type { expected: &'static str },
    #[error("cannot be changed")]
    Mutability,
    #[error("holds more than {max} elements; send them in parts")]
    TooLong { max: usize },
}

impl Violation {
    pub fn new(path: impl Into<String>, kind: ViolationKind) -> Self {
        Self {
            path: path.into(),
            kind,
        }
    }

    /// The same violation seen from the attribute that holds it.
    #[must_use]
    pub(super) fn within(mut self, parent: &str, separator: char) -> Self {
        self.path = format!("{parent}{separator}{}", self.path);
        self
    }
}
