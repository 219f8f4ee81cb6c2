//! A resource type for a row: the built-in user, and whatever else the row names, typed by the values it shows.

use std::sync::Arc;

use serde_json::{Value, json};
use serverless_scim::schema::{Attribute, Document, ResourceType, Schema, USER};

/// What a row says of an attribute, or, at the root, of a resource.
#[derive(Default)]
pub(crate) struct Guess {
    name: String,
    kind: Option<&'static str>,
    is_list: bool,
    below: Vec<Guess>,
}

/// A piece of a filter, read only as far as names and types need it.
#[derive(PartialEq)]
enum Token {
    Text,
    Word(String),
    Bracket(char),
}

impl Guess {
    /// Takes in a resource, or a value of the attribute.
    pub(crate) fn value(&mut self, value: &Value) {
        match value {
            Value::Null => {}
            Value::Bool(_) => self.is("boolean"),
            Value::Number(number) if number.is_f64() => self.is("decimal"),
            Value::Number(_) => self.is("integer"),
            Value::String(_) => self.is("string"),
            Value::Array(list) => {
                self.is_list = true;
                for element in list {
                    self.value(element);
                }
            }
            Value::Object(object) => {
                self.is("complex");
                for (name, value) in object {
                    self.child(name).value(value);
                }
            }
        }
    }

    /// Takes in the operations of a PATCH.
    pub(crate) fn operations(&mut self, operations: &Value) {
        for operation in operations.as_array().into_iter().flatten() {
            let value = operation.get("value").unwrap_or(&Value::Null);
            match (operation.get("path").and_then(Value::as_str), value) {
                (Some(path), _) => self.path(path, value),
                (None, Value::Object(object)) => {
                    for (key, value) in object {
                        self.path(key, value);
                    }
                }
                (None, _) => {}
            }
        }
    }

    /// Takes in the path of an operation with its value.
    pub(crate) fn path(&mut self, path: &str, value: &Value) {
        let Some((head, rest)) = path.split_once('[') else {
            if let Some(found) = self.at(path) {
                found.value(value);
            }
            return;
        };
        let (filter, sub) = rest.rsplit_once(']').unwrap_or((rest, ""));
        let Some(list) = self.at(head) else { return };
        list.is_list = true;
        list.is("complex");
        list.filter(filter);
        let element = match sub.strip_prefix('.') {
            None => Some(list),
            Some(sub) => list.at(sub),
        };
        if let Some(element) = element {
            element.value(value);
        }
    }

    /// Takes in a filter on the resource or on the elements of the attribute.
    pub(crate) fn filter(&mut self, text: &str) {
        let tokens = tokens(text);
        let mut prefixes: Vec<String> = vec![];
        let mut begins = true;
        for (index, token) in tokens.iter().enumerate() {
            let next = tokens.get(index + 1);
            let name = match token {
                Token::Bracket(bracket) => {
                    begins = matches!(bracket, '(' | '[');
                    if *bracket == ']' {
                        prefixes.pop();
                    }
                    continue;
                }
                Token::Word(word) if ["and", "or", "not"].contains(&word.as_str()) => {
                    begins = true;
                    continue;
                }
                Token::Word(word) if begins || word.starts_with('.') => word,
                Token::Word(_) | Token::Text => continue,
            };
            begins = false;
            let name = name.trim_start_matches('.');
            let path = [prefixes.join("."), name.to_owned()].join(".");
            let path = path.trim_start_matches('.').to_owned();
            let Some(found) = self.at(&path) else {
                continue;
            };
            if next == Some(&Token::Bracket('[')) {
                found.is_list = true;
                found.is("complex");
                prefixes.push(name.to_owned());
            } else if let Some(kind) = tokens.get(index + 2).and_then(kind) {
                found.is(kind);
            }
        }
    }

    /// The first evidence counts.
    fn is(&mut self, kind: &'static str) {
        self.kind.get_or_insert(kind);
    }

    fn child(&mut self, name: &str) -> &mut Self {
        let found = self
            .below
            .iter()
            .position(|child| child.name.eq_ignore_ascii_case(name));
        let place = found.unwrap_or(self.below.len());
        if found.is_none() {
            self.below.push(Self {
                name: name.to_owned(),
                ..Self::default()
            });
        }
        &mut self.below[place]
    }

    /// The place of `path`, which may begin with a URN.
    fn at(&mut self, path: &str) -> Option<&mut Self> {
        let (urn, names) = match path.rsplit_once(':') {
            Some((urn, names)) if is_urn(urn) => (Some(urn), names),
            Some(_) => return None,
            None => (None, path),
        };
        let mut here = match urn {
            Some(urn) if !urn.eq_ignore_ascii_case(&USER.schema.id) => self.child(urn),
            _ => self,
        };
        if names.split('.').any(str::is_empty) {
            return None;
        }
        for name in names.split('.') {
            here.is("complex");
            here = here.child(name);
        }
        Some(here)
    }

    /// Users with what was taken in; text is compared with its case if `exact`.
    pub(crate) fn resource_type(&self, exact: bool) -> ResourceType {
        let mut kind = USER.clone();
        let mut core = Schema::clone(&kind.schema);
        for guess in &self.below {
            if !is_urn(&guess.name) {
                if USER.schema.attribute(&guess.name).is_some()
                    || USER.core_attribute(&guess.name).is_none()
                {
                    add(&mut core.attributes, guess, exact);
                }
                continue;
            }
            let known = kind.extension(&guess.name).cloned();
            let mut schema = known.as_deref().cloned().unwrap_or_else(|| Schema {
                id: guess.name.as_str().into(),
                name: guess.name.clone(),
                attributes: vec![],
                document: Document::new(),
            });
            for guess in &guess.below {
                add(&mut schema.attributes, guess, exact);
            }
            kind.extensions.retain(|other| other.id != schema.id);
            kind.extensions.push(Arc::new(schema));
        }
        kind.schema = Arc::new(core);
        kind
    }

    fn attribute(&self, exact: bool) -> Arc<Attribute> {
        let mut attribute: Attribute = serde_json::from_value(json!({
            "name": self.name,
            "type": self.kind.unwrap_or("string"),
            "multiValued": self.is_list,
            "caseExact": exact,
        }))
        .unwrap();
        for guess in &self.below {
            add(&mut attribute.sub_attributes, guess, exact);
        }
        Arc::new(attribute)
    }
}

/// Adds what is new; of an attribute that is known only sub-attributes can be.
fn add(attributes: &mut Vec<Arc<Attribute>>, guess: &Guess, exact: bool) {
    let known = attributes
        .iter_mut()
        .find(|known| known.name.eq_ignore_ascii_case(&guess.name));
    let Some(known) = known else {
        attributes.push(guess.attribute(exact));
        return;
    };
    let mut wider = Attribute::clone(known);
    wider.case_exact |= exact;
    if wider.is_complex() {
        for sub in &guess.below {
            add(&mut wider.sub_attributes, sub, exact);
        }
    }
    // The engine knows some attributes of users by their place, so those that stay the same stay there.
    if wider != **known {
        *known = Arc::new(wider);
    }
}

fn is_urn(text: &str) -> bool {
    text.len() > 4 && text.starts_with("urn:")
}

fn kind(token: &Token) -> Option<&'static str> {
    let word = match token {
        Token::Text => return Some("string"),
        Token::Word(word) => word,
        Token::Bracket(_) => return None,
    };
    match serde_json::from_str(word) {
        Ok(Value::Bool(_)) => Some("boolean"),
        Ok(Value::Number(number)) if number.is_f64() => Some("decimal"),
        Ok(Value::Number(_)) => Some("integer"),
        _ => None,
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = vec![];
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '"' => {
                while let Some(character) = rest.next() {
                    match character {
                        '"' => break,
                        '\\' => drop(rest.next()),
                        _ => {}
                    }
                }
                tokens.push(Token::Text);
            }
            '(' | ')' | '[' | ']' => tokens.push(Token::Bracket(character)),
            space if space.is_whitespace() => {}
            first => {
                let mut word = String::from(first);
                let ends = |c: &char| c.is_whitespace() || "()[]\"".contains(*c);
                while let Some(character) = rest.next_if(|c| !ends(c)) {
                    word.push(character);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    tokens
}
