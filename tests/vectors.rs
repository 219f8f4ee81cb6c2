//! Vectors that record how other libraries parse and evaluate filters, read paths and apply a PATCH.
//!
//! They lie beside the project (`../shared/cases`, or the folder in `SCIM_VECTORS`) and are no part of it; without
//! them nothing is checked here. `vectors.json` lists the rows we answer in another way, how and why, as
//! `{ours, reason, rows}`: a difference that it does not list is a failure, and so is a row that differs no more.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this is a test; its helpers may panic"
)]

#[path = "vectors/guess.rs"]
mod guess;
#[path = "vectors/tree.rs"]
mod tree;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use guess::Guess;
use serde::Deserialize;
use serde_json::{Value, json};
use serverless_scim::filter;
use serverless_scim::patch;
use serverless_scim::schema::{Quirks, ResourceType, Scope, Target};
use tree::{meant, tree};

/// The files, with the rows each is known to have.
const FILES: [(&str, usize); 3] = [
    ("vec_ping_scim2", 160),
    ("vec_scim2_parse_filter", 143),
    ("vec_scim_patch", 104),
];

/// Rows that we answer in another way on purpose.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deliberate {
    ours: Ours,
    reason: String,
    /// `file:line`, lines counted from 1.
    rows: Vec<String>,
}

/// In which way our answer differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Ours {
    Refused,
    Accepted,
    Matches,
    Misses,
    /// Another tree or resource.
    Other,
}

/// How our answer differs, and the answer for whoever reads the failure.
type Difference = (Ours, String);

fn folder() -> PathBuf {
    env::var_os("SCIM_VECTORS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases"),
        PathBuf::from,
    )
}

#[test]
fn every_vector_holds_or_is_listed() {
    let folder = folder();
    if !folder.is_dir() {
        // Past the capture of the test harness: nobody should take this for a check.
        let note = "NOT CHECKED: the vectors are not here; set SCIM_VECTORS to their folder";
        writeln!(std::io::stderr(), "{note}").unwrap();
        return;
    }
    let mut deliberate = listed();
    let mut failures = vec![];
    for (file, count) in FILES {
        let path = folder.join(file).with_extension("jsonl");
        let text = fs::read_to_string(&path).expect(file);
        assert!(text.lines().count() >= count, "{file} lost rows");
        let rows: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).expect(file))
            .collect();
        for (index, row) in rows.iter().enumerate() {
            let name = format!("{file}:{}", index + 1);
            match (play(&rows, row), deliberate.remove(&name)) {
                (Ok(()), None) => {}
                (Ok(()), Some(_)) => failures.push(format!("{name} differs no more")),
                (Err((ours, _)), Some(listed)) if ours == listed => {}
                (Err((ours, detail)), listed) => {
                    failures.push(format!("{name} {ours:?}, listed {listed:?}: {detail}"));
                }
            }
        }
    }
    failures.extend(deliberate.into_keys().map(|row| format!("{row} is no row")));
    assert!(
        failures.is_empty(),
        "{} differences:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn listed() -> BTreeMap<String, Ours> {
    let groups: Vec<Deliberate> = serde_json::from_str(include_str!("vectors.json")).unwrap();
    let mut rows = BTreeMap::new();
    for group in groups {
        assert!(!group.reason.is_empty());
        for row in group.rows {
            let twice = rows.insert(row.clone(), group.ours);
            assert!(twice.is_none(), "{row} is listed twice");
        }
    }
    rows
}

fn play(rows: &[Value], row: &Value) -> Result<(), Difference> {
    match row["kind"].as_str().unwrap() {
        "eval-resource" => Ok(()),
        "parse" => parses(row),
        "eval" => evaluates(rows, row),
        "path" => reads_path(row),
        "patch" => patches(row),
        "patch-body" => {
            let resource_type = guess(row, &Value::Null);
            let accepted = patch::parse(&resource_type, &row["body"], &mut Quirks::default());
            agree(row["valid"] == true, accepted)
        }
        other => panic!("no such kind of row: {other}"),
    }
}

/// The resource type that knows what `row` and `resource` name.
fn guess(row: &Value, resource: &Value) -> ResourceType {
    let mut guess = Guess::default();
    guess.value(resource);
    guess.operations(&row["operations"]);
    guess.operations(&row["body"]["Operations"]);
    guess.filter(row["filter"].as_str().unwrap_or_default());
    guess.path(row["path"].as_str().unwrap_or_default(), &Value::Null);
    guess.resource_type(row["options"]["caseExact"] == true)
}

/// Whether both refuse, or both accept.
fn agree<T, E: std::fmt::Display>(theirs: bool, ours: Result<T, E>) -> Result<(), Difference> {
    match ours {
        Ok(_) if !theirs => Err((Ours::Accepted, String::new())),
        Err(error) if theirs => Err((Ours::Refused, error.to_string())),
        _ => Ok(()),
    }
}

fn parses(row: &Value) -> Result<(), Difference> {
    let resource_type = guess(row, &Value::Null);
    let scope = Scope::Resource(&resource_type);
    let text = row["filter"].as_str().unwrap();
    let parsed = filter::parse(scope, text, &mut Quirks::default());
    agree(row["error"] != true, parsed.as_ref())?;
    let Ok(filter) = parsed else { return Ok(()) };
    let (ours, theirs) = (tree(&filter), meant(scope, &row["ast"]));
    if ours == theirs {
        Ok(())
    } else {
        Err((Ours::Other, format!("{ours} and not {theirs}")))
    }
}

fn evaluates(rows: &[Value], row: &Value) -> Result<(), Difference> {
    let named = rows
        .iter()
        .find(|named| named["name"].is_string() && named["name"] == row["resourceRef"]);
    let resource = named.map_or(&row["resource"], |named| &named["resource"]);
    let resource_type = guess(row, resource);
    let text = row["filter"].as_str().unwrap();
    let scope = Scope::Resource(&resource_type);
    let filter = filter::parse(scope, text, &mut Quirks::default())
        .map_err(|error| (Ours::Refused, error.to_string()))?;
    let matches = filter.matches(resource.as_object().unwrap());
    match matches {
        _ if row["match"] == matches => Ok(()),
        true => Err((Ours::Matches, filter.to_string())),
        false => Err((Ours::Misses, filter.to_string())),
    }
}

/// A plain path is an attribute or an extension; one with brackets can only be that of an operation.
fn reads_path(row: &Value) -> Result<(), Difference> {
    let resource_type = guess(row, &Value::Null);
    let text = row["path"].as_str().unwrap();
    let theirs = row["valid"] == true;
    let quirks = &mut Quirks::default();
    if text.contains('[') {
        let body = json!({"Operations": [{"op": "remove", "path": text}]});
        return agree(theirs, patch::parse(&resource_type, &body, quirks));
    }
    agree(
        theirs,
        Target::parse(Scope::Resource(&resource_type), text, quirks),
    )
}

fn patches(row: &Value) -> Result<(), Difference> {
    let resource_type = guess(row, &row["input"]);
    let input = row["input"].as_object().unwrap();
    let body = json!({"Operations": row["operations"]});
    let quirks = &mut Quirks::default();
    let patched = patch::parse(&resource_type, &body, quirks)
        .and_then(|operations| patch::apply(&resource_type, input, &operations, quirks));
    agree(row["output"].is_object(), patched.as_ref())?;
    let Ok(patched) = patched else { return Ok(()) };
    let ours = assigned(&Value::Object(patched.document));
    let theirs = assigned(&row["output"]);
    if ours == theirs {
        return Ok(());
    }
    Err((Ours::Other, format!("{ours}\n    and not {theirs}")))
}

/// What is left of a value without `null`, `[]` and `{}`, which all mean unassigned (RFC 7643 §2.5).
fn assigned(value: &Value) -> Value {
    let is_empty = |value: &Value| value.is_null() || *value == json!([]) || *value == json!({});
    match value {
        Value::Array(list) => list.iter().map(assigned).collect(),
        Value::Object(object) => {
            let members = object
                .iter()
                .map(|(name, value)| (name.clone(), assigned(value)));
            Value::Object(members.filter(|(_, value)| !is_empty(value)).collect())
        }
        scalar => scalar.clone(),
    }
}
