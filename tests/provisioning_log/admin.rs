//! The log as the admin API gives it.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use serverless_scim::admin::{Admin, AdminRequest};

use crate::desk::Desk;

async fn get(desk: &Desk, path: &str) -> (StatusCode, Value) {
    let request = AdminRequest {
        method: Method::GET,
        path: path.to_owned(),
        body: None,
        base: "https://scim.example".to_owned(),
        local: true,
    };
    let answer = Admin::new(desk.store.clone()).perform(request).await;
    (answer.status, answer.body.unwrap_or_default())
}

#[tokio::test]
async fn the_log_is_read_page_by_page_and_followed() {
    let desk = Desk::new().await;
    desk.user("ada").await;
    desk.send("POST", "/Users", json!({ "userName": "ada" }))
        .await;
    desk.host.advance(90_000);
    let (status, page) = get(&desk, "/tenants/FABRIKAM/log?limit=1").await;
    assert_eq!(status, 200);
    assert_eq!(page["items"], json!([desk.log().await[0]]));
    let next = page["next"].as_str().unwrap();
    let path = format!("/tenants/fabrikam/log?after={next}&connection=default");
    let (_, page) = get(&desk, &path).await;
    assert_eq!(page["items"], json!([desk.log().await[1]]));
    let last = page["next"].as_str().unwrap();
    let path = format!("/tenants/fabrikam/log?after={last}");
    let (_, page) = get(&desk, &path).await;
    assert_eq!(page, json!({ "items": [], "next": last }), "always given");
}

#[tokio::test]
async fn what_the_query_says_wrong_is_told_and_connections_that_are_gone_have_a_log() {
    let desk = Desk::new().await;
    desk.user("ada").await;
    for query in ["after=x", "after=", "limit=0", "limit=1001", "since=1"] {
        let (status, problem) = get(&desk, &format!("/tenants/fabrikam/log?{query}")).await;
        assert_eq!(
            (status.as_u16(), &problem["code"]),
            (400, &json!("invalid")),
            "{query}"
        );
    }
    for path in [
        "/tenants/contoso/log",
        "/tenants/fabrikam/log?connection=none",
    ] {
        let (status, problem) = get(&desk, path).await;
        assert_eq!(
            (status.as_u16(), &problem["code"]),
            (404, &json!("notFound")),
            "{path}"
        );
    }
    let gone = desk.connection.clone();
    desk.store
        .delete_connection(&desk.tenant, &gone)
        .await
        .unwrap();
    let (_, page) = get(&desk, &format!("/tenants/fabrikam/log?connection={gone}")).await;
    assert_eq!(page["items"][0]["connection"], json!(gone));
}
