//! Why a text is no filter: what is wrong, and where. RFC 7644 §3.12 (`invalidFilter`).

use std::fmt;

use super::{CompareOp, DEPTH_MAX, NODES_MAX, TEXT_MAX};
use crate::schema::PathError;

/// What is wrong with a filter, and the first character concerned, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at column {column}: {kind}")]
pub struct FilterError {
    pub column: usize,
    #[source]
    pub kind: FilterErrorKind,
}

/// What is wrong with a filter. Attributes are named as the schema does; values are never repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterErrorKind {
    #[error("the filter is longer than {TEXT_MAX} characters")]
    TooLong,
    #[error("brackets are nested more than {DEPTH_MAX} deep")]
    TooDeep,
    #[error("the filter has more than {NODES_MAX} parts; send several smaller ones")]
    TooManyNodes,
    #[error("expected {0}")]
    Expected(Expected),
    #[error("this text lacks its closing quote or holds an escape that JSON does not know")]
    BadString,
    #[error(transparent)]
    Path(#[from] PathError),
    #[error("{0} is never returned, so it cannot be part of a filter")]
    NeverReturned(String),
    #[error("{0} is an address made for each answer, so it cannot be part of a filter")]
    Address(String),
    #[error("brackets within brackets are not allowed; compare sub-attributes there")]
    NestedValuePath,
    #[error("{0} has no sub-attributes, so nothing can stand in brackets after it")]
    NotComplex(String),
    #[error("{attribute} has several parts; name one, such as {attribute}.{example}")]
    NeedsSubAttribute { attribute: String, example: String },
    #[error("{op} cannot be used with {attribute}, which is {kind}")]
    Operator {
        attribute: String,
        op: CompareOp,
        kind: &'static str,
    },
    #[error("null can only be compared with eq and ne")]
    NullOperator,
    #[error("{attribute} is compared with {wanted}")]
    Literal {
        attribute: String,
        wanted: &'static str,
    },
}

/// What may stand at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    Attribute,
    Operator,
    Value,
    OpeningParenthesis,
    /// `)`, or more of what it closes.
    ClosingParenthesis,
    /// `]`, or more of what it closes.
    ClosingBracket,
    /// The end, or more.
    End,
    ValuePath,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Attribute => "an attribute name",
            Self::Operator => "an operator such as eq",
            Self::Value => "a value, text in double quotes",
            Self::OpeningParenthesis => "\"(\" after not",
            Self::ClosingParenthesis => "\"and\", \"or\" or the closing \")\"",
            Self::ClosingBracket => "\"and\", \"or\" or the closing \"]\"",
            Self::End => "\"and\", \"or\" or the end of the filter",
            Self::ValuePath => "a filter in brackets after the attribute",
        })
    }
}
