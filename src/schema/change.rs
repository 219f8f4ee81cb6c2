//! What a change of a resource must leave as it was, by `mutability`. RFC 7643 §2.2, §7; RFC 7644 §3.5.1, §3.5.2.

use serde_json::Value;

use super::{Attribute, Document, Mutability, ResourceType, Schema, Violation, ViolationKind};

/// Whether every immutable attribute that has a value in `old` still has it in `new`.
///
/// An immutable sub-attribute stays as long as the single value it is part of; the elements of lists come and go.
pub fn unchanged(
    resource_type: &ResourceType,
    old: &Document,
    new: &Document,
) -> Result<(), Violation> {
    if let Some(path) = moved(&resource_type.schema, old, Some(new)) {
        return Err(Violation::new(path, ViolationKind::Mutability));
    }
    for schema in &resource_type.extensions {
        let object =
            |document| Document::get(document, schema.id.as_ref()).and_then(Value::as_object);
        if let Some(path) = object(old).and_then(|old| moved(schema, old, object(new))) {
            let path = format!("{}:{path}", schema.id);
            return Err(Violation::new(path, ViolationKind::Mutability));
        }
    }
    Ok(())
}

/// The first attribute or sub-attribute that should have stayed.
fn moved(schema: &Schema, old: &Document, new: Option<&Document>) -> Option<String> {
    schema.attributes.iter().find_map(|attribute| {
        let before = old.get(&attribute.name)?;
        let after = new.and_then(|new| new.get(&attribute.name));
        if attribute.mutability == Mutability::Immutable {
            return (after != Some(before)).then(|| attribute.name.clone());
        }
        let (before, after) = (before.as_object()?, after?.as_object()?);
        let sub = frozen(attribute).find(|sub| {
            before
                .get(&sub.name)
                .is_some_and(|value| after.get(&sub.name) != Some(value))
        })?;
        Some(format!("{}.{}", attribute.name, sub.name))
    })
}

fn frozen(attribute: &Attribute) -> impl Iterator<Item = &Attribute> {
    let subs = attribute.sub_attributes.iter().map(AsRef::as_ref);
    subs.filter(|sub| sub.mutability == Mutability::Immutable)
}

/// The immutable sub-attribute that `change` would give another value than `element` has (`null` takes it away).
pub fn moved_within<'a>(
    attribute: &'a Attribute,
    element: &Document,
    change: &Document,
) -> Option<&'a Attribute> {
    frozen(attribute).find(|sub| {
        let (before, after) = (element.get(&sub.name), change.get(&sub.name));
        before.is_some() && after.is_some() && before != after
    })
}

/// Takes over into `new`, what a PUT says, the values in `old` that the client cannot give once more: those it may not
/// write (readOnly), not change (immutable) or not read (writeOnly), where `new` does not have them.
pub fn keep(resource_type: &ResourceType, old: &Document, new: &mut Document) {
    keep_in(&resource_type.schema, old, new);
    for schema in &resource_type.extensions {
        let Some(before) = old.get(schema.id.as_ref()).and_then(Value::as_object) else {
            continue;
        };
        let mut after = match new.get(schema.id.as_ref()) {
            Some(Value::Object(after)) => after.clone(),
            _ => Document::new(),
        };
        keep_in(schema, before, &mut after);
        if !after.is_empty() {
            new.insert(schema.id.to_string(), Value::Object(after));
        }
    }
}

fn keep_in(schema: &Schema, old: &Document, new: &mut Document) {
    for attribute in &schema.attributes {
        let Some(before) = old.get(&attribute.name) else {
            continue;
        };
        match new.get_mut(&attribute.name) {
            None if is_kept(attribute) => {
                new.insert(attribute.name.clone(), before.clone());
            }
            Some(Value::Object(after)) => {
                for sub in attribute.sub_attributes.iter().filter(|sub| is_kept(sub)) {
                    if let (Some(value), false) =
                        (before.get(&sub.name), after.contains_key(&sub.name))
                    {
                        after.insert(sub.name.clone(), value.clone());
                    }
                }
            }
            _ => {}
        }
    }
}

fn is_kept(attribute: &Attribute) -> bool {
    attribute.mutability != Mutability::ReadWrite
}

#[cfg(test)]
mod tests;
