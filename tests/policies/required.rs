//! Attributes that every user must have.

use serde_json::{Value, json};
use serverless_scim::store::{Policies, PolicyError, REQUIRED_MAX, SEATS_MAX};

use crate::bed::{Bed, patch, user};

const WORK: &str = "emails[type eq \"work\"].value";
const EXPECTED: &str = "this connection requires emails[type eq \"work\"].value; map a source attribute to emails[type eq \"work\"].value, and give the user a value there";

fn with_mail(name: &str, kind: &str) -> Value {
    let mut user = user(name);
    user["emails"] = json!([{ "type": kind, "value": format!("{name}@fabrikam.example") }]);
    user
}

#[tokio::test]
async fn a_new_user_without_it_is_refused_with_the_mapping_to_add() {
    let bed = Bed::new().await;
    let bound = bed.customer(json!({ "requiredAttributes": [WORK] })).await;
    for body in [user("ada"), with_mail("ada", "home")] {
        let refused = bound.refused("POST", "/Users", Some(&body)).await;
        assert_eq!(refused, (400, EXPECTED.to_owned()));
    }
    assert_eq!(bound.total("/Users").await, 0);
    let made = bound.post("/Users", &with_mail("ada", "work")).await;
    assert_eq!(made.status, 201);
    assert_eq!(bound.get(&bound.group("Team").await).await.status, 200);
}

#[tokio::test]
async fn no_change_takes_it_away() {
    let bed = Bed::new().await;
    let bound = bed
        .customer(json!({ "requiredAttributes": ["title", WORK] }))
        .await;
    let mut ada = with_mail("ada", "work");
    ada["title"] = json!("Lead");
    let made = bound.post("/Users", &ada).await;
    let path = format!("/Users/{}", made.body["id"].as_str().unwrap());
    let home = json!([{ "type": "home", "value": "ada@home.example" }]);
    let mut without = ada.clone();
    without.as_object_mut().unwrap().remove("emails");
    for (method, body) in [
        ("PATCH", patch("emails", Value::Null)),
        ("PATCH", patch(WORK, Value::Null)),
        ("PATCH", patch("emails", home)),
        ("PUT", without),
    ] {
        let refused = bound.refused(method, &path, Some(&body)).await;
        assert_eq!(refused, (400, EXPECTED.to_owned()), "{method} {body}");
    }
    assert_eq!(bound.get(&path).await.body["meta"]["version"], "W/\"1\"");
    let new = json!("ada.osei@fabrikam.example");
    assert_eq!(bound.set(&path, WORK, new).await.status, 200);
    assert_eq!(bound.put(&path, &ada).await.status, 200);
    // Switching somebody off goes through with whatever comes along.
    let off = json!({ "userName": "ada@fabrikam.example", "active": false });
    assert_eq!(bound.put(&path, &off).await.status, 200);
}

#[tokio::test]
async fn who_lacked_it_before_can_be_changed_and_switched_off() {
    let bed = Bed::new().await;
    let free = bed.customer(json!({})).await;
    let bound = bed.customer(json!({ "requiredAttributes": [WORK] })).await;
    let ada = free.user("ada").await;
    let steps = [("title", json!("Lead")), ("active", json!(false))];
    for (name, value) in steps {
        let changed = bound.set(&ada, name, value).await;
        assert_eq!(changed.status, 200, "{name}: {changed:?}");
    }
    let put = bound.put(&ada, &user("ada.osei")).await;
    assert_eq!(put.status, 200, "{put:?}");
    let mail = json!([{ "type": "work", "value": "ada@fabrikam.example" }]);
    assert_eq!(bound.set(&ada, "emails", mail).await.status, 200);
    let (status, _) = bound
        .refused(
            "PUT",
            &ada,
            Some(&json!({ "userName": "ada", "active": true })),
        )
        .await;
    assert_eq!(status, 400, "now she has it");
}

#[tokio::test]
async fn an_attribute_of_the_tenants_own_is_known_when_it_is_used() {
    let bed = Bed::new().await;
    let urn = "urn:fabrikam:params:scim:schemas:hr:1.0:User";
    let badge = format!("{urn}:badge");
    let bound = bed.customer(json!({ "requiredAttributes": [badge] })).await;
    let mut ada = user("ada");
    ada[urn] = json!({ "badge": "7" });
    let (status, detail) = bound.refused("POST", "/Users", Some(&ada)).await;
    assert_eq!(status, 400);
    assert!(detail.contains(&badge), "{detail}");
    let document =
        json!({ "id": urn, "name": "HR", "attributes": [{ "name": "badge", "type": "string" }] });
    let json = document.to_string();
    let added = bed.store.add_schema(&bed.tenant, &json, None).await;
    added.unwrap();
    bed.host.advance(30_000);
    let (status, _) = bound.refused("POST", "/Users", Some(&user("ada"))).await;
    assert_eq!(status, 400);
    assert_eq!(bound.post("/Users", &ada).await.status, 201);
}

#[test]
fn only_a_path_that_clients_can_give_can_be_required() {
    let check = |paths: &[&str]| {
        let policies = Policies {
            required_attributes: paths.iter().map(|path| (*path).to_owned()).collect(),
            ..Policies::default()
        };
        policies.check()
    };
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    for path in [
        WORK,
        "title",
        "NAME.givenname",
        "emails",
        "emails[type eq \"work\" and primary eq true].value",
        "department",
        &format!("{enterprise}:department"),
        "urn:fabrikam:params:scim:schemas:hr:1.0:User:badge",
    ] {
        assert_eq!(check(&[path]), Ok(()), "{path}");
    }
    for path in [
        "",
        " ",
        "shoeSize",
        "mail",
        "id",
        "meta.created",
        "groups",
        "groups.value",
        "password",
        "manager.displayName",
        "emails[type eq \"work\"]",
        "emails[type eq work",
        "title pr or userName",
        "not (title pr) and userName",
        "(title pr) and userName",
        "title eq \"x\" and emails[type eq \"work\"].value",
        "emails[type eq \"work\"].value eq \"x\"",
        "members",
        &format!("{enterprise}:shoeSize"),
        "urn:fabrikam:x or title",
    ] {
        assert_eq!(
            check(&[path]),
            Err(PolicyError::Required(path.to_owned())),
            "{path}"
        );
    }
    assert_eq!(check(&[WORK; REQUIRED_MAX]), Ok(()));
    assert_eq!(
        check(&[WORK; REQUIRED_MAX + 1]),
        Err(PolicyError::TooManyRequired)
    );
    for (seats, sound) in [
        (0, false),
        (1, true),
        (SEATS_MAX, true),
        (SEATS_MAX + 1, false),
    ] {
        let policies = Policies {
            seat_limit: Some(seats),
            ..Policies::default()
        };
        assert_eq!(policies.check().is_ok(), sound, "{seats}");
    }
}
