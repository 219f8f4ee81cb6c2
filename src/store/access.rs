//! The filter planner: the cheapest way to everything a filter can match. RFC 7644 §3.4.2.2.

use std::sync::Arc;

use serde_json::Value;

use super::Id;
use super::aliases::{self, Indexed};
use super::keys::{self, AliasValue};
use crate::filter::{CompareOp, Filter};
use crate::schema::{AttrPath, ResourceType, norm};
use crate::table::{Index, Range};

/// A way to the candidates, the cheapest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Access {
    /// The literal is no id: nothing can match.
    Nothing,
    Id(Id),
    Alias(AliasValue),
    /// Groups that hold this member.
    GroupsOf(Id),
    /// Members of this group.
    MembersOf(Id),
    /// What an index holds in a range; it may miss the newest writes.
    Indexed(Index, Range),
    Union(Vec<Access>),
    Scan,
}

/// The cheapest way to everything the filter can match.
pub(super) fn access(resource_type: &ResourceType, filter: &Filter) -> Access {
    match filter {
        Filter::And(left, right) => {
            let (left, right) = (access(resource_type, left), access(resource_type, right));
            if cost(&right) < cost(&left) {
                right
            } else {
                left
            }
        }
        Filter::Or(left, right) => {
            match (access(resource_type, left), access(resource_type, right)) {
                (Access::Scan, _) | (_, Access::Scan) => Access::Scan,
                (left, right) => Access::Union(vec![left, right]),
            }
        }
        Filter::Compare(path, op, Value::String(text)) if path.extension.is_none() => {
            by_value(resource_type, path, *op, text)
        }
        Filter::ValuePath(path, inner) if path.extension.is_none() => {
            by_element(resource_type, path, inner)
        }
        _ => Access::Scan,
    }
}

fn by_value(resource_type: &ResourceType, path: &AttrPath, op: CompareOp, text: &str) -> Access {
    let sub = path.sub.as_ref().map(|sub| sub.name.as_str());
    let by_id =
        |text: &str, access: fn(Id) -> Access| Id::parse(text).map_or(Access::Nothing, access);
    // The schema says of references that their case does not matter.
    let by_reference = |access| by_id(&norm(text, false), access);
    match (op, path.attribute.name.as_str(), sub) {
        (CompareOp::Eq, "id", None) => by_id(text, Access::Id),
        (CompareOp::Eq, "members", Some("value")) => by_reference(Access::GroupsOf),
        (CompareOp::Eq, "groups", Some("value")) => by_reference(Access::MembersOf),
        (op, name, None | Some("value")) => match aliases::indexed(resource_type.number)
            .iter()
            .find(|indexed| indexed.name == name)
        {
            Some(indexed) => by_alias(indexed, op, text),
            None => Access::Scan,
        },
        _ => Access::Scan,
    }
}

fn by_alias(indexed: &Indexed, op: CompareOp, text: &str) -> Access {
    let norm = norm(text, indexed.case_exact);
    if norm.is_empty() {
        // An empty normal form has no alias and no place in an index.
        return Access::Scan;
    }
    if op == CompareOp::Eq {
        return Access::Alias(AliasValue {
            attribute: indexed.name,
            norm,
        });
    }
    match (indexed.index, keys::index_range(op, &norm)) {
        (Some(index), Some(range)) => Access::Indexed(index, range),
        _ => Access::Scan,
    }
}

/// A value path reaches its elements by an equality inside it.
fn by_element(resource_type: &ResourceType, list: &AttrPath, inner: &Filter) -> Access {
    let arms = inner.conjuncts().into_iter().filter_map(|arm| match arm {
        Filter::Compare(path, CompareOp::Eq, Value::String(text))
            if path.attribute.name == "value" =>
        {
            let whole = AttrPath {
                sub: Some(Arc::clone(&path.attribute)),
                ..list.clone()
            };
            Some(by_value(resource_type, &whole, CompareOp::Eq, text))
        }
        _ => None,
    });
    arms.min_by_key(cost).unwrap_or(Access::Scan)
}

fn cost(access: &Access) -> u32 {
    match access {
        Access::Nothing => 0,
        Access::Id(_) => 1,
        Access::Alias(_) => 2,
        Access::GroupsOf(_) => 3,
        Access::Union(arms) => 4 + arms.iter().map(cost).max().unwrap_or(0),
        Access::MembersOf(_) => 20,
        Access::Indexed(..) => 30,
        Access::Scan => 100,
    }
}
