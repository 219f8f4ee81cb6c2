//! Several of the vendor's requests at once: none undoes another, and no limit is passed.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::Vendor;

#[tokio::test]
async fn two_changes_of_one_connection_are_both_there_afterwards() {
    let vendor = Vendor::new();
    let path = vendor.connection("fabrikam").await;
    for seats in 1..=20 {
        let keep = if seats % 2 == 0 { "keep" } else { "remove" };
        let limit = json!({ "policies": { "seatLimit": seats } });
        let kept = json!({ "policies": { "onDelete": keep } });
        let (one, other) = tokio::join!(vendor.patch(&path, &limit), vendor.patch(&path, &kept));
        one.is(200);
        other.is(200);
        let policies = &vendor.get(&path).await.body["policies"];
        let both = (&policies["seatLimit"], &policies["onDelete"]);
        assert_eq!(both, (&json!(seats), &json!(keep)));
    }
}

#[tokio::test]
async fn two_changes_of_one_tenants_rules_are_both_there_or_one_is_refused() {
    let vendor = Vendor::new();
    let path = vendor.tenant("fabrikam").await;
    for round in 0..20 {
        let cleared = json!({ "tokenExpiryDefault": null, "tokenExpiryMaximum": null });
        vendor.patch(&path, &cleared).await.is(200);
        let default = json!({ "tokenExpiryDefault": 3_600 + round });
        let maximum = json!({ "tokenExpiryMaximum": if round % 2 == 0 { 7_200 } else { 900 } });
        let (one, other) =
            tokio::join!(vendor.patch(&path, &default), vendor.patch(&path, &maximum));
        let rules = vendor.get(&path).await.body;
        let said = |answer: &crate::Answer, sent: &Value, name: &str| {
            let wanted = if answer.status == 200 {
                &sent[name]
            } else {
                &Value::Null
            };
            assert_eq!(rules[name], *wanted, "{answer:?}");
        };
        said(&one, &default, "tokenExpiryDefault");
        said(&other, &maximum, "tokenExpiryMaximum");
        let refused = [&one, &other]
            .iter()
            .filter(|answer| answer.status == 400)
            .count();
        assert_eq!(refused, round % 2, "{one:?} {other:?}");
    }
}

/// How many there are after so many requests at once for one more, each as good as any other.
async fn after(vendor: &Vendor, path: &str, requests: usize, new: &Value) -> usize {
    let answers = join_all((0..requests).map(|_| vendor.post(path, new))).await;
    let of = |status: u16| answers.iter().filter(|one| one.status == status).count();
    let told = of(201) + of(409) + of(429);
    assert_eq!(told, requests, "made, too many, or busy");
    let listed = vendor.get(&format!("{path}?limit=1000")).await;
    listed.items().len()
}

#[tokio::test]
async fn as_many_connections_as_there_can_be_and_not_one_more() {
    let vendor = Vendor::new();
    let connections = format!("{}/connections", vendor.tenant("fabrikam").await);
    let new = json!({ "name": "Entra" });
    for _ in 0..45 {
        vendor.post(&connections, &new).await.is(201);
    }
    assert!(after(&vendor, &connections, 30, &new).await <= 50);
    while vendor.post(&connections, &new).await.status == 201 {}
    let beyond = vendor.post(&connections, &new).await;
    beyond.refuses(409, "tooMany", "50");
    assert_eq!(vendor.get(&connections).await.items().len(), 50);
}

#[tokio::test]
async fn as_many_clients_as_there_can_be_and_not_one_more() {
    let vendor = Vendor::new();
    let connection = vendor.connection("fabrikam").await;
    let clients = format!("{connection}/clients");
    let new = json!({ "label": "job", "method": "secret" });
    for _ in 0..15 {
        vendor.post(&clients, &new).await.is(201);
    }
    assert!(after(&vendor, &clients, 30, &new).await <= 20);
    while vendor.post(&clients, &new).await.status == 201 {}
    let beyond = vendor.post(&clients, &new).await;
    beyond.refuses(409, "tooMany", "20");
    assert_eq!(vendor.get(&clients).await.items().len(), 20);
    // What is taken away makes room.
    let first = vendor.get(&clients).await.items()[0]["clientId"].clone();
    let first = format!("{clients}/{}", first.as_str().expect("an id"));
    vendor.delete(&first).await.is(204);
    vendor.post(&clients, &new).await.is(201);
}
