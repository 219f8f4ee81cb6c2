//! Partial matching of JSON answers, with placeholders.
//!
//! An object matches one that has at least its members, a list one of the same length in any order.
//! `"$name"` takes a value at first sight and must be that value later; inside other text it stands for the value taken.
//! `"$absent"` is what must not be there, `"$any"` what must, `"$not name"` what must differ from the value taken.

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
            let name = word(part);
            match self.0.get(name) {
                Some(Value::String(value)) => filled.push_str(value),
                Some(value) => filled.push_str(&value.to_string()),
                None => filled.extend(["$", name]),
            }
            filled.push_str(&part[name.len()..]);
        }
        filled
    }

    /// A value to send; `"$name"` alone keeps its type. A placeholder nobody took is a mistake in the test.
    pub fn fill_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                let whole = text.strip_prefix('$').and_then(|name| self.0.get(name));
                whole.cloned().unwrap_or_else(|| {
                    let filled = self.fill(text);
                    assert!(!filled.contains('$'), "unknown placeholder in {text}");
                    Value::String(filled)
                })
            }
            Value::Array(list) => list.iter().map(|value| self.fill_value(value)).collect(),
            Value::Object(object) => {
                let fill = |(key, value): (&String, &Value)| (key.clone(), self.fill_value(value));
                Value::Object(object.iter().map(fill).collect::<Map<_, _>>())
            }
            other => other.clone(),
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
            (expected, Some(found)) => Err(format!("{at}: {found} instead of {expected}")),
            (expected, None) => Err(format!("{at}: nothing instead of {expected}")),
        }
    }

    fn placeholder(&mut self, text: &str, found: Option<&Value>, at: &str) -> Result<(), String> {
        let name = &text[1..];
        let wrong = |found: &Value| Err(format!("{at}: {found} does not fit {text}"));
        match (name, found) {
            ("absent", None) | ("any", Some(_)) => Ok(()),
            ("absent", Some(found)) => wrong(found),
            (_, None) => Err(format!("{at}: nothing for {text}")),
            (_, Some(found)) if name.starts_with("not ") => {
                if self.0.get(&name[4..]).expect("a value taken before") == found {
                    return wrong(found);
                }
                Ok(())
            }
            (_, Some(found)) if self.0.contains_key(name) => {
                if self.0[name] == *found {
                    Ok(())
                } else {
                    wrong(found)
                }
            }
            (_, Some(found)) if word(name) == name => {
                self.set(name, found.clone());
                Ok(())
            }
            (_, Some(found)) if *found == self.fill(text) => Ok(()),
            (_, Some(found)) => wrong(found),
        }
    }

    fn list(&mut self, expected: &[Value], found: &[Value], at: &str) -> Result<(), String> {
        if expected.len() != found.len() {
            return Err(format!(
                "{at}: {} elements instead of {}",
                found.len(),
                expected.len()
            ));
        }
        let mut left: Vec<&Value> = found.iter().collect();
        for (index, value) in expected.iter().enumerate() {
            let mut tried = self.clone();
            let fits = |candidate: &&Value| {
                tried.clone_from(self);
                tried.check(value, Some(candidate), at).is_ok()
            };
            let Some(position) = left.iter().position(fits) else {
                return Err(format!("{at}/{index}: no element is {value}"));
            };
            *self = tried;
            left.remove(position);
        }
        Ok(())
    }
}

fn word(text: &str) -> &str {
    let end = text.find(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    &text[..end.unwrap_or(text.len())]
}
