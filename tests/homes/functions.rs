//! What a function may do, and when the one without a route runs.

use std::collections::BTreeSet;

use serde_json::json;
use yaml_serde::Value;

use super::{SCHEDULED, events, functions, template, triggers};

#[test]
fn the_tick_comes_by_itself_every_hour_and_has_time() {
    let function = &functions()[SCHEDULED];
    assert_eq!(
        triggers(function),
        BTreeSet::from(["rate(1 hour)".to_owned()])
    );
    let properties = &function["Properties"];
    let schedule = &properties["Events"]["Hourly"]["Properties"];
    assert!(schedule["Enabled"].is_null() && schedule["State"].is_null());
    let age = &schedule["RetryPolicy"]["MaximumEventAgeInSeconds"];
    assert_eq!(age.as_u64(), Some(3_600), "then the next one is due");
    assert_eq!(properties["Timeout"].as_u64(), Some(300));
    let examples: Vec<_> = events()
        .into_iter()
        .filter(|(_, function, _)| function == SCHEDULED)
        .collect();
    let [(path, _, event)] = examples.as_slice() else {
        panic!("one example: {examples:?}")
    };
    assert_eq!(
        (&event["source"], &event["detail-type"]),
        (&json!("aws.events"), &json!("Scheduled Event")),
        "{path}"
    );
}

const READS: [&str; 3] = ["GetItem", "BatchGetItem", "Query"];
const WRITES: [&str; 4] = ["PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"];

/// What a function may do, and under which keys.
fn granted(name: &str) -> (Vec<&'static str>, &'static [&'static str]) {
    let all = [&READS[..], &WRITES].concat();
    match name {
        // When a token was last used, and what was refused.
        "discovery" => (
            [&READS[..], &["UpdateItem", "PutItem"]].concat(),
            &["T#??????????", "T#??????????#E", "T#??????????#W"],
        ),
        // An integrity check reads the whole table.
        "admin" => ([&all[..], &["Scan"]].concat(), &["A#*", "T#*"]),
        SCHEDULED => (all, &["A#name#*", "A#tenants", "T#*"]),
        _ => (all, &["T#*"]),
    }
}

/// All that may be done under a narrow pattern of keys.
fn under(pattern: &str) -> Option<&'static [&'static str]> {
    match pattern {
        "A#tenants" => Some(&["Query", "GetItem", "DeleteItem"]),
        "A#name#*" => Some(&["DeleteItem"]),
        "T#??????????" => Some(&["GetItem", "BatchGetItem", "Query", "UpdateItem"]),
        "T#??????????#E" => Some(&["PutItem"]),
        "T#??????????#W" => Some(&["UpdateItem"]),
        _ => None,
    }
}

/// The actions of a statement without the name of the service.
fn actions(statement: &Value) -> Vec<String> {
    let action = &statement["Action"];
    let listed = action.as_sequence().cloned();
    let listed = listed.unwrap_or_else(|| vec![action.clone()]);
    let short = |action: &Value| action.as_str().unwrap().replace("dynamodb:", "");
    listed.iter().map(short).collect()
}

#[test]
fn functions_may_do_what_they_need_and_no_more() {
    let set = |names: &[&str]| -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    };
    for (name, function) in functions() {
        let (mut done, mut patterns) = (BTreeSet::new(), BTreeSet::new());
        let statements = &function["Properties"]["Policies"][0]["Statement"];
        for statement in statements.as_sequence().unwrap() {
            let listed = actions(statement);
            done.extend(listed.clone());
            if listed == ["Scan"] {
                // IAM cannot bind a Scan to keys, so nothing else stands beside it.
                assert!(statement["Condition"].is_null(), "{name}");
                continue;
            }
            let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
            assert!(keys[1].is_null(), "{name}: one pattern");
            let pattern = keys[0].as_str().unwrap();
            if let Some(expected) = under(pattern) {
                assert_eq!(listed, expected, "{name}: {pattern}");
            }
            patterns.insert(pattern.to_owned());
        }
        let (may, reached) = granted(&name);
        assert_eq!(done, set(&may), "{name}");
        let why = "only the tick and the vendor see the registry";
        assert_eq!(patterns, set(reached), "{name}: {why}");
    }
}

#[test]
fn every_function_that_is_told_of_the_tenant_role_may_assume_it() {
    let template = template();
    let told = &template["Globals"]["Function"]["Environment"]["Variables"]["TENANT_ROLE_ARN"];
    assert!(!told.is_null(), "all of them are");
    let text = |value: &yaml_serde::Value| yaml_serde::to_string(value).unwrap();
    let roles = &template["Resources"]["OpenTenantSessions"]["Properties"]["Roles"];
    let roles: BTreeSet<String> = roles.as_sequence().unwrap().iter().map(text).collect();
    let of_functions = template["Resources"].as_mapping().unwrap().iter();
    let of_functions = of_functions
        .filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function")
        .map(|(name, _)| format!("!Ref {}Role\n", name.as_str().unwrap()));
    assert_eq!(roles, of_functions.collect());
}
