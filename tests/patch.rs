//! The cases of `tests/patch/*.json`: a resource, PATCH operations, and what must become of it.
//!
//! A file holds `{resourceType, resource, cases}`. A case says `why`, which `rfc` section or client (`seenIn`) it comes
//! from, the `operations` (or a whole `body`), and either `changed`, the attributes that differ afterwards with `null`
//! for those gone, or `error`. `members` is what becomes of a group's members; `quirks` are codes of the catalogue.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use serverless_scim::patch::{self, PatchError, PatchErrorKind, Patched, Verb};
use serverless_scim::schema::{Document, GROUP, Quirks, ResourceType, USER, ViolationKind};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    resource_type: String,
    resource: Document,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    why: String,
    #[allow(dead_code, reason = "for the reader")]
    rfc: Option<String>,
    #[allow(dead_code, reason = "for the reader")]
    seen_in: Option<String>,
    resource: Option<Document>,
    operations: Option<Value>,
    body: Option<Value>,
    changed: Option<Document>,
    members: Option<Value>,
    error: Option<Failure>,
    quirks: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Failure {
    scim_type: String,
    detail: Option<String>,
}

#[test]
fn every_case_of_the_files_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/patch");
    let mut failed = vec![];
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let file: File = serde_json::from_str(&fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let resource_type: &ResourceType = if file.resource_type == "User" {
            &USER
        } else {
            &GROUP
        };
        for case in &file.cases {
            count += 1;
            let resource = case.resource.as_ref().unwrap_or(&file.resource);
            if let Err(difference) = check(resource_type, resource, case) {
                failed.push(format!("{name}: {}\n    {difference}", case.why));
            }
        }
    }
    assert!(
        failed.is_empty(),
        "{} of {count}:\n{}",
        failed.len(),
        failed.join("\n")
    );
    assert!(count >= 120, "only {count} cases");
}

fn run(
    resource_type: &ResourceType,
    resource: &Document,
    body: &Value,
    quirks: &mut Quirks,
) -> Result<Patched, PatchError> {
    let operations = patch::parse(resource_type, body, quirks)?;
    patch::apply(resource_type, resource, &operations, quirks)
}

fn check(resource_type: &ResourceType, resource: &Document, case: &Case) -> Result<(), String> {
    let body = case
        .body
        .clone()
        .unwrap_or_else(|| json!({"Operations": case.operations}));
    let mut quirks = Quirks::default();
    let outcome = run(resource_type, resource, &body, &mut quirks);
    let patched = match (outcome, &case.error) {
        (Ok(patched), None) => patched,
        (Ok(patched), Some(_)) => {
            return Err(format!("no error but {}", Value::Object(patched.document)));
        }
        (Err(error), None) => return Err(format!("error {error}")),
        (Err(error), Some(failure)) => return blamed(&error, failure),
    };
    same(
        "document",
        &Value::Object(patched.document.clone()),
        &expected(resource, case.changed.as_ref()),
    )?;
    same(
        "members",
        &members(&patched),
        case.members.as_ref().unwrap_or(&json!({})),
    )?;
    if let Some(codes) = &case.quirks {
        let met: Vec<_> = quirks
            .labels()
            .iter()
            .map(|label| label.split(' ').next().unwrap_or_default().to_owned())
            .collect();
        same("quirks", &json!(met), &json!(codes))?;
    }
    again(resource_type, &patched, &body)
}

/// Sent twice, a PATCH of nothing but `replace` leaves what it left the first time.
fn again(resource_type: &ResourceType, patched: &Patched, body: &Value) -> Result<(), String> {
    let operations = body["Operations"].as_array();
    let replaces = |operation: &Value| {
        operation["op"]
            .as_str()
            .is_some_and(|op| op.eq_ignore_ascii_case("replace"))
    };
    if !operations.is_some_and(|operations| operations.iter().all(replaces)) {
        return Ok(());
    }
    match run(
        resource_type,
        &patched.document,
        body,
        &mut Quirks::default(),
    ) {
        Ok(second) if second == *patched => Ok(()),
        second => Err(format!("sent again: {second:?}")),
    }
}

fn blamed(error: &PatchError, failure: &Failure) -> Result<(), String> {
    same(
        "scimType",
        &json!(scim_type(&error.kind)),
        &json!(failure.scim_type),
    )?;
    let (shown, detail) = (
        error.to_string(),
        failure.detail.as_deref().unwrap_or_default(),
    );
    if shown.contains(detail) {
        Ok(())
    } else {
        Err(format!("{shown:?} lacks {detail:?}"))
    }
}

fn same(what: &str, found: &Value, expected: &Value) -> Result<(), String> {
    if found == expected {
        Ok(())
    } else {
        Err(format!("{what}\n    is     {found}\n    not    {expected}"))
    }
}

fn expected(resource: &Document, changed: Option<&Document>) -> Value {
    let mut expected = resource.clone();
    expected.extend(changed.cloned().unwrap_or_default());
    expected.retain(|_, value| !value.is_null());
    Value::Object(expected)
}

/// `{"clear": true, "add": [...], "remove": [...]}`, each where there is something to say.
fn members(patched: &Patched) -> Value {
    let mut shown = Map::new();
    if patched.members.clear {
        shown.insert("clear".into(), true.into());
    }
    for (name, verb) in [("add", Verb::Add), ("remove", Verb::Remove)] {
        let ids = patched
            .members
            .verbs
            .iter()
            .filter(|(_, is)| **is == verb)
            .map(|(id, _)| id.clone());
        let ids: Vec<_> = ids.collect();
        if !ids.is_empty() {
            shown.insert(name.into(), json!(ids));
        }
    }
    assert_eq!(shown.is_empty(), patched.members.is_empty());
    Value::Object(shown)
}

/// RFC 7644 §3.12, table 9.
fn scim_type(kind: &PatchErrorKind) -> &'static str {
    match kind {
        PatchErrorKind::Syntax(_) => "invalidSyntax",
        PatchErrorKind::Path(_) | PatchErrorKind::PathShape(_) | PatchErrorKind::PathFilter(_) => {
            "invalidPath"
        }
        PatchErrorKind::MembersFilter => "invalidFilter",
        PatchErrorKind::NoTarget(_) => "noTarget",
        PatchErrorKind::RequiredRemoved(_) => "mutability",
        PatchErrorKind::Violation(violation) if violation.kind == ViolationKind::Mutability => {
            "mutability"
        }
        PatchErrorKind::Violation(_) | PatchErrorKind::Value(_) => "invalidValue",
        PatchErrorKind::TooManyOperations | PatchErrorKind::TooMuchWork => "tooMany",
    }
}
