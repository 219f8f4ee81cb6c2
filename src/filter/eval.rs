//! Tree against a document. RFC 7644 §3.4.2.2, RFC 7643 §2.4, §2.5.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::{CompareOp, Filter};
use crate::schema::{AttrPath, Attribute, AttributeType, Document, USER, instant, norm};

/// What `active` of a user counts as where it is absent.
static ACTIVE: Value = Value::Bool(true);
/// What `primary` of an element is compared as where it is absent (RFC 7643 §2.4).
static PRIMARY: Value = Value::Bool(false);

impl Filter {
    /// Whether `document`, a resource or one element of a complex attribute, satisfies the filter.
    ///
    /// A comparison holds if it does for any value of the attribute; `ne` is the opposite of `eq`, so it holds where
    /// there is none. A user without `active` counts as active, an element without `primary` as not primary.
    pub fn matches(&self, document: &Document) -> bool {
        match self {
            Self::Present(path) => values(path, document).into_iter().any(is_present),
            Self::Compare(path, CompareOp::Ne, wanted) => {
                !compare(path, CompareOp::Eq, wanted, document)
            }
            Self::Compare(path, op, wanted) => compare(path, *op, wanted, document),
            Self::ValuePath(path, inner) => {
                let elements = path.values(document);
                elements
                    .into_iter()
                    .filter_map(Value::as_object)
                    .any(|element| inner.matches(element))
            }
            Self::Not(inner) => !inner.matches(document),
            Self::And(left, right) => left.matches(document) && right.matches(document),
            Self::Or(left, right) => left.matches(document) || right.matches(document),
        }
    }
}

/// The values at `path`; `active` always has one.
fn values<'v>(path: &AttrPath, document: &'v Document) -> Vec<&'v Value> {
    let found = path.values(document);
    if found.iter().any(|value| is_present(value)) || !is_active(path) {
        return found;
    }
    vec![&ACTIVE]
}

/// Whether this is the `active` of users itself and not some attribute of the same name.
fn is_active(path: &AttrPath) -> bool {
    USER.is_own("active", &path.attribute)
}

fn compare(path: &AttrPath, op: CompareOp, wanted: &Value, document: &Document) -> bool {
    let leaf = path.leaf();
    let in_element = path.sub.is_some() || path.extension.is_none();
    let is_primary = in_element && leaf.kind == AttributeType::Boolean && leaf.name == "primary";
    let compared = if is_primary {
        primaries(path, document)
    } else {
        values(path, document)
    };
    compared
        .into_iter()
        .any(|found| holds(found, op, wanted, leaf))
}

/// The values at a path to `primary`, one for each element.
fn primaries<'v>(path: &AttrPath, document: &'v Document) -> Vec<&'v Value> {
    let Some(sub) = &path.sub else {
        return vec![primary(document, &path.attribute)];
    };
    let whole = AttrPath {
        sub: None,
        ..path.clone()
    };
    let elements = whole
        .values(document)
        .into_iter()
        .filter_map(Value::as_object);
    elements.map(|element| primary(element, sub)).collect()
}

fn primary<'v>(element: &'v Document, attribute: &Attribute) -> &'v Value {
    let found = element.get(&attribute.name);
    found.filter(|value| !value.is_null()).unwrap_or(&PRIMARY)
}

fn holds(found: &Value, op: CompareOp, wanted: &Value, attribute: &Attribute) -> bool {
    let order = || order(found, wanted, attribute);
    match op {
        CompareOp::Eq => order() == Some(Ordering::Equal),
        CompareOp::Ne => order() != Some(Ordering::Equal),
        CompareOp::Gt => order().is_some_and(Ordering::is_gt),
        CompareOp::Ge => order().is_some_and(Ordering::is_ge),
        CompareOp::Lt => order().is_some_and(Ordering::is_lt),
        CompareOp::Le => order().is_some_and(Ordering::is_le),
        CompareOp::Co => in_text(found, wanted, attribute, |found, wanted| {
            found.contains(wanted)
        }),
        CompareOp::Sw => in_text(found, wanted, attribute, |found, wanted| {
            found.starts_with(wanted)
        }),
        CompareOp::Ew => in_text(found, wanted, attribute, |found, wanted| {
            found.ends_with(wanted)
        }),
    }
}

/// How two values of an attribute compare; `None` if they cannot be compared.
fn order(found: &Value, wanted: &Value, attribute: &Attribute) -> Option<Ordering> {
    match (found, wanted) {
        (Value::Bool(found), Value::Bool(wanted)) => Some(found.cmp(wanted)),
        (Value::Number(found), Value::Number(wanted)) => order_numbers(found, wanted),
        (Value::String(found), Value::String(wanted))
            if attribute.kind == AttributeType::DateTime =>
        {
            Some(instant(found)?.cmp(&instant(wanted)?))
        }
        (Value::String(found), Value::String(wanted)) => {
            let exact = attribute.case_exact;
            Some(norm(found, exact).cmp(&norm(wanted, exact)))
        }
        _ => None,
    }
}

fn order_numbers(found: &Number, wanted: &Number) -> Option<Ordering> {
    // Doubles cannot tell large integers apart.
    if let (Some(found), Some(wanted)) = (found.as_i128(), wanted.as_i128()) {
        return Some(found.cmp(&wanted));
    }
    found.as_f64()?.partial_cmp(&wanted.as_f64()?)
}

fn in_text(
    found: &Value,
    wanted: &Value,
    attribute: &Attribute,
    relation: impl Fn(&str, &str) -> bool,
) -> bool {
    let exact = attribute.case_exact;
    match (found, wanted) {
        (Value::String(found), Value::String(wanted)) => {
            relation(&norm(found, exact), &norm(wanted, exact))
        }
        _ => false,
    }
}

/// Whether there is something in a value (RFC 7643 §2.5, RFC 7644 §3.4.2.2 `pr`).
fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => list.iter().any(is_present),
        Value::Object(members) => members.values().any(is_present),
        Value::Bool(_) | Value::Number(_) => true,
    }
}
