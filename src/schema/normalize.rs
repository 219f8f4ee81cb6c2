//! A POST or PUT body as the document to store, and what every stored document satisfies. RFC 7644 §3.3, §3.5.1.

use serde_json::Value;

use super::path::elements;
use super::value::{Strictness, is_link_list, shape};
use super::{
    Attribute, Document, Mutability, Quirk, Quirks, ResourceType, Schema, Violation, ViolationKind,
};

/// The document that `body` describes: canonical names and types, nothing readOnly, unknown or empty.
/// `members` stays in it, and stays as `[]` where the body empties it: the caller takes it out.
pub fn normalize(
    resource_type: &ResourceType,
    body: &Document,
    quirks: &mut Quirks,
) -> Result<Document, Violation> {
    let mut document = Document::new();
    for (key, value) in body {
        if let Some(attribute) = resource_type.core_attribute(key) {
            take(attribute, value, &mut document, quirks)?;
        } else if let Some(schema) = resource_type.extension(key) {
            document.shift_remove(schema.id.as_ref());
            if let Some(extension) = extension(schema, value, quirks)? {
                document.insert(schema.id.to_string(), Value::Object(extension));
            }
        } else if is_password(key) {
            quirks.met(Quirk::PasswordIgnored);
        } else {
            quirks.met(Quirk::UnknownName);
        }
    }
    finish(resource_type, &mut document, quirks);
    require(resource_type, &document)?;
    Ok(document)
}

/// Whether `name` is the one writeOnly attribute, which is accepted and never stored.
pub fn is_password(name: &str) -> bool {
    name.eq_ignore_ascii_case("password")
}

fn take(
    attribute: &Attribute,
    value: &Value,
    document: &mut Document,
    quirks: &mut Quirks,
) -> Result<(), Violation> {
    if attribute.mutability == Mutability::ReadOnly {
        if attribute.name != "schemas" {
            quirks.met(Quirk::ReadOnlyIgnored);
        }
        return Ok(());
    }
    // The same name in another case: the last one counts, even if it is null.
    document.shift_remove(&attribute.name);
    let shaped = shape(attribute, value, Strictness::Strict, quirks)?;
    let emptied = is_link_list(attribute).then(|| Value::Array(vec![]));
    if let Some(value) = shaped.or(emptied) {
        document.insert(attribute.name.clone(), value);
    }
    Ok(())
}

fn extension(
    schema: &Schema,
    value: &Value,
    quirks: &mut Quirks,
) -> Result<Option<Document>, Violation> {
    let object = match value {
        Value::Null => return Ok(None),
        Value::String(text) if text.is_empty() => return Ok(None),
        // What PHP makes of an empty object.
        Value::Array(list) if list.is_empty() => return Ok(None),
        Value::Object(object) => object,
        _ => {
            let kind = ViolationKind::Type {
                expected: "an object",
            };
            return Err(Violation::new(schema.id.as_ref(), kind));
        }
    };
    let mut extension = Document::new();
    for (key, value) in object {
        match schema.attribute(key) {
            Some(attribute) => take(attribute, value, &mut extension, quirks)
                .map_err(|violation| violation.within(&schema.id, ':'))?,
            None => quirks.met(Quirk::UnknownName),
        }
    }
    Ok(Some(extension))
}

/// Leaves at most one primary per list, and drops elements, attributes and extensions that hold nothing.
pub fn finish(resource_type: &ResourceType, document: &mut Document, quirks: &mut Quirks) {
    tidy(&resource_type.schema, document, quirks);
    for schema in &resource_type.extensions {
        if let Some(extension) = document
            .get_mut(schema.id.as_ref())
            .and_then(Value::as_object_mut)
        {
            tidy(schema, extension, quirks);
            if extension.is_empty() {
                document.shift_remove(schema.id.as_ref());
            }
        }
    }
}

fn tidy(schema: &Schema, holder: &mut Document, quirks: &mut Quirks) {
    for attribute in &schema.attributes {
        let empty = match holder.get_mut(&attribute.name) {
            Some(Value::Array(list)) => {
                keep_last_primary(list, quirks);
                list.retain(|element| !is_hollow(attribute, element));
                list.is_empty() && !is_link_list(attribute)
            }
            Some(Value::Object(object)) => object.is_empty(),
            _ => false,
        };
        if empty {
            holder.shift_remove(&attribute.name);
        }
    }
}

fn keep_last_primary(list: &mut [Value], quirks: &mut Quirks) {
    let primaries = list
        .iter_mut()
        .rev()
        .filter_map(|element| element.get_mut("primary"));
    for demoted in primaries
        .filter(|primary| **primary == Value::Bool(true))
        .skip(1)
    {
        quirks.met(Quirk::PrimaryTwice);
        *demoted = Value::Bool(false);
    }
}

/// Nothing is left of an element but what told it apart from its neighbours (RFC 7643 §2.4).
fn is_hollow(attribute: &Attribute, element: &Value) -> bool {
    let tells_apart = |name: &str| matches!(name, "type" | "primary");
    let has_more = || {
        attribute
            .sub_attributes
            .iter()
            .any(|sub| !tells_apart(&sub.name))
    };
    attribute.sub_attribute("primary").is_some()
        && element
            .as_object()
            .is_some_and(|object| object.keys().all(|key| tells_apart(key)) && has_more())
}

/// Whether every required attribute and sub-attribute has a value.
pub fn require(resource_type: &ResourceType, document: &Document) -> Result<(), Violation> {
    require_of(resource_type, None, document)
}

/// As [`require`], but for what was missing in `old` as well: a tenant may have come to require it later, and a client
/// that disables somebody must not be stopped by that.
pub fn require_kept(
    resource_type: &ResourceType,
    old: &Document,
    new: &Document,
) -> Result<(), Violation> {
    require_of(resource_type, Some(old), new)
}

fn require_of(
    resource_type: &ResourceType,
    old: Option<&Document>,
    new: &Document,
) -> Result<(), Violation> {
    let required = |path| Err(Violation::new(path, ViolationKind::Required));
    if let Some(path) = missing(&resource_type.schema, old, new) {
        return required(path);
    }
    // An extension is a whole that may be absent; its required attributes bind where it is present.
    for schema in &resource_type.extensions {
        let object =
            |document| Document::get(document, schema.id.as_ref()).and_then(Value::as_object);
        let old = old.and_then(object);
        if let Some(path) = object(new).and_then(|new| missing(schema, old, new)) {
            return required(format!("{}:{path}", schema.id));
        }
    }
    Ok(())
}

fn missing(schema: &Schema, old: Option<&Document>, new: &Document) -> Option<String> {
    schema.attributes.iter().find_map(|attribute| {
        let name = &attribute.name;
        match new.get(name) {
            None => {
                let was_missing = old.is_some_and(|old| !old.contains_key(name));
                (attribute.required && !was_missing).then(|| name.clone())
            }
            Some(value) => {
                let before = old.and_then(|old| old.get(name));
                let sub = missing_sub(attribute, before, value)?;
                Some(format!("{name}.{sub}"))
            }
        }
    })
}

/// The required sub-attribute that a value lacks, if it is not a value that was there before.
fn missing_sub<'a>(attribute: &'a Attribute, old: Option<&Value>, new: &Value) -> Option<&'a str> {
    let mut required = attribute.sub_attributes.iter().filter(|sub| sub.required);
    required.find_map(|sub| {
        let lacks = |value: &&Value| value.is_object() && value.get(&sub.name).is_none();
        let was_there = |value: &Value| old.into_iter().flat_map(elements).any(|old| old == value);
        elements(new)
            .filter(lacks)
            .any(|value| !was_there(value))
            .then_some(sub.name.as_str())
    })
}

#[cfg(test)]
mod tests;
