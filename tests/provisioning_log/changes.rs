//! Every change is one entry, in words of ours.

use serde_json::{Value, json};
use serverless_scim::store::Host as _;
use serverless_scim::table::Attr;

use crate::desk::Desk;

/// Takes the members that every entry of the desk's has, and returns the rest.
#[track_caller]
fn rest(desk: &Desk, entry: &Value, request: &str) -> Value {
    let mut entry = entry.clone();
    let members = entry.as_object_mut().unwrap();
    let mut take = |name: &str| members.shift_remove(name).unwrap();
    assert_eq!(take("connection"), json!(desk.connection));
    assert!(take("credential").as_str().unwrap().starts_with("K-"));
    assert_eq!(take("requestId"), json!(request));
    assert_eq!(take("id").as_str().unwrap().len(), 26);
    assert!(take("time").as_str().unwrap().starts_with("2026-09-21T"));
    entry
}

#[tokio::test]
async fn an_entry_tells_who_changed_what_and_how_it_was_answered() {
    let desk = Desk::new().await;
    let mark = "zqmark";
    let body = json!({ "userName": mark, "active": "True", "title": mark });
    let (_, created, user) = desk.send("POST", "/Users", body).await;
    let id = user["id"].as_str().unwrap();
    let path = format!("/Users/{id}");
    let operation = json!([{ "op": "Replace", "path": "title", "value": mark.to_uppercase() }]);
    let (_, patched, _) = desk.patch(&path, operation.clone()).await;
    desk.patch(&path, operation).await;
    let body = json!({ "userName": mark });
    let (_, replaced, _) = desk.send("PUT", &path, body).await;
    let (status, deleted, _) = desk.send("DELETE", &path, Value::Null).await;
    assert_eq!(status, 204);

    let log = desk.log().await;
    assert!(!format!("{log:?}").to_lowercase().contains(mark));
    let [first, second, third, fourth] = log.as_slice() else {
        panic!("what changes nothing is not told: {log:#?}")
    };
    let entry = |operation, version, status, changed: Value, quirks: Value| {
        json!({
            "operation": operation, "resourceType": "User", "resourceId": id, "version": version,
            "status": status, "changed": changed, "members": 0, "quirks": quirks,
        })
    };
    let names = json!(["active", "title", "userName"]);
    let expected = entry("created", 1, 201, names, json!(["E-03"]));
    assert_eq!(rest(&desk, first, &created), expected);
    let expected = entry("updated", 2, 200, json!(["title"]), json!(["E-01"]));
    assert_eq!(rest(&desk, second, &patched), expected);
    let expected = entry("updated", 3, 200, json!(["title"]), json!([]));
    assert_eq!(rest(&desk, third, &replaced), expected);
    let expected = entry("deleted", 4, 204, json!([]), json!([]));
    assert_eq!(rest(&desk, fourth, &deleted), expected);
}

#[tokio::test]
async fn a_quirk_met_while_a_change_is_applied_is_told_too() {
    let desk = Desk::new().await;
    let id = desk.user("ada").await;
    let operation = json!([{
        "op": "add", "path": "emails[type eq \"work\"].value", "value": "ada@fabrikam.example",
    }]);
    let (status, ..) = desk.patch(&format!("/Users/{id}"), operation).await;
    assert_eq!(status, 200);
    assert_eq!(desk.log().await[1]["quirks"], json!(["E-04"]));
}

#[tokio::test]
async fn members_are_counted_and_a_big_change_is_one_entry() {
    let desk = Desk::new().await;
    let mut users = vec![];
    for name in ["ada", "mei", "osei", "bea", "kim"] {
        users.push(desk.user(name).await);
    }
    let team = desk.group("Team", &[&users[0]]).await;
    let all: Vec<Value> = users.iter().map(|id| json!({ "value": id })).collect();
    let add = |members: &[Value]| json!([{ "op": "add", "path": "members", "value": members }]);
    let path = format!("/Groups/{team}");
    desk.patch(&path, add(&all[1..2])).await;
    let (status, request, _) = desk.patch(&path, add(&all)).await;
    assert_eq!(status, 204);

    let log = desk.log().await;
    let told: Vec<(&Value, &Value, &Value, &Value)> = log[5..]
        .iter()
        .map(|entry| {
            let status = &entry["status"];
            (
                &entry["operation"],
                &entry["version"],
                &entry["members"],
                status,
            )
        })
        .collect();
    let told = serde_json::to_value(told).unwrap();
    let expected = json!([
        ["created", 1, 1, 201],
        ["members", 2, 1, 204],
        ["members", 3, 3, 204],
    ]);
    assert_eq!(told, expected);
    let parts = desk.items("X").await;
    let parts = parts.iter().filter(|item| item.attrs.contains_key("part"));
    let parts: Vec<_> = parts.collect();
    assert_eq!(parts.len(), 2, "three members in steps of two");
    for part in parts {
        assert_eq!(part.attrs["req"], Attr::S(request.clone()));
        assert_eq!(part.attrs["cid"], Attr::S(desk.connection.clone()));
        assert_eq!(part.attrs["v"], Attr::N(3));
    }
}

#[tokio::test]
async fn what_nobody_asked_for_names_no_connection() {
    let desk = Desk::new().await;
    let id = desk.user("ada").await;
    let team = desk.group("Team", &[&id]).await;
    // The deletion comes no further than its transaction; a tick takes the person out of the group.
    let user = desk
        .items(&format!("R#{}", id.replace('-', "").split_at(8).0))
        .await;
    desk.remove(user[0].key.clone()).await;
    desk.work(&format!("U#{}", id.replace('-', ""))).await;
    desk.host.advance(120_000);
    desk.store.tick(desk.host.now_ms() + 60_000).await.unwrap();
    let log = desk.log().await;
    let entry = log.last().unwrap();
    assert_eq!(entry["resourceId"], json!(team));
    assert_eq!(entry["operation"], "members");
    assert_eq!(entry["credential"], "tick");
    assert_eq!(
        (&entry["connection"], &entry["status"]),
        (&Value::Null, &Value::Null)
    );
}
