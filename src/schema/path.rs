//! Attribute paths: one parser for `filter=`, PATCH paths and `attributes=`, bound to the schema at once.
//! RFC 7644 §3.4.2.2 (`attrPath`), §3.5.2, §3.10.
//!
//! ```text
//! attrPath = [URN ":"] ATTRNAME ["." subAttr]
//! ```

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::{Attribute, Document, Quirk, Quirks, ResourceType, Returned, Schema};

/// What names are looked up in.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    /// A whole resource: core, common and extension attributes.
    Resource(&'a ResourceType),
    /// Resources of several types: what the first of them knows (RFC 7644 §3.4.2.1).
    Any(&'a [&'a ResourceType]),
    /// One element of a complex attribute, inside `[...]`: its sub-attributes.
    Element(&'a Attribute),
}

/// A path to an attribute or sub-attribute that the schema knows, in canonical names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttrPath {
    /// URN of the extension that holds the attribute; `None` for core and common attributes and inside `[...]`.
    pub extension: Option<Arc<str>>,
    pub attribute: Arc<Attribute>,
    pub sub: Option<Arc<Attribute>>,
}

/// What a PATCH path or an entry of `attributes=` may name beside an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A bare extension URN: the whole extension object.
    Extension(Arc<Schema>),
    Attribute(AttrPath),
}

/// Why a text names no attribute.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    #[error("\"{0}\" is not an attribute path")]
    Syntax(String),
    #[error("no attribute \"{0}\" is defined")]
    UnknownAttribute(String),
    #[error("no schema \"{0}\" is registered")]
    UnknownSchema(String),
}

impl AttrPath {
    /// Reads `text` as an attribute of `scope`, names in any case.
    pub fn parse(scope: Scope<'_>, text: &str, quirks: &mut Quirks) -> Result<Self, PathError> {
        match Target::parse(scope, text, quirks)? {
            Target::Attribute(path) => Ok(path),
            Target::Extension(schema) => Err(PathError::UnknownAttribute(schema.id.to_string())),
        }
    }

    /// The attribute at the end of the path: the sub-attribute where one is named.
    pub fn leaf(&self) -> &Attribute {
        self.sub.as_deref().unwrap_or(&self.attribute)
    }

    /// Whether clients are ever shown the values; those they are not must not be guessed by filter or order either.
    pub fn is_shown(&self) -> bool {
        self.attribute.returned != Returned::Never && self.leaf().returned != Returned::Never
    }

    /// Whether the values are addresses, which depend on how the request was addressed: no document holds them.
    pub fn is_address(&self) -> bool {
        let address = match self.attribute.name.as_str() {
            "meta" => "location",
            "members" | "groups" => "$ref",
            _ => return false,
        };
        let sub = self.sub.as_ref().is_some_and(|sub| sub.name == address);
        sub && self.extension.is_none()
    }

    /// The path with `value` made explicit where a complex attribute with that sub-attribute is named alone
    /// (`emails`, `manager`, `members`): what a comparison means (RFC 7644 §3.4.2.2, by convention).
    #[must_use]
    pub fn with_default_sub(mut self) -> Self {
        if self.sub.is_none() {
            self.sub = self.attribute.sub_attribute("value").cloned();
        }
        self
    }

    /// The values found at this path in `document`, a resource or an element: the elements of lists, one by one.
    pub fn values<'v>(&self, document: &'v Document) -> Vec<&'v Value> {
        let holder = match &self.extension {
            None => Some(document),
            Some(urn) => document.get(urn.as_ref()).and_then(Value::as_object),
        };
        let found = holder.and_then(|holder| holder.get(&self.attribute.name));
        let elements = found.into_iter().flat_map(elements);
        match &self.sub {
            None => elements.collect(),
            Some(sub) => elements
                .filter_map(|element| element.as_object()?.get(&sub.name))
                .flat_map(self::elements)
                .collect(),
        }
    }
}

/// The elements of a list, or the value itself.
pub(crate) fn elements(value: &Value) -> std::slice::Iter<'_, Value> {
    match value {
        Value::Array(list) => list.iter(),
        single => std::slice::from_ref(single).iter(),
    }
}

impl fmt::Display for AttrPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(urn) = &self.extension {
            write!(f, "{urn}:")?;
        }
        f.write_str(&self.attribute.name)?;
        match &self.sub {
            Some(sub) => write!(f, ".{}", sub.name),
            None => Ok(()),
        }
    }
}

impl Target {
    /// Reads `text` as an attribute or a whole extension of `scope`.
    pub fn parse(scope: Scope<'_>, text: &str, quirks: &mut Quirks) -> Result<Self, PathError> {
        let resource_type = match scope {
            Scope::Element(attribute) => return inside(attribute, text),
            Scope::Any(types) => return any(types, text, quirks),
            Scope::Resource(resource_type) => resource_type,
        };
        if !is_urn(text) {
            return bare(resource_type, text, quirks);
        }
        // URNs hold dots and colons themselves, so only a known URN says where it ends.
        let known = resource_type
            .schemas()
            .filter_map(|schema| Some((schema, strip_urn(text, &schema.id)?)))
            .max_by_key(|(schema, _)| schema.id.len());
        let (schema, rest) = known.ok_or_else(|| PathError::UnknownSchema(text.to_owned()))?;
        let extension = !Arc::ptr_eq(schema, &resource_type.schema);
        match rest.strip_prefix([':', '.']) {
            None if extension => Ok(Self::Extension(Arc::clone(schema))),
            None => Err(PathError::UnknownAttribute(text.to_owned())),
            Some(name) => {
                if rest.starts_with('.') {
                    quirks.met(Quirk::UrnDot);
                }
                let lookup = |name: &str| {
                    let found = if extension {
                        schema.attribute(name)
                    } else {
                        resource_type.core_attribute(name)
                    };
                    found.cloned()
                };
                let (attribute, sub) = resolve(name, lookup)?;
                let extension = extension.then(|| Arc::clone(&schema.id));
                Ok(Self::Attribute(AttrPath {
                    extension,
                    attribute,
                    sub,
                }))
            }
        }
    }
}

/// A name that one of several types knows; else the error of the first.
fn any(types: &[&ResourceType], text: &str, quirks: &mut Quirks) -> Result<Target, PathError> {
    let mut first = None;
    for resource_type in types {
        match Target::parse(Scope::Resource(resource_type), text, quirks) {
            Ok(target) => return Ok(target),
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.unwrap_or_else(|| PathError::UnknownAttribute(text.to_owned())))
}

/// A name without URN: a core attribute, else the extension attribute of that name.
fn bare(
    resource_type: &ResourceType,
    text: &str,
    quirks: &mut Quirks,
) -> Result<Target, PathError> {
    let core = resolve(text, |name| resource_type.core_attribute(name).cloned());
    match core {
        Ok((attribute, sub)) => Ok(Target::Attribute(AttrPath {
            extension: None,
            attribute,
            sub,
        })),
        Err(error) => {
            let found = resource_type.extensions.iter().find_map(|schema| {
                let (attribute, sub) =
                    resolve(text, |name| schema.attribute(name).cloned()).ok()?;
                Some(AttrPath {
                    extension: Some(Arc::clone(&schema.id)),
                    attribute,
                    sub,
                })
            });
            let path = found.ok_or(error)?;
            quirks.met(Quirk::ExtensionName);
            Ok(Target::Attribute(path))
        }
    }
}

/// A sub-attribute name inside `[...]`.
fn inside(parent: &Attribute, text: &str) -> Result<Target, PathError> {
    let (attribute, sub) = resolve(text, |name| parent.sub_attribute(name).cloned())?;
    Ok(Target::Attribute(AttrPath {
        extension: None,
        attribute,
        sub,
    }))
}

type Resolved = (Arc<Attribute>, Option<Arc<Attribute>>);

fn resolve(
    text: &str,
    lookup: impl Fn(&str) -> Option<Arc<Attribute>>,
) -> Result<Resolved, PathError> {
    let unknown = || PathError::UnknownAttribute(text.to_owned());
    let (name, sub) = text
        .split_once('.')
        .map_or((text, None), |(name, sub)| (name, Some(sub)));
    if !is_name(name) || !sub.is_none_or(is_name) {
        return Err(PathError::Syntax(text.to_owned()));
    }
    let attribute = lookup(name).ok_or_else(unknown)?;
    match sub {
        None => Ok((attribute, None)),
        Some(sub) => {
            let sub = attribute.sub_attribute(sub).cloned().ok_or_else(unknown)?;
            Ok((attribute, Some(sub)))
        }
    }
}

/// `ATTRNAME = ALPHA *(nameChar)`, and `$ref`.
fn is_name(text: &str) -> bool {
    let body = text.strip_prefix('$').unwrap_or(text);
    body.starts_with(|c: char| c.is_ascii_alphabetic())
        && body
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

fn is_urn(text: &str) -> bool {
    text.get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
}

/// What follows `urn` in `text`: nothing, or a separator and more.
fn strip_urn<'t>(text: &'t str, urn: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(urn.len())?;
    (start.eq_ignore_ascii_case(urn) && (rest.is_empty() || rest.starts_with([':', '.'])))
        .then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::USER;

    const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

    #[track_caller]
    fn check(text: &str, expected: Result<&str, PathError>) {
        let found = Target::parse(Scope::Resource(&USER), text, &mut Quirks::default());
        let shown = found.map(|target| match target {
            Target::Extension(schema) => schema.id.to_string(),
            Target::Attribute(path) => path.to_string(),
        });
        assert_eq!(shown, expected.map(str::to_owned), "{text}");
    }

    #[test]
    fn names_are_found_in_any_case_and_shown_in_the_schemas() {
        check("USERNAME", Ok("userName"));
        check("Name.FamilyName", Ok("name.familyName"));
        check(
            "emails.$REF",
            Err(PathError::UnknownAttribute("emails.$REF".into())),
        );
        check("meta.lastmodified", Ok("meta.lastModified"));
        check(
            "urn:ietf:params:scim:schemas:core:2.0:User:title",
            Ok("title"),
        );
    }

    #[test]
    fn urns_hold_dots_and_colons_of_their_own() {
        let manager = format!("{ENTERPRISE}:manager.value");
        check(&manager, Ok(&manager));
        check(
            &format!("{ENTERPRISE}.manager"),
            Ok(&format!("{ENTERPRISE}:manager")),
        );
        check(&ENTERPRISE.to_uppercase(), Ok(ENTERPRISE));
        check("manager", Ok(&format!("{ENTERPRISE}:manager")));
    }

    #[test]
    fn what_no_schema_defines_is_an_error_with_the_text() {
        check(
            "shoeSize",
            Err(PathError::UnknownAttribute("shoeSize".into())),
        );
        check(
            "urn:acme:User:x",
            Err(PathError::UnknownSchema("urn:acme:User:x".into())),
        );
        check("name.a.b", Err(PathError::Syntax("name.a.b".into())));
        check("", Err(PathError::Syntax(String::new())));
        check(
            "urn:ietf:params:scim:schemas:core:2.0:User",
            Err(PathError::UnknownAttribute(
                "urn:ietf:params:scim:schemas:core:2.0:User".into(),
            )),
        );
    }
}
