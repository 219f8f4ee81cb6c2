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

#[test]
fn each_departure_has_its_rule() {
    let json = ("content-type", "application/json");
    let get = || Ask::get("/Users/7");
    let list = || Ask::get("/Users");
    let html = ("content-type", "text/html");
    for (found, wanted) in [
        (
            broken(get(), 500, &[html], "<html>"),
            vec![
                "answer.body",
                "answer.media-type",
                "answer.no-5xx",
                "error.body",
                "error.detail",
            ],
        ),
        (broken(get(), 200, &[SCIM], ""), vec!["answer.body"]),
        (broken(get(), 204, &[SCIM], "{}"), vec!["answer.body"]),
        (broken(get(), 200, &[SCIM], "[1]"), vec!["answer.body"]),
        (
            broken(get(), 200, &[json], r#"{"id":"7","schemas":["x"]}"#),
            vec!["answer.media-type"],
        ),
        (
            broken(get(), 200, &[], r#"{"id":7,"schemas":["x"]}"#),
            vec!["answer.media-type", "resource.common"],
        ),
        (
            broken(get(), 200, &[SCIM], r#"{"id":"7"}"#),
            vec!["resource.common"],
        ),
        (
            broken(
                get(),
                200,
                &[SCIM],
                r#"{"id":"7","schemas":["x"],"active":"True"}"#,
            ),
            vec!["resource.active"],
        ),
        (
            broken(
                get(),
                404,
                &[SCIM],
                r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":404,"detail":"x"}"#,
            ),
            vec!["error.body"],
        ),
        (
            broken(
                get(),
                401,
                &[SCIM],
                r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"401"}"#,
            ),
            vec!["error.detail", "error.www-authenticate"],
        ),
        (
            broken(list(), 200, &[SCIM], r#"{"Resources":{}}"#),
            vec!["list.body"],
        ),
        (
            broken(
                list(),
                200,
                &[SCIM],
                r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"itemsPerPage":20,"Resources":[]}"#,
            ),
            vec!["list.counts"],
        ),
        (
            broken(
                list(),
                200,
                &[SCIM],
                r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"Resources":[5]}"#,
            ),
            vec!["list.counts", "resource.common"],
        ),
        (
            broken(
                Ask::new("POST", "/Users"),
                201,
                &[SCIM],
                r#"{"id":"7","schemas":["x"]}"#,
            ),
            vec!["create.location"],
        ),
        (
            broken(
                Ask::new("POST", "/Users"),
                201,
                &[SCIM, ("location", "a")],
                r#"{"id":"7","schemas":["x"],"meta":{"location":"b"}}"#,
            ),
            vec!["create.location"],
        ),
    ] {
        assert_eq!(found, wanted);
    }
}
