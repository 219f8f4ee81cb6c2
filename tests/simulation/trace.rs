//! What happened, step by step, told only where somebody wants to know.

use std::collections::BTreeMap;

use serverless_scim::store::Id;

use crate::shadow::hex;

#[derive(Debug, Default)]
pub(crate) struct Trace(Option<Vec<String>>);

impl Trace {
    pub(crate) fn new(wanted: bool) -> Self {
        Self(wanted.then(Vec::new))
    }

    pub(crate) fn note(&mut self, what: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.0 {
            lines.push(what());
        }
    }

    /// The steps, with the names that the world gave its ids.
    pub(crate) fn told(&self, names: &BTreeMap<Id, String>) -> String {
        let lines = self.0.iter().flatten().enumerate();
        let text: Vec<String> = lines
            .map(|(n, line)| format!("{:4} {line}", n + 1))
            .collect();
        named(&text.join("\n"), names)
    }
}

pub(crate) fn named(text: &str, names: &BTreeMap<Id, String>) -> String {
    let mut text = text.to_owned();
    for (id, name) in names {
        text = text.replace(&hex(*id), name).replace(&id.to_string(), name);
        text = text.replace(&format!("Id({name})"), name);
    }
    text
}
