use http::HeaderMap;
use serde_json::json;

use super::super::exchange::Ask;
use super::*;

/// The rules that this answer breaks.
fn broken(ask: Ask, status: u16, headers: &[(&'static str, &str)], text: &str) -> Vec<String> {
    let mut ledger = Ledger::default();
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        .collect();
    let answer = Answer {
        status,
        headers,
        text: text.to_owned(),
        body: serde_json::from_str(text).unwrap_or_default(),
    };
    let exchange = Exchange {
        ask,
        answer: Ok(answer),
    };
    judge(&mut ledger, Client::Okta, &exchange);
    let ids = ledger.failed().map(|(rule, _, _)| rule.id.to_string());
    ids.collect()
}

const SCIM: (&str, &str) = ("content-type", "application/scim+json; charset=utf-8");

#[test]
fn good_answers_break_nothing() {
    let user = json!({ "schemas": ["urn:x"], "id": "7", "active": true, "meta": { "location": "https://h/Users/7" } });
    let list =
        json!({ "schemas": [LIST], "totalResults": 9, "itemsPerPage": 1, "Resources": [user] });
    let error = json!({ "schemas": [ERROR], "status": "401", "detail": "no" });
    let none: [String; 0] = [];
    let location = ("location", "https://h/Users/7");
    assert_eq!(
        broken(
            Ask::new("POST", "/Users"),
            201,
            &[SCIM, location],
            &user.to_string()
        ),
        none
    );
    assert_eq!(
        broken(Ask::get("/Users?count=1"), 200, &[SCIM], &list.to_string()),
        none
    );
    let challenge = ("www-authenticate", "Bearer");
    assert_eq!(
        broken(
            Ask::get("/Users/1"),
            401,
            &[SCIM, challenge],
            &error.to_string()
        ),
        none
    );
    assert_eq!(broken(Ask::new("DELETE", "/Users/1"), 204, &[], ""), none);
}

#[track_caller]
fn breaks(
    ask: Ask,
    status: u16,
    headers: &[(&'static str, &'static str)],
    body: &str,
    rules: &[&str],
) {
    assert_eq!(broken(ask, status, headers, body), rules, "{status} {body}");
}

fn user() -> Ask {
    Ask::get("/Users/7")
}

#[test]
fn an_answer_is_of_a_type_and_may_have_a_body() {
    let html = ("content-type", "text/html");
    let rules = [
        "answer.body",
        "answer.media-type",
        "answer.no-5xx",
        "error.body",
        "error.detail",
    ];
    breaks(user(), 500, &[html], "<html>", &rules);
    breaks(user(), 200, &[SCIM], "", &["answer.body"]);
    breaks(user(), 204, &[SCIM], "{}", &["answer.body"]);
    breaks(user(), 200, &[SCIM], "[1]", &["answer.body"]);
    let json = ("content-type", "application/json");
    let sound = r#"{"id":"7","schemas":["x"]}"#;
    breaks(user(), 200, &[json], sound, &["answer.media-type"]);
}

#[test]
fn a_resource_has_an_id_schemas_and_a_boolean_active() {
    let number = r#"{"id":7,"schemas":["x"]}"#;
    let rules = ["answer.media-type", "resource.common"];
    breaks(user(), 200, &[], number, &rules);
    let bare = r#"{"id":"7"}"#;
    breaks(user(), 200, &[SCIM], bare, &["resource.common"]);
    let text = r#"{"id":"7","schemas":["x"],"active":"True"}"#;
    breaks(user(), 200, &[SCIM], text, &["resource.active"]);
}

#[test]
fn an_error_says_its_status_in_text_and_why() {
    let number =
        r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":404,"detail":"x"}"#;
    breaks(user(), 404, &[SCIM], number, &["error.body"]);
    let silent = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"401"}"#;
    let rules = ["error.detail", "error.www-authenticate"];
    breaks(user(), 401, &[SCIM], silent, &rules);
}

#[test]
fn a_list_counts_its_rows() {
    let list = |body: &str, rules: &[&str]| {
        breaks(Ask::get("/Users"), 200, &[SCIM], body, rules);
    };
    list(r#"{"Resources":{}}"#, &["list.body"]);
    list(
        r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"itemsPerPage":20,"Resources":[]}"#,
        &["list.counts"],
    );
    list(
        r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"Resources":[5]}"#,
        &["list.counts", "resource.common"],
    );
}

#[test]
fn a_creation_says_where_the_resource_is() {
    let create = || Ask::new("POST", "/Users");
    let nowhere = r#"{"id":"7","schemas":["x"]}"#;
    breaks(create(), 201, &[SCIM], nowhere, &["create.location"]);
    let elsewhere = r#"{"id":"7","schemas":["x"],"meta":{"location":"b"}}"#;
    let headers = [SCIM, ("location", "a")];
    breaks(create(), 201, &headers, elsewhere, &["create.location"]);
}
