//! What clients make the gateway hand over: raw queries, headers that lie, decoded paths, and answers that must fit.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{Account, answer, read};

/// Bytes of a function's answer that Lambda takes.
const ANSWER_MAX: usize = 6_291_456;
const HOST: &str = "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com";

#[tokio::test]
async fn a_query_may_hold_what_no_uri_does() {
    let mut account = Account::new().await;
    let event = account.filled(&read("users/06-find-by-user-name.json"));
    for query in [
        r#"filter=userName+eq+"x%40y""#,
        r#"filter=userName eq "{x}|<y>#^`\\""#,
        "filter=userName+eq+\"Zo\u{eb}\"",
    ] {
        let mut event = event.clone();
        event["rawQueryString"] = json!(query);
        let (status, body) = answer(&account.invoke("users", event).await);
        assert_eq!((status, &body["totalResults"]), (200, &json!(0)), "{query}");
    }
}

#[tokio::test]
async fn scheme_and_host_of_links_are_the_gateways_own() {
    let mut account = Account::new().await;
    let create = account.filled(&read("users/04-create.json"));
    for (number, scheme) in ["evil", "x y", "http", ""].into_iter().enumerate() {
        let mut event = create.clone();
        event["headers"]["x-forwarded-proto"] = json!(scheme);
        event["headers"]["host"] = json!("evil.example");
        let body = json!({ "userName": format!("ada{number}@fabrikam.example") });
        event["body"] = json!(BASE64_STANDARD.encode(body.to_string()));
        let (status, user) = answer(&account.invoke("users", event).await);
        assert_eq!(status, 201, "{scheme}");
        let id = user["id"].as_str().expect("an id");
        let expected = format!("https://{HOST}/scim/v2/Users/{id}");
        assert_eq!(user["meta"]["location"], expected, "{scheme}");
    }
}

#[tokio::test]
async fn a_decoded_path_names_what_it_named_before() {
    let mut account = Account::new().await;
    account.administer().await;
    let path = "/admin/v1/tenants/fabrikam/connections";
    let create = account.filled(&read("admin/05-create-connection.json"));
    let ask = |method: &str, path: &str, body: Value| {
        let mut event = create.clone();
        event["rawPath"] = json!(path);
        event["requestContext"]["http"]["method"] = json!(method);
        event["body"] = body;
        event
    };
    for name in ["Entra", "Entra [2]", "Entra ^\"2\""] {
        let body = json!({ "name": name, "provider": "entra" }).to_string();
        let (status, _) = answer(
            &account
                .invoke("admin", ask("POST", path, json!(body)))
                .await,
        );
        assert_eq!(status, 201, "{name}");
    }
    for (name, status) in [
        ("Entra [2]", 204),
        ("Entra ^\"2\"", 204),
        // No name has these, and what stands before them is another's.
        ("Entra#2", 404),
        ("Entra?2", 404),
    ] {
        let delete = ask("DELETE", &format!("{path}/{name}"), Value::Null);
        assert_eq!(answer(&account.invoke("admin", delete).await).0, status);
    }
    let (_, list) = answer(&account.invoke("admin", ask("GET", path, Value::Null)).await);
    let list = list["items"].as_array().expect("a list");
    let names: Vec<&Value> = list.iter().map(|item| &item["name"]).collect();
    assert!(names.contains(&&json!("Entra")), "{names:?}");
    assert!(!names.contains(&&json!("Entra [2]")), "{names:?}");
}

#[tokio::test]
async fn what_is_no_request_is_400_and_the_next_one_is_served() {
    let mut account = Account::new().await;
    let good = account.filled(&read("users/02-test-connection.json"));
    let with = |pointer: &str, value: Value| {
        let mut event = good.clone();
        *event.pointer_mut(pointer).expect("a place") = value;
        event
    };
    for event in [
        json!({}),
        with("/requestContext/http/method", json!("G T")),
        with("/headers", json!({ "x y": "z" })),
        with("/headers", json!({ "x": "y\nz" })),
        with("/rawPath", json!("/x".repeat(40_000))),
    ] {
        let response = account.invoke("users", event).await;
        assert_eq!(response["statusCode"], 400, "{response}");
    }
    assert_eq!(answer(&account.invoke("users", good).await).0, 200);
}

#[tokio::test]
async fn an_answer_fits_whatever_stands_in_it() {
    let mut account = Account::new().await;
    let create = account.filled(&read("users/04-create.json"));
    for number in 0..60 {
        let mut event = create.clone();
        // Each of them takes two bytes in JSON, and four in JSON within JSON.
        let title = "\"".repeat(30_000);
        let body = json!({ "userName": format!("u{number}"), "title": title });
        event["body"] = json!(BASE64_STANDARD.encode(body.to_string()));
        assert_eq!(answer(&account.invoke("users", event).await).0, 201);
    }
    let list = account.filled(&read("users/02-test-connection.json"));
    let mut shown = 0;
    while shown < 60 {
        let mut event = list.clone();
        event["rawQueryString"] = json!(format!("startIndex={}", shown + 1));
        let response = account.invoke("users", event).await;
        assert!(response.to_string().len() < ANSWER_MAX);
        let (_, page) = answer(&response);
        let rows = page["itemsPerPage"].as_u64().expect("a number");
        assert!(rows > 0 && page["totalResults"] == 60);
        shown += rows;
    }
    assert_eq!(shown, 60);
}

#[tokio::test]
async fn the_answer_to_a_bulk_request_that_only_repeats_fits() {
    let mut account = Account::new().await;
    let bulk = account.filled(&read("bulk/01-create-together.json"));
    let name = "\"".repeat(250_000);
    let post = json!({ "method": "POST", "path": "/Users", "bulkId": name, "data": {} });
    let body = json!({ "Operations": [post, post] });
    let mut event = bulk.clone();
    event["body"] = json!(BASE64_STANDARD.encode(body.to_string()));
    let response = account.invoke("bulk", event).await;
    assert_eq!(answer(&response).0, 200);
    assert!(response.to_string().len() < ANSWER_MAX);
}
