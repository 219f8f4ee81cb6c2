//! Values shaped by their attribute: canonical names, types, and the shapes clients get wrong. RFC 7643 §2.2 to §2.5.

mod scalar;

use std::borrow::Cow;

use serde_json::Value;

use super::{
    Attribute, AttributeType, Document, GROUP, Mutability, Quirk, Quirks, USER, Violation,
    ViolationKind,
};

/// Elements of one list in a request: more than a stored document could hold.
pub const ELEMENTS_MAX: usize = 10_000;
/// Members in one list, which are stored beside the document: as many as one change can name.
pub const MEMBERS_MAX: usize = 200_000;

/// What happens to a value whose shape is wrong but whose meaning is plain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// POST, PUT: refused, but for the few shapes that Entra is documented to send.
    Strict,
    /// PATCH: lists and scalars are wrapped and unwrapped, numbers taken as text.
    Repair,
}

/// The value of `attribute` in canonical form; `None` where it means "no value" (RFC 7643 §2.5).
pub fn shape(
    attribute: &Attribute,
    value: &Value,
    strictness: Strictness,
    quirks: &mut Quirks,
) -> Result<Option<Value>, Violation> {
    Shaper { strictness, quirks }.attribute(attribute, value)
}

/// One complex value as a change to another: the sub-attributes it names, `null` for those it empties.
/// `None` where the whole value is empty.
pub fn shape_merge(
    attribute: &Attribute,
    value: &Value,
    quirks: &mut Quirks,
) -> Result<Option<Document>, Violation> {
    Shaper {
        strictness: Strictness::Repair,
        quirks,
    }
    .only(attribute, value, Shaper::merge)
}

/// Whether the elements of `attribute` are links that are nothing without their `value`: the `members` of groups.
pub fn is_link_list(attribute: &Attribute) -> bool {
    GROUP.is_own("members", attribute)
}

struct Shaper<'q> {
    strictness: Strictness,
    quirks: &'q mut Quirks,
}

impl Shaper<'_> {
    fn repairs(&self) -> bool {
        self.strictness == Strictness::Repair
    }

    fn attribute(
        &mut self,
        attribute: &Attribute,
        value: &Value,
    ) -> Result<Option<Value>, Violation> {
        if attribute.is_multi_valued() {
            let list = self.list(attribute, value)?;
            return Ok((!list.is_empty()).then_some(Value::Array(list)));
        }
        if attribute.is_complex() {
            let merged = self.only(attribute, value, Self::merge)?;
            return Ok(merged.and_then(without_nulls));
        }
        self.only(attribute, value, Self::scalar)
    }

    fn list(&mut self, attribute: &Attribute, value: &Value) -> Result<Vec<Value>, Violation> {
        match value {
            Value::Null => Ok(vec![]),
            Value::Array(items) => {
                let max = if is_link_list(attribute) {
                    MEMBERS_MAX
                } else {
                    ELEMENTS_MAX
                };
                if items.len() > max {
                    return Err(fault(attribute, ViolationKind::TooLong { max }));
                }
                let shaped = items.iter().map(|item| self.element(attribute, item));
                shaped.filter_map(Result::transpose).collect()
            }
            Value::String(text) if text.is_empty() => {
                if is_link_list(attribute) {
                    return Err(fault(attribute, ViolationKind::Empty));
                }
                self.quirks.met(Quirk::EmptyValue);
                Ok(vec![])
            }
            single if self.repairs() => {
                self.quirks.met(Quirk::BareElement);
                Ok(self.element(attribute, single)?.into_iter().collect())
            }
            _ => Err(expected(attribute, "a list")),
        }
    }

    fn element(&mut self, attribute: &Attribute, item: &Value) -> Result<Option<Value>, Violation> {
        if !attribute.is_complex() {
            return self.scalar(attribute, item);
        }
        let shaped = self.merge(attribute, item)?.and_then(without_nulls);
        let has_value = shaped
            .as_ref()
            .is_some_and(|element| element.get("value").is_some());
        if is_link_list(attribute) && !has_value {
            let value = Violation::new("value", ViolationKind::Required);
            return Err(value.within(&attribute.name, '.'));
        }
        Ok(shaped)
    }

    /// A single value, out of the list of one it may have been sent in.
    fn only<T>(
        &mut self,
        attribute: &Attribute,
        value: &Value,
        take: impl Fn(&mut Self, &Attribute, &Value) -> Result<Option<T>, Violation>,
    ) -> Result<Option<T>, Violation> {
        match value {
            Value::Array(items) => match items.as_slice() {
                [] => Ok(None),
                [Value::Null] if attribute.kind == AttributeType::Boolean => {
                    Err(expected(attribute, "true or false"))
                }
                [item] if self.repairs() && !item.is_array() => {
                    self.quirks.met(if attribute.is_complex() {
                        Quirk::ManagerShape
                    } else {
                        Quirk::WrappedScalar
                    });
                    take(self, attribute, item)
                }
                _ => Err(expected(attribute, "a single value, not a list")),
            },
            single => take(self, attribute, single),
        }
    }

    fn merge(
        &mut self,
        attribute: &Attribute,
        value: &Value,
    ) -> Result<Option<Document>, Violation> {
        match value {
            Value::Null => Ok(None),
            Value::String(text) if text.is_empty() => {
                self.quirks.met(Quirk::EmptyValue);
                Ok(None)
            }
            Value::Object(object) => self.object(attribute, object).map(Some),
            Value::Array(_) => Err(expected(attribute, "an object, not a list")),
            scalar => {
                let bare = self.repairs() || (scalar.is_string() && !attribute.is_multi_valued());
                match attribute.sub_attribute("value") {
                    Some(sub) if bare => {
                        self.quirks.met(if attribute.is_multi_valued() {
                            Quirk::BareElement
                        } else {
                            Quirk::ManagerShape
                        });
                        let object = Document::from_iter([(sub.name.clone(), scalar.clone())]);
                        self.object(attribute, &object).map(Some)
                    }
                    _ => Err(expected(attribute, "an object with sub-attributes")),
                }
            }
        }
    }

    fn object(&mut self, attribute: &Attribute, object: &Document) -> Result<Document, Violation> {
        let is_role = USER.is_own("roles", attribute);
        let object = if is_role {
            self.unpacked(object)
        } else {
            Cow::Borrowed(object)
        };
        let mut shaped = Document::new();
        for (key, value) in object.as_ref() {
            let mut sub = attribute.sub_attribute(key);
            if sub.is_none() && is_role && key.eq_ignore_ascii_case("displayName") {
                self.quirks.met(Quirk::RoleDisplayName);
                sub = attribute
                    .sub_attribute("display")
                    .filter(|display| !shaped.contains_key(&display.name));
            }
            match sub {
                None => self.quirks.met(Quirk::UnknownName),
                Some(sub) if sub.mutability == Mutability::ReadOnly => {
                    self.quirks.met(Quirk::ReadOnlyIgnored);
                }
                Some(sub) => {
                    let value = self
                        .attribute(sub, value)
                        .map_err(|inner| inner.within(&attribute.name, '.'))?;
                    shaped.insert(sub.name.clone(), value.unwrap_or(Value::Null));
                }
            }
        }
        Ok(shaped)
    }

    /// A role whose `value` is an object written as JSON text, as Entra's `AppRoleAssignmentsComplex` sends it.
    fn unpacked<'o>(&mut self, role: &'o Document) -> Cow<'o, Document> {
        let named = |object: &Document| {
            object
                .keys()
                .find(|key| key.eq_ignore_ascii_case("value"))
                .cloned()
        };
        let inner = named(role).and_then(|key| {
            let text = role
                .get(&key)?
                .as_str()
                .filter(|text| text.starts_with('{'))?;
            let inner: Document = serde_json::from_str(text).ok()?;
            named(&inner).map(|_| (key, inner))
        });
        let Some((key, mut inner)) = inner else {
            return Cow::Borrowed(role);
        };
        self.quirks.met(Quirk::RolesText);
        inner.extend(
            role.iter()
                .filter(|(name, _)| **name != key)
                .map(|(name, value)| (name.clone(), value.clone())),
        );
        Cow::Owned(inner)
    }
}

fn without_nulls(mut object: Document) -> Option<Value> {
    object.retain(|_, value| !value.is_null());
    (!object.is_empty()).then_some(Value::Object(object))
}

fn fault(attribute: &Attribute, kind: ViolationKind) -> Violation {
    Violation::new(attribute.name.as_str(), kind)
}

fn expected(attribute: &Attribute, expected: &'static str) -> Violation {
    fault(attribute, ViolationKind::Type { expected })
}

#[cfg(test)]
mod tests;
