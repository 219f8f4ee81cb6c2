//! Simple values by their type. RFC 7643 §2.3.

use serde_json::{Number, Value};

use super::{Shaper, expected, fault};
use crate::schema::{Attribute, AttributeType, Document, Quirk, Violation, ViolationKind, instant};

const DATE_TIME: &str = "a date and time such as 2026-01-31T08:00:00Z";

impl Shaper<'_> {
    pub(super) fn scalar(
        &mut self,
        attribute: &Attribute,
        value: &Value,
    ) -> Result<Option<Value>, Violation> {
        match value {
            Value::Null => Ok(None),
            Value::Object(object) => self.wrapped(attribute, object),
            Value::String(text) if text.is_empty() && attribute.kind == AttributeType::Boolean => {
                Err(fault(attribute, ViolationKind::Empty))
            }
            Value::String(text) if text.is_empty() => {
                self.quirks.met(Quirk::EmptyValue);
                Ok(None)
            }
            value => match attribute.kind {
                AttributeType::Boolean => self
                    .boolean(value)
                    .ok_or_else(|| expected(attribute, "true or false")),
                AttributeType::Integer => self
                    .integer(value)
                    .ok_or_else(|| expected(attribute, "a whole number")),
                AttributeType::Decimal => self
                    .decimal(value)
                    .ok_or_else(|| expected(attribute, "a number")),
                AttributeType::DateTime => self
                    .text_that(value, |text| instant(text).is_some())
                    .ok_or_else(|| expected(attribute, DATE_TIME)),
                AttributeType::Binary => self
                    .text_that(value, is_base64)
                    .ok_or_else(|| expected(attribute, "text in base64")),
                AttributeType::String | AttributeType::Reference | AttributeType::Complex => {
                    self.text(value).ok_or_else(|| expected(attribute, "text"))
                }
            }
            .map(Some),
        }
    }

    /// `{"value": x}` where x alone was meant.
    fn wrapped(
        &mut self,
        attribute: &Attribute,
        object: &Document,
    ) -> Result<Option<Value>, Violation> {
        let inner = object
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case("value"))
            .map(|(_, value)| value);
        // Where nothing is said of an account, nothing is decided: absent is enabled.
        let nothing = inner.map_or(object.is_empty(), Value::is_null);
        if nothing && attribute.kind == AttributeType::Boolean {
            return Err(expected(attribute, "true or false"));
        }
        match inner {
            Some(inner) if self.repairs() && !inner.is_object() => {
                self.quirks.met(Quirk::WrappedScalar);
                self.scalar(attribute, inner)
            }
            None if object.is_empty() => Ok(None),
            _ => Err(expected(attribute, "a single value, not an object")),
        }
    }

    /// Numbers are refused: 0 or "no" must never be read as a decision about an account.
    fn boolean(&mut self, value: &Value) -> Option<Value> {
        match value {
            Value::Bool(_) => Some(value.clone()),
            Value::String(text) => {
                let truth = text.eq_ignore_ascii_case("true");
                (truth || text.eq_ignore_ascii_case("false")).then(|| {
                    self.quirks.met(Quirk::BooleanText);
                    Value::Bool(truth)
                })
            }
            _ => None,
        }
    }

    fn integer(&self, value: &Value) -> Option<Value> {
        match value {
            Value::Number(number) if !number.is_f64() => Some(value.clone()),
            Value::String(text) if self.repairs() => text.parse::<i64>().ok().map(Value::from),
            _ => None,
        }
    }

    fn decimal(&self, value: &Value) -> Option<Value> {
        match value {
            Value::Number(_) => Some(value.clone()),
            Value::String(text) if self.repairs() => text
                .parse()
                .ok()
                .and_then(Number::from_f64)
                .map(Value::Number),
            _ => None,
        }
    }

    /// Text of a certain form, which is kept as it is.
    fn text_that(&self, value: &Value, holds: impl Fn(&str) -> bool) -> Option<Value> {
        let text = self.text(value)?;
        text.as_str().is_some_and(holds).then_some(text)
    }

    fn text(&self, value: &Value) -> Option<Value> {
        match value {
            Value::String(_) => Some(value.clone()),
            // A number that does not fit is not what was sent any more.
            Value::Number(number) if number.is_f64() => None,
            Value::Number(_) | Value::Bool(_) if self.repairs() => {
                Some(Value::String(value.to_string()))
            }
            _ => None,
        }
    }
}

/// RFC 7643 §2.3.6: either alphabet of RFC 4648, with or without padding; line breaks as certificates have them.
fn is_base64(text: &str) -> bool {
    let text: Vec<u8> = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let digits = text.get(..text.len() - padding).unwrap_or_default();
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
    let whole = match padding {
        0 => digits.len() % 4 != 1,
        _ => padding <= 2 && text.len().is_multiple_of(4),
    };
    whole && !digits.is_empty() && digits.iter().all(is_digit)
}
