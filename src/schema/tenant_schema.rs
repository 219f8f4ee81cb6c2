//! Schema documents that a tenant registers, and what is wrong with those that are refused. RFC 7643 §7, §3.3.

mod attribute;
mod fault;

use std::sync::Arc;

use serde_json::Value;

pub use fault::{Fault, SchemaError};

use super::{GROUP, ResourceType, Schema, USER, is_password};

/// Bytes of one schema document.
pub const SCHEMA_BYTES_MAX: usize = 64 * 1024;
/// Attributes of one schema document, sub-attributes included.
pub const SCHEMA_ATTRIBUTES_MAX: usize = 200;
/// Characters of a schema's URN.
pub const URN_MAX: usize = 256;
/// Characters of an attribute's name.
pub const NAME_MAX: usize = 64;

/// What a schema document may say beside its attributes.
const MEMBERS: [&str; 6] = ["schemas", "id", "name", "description", "attributes", "meta"];
/// What every resource has (RFC 7643 §3.1): no schema may define it once more.
const COMMON: [&str; 4] = ["id", "externalId", "schemas", "meta"];
/// Core attributes that no document holds.
const DERIVED: [&str; 2] = ["members", "groups"];
/// URNs that stand for something else.
const RESERVED: [&str; 3] = [
    "urn:ietf:params:scim:schemas:core:",
    "urn:ietf:params:scim:api:",
    "urn:serverless-scim:",
];

/// A schema document of one tenant: an extension of a resource type, or further attributes of a schema that is built in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantSchema {
    /// The built-in resource type it belongs to.
    pub resource_type: &'static ResourceType,
    /// The document as registered.
    pub schema: Arc<Schema>,
}

impl TenantSchema {
    /// Reads and checks a document. One with a URN of its own extends `resource_type`, or users where none is given;
    /// one with the URN of a built-in schema belongs where that does.
    pub fn read(
        json: &str,
        resource_type: Option<&'static ResourceType>,
    ) -> Result<Self, SchemaError> {
        let whole = |fault| SchemaError::new("the document", fault);
        // Some editors begin a file with a byte order mark.
        let json = json.trim_start_matches('\u{feff}');
        if json.len() > SCHEMA_BYTES_MAX {
            return Err(whole(Fault::TooLarge));
        }
        let value: Value =
            serde_json::from_str(json).map_err(|error| whole(Fault::Json(error.to_string())))?;
        let Value::Object(document) = value else {
            return Err(whole(Fault::NoDocument));
        };
        if let Some(unknown) = document.keys().find(|key| !MEMBERS.contains(&key.as_str())) {
            return Err(SchemaError::new(unknown, Fault::UnknownMember));
        }
        let text = |name| attribute::text("", &document, name);
        let (name, _) = (text("name")?, text("description")?);
        let urn = text("id")?.ok_or(SchemaError::new("id", Fault::Missing))?;
        check_urn(urn).map_err(|fault| SchemaError::new("id", fault))?;
        let (resource_type, extended) = place(urn, resource_type)?;
        let attributes = attribute::read_all(&document)?;
        for (index, attribute) in attributes.iter().enumerate() {
            check_name(&attribute.name, resource_type, extended)
                .map_err(|fault| SchemaError::new(format!("attributes[{index}].name"), fault))?;
        }
        let schema = Schema {
            id: extended.map_or_else(|| urn.into(), |schema| Arc::clone(&schema.id)),
            name: name.unwrap_or_default().to_owned(),
            attributes,
            document,
        };
        Ok(Self {
            resource_type,
            schema: Arc::new(schema),
        })
    }

    /// Whether paths can tell this schema from `others`, those the tenant has already under other URNs.
    pub fn check_beside(&self, others: &[Self]) -> Result<(), SchemaError> {
        let clash = others
            .iter()
            .map(|other| &other.schema.id)
            .filter(|other| !self.is(other))
            .find(|other| begins(&self.schema.id, other) || begins(other, &self.schema.id));
        match clash {
            None => Ok(()),
            Some(other) => Err(SchemaError::new("id", Fault::Ambiguous(other.to_string()))),
        }
    }

    /// Whether this is the schema `urn`, in any case.
    pub fn is(&self, urn: &str) -> bool {
        self.schema.id.eq_ignore_ascii_case(urn)
    }

    /// How many attributes the document defines, sub-attributes not counted.
    pub fn attributes(&self) -> usize {
        self.schema.attributes.len()
    }
}

/// The resource type that `urn` belongs to, and the built-in schema it names, if any.
fn place(
    urn: &str,
    wanted: Option<&'static ResourceType>,
) -> Result<(&'static ResourceType, Option<&'static Arc<Schema>>), SchemaError> {
    let types: [&'static ResourceType; 2] = [&USER, &GROUP];
    let mut built_in = types
        .into_iter()
        .flat_map(|kind| kind.schemas().map(move |schema| (kind, schema)));
    if let Some((kind, schema)) = built_in.find(|(_, schema)| schema.id.eq_ignore_ascii_case(urn)) {
        if wanted.is_some_and(|wanted| wanted.number != kind.number) {
            return Err(SchemaError::new("id", Fault::OtherType(kind.name)));
        }
        return Ok((kind, Some(schema)));
    }
    let starts = |start: &&str| {
        urn.get(..start.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(start))
    };
    let mut built_in = types.into_iter().flat_map(ResourceType::schemas);
    let fault = if RESERVED.iter().any(starts) {
        Some(Fault::Reserved)
    } else {
        built_in
            .find(|schema| begins(urn, &schema.id) || begins(&schema.id, urn))
            .map(|schema| Fault::Ambiguous(schema.id.to_string()))
    };
    match fault {
        None => Ok((wanted.unwrap_or(&USER), None)),
        Some(fault) => Err(SchemaError::new("id", fault)),
    }
}

/// Whether `urn` goes on where `start` ends, as the path of an attribute does.
fn begins(urn: &str, start: &str) -> bool {
    urn.split_at_checked(start.len())
        .is_some_and(|(head, rest)| {
            head.eq_ignore_ascii_case(start) && rest.starts_with([':', '.'])
        })
}

/// `urn:NID:NSS` (RFC 8141 §2) of characters that need no escape in a URL or a filter.
fn check_urn(urn: &str) -> Result<(), Fault> {
    let mut parts = urn.splitn(3, ':');
    let is_urn = parts
        .next()
        .is_some_and(|urn| urn.eq_ignore_ascii_case("urn"));
    let is_nid = parts.next().is_some_and(|nid| {
        (2..=32).contains(&nid.len()) && nid.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    });
    let is_nss = parts.next().is_some_and(|nss| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~' | ':');
        nss.chars().all(plain) && nss.ends_with(|c: char| c.is_ascii_alphanumeric())
    });
    if is_urn && is_nid && is_nss && urn.len() <= URN_MAX {
        Ok(())
    } else {
        Err(Fault::Urn)
    }
}

fn check_name(
    name: &str,
    resource_type: &ResourceType,
    extended: Option<&Arc<Schema>>,
) -> Result<(), Fault> {
    let common = COMMON
        .iter()
        .any(|common| common.eq_ignore_ascii_case(name));
    // Without a URN before it a `password` is taken for the one that is never stored, `members` and `groups` for edges.
    let taken = is_password(name)
        || DERIVED
            .iter()
            .any(|derived| derived.eq_ignore_ascii_case(name));
    let core = extended.filter(|schema| Arc::ptr_eq(schema, &resource_type.schema));
    match extended.and_then(|schema| schema.attribute(name)) {
        _ if common => Err(Fault::ReservedName),
        Some(attribute) => Err(Fault::Defined(attribute.name.clone())),
        None if core.is_some() && taken => Err(Fault::ReservedName),
        None => Ok(()),
    }
}

/// A built-in schema with the attributes that a tenant adds to it.
pub(super) fn joined(built_in: &Schema, added: &Schema) -> Schema {
    let mut document = built_in.document.clone();
    let new = added.document.get("attributes").and_then(Value::as_array);
    if let Some(Value::Array(list)) = document.get_mut("attributes") {
        list.extend(new.into_iter().flatten().cloned());
    }
    Schema {
        attributes: [built_in.attributes.clone(), added.attributes.clone()].concat(),
        document,
        id: Arc::clone(&built_in.id),
        name: built_in.name.clone(),
    }
}

#[cfg(test)]
mod tests;
