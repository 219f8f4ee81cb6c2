//! What is wrong with a request is said, and where.

use serde_json::{Value, json};

use crate::Vendor;

const BODY_MAX: usize = 256 * 1024;

#[tokio::test]
async fn a_body_is_json_of_a_known_type_and_size() {
    let vendor = Vendor::new();
    let bearer = format!("Bearer {}", vendor.key);
    let key = ("authorization", bearer.as_str());
    let body = |text: &str, bytes: usize| {
        let mut body = text.as_bytes().to_vec();
        body.resize(bytes.max(text.len()), b' ');
        Some(body)
    };
    let json = ("content-type", "application/json");
    let send = async |kind, body| vendor.send("POST", "/tenants", &[key, kind], body).await;
    send(json, body("{", 0))
        .await
        .refuses(400, "invalid", "line 1, column 1");
    send(json, body("\u{feff}{}", 0))
        .await
        .refuses(400, "invalid", "JSON");
    send(json, body("[]", 0))
        .await
        .refuses(400, "invalid", "object");
    send(json, body("", 0))
        .await
        .refuses(400, "invalid", "body");
    let deep = "[".repeat(100_000);
    send(json, body(&deep, 0))
        .await
        .refuses(400, "invalid", "column");
    let plain = ("content-type", "text/plain");
    send(plain, body("{}", 0))
        .await
        .refuses(415, "unsupportedMediaType", "application/json");
    let merge = (
        "content-type",
        "application/merge-patch+json; charset=utf-8",
    );
    send(merge, body(r#"{"name":"a"}"#, 0)).await.is(201);
    send(json, body(r#"{"name":"b"}"#, BODY_MAX)).await.is(201);
    send(json, body(r#"{"name":"c"}"#, BODY_MAX + 1))
        .await
        .refuses(413, "tooLarge", "262144");
    vendor.get("/tenants/c").await.is(404);
}

#[tokio::test]
async fn paths_and_methods_are_told_apart() {
    let vendor = Vendor::new();
    for path in [
        "",
        "/",
        "/tenant",
        "/tenants/default/users/x/y",
        "/keys/a/b",
        "/tenants/%ff",
    ] {
        let lost = vendor.get(path).await;
        lost.refuses(404, "notFound", "openapi.json");
    }
    for (method, path, allowed) in [
        ("PUT", "/tenants", "GET, POST"),
        ("POST", "/tenants/nobody", "GET, PATCH, DELETE"),
        (
            "GET",
            "/tenants/default/connections/x/tokens/y/rotate",
            "POST",
        ),
        ("OPTIONS", "/keys", "GET, POST"),
        ("BREW", "/keys/x", "DELETE"),
    ] {
        let refused = vendor.call(method, path, None).await;
        refused.refuses(405, "methodNotAllowed", allowed);
        assert_eq!(refused.headers["allow"], allowed);
    }
    vendor.get("/tenants/").await.is(200);
}

#[tokio::test]
async fn errors_and_the_log_repeat_no_value() {
    let vendor = Vendor::new();
    let secret = "hunter2, expected nothing";
    let path = "/tenants/default/connections/default";
    for body in [
        json!({ "name": 1, "provider": secret }),
        json!({ "name": { "deep": secret } }),
        json!({ "policies": { "onDelete": secret } }),
        json!({ "policies": { "seatLimit": secret } }),
    ] {
        let refused = vendor.patch(path, &body).await;
        refused.is(400);
        assert!(!refused.body.to_string().contains("hunter2"), "{refused:?}");
    }
    let made = vendor
        .post(&format!("{path}/tokens"), &json!({ "label": "hunter2" }))
        .await;
    let listed = vendor
        .get(&format!("{path}/tokens?limit=1&after=5.hunter2"))
        .await;
    listed.is(200);
    let log = vendor.server.log();
    for value in ["hunter2", &made.text("token")[20..], &vendor.key[12..]] {
        assert!(!log.contains(value), "{log}");
    }
    let lines = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    let lines: Vec<Value> = lines
        .filter(|line: &Value| line["message"] == "admin")
        .collect();
    assert_eq!(lines.len(), 6, "one for each request");
    let last = &lines[5];
    assert_eq!(
        last["route"],
        "/tenants/{tenant}/connections/{connection}/tokens"
    );
    assert_eq!(
        (&last["status"], &last["method"]),
        (&json!(200), &json!("GET"))
    );
    assert!(
        last["actor"]
            .as_str()
            .is_some_and(|actor| actor.starts_with("K-")),
        "{last}"
    );
    assert_eq!(last["tenant"].as_str().map(str::len), Some(10), "{last}");
    assert_eq!(lines[0]["error"], "invalid");
}
