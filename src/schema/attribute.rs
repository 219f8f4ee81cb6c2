//! Attribute and schema definitions, read from their JSON documents. RFC 7643 §2.2, §7.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Document;

/// A schema document: a URN and the attributes it defines.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Schema {
    pub id: Arc<str>,
    pub name: String,
    pub attributes: Vec<Arc<Attribute>>,
    /// The schema document itself, as clients are shown it.
    #[serde(skip)]
    pub document: Document,
}

/// What a schema says of one attribute. RFC 7643 §2.2 gives the defaults.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attribute {
    pub name: String,
    #[serde(rename = "type", default)]
    pub kind: AttributeType,
    #[serde(default)]
    pub multi_valued: bool,
    #[serde(default)]
    pub required: bool,
    #[serde(default)]
    pub case_exact: bool,
    #[serde(default)]
    pub mutability: Mutability,
    #[serde(default)]
    pub returned: Returned,
    #[serde(default)]
    pub uniqueness: Uniqueness,
    #[serde(default)]
    pub canonical_values: Vec<String>,
    #[serde(default)]
    pub sub_attributes: Vec<Arc<Attribute>>,
}

/// RFC 7643 §2.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AttributeType {
    #[default]
    String,
    Boolean,
    Decimal,
    Integer,
    DateTime,
    Reference,
    Binary,
    Complex,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mutability {
    ReadOnly,
    #[default]
    ReadWrite,
    Immutable,
    WriteOnly,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Returned {
    Always,
    Never,
    #[default]
    Default,
    Request,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Uniqueness {
    #[default]
    None,
    Server,
    Global,
}

impl Schema {
    /// The attribute called `name`, in any case (RFC 7643 §2.1).
    pub fn attribute(&self, name: &str) -> Option<&Arc<Attribute>> {
        named(&self.attributes, name)
    }
}

impl Attribute {
    /// The sub-attribute called `name`, in any case.
    pub fn sub_attribute(&self, name: &str) -> Option<&Arc<Attribute>> {
        named(&self.sub_attributes, name)
    }

    /// Whether the attribute has sub-attributes.
    pub fn is_complex(&self) -> bool {
        self.kind == AttributeType::Complex
    }

    /// Whether values of this attribute are elements of a list.
    pub fn is_multi_valued(&self) -> bool {
        self.multi_valued
    }
}

pub(super) fn named<'a>(
    attributes: &'a [Arc<Attribute>],
    name: &str,
) -> Option<&'a Arc<Attribute>> {
    attributes
        .iter()
        .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}
