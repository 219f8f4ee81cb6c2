//! Partial matching of JSON answers, with placeholders.
//!
//! An object matches one that has at least its members, a list one of the same length in any order.
//! `"$name"` takes a value at first sight and must be that value later; inside other text it stands for the value taken.
//! `"$absent"` is what must not be there (null and `[]` are the same to RFC 7643 §2.5), `"$any"` what must,
//! `"$not name"` what must differ from the value taken.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The values that placeholders stand for.
#[derive(Debug, Clone, Default)]
pub struct Names(BTreeMap<String, Value>);

impl Names {
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// The text with every known placeholder filled in.
    pub fn fill(&self, text: &str) -> String {
        let mut parts = text.split('$');
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = split_word(part);
            match self.0.get(name) {
                Some(Value::String(value)) => filled.push_str(value),
                Some(value) => filled.push_str(&value.to_string()),
                None => filled.extend(["$", name]),
            }
            filled.push_str(rest);
        }
        filled
    }

    /// A value to send; `"$name"` alone keeps its type.
    pub fn fill_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => match text.strip_prefix('$').and_then(|name| self.0.get(name)) {
                Some(value) => value.clone(),
                None => Value::String(self.fill(text)),
            },
            Value::Array(list) => list.iter().map(|value| self.fill_value(value)).collect(),
            Value::Object(object) => {
                let fill = |(key, value): (&String, &Value)| (key.clone(), self.fill_value(value));
                Value::Object(object.iter().map(fill).collect::<Map<_, _>>())
            }
            other => other.clone(),
        }
    }

    /// The first placeholder in a value to send for which nothing was taken.
    pub fn unknown(&self, value: &Value) -> Option<String> {
        match value {
            Value::String(text) => text
                .split('$')
                .skip(1)
                .map(|part| split_word(part).0)
                .find(|name| !self.0.contains_key(*name))
                .map(str::to_owned),
            Value::Array(list) => list.iter().find_map(|value| self.unknown(value)),
            Value::Object(object) => object.values().find_map(|value| self.unknown(value)),
            _ => None,
        }
    }

    /// Whether `found` is what is expected; if not, where it departs.
    pub fn check(
        &mut self,
        expected: &Value,
        found: Option<&Value>,
        at: &str,
    ) -> Result<(), String> {
        match (expected, found) {
            (Value::String(text), found) if text.starts_with('$') => {
                self.placeholder(text, found, at)
            }
            (Value::Object(expected), Some(Value::Object(found))) => {
                for (key, value) in expected {
                    self.check(value, found.get(key), &format!("{at}/{key}"))?;
                }
                Ok(())
            }
            (Value::Array(expected), Some(Value::Array(found))) => self.list(expected, found, at),
            (Value::String(text), Some(Value::String(found))) if self.fill(text) == *found => {
                Ok(())
            }
            (expected, Some(found)) if expected == found => Ok(()),
            (expected, Some(found)) => {
                let expected = self.fill_value(expected);
                Err(format!("{at} is {found}, not {expected}"))
            }
            (expected, None) => {
                let expected = self.fill_value(expected);
                Err(format!("{at} is missing; it should be {expected}"))
            }
        }
    }

    fn placeholder(&mut self, text: &str, found: Option<&Value>, at: &str) -> Result<(), String> {
        let name = text.strip_prefix('$').unwrap_or_default();
        let Some(found) = found else {
            return match name {
                "absent" => Ok(()),
                _ => Err(format!("{at} is missing")),
            };
        };
        let differs = |wanted: &Value| Err(format!("{at} is {found}, not {wanted}"));
        if name == "absent" {
            let empty = found.is_null() || found.as_array().is_some_and(Vec::is_empty);
            return if empty {
                Ok(())
            } else {
                Err(format!("{at} is {found}; it should not be there"))
            };
        }
        if name == "any" {
            return Ok(());
        }
        if let Some(other) = name.strip_prefix("not ") {
            return match self.0.get(other) {
                Some(old) if old == found => Err(format!("{at} is still {found}")),
                Some(_) => Ok(()),
                None => Err(format!("{at}: nothing was taken for ${other}")),
            };
        }
        match self.0.get(name) {
            Some(wanted) if wanted == found => Ok(()),
            Some(wanted) => differs(wanted),
            None if split_word(name).0 == name => {
                self.set(name, found.clone());
                Ok(())
            }
            None => {
                let wanted = Value::String(self.fill(text));
                if wanted == *found {
                    Ok(())
                } else {
                    differs(&wanted)
                }
            }
        }
    }

    fn list(&mut self, expected: &[Value], found: &[Value], at: &str) -> Result<(), String> {
        if expected.len() != found.len() {
            let (found, wanted) = (found.len(), expected.len());
            return Err(format!("{at} has {found} elements, not {wanted}"));
        }
        let mut left: Vec<&Value> = found.iter().collect();
        for (index, value) in expected.iter().enumerate() {
            let mut tried = self.clone();
            let mut fault = String::new();
            let fits = |candidate: &&Value| {
                tried.clone_from(self);
                let told = tried.check(value, Some(candidate), &format!("{at}/{index}"));
                told.map_err(|told| fault = told).is_ok()
            };
            let Some(position) = left.iter().position(fits) else {
                // One candidate: what is wrong with it says more than that none fits.
                return Err(if left.len() == 1 {
                    fault
                } else {
                    let value = self.fill_value(value);
                    format!("{at}: no element is {value}")
                });
            };
            *self = tried;
            left.remove(position);
        }
        Ok(())
    }
}

/// A placeholder's name at the beginning of the text, and what follows it.
fn split_word(text: &str) -> (&str, &str) {
    let end = text.find(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    text.split_at(end.unwrap_or(text.len()))
}

#[cfg(test)]
mod tests;
