//! Conditions, updates and key ranges as DynamoDB's expression text, with a placeholder for every name and value.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::item::{PK, value};
use super::{Attr, Condition, Range, Update};

/// The texts of one request share its placeholders.
#[derive(Debug, Default)]
pub(super) struct Expression {
    names: Vec<String>,
    values: Vec<AttributeValue>,
}

impl Expression {
    pub(super) fn condition(&mut self, condition: &Condition) -> String {
        match condition {
            Condition::Exists => self.call("attribute_exists", PK),
            Condition::NotExists => self.call("attribute_not_exists", PK),
            Condition::Lacks(name) => self.call("attribute_not_exists", name),
            Condition::Equals(name, attr) => self.compare(name, "=", attr),
            Condition::Less(name, number) => self.compare(name, "<", &Attr::N(*number)),
            Condition::Greater(name, number) => self.compare(name, ">", &Attr::N(*number)),
            Condition::And(parts) => self.join(parts, " AND "),
            Condition::Or(parts) => self.join(parts, " OR "),
            Condition::Not(part) => format!("(NOT {})", self.condition(part)),
        }
    }

    fn join(&mut self, parts: &[Condition], between: &str) -> String {
        let parts: Vec<_> = parts.iter().map(|part| self.condition(part)).collect();
        format!("({})", parts.join(between))
    }

    fn call(&mut self, function: &str, name: &str) -> String {
        format!("{function}({})", self.name(name))
    }

    fn compare(&mut self, name: &str, operator: &str, attr: &Attr) -> String {
        format!("{} {operator} {}", self.name(name), self.value(value(attr)))
    }

    pub(super) fn update(&mut self, update: &Update) -> String {
        let set = update
            .set
            .iter()
            .map(|(name, attr)| self.compare(name, "=", attr))
            .collect();
        let add = update
            .add
            .iter()
            .map(|(name, number)| {
                let value = self.value(value(&Attr::N(*number)));
                format!("{} {value}", self.name(name))
            })
            .collect();
        let remove = update.remove.iter().map(|name| self.name(name)).collect();
        [("SET", set), ("ADD", add), ("REMOVE", remove)]
            .into_iter()
            .filter(|(_, parts): &(_, Vec<String>)| !parts.is_empty())
            .map(|(verb, parts)| format!("{verb} {}", parts.join(", ")))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The key condition of a query on the attributes `keys`.
    pub(super) fn range(&mut self, keys: (&str, &str), pk: &str, range: &Range) -> String {
        let partition = self.text(keys.0, "=", pk);
        let name = keys.1;
        let sort = match range {
            Range::All => return partition,
            Range::BeginsWith(prefix) if prefix.is_empty() => return partition,
            Range::BeginsWith(prefix) => {
                let value = self.value(AttributeValue::S(prefix.clone()));
                format!("begins_with({}, {value})", self.name(name))
            }
            Range::Between(low, high) => {
                let low = self.value(AttributeValue::S(low.clone()));
                let high = self.value(AttributeValue::S(high.clone()));
                format!("{} BETWEEN {low} AND {high}", self.name(name))
            }
            Range::LessOrEqual(key) => self.text(name, "<=", key),
            Range::Greater(key) => self.text(name, ">", key),
            Range::GreaterOrEqual(key) => self.text(name, ">=", key),
        };
        format!("{partition} AND {sort}")
    }

    fn text(&mut self, name: &str, operator: &str, text: &str) -> String {
        self.compare(name, operator, &Attr::S(text.to_owned()))
    }

    fn name(&mut self, name: &str) -> String {
        let known = self.names.iter().position(|n| n == name);
        let at = known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        format!("#{at}")
    }

    fn value(&mut self, value: AttributeValue) -> String {
        self.values.push(value);
        format!(":{}", self.values.len() - 1)
    }

    /// `ExpressionAttributeNames`, absent when empty, as DynamoDB wants it.
    pub(super) fn names(&self) -> Option<HashMap<String, String>> {
        let names = self.names.iter().enumerate();
        (!self.names.is_empty()).then(|| {
            names
                .map(|(at, name)| (format!("#{at}"), name.clone()))
                .collect()
        })
    }

    /// `ExpressionAttributeValues`, absent when empty.
    pub(super) fn values(self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then(|| {
            self.values
                .into_iter()
                .enumerate()
                .map(|(at, value)| (format!(":{at}"), value))
                .collect()
        })
    }
}

#[cfg(test)]
mod tests;
