use serde_json::json;

use super::super::entries;
use super::*;

#[track_caller]
fn refused(operation: &Value, detail: &str) {
    let entry = entries(&json!([operation])).remove(0);
    let body = entry.task.unwrap_err().into_answer().body.unwrap();
    assert_eq!(body["status"], "400", "{operation}");
    assert!(
        body["detail"].as_str().unwrap().contains(detail),
        "{operation}: {body}"
    );
}

#[test]
fn what_an_operation_needs() {
    let data = json!({ "userName": "ada@fabrikam.example" });
    for method in [
        json!("GET"),
        json!("HEAD"),
        json!(""),
        json!(null),
        json!(7),
    ] {
        refused(&json!({ "method": method, "path": "/Users/1" }), "method");
    }
    refused(&json!({ "path": "/Users/1" }), "method");
    refused(&json!(["DELETE", "/Users/1"]), "method");
    refused(&json!("DELETE /Users/1"), "method");
    refused(&json!({ "method": "DELETE" }), "path");
    refused(&json!({ "method": "DELETE", "path": 1 }), "path");
    refused(
        &json!({ "method": "POST", "path": "/Users", "data": data }),
        "bulkId",
    );
    refused(
        &json!({ "method": "POST", "path": "/Users", "bulkId": "", "data": data }),
        "bulkId",
    );
    for method in ["POST", "PUT", "PATCH"] {
        let operation =
            |data| json!({ "method": method, "path": "/Users", "bulkId": "a", "data": data });
        refused(&operation(json!(null)), "data");
        refused(&operation(json!("text")), "data");
        refused(&operation(json!([])), "data");
    }
    for version in [json!("W/\"1\"\n"), json!(""), json!(5), json!(["W/\"1\""])] {
        let delete = json!({ "method": "DELETE", "path": "/Users/1", "version": version });
        refused(&delete, "version");
    }
}

#[track_caller]
fn read(operation: &Value) -> (String, String) {
    let entry = entries(&json!([operation])).remove(0);
    let task = entry.task.unwrap();
    (task.method.to_string(), task.route.template())
}

#[test]
fn methods_in_any_case_and_paths_with_the_base_url_are_read() {
    let method =
        |method: &str| read(&json!({ "method": method, "path": "/Users/1", "data": {} })).0;
    assert_eq!(method("delete"), "DELETE");
    assert_eq!(method("Patch"), "PATCH");
    let path = |path: &str| read(&json!({ "METHOD": "DELETE", "Path": path })).1;
    for text in [
        "/Users/1",
        "Users/1",
        "/Users/1/",
        "/scim/v2/Users/1",
        "https://scim.fabrikam.example/scim/v2/Users/1",
        "/Users/1?attributes=userName",
        "/Users/bulkId:a",
    ] {
        assert_eq!(path(text), "/Users/{id}", "{text}");
    }
    assert_eq!(path("/users/1"), "unknown");
    assert_eq!(path("https://else.example/scim/v2/Users/1"), "unknown");
}

#[test]
fn path_and_data_refer_to_bulk_ids() {
    let operation = json!({ "method": "PATCH", "path": "/Groups/bulkId:g", "data": { "Operations": [{ "op": "add", "path": "members", "value": [{ "value": "bulkId:u" }] }] } });
    let entry = entries(&json!([operation])).remove(0);
    let references = entry.task.unwrap().references;
    assert_eq!(references, ["g", "u"].map(str::to_owned).into());
}

#[track_caller]
fn envelope_of(body: Value) -> Result<(usize, usize), String> {
    let read = envelope(body).map(|(fail_on_errors, list)| (fail_on_errors, list.len()));
    read.map_err(|error| error.into_answer().body.unwrap()["status"].to_string())
}

#[test]
fn the_envelope_is_checked() {
    let many = |count: usize| vec![json!({}); count];
    assert_eq!(
        envelope_of(json!({ "Operations": many(OPERATIONS_MAX) })),
        Ok((usize::MAX, OPERATIONS_MAX))
    );
    assert_eq!(
        envelope_of(json!({ "Operations": many(OPERATIONS_MAX + 1) })),
        Err("\"413\"".to_owned())
    );
    let fail_on = |value: Value| envelope_of(json!({ "failOnErrors": value, "operations": [{}] }));
    assert_eq!(fail_on(json!(3)), Ok((3, 1)));
    assert_eq!(fail_on(json!(0)), Ok((usize::MAX, 1)));
    assert_eq!(fail_on(json!(null)), Ok((usize::MAX, 1)));
    let refused = Err("\"400\"".to_owned());
    for value in [json!(-1), json!(1.5), json!("1"), json!(true), json!([])] {
        assert_eq!(fail_on(value.clone()), refused, "{value}");
    }
    for body in [
        json!([]),
        json!({}),
        json!({ "Operations": [] }),
        json!({ "Operations": {} }),
        json!({ "Operations": null }),
    ] {
        assert_eq!(envelope_of(body.clone()), refused, "{body}");
    }
}
