//! What a function may do, and when the one without a route runs.

use std::collections::BTreeSet;

use serde_json::json;

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

#[test]
fn functions_may_do_what_they_need_and_no_more() {
    let reads = ["GetItem", "BatchGetItem", "Query"];
    let all = [
        "GetItem",
        "BatchGetItem",
        "Query",
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "ConditionCheckItem",
    ];
    // When a token was last used, and what was refused.
    let notes = ["UpdateItem", "PutItem"];
    let notes = [&reads[..], &notes].concat();
    for (name, function) in functions() {
        let granted = match name.as_str() {
            "discovery" => notes.clone(),
            // An integrity check reads the whole table.
            "admin" => [all.as_slice(), &["Scan"]].concat(),
            _ => all.to_vec(),
        };
        let (mut actions, mut patterns) = (BTreeSet::new(), BTreeSet::new());
        for statement in function["Properties"]["Policies"][0]["Statement"]
            .as_sequence()
            .unwrap()
        {
            let action = &statement["Action"];
            let listed = action
                .as_sequence()
                .cloned()
                .unwrap_or_else(|| vec![action.clone()]);
            let listed = listed
                .iter()
                .map(|action| action.as_str().unwrap().replace("dynamodb:", ""))
                .collect::<Vec<_>>();
            if listed == ["Scan"] {
                // IAM cannot bind a Scan to keys, so nothing else stands beside it.
                assert!(statement["Condition"].is_null(), "{name}");
                actions.extend(listed);
                continue;
            }
            let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
            assert!(keys[1].is_null(), "{name}: one pattern");
            let pattern = keys[0].as_str().unwrap().to_owned();
            let expected: Option<&[&str]> = match pattern.as_str() {
                "A#tenants" => Some(&["Query", "GetItem", "DeleteItem"]),
                "A#name#*" => Some(&["DeleteItem"]),
                "T#??????????" => Some(&["GetItem", "BatchGetItem", "Query", "UpdateItem"]),
                "T#??????????#E" => Some(&["PutItem"]),
                "T#??????????#W" => Some(&["UpdateItem"]),
                _ => None,
            };
            if let Some(expected) = expected {
                assert_eq!(listed, expected, "{name}: {pattern}");
            }
            actions.extend(listed);
            patterns.insert(pattern);
        }
        let reached: &[&str] = match name.as_str() {
            "discovery" => &["T#??????????", "T#??????????#E", "T#??????????#W"],
            "admin" => &["A#*", "T#*"],
            SCHEDULED => &["A#name#*", "A#tenants", "T#*"],
            _ => &["T#*"],
        };
        assert_eq!(
            patterns,
            reached
                .iter()
                .map(|pattern| (*pattern).to_owned())
                .collect(),
            "{name}: only the tick and the vendor see the registry"
        );
        assert_eq!(
            actions,
            granted.iter().map(|action| (*action).to_owned()).collect(),
            "{name}"
        );
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
