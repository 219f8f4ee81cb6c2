//! A refusal is told to the tenant whose credential was refused, as far as that is proven, and never floods.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use serverless_scim::store::{NewToken, REFUSALS_PER_SECOND, Scope, TenantChange};

use crate::desk::{Desk, other_connection, send};

const MARK: &str = "zqmark";
const NOBODY: &str = "00000000-0000-8000-8000-000000000007";

/// Method, route, status, error and resource of each refusal.
async fn refused(desk: &Desk) -> Value {
    let log = desk.log().await.into_iter();
    let refused = log.filter(|entry| entry["operation"] == "refused");
    let told = ["method", "route", "status", "error", "resourceId"];
    refused
        .map(|entry| told.map(|name| entry[name].clone()).into_iter().collect())
        .collect::<Vec<Value>>()
        .into()
}

#[tokio::test]
async fn every_write_that_is_refused_is_told_without_a_word_of_the_clients() {
    let desk = Desk::new().await;
    desk.user(MARK).await;
    let (_, request, _) = desk
        .send("POST", "/Users", json!({ "userName": MARK }))
        .await;
    let path = format!("/Users/{NOBODY}");
    desk.send("PUT", &path, json!({ "userName": MARK, "active": "False" }))
        .await;
    desk.send("DELETE", &format!("/Users/{MARK}"), Value::Null)
        .await;
    desk.send("POST", &format!("/{MARK}"), Value::Null).await;
    desk.send(MARK, "/Groups", Value::Null).await;
    let change = json!([{ "op": "replace", "path": MARK, "value": MARK }]);
    desk.patch(&format!("{path}?attributes={MARK}"), change)
        .await;
    let expected = json!([
        ["POST", "/Users", 409, "uniqueness", null],
        ["PUT", "/Users/{id}", 404, "notFound", NOBODY],
        ["DELETE", "/Users/{id}", 404, "notFound", null],
        ["POST", "unknown", 404, "notFound", null],
        ["other", "/Groups", 405, "methodNotAllowed", null],
        ["PATCH", "/Users/{id}", 400, "invalidPath", NOBODY],
    ]);
    assert_eq!(refused(&desk).await, expected);
    let items = desk.items("E").await;
    assert!(!format!("{items:?}").to_lowercase().contains(MARK));
    let log = desk.log().await;
    assert_eq!(log[1]["requestId"], json!(request));
    assert_eq!(log[1]["connection"], json!(desk.connection));
    assert!(log[1]["credential"].as_str().unwrap().starts_with("K-"));
    assert_eq!(log[2]["quirks"], json!(["E-03"]));
}

#[tokio::test]
async fn of_reads_only_what_a_setting_refuses_is_told() {
    let desk = Desk::new().await;
    desk.send("GET", &format!("/Users/{NOBODY}"), Value::Null)
        .await;
    desk.send("GET", "/Users?filter=no", Value::Null).await;
    desk.send("POST", "/Users/.search", json!({ "filter": "no" }))
        .await;
    assert_eq!(refused(&desk).await, json!([]));
    let suspended = TenantChange {
        suspended: Some(true),
        ..TenantChange::default()
    };
    desk.store
        .change_tenant(&desk.tenant, &suspended)
        .await
        .unwrap();
    let (status, ..) = desk.send("GET", "/Users", Value::Null).await;
    assert_eq!(status, 403);
    let expected = json!([["GET", "/Users", 403, "suspended", null]]);
    assert_eq!(refused(&desk).await, expected);
}

#[tokio::test]
async fn a_token_out_of_scope_has_a_code_of_its_own() {
    let desk = Desk::new().await;
    let new = NewToken {
        scopes: Some("get:groups".parse::<Scope>().into_iter().collect()),
        ..NewToken::default()
    };
    let made = desk
        .store
        .create_token(&desk.tenant, &desk.connection, &new);
    let (token, _) = made.await.unwrap();
    send(&desk.app, token.reveal(), "GET", "/Users", Value::Null).await;
    let expected = json!([["GET", "/Users", 403, "scope", null]]);
    assert_eq!(refused(&desk).await, expected);
}

#[tokio::test]
async fn a_token_that_ended_is_told_and_one_that_never_was_is_not() {
    let desk = Desk::new().await;
    let new = NewToken {
        expires_in: Some(900),
        ..NewToken::default()
    };
    let (expiring, shown) = desk
        .store
        .create_token(&desk.tenant, &desk.connection, &new)
        .await
        .unwrap();
    let (revoked, gone) = desk
        .store
        .create_token(&desk.tenant, &desk.connection, &new)
        .await
        .unwrap();
    desk.store
        .revoke_token(&desk.tenant, &desk.connection, &gone.id)
        .await
        .unwrap();
    desk.host.advance(900_000);
    for token in [expiring.reveal(), revoked.reveal()] {
        // The second answer comes from memory.
        for _ in 0..2 {
            desk.host.advance(1);
            let (status, ..) = send(&desk.app, token, "GET", "/Users", Value::Null).await;
            assert_eq!(status, 401);
        }
    }
    let log = desk.log().await;
    let who: Vec<&Value> = log.iter().map(|entry| &entry["credential"]).collect();
    assert_eq!(who, [&shown.id, &shown.id, &gone.id, &gone.id]);
    let codes: Vec<&Value> = log.iter().map(|entry| &entry["error"]).collect();
    let [expired, revoked] = ["tokenExpired", "tokenRevoked"];
    assert_eq!(codes, [expired, expired, revoked, revoked]);

    // One that is spelled right and names the tenant, made in another table.
    let other = Desk::new().await;
    let mut strange = None;
    for _ in 0..5 {
        let made = other
            .store
            .create_token(&other.tenant, &other.connection, &new);
        strange = Some(made.await.unwrap().0);
    }
    let strange = strange.unwrap();
    assert_eq!(strange.tenant(), &desk.tenant);
    for token in [strange.reveal(), MARK, ""] {
        let path = format!("/Users/{NOBODY}");
        let (status, ..) = send(&desk.app, token, "DELETE", &path, Value::Null).await;
        assert_eq!(status, 401);
    }
    assert_eq!(desk.log().await.len(), 4);
}

#[tokio::test]
async fn a_token_at_another_tenants_url_is_told_to_its_own_tenant() {
    let desk = Desk::new().await;
    let other = desk.store.create_tenant("contoso").await.unwrap();
    for tenant in ["contoso", "nobody"] {
        let path = format!("/t/{tenant}/scim/v2/Users");
        let (status, ..) = desk.send("GET", &path, Value::Null).await;
        assert_eq!(status, 401);
    }
    let route = "/t/{tenant}/Users";
    let one = json!(["GET", route, 401, "wrongTenant", null]);
    assert_eq!(refused(&desk).await, json!([one, one]));
    assert_eq!(desk.log_of(&other).await, Vec::<Value>::new());
}

#[tokio::test]
async fn operations_of_a_bulk_request_are_told_one_by_one() {
    let desk = Desk::new().await;
    let operations = json!([
        { "method": "POST", "path": "/Users", "bulkId": "a", "data": { "userName": "ada" } },
        { "method": "POST", "path": "/Users", "bulkId": "b", "data": {} },
        { "method": "DELETE", "path": format!("/Users/{NOBODY}") },
        { "method": "PATCH", "path": "/Users/bulkId:none", "data": {} },
    ]);
    let (status, ..) = desk
        .send("POST", "/Bulk", json!({ "Operations": operations }))
        .await;
    assert_eq!(status, 200);
    let mut told = refused(&desk).await.as_array().unwrap().clone();
    told.sort_by_key(ToString::to_string);
    let expected = json!([
        ["DELETE", "/Users/{id}", 404, "notFound", NOBODY],
        ["POST", "/Bulk", 400, "invalidValue", null],
        ["POST", "/Users", 400, "invalidValue", null],
    ]);
    assert_eq!(Value::from(told), expected);
}

#[tokio::test]
async fn a_flood_is_cut_off_for_its_connection_alone() {
    let desk = Desk::new().await;
    let most = REFUSALS_PER_SECOND as usize;
    let flood = async || {
        for _ in 0..most + 5 {
            let (status, ..) = desk.send("POST", "/Users", json!({})).await;
            assert_eq!(status, 400);
        }
    };
    flood().await;
    assert_eq!(desk.items("E").await.len(), most);
    desk.host.advance(1_000);
    flood().await;
    assert_eq!(desk.items("E").await.len(), 2 * most);

    let second = desk
        .store
        .create_connection(&desk.tenant, &other_connection())
        .await
        .unwrap();
    let (token, _) = desk
        .store
        .create_token(&desk.tenant, &second.id, &NewToken::default())
        .await
        .unwrap();
    send(&desk.app, token.reveal(), "POST", "/Users", json!({})).await;
    assert_eq!(desk.items("E").await.len(), 2 * most + 1);
}

#[tokio::test]
async fn our_own_failure_is_told_and_what_cannot_be_told_changes_no_answer() {
    let desk = Desk::new().await;
    desk.user("ada").await;
    desk.table.loses_transactions.store(true, Ordering::SeqCst);
    let (status, ..) = desk
        .send("POST", "/Users", json!({ "userName": "mei" }))
        .await;
    assert_eq!(status, 503);
    let expected = json!([["POST", "/Users", 503, "unavailable", null]]);
    assert_eq!(refused(&desk).await, expected);
    desk.table.loses_transactions.store(false, Ordering::SeqCst);
    desk.table.loses_writes.store(true, Ordering::SeqCst);
    let (status, ..) = desk
        .send("POST", "/Users", json!({ "userName": "ada" }))
        .await;
    assert_eq!(status, 409);
    assert_eq!(refused(&desk).await, expected);
}
