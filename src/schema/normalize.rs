//! A POST or PUT body as the document to store, and what every stored document satisfies. RFC 7644 §3.3, §3.5.1.

use serde_json::Value;

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
                list.retain(|element| !is_hollow(element));
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

/// Nothing is left of an element but what told it apart from its neighbours.
fn is_hollow(element: &Value) -> bool {
    element.as_object().is_some_and(|object| {
        object
            .keys()
            .all(|key| matches!(key.as_str(), "type" | "primary"))
    })
}

/// Whether every required attribute has a value.
pub fn require(resource_type: &ResourceType, document: &Document) -> Result<(), Violation> {
    let missing = |holder: &Document, schema: &Schema| {
        let absent = |attribute: &&std::sync::Arc<Attribute>| {
            attribute.required && !holder.contains_key(&attribute.name)
        };
        schema
            .attributes
            .iter()
            .find(absent)
            .map(|attribute| attribute.name.clone())
    };
    if let Some(name) = missing(document, &resource_type.schema) {
        return Err(Violation::new(name, ViolationKind::Required));
    }
    // An extension is a whole that may be absent; its required attributes bind where it is present.
    for schema in &resource_type.extensions {
        let present = document.get(schema.id.as_ref()).and_then(Value::as_object);
        if let Some(name) = present.and_then(|extension| missing(extension, schema)) {
            return Err(Violation::new(
                format!("{}:{name}", schema.id),
                ViolationKind::Required,
            ));
        }
    }
    Ok(())
}

/// Whether every immutable attribute that has a value in `old` still has it in `new` (RFC 7643 §7).
pub fn unchanged(
    resource_type: &ResourceType,
    old: &Document,
    new: &Document,
) -> Result<(), Violation> {
    let moved = |schema: &Schema, old: &Document, new: Option<&Document>| {
        let immutable = schema
            .attributes
            .iter()
            .filter(|attribute| attribute.mutability == Mutability::Immutable);
        let mut values = immutable.map(|attribute| attribute.name.as_str());
        values
            .find(|name| {
                old.contains_key(*name) && old.get(*name) != new.and_then(|new| new.get(*name))
            })
            .map(str::to_owned)
    };
    if let Some(name) = moved(&resource_type.schema, old, Some(new)) {
        return Err(Violation::new(name, ViolationKind::Mutability));
    }
    for schema in &resource_type.extensions {
        let object =
            |document| Document::get(document, schema.id.as_ref()).and_then(Value::as_object);
        if let Some(name) = object(old).and_then(|old| moved(schema, old, object(new))) {
            return Err(Violation::new(
                format!("{}:{name}", schema.id),
                ViolationKind::Mutability,
            ));
        }
    }
    Ok(())
}

/// What `schemas` says of `document`: the core URN and those of the extensions present (RFC 7643 §3.1).
pub fn schemas_of<'t>(resource_type: &'t ResourceType, document: &Document) -> Vec<&'t str> {
    let present = resource_type
        .extensions
        .iter()
        .filter(|schema| document.contains_key(schema.id.as_ref()));
    std::iter::once(&resource_type.schema)
        .chain(present)
        .map(|schema| schema.id.as_ref())
        .collect()
}

#[cfg(test)]
mod tests;
