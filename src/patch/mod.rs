//! PATCH: request body to operations, operations to a changed document. RFC 7644 §3.5.2.
//!
//! [`parse`] undoes what clients do to names and values, so that each [`Operation`] is one change at one place the
//! schema knows; [`apply`] makes the changes in order. Members of a group are no part of a document: what happens to
//! them comes out as a [`MemberChange`].

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::filter::Filter;
use crate::schema::{AttrPath, Document, Schema};

mod apply;
mod element;
mod error;
mod members;
mod parse;
mod place;
mod resolve;
mod write;

pub use apply::{Patched, apply};
pub use error::{PatchError, PatchErrorKind};
pub use members::{MemberChange, Verb};
pub use parse::{OPERATIONS_MAX, parse};
pub use write::VISITS_MAX;

/// One change at one place. A path-less operation becomes as many as its value has keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Position in the request, counted from 1.
    index: usize,
    op: Op,
    /// The path or key as sent, without what stands in brackets.
    label: String,
    place: Place,
    change: Change,
}

/// What the client calls the operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    Add,
    Remove,
    Replace,
}

/// Where a change happens.
#[derive(Debug, Clone, PartialEq)]
enum Place {
    Extension(Arc<Schema>),
    /// The attribute as a whole; a sub-attribute is part of [`Change::Merge`].
    Attribute(AttrPath),
    /// The elements of a list that match.
    Elements(AttrPath, Filter),
}

/// What happens there. Values have the shape of their attribute.
#[derive(Debug, Clone, PartialEq)]
enum Change {
    Set(Value),
    /// Sub-attributes to set, and as `null` those to unassign.
    Merge(Document),
    Append(Vec<Value>),
    ReplaceAll(Vec<Value>),
    Remove,
    RemoveListed(Vec<Value>),
    /// Nothing, provided the readOnly attribute already has this value.
    Expect(Value),
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Replace => "replace",
        })
    }
}

impl Operation {
    /// Whether it concerns anything but a group's members.
    pub fn is_beyond_members(&self) -> bool {
        match &self.place {
            Place::Extension(_) => true,
            Place::Attribute(path) | Place::Elements(path, _) => {
                path.extension.is_some() || path.attribute.name != "members"
            }
        }
    }

    fn error(&self, kind: PatchErrorKind) -> PatchError {
        PatchError {
            index: Some(self.index),
            op: Some(self.op),
            path: Some(self.label.clone()),
            kind,
        }
    }
}

#[cfg(test)]
mod tests;
