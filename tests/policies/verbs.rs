//! A connection that may not make some kind of change does not make it, and its sync goes on.

use serde_json::{Value, json};

use crate::bed::{Bed, patch};

const ALL: [&str; 6] = [
    "create:users",
    "update:users",
    "delete:users",
    "create:groups",
    "update:groups",
    "delete:groups",
];

#[tokio::test]
async fn a_verb_that_is_not_allowed_is_refused_and_writes_nothing() {
    let bed = Bed::new().await;
    let free = bed.customer(json!({})).await;
    let (ada, team) = (free.user("ada").await, free.group("Team").await);
    for verb in ALL {
        let others: Vec<&str> = ALL.into_iter().filter(|other| *other != verb).collect();
        let bound = bed.customer(json!({ "allowedVerbs": others })).await;
        let (does, whom) = verb.split_once(':').unwrap();
        let (endpoint, path, name) = match whom {
            "users" => ("/Users", ada.as_str(), "userName"),
            _ => ("/Groups", team.as_str(), "displayName"),
        };
        let body = json!({ name: "another" });
        let requests: &[(&str, &str, Option<Value>)] = &match does {
            "create" => vec![("POST", endpoint, Some(body))],
            "update" => vec![
                ("PUT", path, Some(body)),
                ("PATCH", path, Some(patch("displayName", json!("x")))),
            ],
            _ => vec![("DELETE", path, None)],
        };
        let before = bed.table_size().await;
        for (method, path, body) in requests {
            let (status, detail) = bound.refused(method, path, body.as_ref()).await;
            assert_eq!(status, 400, "{verb} {method}");
            let action = format!("{}{}", does[..1].to_uppercase(), &does[1..]);
            assert_eq!(
                detail,
                format!(
                    "this connection does not {does} {whom}; switch {action} off under Target Object Actions in the mapping of {whom}"
                )
            );
        }
        assert_eq!(bed.table_size().await, before, "{verb}");
        let version = &bound.get(path).await.body["meta"]["version"];
        assert_eq!(version, "W/\"1\"", "{verb}");
        // Test Connection, and what a sync reads.
        assert_eq!(bound.found("/Users", "userName eq \"61c3b8f0\"").await, 0);
        assert_eq!(bound.get(path).await.status, 200);
        assert_eq!(bound.get("/Groups").await.status, 200);
        assert_eq!(bound.post("/.search", &json!({})).await.status, 200);
    }
}

#[tokio::test]
async fn what_is_allowed_goes_on() {
    let bed = Bed::new().await;
    let verbs = ["create:users", "update:users"];
    let bound = bed.customer(json!({ "allowedVerbs": verbs })).await;
    let ada = bound.user("ada").await;
    let switched = bound.set(&ada, "active", json!(false)).await;
    assert_eq!(switched.status, 200);
    assert_eq!(bound.delete(&ada).await.status, 400);
    assert_eq!(bound.get(&ada).await.body["active"], false);
    let nothing = bed.customer(json!({ "allowedVerbs": [] })).await;
    assert_eq!(nothing.get(&ada).await.status, 200);
    assert_eq!(nothing.set(&ada, "active", json!(true)).await.status, 400);
}
