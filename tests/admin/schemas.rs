//! A tenant's schemas and the integrity of its items.

use serde_json::json;

use crate::Vendor;

const URN: &str = "urn:fabrikam:params:scim:schemas:hr:1.0:User";

#[tokio::test]
async fn a_schema_is_registered_shown_and_removed() {
    let vendor = Vendor::new();
    let schemas = format!("{}/schemas", vendor.tenant("fabrikam").await);
    let document =
        json!({ "id": URN, "name": "HR", "attributes": [{ "name": "badge", "type": "string" }] });
    let added = vendor
        .post(&format!("{schemas}?resourceType=User"), &document)
        .await;
    added.is(201);
    assert_eq!(
        added.body,
        json!({ "schema": URN, "resourceType": "User", "attributes": 1, "replaced": false })
    );
    let again = vendor.post(&schemas, &document).await;
    again.is(200);
    assert_eq!(again.body["replaced"], true);
    assert_eq!(vendor.get(&schemas).await.items().len(), 1);
    let path = format!("{schemas}/{}", URN.to_uppercase());
    assert_eq!(vendor.get(&path).await.body["document"], document);
    for (query, document, named) in [
        ("?resourceType=Robot", document.clone(), "resourceType"),
        ("", json!({ "id": "hr", "attributes": [] }), "id"),
        (
            "",
            json!({ "id": URN, "attributes": [{ "name": "x", "type": "text" }] }),
            "attributes[0].type",
        ),
        ("", json!([]), "the document"),
    ] {
        let refused = vendor.post(&format!("{schemas}{query}"), &document).await;
        refused.refuses(400, "invalid", named);
    }
    vendor.delete(&path).await.is(204);
    vendor
        .delete(&path)
        .await
        .refuses(404, "notFound", "schema");
    assert!(vendor.get(&schemas).await.items().is_empty());
}

#[tokio::test]
async fn a_tenant_has_so_many_schemas_and_no_more() {
    let vendor = Vendor::new();
    let schemas = format!("{}/schemas", vendor.tenant("fabrikam").await);
    let add = async |number: usize| {
        let urn = format!("urn:fabrikam:params:scim:schemas:n{number}:1.0:User");
        let document = json!({ "id": urn, "attributes": [{ "name": "badge", "type": "string" }] });
        vendor.post(&schemas, &document).await
    };
    for number in 0..10 {
        add(number).await.is(201);
    }
    add(10).await.refuses(409, "tooMany", "10 schemas");
}

#[tokio::test]
async fn integrity_is_told_of_one_tenant() {
    let vendor = Vendor::new();
    let connection = vendor.connection("fabrikam").await;
    let token = vendor
        .post(&format!("{connection}/tokens"), &json!({}))
        .await
        .text("token");
    vendor.scim(&token).user("ada@fabrikam.example").await;
    for (path, users) in [("/tenants/fabrikam", 1), ("/tenants/default", 0)] {
        let path = format!("{path}/integrity");
        let checked = vendor.get(&path).await;
        checked.is(200);
        assert_eq!(
            (&checked.body["users"], &checked.body["findings"]),
            (&json!(users), &json!([]))
        );
        let repaired = vendor.call("POST", &path, None).await;
        assert_eq!(
            (&repaired.body["exitStatus"], &repaired.body["repairs"]),
            (&json!(0), &json!([]))
        );
    }
}
