//! What is refused as a whole: nothing of it is begun.

use serde_json::{Value, json};
use serverless_scim::api::{BODY_MAX, BULK_OPERATIONS_MAX};

use super::{Service, user};

#[tokio::test]
async fn requests_beyond_the_limits_are_refused_as_a_whole() {
    let service = Service::start();
    let nobody = json!({ "method": "DELETE", "path": "/Users/nobody" });
    let mut operations = vec![nobody; BULK_OPERATIONS_MAX - 1];
    operations.push(user("ada", "ada"));
    let results = service.bulk(json!(operations.clone())).await;
    assert_eq!(results.len(), BULK_OPERATIONS_MAX);
    operations.push(user("ben", "ben"));
    let (status, error) = service
        .call("POST", "/Bulk", &json!({ "Operations": operations }))
        .await;
    assert_eq!((status, &error["status"]), (413, &json!("413")));
    assert!(
        error["detail"]
            .as_str()
            .unwrap()
            .contains("1000 operations")
    );

    let mut body = json!({ "Operations": [user("cy", "cy")] }).to_string();
    body.extend(std::iter::repeat_n(' ', BODY_MAX - body.len()));
    assert_eq!(service.send("POST", "/Bulk", body.clone()).await.0, 200);
    body.push(' ');
    let (status, error) = service.send("POST", "/Bulk", body).await;
    assert_eq!((status, &error["status"]), (413, &json!("413")));
    assert_eq!(service.total("/Users").await, 2);
}

#[tokio::test]
async fn limits_are_what_the_configuration_says() {
    let service = Service::start();
    let (_, config) = service.get("/ServiceProviderConfig").await;
    let bulk = json!({ "supported": true, "maxOperations": 1000, "maxPayloadSize": 1_048_576 });
    assert_eq!(config["bulk"], bulk);
}

#[tokio::test]
async fn what_is_no_bulk_request_is_refused() {
    let service = Service::start();
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for body in [
        "",
        "{",
        "[]",
        "null",
        "{}",
        "{\"Operations\":[]}",
        "{\"Operations\":{}}",
        &deep,
    ] {
        let (status, error) = service.send("POST", "/Bulk", body).await;
        assert_eq!(status, 400, "{body}");
        assert_eq!(error["scimType"], "invalidSyntax", "{body}");
    }
    for errors in [json!(-1), json!("1"), json!(0.5)] {
        let body = json!({ "failOnErrors": errors, "Operations": [user("a", "ada")] });
        let (status, error) = service.call("POST", "/Bulk", &body).await;
        assert_eq!((status, &error["scimType"]), (400, &json!("invalidValue")));
    }
    for method in ["GET", "PUT", "PATCH", "DELETE"] {
        assert_eq!(service.send(method, "/Bulk", "").await.0, 405, "{method}");
    }
    let mut stranger = Service::start();
    stranger.token = "scim_aaaaaaaaaa".to_owned();
    let (status, _) = stranger.call("POST", "/Bulk", &Value::Null).await;
    assert_eq!(status, 401);
    assert_eq!(service.total("/Users").await, 0);
}
