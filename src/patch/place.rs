//! The path of an operation, or a key of a path-less value, as a place in the schema. RFC 7644 §3.5.2 (figure 7).
//!
//! ```text
//! PATH = attrPath / valuePath ["." subAttr] / URN
//! ```

use std::sync::Arc;

use super::{PatchErrorKind, Place};
use crate::filter::{self, TEXT_MAX};
use crate::schema::{AttrPath, PathError, Quirks, ResourceType, Scope, Target, is_password};

/// What a path leads to.
#[derive(Debug)]
pub(super) enum Found {
    Place(Place),
    /// The resource itself, by the URN of its core schema.
    Resource,
    /// `password`, which is accepted and goes nowhere.
    Password,
    /// Something of an extension that is not registered here.
    Foreign,
}

/// Reads `text`, in any case, against the schemas of `resource_type`.
pub(super) fn find(
    resource_type: &ResourceType,
    text: &str,
    quirks: &mut Quirks,
) -> Result<Found, PatchErrorKind> {
    if text.chars().count() > TEXT_MAX {
        return Err(PatchErrorKind::PathShape(
            "the path is too long; name one attribute, and send many ids as the operation's value",
        ));
    }
    let core = &resource_type.schema.id;
    if text.eq_ignore_ascii_case(core) {
        return Ok(Found::Resource);
    }
    let (start, rest) = text.split_at_checked(core.len()).unwrap_or((text, ""));
    let name = rest
        .strip_prefix([':', '.'])
        .filter(|_| start.eq_ignore_ascii_case(core));
    if is_password(name.unwrap_or(text)) {
        return Ok(Found::Password);
    }
    let head = text.split_once('[').map(|(head, _)| head.trim_end());
    match Target::parse(Scope::Resource(resource_type), head.unwrap_or(text), quirks) {
        Err(PathError::UnknownSchema(_)) => Ok(Found::Foreign),
        Err(error) => Err(error.into()),
        Ok(Target::Extension(_)) if head.is_some() => Err(PatchErrorKind::PathShape(
            "a filter in brackets must follow an attribute, not a schema",
        )),
        Ok(Target::Extension(schema)) => Ok(Found::Place(Place::Extension(schema))),
        Ok(Target::Attribute(path)) if head.is_none() => Ok(Found::Place(Place::Attribute(path))),
        Ok(Target::Attribute(path)) => {
            value_path(resource_type, &path, text, quirks).map(Found::Place)
        }
    }
}

fn value_path(
    resource_type: &ResourceType,
    head: &AttrPath,
    text: &str,
    quirks: &mut Quirks,
) -> Result<Place, PatchErrorKind> {
    if head.sub.is_some() || !head.attribute.is_multi_valued() || !head.attribute.is_complex() {
        return Err(PatchErrorKind::PathShape(
            "a filter in brackets must follow an attribute that holds a list",
        ));
    }
    let scope = Scope::Resource(resource_type);
    let (mut path, filter, rest) =
        filter::parse_value_path(scope, text, quirks).map_err(PatchErrorKind::PathFilter)?;
    if rest.is_empty() {
        return Ok(Place::Elements(path, filter));
    }
    let Some(name) = rest.strip_prefix('.') else {
        return Err(PatchErrorKind::PathShape(
            "only .sub-attribute may follow the brackets",
        ));
    };
    let sub = path.attribute.sub_attribute(name).map(Arc::clone);
    path.sub =
        Some(sub.ok_or_else(|| {
            PathError::UnknownAttribute(format!("{}.{name}", path.attribute.name))
        })?);
    Ok(Place::Elements(path, filter))
}

/// How an error message names `text`: a filter may hold what should not be repeated.
pub(super) fn label(text: &str) -> String {
    const SHOWN_MAX: usize = 120;
    let shown = |text: &str| text.chars().take(SHOWN_MAX).collect::<String>();
    match text.split_once('[') {
        None => shown(text),
        Some((head, tail)) => {
            let rest = tail.rsplit_once(']').map_or("", |(_, rest)| rest);
            format!("{}[...]{}", shown(head), shown(rest))
        }
    }
}
