//! Tokens do what their scopes name and nothing else.

use serde_json::{Value, json};
use serverless_scim::store::{Scope, Scopes};

use crate::bed::{Bed, patch, user};

/// A request that takes the scope, on resources that are not there.
fn request(scope: Scope) -> (String, String, Option<Value>) {
    let (method, collection) = scope.name().split_once(':').unwrap();
    let (endpoint, body) = match collection {
        "users" => ("/Users", user("ada")),
        _ => ("/Groups", json!({ "displayName": "Team" })),
    };
    let nobody = match collection {
        "users" => "00000000-0000-8000-8000-000000000000",
        _ => "10000000-0000-8000-8000-000000000000",
    };
    let path = match method {
        "post" => endpoint.to_owned(),
        _ => format!("{endpoint}/{nobody}"),
    };
    let body = match method {
        "post" | "put" => Some(body),
        "patch" => Some(patch("displayName", json!("x"))),
        _ => None,
    };
    (method.to_uppercase(), path, body)
}

#[tokio::test]
async fn without_a_scope_the_request_is_refused_and_with_it_alone_it_is_not() {
    let bed = Bed::new().await;
    let connection = bed.connect(json!({})).await;
    for scope in Scope::ALL {
        let (method, path, body) = request(scope);
        let others: Scopes = Scope::ALL
            .into_iter()
            .filter(|other| *other != scope)
            .collect();
        let customer = bed.token(&connection, Some(others)).await;
        let name = scope.name();
        let expected = format!(
            "the token may not {}; it needs the scope {name}",
            name.replace(':', " ")
        );
        if method == "GET" {
            let answer = customer.get(&path).await;
            assert_eq!(answer.status, 403, "{name}");
            let challenge = "Bearer realm=\"scim\", error=\"insufficient_scope\"";
            assert_eq!(answer.headers["www-authenticate"], challenge);
            assert_eq!(answer.body["detail"], expected);
        } else {
            let refused = customer.refused(&method, &path, body.as_ref()).await;
            assert_eq!(refused, (403, expected), "{name}");
        }
        let only: Scopes = [scope].into_iter().collect();
        let customer = bed.token(&connection, Some(only)).await;
        let answer = customer.send(&method, &path, body.as_ref()).await;
        let expected = if method == "POST" { 201 } else { 404 };
        assert_eq!(answer.status, expected, "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn a_search_takes_the_scope_to_get_all_that_it_searches() {
    let bed = Bed::new().await;
    let connection = bed.connect(json!({})).await;
    let of =
        |names: &[&str]| -> Scopes { names.iter().map(|name| name.parse().unwrap()).collect() };
    let search = json!({ "count": 1 });
    for (scopes, path, missing) in [
        (&["get:users"][..], "/Users/.search", None),
        (&["get:users"], "/Groups/.search", Some("get:groups")),
        (
            &["post:groups", "get:users"],
            "/.search",
            Some("get:groups"),
        ),
        (&["post:users", "get:groups"], "/.search", Some("get:users")),
        (&["get:groups", "get:users"], "/.search", None),
        (&["post:users"], "/Users/.search", Some("get:users")),
    ] {
        let customer = bed.token(&connection, Some(of(scopes))).await;
        let answer = customer.post(path, &search).await;
        match missing {
            None => assert_eq!(answer.status, 200, "{scopes:?} {path}"),
            Some(missing) => {
                assert_eq!(answer.status, 403, "{scopes:?} {path}");
                let detail = answer.body["detail"].as_str().unwrap();
                assert!(detail.ends_with(missing), "{detail}");
            }
        }
        let list = customer.get("/Groups").await.status;
        let may = scopes.contains(&"get:groups");
        assert_eq!(list, if may { 200 } else { 403 }, "{scopes:?}");
    }
}

#[tokio::test]
async fn discovery_takes_no_scope() {
    let bed = Bed::new().await;
    let connection = bed.connect(json!({})).await;
    let one: Scopes = [Scope::ALL[0]].into_iter().collect();
    let customer = bed.token(&connection, Some(one)).await;
    for path in ["", "/ServiceProviderConfig", "/Schemas", "/ResourceTypes"] {
        assert_eq!(customer.get(path).await.status, 200, "{path}");
    }
    assert_eq!(customer.get("/Me").await.status, 501);
    assert_eq!(customer.put("/Users", &json!({})).await.status, 405);
}
