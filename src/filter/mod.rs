//! Filters: text to tree, tree to text, tree against a document. RFC 7644 §3.4.2.2.

use serde_json::Value;

use crate::schema::AttrPath;

/// One node of a filter, bound to the schema. `Not` binds tightest, then `And`, then `Or`.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// `title pr`
    Present(AttrPath),
    /// `userName eq "bjensen"`; the literal is typed as the attribute is.
    Compare(AttrPath, CompareOp, Value),
    /// `emails[type eq "work"]`: one element must satisfy the whole inner filter, whose paths are relative to it.
    ValuePath(AttrPath, Box<Filter>),
    Not(Box<Filter>),
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
}

/// A comparison operator, all but `pr`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompareOp {
    Eq,
    Ne,
    Co,
    Sw,
    Ew,
    Gt,
    Ge,
    Lt,
    Le,
}
