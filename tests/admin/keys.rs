//! Who may use the admin API, and who may not.

use serde_json::{Value, json};
use serverless_scim::admin::{Admin, AdminRequest};
use serverless_scim::home::Place;

use crate::Vendor;
use crate::support::process::{folder, text};
use crate::support::{Client, Server};

#[tokio::test]
async fn without_a_good_key_nothing_is_told() {
    let vendor = Vendor::new();
    let secret = vendor.server.secret.clone().expect("a token");
    let connections = vendor.get("/tenants/default/connections").await;
    let connection = connections.items()[0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let client = json!({ "label": "x", "method": "secret" });
    let client = vendor
        .post(
            &format!("/tenants/default/connections/{connection}/clients"),
            &client,
        )
        .await
        .text("clientSecret");
    let (start, last) = vendor.key.split_at(vendor.key.len() - 1);
    let mistyped = format!("{start}{}", if last == "0" { '1' } else { '0' });
    let bearer = |text: &str| Some(format!("Bearer {text}"));
    let basic = Some(format!("Basic {}", vendor.key));
    for sent in [
        None,
        Some(vendor.key.clone()),
        basic,
        bearer(""),
        bearer(&mistyped),
        bearer(&vendor.key[..40]),
        bearer(&secret),
        bearer(&client),
        bearer(&format!("Bearer {}", vendor.key)),
    ] {
        for path in ["/tenants", "/tenants/nobody", "/keys", "/nowhere", ""] {
            let header = sent.as_deref().map(|sent| ("authorization", sent));
            let headers: Vec<_> = header.into_iter().collect();
            let refused = vendor.send("GET", path, &headers, None).await;
            refused.refuses(401, "unauthorized", "key");
            assert_eq!(
                refused.headers["www-authenticate"],
                "Bearer realm=\"admin\""
            );
        }
    }
    let good = format!("bearer {}", vendor.key);
    let good = ("authorization", good.as_str());
    vendor.send("GET", "/tenants", &[good], None).await.is(200);
    let twice = vendor.send("GET", "/tenants", &[good, good], None).await;
    twice.refuses(401, "unauthorized", "once");
}

#[tokio::test]
async fn an_admin_key_opens_no_directory() {
    let vendor = Vendor::new();
    let refused = vendor.scim(&vendor.key).get("/Users").await;
    assert_eq!(refused.status, 401);
}

#[tokio::test]
async fn the_document_is_for_everybody_and_of_this_api() {
    let vendor = Vendor::new();
    let document = vendor.send("GET", "/openapi.json", &[], None).await;
    document.is(200);
    assert_eq!(document.body["openapi"], "3.1.0");
    assert!(document.body["paths"]["/tenants/{tenant}"]["delete"].is_object());
    let refused = vendor.send("POST", "/openapi.json", &[], None).await;
    refused.refuses(405, "methodNotAllowed", "GET");

    let unauthorized = &document.body["components"]["responses"]["Unauthorized"];
    let challenge = &unauthorized["headers"]["WWW-Authenticate"]["schema"]["const"];
    let refused = vendor.send("GET", "/tenants", &[("authorization", "")], None);
    assert_eq!(
        refused.await.headers["www-authenticate"],
        challenge.as_str().unwrap()
    );
}

#[tokio::test]
async fn a_revoked_key_ends_at_once() {
    let vendor = Vendor::new();
    let keys = vendor.get("/keys").await;
    let [key] = keys.items() else {
        panic!("one key: {keys:?}")
    };
    assert_eq!(
        (&key["label"], &key["revokedAt"]),
        (&json!("first start"), &Value::Null)
    );
    assert!(!keys.body.to_string().contains("scimadmin_"), "{keys:?}");
    let made = vendor.post("/keys", &json!({ "label": "mine" })).await;
    made.refuses(403, "forbidden", "command line");
    assert_eq!(vendor.get("/keys").await.items().len(), 1);
    vendor
        .delete("/keys/K-AAAAAAAA")
        .await
        .refuses(404, "notFound", "key");
    let id = key["id"].as_str().expect("an id");
    vendor.delete(&format!("/keys/{id}")).await.is(204);
    vendor
        .get("/keys")
        .await
        .refuses(401, "unauthorized", "revoked");
}

#[tokio::test]
async fn what_carries_a_key_does_not_show_it() {
    let store = Place::Memory.open().await.expect("a store");
    let request = AdminRequest {
        method: "POST".parse().expect("a method"),
        path: "/keys".to_owned(),
        body: Some(json!({ "label": "hush" })),
        base: "https://scim.fabrikam.example".to_owned(),
        local: true,
    };
    let asked = format!("{request:?}");
    let answer = Admin::new(store).perform(request).await;
    let shown = format!("{asked} {answer:?}");
    assert_eq!(answer.status.as_u16(), 201, "{shown}");
    assert!(shown.contains("/keys") && shown.contains("201"), "{shown}");
    assert!(
        !shown.contains("hush") && !shown.contains("scimadmin_"),
        "{shown}"
    );
}

async fn local(admin: &Admin, method: &str, path: &str, body: Value) -> (u16, Value) {
    let request = AdminRequest {
        method: method.parse().expect("a method"),
        path: path.to_owned(),
        body: Some(body),
        base: "https://scim.fabrikam.example".to_owned(),
        local: true,
    };
    let answer = admin.perform(request).await;
    (answer.status.as_u16(), answer.body.unwrap_or_default())
}

#[tokio::test]
async fn whoever_has_the_table_makes_keys() {
    let data = folder();
    let place = Place::Folder(data.path().to_owned());
    let admin = Admin::new(place.open().await.expect("a store"));
    let (status, made) = local(
        &admin,
        "POST",
        "/keys",
        json!({ "label": "ops", "expiresIn": 900 }),
    )
    .await;
    assert_eq!(status, 201, "{made}");
    for (body, named) in [
        (json!({ "label": "" }), "label"),
        (json!({ "label": "x", "expiresIn": 899 }), "expiresIn"),
        (json!({ "label": "x", "expiresIn": i64::MAX }), "expiresIn"),
        (json!({ "expiresIn": 900 }), "label"),
    ] {
        let (status, refused) = local(&admin, "POST", "/keys", body).await;
        assert_eq!(status, 400, "{refused}");
        assert!(
            refused["detail"]
                .as_str()
                .expect("a detail")
                .contains(named),
            "{refused}"
        );
    }
    local(&admin, "POST", "/tenants", json!({ "name": "fabrikam" })).await;
    local(
        &admin,
        "POST",
        "/tenants/fabrikam/connections",
        json!({ "name": "Entra" }),
    )
    .await;
    let path = "/tenants/fabrikam/connections/Entra/setup";
    let (_, setup) = local(&admin, "GET", path, Value::Null).await;
    assert_eq!(setup["tenantUrl"], "https://scim.fabrikam.example/scim/v2");
    drop(admin);

    let server = Server::start(&["--json", "--data", text(data.path())]);
    let url = server.tenant_url.replace("/scim/v2", "/admin/v1");
    let key = made["adminKey"].as_str().expect("a key");
    let client = Client::new(&url, key);
    let reply = client.exchange("GET", "/keys", &[], None).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.body["items"].as_array().map(Vec::len), Some(2));
}
