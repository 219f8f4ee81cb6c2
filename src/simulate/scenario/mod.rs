//! Conversations as data, and how one is played; `tests/scenarios/` holds them, for the tests and for `simulate` alike.
//!
//! `send` is method, path and perhaps a body (`raw` instead for text that is no JSON); `expect` is the status, or a list of
//! those that are right, and what the body must hold; `answered` what the headers must. How answers are matched stands in
//! `matching.rs`. Always known: `$uid` and `$UID`, text no other scenario has; `$tenant`, `$token`, `$base`. A scenario that
//! counts everything there is runs `alone`, in a tenant of its own.
//!
//! A scenario names the `clients` it belongs to; `beyond` says what the RFC has instead where a client asks for more. One that only holds for our own server says in `own` why, and `simulate`
//! leaves it out. `needs` are the features of the `ServiceProviderConfig` without which it proves nothing.

mod play;

use include_dir::{Dir, include_dir};
use serde::Deserialize;
use serde_json::{Map, Value};

pub use play::{Fault, Played, Reading, play};

/// Everything in `tests/scenarios/`, as it was when this was compiled.
static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/tests/scenarios");

/// One conversation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Scenario {
    /// Its path below `tests/scenarios/`, without the extension.
    #[serde(skip)]
    pub name: String,
    pub why: String,
    pub rfc: String,
    /// What the RFC itself says, where a client asks for more.
    pub beyond: Option<String>,
    /// Where clients were seen to behave like this.
    pub seen_in: Option<String>,
    #[serde(default)]
    pub clients: Vec<String>,
    pub own: Option<String>,
    #[serde(default)]
    pub needs: Vec<String>,
    #[serde(default)]
    pub alone: bool,
    pub steps: Vec<Step>,
}

/// A request and what must come back.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    #[serde(default)]
    pub why: String,
    send: Vec<Value>,
    raw: Option<String>,
    /// A base path instead of the Tenant URL's.
    base: Option<String>,
    #[serde(default)]
    headers: Map<String, Value>,
    expect: Vec<Value>,
    #[serde(default)]
    answered: Map<String, Value>,
}

impl Scenario {
    /// Who says so: the RFC, and the client where one was seen.
    pub fn source(&self) -> String {
        let seen = self.seen_in.as_deref().unwrap_or_default();
        match &self.beyond {
            Some(beyond) => format!("{seen}; beyond {}: {beyond}", self.rfc),
            None if seen.is_empty() => self.rfc.clone(),
            None => format!("{}; {seen}", self.rfc),
        }
    }

    /// Whether a request goes to this collection.
    pub fn touches(&self, collection: &str) -> bool {
        self.steps
            .iter()
            .any(|step| step.path().contains(collection))
    }
}

impl Step {
    fn part(&self, index: usize) -> &str {
        let part = self.send.get(index);
        part.and_then(Value::as_str).unwrap_or_default()
    }

    fn method(&self) -> &str {
        self.part(0)
    }

    fn path(&self) -> &str {
        self.part(1)
    }

    fn body(&self) -> Option<&Value> {
        self.send.get(2)
    }
}

/// Every scenario there is, in the order of their names. A file that does not parse is an error.
pub fn all() -> Result<Vec<Scenario>, String> {
    let mut open = vec![&EMBEDDED];
    let mut found = vec![];
    while let Some(folder) = open.pop() {
        open.extend(folder.dirs());
        for file in folder.files() {
            let path = file.path().display();
            let mut scenario: Scenario = serde_json::from_slice(file.contents())
                .map_err(|error| format!("tests/scenarios/{path}: {error}"))?;
            scenario.name = file.path().with_extension("").display().to_string();
            found.push(scenario);
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

#[cfg(test)]
mod tests;
