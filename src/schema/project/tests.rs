#![allow(
    clippy::needless_pass_by_value,
    reason = "tables of `json!` literals read best by value"
)]

use serde_json::json;

use super::*;
use crate::schema::{GROUP, USER};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn ada() -> Value {
    json!({
        "schemas": ["x"], "id": "u-1", "userName": "ada", "title": "Lead",
        "name": {"givenName": "Ada", "familyName": "Osei"},
        "emails": [{"value": "a", "type": "work"}, {"type": "home"}],
        "meta": {"resourceType": "User", "version": "W/\"1\""},
        ENTERPRISE: {"department": "Rail", "manager": {"value": "m", "$ref": "r"}}
    })
}

#[track_caller]
fn check(attributes: &[&str], excluded: &[&str], expected: Value) {
    let projection = Projection::parse(&USER, Some(attributes), Some(excluded)).unwrap();
    let mut document = ada().as_object().unwrap().clone();
    projection.apply(&mut document);
    assert_eq!(
        Value::Object(document),
        expected,
        "{attributes:?} {excluded:?}"
    );
}

fn only(extra: Value) -> Value {
    let mut document = json!({"schemas": ["x"], "id": "u-1"});
    document
        .as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    document
}

fn except(names: &[&str]) -> Value {
    let mut document = ada();
    document
        .as_object_mut()
        .unwrap()
        .retain(|name, _| !names.contains(&name.as_str()));
    document
}

#[test]
fn attributes_select_in_any_case_and_by_any_path() {
    check(&["userName"], &[], only(json!({"userName": "ada"})));
    check(
        &[" USERNAME ", "Title"],
        &[],
        only(json!({"userName": "ada", "title": "Lead"})),
    );
    check(
        &["name.givenName"],
        &[],
        only(json!({"name": {"givenName": "Ada"}})),
    );
    check(
        &["name.givenName", "name"],
        &[],
        only(json!({"name": {"givenName": "Ada", "familyName": "Osei"}})),
    );
    check(
        &["emails.value"],
        &[],
        only(json!({"emails": [{"value": "a"}]})),
    );
    check(
        &["emails[type eq \"work\"].value"],
        &[],
        only(json!({"emails": [{"value": "a"}]})),
    );
    check(
        &["emails[type eq \"work\"]"],
        &[],
        only(json!({"emails": ada()["emails"]})),
    );
    check(
        &["meta.version"],
        &[],
        only(json!({"meta": {"version": "W/\"1\""}})),
    );
    check(
        &["urn:ietf:params:scim:schemas:core:2.0:User:title"],
        &[],
        only(json!({"title": "Lead"})),
    );
    check(
        &[&format!("{ENTERPRISE}:department")],
        &[],
        only(json!({ENTERPRISE: {"department": "Rail"}})),
    );
    check(
        &[&format!("{ENTERPRISE}:manager.value")],
        &[],
        only(json!({ENTERPRISE: {"manager": {"value": "m"}}})),
    );
    check(
        &[&ENTERPRISE.to_lowercase()],
        &[],
        only(json!({ENTERPRISE: ada()[ENTERPRISE]})),
    );
    check(
        &["manager"],
        &[],
        only(json!({ENTERPRISE: {"manager": {"value": "m", "$ref": "r"}}})),
    );
    check(&["id"], &[], only(json!({})));
    check(&["shoeSize", "x[", "password"], &[], only(json!({})));
}

#[test]
fn excluded_attributes_leave_but_never_id_and_schemas() {
    check(&[], &["emails", "NAME"], except(&["emails", "name"]));
    check(&[], &["id", "schemas", "meta"], except(&["meta"]));
    check(&[], &[ENTERPRISE], except(&[ENTERPRISE]));
    check(
        &[],
        &[&format!("{ENTERPRISE}:manager"), "department"],
        except(&[ENTERPRISE]),
    );
    check(&[], &["shoeSize"], ada());
    let mut nameless = ada();
    nameless["name"]
        .as_object_mut()
        .unwrap()
        .remove("familyName");
    check(&[], &["name.familyName"], nameless);
}

#[test]
fn nothing_asked_is_everything() {
    check(&[], &[], ada());
    check(&["", " "], &[], ada());
}

#[test]
fn both_parameters_are_refused() {
    assert_eq!(
        Projection::parse(&USER, Some(&["id"]), Some(&["name"])),
        Err(ProjectionError)
    );
    assert_eq!(
        Projection::parse(&USER, Some(&["shoeSize"]), Some(&["name"])),
        Err(ProjectionError)
    );
}

#[test]
fn wants_tells_what_need_not_be_read() {
    let wants = |attributes: Option<&[&str]>, excluded: Option<&[&str]>| {
        Projection::parse(&GROUP, attributes, excluded)
            .unwrap()
            .wants("members")
    };
    assert!(wants(None, None));
    assert!(wants(Some(&["members.value"]), None));
    assert!(wants(None, Some(&["members.value"])));
    assert!(!wants(Some(&["displayName"]), None));
    assert!(!wants(None, Some(&["Members"])));
}

#[test]
fn returned_decides_beside_the_parameters() {
    let mut tenant = USER.clone();
    let schema = json!({"id": "urn:fabrikam:1.0:User", "name": "F", "attributes": [
        {"name": "pin", "returned": "never"}, {"name": "log", "returned": "request"},
        {"name": "badge", "returned": "always"}, {"name": "desk"}
    ]});
    tenant
        .extensions
        .push(serde_json::from_value::<Schema>(schema).unwrap().into());
    let urn = "urn:fabrikam:1.0:User";
    let shown = |attributes: Option<&[&str]>, excluded: Option<&[&str]>| {
        let mut document = json!({urn: {"pin": "1", "log": "2", "badge": "3", "desk": "4"}});
        let document = document.as_object_mut().unwrap();
        Projection::parse(&tenant, attributes, excluded)
            .unwrap()
            .apply(document);
        document[urn].clone()
    };
    assert_eq!(shown(None, None), json!({"badge": "3", "desk": "4"}));
    assert_eq!(
        shown(Some(&[urn]), None),
        json!({"badge": "3", "desk": "4"})
    );
    assert_eq!(
        shown(Some(&["log", "pin"]), None),
        json!({"log": "2", "badge": "3"})
    );
    assert_eq!(shown(None, Some(&["badge", "desk"])), json!({"badge": "3"}));
    assert_eq!(shown(None, Some(&[urn])), json!({"badge": "3"}));
}
