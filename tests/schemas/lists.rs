//! Built-in lists on POST, PUT and PATCH: roles, primaries, members.

use serde_json::json;

use crate::tenant::{Tenant, path_of};

#[tokio::test]
async fn roles_keep_their_display_name_and_lists_one_primary_on_every_verb() {
    let tenant = Tenant::with(&[]).await;
    let role = json!({"value": "auditor", "displayName": "Auditor", "primary": true});
    let stored = json!([{"value": "auditor", "display": "Auditor", "primary": true}]);
    let user = tenant.user("ada", json!({"roles": [role]})).await;
    assert_eq!(user["roles"], stored);
    let path = path_of(&user);
    let (_, body) = tenant
        .send(
            "PUT",
            &path,
            Some(json!({"userName": "ada", "roles": [role]})),
        )
        .await;
    assert_eq!(body["roles"], stored);
    let (_, body) = tenant
        .patch(
            &path,
            json!([{"op": "replace", "path": "roles", "value": [role]}]),
        )
        .await;
    assert_eq!(body["roles"], stored);
    let emails = json!([{"value": "a@fabrikam.example", "primary": true}, {"value": "b@fabrikam.example", "primary": true}, {"type": "work"}, {}]);
    let one = json!([{"value": "a@fabrikam.example", "primary": false}, {"value": "b@fabrikam.example", "primary": true}]);
    let (_, body) = tenant
        .patch(
            &path,
            json!([{"op": "replace", "path": "emails", "value": emails}]),
        )
        .await;
    assert_eq!(body["emails"], one);
    let (_, body) = tenant
        .send(
            "PUT",
            &path,
            Some(json!({"userName": "ada", "emails": emails})),
        )
        .await;
    assert_eq!(body["emails"], one);
    assert_eq!(
        tenant.user("bea", json!({"emails": emails})).await["emails"],
        one
    );
}

#[tokio::test]
async fn members_are_not_changed_in_place_but_replaced() {
    let tenant = Tenant::with(&[]).await;
    let (ada, bea) = (
        tenant.user("ada", json!({})).await["id"].clone(),
        tenant.user("bea", json!({})).await["id"].clone(),
    );
    let (_, group) = tenant
        .post("/Groups", "Rail", json!({"members": [{"value": ada}]}))
        .await;
    let path = format!("/Groups/{}", group["id"].as_str().unwrap());
    let chosen = format!("members[value eq {ada}]");
    for sub in ["value", "type", "$ref"] {
        for op in ["replace", "add", "remove"] {
            let (status, error) = tenant
                .patch(
                    &path,
                    json!([{"op": op, "path": format!("{chosen}.{sub}"), "value": bea}]),
                )
                .await;
            assert_eq!(
                (status, &error["scimType"]),
                (400, &json!("mutability")),
                "{op} {sub}: {error}"
            );
        }
    }
    let (status, _) = tenant
        .patch(
            &path,
            json!([{"op": "replace", "path": chosen, "value": {"value": bea}}]),
        )
        .await;
    assert_eq!(status, 400);
    assert_eq!(tenant.get(&path).await["members"][0]["value"], ada);
    let body = json!({"displayName": "Rail", "members": [{"value": bea, "type": "Group", "$ref": "elsewhere"}]});
    let (status, body) = tenant.send("PUT", &path, Some(body)).await;
    assert_eq!(
        (
            status,
            &body["members"][0]["value"],
            &body["members"][0]["type"]
        ),
        (200, &bea, &json!("User")),
        "{body}"
    );
}
