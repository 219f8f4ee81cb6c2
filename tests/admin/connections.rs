//! Connections of a tenant, their policies, and what to paste where.

use serde_json::{Value, json};

use crate::Vendor;

#[tokio::test]
async fn a_connection_is_made_changed_and_deleted() {
    let vendor = Vendor::new();
    let tenant = vendor.tenant("fabrikam").await;
    let connections = format!("{tenant}/connections");
    let new = json!({
        "name": "Okta Workforce",
        "provider": "okta",
        "policies": { "seatLimit": 10, "onDelete": "keep" },
        "entraBearer": { "tenantId": "5d0f3c9e-2f52-4f0b-8f0e-7c1a5f6f0d11", "audience": "8adf8e6e-67b2-4cf2-a259-e3dc5476c621" },
    });
    let made = vendor.post(&connections, &new).await;
    made.is(201);
    assert_eq!(made.body["policies"]["seatLimit"], 10);
    assert_eq!(
        made.body["policies"]["unknownMembers"], "refuse",
        "the default"
    );
    assert_eq!(
        (&made.body["activeSince"], &made.body["lastUsed"]),
        (&Value::Null, &Value::Null)
    );
    let path = format!("{connections}/{}", made.text("id"));
    assert_eq!(vendor.get(&path).await.body, made.body);
    let named = vendor.get(&format!("{connections}/Okta%20Workforce")).await;
    assert_eq!(named.body, made.body);

    let change =
        json!({ "name": "Okta", "policies": { "seatLimit": null, "displayNameTwins": true } });
    let changed = vendor.patch(&path, &change).await;
    let policies = &changed.body["policies"];
    assert_eq!(
        (&policies["seatLimit"], &policies["onDelete"]),
        (&Value::Null, &json!("keep"))
    );
    assert_eq!(
        (&policies["displayNameTwins"], &changed.body["provider"]),
        (&json!(true), &json!("okta"))
    );
    assert_eq!(
        changed.body["entraBearer"], new["entraBearer"],
        "what is left out stays"
    );
    let cleared = vendor.patch(&path, &json!({ "entraBearer": null })).await;
    assert_eq!(cleared.body["entraBearer"], Value::Null);

    let token = vendor
        .post(&format!("{path}/tokens"), &json!({}))
        .await
        .text("token");
    assert_eq!(vendor.scim(&token).get("/Users").await.status, 200);
    vendor.delete(&path).await.is(204);
    vendor
        .delete(&path)
        .await
        .refuses(404, "notFound", "connection");
    assert_eq!(vendor.scim(&token).get("/Users").await.status, 401);
}

#[tokio::test]
async fn a_name_that_two_connections_have_is_no_name() {
    let vendor = Vendor::new();
    let tenant = vendor.tenant("fabrikam").await;
    let connections = format!("{tenant}/connections");
    let entra = json!({ "name": "Entra" });
    let made = vendor.post(&connections, &entra).await;
    assert_eq!(made.text("provider"), "entra", "where nothing is said");
    let okta = json!({ "provider": "okta" });
    vendor.patch(&tenant, &okta).await.is(200);
    let of_okta = vendor.post(&connections, &json!({ "name": "Next" })).await;
    assert_eq!(of_okta.text("provider"), "okta", "the tenant's");
    let path = format!("{connections}/{}", of_okta.text("id"));
    vendor.delete(&path).await.is(204);
    vendor.post(&connections, &entra).await.is(201);
    let which = vendor.get(&format!("{connections}/Entra")).await;
    which.refuses(409, "conflict", "by its id");
    let first = vendor.get(&format!("{connections}?limit=1")).await;
    let next = first.text("next");
    let second = vendor.get(&format!("{connections}?after={next}")).await;
    let ids: Vec<_> = [&first, &second]
        .map(|page| page.items()[0]["id"].clone())
        .into();
    let whole = vendor.get(&connections).await;
    let listed: Vec<_> = whole
        .items()
        .iter()
        .map(|item| item["id"].clone())
        .collect();
    assert_eq!(ids, listed);
    let elsewhere = vendor.get("/tenants/default/connections").await;
    assert_eq!(elsewhere.items().len(), 1);
    let foreign = format!(
        "{connections}/{}",
        elsewhere.items()[0]["id"].as_str().expect("an id")
    );
    vendor
        .get(&foreign)
        .await
        .refuses(404, "notFound", "connection");
}

#[tokio::test]
async fn what_no_connection_can_have_is_refused_and_nothing_made() {
    let vendor = Vendor::new();
    let tenant = vendor.tenant("fabrikam").await;
    let connections = format!("{tenant}/connections");
    let long = "x".repeat(257);
    for (member, value, named) in [
        ("name", json!(""), "name"),
        ("provider", json!("Entra"), "provider"),
        (
            "policies",
            json!({ "seats": 3 }),
            "policies.seats: there is no such member",
        ),
        ("policies", json!({ "seatLimit": 0 }), "seatLimit"),
        ("entraBearer", json!({ "tenantId": "x" }), "audience"),
        (
            "entraBearer",
            json!({ "tenantId": "x", "audience": long }),
            "entraBearer.audience",
        ),
        (
            "entraBearer",
            json!({ "tenantId": "", "audience": "x" }),
            "entraBearer.tenantId",
        ),
    ] {
        let mut new = json!({ "name": "Entra" });
        new[member] = value;
        let made = vendor.post(&connections, &new).await;
        made.refuses(400, "invalid", named);
    }
    assert!(vendor.get(&connections).await.items().is_empty());
    for number in 0..50 {
        let new = json!({ "name": format!("c{number}") });
        vendor.post(&connections, &new).await.is(201);
    }
    let beyond = vendor.post(&connections, &json!({ "name": "c50" })).await;
    beyond.refuses(409, "tooMany", "50");
}

#[tokio::test]
async fn policies_are_replaced_whole() {
    let vendor = Vendor::new();
    let path = format!("{}/policies", vendor.connection("fabrikam").await);
    let defaults = vendor.get(&path).await.body;
    let policies = json!({
        "requiredAttributes": ["emails[type eq \"work\"].value"],
        "seatLimit": 25,
        "displayNameTwins": true,
        "uniqueExternalId": true,
        "unknownMembers": "skip",
        "onDelete": "keep",
        "allowedVerbs": ["create:users", "update:users"],
        "requestsPerSecond": 10,
    });
    let put = vendor.call("PUT", &path, Some(&policies)).await;
    put.is(200);
    assert_eq!(put.body, policies);
    assert_eq!(vendor.get(&path).await.body, policies);
    for (bad, named) in [
        (json!({ "seatLimit": -1 }), "seatLimit"),
        (json!({ "seatLimit": 10_000_001 }), "seatLimit"),
        (json!({ "requestsPerSecond": 0 }), "requestsPerSecond"),
        (json!({ "requestsPerSecond": 1_001 }), "requestsPerSecond"),
        (json!({ "onDelete": "burn" }), "onDelete: expected"),
        (json!({ "allowedVerbs": ["read:users"] }), "allowedVerbs[0]"),
        (
            json!({ "requiredAttributes": vec!["userName"; 21] }),
            "requiredAttributes",
        ),
        (
            json!({ "requiredAttributes": [7] }),
            "requiredAttributes[0]",
        ),
    ] {
        let refused = vendor.call("PUT", &path, Some(&bad)).await;
        refused.refuses(400, "invalid", named);
    }
    assert_eq!(
        vendor.get(&path).await.body,
        policies,
        "nothing was written"
    );
    let put = vendor.call("PUT", &path, Some(&json!({}))).await;
    assert_eq!(put.body, defaults);
}

#[tokio::test]
async fn what_to_paste_has_this_deployments_own_values() {
    let vendor = Vendor::new();
    let tenant = vendor.tenant("fabrikam").await;
    let origin = vendor.url.strip_suffix("/admin/v1").expect("the base");
    for provider in ["entra", "okta", "onelogin", "jumpcloud", "other"] {
        let new = json!({ "name": provider, "provider": provider, "policies": { "requiredAttributes": ["title"] } });
        vendor
            .post(&format!("{tenant}/connections"), &new)
            .await
            .is(201);
        let path = format!("{tenant}/connections/{provider}");
        let setup = vendor.get(&format!("{path}/setup")).await;
        assert_eq!(setup.text("tenantUrl"), vendor.server.tenant_url);
        assert_eq!(
            setup.text("perTenantUrl"),
            format!("{origin}/t/fabrikam/scim/v2")
        );
        assert_eq!(
            setup.text("tokenEndpoint"),
            format!("{origin}/oauth2/token")
        );
        let steps = setup.body["steps"].as_array().expect("steps");
        let has = |text: &str| {
            steps
                .iter()
                .any(|step| step.as_str().is_some_and(|step| step.contains(text)))
        };
        for text in [
            vendor.server.tenant_url.as_str(),
            "scim_",
            "userName",
            "title",
        ] {
            assert!(has(text), "{provider} {text}: {steps:?}");
        }
        assert!(!has("POST"), "the customer reads it: {steps:?}");
        assert!(
            has("externalId") && has("emails") || provider == "other",
            "{steps:?}"
        );
    }
}

#[tokio::test]
async fn what_to_paste_names_the_clients_there_are() {
    let vendor = Vendor::new();
    let path = vendor.connection("fabrikam").await;
    let federation = json!({
        "issuer": "https://login.microsoftonline.com/5d0f3c9e-2f52-4f0b-8f0e-7c1a5f6f0d11/v2.0",
        "audiences": ["api://fabrikam-provisioning"],
        "subject": "1b1f8e3a-93ce-4b8e-a1b5-2f6d0e9c4477",
    });
    let mut ids = vec![];
    for method in [json!("secret"), json!({ "federation": federation })] {
        let new = json!({ "label": "Entra", "method": method });
        let made = vendor.post(&format!("{path}/clients"), &new).await;
        made.is(201);
        ids.push(made.text("clientId"));
    }
    let setup = vendor.get(&format!("{path}/setup")).await.body["steps"].to_string();
    let endpoint = vendor.url.replace("/admin/v1", "/oauth2/token");
    let of = |name: &str| federation[name].as_str().expect("text").to_owned();
    for text in [
        endpoint,
        of("issuer"),
        of("subject"),
        "api://fabrikam-provisioning".to_owned(),
    ] {
        assert!(setup.contains(&text), "{text}: {setup}");
    }
    assert!(ids.iter().all(|id| setup.contains(id)), "{setup}");
}

/// The steps that say how to authenticate.
async fn authentication(vendor: &Vendor, path: &str) -> Vec<String> {
    let setup = vendor.get(&format!("{path}/setup")).await;
    let steps = setup.body["steps"].as_array().expect("steps").iter();
    let steps = steps.map(|step| step.as_str().expect("text").to_owned());
    steps
        .filter(|step| step.contains("Authentication"))
        .collect()
}

#[tokio::test]
async fn the_ways_in_stand_in_one_step_and_a_secret_token_among_them_while_one_is_good() {
    let vendor = Vendor::new();
    let path = vendor.connection("fabrikam").await;
    let of_token = "Bearer authentication.";
    let none = authentication(&vendor, &path).await;
    assert!(none.len() == 1 && none[0].contains(of_token), "{none:?}");
    assert!(!none[0].contains("one of these"), "{none:?}");
    let new = json!({ "label": "Entra", "method": "secret" });
    vendor.post(&format!("{path}/clients"), &new).await.is(201);
    let client = authentication(&vendor, &path).await;
    assert!(
        client.len() == 1 && !client[0].contains(of_token),
        "{client:?}"
    );
    let token = vendor.post(&format!("{path}/tokens"), &json!({})).await;
    let both = authentication(&vendor, &path).await;
    assert_eq!(both.len(), 1, "{both:?}");
    for text in [
        "Authentication, one of these:\n",
        "\na) Authentication method: Bearer authentication.\n",
        "\nb) Authentication method: OAuth2 client credentials grant.\n",
    ] {
        assert!(both[0].contains(text), "{text}: {both:?}");
    }
    let token = format!("{path}/tokens/{}", token.text("id"));
    vendor.delete(&token).await.is(204);
    assert_eq!(authentication(&vendor, &path).await, client);
}
