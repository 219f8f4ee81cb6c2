//! OAuth clients and their secrets.

use serde_json::{Value, json};

use crate::Vendor;

#[tokio::test]
async fn a_client_has_two_secrets_at_most_each_shown_once() {
    let vendor = Vendor::new();
    let clients = format!("{}/clients", vendor.connection("fabrikam").await);
    let new = json!({ "label": "Entra", "method": "secret", "scopes": ["get:users"], "accessTokenLife": 7_200 });
    let made = vendor.post(&clients, &new).await;
    made.is(201);
    for (name, value) in new.as_object().expect("an object") {
        assert_eq!(made.body[name], *value, "{name}");
    }
    let path = format!("{clients}/{}", made.text("clientId"));
    assert!(made.text("clientSecret").starts_with("scimsecret_"));
    let shown = vendor.get(&path).await;
    assert!(!shown.body.to_string().contains("scimsecret_"), "{shown:?}");
    assert_eq!(
        vendor.get(&clients).await.items(),
        std::slice::from_ref(&shown.body)
    );

    let second = vendor.call("POST", &format!("{path}/secrets"), None).await;
    second.is(201);
    assert_ne!(second.text("clientSecret"), made.text("clientSecret"));
    let third = vendor.call("POST", &format!("{path}/secrets"), None).await;
    third.refuses(409, "tooMany", "2 secrets");
    let first = shown.body["secrets"][0]["id"].as_str().expect("an id");
    vendor
        .delete(&format!("{path}/secrets/{first}"))
        .await
        .is(204);
    let gone = vendor.delete(&format!("{path}/secrets/{first}")).await;
    gone.refuses(404, "notFound", "secret");
    let left = vendor.get(&path).await.body["secrets"].clone();
    assert_eq!(left.as_array().map(Vec::len), Some(1));
    assert_eq!(left[0]["id"], second.body["id"]);
    vendor.delete(&path).await.is(204);
    vendor.get(&path).await.refuses(404, "notFound", "client");
}

fn federation() -> Value {
    json!({
        "issuer": "https://login.microsoftonline.com/5d0f3c9e-2f52-4f0b-8f0e-7c1a5f6f0d11/v2.0",
        "audiences": ["api://fabrikam-provisioning"],
        "subject": "1b1f8e3a-93ce-4b8e-a1b5-2f6d0e9c4477",
    })
}

#[tokio::test]
async fn a_federated_client_has_no_secret_and_is_pinned() {
    let vendor = Vendor::new();
    let clients = format!("{}/clients", vendor.connection("fabrikam").await);
    let new = json!({ "label": "Entra", "method": { "federation": federation() } });
    let made = vendor.post(&clients, &new).await;
    made.is(201);
    assert_eq!(made.body["method"], new["method"]);
    assert!(made.body.get("clientSecret").is_none());
    let path = format!("{clients}/{}", made.text("clientId"));
    let secret = vendor.call("POST", &format!("{path}/secrets"), None).await;
    secret.refuses(409, "conflict", "without a secret");
    let secret = vendor.patch(&path, &json!({ "method": "secret" })).await;
    secret.refuses(409, "conflict", "make another client");
    let mut pinned = federation();
    pinned["objectId"] = json!("0a0b7c1d-93ce-4b8e-a1b5-2f6d0e9c4477");
    let change = json!({ "label": "Entra WIF", "method": { "federation": pinned }, "accessTokenLife": 21_600 });
    let changed = vendor.patch(&path, &change).await;
    changed.is(200);
    for (name, value) in change.as_object().expect("an object") {
        assert_eq!(changed.body[name], *value, "{name}");
    }
}

#[tokio::test]
async fn what_no_client_can_have_is_refused_and_nothing_made() {
    let vendor = Vendor::new();
    let clients = format!("{}/clients", vendor.connection("fabrikam").await);
    let with = |name: &str, value: Value| {
        let mut federation = federation();
        federation[name] = value;
        json!({ "federation": federation })
    };
    for (member, value, named) in [
        ("label", json!(" "), "label"),
        ("method", json!("password"), "method: expected"),
        ("method", json!({ "privateKey": { "jwks": {} } }), "jwks"),
        (
            "method",
            json!({ "privateKey": { "jwks": { "keys": [] } } }),
            "jwks",
        ),
        (
            "method",
            json!({ "federation": { "issuer": "https://x" } }),
            "missing",
        ),
        (
            "method",
            with("issuer", json!("http://login.example")),
            "method.federation.issuer",
        ),
        ("method", with("audiences", json!([])), "audiences"),
        (
            "method",
            with("audiences", json!(vec!["a"; 11])),
            "audiences",
        ),
        ("method", with("subject", json!("")), "subject"),
        ("method", with("subject", json!("s".repeat(513))), "subject"),
        ("method", with("sub", json!("x")), "no such member"),
        ("scopes", json!([]), "scopes"),
        ("accessTokenLife", json!(3_599), "accessTokenLife"),
        ("accessTokenLife", json!(21_601), "accessTokenLife"),
    ] {
        let mut new = json!({ "label": "Entra", "method": "secret" });
        new[member] = value;
        let made = vendor.post(&clients, &new).await;
        made.refuses(400, "invalid", named);
    }
    assert!(vendor.get(&clients).await.items().is_empty());
    for life in [3_600, 21_600] {
        let new = json!({ "label": "Entra", "method": "secret", "accessTokenLife": life });
        vendor.post(&clients, &new).await.is(201);
    }
    for _ in 2..20 {
        let new = json!({ "label": "Entra", "method": "secret" });
        vendor.post(&clients, &new).await.is(201);
    }
    let beyond = json!({ "label": "Entra", "method": "secret" });
    let beyond = vendor.post(&clients, &beyond).await;
    beyond.refuses(409, "tooMany", "20");
}
