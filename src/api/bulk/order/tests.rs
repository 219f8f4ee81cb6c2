use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::entries;
use super::*;

/// `POST Users a b c`: method, path, the operation's bulkId (`-` for none) and the bulkIds it refers to.
fn operation(text: &str) -> Value {
    let words: Vec<&str> = text.split(' ').collect();
    let references = words[3..].iter();
    let members: Vec<Value> = references
        .map(|name| json!({ "value": format!("bulkId:{name}") }))
        .collect();
    let bulk_id = Some(words[2]).filter(|name| *name != "-");
    json!({ "method": words[0], "path": words[1], "bulkId": bulk_id, "data": { "members": members } })
}

fn ordered(operations: &[&str]) -> Order {
    order(&entries(
        &operations.iter().map(|text| operation(text)).collect(),
    ))
}

#[track_caller]
fn check(operations: &[&str], sequence: &[usize], circular: &[usize]) {
    let order = ordered(operations);
    assert_eq!(order.sequence, sequence);
    assert_eq!(order.circular, circular.iter().copied().collect());
}

#[test]
fn creations_come_before_what_refers_to_them() {
    check(&["POST /Users a", "POST /Groups g a"], &[0, 1], &[]);
    check(&["POST /Groups g a", "POST /Users a"], &[1, 0], &[]);
    check(
        &[
            "POST /Groups c b",
            "POST /Groups b a",
            "POST /Groups a",
            "POST /Users d",
        ],
        &[2, 1, 0, 3],
        &[],
    );
    check(
        &[
            "PATCH /Groups/bulkId:g -",
            "DELETE /Users/1 -",
            "POST /Groups g",
        ],
        &[1, 2, 0],
        &[],
    );
    check(
        &[
            "POST /Groups d b c",
            "POST /Groups b a",
            "POST /Groups c a",
            "POST /Users a",
        ],
        &[3, 1, 2, 0],
        &[],
    );
}

#[test]
fn circles_are_told_from_what_hangs_on_them() {
    check(&["POST /Groups a a"], &[0], &[0]);
    check(&["POST /Groups a b", "POST /Groups b a"], &[0, 1], &[0, 1]);
    check(
        &["POST /Groups a b", "POST /Groups b c", "POST /Groups c a"],
        &[0, 1, 2],
        &[0, 1, 2],
    );
    // What refers to a circle is not part of it, nor what a circle refers to.
    check(
        &[
            "POST /Groups x a",
            "POST /Groups a b y",
            "POST /Groups b a",
            "POST /Users y",
        ],
        &[1, 0, 2, 3],
        &[1, 2],
    );
    check(
        &[
            "PATCH /Groups/bulkId:a - b",
            "POST /Groups a",
            "POST /Groups b",
        ],
        &[1, 2, 0],
        &[],
    );
}

#[test]
fn operations_on_one_resource_keep_their_order() {
    // The first waits for a user that comes later, and the second for the first.
    let order = ordered(&["PATCH /Groups/7 - u", "PATCH /Groups/7 -", "POST /Users u"]);
    assert_eq!(order.sequence, [2, 0, 1]);
    assert_eq!(order.waits[0], [2].into());
    assert_eq!(order.waits[1], [0].into());
    let order = ordered(&[
        "PATCH /Users/bulkId:u -",
        "POST /Users u",
        "DELETE /Users/bulkId:u -",
    ]);
    assert_eq!(order.sequence, [1, 0, 2]);
    assert!(order.waits[2].contains(&0));
}

#[track_caller]
fn waits(operations: &Value, expected: &[&[usize]]) {
    let order = order(&entries(operations));
    let waits: Vec<Vec<usize>> = order
        .waits
        .into_iter()
        .map(|waits| waits.into_iter().collect())
        .collect();
    assert_eq!(waits, expected);
}

#[test]
fn independent_operations_do_not_wait() {
    waits(
        &json!([
            operation("POST /Users a"),
            operation("POST /Groups g"),
            operation("PATCH /Groups/1 -"),
            operation("PUT /Groups/2 -"),
            operation("PATCH /Users/3 -"),
        ]),
        &[&[], &[], &[1], &[1], &[0]],
    );
}

#[test]
fn names_go_to_whom_they_would_one_by_one() {
    let user = |bulk_id, name| json!({ "method": "POST", "path": "/Users", "bulkId": bulk_id, "data": { "username": name } });
    // The second of two with one name; a creation after the deletion that may free its name.
    waits(
        &json!([
            user("a", "ada@fabrikam.example"),
            user("b", "ben@fabrikam.example"),
            user("c", "ADA@fabrikam.example")
        ]),
        &[&[], &[], &[0]],
    );
    waits(
        &json!([
            operation("DELETE /Users/1 -"),
            operation("DELETE /Users/2 -"),
            user("a", "ada@fabrikam.example")
        ]),
        &[&[], &[], &[0, 1]],
    );
    let by_id = |bulk_id, id| json!({ "method": "POST", "path": "/Users", "bulkId": bulk_id, "data": { "userName": bulk_id, "externalID": id } });
    waits(
        &json!([by_id("a", "1"), by_id("b", "2"), by_id("c", "1")]),
        &[&[], &[], &[0]],
    );
    // A user's name is no group's.
    let group = json!({ "method": "POST", "path": "/Groups", "bulkId": "g", "data": { "displayName": "ada" } });
    waits(&json!([user("a", "ada"), group]), &[&[], &[]]);
}

/// What one update gives up another may take: a name, an externalId that must be unique, a seat.
#[test]
fn updates_of_what_can_be_taken_keep_their_order() {
    let patch = |path: &str, operation: Value| json!({ "method": "PATCH", "path": path, "data": { "Operations": [operation] } });
    let set = |path: &str, name: &str, value: Value| {
        patch(
            path,
            json!({ "op": "replace", "path": name, "value": value }),
        )
    };
    let all = |path: &str, value: Value| patch(path, json!({ "op": "replace", "value": value }));
    // A chain of names, and a seat that changes hands.
    waits(
        &json!([
            set("/Users/1", "userName", json!("b")),
            set("/Users/2", "userName", json!("a")),
            set("/Users/3", "title", json!("Lead")),
            set("/Groups/4", "displayName", json!("a")),
        ]),
        &[&[], &[0], &[], &[]],
    );
    waits(
        &json!([
            set("/Users/1", "active", json!(false)),
            set("/Users/2", "active", json!(true)),
        ]),
        &[&[], &[0]],
    );
    // In any spelling, and in a PUT.
    let core = "urn:ietf:params:scim:schemas:core:2.0:User";
    waits(
        &json!([
            all("/Users/1", json!({ "ExternalId": "b" })),
            all("/Users/2", json!({ format!("{core}:userName"): "a" })),
            patch("/Users/3", json!({ "OP": "remove", "PATH": format!("{core}:EXTERNALID ") })),
            { "method": "PUT", "path": "/Users/4", "data": { "username": "c" } },
            all("/Users/5", json!({ "title": "active", "displayName": "d" })),
        ]),
        &[&[], &[0], &[0, 1], &[0, 1, 2], &[]],
    );
    // Members alone are nobody else's.
    let members = json!([{ "value": "1", "display": "Ada" }]);
    waits(
        &json!([
            patch(
                "/Groups/1",
                json!({ "op": "add", "path": "members", "value": members })
            ),
            patch(
                "/Groups/2",
                json!({ "op": "remove", "path": "members[value eq \"1\"]" })
            ),
            all("/Groups/3", json!({ "displayName": "b" })),
            patch(
                "/Groups/4",
                json!({ "op": "add", "value": { "members": members } })
            ),
            set("/Groups/5", "displayName", json!("a")),
        ]),
        &[&[], &[], &[], &[], &[2]],
    );
}

#[test]
fn what_is_refused_waits_for_nothing() {
    waits(
        &json!([operation("DELETE /Users/1 -"), { "method": "GET", "path": "/Users/1" }, 7, operation("POST /Users -")]),
        &[&[], &[], &[], &[]],
    );
}

proptest! {
    #![proptest_config(crate::drawn::drawn())]

    #[test]
    fn every_operation_has_its_turn_after_all_it_waits_for(
        kinds in proptest::collection::vec((0..4_usize, 0..6_usize, proptest::collection::vec(0..30_usize, 0..3)), 0..30)
    ) {
        let operations: Value = kinds.iter().enumerate().map(|(position, (kind, id, references))| {
            let method = ["POST", "PUT", "PATCH", "DELETE"][*kind];
            let path = match kind {
                0 => "/Groups".to_owned(),
                1 => format!("/Groups/bulkId:{id}"),
                _ => format!("/Groups/{id}"),
            };
            let members: Vec<Value> = references.iter().map(|name| json!({ "value": format!("bulkId:{name}") })).collect();
            json!({ "method": method, "path": path, "bulkId": position.to_string(), "data": { "displayName": format!("team {}", id), "members": members } })
        }).collect();
        let entries = entries(&operations);
        let order = order(&entries);
        let place = |position: &usize| order.sequence.iter().position(|at| at == position);
        let mut all = order.sequence.clone();
        all.sort_unstable();
        prop_assert_eq!(all, (0..kinds.len()).collect::<Vec<_>>());
        for (position, waits) in order.waits.iter().enumerate() {
            for before in waits {
                prop_assert!(place(before) < place(&position));
            }
        }
        for (position, entry) in entries.iter().enumerate() {
            let task = entry.task.as_ref().unwrap();
            let creation = |name: &String| entries.iter().position(|entry| entry.creates() == Some(name));
            for needed in task.references.iter().filter_map(creation) {
                prop_assert!(order.circular.contains(&position) || order.waits[position].contains(&needed));
            }
            // Whoever is on a circle finds himself again by following references.
            if order.circular.contains(&position) {
                prop_assert!(entry.creates().is_some());
            }
        }
    }
}
