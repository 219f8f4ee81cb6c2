//! The resource types served: a core schema and its extensions. RFC 7643 §3, §6.

use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use super::attribute::named;
use super::{Attribute, Schema};

/// A kind of resource: where it lives and which schemas describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceType {
    /// `User` or `Group`; also `meta.resourceType`.
    pub name: &'static str,
    /// Path under the base URL, as `/Users`.
    pub endpoint: &'static str,
    /// The number that stands in ids of this type.
    pub number: u8,
    pub schema: Arc<Schema>,
    pub extensions: Vec<Arc<Schema>>,
}

/// RFC 7643 §4.1 with the enterprise extension of §4.3.
pub static USER: LazyLock<ResourceType> = LazyLock::new(|| ResourceType {
    name: "User",
    endpoint: "/Users",
    number: 0,
    schema: read(include_str!("user.json")),
    extensions: vec![read(include_str!("enterprise_user.json"))],
});

/// RFC 7643 §4.2.
pub static GROUP: LazyLock<ResourceType> = LazyLock::new(|| ResourceType {
    name: "Group",
    endpoint: "/Groups",
    number: 1,
    schema: read(include_str!("group.json")),
    extensions: vec![],
});

/// What a group shows whose members are too many. It is never stored, and no request can name it, so that no resource
/// type has it but in discovery.
pub static TRUNCATED: LazyLock<Arc<Schema>> =
    LazyLock::new(|| read(include_str!("truncated.json")));

/// `id`, `schemas` and `meta`, which every resource has and no schema lists (RFC 7643 §3.1).
static COMMON: LazyLock<Vec<Arc<Attribute>>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    struct Common {
        attributes: Vec<Arc<Attribute>>,
    }
    let common: Common = parse(include_str!("common.json"));
    common.attributes
});

impl ResourceType {
    /// Whether resources of this type have members rather than groups.
    pub fn is_group(&self) -> bool {
        self.number == 1
    }

    /// The core or common attribute called `name`.
    pub fn core_attribute(&self, name: &str) -> Option<&Arc<Attribute>> {
        self.schema.attribute(name).or_else(|| named(&COMMON, name))
    }

    /// Whether `attribute` is the built-in one called `name`, and not one of the same name that a tenant defined.
    pub(crate) fn is_own(&self, name: &str, attribute: &Attribute) -> bool {
        let own = self.schema.attribute(name);
        own.is_some_and(|own| std::ptr::eq(own.as_ref(), attribute))
    }

    /// The core attributes, then the common ones.
    pub fn core_attributes(&self) -> impl Iterator<Item = &Arc<Attribute>> {
        self.schema.attributes.iter().chain(COMMON.iter())
    }

    /// The extension schema with this URN, in any case.
    pub fn extension(&self, urn: &str) -> Option<&Arc<Schema>> {
        self.extensions
            .iter()
            .find(|schema| schema.id.eq_ignore_ascii_case(urn))
    }

    /// Core schema first, then the extensions.
    pub fn schemas(&self) -> impl Iterator<Item = &Arc<Schema>> {
        std::iter::once(&self.schema).chain(&self.extensions)
    }
}

fn read(json: &str) -> Arc<Schema> {
    let schema: Schema = parse(json);
    Arc::new(Schema {
        document: parse(json),
        ..schema
    })
}

#[allow(
    clippy::expect_used,
    reason = "the documents are compiled in and read by the first test"
)]
fn parse<T: serde::de::DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).expect("the compiled-in schema documents are valid")
}
