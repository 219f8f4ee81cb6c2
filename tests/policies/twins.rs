//! Values that two resources may share, or may not.

use serde_json::{Value, json};

use crate::bed::{Bed, patch};

fn team(name: &str) -> Value {
    json!({ "displayName": name })
}

fn person(name: &str, external_id: &str) -> Value {
    json!({ "userName": name, "externalId": external_id })
}

fn path(endpoint: &str, made: &crate::bed::Answer) -> String {
    assert_eq!(made.status, 201, "{made:?}");
    format!("{endpoint}/{}", made.body["id"].as_str().unwrap())
}

#[tokio::test]
async fn two_groups_share_a_name_where_that_was_agreed() {
    let bed = Bed::new().await;
    let connection = bed.connect(json!({})).await;
    let customer = bed.token(&connection, None).await;
    let first = path("/Groups", &customer.post("/Groups", &team("Team")).await);
    let taken = customer
        .refused("POST", "/Groups", Some(&team("TEAM")))
        .await;
    assert_eq!(taken.0, 409);
    bed.agree(&connection, json!({ "displayNameTwins": true }))
        .await;
    let second = path("/Groups", &customer.post("/Groups", &team("TEAM")).await);
    let third = path("/Groups", &customer.post("/Groups", &team("Other")).await);
    let renamed = customer.set(&third, "displayName", json!("team")).await;
    assert_eq!(renamed.status, 204, "{renamed:?}");
    let same = "displayName eq \"team\"";
    assert_eq!(customer.found("/Groups", same).await, 3);
    let nameless = customer.post("/Groups", &team("\u{200b}")).await;
    assert_ne!(nameless.status, 500);
    assert_eq!(customer.delete(&first).await.status, 204);
    assert_eq!(customer.found("/Groups", same).await, 2);
    // The single slot is free, and twins of old hold the name beside it.
    bed.agree(&connection, json!({})).await;
    for (method, at, body) in [
        ("POST", "/Groups", team("tEAM")),
        ("PUT", "/Groups", team("tEAM")),
        ("PATCH", "/Groups", patch("displayName", json!("tEAM"))),
    ] {
        let other = customer.found("/Groups", "displayName eq \"Fourth\"").await;
        let fourth = if other == 0 {
            path("/Groups", &customer.post("/Groups", &team("Fourth")).await)
        } else {
            let list = customer.get("/Groups").await.body["Resources"].clone();
            let named = |group: &&Value| group["displayName"] == "Fourth";
            let id = list.as_array().unwrap().iter().find(named).unwrap()["id"].clone();
            format!("/Groups/{}", id.as_str().unwrap())
        };
        let at = if method == "POST" {
            at
        } else {
            fourth.as_str()
        };
        let (status, detail) = customer.refused(method, at, Some(&body)).await;
        assert_eq!(status, 409, "{method}: {detail}");
    }
    // Old twins stay, and can be changed in all else.
    let change = customer.set(&second, "externalId", json!("x")).await;
    assert_eq!(change.status, 204, "{change:?}");
    assert_eq!(
        customer
            .set(&second, "displayName", json!("Solo"))
            .await
            .status,
        204
    );
    assert_eq!(
        customer
            .set(&third, "displayName", json!("Team two"))
            .await
            .status,
        204
    );
    assert_eq!(customer.found("/Groups", same).await, 0);
    path("/Groups", &customer.post("/Groups", &team("Team")).await);
    assert_eq!(bed.findings().await, Vec::<String>::new());
}

#[tokio::test]
async fn an_external_id_is_shared_unless_agreed_otherwise() {
    let bed = Bed::new().await;
    let (free, bound) = (
        bed.customer(json!({})).await,
        bed.customer(json!({ "uniqueExternalId": true })).await,
    );
    let ada = path("/Users", &free.post("/Users", &person("ada", "x1")).await);
    let alone = bound
        .refused("POST", "/Users", Some(&person("bea", "x1")))
        .await;
    assert_eq!(alone.0, 409);
    let mei = path("/Users", &free.post("/Users", &person("mei", "x1")).await);
    assert_eq!(bound.found("/Users", "externalId eq \"x1\"").await, 2);
    // Only the twin is left, beside a free slot.
    assert_eq!(free.delete(&ada).await.status, 204);
    let bea = path("/Users", &bound.post("/Users", &person("bea", "x2")).await);
    for (method, at, body) in [
        ("POST", "/Users", person("cy", "x1")),
        ("PATCH", bea.as_str(), patch("externalId", json!("x1"))),
        ("PUT", bea.as_str(), person("bea", "x1")),
    ] {
        let (status, detail) = bound.refused(method, at, Some(&body)).await;
        assert_eq!(status, 409, "{method}");
        assert!(
            detail.starts_with("externalId is already taken by"),
            "{detail}"
        );
    }
    // Who has the value keeps it, and it is exact.
    assert_eq!(bound.set(&mei, "title", json!("Lead")).await.status, 200);
    assert_eq!(bound.put(&mei, &person("mei", "x1")).await.status, 200);
    path("/Users", &bound.post("/Users", &person("dan", "X1")).await);
    path(
        "/Groups",
        &bound
            .post(
                "/Groups",
                &json!({ "displayName": "G", "externalId": "x1" }),
            )
            .await,
    );
    let twice = json!({ "displayName": "H", "externalId": "x1" });
    assert_eq!(bound.refused("POST", "/Groups", Some(&twice)).await.0, 409);
    assert_eq!(free.post("/Users", &person("eve", "x1")).await.status, 201);
    assert_eq!(bed.findings().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_user_name_is_never_shared() {
    let bed = Bed::new().await;
    let twins = json!({ "displayNameTwins": true, "uniqueExternalId": false });
    let customer = bed.customer(twins).await;
    customer.user("ada").await;
    let again = person("ADA@fabrikam.example", "x");
    assert_eq!(
        customer.refused("POST", "/Users", Some(&again)).await.0,
        409
    );
}

#[tokio::test]
async fn the_first_twin_may_be_the_first_to_hold_a_group() {
    let bed = Bed::new().await;
    let customer = bed.customer(json!({ "displayNameTwins": true })).await;
    let inner = customer.group("Inner").await;
    customer.group("Outer").await;
    let id = inner.rsplit('/').next().unwrap();
    let outer = json!({ "displayName": "Outer", "members": [{ "value": id }] });
    let made = customer.post("/Groups", &outer).await;
    path("/Groups", &made);
    assert_eq!(
        customer.found("/Groups", "displayName eq \"outer\"").await,
        2
    );
    let config = bed.config().await;
    for flag in ["nested", "twd"] {
        assert!(config.attrs.contains_key(flag), "{flag}");
    }
    assert_eq!(bed.findings().await, Vec::<String>::new());
}
