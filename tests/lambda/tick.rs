//! The scheduled function: any event is one tick.

use serde_json::{Value, json};

use super::{Account, Function, answer, read};
use crate::support::dynamo::Dynamo;

/// Everything in the table whose keys hold these texts, as PK and SK.
fn keys(dynamo: &Dynamo, pk: &str, sk: &str) -> Vec<(String, String)> {
    let scan = serde_json::from_value(json!({ "TableName": "scim" })).expect("a request");
    let found = dynamo.database.scan(scan).expect("a scan");
    let found = serde_json::to_value(found).expect("JSON");
    let text = |item: &Value, name: &str| item[name]["S"].as_str().expect("a key").to_owned();
    found["Items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| (text(item, "PK"), text(item, "SK")))
        .filter(|key| key.0.contains(pk) && key.1.contains(sk))
        .collect()
}

/// A deletion whose function died behind its one transaction, long ago.
fn half_deleted(dynamo: &Dynamo, id: &str) {
    let documents = keys(dynamo, "#R#", id);
    let [(pk, sk)] = documents.as_slice() else {
        panic!("one document: {documents:?}")
    };
    let delete = json!({ "TableName": "scim", "Key": { "PK": { "S": pk }, "SK": { "S": sk } } });
    let delete = serde_json::from_value(delete).expect("a request");
    dynamo.database.delete_item(delete).expect("a delete");
    let tenant = pk.split("#R#").next().expect("a tenant");
    let row = json!({
        "PK": { "S": format!("{tenant}#D") },
        "SK": { "S": format!("U#{id}") },
        "since": { "N": "1790000000000" },
    });
    let put = json!({ "TableName": "scim", "Item": row });
    let put = serde_json::from_value(put).expect("a request");
    dynamo.database.put_item(put).expect("a put");
}

#[tokio::test]
async fn a_tick_removes_what_a_deleted_user_left() {
    let mut account = Account::new().await;
    for (name, file) in [
        ("user", "users/04-create.json"),
        ("group", "groups/02-create.json"),
    ] {
        let (_, made) = answer(&account.play(file).await);
        let id = made["id"].as_str().expect("an id").to_owned();
        account.names.insert(name.to_owned(), id);
    }
    let (status, _) = answer(&account.play("groups/03-add-member.json").await);
    assert_eq!(status, 204);
    let id = account.names["user"].replace('-', "");
    half_deleted(&account.dynamo, &id);
    let left = |dynamo: &Dynamo| {
        let edges = keys(dynamo, "#M#", &id).len() + keys(dynamo, &format!("#V#{id}"), "").len();
        (edges, keys(dynamo, "#D", "").len())
    };
    assert_eq!(left(&account.dynamo), (2, 1));

    let mut events = Function::start(env!("CARGO_BIN_EXE_events"), &account.dynamo).await;
    let tick = read("events/01-tick.json");
    let met = events.invoke(tick.clone()).await;
    assert_eq!(met, json!({ "tenants": 1, "withWork": 1, "failed": 0 }));
    assert_eq!(left(&account.dynamo), (0, 0));

    let met = events.invoke(tick).await;
    assert_eq!(met, json!({ "tenants": 1, "withWork": 0, "failed": 0 }));
    let met = events.invoke(json!({})).await;
    assert_eq!(met["tenants"], 1, "any event will do");
    let log = events.log();
    assert_eq!(log.lines().count(), 1, "only work is worth a line: {log}");
    assert!(!log.contains("fabrikam") && !log.contains("ada"), "{log}");
}
