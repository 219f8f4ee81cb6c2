//! Records of users who were deleted and kept.

use serde_json::{Value, json};

use crate::Vendor;

#[tokio::test]
async fn what_was_kept_is_listed_shown_and_forgotten() {
    let vendor = Vendor::new();
    let connection = vendor.connection("fabrikam").await;
    let keep = json!({ "onDelete": "keep" });
    let policies = format!("{connection}/policies");
    vendor.call("PUT", &policies, Some(&keep)).await.is(200);
    let made = vendor
        .post(&format!("{connection}/tokens"), &json!({}))
        .await;
    let scim = vendor.scim(&made.text("token"));
    for name in ["ada", "grace", "edith"] {
        let id = scim.user(&format!("{name}@fabrikam.example")).await;
        assert_eq!(scim.delete(&format!("/Users/{id}")).await.status, 204);
    }
    let kept = "/tenants/fabrikam/users/kept";
    let whole = vendor.get(kept).await;
    assert_eq!(whole.items().len(), 3);
    let first = vendor.get(&format!("{kept}?limit=2")).await;
    let rest = vendor
        .get(&format!("{kept}?after={}", first.text("next")))
        .await;
    assert_eq!([first.items(), rest.items()].concat(), whole.items());
    assert_eq!(rest.body["next"], Value::Null);

    let path = format!("{kept}/{}", whole.items()[0]["id"].as_str().expect("an id"));
    let shown = vendor.get(&path).await;
    let document = &shown.body["document"];
    assert_eq!(
        (&document["userName"], &document["active"]),
        (&shown.body["userName"], &json!(false))
    );
    assert_eq!(shown.body["credential"], made.body["id"]);
    assert!(shown.text("deletedAt") >= shown.text("created"));
    vendor.delete(&path).await.is(204);
    vendor
        .delete(&path)
        .await
        .refuses(404, "notFound", "kept user");
    vendor
        .get(&format!("{kept}/ada"))
        .await
        .refuses(404, "notFound", "kept user");
    vendor
        .get(&format!("{kept}?after=ada"))
        .await
        .refuses(400, "invalid", "after");
    assert!(
        vendor
            .get("/tenants/default/users/kept")
            .await
            .items()
            .is_empty()
    );
}
