//! The attributes of a schema document, one characteristic after the other. RFC 7643 §2.1, §2.2, §7.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::fault::{Fault, SchemaError};
use super::{NAME_MAX, SCHEMA_ATTRIBUTES_MAX};
use crate::schema::attribute::named;
use crate::schema::{Attribute, AttributeType, Document, Mutability, Returned, Uniqueness};

const CHARACTERISTICS: &str = "name, type, multiValued, description, required, canonicalValues, caseExact, mutability, returned, uniqueness, referenceTypes, subAttributes";
const TYPES: &str = "string, boolean, decimal, integer, dateTime, reference, binary or complex";
const MUTABILITIES: &str = "readOnly, readWrite, immutable or writeOnly";
const RETURNS: &str = "always, never, default or request";

type Read<T> = Result<T, SchemaError>;

/// The attributes that `document` defines.
pub(super) fn read_all(document: &Document) -> Read<Vec<Arc<Attribute>>> {
    let place = "attributes";
    let error = |fault| Err(SchemaError::new(place, fault));
    let Some(value) = document.get(place) else {
        return error(Fault::Missing);
    };
    let mut count = 0;
    let attributes = list(place, value, None, &mut count)?;
    if attributes.is_empty() {
        return error(Fault::Nothing);
    }
    Ok(attributes)
}

/// The text called `name` of `object`, which stands at `place`.
pub(super) fn text<'d>(place: &str, object: &'d Document, name: &str) -> Read<Option<&'d str>> {
    match object.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(at(place, name, Fault::Shape("text"))),
    }
}

/// A list of attributes, or of the sub-attributes of `parent`.
fn list(
    place: &str,
    value: &Value,
    parent: Option<AttributeType>,
    count: &mut usize,
) -> Read<Vec<Arc<Attribute>>> {
    let Some(items) = value.as_array() else {
        let fault = Fault::Shape("a list of attributes");
        return Err(SchemaError::new(place, fault));
    };
    if parent.is_some_and(|parent| parent != AttributeType::Complex) && !items.is_empty() {
        return Err(SchemaError::new(place, Fault::NotComplex));
    }
    *count += items.len();
    if *count > SCHEMA_ATTRIBUTES_MAX {
        return Err(SchemaError::new("attributes", Fault::TooMany));
    }
    let mut attributes: Vec<Arc<Attribute>> = vec![];
    for (index, item) in items.iter().enumerate() {
        let place = format!("{place}[{index}]");
        let attribute = attribute(&place, item, parent.is_some(), count)?;
        if named(&attributes, &attribute.name).is_some() {
            return Err(at(&place, "name", Fault::Twice));
        }
        attributes.push(Arc::new(attribute));
    }
    Ok(attributes)
}

fn attribute(place: &str, item: &Value, is_sub: bool, count: &mut usize) -> Read<Attribute> {
    let Some(object) = item.as_object() else {
        let fault = Fault::Shape("an attribute: an object with name and type");
        return Err(SchemaError::new(place, fault));
    };
    let known = |key: &str| CHARACTERISTICS.split(", ").any(|known| known == key);
    if let Some(key) = object.keys().find(|key| !known(key)) {
        return Err(at(
            place,
            key,
            Fault::UnknownCharacteristic(CHARACTERISTICS),
        ));
    }
    text(place, object, "description")?;
    texts(place, object, "referenceTypes")?;
    let name = text(place, object, "name")?.ok_or_else(|| at(place, "name", Fault::Missing))?;
    if !is_name(name, is_sub) {
        return Err(at(place, "name", Fault::Name));
    }
    let kind: AttributeType = keyword(place, object, "type", TYPES)?;
    let attribute = Attribute {
        name: name.to_owned(),
        kind,
        multi_valued: flag(place, object, "multiValued")?.unwrap_or(false),
        required: flag(place, object, "required")?.unwrap_or(false),
        // §2.3.6, §2.3.7: where the document does not say, these two are compared as they are written.
        case_exact: flag(place, object, "caseExact")?.unwrap_or(matches!(
            kind,
            AttributeType::Binary | AttributeType::Reference
        )),
        mutability: keyword(place, object, "mutability", MUTABILITIES)?,
        returned: keyword(place, object, "returned", RETURNS)?,
        uniqueness: keyword(place, object, "uniqueness", "none, server or global")?,
        canonical_values: texts(place, object, "canonicalValues")?,
        sub_attributes: match object.get("subAttributes") {
            None => vec![],
            Some(value) => list(&format!("{place}.subAttributes"), value, Some(kind), count)?,
        },
    };
    check(&attribute, is_sub).map_err(|(name, fault)| at(place, name, fault))?;
    Ok(attribute)
}

/// What the characteristics of one attribute must be to each other.
fn check(attribute: &Attribute, is_sub: bool) -> Result<(), (&'static str, Fault)> {
    if is_sub && attribute.is_complex() {
        return Err(("type", Fault::Nested));
    }
    if is_sub && attribute.multi_valued {
        return Err(("multiValued", Fault::SubList));
    }
    if attribute.is_complex() && attribute.sub_attributes.is_empty() {
        return Err(("subAttributes", Fault::Nothing));
    }
    if attribute.uniqueness != Uniqueness::None {
        return Err(("uniqueness", Fault::Unique));
    }
    match attribute.mutability {
        Mutability::ReadOnly if attribute.required => Err(("required", Fault::RequiredReadOnly)),
        Mutability::WriteOnly if attribute.returned != Returned::Never => {
            Err(("returned", Fault::WriteOnlyReturned))
        }
        _ => Ok(()),
    }
}

fn flag(place: &str, object: &Document, name: &str) -> Read<Option<bool>> {
    match object.get(name) {
        None => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) => Err(at(place, name, Fault::Shape("true or false"))),
    }
}

/// One of the words in `known`; the type's default where it is left out (§2.2).
fn keyword<T: DeserializeOwned + Default>(
    place: &str,
    object: &Document,
    name: &str,
    known: &'static str,
) -> Read<T> {
    let Some(value) = object.get(name) else {
        return Ok(T::default());
    };
    let word = value.as_str().and_then(|_| T::deserialize(value).ok());
    word.ok_or_else(|| at(place, name, Fault::Shape(known)))
}

fn texts(place: &str, object: &Document, name: &str) -> Read<Vec<String>> {
    let Some(value) = object.get(name) else {
        return Ok(vec![]);
    };
    let text = |item: &Value| item.as_str().map(str::to_owned);
    let texts = value
        .as_array()
        .and_then(|items| items.iter().map(text).collect());
    texts.ok_or_else(|| at(place, name, Fault::Shape("a list of texts")))
}

/// `ATTRNAME` of RFC 7643 §2.1 as far as RFC 7644 §3.4.2.2 can name it in a path, or `$ref`.
fn is_name(name: &str, is_sub: bool) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let attribute_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.len() <= NAME_MAX
        && name.chars().all(plain);
    attribute_name || (is_sub && name == "$ref")
}

fn at(place: &str, name: &str, fault: Fault) -> SchemaError {
    let place = if place.is_empty() {
        name.to_owned()
    } else {
        format!("{place}.{name}")
    };
    SchemaError::new(place, fault)
}
