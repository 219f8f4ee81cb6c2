//! What an operation does at its place, from the nature of the attribute and the shape of the value.
//! RFC 7644 §3.5.2.1 to §3.5.2.3; RFC 7643 §2.5.

use serde_json::Value;

use super::{Change, Op, PatchErrorKind, Place, members};
use crate::schema::{
    AttrPath, Attribute, Document, Mutability, Quirk, Quirks, ResourceType, Strictness, Violation,
    ViolationKind, is_link_list, shape, shape_merge,
};

/// An operation's verb and value, and where they came from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'v> {
    pub(super) op: Op,
    pub(super) value: &'v Value,
    /// Whether the place is a key of a path-less value.
    pub(super) is_key: bool,
}

impl Request<'_> {
    /// The change to make at `place`; `None` where nothing is to be done.
    pub(super) fn resolve(
        self,
        resource_type: &ResourceType,
        place: &Place,
        quirks: &mut Quirks,
    ) -> Result<Option<Change>, PatchErrorKind> {
        let (path, filtered) = match place {
            Place::Extension(_) => return Ok(self.emptied()),
            Place::Attribute(path) => (path, false),
            Place::Elements(path, _) => (path, true),
        };
        if path.attribute.mutability == Mutability::ReadOnly
            || path.leaf().mutability == Mutability::ReadOnly
        {
            return self.read_only(resource_type, path, quirks);
        }
        match &path.sub {
            Some(sub) => self.sub_attribute(path, sub, quirks).map(Some),
            None if filtered => self.elements(&path.attribute, quirks),
            None if path.attribute.is_multi_valued() => self.list(&path.attribute, quirks),
            None => self.single(&path.attribute, quirks),
        }
        .map_err(|kind| within_extension(kind, path))
    }

    /// A whole extension is only ever taken away here: its attributes are written one by one.
    fn emptied(self) -> Option<Change> {
        (self.op != Op::Add).then_some(Change::Remove)
    }

    /// §3.5.2: a readOnly attribute cannot be changed, but clients send back what they read.
    fn read_only(
        self,
        resource_type: &ResourceType,
        path: &AttrPath,
        quirks: &mut Quirks,
    ) -> Result<Option<Change>, PatchErrorKind> {
        let writes = self.op != Op::Remove && !self.value.is_null();
        if writes && path.extension.is_none() && path.attribute.name == "id" {
            quirks.met(Quirk::ReadOnlyIgnored);
            return Ok(Some(Change::Expect(self.value.clone())));
        }
        let derived =
            writes && path.attribute.name == "schemas" && names_schemas(resource_type, self.value);
        if self.is_key || derived {
            quirks.met(Quirk::ReadOnlyIgnored);
            return Ok(None);
        }
        Err(Violation::new(path.to_string(), ViolationKind::Mutability).into())
    }

    fn sub_attribute(
        self,
        path: &AttrPath,
        sub: &Attribute,
        quirks: &mut Quirks,
    ) -> Result<Change, PatchErrorKind> {
        let name = format!("{}.{}", path.attribute.name, sub.name);
        if sub.mutability == Mutability::Immutable && is_link_list(&path.attribute) {
            return Err(Violation::new(name, ViolationKind::Mutability).into());
        }
        let value = match self.op {
            Op::Remove => {
                self.ignore_value(quirks);
                None
            }
            Op::Add | Op::Replace => {
                let shaped = shape(sub, self.value, Strictness::Repair, quirks);
                shaped.map_err(|violation| Violation::new(name, violation.kind))?
            }
        };
        Ok(Change::Merge(Document::from_iter([(
            sub.name.clone(),
            value.unwrap_or(Value::Null),
        )])))
    }

    fn elements(
        self,
        attribute: &Attribute,
        quirks: &mut Quirks,
    ) -> Result<Option<Change>, PatchErrorKind> {
        if self.op == Op::Remove {
            self.ignore_value(quirks);
            return Ok(Some(Change::Remove));
        }
        if is_link_list(attribute) && self.value.as_str() == Some("") {
            return Err(Violation::new(attribute.name.as_str(), ViolationKind::Empty).into());
        }
        match shape_merge(attribute, self.value, quirks)? {
            Some(_) if is_link_list(attribute) => Err(members::not_changed_in_place()),
            Some(merged) => Ok(Some(Change::Merge(merged))),
            // An empty value adds nothing to a list.
            None => Ok((self.op == Op::Replace).then_some(Change::Remove)),
        }
    }

    fn list(
        self,
        attribute: &Attribute,
        quirks: &mut Quirks,
    ) -> Result<Option<Change>, PatchErrorKind> {
        let is_nothing = self.value.is_null() || self.value.as_array().is_some_and(Vec::is_empty);
        if self.op == Op::Remove && is_nothing {
            return Ok(Some(Change::Remove));
        }
        let list = match shape(attribute, self.value, Strictness::Repair, quirks)? {
            Some(Value::Array(list)) => list,
            _ => vec![],
        };
        match self.op {
            // Only what is plainly no value means "all": this may be a list whose ids were lost on the way.
            Op::Remove if list.is_empty() => Err(PatchErrorKind::Value(
                "the value names nothing to remove; leave it out to remove all",
            )),
            Op::Remove => {
                quirks.met(Quirk::MembersRemoved);
                Ok(Some(Change::RemoveListed(list)))
            }
            Op::Add => Ok((!list.is_empty()).then_some(Change::Append(list))),
            // Nothing known in it is no wish to lose what is there.
            Op::Replace if list.is_empty() && says_something(self.value) => {
                Err(PatchErrorKind::Value(
                    "the value holds no sub-attribute that is defined; send [] to remove all",
                ))
            }
            Op::Replace if list.is_empty() => Ok(Some(Change::Remove)),
            Op::Replace => Ok(Some(Change::ReplaceAll(list))),
        }
    }

    fn single(
        self,
        attribute: &Attribute,
        quirks: &mut Quirks,
    ) -> Result<Option<Change>, PatchErrorKind> {
        if self.op == Op::Remove {
            self.ignore_value(quirks);
            return Ok(Some(Change::Remove));
        }
        let change = if attribute.is_complex() {
            shape_merge(attribute, self.value, quirks)?.map(Change::Merge)
        } else {
            shape(attribute, self.value, Strictness::Repair, quirks)?.map(Change::Set)
        };
        Ok(Some(change.unwrap_or(Change::Remove)))
    }

    fn ignore_value(self, quirks: &mut Quirks) {
        if !self.value.is_null() {
            quirks.met(Quirk::RemoveValue);
        }
    }
}

/// Whether there is anything but empty values in `value`.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => list.iter().any(says_something),
        Value::Object(object) => object.values().any(says_something),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// Whether `value` holds but URNs of registered schemas, which is what `schemas` will say by itself.
fn names_schemas(resource_type: &ResourceType, value: &Value) -> bool {
    let known = |value: &Value| {
        let urn = value.as_str().unwrap_or_default();
        resource_type
            .schemas()
            .any(|schema| schema.id.eq_ignore_ascii_case(urn))
    };
    match value {
        Value::Array(list) => list.iter().all(known),
        single => known(single),
    }
}

fn within_extension(kind: PatchErrorKind, path: &AttrPath) -> PatchErrorKind {
    match (kind, &path.extension) {
        (PatchErrorKind::Violation(violation), Some(urn)) => {
            Violation::new(format!("{urn}:{}", violation.path), violation.kind).into()
        }
        (kind, _) => kind,
    }
}
