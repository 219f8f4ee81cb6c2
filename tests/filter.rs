//! Runs the cases of `tests/filter/*.json`: a document, and filters that match it, do not, or are refused.

use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serverless_scim::filter::parse;
use serverless_scim::schema::{Document, GROUP, Quirks, ResourceType, Schema, Scope, USER};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    comment: String,
    /// `User` unless said otherwise.
    #[serde(rename = "type")]
    resource_type: Option<String>,
    /// One more schema of this type.
    extension: Option<Arc<Schema>>,
    given: Document,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    filter: String,
    matches: Option<bool>,
    /// The words in which the filter is refused.
    error: Option<String>,
    /// Labels of the quirks met.
    quirks: Option<Vec<String>>,
    /// The canonical spelling.
    prints: Option<String>,
    /// Where the rule stands.
    rfc: String,
}

#[test]
fn every_case_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/filter");
    let (mut count, mut failures) = (0, Vec::new());
    for file in folder.read_dir().unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let groups: Vec<Group> = serde_json::from_str(&text).unwrap();
        for group in &groups {
            let named = group.resource_type.as_deref().unwrap_or(USER.name);
            let known = [&*USER, &*GROUP]
                .into_iter()
                .find(|known| known.name == named);
            let mut resource_type = known.unwrap().clone();
            resource_type.extensions.extend(group.extension.clone());
            count += group.cases.len();
            failures.extend(group.cases.iter().filter_map(|case| {
                let reason = run(&resource_type, &group.given, case).err()?;
                let Case { filter, rfc, .. } = case;
                Some(format!(
                    "{}\n  {filter}\n  {reason} (RFC {rfc})",
                    group.comment
                ))
            }));
        }
    }
    assert!(count > 0, "no cases in {}", folder.display());
    assert!(
        failures.is_empty(),
        "{} of {count}:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// Checks a case, and with it what holds of every filter.
fn run(resource_type: &ResourceType, given: &Document, case: &Case) -> Result<(), String> {
    let read = |text: &str, quirks: &mut Quirks| {
        parse(Scope::Resource(resource_type), text, quirks).map_err(|error| error.to_string())
    };
    let mut quirks = Quirks::default();
    let filter = read(&case.filter, &mut quirks);
    let outcome = filter
        .as_ref()
        .map(|filter| filter.matches(given))
        .map_err(String::as_str);
    let expected = match (case.matches, &case.error) {
        (Some(matches), None) => Ok(matches),
        (None, Some(words)) => Err(words.as_str()),
        _ => return Err("a case has either matches or error".to_owned()),
    };
    same("outcome", &outcome, &expected)?;
    let (Ok(filter), Ok(matches)) = (&filter, outcome) else {
        return Ok(());
    };

    if let Some(expected) = &case.quirks {
        same(
            "quirks",
            &quirks.labels(),
            &expected.iter().map(String::as_str).collect(),
        )?;
    }
    let printed = filter.to_string();
    if let Some(expected) = &case.prints {
        same("text", &printed, expected)?;
    }
    same(
        "tree of the printed text",
        &read(&printed, &mut quirks).as_ref(),
        &Ok(filter),
    )?;
    let opposite = read(&format!("not ({})", case.filter), &mut quirks);
    same(
        "opposite",
        &opposite.map(|filter| filter.matches(given)),
        &Ok(!matches),
    )
}

fn same<T: PartialEq + Debug>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what}: found {found:?}, expected {expected:?}"))
}
