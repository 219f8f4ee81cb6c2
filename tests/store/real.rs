//! Groups of thousands at the sizes that DynamoDB has: lanes of several steps, and more members than an answer shows.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use serverless_scim::store::seed::user_id;
use serverless_scim::store::{Id, MEMBERS_SHOWN_MAX};

use crate::hall::{Hall, key, references};

/// More than ninety lanes of one step each hold.
const MANY: usize = 3_000;
const TRUNCATED: &str = "urn:serverless-scim:params:scim:schemas:extension:truncated:2.0:Group";

fn users(count: usize) -> Vec<Id> {
    let mut ids: Vec<Id> = (0..count as u64).map(user_id).collect();
    ids.sort();
    ids
}

fn group(members: &[Id]) -> Value {
    json!({ "displayName": "Everybody", "members": references(members) })
}

/// The members are these, told by the group and by the edges in both directions, and nothing is left to do.
async fn has(hall: &Hall, group: &str, everybody: &[Id], members: &[Id]) {
    let wanted: BTreeSet<Id> = members.iter().copied().collect();
    assert!(hall.members_of(group).await == wanted, "as it is told");
    assert_eq!(
        hall.items("D").await,
        [],
        "it was finished before the answer"
    );
    assert_eq!(hall.items(&format!("O#{}", key(group))).await, []);
    for id in everybody.iter().step_by(97) {
        let edges = hall.edges_of(*id).await.len();
        assert_eq!(edges, usize::from(wanted.contains(id)), "{id}");
    }
    hall.is_sound_in_the_end().await;
}

#[tokio::test]
async fn a_group_of_thousands_is_born_and_loses_them_all() {
    let hall = Hall::new(MANY as u64, &[]).await;
    let ids = users(MANY);
    let born = hall.send("POST", "/Groups", Some(&group(&ids))).await;
    assert_eq!(born.status, 201, "{:?}", born.body["detail"]);
    let id = born.body["id"].as_str().unwrap();
    assert_eq!(born.body["members"].as_array().map(Vec::len), Some(MANY));
    has(&hall, id, &ids, &ids).await;
    let removed = hall.members(id, &[("remove", &ids)]).await;
    assert_eq!(removed.status, 204, "{removed:?}");
    has(&hall, id, &ids, &[]).await;
}

#[tokio::test]
async fn thousands_come_and_go_in_one_patch() {
    let hall = Hall::new(MANY as u64, &[]).await;
    let ids = users(MANY);
    let some = &ids[..MANY / 2];
    let born = hall.send("POST", "/Groups", Some(&group(some))).await;
    let id = born.body["id"].as_str().unwrap();
    let (leaving, joining) = (&ids[..MANY / 3], &ids[MANY / 2..]);
    let both = [("remove", leaving), ("add", joining)];
    let changed = hall.members(id, &both).await;
    assert_eq!(changed.status, 204, "{changed:?}");
    has(&hall, id, &ids, &ids[MANY / 3..]).await;
}

#[tokio::test]
async fn thousands_are_replaced_by_others() {
    let hall = Hall::new(MANY as u64, &[]).await;
    let ids = users(MANY);
    let (first, last) = (&ids[..MANY / 2], &ids[MANY / 3..]);
    let born = hall.send("POST", "/Groups", Some(&group(first))).await;
    let id = born.body["id"].as_str().unwrap();
    let path = format!("/Groups/{id}");
    let put = hall.send("PUT", &path, Some(&group(last))).await;
    assert_eq!(put.status, 200, "{:?}", put.body["detail"]);
    assert_eq!(
        put.body["members"].as_array().map(Vec::len),
        Some(last.len())
    );
    has(&hall, id, &ids, last).await;
    let replaced = hall.members(id, &[("replace", &ids[..MANY / 3])]).await;
    assert_eq!(replaced.status, 204, "{replaced:?}");
    has(&hall, id, &ids, &ids[..MANY / 3]).await;
}

#[tokio::test]
async fn an_answer_without_its_members_is_marked_and_loses_none_when_sent_back() {
    let shown = MEMBERS_SHOWN_MAX as u64;
    let hall = Hall::new(3, &[0..shown, 0..shown + 1, 0..100, 0..101]).await;
    let path = |group: usize| format!("/Groups/{}", hall.groups[group]);
    let marked = |group: &Value| {
        let schemas = group["schemas"].as_array().unwrap();
        let marked = schemas.contains(&json!(TRUNCATED));
        assert_eq!(marked, group[TRUNCATED] == json!({ "members": true }));
        assert!(!marked || group.get("members").is_none());
        marked
    };
    let count = |group: &Value| group["members"].as_array().map_or(0, Vec::len);

    let all = hall.get(&path(0)).await;
    assert_eq!((marked(&all), count(&all)), (false, MEMBERS_SHOWN_MAX));
    let mut more = hall.get(&path(1)).await;
    assert!(marked(&more));
    more["displayName"] = json!("Everybody");
    let put = hall.send("PUT", &path(1), Some(&more)).await;
    assert_eq!(put.status, 200, "{:?}", put.body);
    assert!(marked(&put.body));
    assert_eq!(put.body["displayName"], "Everybody");
    // Of too many members only one that leaves lets the others be seen.
    let large = hall.groups[1].to_string();
    let gone = hall.members(&large, &[("remove", &[user_id(0)])]).await;
    assert_eq!(gone.status, 204);
    let rest = hall.get(&path(1)).await;
    assert_eq!((marked(&rest), count(&rest)), (false, MEMBERS_SHOWN_MAX));

    let list = hall.get("/Groups").await;
    let mut listed: Vec<(Value, bool, usize)> = list["Resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| (group["id"].clone(), marked(group), count(group)))
        .collect();
    let mut expected: Vec<(Value, bool, usize)> = hall
        .groups
        .iter()
        .zip([(true, 0), (true, 0), (false, 100), (true, 0)])
        .map(|(id, (marked, count))| (json!(id.to_string()), marked, count))
        .collect();
    listed.sort_by_key(|group| group.0.to_string());
    expected.sort_by_key(|group| group.0.to_string());
    assert_eq!(listed, expected);
}
