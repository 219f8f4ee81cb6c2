//! Filters: text to tree, tree to text, tree against a document. RFC 7644 §3.4.2.2.

use serde_json::Value;

use crate::schema::AttrPath;

mod bind;
mod display;
mod error;
mod eval;
mod lexer;
mod parse;

pub use error::{Expected, FilterError, FilterErrorKind};
pub use parse::{DEPTH_MAX, NODES_MAX, TEXT_MAX, parse, parse_value_path};

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

impl Filter {
    /// The parts that must all hold: the filter itself, or what its outermost `and`s join, from left to right.
    pub fn conjuncts(&self) -> Vec<&Self> {
        match self {
            Self::And(left, right) => {
                let mut parts = left.conjuncts();
                parts.extend(right.conjuncts());
                parts
            }
            single => vec![single],
        }
    }

    /// How many attributes it looks at.
    pub fn comparisons(&self) -> usize {
        match self {
            Self::And(left, right) | Self::Or(left, right) => {
                left.comparisons() + right.comparisons()
            }
            Self::Not(inner) | Self::ValuePath(_, inner) => inner.comparisons(),
            Self::Present(_) | Self::Compare(..) => 1,
        }
    }

    /// What an element must hold to satisfy the filter, if it is made of `eq` and `and` alone.
    pub fn equalities(&self) -> Option<Vec<(&AttrPath, &Value)>> {
        let mut pairs = vec![];
        for part in self.conjuncts() {
            let Self::Compare(path, CompareOp::Eq, value) = part else {
                return None;
            };
            pairs.push((path, value));
        }
        Some(pairs)
    }
}

impl CompareOp {
    const ALL: [Self; 9] = [
        Self::Eq,
        Self::Ne,
        Self::Co,
        Self::Sw,
        Self::Ew,
        Self::Gt,
        Self::Ge,
        Self::Lt,
        Self::Le,
    ];

    fn keyword(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Co => "co",
            Self::Sw => "sw",
            Self::Ew => "ew",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
        }
    }
}

#[cfg(test)]
mod tests;
