//! DynamoDB in this process: the SDK's requests go straight to a dynoxide database, without a socket.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{Builder, StalledStreamProtectionConfig};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use dynoxide::actions::query::QueryRequest;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;

use super::tokens::Tokens;
use super::{CreateError, DynamoDb, client, create_table};

/// The table's name, which nobody sees.
const TABLE_NAME: &str = "scim";

/// Why the embedded database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the path {0} is not UTF-8")]
    Path(PathBuf),
    #[error("the database cannot be opened")]
    Database(#[from] DynoxideError),
    #[error(transparent)]
    Table(#[from] CreateError),
}

/// A new table in memory, gone with the last clone of the handle.
pub async fn memory() -> Result<DynamoDb, OpenError> {
    open(Database::memory()?).await
}

/// The table in the file at `path`, made if missing; what was acknowledged survives the death of the process.
///
/// Items that have expired are removed on opening.
pub async fn file(path: &Path) -> Result<DynamoDb, OpenError> {
    let database = database(path)?;
    database.sweep_ttl()?;
    open(database).await
}

/// The same with every item that is there, for who only looks: to readers the expired ones are gone anyway.
pub async fn file_as_it_is(path: &Path) -> Result<DynamoDb, OpenError> {
    open(database(path)?).await
}

fn database(path: &Path) -> Result<Database, OpenError> {
    let text = path
        .to_str()
        .ok_or_else(|| OpenError::Path(path.to_owned()))?;
    Ok(Database::new(text)?)
}

async fn open(database: Database) -> Result<DynamoDb, OpenError> {
    let served = Served {
        database,
        tokens: Tokens::default(),
    };
    let engine = SharedHttpClient::new(Engine(Arc::new(Mutex::new(served))));
    // Neither can help: a call that came so far is carried out, and fails the same way again.
    let config = Builder::from(&client::no_account(engine))
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    let db = DynamoDb::new(config, TABLE_NAME);
    create_table(&db).await?;
    Ok(db)
}

/// Carries out the SDK's requests, one at a time.
///
/// The database has a lock of its own, but no queue: behind this one nobody is overtaken, and who waits needs no thread.
#[derive(Clone)]
struct Engine(Arc<Mutex<Served>>);

/// The database, and the tokens of the transactions it carried out.
struct Served {
    database: Database,
    tokens: Tokens,
}

/// Rows of a page where the query sets no limit. Without one dynoxide reads the whole partition into memory before it
/// cuts the page at 1 MB: a million edges for every page of them.
const ROWS_MAX: usize = 4_000;

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Engine").finish_non_exhaustive()
    }
}

impl HttpClient for Engine {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Engine {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let engine = Arc::clone(&self.0);
        // A task of its own: a caller that is not polled for a while must not keep its place at the head of the queue.
        let answered = tokio::spawn(async move {
            let mut served = engine.lock_owned().await;
            // Calls never wait for anything but the disk: inline, one busy caller would keep its runtime thread for good.
            tokio::task::spawn_blocking(move || answer(&mut served, &request)).await
        });
        HttpConnectorFuture::new(
            async move { answered.await.map_err(unanswered)?.map_err(unanswered)? },
        )
    }
}

fn answer(served: &mut Served, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default();
    let body = request.body().bytes().unwrap_or_default();
    let (status, answer) = match carry_out(served, operation, body) {
        Some(Ok(answer)) => (200, answer),
        Some(Err(error)) => (error.status_code(), error.to_json().into_bytes()),
        None => (400, UNKNOWN_OPERATION.as_bytes().to_vec()),
    };
    let status = StatusCode::try_from(status).map_err(unanswered)?;
    Ok(HttpResponse::new(status, SdkBody::from(answer)))
}

/// `None` for an operation that we do not use or dynoxide does not have.
fn carry_out(
    served: &mut Served,
    operation: &str,
    body: &[u8],
) -> Option<Result<Vec<u8>, DynoxideError>> {
    let db = &served.database;
    Some(match operation {
        "GetItem" => run(body, |request| db.get_item(request)),
        "BatchGetItem" => run(body, |request| db.batch_get_item(request)),
        "Query" => run(body, |mut request: QueryRequest| {
            request.limit.get_or_insert(ROWS_MAX);
            db.query(request)
        }),
        "Scan" => run(body, |request| db.scan(request)),
        "TransactWriteItems" => run(body, |request| served.tokens.once(db, request, body)),
        "PutItem" => run(body, |request| db.put_item(request)),
        "UpdateItem" => run(body, |request| db.update_item(request)),
        "DeleteItem" => run(body, |request| db.delete_item(request)),
        "CreateTable" => run(body, |request| db.create_table(request)),
        "DescribeTable" => run(body, |request| db.describe_table(request)),
        "UpdateTimeToLive" => run(body, |request| db.update_time_to_live(request)),
        "DescribeTimeToLive" => run(body, |request| db.describe_time_to_live(request)),
        _ => return None,
    })
}

fn unanswered(error: impl Into<BoxError>) -> ConnectorError {
    ConnectorError::other(error.into(), None)
}

const UNKNOWN_OPERATION: &str =
    r#"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#;

fn run<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    call: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Result<Vec<u8>, DynoxideError> {
    let request = serde_json::from_slice(body)
        .map_err(|error| DynoxideError::SerializationException(error.to_string()))?;
    serde_json::to_vec(&call(request)?)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{
        Attr, Attrs, Condition, Consistency, Key, Query, Range, Reason, Table, TableError,
        Transaction, Write,
    };

    #[tokio::test]
    async fn a_lost_race_names_the_item_that_won() {
        let db = memory().await.expect("memory");
        let put = |name: &str| Write::Put {
            key: Key {
                pk: name.into(),
                sk: "@".into(),
            },
            attrs: Attrs::from([("v", Attr::N(1))]),
            condition: Some(Condition::NotExists),
        };
        let transaction = |token: &str, writes| Transaction {
            token: token.into(),
            writes,
        };
        db.transact(&transaction("1", vec![put("a")]))
            .await
            .expect("first");
        let lost = db
            .transact(&transaction("2", vec![put("b"), put("a")]))
            .await
            .expect_err("second");
        let TableError::Cancelled(reasons) = lost else {
            panic!("{lost:?}")
        };
        let old = db.get(put("a").key()).await.expect("get");
        assert_eq!(reasons, [Reason::None, Reason::Condition(old)]);
        assert_eq!(db.get(put("b").key()).await.expect("get"), None);
    }

    #[tokio::test]
    async fn a_page_is_bounded_where_nobody_asks_for_it() {
        let db = memory().await.expect("memory");
        let key = |number: usize| Key {
            pk: "a".into(),
            sk: format!("{number:04}"),
        };
        for token in 0..=ROWS_MAX / 100 {
            let put = |number| Write::Put {
                key: key(100 * token + number),
                attrs: Attrs::new(),
                condition: None,
            };
            let writes = (0..100).map(put).collect();
            let token = token.to_string();
            let transaction = Transaction { token, writes };
            db.transact(&transaction).await.expect("a hundred");
        }
        let query = Query {
            pk: "a".into(),
            range: Range::All,
            descending: false,
            limit: None,
            after: None,
        };
        let page = db.query(&query, Consistency::Strong).await.expect("page");
        assert_eq!(page.items.len(), ROWS_MAX);
        assert_eq!(page.next.map(|next| next.key), Some(key(ROWS_MAX - 1)));
    }
}
