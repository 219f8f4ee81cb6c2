//! Users whose records the vendor keeps when the client deletes them.

use serde_json::{Value, json};
use serverless_scim::store::{DOCUMENT_MAX, Id, StoreError};

use crate::bed::{Bed, user};

fn id(path: &str) -> Id {
    Id::parse(path.rsplit('/').next().unwrap()).unwrap()
}

#[tokio::test]
async fn scim_knows_nothing_of_a_kept_user_and_the_vendor_does() {
    let bed = Bed::new().await;
    let keeps = bed.customer(json!({ "onDelete": "keep" })).await;
    let mut ada = user("ada");
    ada["externalId"] = json!("x1");
    ada["emails"] = json!([{ "type": "work", "value": "ada@fabrikam.example" }]);
    let made = keeps.post("/Users", &ada).await;
    let path = format!("/Users/{}", made.body["id"].as_str().unwrap());
    let team = keeps.group("Team").await;
    let add = json!([{ "value": id(&path).to_string() }]);
    keeps.set(&team, "members", add).await;
    bed.host.advance(5_000);
    assert_eq!(keeps.delete(&path).await.status, 204);
    assert_eq!(keeps.get(&path).await.status, 404);
    assert_eq!(keeps.delete(&path).await.status, 404);
    assert_eq!(keeps.set(&path, "title", json!("x")).await.status, 404);
    for filter in [
        "userName eq \"ada@fabrikam.example\"",
        "userName sw \"ada\"",
        "externalId eq \"x1\"",
        "emails.value eq \"ada@fabrikam.example\"",
        "active eq false",
    ] {
        assert_eq!(keeps.found("/Users", filter).await, 0, "{filter}");
    }
    assert_eq!(keeps.get(&team).await.body.get("members"), None);
    let kept = bed.store.kept_user(&bed.tenant, id(&path)).await.unwrap();
    assert_eq!(kept.document["active"], false);
    assert_eq!(kept.document["emails"], ada["emails"]);
    assert_eq!((kept.version, kept.deleted - kept.created), (2, 5_000));
    assert!(kept.actor.starts_with("K-"), "{}", kept.actor);
    let again = keeps.post("/Users", &ada).await;
    assert_eq!(again.status, 201, "the names are free");
    assert_ne!(again.body["id"], made.body["id"]);
    assert_eq!(bed.findings().await, Vec::<String>::new());
    let removed = bed.store.delete_kept(&bed.tenant, id(&path)).await;
    removed.unwrap();
    let twice = bed.store.delete_kept(&bed.tenant, id(&path)).await;
    assert!(matches!(twice, Err(StoreError::NotFound)));
    let none = bed.store.kept_user(&bed.tenant, id(&path)).await;
    assert!(matches!(none, Err(StoreError::NotFound)));
}

#[tokio::test]
async fn kept_users_come_page_by_page() {
    let bed = Bed::new().await;
    let keeps = bed.customer(json!({ "onDelete": "keep" })).await;
    let mut deleted = vec![];
    for number in 0..5 {
        deleted.push(keeps.user(&format!("u{number}")).await);
    }
    keeps.user("stays").await;
    let operations: Vec<Value> = deleted
        .iter()
        .map(|path| json!({ "method": "DELETE", "path": path }))
        .collect();
    for result in keeps.bulk(&operations).await {
        assert_eq!(result["status"], "204");
    }
    let (mut found, mut after, mut pages) = (vec![], None, 0);
    loop {
        let page = bed.store.kept_users(&bed.tenant, after, 2).await.unwrap();
        found.extend(page.0.iter().map(|kept| kept.id));
        pages += 1;
        after = page.1;
        if after.is_none() {
            break;
        }
    }
    let mut expected: Vec<Id> = deleted.iter().map(|path| id(path)).collect();
    expected.sort();
    assert_eq!((found, pages), (expected, 3));
}

#[tokio::test]
async fn groups_are_not_kept_nor_users_of_others() {
    let bed = Bed::new().await;
    let keeps = bed.customer(json!({ "onDelete": "keep" })).await;
    let removes = bed.customer(json!({})).await;
    let (team, ada) = (keeps.group("Team").await, removes.user("ada").await);
    assert_eq!(keeps.delete(&team).await.status, 204);
    assert_eq!(removes.delete(&ada).await.status, 204);
    assert_eq!(bed.items("Z").await, vec![]);
}

#[tokio::test]
async fn the_largest_user_is_kept_too() {
    let bed = Bed::new().await;
    let keeps = bed.customer(json!({ "onDelete": "keep" })).await;
    let mut ada = user("ada");
    ada["active"] = json!(true);
    ada["title"] = json!("");
    let rest = ada.to_string().len();
    ada["title"] = json!("x".repeat(DOCUMENT_MAX - rest));
    let made = keeps.post("/Users", &ada).await;
    assert_eq!(made.status, 201, "{made:?}");
    let path = format!("/Users/{}", made.body["id"].as_str().unwrap());
    assert_eq!(keeps.delete(&path).await.status, 204);
    let kept = bed.store.kept_user(&bed.tenant, id(&path)).await.unwrap();
    assert_eq!(kept.document["active"], false);
}
