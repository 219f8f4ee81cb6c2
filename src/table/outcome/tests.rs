use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_sdk_dynamodb::config::{HttpClient, SharedHttpClient};
use aws_sdk_dynamodb::error::ConnectorError;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use crate::table::client::{no_account, over_a_network};
use crate::table::{
    Attr, Attrs, BY_NAME, Condition, Consistency, DynamoDb, Key, Query, Range, Reason, Table,
    TableError, Transaction, Write,
};

#[derive(Debug, Clone)]
enum Answer {
    /// The connection breaks.
    Lost,
    Body(u16, Value),
}

/// Answers requests from a script, and keeps their bodies.
#[derive(Debug, Clone, Default)]
struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    bodies: Arc<Mutex<Vec<Value>>>,
}

impl HttpClient for Script {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &aws_sdk_dynamodb::config::RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Script {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = serde_json::from_slice(request.body().bytes().expect("bytes")).expect("JSON");
        self.bodies.lock().unwrap().push(body);
        let answer = self.answers.lock().unwrap().pop_front().expect("scripted");
        HttpConnectorFuture::ready(match answer {
            Answer::Body(status, body) => Ok(HttpResponse::new(
                status.try_into().expect("status"),
                SdkBody::from(body.to_string()),
            )),
            Answer::Lost => Err(ConnectorError::io("connection reset".into())),
        })
    }
}

fn scripted(answers: &[Answer]) -> (DynamoDb, Script) {
    let script = Script::default();
    script.answers.lock().unwrap().extend(answers.to_vec());
    let config = no_account(SharedHttpClient::new(script.clone()));
    (DynamoDb::new(over_a_network(&config), "scim"), script)
}

fn error(status: u16, name: &str) -> Answer {
    Answer::Body(status, body_of(name))
}

fn body_of(name: &str) -> Value {
    json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{name}") })
}

fn cancelled(codes: &[&str]) -> Answer {
    let reasons: Vec<_> = codes.iter().map(|code| json!({ "Code": code })).collect();
    let mut body = body_of("TransactionCanceledException");
    body["CancellationReasons"] = reasons.into();
    Answer::Body(400, body)
}

fn throttled() -> Answer {
    error(400, "ThrottlingException")
}

fn done() -> Answer {
    Answer::Body(200, json!({}))
}

fn key(name: &str) -> Key {
    Key {
        pk: name.into(),
        sk: "@".into(),
    }
}

fn put(name: &str) -> Write {
    Write::Put {
        key: key(name),
        attrs: Attrs::from([("v", Attr::N(1))]),
        condition: Some(Condition::NotExists),
    }
}

fn two_puts() -> Transaction {
    Transaction {
        token: "01JD5W3N5T7Y8Z9A0B1C2D3E4F".into(),
        writes: vec![put("a"), put("b")],
    }
}

#[derive(Debug, PartialEq)]
enum Seen {
    Done,
    Busy,
    Unknown,
    Refused,
    Cancelled(Vec<Reason>),
}

async fn transact(answers: &[Answer]) -> Seen {
    let (db, script) = scripted(answers);
    let seen = match db.transact(&two_puts()).await {
        Ok(()) => Seen::Done,
        Err(TableError::Busy) => Seen::Busy,
        Err(TableError::Unknown(_)) => Seen::Unknown,
        Err(TableError::Refused(_)) => Seen::Refused,
        Err(TableError::Cancelled(reasons)) => Seen::Cancelled(reasons),
        Err(other) => panic!("{other:?}"),
    };
    assert!(
        script.answers.lock().unwrap().is_empty(),
        "all answers used"
    );
    let bodies = script.bodies.lock().unwrap();
    assert!(
        bodies.iter().all(|body| *body == bodies[0]),
        "a retry is the same request, token included"
    );
    seen
}

#[tokio::test]
async fn what_was_answered_did_not_happen() {
    let throttles = [throttled(), throttled(), throttled()];
    assert_eq!(transact(&throttles).await, Seen::Busy);
    for name in [
        "IdempotentParameterMismatchException",
        "ResourceNotFoundException",
        "AccessDeniedException",
        "ValidationException",
    ] {
        assert_eq!(transact(&[error(400, name)]).await, Seen::Refused, "{name}");
    }
}

#[tokio::test]
async fn what_was_not_answered_may_have_happened() {
    assert_eq!(
        transact(&[Answer::Lost, Answer::Lost, Answer::Lost]).await,
        Seen::Unknown
    );
    let broken = error(500, "InternalServerError");
    assert_eq!(
        transact(&[broken.clone(), broken.clone(), broken]).await,
        Seen::Unknown
    );
    let working = error(400, "TransactionInProgressException");
    assert_eq!(
        transact(&[working.clone(), working.clone(), working]).await,
        Seen::Unknown
    );
}

#[tokio::test]
async fn a_lost_attempt_outweighs_a_later_refusal_but_not_an_answer() {
    assert_eq!(transact(&[Answer::Lost, done()]).await, Seen::Done);
    assert_eq!(
        transact(&[Answer::Lost, throttled(), throttled()]).await,
        Seen::Unknown
    );
    assert_eq!(
        transact(&[Answer::Lost, cancelled(&["None", "TransactionConflict"])]).await,
        Seen::Unknown,
        "the conflict may be with the lost attempt"
    );
    assert_eq!(
        transact(&[Answer::Lost, cancelled(&["None", "ConditionalCheckFailed"])]).await,
        Seen::Cancelled(vec![Reason::None, Reason::Condition(None)])
    );
}

#[tokio::test]
async fn reasons_by_position() {
    for (code, reason) in [
        ("ConditionalCheckFailed", Reason::Condition(None)),
        ("TransactionConflict", Reason::Conflict),
        ("ThrottlingError", Reason::Throttled),
        ("ProvisionedThroughputExceeded", Reason::Throttled),
        ("ValidationError", Reason::Invalid),
    ] {
        let seen = transact(&[cancelled(&[code, "None"])]).await;
        assert_eq!(seen, Seen::Cancelled(vec![reason, Reason::None]), "{code}");
    }
    assert_eq!(transact(&[cancelled(&["None", "None"])]).await, Seen::Busy);
    assert_eq!(
        transact(&[cancelled(&["TransactionConflict"])]).await,
        Seen::Busy,
        "reasons that do not fit the writes"
    );
    assert_eq!(
        transact(&[cancelled(&["ItemCollectionSizeLimitExceeded", "None"])]).await,
        Seen::Refused
    );
}

#[tokio::test]
async fn a_single_write_that_failed_its_condition() {
    let mut body = body_of("ConditionalCheckFailedException");
    body["Item"] = json!({ "PK": { "S": "a" }, "SK": { "S": "@" }, "v": { "N": "4" } });
    let (db, script) = scripted(&[Answer::Body(400, body)]);
    let Err(TableError::Condition(Some(old))) = db.write(&put("a")).await else {
        panic!("the condition failed");
    };
    assert_eq!(old.attrs["v"], Attr::N(4));
    let bodies = script.bodies.lock().unwrap();
    assert_eq!(bodies[0]["ReturnValuesOnConditionCheckFailure"], "ALL_OLD");
}

#[tokio::test]
async fn a_single_write_beside_a_transaction_is_busy() {
    let (db, _) = scripted(&[error(400, "TransactionConflictException")]);
    let failure = db.write(&put("a")).await;
    assert!(matches!(failure, Err(TableError::Busy)), "{failure:?}");
}

#[tokio::test]
async fn without_credentials_nothing_was_sent() {
    let script = Script::default();
    let mut config = no_account(SharedHttpClient::new(script)).into_builder();
    config.set_credentials_provider(None);
    let db = DynamoDb::from_config(&config.build(), "scim");
    let failure = db.transact(&two_puts()).await;
    assert!(
        matches!(failure, Err(TableError::Refused(_))),
        "{failure:?}"
    );
}

#[tokio::test]
async fn exact_reads_are_strong() {
    let answers = [done(), done(), done(), done(), done()];
    let (db, script) = scripted(&answers);
    let query = Query {
        pk: "a".into(),
        range: Range::All,
        descending: true,
        limit: Some(3),
        after: None,
    };
    db.get(&key("a")).await.expect("get");
    db.batch_get(&[key("a")]).await.expect("batch_get");
    db.query(&query, Consistency::Strong).await.expect("strong");
    db.query(&query, Consistency::Eventual)
        .await
        .expect("eventual");
    db.query_index(BY_NAME, &query).await.expect("index");
    let bodies = script.bodies.lock().unwrap();
    assert_eq!(bodies[0]["ConsistentRead"], true);
    assert_eq!(bodies[1]["RequestItems"]["scim"]["ConsistentRead"], true);
    assert_eq!(bodies[2]["ConsistentRead"], true);
    assert_eq!(bodies[3]["ConsistentRead"], false);
    assert_eq!(bodies[4].get("ConsistentRead"), None);
    assert_eq!(bodies[4]["IndexName"], "byName");
    assert_eq!(bodies[2]["ScanIndexForward"], false);
    assert_eq!(bodies[2]["Limit"], 3);
}
