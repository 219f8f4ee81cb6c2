//! Resource types, schemas and attributes as data, and what they say of a document. RFC 7643 §2, §6, §7.

mod attribute;
mod change;
mod norm;
mod normalize;
mod path;
mod project;
mod quirk;
mod resource_type;
mod resource_types;
mod show;
mod tenant_schema;
mod time;
mod value;
mod violation;

pub use self::time::{instant, timestamp};
pub use attribute::{Attribute, AttributeType, Mutability, Returned, Schema, Uniqueness};
pub use change::{keep, moved_within, unchanged};
pub use norm::norm;
pub use normalize::{finish, is_password, normalize, require, require_kept};
pub use path::{AttrPath, PathError, Scope, Target};
pub use project::{Projection, ProjectionError};
pub use quirk::{Quirk, Quirks};
pub use resource_type::{GROUP, ResourceType, TRUNCATED, USER};
pub use resource_types::ResourceTypes;
pub use show::{known, schemas_of};
pub use tenant_schema::{
    Fault, NAME_MAX, SCHEMA_ATTRIBUTES_MAX, SCHEMA_BYTES_MAX, SchemaError, TenantSchema, URN_MAX,
};
pub use value::{ELEMENTS_MAX, MEMBERS_MAX, Strictness, is_link_list, shape, shape_merge};
pub use violation::{Violation, ViolationKind};

/// The attributes of a resource by their canonical names, extensions under their URN.
/// As stored it holds neither `schemas`, `meta` nor anything derived.
pub type Document = serde_json::Map<String, serde_json::Value>;
