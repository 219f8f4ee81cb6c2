//! `POST /Bulk`: many operations in one request, each an ordinary request of its own. RFC 7644 §3.7.

mod order;
mod progress;
mod read;
mod reference;
mod run;

use http::StatusCode;
use serde_json::json;

use super::{Answer, Exchange, ScimError};
use crate::store::{Credential, Store};
use run::Caller;

/// Operations of one bulk request.
pub const OPERATIONS_MAX: usize = 1_000;

const BULK_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

/// Runs the operations of the body and answers with what became of each, in the order in which they were sent.
pub(super) async fn run(
    store: &Store,
    credential: &Credential,
    exchange: &mut Exchange<'_>,
) -> Result<Answer, ScimError> {
    let body = exchange.json()?;
    let (fail_on_errors, items) = read::envelope(body)?;
    let entries = items
        .into_iter()
        .map(|item| read::entry(item, exchange))
        .collect();
    let caller = Caller {
        store,
        credential,
        exchange,
    };
    let (results, quirks) = caller.run(entries, fail_on_errors).await;
    exchange.quirks.extend(quirks);
    let body = json!({ "schemas": [BULK_RESPONSE], "Operations": results });
    Ok(Answer::new(StatusCode::OK, Some(body)))
}

/// Operations of a test, as a request to `/scim/v2/Bulk` would give them.
#[cfg(test)]
fn entries(operations: &serde_json::Value) -> Vec<read::Entry> {
    use super::{Call, Route};
    use crate::schema::Quirks;
    use crate::store::Request;
    let call = Call {
        parts: http::Request::new(()).into_parts().0,
        body: None,
        origin: "https://scim.fabrikam.example".to_owned(),
    };
    let mut exchange = Exchange {
        call: &call,
        route: Route::of("/scim/v2/Bulk"),
        group_body_max: 0,
        request: Request {
            id: String::new(),
            started: 0,
        },
        quirks: Quirks::default(),
        credential: None,
        holder: None,
    };
    let list = operations.as_array().unwrap().clone();
    list.into_iter()
        .map(|item| read::entry(item, &mut exchange))
        .collect()
}
