//! Keys, items and conditions as the embedded engine's own types have them.

use std::collections::HashMap;

use dynoxide::AttributeValue;
use serverless_scim::table::{Attr, Condition, Item, Key, Query, Range, Update};

pub(crate) type Wire = HashMap<String, AttributeValue>;

pub(crate) fn value(attr: &Attr) -> AttributeValue {
    match attr {
        Attr::S(text) => AttributeValue::S(text.clone()),
        Attr::N(number) => AttributeValue::N(number.to_string()),
        Attr::B(bytes) => AttributeValue::B(bytes.clone()),
        Attr::Ss(texts) => AttributeValue::SS(texts.clone()),
    }
}

pub(crate) fn wire(key: &Key) -> Wire {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    [
        ("PK".to_owned(), text(&key.pk)),
        ("SK".to_owned(), text(&key.sk)),
    ]
    .into()
}

pub(crate) fn key(wire: &mut Wire) -> Key {
    let mut text = |name: &str| match wire.remove(name) {
        Some(AttributeValue::S(text)) => text,
        other => panic!("{name} is {other:?}"),
    };
    Key {
        pk: text("PK"),
        sk: text("SK"),
    }
}

pub(crate) fn item(mut wire: Wire) -> Item {
    let key = key(&mut wire);
    let attr = |value| match value {
        AttributeValue::S(text) => Attr::S(text),
        AttributeValue::N(number) => Attr::N(number.parse().unwrap()),
        AttributeValue::B(bytes) => Attr::B(bytes),
        AttributeValue::SS(texts) => Attr::Ss(texts),
        other => panic!("{other:?}"),
    };
    let attrs = wire.into_iter().map(|(name, value)| (name, attr(value)));
    Item {
        key,
        attrs: attrs.collect(),
    }
}

/// Names and values of one request's expressions.
#[derive(Default)]
pub(crate) struct Texts {
    names: HashMap<String, String>,
    values: Wire,
}

impl Texts {
    pub(crate) fn name(&mut self, name: &str) -> String {
        self.names.insert(format!("#{name}"), name.to_owned());
        format!("#{name}")
    }

    pub(crate) fn value(&mut self, attr: &Attr) -> String {
        let place = format!(":{}", self.values.len());
        self.values.insert(place.clone(), value(attr));
        place
    }

    pub(crate) fn compare(&mut self, name: &str, how: &str, attr: &Attr) -> String {
        format!("{} {how} {}", self.name(name), self.value(attr))
    }

    pub(crate) fn condition(&mut self, condition: &Condition) -> String {
        match condition {
            Condition::Exists => format!("attribute_exists({})", self.name("PK")),
            Condition::NotExists => format!("attribute_not_exists({})", self.name("PK")),
            Condition::Lacks(name) => format!("attribute_not_exists({})", self.name(name)),
            Condition::Equals(name, attr) => self.compare(name, "=", attr),
            Condition::Less(name, number) => self.compare(name, "<", &Attr::N(*number)),
            Condition::Greater(name, number) => self.compare(name, ">", &Attr::N(*number)),
            Condition::And(parts) => self.join(parts, " AND "),
            Condition::Or(parts) => self.join(parts, " OR "),
            Condition::Not(part) => format!("(NOT {})", self.condition(part)),
        }
    }

    pub(crate) fn join(&mut self, parts: &[Condition], between: &str) -> String {
        let parts: Vec<String> = parts.iter().map(|part| self.condition(part)).collect();
        format!("({})", parts.join(between))
    }

    pub(crate) fn update(&mut self, update: &Update) -> String {
        let set = update.set.iter();
        let set: Vec<String> = set
            .map(|(name, attr)| self.compare(name, "=", attr))
            .collect();
        let add = update.add.iter();
        let add: Vec<String> = add
            .map(|(name, by)| self.compare(name, "", &Attr::N(*by)))
            .collect();
        let remove: Vec<String> = update.remove.iter().map(|name| self.name(name)).collect();
        let parts = [("SET", set), ("ADD", add), ("REMOVE", remove)];
        let parts = parts.iter().filter(|(_, parts)| !parts.is_empty());
        let parts: Vec<String> = parts
            .map(|(verb, parts)| format!("{verb} {}", parts.join(", ")))
            .collect();
        parts.join(" ")
    }

    pub(crate) fn range(&mut self, query: &Query) -> String {
        let text = |text: &String| Attr::S(text.clone());
        let pk = self.compare("PK", "=", &text(&query.pk));
        let sk = match &query.range {
            Range::All => return pk,
            Range::BeginsWith(key) => {
                format!(
                    "begins_with({}, {})",
                    self.name("SK"),
                    self.value(&text(key))
                )
            }
            Range::Between(low, high) => {
                let low = self.compare("SK", "BETWEEN", &text(low));
                format!("{low} AND {}", self.value(&text(high)))
            }
            Range::LessOrEqual(key) => self.compare("SK", "<=", &text(key)),
            Range::Greater(key) => self.compare("SK", ">", &text(key)),
            Range::GreaterOrEqual(key) => self.compare("SK", ">=", &text(key)),
        };
        format!("{pk} AND {sk}")
    }

    pub(crate) fn names(&self) -> Option<HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.clone())
    }

    pub(crate) fn values(self) -> Option<Wire> {
        (!self.values.is_empty()).then_some(self.values)
    }
}
