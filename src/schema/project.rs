//! Which attributes a response carries: `attributes`, `excludedAttributes` and `returned`. RFC 7644 §3.9; RFC 7643 §7.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{AttrPath, Attribute, Document, Quirks, ResourceType, Returned, Schema, Scope, Target};

/// What is taken out of a representation before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Projection(Removals);

/// By canonical name; what is not named stays.
type Removals = BTreeMap<String, Removal>;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Removal {
    Whole,
    Within(Removals),
}

/// Why the two parameters select nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("attributes and excludedAttributes exclude each other; send only one of them")]
pub struct ProjectionError;

impl Projection {
    /// Reads the names in either parameter; unknown ones select nothing.
    pub fn parse(
        resource_type: &ResourceType,
        attributes: Option<&[&str]>,
        excluded: Option<&[&str]>,
    ) -> Result<Self, ProjectionError> {
        let only = targets(resource_type, attributes);
        let except = targets(resource_type, excluded);
        let choice = match (only, except) {
            (Some(_), Some(_)) => return Err(ProjectionError),
            (Some(only), None) => Choice {
                named: only,
                only: true,
            },
            (None, except) => Choice {
                named: except.unwrap_or_default(),
                only: false,
            },
        };
        Ok(Self(choice.removals(resource_type)))
    }

    /// Takes out of `document`, a full representation, what was not asked for.
    pub fn apply(&self, document: &mut Document) {
        remove(&self.0, document);
    }

    /// Whether the core attribute `name` is returned at all.
    pub fn wants(&self, name: &str) -> bool {
        !self
            .0
            .iter()
            .any(|(removed, how)| *how == Removal::Whole && removed.eq_ignore_ascii_case(name))
    }
}

fn remove(removals: &Removals, object: &mut Document) {
    object.retain(|name, value| match removals.get(name) {
        None => true,
        Some(Removal::Whole) => false,
        Some(Removal::Within(inner)) => match value {
            Value::Object(object) => {
                remove(inner, object);
                !object.is_empty()
            }
            Value::Array(list) => {
                let elements = list.iter_mut().filter_map(Value::as_object_mut);
                elements.for_each(|element| remove(inner, element));
                list.retain(|element| {
                    element
                        .as_object()
                        .is_none_or(|element| !element.is_empty())
                });
                !list.is_empty()
            }
            _ => true,
        },
    });
}

/// The names of one parameter; `None` where it is absent or blank.
fn targets(resource_type: &ResourceType, names: Option<&[&str]>) -> Option<Vec<Target>> {
    let mut names = names?
        .iter()
        .map(|name| name.trim())
        .filter(|name| !name.is_empty())
        .peekable();
    names.peek()?;
    let scope = Scope::Resource(resource_type);
    Some(
        names
            .filter_map(|name| Target::parse(scope, &unfiltered(name), &mut Quirks::default()).ok())
            .collect(),
    )
}

/// `emails[type eq "work"].value` as `emails.value`: a value path selects the attribute it filters.
fn unfiltered(name: &str) -> String {
    match name.split_once('[') {
        None => name.to_owned(),
        Some((head, tail)) => format!(
            "{head}{}",
            tail.rsplit_once(']').map_or("", |(_, rest)| rest)
        ),
    }
}

/// The attributes named, and whether they alone are wanted or all others.
struct Choice {
    named: Vec<Target>,
    only: bool,
}

impl Choice {
    fn removals(&self, resource_type: &ResourceType) -> Removals {
        let core = resource_type.core_attributes();
        let mut removals: Removals = core
            .filter_map(|attribute| {
                Some((attribute.name.clone(), self.attribute(None, attribute)?))
            })
            .collect();
        for schema in &resource_type.extensions {
            if let Some(removal) = self.extension(schema) {
                removals.insert(schema.id.to_string(), removal);
            }
        }
        removals
    }

    fn extension(&self, schema: &Schema) -> Option<Removal> {
        let whole = self
            .named
            .iter()
            .any(|target| matches!(target, Target::Extension(named) if named.id == schema.id));
        let choice = if whole {
            // All of it is wanted, or nothing: then its attributes follow `returned` alone.
            &Choice {
                named: vec![],
                only: !self.only,
            }
        } else {
            self
        };
        let inner = schema.attributes.iter();
        let inner: Removals = inner
            .filter_map(|attribute| {
                Some((
                    attribute.name.clone(),
                    choice.attribute(Some(&schema.id), attribute)?,
                ))
            })
            .collect();
        (!inner.is_empty()).then_some(Removal::Within(inner))
    }

    fn attribute(&self, extension: Option<&str>, attribute: &Attribute) -> Option<Removal> {
        let here = |path: &&AttrPath| {
            path.extension.as_deref() == extension && path.attribute.name == attribute.name
        };
        let paths = self.named.iter().filter_map(|target| match target {
            Target::Attribute(path) => Some(path),
            Target::Extension(_) => None,
        });
        let paths: Vec<_> = paths.filter(here).collect();
        let whole = paths.iter().any(|path| path.sub.is_none());
        let named = whole || (self.only && !paths.is_empty());
        if self.removes(attribute, named) {
            return Some(Removal::Whole);
        }
        let parts = self.only && !whole && !paths.is_empty();
        let inner = attribute.sub_attributes.iter().filter(|sub| {
            let named = paths.iter().any(|path| {
                path.sub
                    .as_ref()
                    .is_some_and(|named| named.name == sub.name)
            });
            if parts || !self.only {
                self.removes(sub, named)
            } else {
                matches!(sub.returned, Returned::Never | Returned::Request)
            }
        });
        let inner: Removals = inner
            .map(|sub| (sub.name.clone(), Removal::Whole))
            .collect();
        (!inner.is_empty()).then_some(Removal::Within(inner))
    }

    fn removes(&self, attribute: &Attribute, named: bool) -> bool {
        match attribute.returned {
            Returned::Always => false,
            Returned::Never => true,
            Returned::Default => named != self.only,
            Returned::Request => !(named && self.only),
        }
    }
}

#[cfg(test)]
mod tests;
