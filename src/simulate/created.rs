//! What a run created on the server, so that it can be taken away again, and nothing else ever is.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::exchange::{Ask, Exchange, segments};

/// The collections that things are created in, and the attribute that names them.
const NAMED: [(&str, &str); 2] = [("Users", "userName"), ("Groups", "displayName")];

/// `Users` or `Groups`, and an id.
pub(super) type Place = (&'static str, String);

#[derive(Debug, Default)]
pub(super) struct Created {
    /// With whether the answer showed a name of this run.
    here: BTreeMap<Place, bool>,
    /// Everything that was ever in `here`.
    ever: BTreeSet<Place>,
    /// Names whose creation was asked for and not answered clearly.
    unclear: BTreeSet<(&'static str, String)>,
}

impl Created {
    /// To be called before a request goes out: whoever stops waiting for the answer must still find what it made.
    pub(super) fn before(&mut self, ask: &Ask) {
        if let Some(named) = creation(ask) {
            self.unclear.insert(named);
        }
    }

    pub(super) fn after(&mut self, exchange: &Exchange, marker: &str) {
        let Ok(answer) = &exchange.answer else { return };
        let done = (200..300).contains(&answer.status);
        let ask = &exchange.ask;
        match (ask.method.as_str(), segments(&ask.path).as_slice()) {
            ("POST", ["Bulk"]) => self.bulk(&answer.body),
            ("POST", [collection]) => {
                let Some((collection, _)) = known(collection) else {
                    return;
                };
                if let (true, Some(id)) = (done, exchange.id()) {
                    let sure = shows(&answer.body, marker);
                    self.add((collection, id.to_owned()), sure);
                } else if done || answer.status >= 500 {
                    return;
                }
                if let Some(named) = creation(ask) {
                    self.unclear.remove(&named);
                }
            }
            ("DELETE", [collection, id]) if done || answer.status == 404 => {
                if let Some((collection, _)) = known(collection) {
                    self.here.remove(&(collection, (*id).to_owned()));
                }
            }
            _ => {}
        }
    }

    fn bulk(&mut self, answer: &Value) {
        let operations = answer.get("Operations").and_then(Value::as_array);
        for operation in operations.into_iter().flatten() {
            let text = |name: &str| operation.get(name).and_then(Value::as_str);
            let (Some(method), Some(location)) = (text("method"), text("location")) else {
                continue;
            };
            let mut ends = location.trim_end_matches('/').rsplit('/');
            let (id, collection) = (ends.next(), ends.next().and_then(known));
            if let (true, Some(id), Some((collection, _))) =
                (method.eq_ignore_ascii_case("POST"), id, collection)
            {
                self.add((collection, id.to_owned()), false);
            }
        }
    }

    fn add(&mut self, place: Place, sure: bool) {
        self.ever.insert(place.clone());
        self.here.insert(place, sure);
    }

    /// Whether this run created the resource at this path, now or before.
    pub(super) fn made(&self, path: &str) -> bool {
        match segments(path).as_slice() {
            [collection, id, ..] => {
                known(collection).is_some_and(|(c, _)| self.ever.contains(&(c, (*id).to_owned())))
            }
            _ => false,
        }
    }

    /// What is still there, groups first; with whether it is surely this run's.
    pub(super) fn left(&self) -> Vec<(Place, bool)> {
        self.here
            .iter()
            .map(|(place, sure)| (place.clone(), *sure))
            .collect()
    }

    /// Names that may be there: collection, attribute and name.
    pub(super) fn unclear(&self) -> Vec<(&'static str, &'static str, String)> {
        let attribute =
            |collection: &str| known(collection).map_or("userName", |(_, attribute)| attribute);
        self.unclear
            .iter()
            .map(|(collection, name)| (*collection, attribute(collection), name.clone()))
            .collect()
    }

    /// How much was created.
    pub(super) fn count(&self) -> usize {
        self.ever.len()
    }
}

/// Whether a name of this run is anywhere in the resource.
pub(super) fn shows(resource: &Value, marker: &str) -> bool {
    resource.to_string().to_lowercase().contains(marker)
}

fn known(collection: &str) -> Option<(&'static str, &'static str)> {
    NAMED.into_iter().find(|(name, _)| *name == collection)
}

/// The collection and the name that this request would create.
fn creation(ask: &Ask) -> Option<(&'static str, String)> {
    let [collection] = segments(&ask.path)[..] else {
        return None;
    };
    let (collection, attribute) = known(collection).filter(|_| ask.method == "POST")?;
    let body: Value = serde_json::from_str(ask.body.as_deref()?).ok()?;
    let (_, name) = body
        .as_object()?
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(attribute))?;
    Some((collection, name.as_str()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use serde_json::json;

    use super::super::exchange::Answer;
    use super::*;

    fn exchange(ask: Ask, status: u16, body: Value) -> Exchange {
        let answer = Answer {
            status,
            headers: HeaderMap::new(),
            text: body.to_string(),
            body,
        };
        Exchange {
            ask,
            answer: Ok(answer),
        }
    }

    fn play(created: &mut Created, ask: Ask, status: u16, body: Value) {
        created.before(&ask);
        created.after(&exchange(ask, status, body), "sim1");
    }

    #[test]
    fn what_was_created_is_remembered_until_it_is_deleted() {
        let mut created = Created::default();
        let user = Ask::json("POST", "/Users", &json!({ "userName": "a.sim1@x.example" }));
        play(
            &mut created,
            user,
            201,
            json!({ "id": "7", "userName": "A.SIM1@x.example" }),
        );
        let group = Ask::json("POST", "/Groups/", &json!({ "displayname": "G sim1" }));
        play(&mut created, group, 201, json!({ "id": "8" }));
        assert_eq!(
            created.left(),
            [
                (("Groups", "8".to_owned()), false),
                (("Users", "7".to_owned()), true)
            ]
        );
        assert!(created.made("/Users/7?attributes=id") && !created.made("/Users/8"));
        play(
            &mut created,
            Ask::new("DELETE", "/Groups/8"),
            500,
            Value::Null,
        );
        assert_eq!(created.left().len(), 2);
        play(
            &mut created,
            Ask::new("DELETE", "/Groups/8"),
            204,
            Value::Null,
        );
        play(
            &mut created,
            Ask::new("DELETE", "/Users/7"),
            404,
            Value::Null,
        );
        assert!(created.left().is_empty() && created.made("/Users/7"));
        assert!(created.unclear().is_empty());
    }

    #[test]
    fn a_creation_without_a_clear_answer_is_looked_for() {
        let mut created = Created::default();
        let user = |name: &str| Ask::json("POST", "/Users", &json!({ "userName": name }));
        created.before(&user("never answered"));
        play(&mut created, user("failed"), 500, Value::Null);
        play(&mut created, user("no id"), 201, json!({}));
        play(&mut created, user("refused"), 400, json!({}));
        let names: Vec<String> = created
            .unclear()
            .into_iter()
            .map(|(_, _, name)| name)
            .collect();
        assert_eq!(names, ["failed", "never answered", "no id"]);
    }

    #[test]
    fn bulk_creates_too() {
        let mut created = Created::default();
        let answer = json!({ "Operations": [
            { "method": "POST", "location": "https://h.example/v2/Users/9", "status": "201" },
            { "method": "DELETE", "location": "https://h.example/v2/Users/1", "status": "204" },
            { "method": "POST", "status": "409" }, 5 ] });
        play(
            &mut created,
            Ask::json("POST", "/Bulk", &json!({})),
            200,
            answer,
        );
        assert_eq!(created.left(), [(("Users", "9".to_owned()), false)]);
    }
}
