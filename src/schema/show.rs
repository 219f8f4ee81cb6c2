//! What of a stored document the schemas still describe. RFC 7643 §2.5, §3.

use std::sync::Arc;

use serde_json::Value;

use super::attribute::named;
use super::{Attribute, Document, ResourceType, Schema};

/// `document` without what no schema describes any more: a tenant's schema may have been removed or replaced since it
/// was stored. What is left out stays stored.
pub fn known(resource_type: &ResourceType, document: &Document) -> Document {
    let mut shown = described(&resource_type.schema, document);
    for schema in &resource_type.extensions {
        let stored = document.get(schema.id.as_ref()).and_then(Value::as_object);
        let extension = stored.map(|stored| described(schema, stored));
        if let Some(extension) = extension.filter(|extension| !extension.is_empty()) {
            shown.insert(schema.id.to_string(), Value::Object(extension));
        }
    }
    shown
}

/// What `schemas` says of a stored document: the core URN and those of the extensions that show something (RFC 7643 §3.1).
pub fn schemas_of<'t>(resource_type: &'t ResourceType, document: &Document) -> Vec<&'t str> {
    let shows = |schema: &&Arc<Schema>| {
        let stored = document.get(schema.id.as_ref()).and_then(Value::as_object);
        stored.is_some_and(|stored| {
            stored.iter().any(|(name, value)| {
                let attribute = schema.attribute(name);
                attribute.is_some_and(|attribute| described_value(attribute, value).is_some())
            })
        })
    };
    let present = resource_type.extensions.iter().filter(shows);
    std::iter::once(&resource_type.schema)
        .chain(present)
        .map(|schema| schema.id.as_ref())
        .collect()
}

fn described(schema: &Schema, holder: &Document) -> Document {
    let describe = |(name, value): (&String, &Value)| {
        let attribute = schema.attribute(name)?;
        Some((name.clone(), described_value(attribute, value)?))
    };
    holder.iter().filter_map(describe).collect()
}

/// The value as far as it has the attribute's shape.
fn described_value(attribute: &Attribute, value: &Value) -> Option<Value> {
    match value {
        Value::Array(list) if attribute.is_multi_valued() => {
            let elements: Vec<Value> = list
                .iter()
                .filter_map(|element| described_element(attribute, element))
                .collect();
            (!elements.is_empty()).then_some(Value::Array(elements))
        }
        single if !attribute.is_multi_valued() => described_element(attribute, single),
        _ => None,
    }
}

fn described_element(attribute: &Attribute, value: &Value) -> Option<Value> {
    match value {
        Value::Object(object) if attribute.is_complex() => {
            let object: Document = object
                .iter()
                .filter(|(name, _)| named(&attribute.sub_attributes, name).is_some())
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            (!object.is_empty()).then_some(Value::Object(object))
        }
        Value::Object(_) | Value::Array(_) => None,
        scalar => (!attribute.is_complex()).then(|| scalar.clone()),
    }
}
