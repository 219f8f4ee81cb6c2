#![allow(
    clippy::needless_pass_by_value,
    reason = "tables of `json!` literals read best by value"
)]

use serde_json::json;

use super::*;
use crate::schema::{GROUP, ResourceType, USER};

fn attribute<'t>(resource_type: &'t ResourceType, name: &str) -> &'t Attribute {
    let extension = resource_type
        .extensions
        .iter()
        .find_map(|schema| schema.attribute(name));
    resource_type
        .core_attribute(name)
        .or(extension)
        .expect("a known name")
}

#[track_caller]
fn check(name: &str, strictness: Strictness, given: Value, expected: Result<Value, &str>) {
    let resource_type = if name == "members" { &GROUP } else { &USER };
    let found = shape(
        attribute(resource_type, name),
        &given,
        strictness,
        &mut Quirks::default(),
    );
    let found = found
        .map(Option::unwrap_or_default)
        .map_err(|violation| violation.to_string());
    assert_eq!(
        found,
        expected.map_err(str::to_owned),
        "{name} {strictness:?} {given}"
    );
}

#[track_caller]
fn both(name: &str, given: Value, expected: Result<Value, &str>) {
    check(name, Strictness::Strict, given.clone(), expected.clone());
    check(name, Strictness::Repair, given, expected);
}

/// Refused in a whole document, understood in a PATCH.
#[track_caller]
fn repaired(name: &str, given: Value, expected: Value) {
    let strict = shape(
        attribute(if name == "members" { &GROUP } else { &USER }, name),
        &given,
        Strictness::Strict,
        &mut Quirks::default(),
    );
    assert!(strict.is_err(), "{name} {given}: {strict:?}");
    check(name, Strictness::Repair, given, Ok(expected));
}

#[test]
fn empty_values_are_no_values() {
    for empty in [json!(null), json!([]), json!(""), json!({})] {
        both("title", empty.clone(), Ok(json!(null)));
        both("name", empty.clone(), Ok(json!(null)));
        both("manager", empty.clone(), Ok(json!(null)));
    }
    for empty in [
        json!(null),
        json!([]),
        json!(""),
        json!([null]),
        json!([""]),
        json!([{}]),
        json!([{"value": ""}]),
    ] {
        both("emails", empty, Ok(json!(null)));
    }
    both("manager", json!({"value": ""}), Ok(json!(null)));
    both("active", json!(null), Ok(json!(null)));
    both("active", json!([]), Ok(json!(null)));
    both(
        "active",
        json!(""),
        Err("active must not be empty text; leave it out or send null"),
    );
    both(
        "members",
        json!(""),
        Err("members must not be empty text; leave it out or send null"),
    );
    both("members", json!(null), Ok(json!(null)));
    both("members", json!([]), Ok(json!(null)));
}

#[test]
fn booleans_are_json_or_their_names_in_any_case() {
    both("active", json!(false), Ok(json!(false)));
    for (text, truth) in [
        ("True", true),
        ("true", true),
        ("FALSE", false),
        ("False", false),
    ] {
        both("active", json!(text), Ok(json!(truth)));
    }
    for wrong in [
        json!(1),
        json!(0),
        json!("yes"),
        json!("1"),
        json!(" true"),
        json!(0.0),
        json!({}),
        json!([{}]),
        json!([null]),
        json!({"value": null}),
    ] {
        let strict = wrong.is_array();
        let told = Err("active must be true or false");
        check("active", Strictness::Repair, wrong.clone(), told.clone());
        if !strict {
            check("active", Strictness::Strict, wrong, told);
        }
    }
    both(
        "active",
        json!({"a": 1}),
        Err("active must be a single value, not an object"),
    );
    both(
        "roles",
        json!([{"value": "x", "primary": "True"}]),
        Ok(json!([{"value": "x", "primary": true}])),
    );
    both(
        "emails",
        json!([{"value": "x", "primary": 1}]),
        Err("emails.primary must be true or false"),
    );
    both("title", json!("True"), Ok(json!("True")));
}

#[test]
fn a_scalar_in_the_wrong_wrapping_is_taken_out_in_patch_only() {
    repaired("title", json!(7), json!("7"));
    repaired("title", json!(true), json!("true"));
    repaired("title", json!(["Lead"]), json!("Lead"));
    repaired(
        "title",
        json!([{"$ref": null, "value": "Lead"}]),
        json!("Lead"),
    );
    repaired("title", json!({"Value": "Lead"}), json!("Lead"));
    repaired("active", json!([{"value": "False"}]), json!(false));
    both(
        "title",
        json!(["a", "b"]),
        Err("title must be a single value, not a list"),
    );
    both(
        "title",
        json!([["a"]]),
        Err("title must be a single value, not a list"),
    );
    both(
        "title",
        json!({"text": "a"}),
        Err("title must be a single value, not an object"),
    );
    both(
        "title",
        json!({"value": {"value": "a"}}),
        Err("title must be a single value, not an object"),
    );
}

#[test]
fn a_list_in_the_wrong_wrapping_is_put_right_in_patch_only() {
    let one = json!([{"value": "a@fabrikam.example"}]);
    repaired(
        "emails",
        json!({"value": "a@fabrikam.example"}),
        one.clone(),
    );
    repaired("emails", json!("a@fabrikam.example"), one.clone());
    repaired("emails", json!(["a@fabrikam.example"]), one);
    repaired("members", json!("u-1"), json!([{"value": "u-1"}]));
    repaired(
        "members",
        json!({"value": "u-1"}),
        json!([{"value": "u-1"}]),
    );
    repaired(
        "name",
        json!([{"givenName": "Ada"}]),
        json!({"givenName": "Ada"}),
    );
    both(
        "addresses",
        json!(["1 Mill Lane"]),
        Err("addresses must be an object with sub-attributes"),
    );
    both(
        "name",
        json!("Ada Osei"),
        Err("name must be an object with sub-attributes"),
    );
    both(
        "emails",
        json!([["x"]]),
        Err("emails must be an object, not a list"),
    );
}

#[test]
fn names_are_canonical_and_unknown_or_read_only_ones_fall_away() {
    let given = json!([{"VALUE": "x", "Type": "work", "colour": "red"}]);
    both("emails", given, Ok(json!([{"value": "x", "type": "work"}])));
    both(
        "name",
        json!({"GIVENNAME": "A", "givenName": "B"}),
        Ok(json!({"givenName": "B"})),
    );
    both(
        "manager",
        json!({"value": "m", "displayName": "Mei"}),
        Ok(json!({"value": "m"})),
    );
    both(
        "manager",
        json!({"value": "m", "$ref": null}),
        Ok(json!({"value": "m"})),
    );
    both(
        "manager",
        json!({"value": "m", "$REF": "../Users/m"}),
        Ok(json!({"value": "m", "$ref": "../Users/m"})),
    );
    both(
        "name",
        json!({"givenName": "A", "familyName": ""}),
        Ok(json!({"givenName": "A"})),
    );
}

#[test]
fn a_manager_may_be_text_everywhere_and_a_list_in_patch() {
    both("manager", json!("m-1"), Ok(json!({"value": "m-1"})));
    repaired(
        "manager",
        json!([{"$ref": "x", "value": "m-1"}]),
        json!({"value": "m-1", "$ref": "x"}),
    );
    repaired("manager", json!(["m-1"]), json!({"value": "m-1"}));
    repaired("manager", json!(40), json!({"value": "40"}));
}

#[test]
fn roles_may_be_json_text_and_say_display_name() {
    let text = r#"{"id":"7e1f","value":"auditor","displayName":"Auditor"}"#;
    let role = json!([{"value": "auditor", "display": "Auditor"}]);
    both("roles", json!([{"value": text}]), Ok(role.clone()));
    repaired("roles", json!([text]), role.clone());
    repaired("roles", json!(text), role);
    both(
        "roles",
        json!([{"value": text, "primary": false}]),
        Ok(json!([{"value": "auditor", "display": "Auditor", "primary": false}])),
    );
    for plain in ["{not json", "{\"id\":\"7e1f\"}", "auditor", "[1]"] {
        both(
            "roles",
            json!([{"value": plain}]),
            Ok(json!([{"value": plain}])),
        );
    }
    let twice = json!([{"displayName": "B", "value": "b", "display": "A"}]);
    both("roles", twice, Ok(json!([{"display": "A", "value": "b"}])));
    both(
        "roles",
        json!([{"display": "A", "displayName": "B", "value": "b"}]),
        Ok(json!([{"display": "A", "value": "b"}])),
    );
    both(
        "emails",
        json!([{"value": "{\"value\":\"x\"}"}]),
        Ok(json!([{"value": "{\"value\":\"x\"}"}])),
    );
}

#[test]
fn a_member_is_nothing_without_its_value() {
    both(
        "members",
        json!([{"$ref": null, "value": "u-1", "display": "Ada"}]),
        Ok(json!([{"value": "u-1"}])),
    );
    for nothing in [
        json!([{}]),
        json!([null]),
        json!([{"value": ""}]),
        json!([{"type": "User"}]),
        json!([""]),
    ] {
        both(
            "members",
            nothing,
            Err("members.value is required and must not be empty"),
        );
    }
    check(
        "members",
        Strictness::Strict,
        json!([{"value": 5}]),
        Err("members.value must be text"),
    );
}

#[test]
fn numbers_of_a_tenants_own_schema_keep_their_type() {
    let level: Attribute =
        serde_json::from_value(json!({"name": "level", "type": "integer"})).unwrap();
    let rate: Attribute =
        serde_json::from_value(json!({"name": "rate", "type": "decimal"})).unwrap();
    let shaped = |attribute, value| {
        shape(
            attribute,
            &value,
            Strictness::Repair,
            &mut Quirks::default(),
        )
        .ok()
        .flatten()
    };
    assert_eq!(shaped(&level, json!(3)), Some(json!(3)));
    assert_eq!(shaped(&level, json!("3")), Some(json!(3)));
    assert_eq!(shaped(&level, json!(3.5)), None);
    assert_eq!(shaped(&rate, json!("3.5")), Some(json!(3.5)));
    assert_eq!(shaped(&rate, json!("NaN")), None);
    assert_eq!(shaped(&rate, json!("")), None);
}

#[test]
fn a_merge_says_what_it_empties() {
    let merged =
        |name, value| shape_merge(attribute(&USER, name), &value, &mut Quirks::default()).unwrap();
    let expected = json!({"familyName": null, "givenName": "Ada"});
    assert_eq!(
        merged("name", json!({"familyName": "", "givenName": "Ada"})),
        expected.as_object().cloned()
    );
    assert_eq!(merged("name", json!({})), Some(Document::new()));
    assert_eq!(merged("name", json!("")), None);
    assert_eq!(
        merged("emails", json!("x")),
        json!({"value": "x"}).as_object().cloned()
    );
}

#[test]
fn quirks_are_named() {
    let mut quirks = Quirks::default();
    let roles = json!([{"value": "{\"value\":\"a\"}", "displayName": "A", "primary": "True", "other": 1}, ""]);
    shape(
        attribute(&USER, "roles"),
        &roles,
        Strictness::Strict,
        &mut quirks,
    )
    .unwrap();
    let expected = [
        "E-03 boolean as string",
        "E-07 empty value",
        "E-08 roles as JSON text",
        "E-09 role displayName",
        "C-02 unknown attribute",
    ];
    assert_eq!(quirks.labels(), expected);
}
