//! Tenants from their creation to their end.

use serde_json::{Value, json};

use crate::Vendor;

#[tokio::test]
async fn a_tenant_is_created_once_and_found_by_name_and_id() {
    let vendor = Vendor::new();
    let new = json!({
        "name": "Fabrikam",
        "displayName": "Fabrikam Rail",
        "provider": "okta",
        "tokenExpiryDefault": 3_600,
        "tokenExpiryMaximum": 7_200,
    });
    let made = vendor.post("/tenants", &new).await;
    made.is(201);
    for (name, value) in new.as_object().expect("an object") {
        assert_eq!(made.body[name], *value, "{name}");
    }
    assert_eq!(made.body["state"], "active");
    let again = json!({ "name": "fabrikam" });
    let twice = vendor.post("/tenants", &again).await;
    twice.refuses(409, "conflict", "exists already");
    for named in ["fabrikam", "FABRIKAM", &made.text("id")] {
        let shown = vendor.get(&format!("/tenants/{named}")).await;
        shown.is(200);
        assert_eq!(shown.body, made.body, "{named}");
    }
    let nobody = vendor.get("/tenants/nobody").await;
    nobody.refuses(404, "notFound", "tenant");
}

#[tokio::test]
async fn a_tenants_id_is_nobody_elses_name() {
    let vendor = Vendor::new();
    let victim = vendor.post("/tenants", &json!({ "name": "victim" })).await;
    let id = victim.text("id");
    for name in [id.clone(), id.to_uppercase()] {
        let taken = vendor.post("/tenants", &json!({ "name": name })).await;
        taken.refuses(409, "conflict", "id of another tenant");
    }
    assert_eq!(
        vendor.get(&format!("/tenants/{id}")).await.body,
        victim.body
    );
    // Ten letters that are nobody's id are a name like any other.
    let ten = vendor.tenant("fabrikamco").await;
    assert_eq!(vendor.get(&ten).await.text("name"), "fabrikamco");
}

#[tokio::test]
async fn a_tenant_that_cannot_be_is_not_created() {
    let vendor = Vendor::new();
    for (member, value, named) in [
        ("name", json!("-fabrikam"), "name"),
        ("name", json!("f".repeat(64)), "name"),
        ("name", json!(7), "name: expected a string"),
        ("name", Value::Null, "name"),
        ("displayName", json!("x".repeat(101)), "displayName"),
        ("displayName", json!("two\nlines"), "displayName"),
        ("provider", json!("ping"), "provider: expected one of"),
        ("tokenExpiryDefault", json!(899), "tokenExpiryDefault"),
        (
            "tokenExpiryMaximum",
            json!(10 * 366 * 86_400 + 1),
            "Maximum",
        ),
        ("tokenExpiryMaximum", json!("900"), "a whole number"),
        ("plan", json!("gold"), "plan: there is no such member"),
    ] {
        let mut new = json!({ "name": "fabrikam" });
        new[member] = value;
        let made = vendor.post("/tenants", &new).await;
        made.refuses(400, "invalid", named);
        assert!(!made.text("detail").contains("gold"), "{made:?}");
    }
    let crossed =
        json!({ "name": "fabrikam", "tokenExpiryDefault": 901, "tokenExpiryMaximum": 900 });
    let crossed = vendor.post("/tenants", &crossed).await;
    crossed.refuses(400, "invalid", "tokenExpiryDefault");
    vendor.get("/tenants/fabrikam").await.is(404);
    let longest = json!({ "name": "f".repeat(63), "displayName": "x".repeat(100), "tokenExpiryDefault": 900, "tokenExpiryMaximum": 900 });
    vendor.post("/tenants", &longest).await.is(201);
}

#[tokio::test]
async fn tenants_are_listed_a_page_at_a_time() {
    let vendor = Vendor::new();
    for number in 0..4 {
        vendor.tenant(&format!("tenant{number}")).await;
    }
    let whole = vendor.get("/tenants").await;
    assert_eq!(whole.items().len(), 5, "with the first start's own");
    assert_eq!(whole.body["next"], Value::Null);
    let (mut seen, mut after) = (vec![], String::new());
    loop {
        let page = vendor.get(&format!("/tenants?limit=2{after}")).await;
        assert!(page.items().len() <= 2);
        seen.extend(page.items().iter().cloned());
        let Some(next) = page.body["next"].as_str() else {
            break;
        };
        after = format!("&after={next}");
    }
    assert_eq!(seen, whole.items());
    for (query, named) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=ten", "limit"),
        ("limit=1&limit=1", "limit"),
        ("after=x", "after"),
        ("page=2", "query"),
    ] {
        let refused = vendor.get(&format!("/tenants?{query}")).await;
        refused.refuses(400, "invalid", named);
    }
    vendor.get("/tenants?limit=1000").await.is(200);
}

#[tokio::test]
async fn a_change_says_what_is_other_and_null_clears() {
    let vendor = Vendor::new();
    let path = vendor.tenant("fabrikam").await;
    let change = json!({ "displayName": "Fabrikam Rail", "provider": "entra", "tokenExpiryDefault": 900, "tokenExpiryMaximum": 3_600 });
    vendor.patch(&path, &change).await.is(200);
    let changed = vendor
        .patch(&path, &json!({ "tokenExpiryDefault": 1_800 }))
        .await;
    let of = |name: &str| &changed.body[name];
    assert_eq!(
        (of("tokenExpiryDefault"), of("tokenExpiryMaximum")),
        (&json!(1_800), &json!(3_600))
    );
    assert_eq!(
        (of("displayName"), of("provider")),
        (&json!("Fabrikam Rail"), &json!("entra"))
    );
    let cleared = json!({ "displayName": null, "provider": null, "tokenExpiryDefault": null, "tokenExpiryMaximum": null });
    let cleared = vendor.patch(&path, &cleared).await;
    let of = |name: &str| &cleared.body[name];
    assert_eq!(
        (of("displayName"), of("provider")),
        (&json!("fabrikam"), &Value::Null)
    );
    assert_eq!(
        (of("tokenExpiryDefault"), of("tokenExpiryMaximum")),
        (&Value::Null, &Value::Null)
    );
    for (change, named) in [
        (json!({ "state": "erased" }), "state"),
        (json!({ "state": null }), "state"),
        (json!({ "name": "other" }), "name: there is no such member"),
        (json!({ "displayName": " " }), "displayName"),
        (json!([]), "body"),
    ] {
        let refused = vendor.patch(&path, &change).await;
        refused.refuses(400, "invalid", named);
    }
}

#[tokio::test]
async fn a_suspended_tenant_is_refused_until_it_is_active_again() {
    let vendor = Vendor::new();
    let connection = vendor.connection("fabrikam").await;
    let made = vendor
        .post(&format!("{connection}/tokens"), &json!({}))
        .await;
    let scim = vendor.scim(&made.text("token"));
    assert_eq!(scim.get("/Users").await.status, 200);

    let suspended = vendor
        .patch("/tenants/fabrikam", &json!({ "state": "suspended" }))
        .await;
    assert_eq!(suspended.text("state"), "suspended");
    let refused = scim.get("/Users").await;
    assert_eq!(refused.status, 403, "a SCIM Error: {refused:?}");
    assert!(refused.text.contains("suspended"), "{refused:?}");
    vendor.get(&connection).await.is(200);

    vendor
        .patch("/tenants/fabrikam", &json!({ "state": "active" }))
        .await
        .is(200);
    assert_eq!(scim.get("/Users").await.status, 200);
}

#[tokio::test]
async fn an_erased_tenant_is_gone_and_takes_nothing_more() {
    let vendor = Vendor::new();
    let connection = vendor.connection("fabrikam").await;
    let made = vendor
        .post(&format!("{connection}/tokens"), &json!({}))
        .await;
    let scim = vendor.scim(&made.text("token"));
    assert_eq!(scim.get("/Users").await.status, 200);

    let id = vendor.get("/tenants/fabrikam").await.text("id");
    let begun = vendor.delete("/tenants/fabrikam").await;
    begun.is(202);
    assert_eq!(begun.text("state"), "erasing");
    let path = format!("/tenants/{id}");
    vendor.delete(&path).await.is(202);
    assert_eq!(scim.get("/Users").await.status, 410);
    for (method, path) in [
        ("POST", format!("{path}/connections")),
        ("POST", format!("{connection}/tokens")),
        ("PATCH", path.clone()),
        ("POST", format!("{path}/schemas")),
    ] {
        let refused = vendor.call(method, &path, Some(&json!({}))).await;
        // By the time of a later call the job may have taken the connection, or the name.
        assert!(matches!(refused.status, 404 | 409), "{path}: {refused:?}");
    }
    let shown = vendor.get(&path).await;
    assert!(shown.status == 404 || shown.text("state").starts_with("eras"));
}
