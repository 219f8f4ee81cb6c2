//! What can be wrong with a schema document, in words for the person who wrote it.

use super::{NAME_MAX, SCHEMA_ATTRIBUTES_MAX, SCHEMA_BYTES_MAX, URN_MAX};

/// Where a schema document is wrong, and how.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {fault}")]
pub struct SchemaError {
    /// As `attributes[3].type`.
    pub place: String,
    pub fault: Fault,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error(
        "has more than {SCHEMA_BYTES_MAX} bytes; shorten the descriptions or make two schemas of it"
    )]
    TooLarge,
    #[error("is not valid JSON: {0}")]
    Json(String),
    #[error("must be one schema: a JSON object with id and attributes (RFC 7643 section 7)")]
    NoDocument,
    #[error("is missing")]
    Missing,
    #[error("is not part of a schema document; it has id, name, description and attributes")]
    UnknownMember,
    #[error("is not known; an attribute has {0}")]
    UnknownCharacteristic(&'static str),
    #[error("must be {0}")]
    Shape(&'static str),
    #[error(
        "must be a URN of at most {URN_MAX} characters, such as urn:fabrikam:params:scim:schemas:hr:1.0:User, made of letters, digits and - . _ ~ :"
    )]
    Urn,
    #[error("is reserved; choose a URN that begins with your own name, such as urn:fabrikam:")]
    Reserved,
    #[error(
        "the schema {0} begins the same way, so that paths could mean either; choose another URN"
    )]
    Ambiguous(String),
    #[error("this schema belongs to {0}; leave --resource-type out")]
    OtherType(&'static str),
    #[error(
        "must begin with a letter, followed by letters, digits, - or _, at most {NAME_MAX} characters in all"
    )]
    Name,
    #[error("every resource has such an attribute already; choose another name")]
    ReservedName,
    #[error("the schema has {0} already, and it cannot be changed; list only what you add")]
    Defined(String),
    #[error("stands here twice, or in another case; names must differ in more than case")]
    Twice,
    #[error(
        "holds more than {SCHEMA_ATTRIBUTES_MAX} attributes and sub-attributes; make two schemas of it"
    )]
    TooMany,
    #[error("must name at least one attribute")]
    Nothing,
    #[error("only an attribute of type complex has sub-attributes")]
    NotComplex,
    #[error("a sub-attribute cannot be complex; SCIM has one level of sub-attributes only")]
    Nested,
    #[error("a sub-attribute holds one value; put the list one level up")]
    SubList,
    #[error("must be none: unique values are not kept for attributes of your own")]
    Unique,
    #[error("clients cannot write a readOnly attribute, so it cannot be required")]
    RequiredReadOnly,
    #[error("must be never, because the attribute is writeOnly")]
    WriteOnlyReturned,
}

impl SchemaError {
    pub(super) fn new(place: impl Into<String>, fault: Fault) -> Self {
        Self {
            place: place.into(),
            fault,
        }
    }
}
