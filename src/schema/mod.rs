//! Resource types, schemas and attributes as data, and what they say of a document. RFC 7643 §2, §6, §7.

mod attribute;
mod norm;
mod path;
mod quirk;
mod resource_type;
mod time;

pub use attribute::{Attribute, AttributeType, Mutability, Returned, Schema, Uniqueness};
pub use norm::norm;
pub use path::{AttrPath, PathError, Scope, Target};
pub use quirk::{Quirk, Quirks};
pub use self::time::timestamp;
pub use resource_type::{GROUP, ResourceType, USER};

/// The attributes of a resource by their canonical names, extensions under their URN.
/// As stored it holds neither `schemas`, `meta` nor anything derived.
pub type Document = serde_json::Map<String, serde_json::Value>;
