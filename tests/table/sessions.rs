//! Each tenant's requests carry the credentials of a session that is tagged with the tenant.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serverless_scim::table::DynamoDb;
use serverless_scim::table::{Key, Sessions, create_table, emulator_config};
use tokio::net::TcpListener;

const ROLE: &str = "arn:aws:iam::123456789012:role/scim-tenant";
const SESSION: &str = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>\
    <Credentials><AccessKeyId>KEY</AccessKeyId><SecretAccessKey>not-a-secret</SecretAccessKey>\
    <SessionToken>session</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>\
    <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/scim-tenant/scim</Arn><AssumedRoleId>AROA:scim</AssumedRoleId></AssumedRoleUser></AssumeRoleResult>\
    <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></AssumeRoleResponse>";

/// STS and DynamoDB behind one address: who took a role, and which key each item was asked for with.
#[derive(Clone)]
struct Aws {
    dynamo: String,
    roles: Arc<Mutex<Vec<String>>>,
    asked: Arc<Mutex<BTreeSet<(String, String)>>>,
}

async fn answer(State(aws): State<Aws>, headers: HeaderMap, body: Bytes) -> (StatusCode, Bytes) {
    let text = String::from_utf8_lossy(&body).into_owned();
    if text.contains("Action=AssumeRole") {
        let form: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
        let field = |name: &str| {
            let found = form.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        assert_eq!(field("RoleArn"), ROLE);
        assert_eq!(field("Tags.member.1.Key"), "tenant");
        let tenant = field("Tags.member.1.Value");
        aws.roles.lock().expect("a lock").push(tenant.clone());
        let session = SESSION.replace("KEY", &format!("AKIA{tenant}"));
        return (StatusCode::OK, session.into());
    }
    let authorization = headers["authorization"].to_str().expect("text");
    let key = authorization
        .split_once("Credential=")
        .and_then(|(_, rest)| rest.split_once('/'));
    let key = key.expect("a key").0.to_owned();
    if let Ok(request) = serde_json::from_slice::<serde_json::Value>(&body)
        && let Some(pk) = request["Key"]["PK"]["S"].as_str()
    {
        aws.asked
            .lock()
            .expect("a lock")
            .insert((key, pk.to_owned()));
    }
    let mut request = reqwest::Client::new().post(&aws.dynamo).body(body);
    for name in [
        "x-amz-target",
        "content-type",
        "authorization",
        "x-amz-date",
    ] {
        request = request.header(name, &headers[name]);
    }
    let response = request.send().await.expect("an answer");
    let status = response.status();
    (status, response.bytes().await.expect("a body"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_requests_carry_that_tenants_session() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let dynamo = format!("http://{}", listener.local_addr().expect("an address"));
    let database = dynoxide::Database::memory().expect("a database");
    tokio::spawn(dynoxide::server::serve_with_shutdown(
        listener,
        database,
        std::future::pending::<()>(),
    ));
    let aws = Aws {
        dynamo: dynamo.clone(),
        roles: Arc::default(),
        asked: Arc::default(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let router = Router::new().fallback(answer).with_state(aws.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });

    let shared = DynamoDb::from_config(&emulator_config(&dynamo), "scim");
    create_table(&shared).await.expect("a table");
    let emulator = emulator_config(&address);
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .http_client(emulator.http_client().expect("a client"))
        .credentials_provider(emulator.credentials_provider().expect("credentials"))
        .region(emulator.region().expect("a region").clone())
        .endpoint_url(address)
        .load()
        .await;
    let sessions = Sessions::new(config, "scim".to_owned(), ROLE.to_owned());
    for tenant in ["aaaaaaaaaa", "bbbbbbbbbb", "aaaaaaaaaa"] {
        let key = Key {
            pk: format!("T#{tenant}"),
            sk: "@".to_owned(),
        };
        let found = sessions.of(tenant).get(&key).await.expect("an answer");
        assert_eq!(found, None);
    }
    let roles = aws.roles.lock().expect("a lock").clone();
    assert_eq!(roles, ["aaaaaaaaaa", "bbbbbbbbbb"], "once for each tenant");
    let asked = aws.asked.lock().expect("a lock").clone();
    let own = |tenant: &str| (format!("AKIA{tenant}"), format!("T#{tenant}"));
    assert_eq!(
        asked,
        BTreeSet::from([own("aaaaaaaaaa"), own("bbbbbbbbbb")])
    );
}
