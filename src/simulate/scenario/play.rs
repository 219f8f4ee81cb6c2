//! Playing one scenario against a server.

use serde_json::{Value, json};

use super::super::dialect::{ENTERPRISE, GROUP, PATCH_OP, USER};
use super::super::exchange::{Ask, Exchange, segments};
use super::super::matching::Names;
use super::super::session::Session;
use super::{Scenario, Step};

/// How literally a scenario is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Every word: for our own server.
    AsWritten,
    /// For any server: bodies carry the `schemas` that real clients send; a PATCH may be answered with 200 or with 204.
    AnyServer,
}

/// Where an answer departs from the scenario.
#[derive(Debug)]
pub struct Fault {
    /// From 1.
    pub step: usize,
    pub fault: String,
    pub exchange: Exchange,
}

/// How it went.
#[derive(Debug, Default)]
pub struct Played {
    pub exchanges: Vec<Exchange>,
    pub faults: Vec<Fault>,
}

/// Plays the scenario to its end, or up to the first write whose answer departs from it: what follows builds on that.
pub async fn play(
    scenario: &Scenario,
    session: &Session,
    mut names: Names,
    reading: Reading,
) -> Played {
    names.set("token", session.token());
    names.set("base", session.base());
    let mut played = Played::default();
    for (index, step) in scenario.steps.iter().enumerate() {
        let ask = match ask(step, session, &names, reading) {
            Ok(ask) => ask,
            Err(missing) => {
                // It was missing in an answer that is reported already, unless the scenario itself is wrong.
                if played.faults.is_empty() {
                    let exchange = Exchange {
                        ask: Ask::new(step.method(), step.path()),
                        answer: Err("not sent".to_owned()),
                    };
                    played.fault(index, missing, exchange);
                }
                break;
            }
        };
        let exchange = session.send(ask).await;
        played.exchanges.push(exchange.clone());
        let told = compare(step, &exchange, &mut names, session, reading).await;
        if let Err(fault) = told {
            let silent = exchange.answer.is_err();
            played.fault(index, fault, exchange);
            if silent || step.method() != "GET" {
                break;
            }
        }
    }
    played
}

impl Played {
    fn fault(&mut self, index: usize, fault: String, exchange: Exchange) {
        self.faults.push(Fault {
            step: index + 1,
            fault,
            exchange,
        });
    }
}

fn ask(step: &Step, session: &Session, names: &Names, reading: Reading) -> Result<Ask, String> {
    let mut path = names.fill(step.path());
    if let Some(base) = &step.base {
        let origin = session.base().strip_suffix("/scim/v2");
        let origin = origin.unwrap_or(session.base());
        path = format!("{origin}{}{path}", names.fill(base));
    }
    let body = match (&step.raw, step.body()) {
        (Some(raw), _) => Some(raw.clone()),
        (None, Some(body)) => {
            let mut body = names.fill_value(body);
            if reading == Reading::AnyServer {
                name_schemas(step.method(), &path, &mut body);
            }
            Some(body.to_string())
        }
        (None, None) => None,
    };
    let mut ask = Ask::new(step.method(), path);
    for (name, value) in &step.headers {
        let value = value.as_str().map(|value| names.fill(value));
        ask = ask.header(name, value.as_deref());
    }
    ask.body = body;
    if let Some(name) = unknown(step, names) {
        return Err(format!("no answer before had a value for ${name}"));
    }
    let writes = matches!(step.method(), "PUT" | "PATCH" | "DELETE");
    let guessed = step.path().contains('$') && !step.path().contains("$uid");
    if reading == Reading::AnyServer
        && writes
        && guessed
        && !session.state().created.made(&ask.path)
    {
        return Err(format!(
            "{} is not written to: this run did not create it",
            ask.path
        ));
    }
    Ok(ask)
}

/// A placeholder in the step that no answer has filled.
fn unknown(step: &Step, names: &Names) -> Option<String> {
    let headers = step.headers.values();
    headers
        .chain(step.body())
        .chain(step.send.get(1))
        .find_map(|value| names.unknown(value))
}

/// What real clients always send and scenarios leave out.
fn name_schemas(method: &str, path: &str, body: &mut Value) {
    let schema = match (method, segments(path).first().copied()) {
        ("PATCH", Some("Users" | "Groups")) => PATCH_OP,
        ("POST" | "PUT", Some("Users")) => USER,
        ("POST" | "PUT", Some("Groups")) => GROUP,
        _ => return,
    };
    let Some(body) = body.as_object_mut() else {
        return;
    };
    if segments(path).last() == Some(&".search") || body.contains_key("schemas") {
        return;
    }
    let mut schemas = vec![schema];
    if body.contains_key(ENTERPRISE) {
        schemas.push(ENTERPRISE);
    }
    body.insert("schemas".to_owned(), json!(schemas));
}

async fn compare(
    step: &Step,
    exchange: &Exchange,
    names: &mut Names,
    session: &Session,
    reading: Reading,
) -> Result<(), String> {
    let answer = exchange.answer.as_ref();
    let answer = answer.map_err(|reason| format!("no answer: {reason}"))?;
    let statuses = statuses(step);
    let patched = step.method() == "PATCH"
        && reading == Reading::AnyServer
        && statuses.iter().any(|status| matches!(status, 200 | 204))
        && exchange.is(&[200, 204]);
    if !patched && let Some(fault) = exchange.departs(&statuses) {
        return Err(fault);
    }
    let mut read = None;
    if let Some(body) = step.expect.get(1) {
        let mut found = &answer.body;
        if patched && answer.status == 204 {
            let ask = Ask::get(exchange.ask.path.clone());
            found = read.insert(session.send(ask).await).body();
        }
        names.check(body, Some(found), "")?;
    }
    for (name, value) in &step.answered {
        let found = answer.header(name).map(Value::from);
        names.check(value, found.as_ref(), name)?;
    }
    Ok(())
}

/// The statuses that are right.
fn statuses(step: &Step) -> Vec<u16> {
    let listed = match step.expect.first() {
        Some(Value::Array(listed)) => listed.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let status = |value: &Value| u16::try_from(value.as_u64()?).ok();
    listed.iter().filter_map(status).collect()
}
