use serde_json::json;

use super::*;

fn check(expected: &Value, found: &Value) -> Result<Names, String> {
    let mut names = Names::default();
    names.set("uid", "q7");
    names.set("old", "v1");
    names.set("count", 3);
    names.check(expected, Some(found), "").map(|()| names)
}

#[test]
fn an_object_may_have_more_than_expected() {
    check(
        &json!({ "a": { "b": 1 } }),
        &json!({ "a": { "b": 1, "c": 2 }, "d": 3 }),
    )
    .unwrap();
    let fault = check(&json!({ "a": { "b": 1 } }), &json!({ "a": { "b": 2 } })).unwrap_err();
    assert_eq!(fault, "/a/b is 2, not 1");
    let fault = check(&json!({ "a": 1 }), &json!({})).unwrap_err();
    assert_eq!(fault, "/a is missing; it should be 1");
    let fault = check(&json!({ "a": 1 }), &json!("text")).unwrap_err();
    assert_eq!(fault, " is \"text\", not {\"a\":1}");
}

#[test]
fn a_list_is_matched_in_any_order_and_completely() {
    let expected = json!([{ "value": "a" }, { "value": "b" }]);
    check(
        &expected,
        &json!([{ "value": "b" }, { "value": "a", "type": "x" }]),
    )
    .unwrap();
    let fault = check(&expected, &json!([{ "value": "b" }])).unwrap_err();
    assert_eq!(fault, " has 1 elements, not 2");
    let fault = check(&expected, &json!([{ "value": "b" }, { "value": "c" }])).unwrap_err();
    assert_eq!(fault, ": no element is {\"value\":\"a\"}");
    let fault = check(&json!([{ "value": "a" }]), &json!([{ "value": "c" }])).unwrap_err();
    assert_eq!(fault, "/0/value is \"c\", not \"a\"");
}

#[test]
fn a_placeholder_is_taken_once_and_then_compared() {
    let names = check(
        &json!({ "id": "$id", "again": "$id" }),
        &json!({ "id": 5, "again": 5 }),
    )
    .unwrap();
    assert_eq!(names.fill("/Users/$id?x=$uid"), "/Users/5?x=q7");
    assert_eq!(
        names.fill_value(&json!({ "n": "$count" })),
        json!({ "n": 3 })
    );
    let fault = check(
        &json!({ "id": "$id", "again": "$id" }),
        &json!({ "id": 5, "again": 6 }),
    )
    .unwrap_err();
    assert_eq!(fault, "/again is 6, not 5");
    check(&json!("$uid.x"), &json!("q7.x")).unwrap();
    assert_eq!(
        check(&json!("$uid.x"), &json!("q8.x")).unwrap_err(),
        " is \"q8.x\", not \"q7.x\""
    );
}

#[test]
fn absence_presence_and_difference() {
    check(&json!({ "a": "$absent" }), &json!({})).unwrap();
    check(
        &json!({ "a": "$absent", "b": "$absent" }),
        &json!({ "a": null, "b": [] }),
    )
    .unwrap();
    assert!(check(&json!({ "a": "$absent" }), &json!({ "a": "" })).is_err());
    check(&json!({ "a": "$any" }), &json!({ "a": 0 })).unwrap();
    assert!(check(&json!({ "a": "$any" }), &json!({})).is_err());
    check(&json!("$not old"), &json!("v2")).unwrap();
    assert_eq!(
        check(&json!("$not old"), &json!("v1")).unwrap_err(),
        " is still \"v1\""
    );
    assert!(check(&json!("$not taken"), &json!("v1")).is_err());
}

#[test]
fn what_did_not_fit_takes_no_names() {
    let expected = json!([{ "id": "$first", "kind": "b" }]);
    let mut names = Names::default();
    assert!(
        names
            .check(&expected, Some(&json!([{ "id": 1, "kind": "a" }])), "")
            .is_err()
    );
    assert_eq!(names.fill("$first"), "$first");
}
