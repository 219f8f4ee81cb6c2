//! Why a PATCH cannot be carried out, and which operation is to blame. RFC 7644 §3.5.2, §3.12.

use std::fmt;

use super::{OPERATIONS_MAX, Op, VISITS_MAX};
use crate::filter::FilterError;
use crate::schema::{PathError, Violation};

/// What is wrong, and in which operation; the whole request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatchError {
    /// Position in the request, counted from 1.
    pub index: Option<usize>,
    pub op: Option<Op>,
    /// The path or key as sent, without what stands in brackets.
    pub path: Option<String>,
    pub kind: PatchErrorKind,
}

/// What is wrong. Values the client sent are never repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatchErrorKind {
    /// The body is no PATCH request.
    #[error("{0}")]
    Syntax(&'static str),
    #[error("a PATCH may hold at most {OPERATIONS_MAX} operations; send several requests")]
    TooManyOperations,
    #[error(
        "the operations compare or copy more than {VISITS_MAX} list elements, of which long ones count several times; send several requests"
    )]
    TooMuchWork,
    #[error(transparent)]
    Path(#[from] PathError),
    /// The path has parts that do not go together.
    #[error("{0}")]
    PathShape(&'static str),
    #[error("the filter in the path is wrong {0}")]
    PathFilter(FilterError),
    #[error("members can be chosen by value eq \"id\" only, several of them joined by or")]
    MembersFilter,
    #[error("{0}")]
    NoTarget(&'static str),
    #[error("{0}")]
    Value(&'static str),
    /// A value does not fit its attribute, or the attribute cannot be changed.
    #[error(transparent)]
    Violation(#[from] Violation),
    #[error("{0} is required and cannot be removed")]
    RequiredRemoved(String),
}

impl std::error::Error for PatchError {}

impl fmt::Display for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(index) = self.index {
            write!(f, "operation {index}")?;
            match (self.op, &self.path) {
                (Some(op), Some(path)) if !path.is_empty() => write!(f, " ({op} {path})")?,
                (Some(op), _) => write!(f, " ({op})")?,
                (None, _) => {}
            }
            f.write_str(": ")?;
        }
        write!(f, "{}", self.kind)
    }
}
