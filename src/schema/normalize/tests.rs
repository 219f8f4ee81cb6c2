#![allow(
    clippy::needless_pass_by_value,
    reason = "tables of `json!` literals read best by value"
)]

use serde_json::json;

use super::*;
use crate::schema::{GROUP, USER, schemas_of};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

#[track_caller]
fn check(resource_type: &ResourceType, body: Value, expected: Result<Value, &str>) {
    let found = normalize(
        resource_type,
        body.as_object().unwrap(),
        &mut Quirks::default(),
    );
    let found = found
        .map(Value::Object)
        .map_err(|violation| violation.to_string());
    assert_eq!(found, expected.map_err(str::to_owned), "{body}");
}

fn user(extra: Value) -> Value {
    let mut body = json!({"userName": "ada@fabrikam.example"});
    body.as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    body
}

#[test]
fn what_the_client_may_not_decide_is_left_out() {
    let body = user(json!({
        "schemas": ["urn:acme:anything"], "id": "chosen", "meta": {"created": "2001-01-01T00:00:00Z"},
        "groups": [{"value": "g"}], "password": "T0p", "shoeSize": 43, "department": null,
        "urn:acme:params:2.0:User": {"badge": 1}
    }));
    let mut quirks = Quirks::default();
    let document = normalize(&USER, body.as_object().unwrap(), &mut quirks).unwrap();
    assert_eq!(Value::Object(document), user(json!({})));
    let expected = [
        "C-02 unknown attribute",
        "C-03 readOnly attribute",
        "C-04 password",
    ];
    assert_eq!(quirks.labels(), expected);
}

#[test]
fn names_are_canonical_and_the_last_of_a_name_counts() {
    check(
        &USER,
        json!({"USERNAME": "a", "userName": "b"}),
        Ok(json!({"userName": "b"})),
    );
    check(
        &USER,
        json!({"userName": "b", "UserName": "a"}),
        Ok(json!({"userName": "a"})),
    );
    check(
        &USER,
        user(json!({"title": "Lead", "Title": null})),
        Ok(user(json!({}))),
    );
    let urn = ENTERPRISE.to_uppercase();
    check(
        &USER,
        user(json!({urn: {"Department": "Rail"}})),
        Ok(user(json!({ENTERPRISE: {"department": "Rail"}}))),
    );
}

#[test]
fn required_attributes_must_have_a_value() {
    let missing = Err("userName is required and must not be empty");
    check(&USER, json!({"displayName": "No Name"}), missing.clone());
    check(&USER, json!({"userName": ""}), missing.clone());
    check(&USER, json!({"userName": null}), missing);
    check(
        &GROUP,
        json!({"externalId": "g"}),
        Err("displayName is required and must not be empty"),
    );
}

#[test]
fn empty_values_are_absent_and_hollow_elements_pruned() {
    let body = user(json!({
        "externalId": "", "title": null, "phoneNumbers": [], "addresses": null, "roles": "",
        "name": {"givenName": ""}, "emails": [{"type": "work", "primary": true}, {"type": "home", "value": "h"}],
        ENTERPRISE: {"manager": {"value": ""}, "department": ""}
    }));
    check(
        &USER,
        body,
        Ok(user(json!({"emails": [{"type": "home", "value": "h"}]}))),
    );
    check(&USER, user(json!({ENTERPRISE: ""})), Ok(user(json!({}))));
    check(&USER, user(json!({ENTERPRISE: null})), Ok(user(json!({}))));
    check(&USER, user(json!({ENTERPRISE: []})), Ok(user(json!({}))));
}

#[test]
fn a_wrong_shape_is_refused_with_its_path() {
    check(
        &USER,
        user(json!({"emails": {"value": "x"}})),
        Err("emails must be a list"),
    );
    check(
        &USER,
        user(json!({"emails": ["x"]})),
        Err("emails must be an object with sub-attributes"),
    );
    check(
        &USER,
        user(json!({"emails": [{"value": 1}]})),
        Err("emails.value must be text"),
    );
    check(
        &USER,
        user(json!({"title": ["x"]})),
        Err("title must be a single value, not a list"),
    );
    check(
        &USER,
        user(json!({"active": ""})),
        Err("active must not be empty text; leave it out or send null"),
    );
    let path = format!("{ENTERPRISE}:department must be text");
    check(
        &USER,
        user(json!({ENTERPRISE: {"department": 4}})),
        Err(&path),
    );
    let path = format!("{ENTERPRISE}:manager.value must be text");
    check(
        &USER,
        user(json!({ENTERPRISE: {"manager": {"value": 4}}})),
        Err(&path),
    );
    check(
        &USER,
        user(json!({ENTERPRISE: [1]})),
        Err(&format!("{ENTERPRISE} must be an object")),
    );
}

#[test]
fn the_last_primary_stays() {
    let body = user(json!({"emails": [
        {"value": "a", "primary": true}, {"value": "b", "primary": "True"}, {"value": "c"}
    ]}));
    let expected = user(json!({"emails": [
        {"value": "a", "primary": false}, {"value": "b", "primary": true}, {"value": "c"}
    ]}));
    let mut quirks = Quirks::default();
    normalize(&USER, body.as_object().unwrap(), &mut quirks).unwrap();
    assert_eq!(
        quirks.labels(),
        ["E-03 boolean as string", "C-01 several primary"]
    );
    check(&USER, body, Ok(expected));
}

#[test]
fn members_given_as_nothing_differ_from_members_not_given() {
    check(
        &GROUP,
        json!({"displayName": "G"}),
        Ok(json!({"displayName": "G"})),
    );
    for emptied in [json!(null), json!([])] {
        check(
            &GROUP,
            json!({"displayName": "G", "members": emptied}),
            Ok(json!({"displayName": "G", "members": []})),
        );
    }
    check(
        &GROUP,
        json!({"displayName": "G", "members": [{"value": "u", "display": "U"}]}),
        Ok(json!({"displayName": "G", "members": [{"value": "u"}]})),
    );
    check(
        &GROUP,
        json!({"displayName": "G", "members": ""}),
        Err("members must not be empty text; leave it out or send null"),
    );
}

#[test]
fn schemas_follow_from_what_is_present() {
    let document = user(json!({ENTERPRISE: {"department": "Rail"}}));
    assert_eq!(
        schemas_of(&USER, document.as_object().unwrap()),
        [USER.schema.id.as_ref(), ENTERPRISE]
    );
    assert_eq!(
        schemas_of(&USER, user(json!({})).as_object().unwrap()),
        [USER.schema.id.as_ref()]
    );
}

#[test]
fn normalizing_twice_is_normalizing_once() {
    let body = user(
        json!({"emails": [{"VALUE": "a", "primary": "true"}, {"type": "x"}], ENTERPRISE: {"manager": "m"}}),
    );
    let once = normalize(&USER, body.as_object().unwrap(), &mut Quirks::default()).unwrap();
    let mut quirks = Quirks::default();
    assert_eq!(normalize(&USER, &once, &mut quirks), Ok(once));
    assert_eq!(quirks, Quirks::default());
}
