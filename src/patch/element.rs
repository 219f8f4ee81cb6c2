//! The elements of lists: which are the same, which is primary, how one is merged or made. RFC 7643 §2.4.

use std::collections::HashMap;

use serde_json::Value;

use crate::filter::Filter;
use crate::schema::{Attribute, Document, Violation, ViolationKind, moved_within, norm};

/// §3.5.2.1: the list gains the elements it lacks. One of the same value and type is the same element, and takes what
/// else was sent with it: a list should not hold such a pair twice.
pub(super) fn append(
    list: &mut Vec<Value>,
    added: &[Value],
    attribute: &Attribute,
) -> Result<(), Violation> {
    let mut places: HashMap<String, usize> = list
        .iter()
        .enumerate()
        .map(|(index, element)| (identity(element, attribute), index))
        .collect();
    let mut primary = None;
    for new in added {
        let place = *places.entry(identity(new, attribute)).or_insert(list.len());
        match (list.get_mut(place), new) {
            (Some(present), Value::Object(new)) => merge_kept(present, new, attribute)?,
            (Some(_), _) => {}
            (None, new) => list.push(new.clone()),
        }
        if is_primary(new) {
            primary = Some(place);
        }
    }
    keep_primary(list, primary);
    Ok(())
}

/// What tells an element from others: its value and type, or all it holds where it has no value.
fn identity(element: &Value, attribute: &Attribute) -> String {
    let Value::Object(object) = element else {
        return normal(element, attribute);
    };
    let has_value = object.contains_key("value");
    let telling = attribute
        .sub_attributes
        .iter()
        .filter(|sub| !has_value || matches!(sub.name.as_str(), "value" | "type"));
    let mut identity = String::new();
    for sub in telling {
        if let Some(value) = object
            .get(&sub.name)
            .filter(|value| **value != Value::Bool(false))
        {
            // The normal form holds no control characters, so they can separate.
            identity.extend([&sub.name, "\u{1}", &normal(value, sub), "\u{2}"]);
        }
    }
    identity
}

fn normal(value: &Value, attribute: &Attribute) -> String {
    value.as_str().map_or_else(
        || value.to_string(),
        |text| norm(text, attribute.case_exact),
    )
}

/// Whether `listed`, sent with a `remove`, means `element`: by value, with the type where one is given, else by all.
pub(super) fn is_listed(element: &Value, listed: &Value, attribute: &Attribute) -> bool {
    let (Value::Object(element), Value::Object(listed)) = (element, listed) else {
        return normal(element, attribute) == normal(listed, attribute);
    };
    let same = |name: &str| {
        let normal = |object: &Document| {
            let value = object
                .get(name)
                .filter(|value| **value != Value::Bool(false))?;
            Some(attribute.sub_attribute(name).map(|sub| normal(value, sub)))
        };
        normal(element) == normal(listed)
    };
    let by_value = listed.contains_key("value");
    listed
        .keys()
        .filter(|name| !by_value || matches!(name.as_str(), "value" | "type"))
        .all(|name| same(name))
}

/// Sets the sub-attributes that `change` names, and drops those it names as `null`.
pub(super) fn merge(element: &mut Value, change: &Document) {
    if let Value::Object(element) = element {
        merge_object(element, change);
    }
}

/// As [`merge`], if no immutable sub-attribute would get another value (RFC 7644 §3.5.2).
pub(super) fn merge_kept(
    element: &mut Value,
    change: &Document,
    attribute: &Attribute,
) -> Result<(), Violation> {
    let Value::Object(object) = element else {
        return Ok(());
    };
    if let Some(sub) = moved_within(attribute, object, change) {
        let path = format!("{}.{}", attribute.name, sub.name);
        return Err(Violation::new(path, ViolationKind::Mutability));
    }
    merge_object(object, change);
    Ok(())
}

/// Whether merging `change` into `element` would change nothing.
pub(super) fn has_all(element: &Value, change: &Document) -> bool {
    change
        .iter()
        .all(|(name, value)| element.get(name).unwrap_or(&Value::Null) == value)
}

/// As [`merge`], on an object.
pub(super) fn merge_object(object: &mut Document, change: &Document) {
    for (name, value) in change {
        if value.is_null() {
            object.shift_remove(name);
        } else {
            object.insert(name.clone(), value.clone());
        }
    }
}

/// The element that `filter` asks for, if it says so by equalities alone.
pub(super) fn seed(filter: &Filter) -> Option<Value> {
    let equalities = filter.equalities()?;
    let members = equalities
        .into_iter()
        .map(|(path, value)| (path.attribute.name.clone(), value.clone()));
    let element: Document = members.collect();
    // `type eq "a" and type eq "b"` can be had by no element.
    filter.matches(&element).then_some(Value::Object(element))
}

pub(super) fn is_primary(element: &Value) -> bool {
    element.get("primary") == Some(&Value::Bool(true))
}

/// If the element just written at `index` is primary, no other one is.
pub(super) fn keep_primary(list: &mut [Value], index: Option<usize>) {
    if !index
        .and_then(|index| list.get(index))
        .is_some_and(is_primary)
    {
        return;
    }
    for (place, element) in list.iter_mut().enumerate() {
        if Some(place) != index && is_primary(element) {
            merge(
                element,
                &Document::from_iter([("primary".to_owned(), Value::Bool(false))]),
            );
        }
    }
}
