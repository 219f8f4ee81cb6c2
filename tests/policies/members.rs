//! Members that do not exist: refused, or left out where that was agreed.

use serde_json::{Value, json};
use serverless_scim::store::Sizes;

use crate::bed::{Bed, Customer};

const NOBODY: &str = "00000000-0000-8000-8000-000000000000";
/// Three members are a big change.
const SMALL: Sizes = Sizes {
    writes: 8,
    lanes: 90,
    compared: 100_000,
};

fn references(ids: &[&str]) -> Value {
    ids.iter().map(|id| json!({ "value": id })).collect()
}

async fn members(customer: &Customer, group: &str) -> Vec<String> {
    let group = customer.get(group).await.body;
    let members = group["members"].as_array().cloned().unwrap_or_default();
    let id = |member: &Value| member["value"].as_str().unwrap().to_owned();
    let mut ids: Vec<String> = members.iter().map(id).collect();
    ids.sort();
    ids
}

async fn users(customer: &Customer, count: usize) -> Vec<String> {
    let mut ids = vec![];
    for number in 0..count {
        let path = customer.user(&format!("u{number}")).await;
        ids.push(path.rsplit('/').next().unwrap().to_owned());
    }
    ids.sort();
    ids
}

/// Somebody who was here, and two who never were.
async fn strangers(customer: &Customer) -> Vec<String> {
    let gone = customer.user("gone").await;
    customer.delete(&gone).await;
    let gone = gone.rsplit('/').next().unwrap();
    vec![gone.to_owned(), NOBODY.to_owned(), "somebody".to_owned()]
}

fn add(ids: &[&str]) -> Value {
    json!({ "Operations": [{ "op": "add", "path": "members", "value": references(ids) }] })
}

fn named(name: &str, ids: &[&str]) -> Value {
    json!({ "displayName": name, "members": references(ids) })
}

/// One stranger beside somebody who is known, in every way there is.
async fn refuse(refuses: &Customer, known: &str, stranger: &str) {
    let group = refuses.group(stranger).await;
    let ids = [known, stranger];
    for (method, at, body) in [
        ("POST", "/Groups", named(&format!("{stranger} POST"), &ids)),
        ("PUT", &group, named(&format!("{stranger} PUT"), &ids)),
        ("PATCH", &group, add(&ids)),
    ] {
        let (status, detail) = refuses.refused(method, at, Some(&body)).await;
        assert_eq!(status, 400, "{method}");
        assert!(detail.contains(stranger), "{detail}");
    }
    assert_eq!(members(refuses, &group).await, [""; 0]);
}

/// The known of `all` are in the group then, and adding all again has nothing left to do, in bulk either.
async fn skip(skips: &Customer, method: &str, all: &[&str], known: &[String]) {
    let group = if method == "POST" {
        let made = skips.post("/Groups", &named("Team", all)).await;
        assert_eq!(made.status, 201, "{made:?}");
        let shown = made.body["members"].as_array().unwrap().len();
        assert_eq!(shown, known.len(), "the answer shows who is in it");
        format!("/Groups/{}", made.body["id"].as_str().unwrap())
    } else {
        let name = format!("by {method}");
        let group = skips.group(&name).await;
        let body = match method {
            "PUT" => named(&name, all),
            _ => add(all),
        };
        let status = skips.send(method, &group, Some(&body)).await.status;
        assert!(matches!(status, 200 | 204), "{method} {status}");
        group
    };
    assert_eq!(members(skips, &group).await, known, "{method}");
    let again = json!({ "method": "PATCH", "path": group, "data": add(all) });
    assert_eq!(skips.bulk(&[again]).await[0]["status"], "204");
    assert_eq!(members(skips, &group).await, known, "{method}");
}

/// A list of strangers alone makes an empty group, and does not make one empty.
async fn empty(skips: &Customer, strangers: &[&str], all: &[&str], known: &[String]) {
    let made = skips.post("/Groups", &named("Empty", strangers)).await;
    assert_eq!(made.status, 201);
    let kept = skips.group("Kept").await;
    skips.send("PATCH", &kept, Some(&add(all))).await;
    for some in [strangers, &strangers[..1], &strangers[2..]] {
        let list = json!([{ "op": "replace", "path": "members", "value": references(some) }]);
        for (method, body) in [
            ("PATCH", json!({ "Operations": list })),
            ("PUT", named("Kept", some)),
        ] {
            let (status, _) = skips.refused(method, &kept, Some(&body)).await;
            assert_eq!(status, 400, "{method}: to skip them all would empty it");
            assert_eq!(members(skips, &kept).await, known, "{method}");
        }
    }
    assert_eq!(skips.put(&kept, &named("Kept", &[])).await.status, 200);
    assert_eq!(members(skips, &kept).await, [""; 0]);
    let itself = kept.rsplit('/').next().unwrap();
    let circle = skips.refused("PATCH", &kept, Some(&add(&[itself]))).await;
    assert_eq!(circle.0, 400, "a group in itself is another matter");
}

/// Adds some who exist and some who do not, in every way there is.
async fn adds(sizes: Sizes, count: usize) {
    let bed = Bed::of_sizes(sizes).await;
    let skips = bed.customer(json!({ "unknownMembers": "skip" })).await;
    let refuses = bed.customer(json!({})).await;
    let known = users(&skips, count).await;
    let strangers = strangers(&skips).await;
    let strangers: Vec<&str> = strangers.iter().map(String::as_str).collect();
    let all: Vec<&str> = known.iter().map(String::as_str).collect();
    let all = [&all[..], &strangers].concat();
    for stranger in &strangers {
        refuse(&refuses, &known[0], stranger).await;
    }
    for method in ["POST", "PUT", "PATCH"] {
        skip(&skips, method, &all, &known).await;
    }
    empty(&skips, &strangers, &all, &known).await;
    assert_eq!(bed.findings().await, Vec::<String>::new());
}

#[tokio::test]
async fn small_changes_add_those_who_exist() {
    adds(Sizes::default(), 3).await;
}

#[tokio::test]
async fn big_changes_add_those_who_exist() {
    adds(SMALL, 7).await;
}

/// What is big only by those who are left out is no big change.
#[tokio::test]
async fn a_change_that_shrinks_is_small() {
    adds(SMALL, 1).await;
}
