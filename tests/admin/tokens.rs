//! Secret Tokens: shown once, bounded, rotated without an outage, revoked.

use serde_json::{Value, json};

use crate::{Answer, Vendor};

#[tokio::test]
async fn a_token_is_shown_once() {
    let vendor = Vendor::new();
    let tokens = format!("{}/tokens", vendor.connection("fabrikam").await);
    let new = json!({ "label": "provisioning job", "expiresIn": 900, "scopes": ["get:users", "patch:users"] });
    let made = vendor.post(&tokens, &new).await;
    made.is(201);
    let (id, secret) = (made.text("id"), made.text("token"));
    assert_eq!(made.body["scopes"], new["scopes"]);
    assert!(made.text("expiresAt") > made.text("created"));
    let listed = vendor.get(&tokens).await;
    let shown = vendor.get(&format!("{tokens}/{id}")).await;
    assert_eq!(listed.items(), std::slice::from_ref(&shown.body));
    let mut expected = made.body.clone();
    expected
        .as_object_mut()
        .expect("an object")
        .shift_remove("token");
    assert_eq!(shown.body, expected);
    assert!(
        !listed.body.to_string().contains(&secret[20..]),
        "{listed:?}"
    );

    let label = json!({ "label": "night job" });
    let labelled = vendor.patch(&format!("{tokens}/{id}"), &label).await;
    assert_eq!(labelled.text("label"), "night job");
    let bare = vendor.call("POST", &tokens, None).await;
    assert_eq!(
        (bare.text("label"), &bare.body["expiresAt"]),
        (String::new(), &Value::Null)
    );
    assert_eq!(
        bare.body["scopes"].as_array().map(Vec::len),
        Some(10),
        "all of them"
    );
}

#[tokio::test]
async fn the_life_of_a_token_has_bounds() {
    let vendor = Vendor::new();
    let tokens = format!("{}/tokens", vendor.connection("fabrikam").await);
    let asked = async |seconds: i64| vendor.post(&tokens, &json!({ "expiresIn": seconds })).await;
    asked(900).await.is(201);
    asked(899).await.refuses(400, "invalid", "expiresIn");
    asked(-1).await.refuses(400, "invalid", "expiresIn");
    asked(i64::MAX).await.refuses(400, "invalid", "expiresIn");
    vendor
        .patch("/tenants/fabrikam", &json!({ "tokenExpiryMaximum": 3_600 }))
        .await
        .is(200);
    asked(3_600).await.is(201);
    asked(3_601).await.refuses(400, "invalid", "900 to 3600");
    let unsaid = vendor.post(&tokens, &json!({})).await;
    assert!(
        unsaid.body["expiresAt"].is_string(),
        "the maximum: {unsaid:?}"
    );
    let before = vendor.get(&tokens).await.items().len();
    for (new, named) in [
        (json!({ "scopes": [] }), "scopes"),
        (json!({ "scopes": ["get:users", "admin"] }), "scopes[1]"),
        (json!({ "scopes": "get:users" }), "scopes: expected a list"),
        (json!({ "label": "x".repeat(101) }), "label"),
        (json!({ "expiresIn": 900.5 }), "expiresIn"),
    ] {
        vendor
            .post(&tokens, &new)
            .await
            .refuses(400, "invalid", named);
    }
    assert_eq!(vendor.get(&tokens).await.items().len(), before);
}

#[tokio::test]
async fn a_revoked_token_is_refused_at_once_and_for_its_own_reason() {
    let vendor = Vendor::new();
    let tokens = format!("{}/tokens", vendor.connection("fabrikam").await);
    let made = vendor.post(&tokens, &json!({})).await;
    let scim = vendor.scim(&made.text("token"));
    assert_eq!(scim.get("/Users").await.status, 200);
    let path = format!("{tokens}/{}", made.text("id"));
    let used = vendor.get(&path).await;
    assert!(used.body["lastUsed"].is_string() && used.body["revokedAt"].is_null());

    vendor.delete(&path).await.is(204);
    let refused = scim.get("/Users").await;
    assert_eq!(refused.status, 401);
    assert!(refused.text.contains("was revoked"), "{refused:?}");
    vendor.delete(&path).await.is(204);
    assert!(vendor.get(&path).await.body["revokedAt"].is_string());
    let rotated = vendor.call("POST", &format!("{path}/rotate"), None).await;
    rotated.refuses(409, "conflict", "ended");
    for id in ["K-AAAAAAAA", "K-", "x", "@", "K-%F0%9F%98%80"] {
        let unknown = vendor.delete(&format!("{tokens}/{id}")).await;
        unknown.refuses(404, "notFound", "token");
    }
}

#[tokio::test]
async fn the_predecessor_gets_an_end_when_its_successor_is_first_used() {
    let vendor = Vendor::new();
    let tokens = format!("{}/tokens", vendor.connection("fabrikam").await);
    let new = json!({ "label": "job", "scopes": ["get:users"] });
    let old = vendor.post(&tokens, &new).await;
    let path = format!("{tokens}/{}", old.text("id"));
    let rotated = vendor.post(&format!("{path}/rotate"), &json!({})).await;
    rotated.is(201);
    assert_eq!(rotated.body["replaces"], old.body["id"]);
    assert_eq!(
        (&rotated.body["label"], &rotated.body["scopes"]),
        (&new["label"], &new["scopes"])
    );
    let predecessor = vendor.scim(&old.text("token"));
    assert_eq!(predecessor.get("/Users").await.status, 200);
    assert_eq!(vendor.get(&path).await.body["expiresAt"], Value::Null);

    let successor = vendor.scim(&rotated.text("token"));
    assert_eq!(successor.get("/Users").await.status, 200);
    let end = vendor.get(&path).await.text("expiresAt");
    assert!(end > rotated.text("created"), "a day later: {end}");
    assert_eq!(predecessor.get("/Users").await.status, 200, "until then");
}

#[tokio::test]
async fn a_successor_that_was_never_used_leaves_nobody_alive() {
    let vendor = Vendor::new();
    let tokens = format!("{}/tokens", vendor.connection("fabrikam").await);
    let first = vendor.post(&tokens, &json!({})).await;
    let rotate = async |id: &str| {
        let now = json!({ "retireAfter": 0 });
        vendor.post(&format!("{tokens}/{id}/rotate"), &now).await
    };
    let lost = rotate(&first.text("id")).await;
    let used = rotate(&lost.text("id")).await;
    let status = async |answer: &Answer| {
        let scim = vendor.scim(&answer.text("token"));
        scim.get("/Users").await.status
    };
    assert_eq!(status(&first).await, 200, "until the last is used");
    assert_eq!(status(&used).await, 200);
    assert_eq!((status(&lost).await, status(&first).await), (401, 401));
}

#[tokio::test]
async fn successors_that_were_never_used_are_few() {
    let vendor = Vendor::new();
    let tokens = format!("{}/tokens", vendor.connection("fabrikam").await);
    let mut id = vendor.post(&tokens, &json!({})).await.text("id");
    for _ in 0..8 {
        let rotated = vendor
            .post(&format!("{tokens}/{id}/rotate"), &json!({}))
            .await;
        rotated.is(201);
        id = rotated.text("id");
    }
    let beyond = vendor
        .post(&format!("{tokens}/{id}/rotate"), &json!({}))
        .await;
    beyond.refuses(409, "tooMany", "never used");
}

#[tokio::test]
async fn a_predecessor_need_not_be_waited_for() {
    let vendor = Vendor::new();
    let tokens = format!("{}/tokens", vendor.connection("fabrikam").await);
    let old = vendor.post(&tokens, &json!({})).await;
    let rotate = format!("{tokens}/{}/rotate", old.text("id"));
    for seconds in [-1, 30 * 86_400 + 1] {
        let refused = vendor
            .post(&rotate, &json!({ "retireAfter": seconds }))
            .await;
        refused.refuses(400, "invalid", "retireAfter");
    }
    let rotated = vendor.post(&rotate, &json!({ "retireAfter": 0 })).await;
    let predecessor = vendor.scim(&old.text("token"));
    assert_eq!(predecessor.get("/Users").await.status, 200);
    assert_eq!(
        vendor
            .scim(&rotated.text("token"))
            .get("/Users")
            .await
            .status,
        200
    );
    let refused = predecessor.get("/Users").await;
    assert_eq!(refused.status, 401);
    assert!(refused.text.contains("has expired"), "{refused:?}");
}
