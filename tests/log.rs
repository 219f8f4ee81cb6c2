//! What the log says of each request, and what it never says: no value, no token, no query.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]

use std::collections::BTreeMap;

use serde_json::{Value, json};
use serverless_scim::api::Call;
use tempfile::TempDir;

mod support;

use support::dynamo::Dynamo;
use support::{Client, Server, scenario};

/// Part of every value sent.
const MARK: &str = "zqmark";

/// The log's lines, each of them JSON.
fn lines(log: &str) -> Vec<Value> {
    let parse =
        |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    log.lines().map(parse).collect()
}

/// No token and none of these texts, in any case, stands in the log.
#[track_caller]
fn is_silent_about(log: &str, texts: &[&str]) {
    let folded = log.to_lowercase();
    for text in texts {
        let found = folded.find(&text.to_lowercase());
        let around = found.map(|at| {
            folded[at.saturating_sub(200)..]
                .chars()
                .take(400)
                .collect::<String>()
        });
        assert_eq!(around, None, "the log holds {text}");
    }
}

/// Every exchange has one line with its method, route and status, and nothing else has one but what the client was
/// asked to send again.
fn tells_every_request(log: &str, client: &Client) {
    let mut by_request: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in lines(log) {
        if line["message"] == "request" {
            let request = line["request"].as_str().expect("a request id").to_owned();
            by_request.entry(request).or_default().push(line);
        }
    }
    let seen = client.seen();
    for (request, lines) in &by_request {
        let again = lines[0]["status"] == 429 || lines[0]["status"] == 503;
        let known = seen.iter().any(|exchange| exchange.request == *request);
        assert!(known || again, "{lines:?}");
    }
    for exchange in seen {
        let found = by_request
            .get(&exchange.request)
            .map_or(&[][..], Vec::as_slice);
        let [line] = found else {
            panic!("{exchange:?}: {found:?}")
        };
        let method = line["method"].as_str().expect("a method");
        assert!(
            method == exchange.method || method == "other",
            "{exchange:?}: {line}"
        );
        assert_eq!(line["status"], exchange.status, "{line}");
        assert!(line["ms"].as_i64().is_some_and(|ms| ms >= 0), "{line}");
        assert!(
            line["route"]
                .as_str()
                .is_some_and(|route| !route.is_empty()),
            "{line}"
        );
        assert_eq!(line["error"].is_string(), exchange.status >= 400, "{line}");
        // A token that was good once says whose it is, though it is refused.
        let nobody = ["tokenMissing", "tokenMalformed", "tokenUnknown"];
        let nobody = nobody.iter().any(|error| line["error"] == *error);
        assert_eq!(line["tenant"] == "", nobody, "{line}");
    }
}

#[test]
fn a_request_does_not_show_what_it_holds() {
    let parts = http::Request::post("/scim/v2/Users?filter=zqmark")
        .header("authorization", "Bearer scim_zqmark")
        .body(());
    let call = Call {
        parts: parts.expect("a request").into_parts().0,
        body: Some("zqmark".into()),
        origin: "https://scim.fabrikam.example".to_owned(),
    };
    let shown = format!("{call:?}");
    assert!(shown.contains("POST") && !shown.contains(MARK), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_scenario_set_leaves_no_value_behind() {
    let data = TempDir::new().expect("a folder");
    let server = Server::on(data.path());
    let client = server.client();
    let failed = scenario::play_all(&server, data.path(), &client, MARK).await;
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    let log = server.log();
    tells_every_request(&log, &client);
    is_silent_about(
        &log,
        &[
            MARK,
            "scim_",
            &client.token,
            "bearer",
            "example",
            // Bare, they might be part of an id.
            " Osei",
            "\"Osei\"",
            "\\\"Osei",
            "Mensah",
            "auditor",
            "not-kept",
            "eq ",
            "%22",
            "filter=",
            "?",
        ],
    );
}

/// A user with the mark in every attribute that its schema has.
fn marked(number: usize) -> Value {
    let value = |name: &str| format!("{MARK}-{name}-{number}");
    let element = |name: &str| json!([{ "value": value(name), "type": value("type"), "display": value("display") }]);
    json!({
        "schemas": [value("schema")], "id": value("id"), "externalId": value("externalId"), "userName": value("userName"),
        "displayName": value("displayName"), "nickName": value("nickName"), "profileUrl": value("profileUrl"), "title": value("title"),
        "userType": value("userType"), "preferredLanguage": value("language"), "locale": value("locale"), "timezone": value("timezone"),
        "active": "True", "password": value("password"), value("unknown"): value("unknown"),
        "name": { "formatted": value("formatted"), "familyName": value("family"), "givenName": value("given"), "honorificPrefix": value("prefix") },
        "emails": element("email"), "phoneNumbers": element("phone"), "ims": element("im"), "photos": element("photo"),
        "entitlements": element("entitlement"), "roles": element("role"), "x509Certificates": element("certificate"),
        "addresses": [{ "formatted": value("address"), "streetAddress": value("street"), "locality": value("locality"), "country": value("country") }],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "employeeNumber": value("number"), "department": value("department"), "manager": value("manager") },
    })
}

/// PATCH operations with the mark in op, path and value.
async fn change_with_marks(client: &Client, user: &str) {
    let operations = [
        json!({ "op": "Replace", "path": "title", "value": MARK }),
        json!({ "op": "Replace", "path": format!("emails[value eq \"{MARK}\"].display"), "value": MARK }),
        json!({ "op": "Replace", "path": MARK, "value": MARK }),
        json!({ "op": MARK, "path": "title", "value": MARK }),
        json!({ "op": "Replace", "path": format!("emails[{MARK} eq \"{MARK}\"]"), "value": MARK }),
        json!({ "op": "Replace", "path": format!("emails[value co \"{MARK}-none\"].type"), "value": MARK }),
        json!({ "op": "Replace", "path": "active", "value": MARK }),
        json!({ "op": "Replace", "value": { MARK: MARK, "name.givenName": MARK } }),
        json!({ "op": "Replace", "path": "userName", "value": format!("{MARK}-userName-2") }),
    ];
    for operation in operations {
        client.patch(user, &json!([operation])).await;
    }
}

/// The mark in queries, paths, headers, tokens, methods and in bodies that are no JSON.
async fn ask_with_marks(client: &Client, user: &str) {
    for path in [
        format!("/Users?filter=userName eq \"{MARK}\"&attributes={MARK}&{MARK}={MARK}"),
        format!("/Users?filter={MARK} eq \"{MARK}\""),
        format!("/Users?filter=userName {MARK} {MARK}"),
        format!("/Users?count={MARK}"),
        format!("/Users/{MARK}"),
        format!("/{MARK}/{MARK}"),
        format!("/Schemas/{MARK}"),
        format!("/ResourceTypes/{MARK}?filter={MARK}"),
        user.to_owned(),
    ] {
        client.get(&path).await;
    }
    client
        .post(
            "/Users/.search",
            &json!({ "filter": format!("{MARK} {MARK}"), "count": MARK }),
        )
        .await;
    let elsewhere = client.with(
        &client
            .base
            .replace("/scim/v2", &format!("/t/{MARK}/scim/v2")),
        &client.token,
    );
    assert_eq!(elsewhere.get("/Users").await.status, 401);
    let (token, mark) = (&client.token, format!("W/\"{MARK}\""));
    let doubled = format!("Bearer Bearer {token}");
    for headers in [
        [
            ("if-match", Some(mark.as_str())),
            ("user-agent", Some(MARK)),
        ],
        [
            ("if-none-match", Some(mark.as_str())),
            ("adscimversion", Some(MARK)),
        ],
        [("content-type", Some(MARK)), ("x-request-id", Some(MARK))],
        [
            ("authorization", Some(doubled.as_str())),
            ("accept", Some(MARK)),
        ],
        [("authorization", Some(MARK)), ("host", Some(MARK))],
    ] {
        let body = json!({ "userName": format!("{MARK}-userName-3") }).to_string();
        client
            .exchange("PUT", user, &headers, Some(body.into_bytes()))
            .await;
    }
    for body in [
        format!("{{\"{MARK}\": {MARK}"),
        format!("\"{MARK}\""),
        format!("[\"{MARK}\"]"),
    ] {
        client
            .exchange("POST", "/Users", &[], Some(body.into_bytes()))
            .await;
    }
    client
        .exchange(&MARK.to_uppercase(), "/Users", &[], None)
        .await;
}

#[tokio::test]
async fn nothing_a_client_sends_is_logged() {
    let server = Server::in_memory();
    let client = server.client();
    let id = client.post("/Users", &marked(1)).await.created();
    assert_eq!(client.post("/Users", &marked(1)).await.status, 409);
    let other = client.post("/Users", &marked(2)).await.created();
    let user = format!("/Users/{id}");
    assert_eq!(client.put(&user, &marked(2)).await.status, 409);
    assert_eq!(client.put(&user, &marked(3)).await.status, 200);
    change_with_marks(&client, &user).await;
    let group = client
        .group(&format!("{MARK} group"), &[id.clone(), other])
        .await;
    let group = format!("/Groups/{group}");
    let stranger =
        json!([{ "op": "add", "path": "members", "value": [{ "value": MARK, "display": MARK }] }]);
    assert_eq!(client.patch(&group, &stranger).await.status, 400);
    let leave = json!([{ "op": "Remove", "path": format!("members[value eq \"{id}\"]") }]);
    assert_eq!(client.patch(&group, &leave).await.status, 204);
    ask_with_marks(&client, &user).await;
    assert_eq!(client.delete(&user).await.status, 204);

    let (token, log) = (&client.token, server.log());
    tells_every_request(&log, &client);
    // scim_TENANT_SECRET_SUM; a secret may hold further underscores.
    let secret = token
        .splitn(3, '_')
        .nth(2)
        .and_then(|rest| rest.rsplit_once('_'));
    let secret = secret.expect("the secret part").0;
    is_silent_about(&log, &[MARK, token, secret, "scim_", "bearer", &id, "eq "]);
}

#[tokio::test]
async fn leniency_is_named() {
    let server = Server::in_memory();
    let client = server.client();
    let user = json!({ "userName": "ada@fabrikam.example", "active": "True", "password": "x", "shoeSize": 4, "emails": [
        { "value": "a@fabrikam.example", "primary": true }, { "value": "b@fabrikam.example", "primary": true },
    ] });
    let id = client.post("/Users", &user).await.created();
    let operations = json!([
        { "op": "Replace", "value": { "name.givenName": "Ada" } },
        { "op": "Add", "path": "phoneNumbers[type eq \"work\"].value", "value": "1" },
        { "op": "Add", "path": "manager", "value": "m" },
    ]);
    client.patch(&format!("/Users/{id}"), &operations).await;
    client.get("/Users?filter=externalId eq abc").await;
    client.get(&format!("/Users/{id}")).await;
    let log = lines(&server.log());
    let quirks: Vec<&str> = log
        .iter()
        .map(|line| line["quirks"].as_str().expect("quirks"))
        .collect();
    let [create, patch, find, read] = quirks.as_slice() else {
        panic!("{quirks:?}")
    };
    let names = |quirks: &str, codes: &[&str]| {
        let named: Vec<&str> = quirks
            .split(", ")
            .filter_map(|label| label.split(' ').next())
            .collect();
        assert_eq!(named, codes, "{quirks}");
    };
    names(create, &["E-03", "C-01", "C-02", "C-04"]);
    names(patch, &["E-01", "E-02", "E-04", "E-06", "E-16"]);
    names(find, &["E-15"]);
    assert_eq!(*read, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_own_failure_is_told_to_the_log_alone() {
    let dynamo = Dynamo::start().await;
    dynamo.run(&["table", "create", "--table", "scim"]).await;
    let server = Server::start_with(&["--json", "--table", "scim"], |command| {
        dynamo.reach(command);
    });
    let client = server.client();
    let user = json!({ "userName": format!("{MARK}@fabrikam.example"), "title": MARK });
    let id = client.post("/Users", &user).await.created();
    dynamo.spoil_documents();
    let broken = client
        .exchange("GET", &format!("/Users/{id}"), &[], None)
        .await;
    assert_eq!(
        (broken.status, &broken.body["status"]),
        (500, &json!("500")),
        "{broken:?}"
    );
    let told = broken.body["detail"].as_str().expect("a detail");
    assert!(told.contains("X-Request-Id"), "{told}");
    dynamo.stop().await;
    let gone = client
        .exchange("GET", &format!("/Users/{id}"), &[], None)
        .await;
    assert_eq!(
        (gone.status, gone.header("retry-after")),
        (503, Some("1")),
        "{gone:?}"
    );
    for reply in [&broken, &gone] {
        assert!(
            !reply.text.contains(MARK) && !reply.text.contains("127.0.0.1"),
            "{reply:?}"
        );
    }

    let log = server.log();
    tells_every_request(&log, &client);
    is_silent_about(&log, &[MARK, "scim_", &id]);
    for reply in [&broken, &gone] {
        let request = reply.header("x-request-id").expect("an id");
        let failures: Vec<Value> = lines(&log)
            .into_iter()
            .filter(|line| line["request"] == request && line["message"] == "failure")
            .collect();
        let [failure] = failures.as_slice() else {
            panic!("{failures:?}")
        };
        assert_eq!(failure["level"], "ERROR");
        assert!(
            failure["error"]
                .as_str()
                .is_some_and(|error| !error.is_empty()),
            "{failure}"
        );
    }
}
