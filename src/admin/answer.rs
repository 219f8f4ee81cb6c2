//! What the handlers make: a status and, mostly, a JSON body.

use std::fmt;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use serde_json::Value;

use crate::api::REQUEST_ID;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// Of an error (RFC 9457 §3).
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");
/// Answers hold secrets and what changes any moment.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// The answer to one request.
pub struct AdminAnswer {
    pub status: StatusCode,
    pub body: Option<Value>,
    /// A further header: Allow, Retry-After, WWW-Authenticate.
    pub(super) header: Option<(HeaderName, &'static str)>,
}

/// Without the body, which holds a new secret where one was made.
impl fmt::Debug for AdminAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut answer = f.debug_struct("AdminAnswer");
        answer.field("status", &self.status).finish_non_exhaustive()
    }
}

impl AdminAnswer {
    pub(super) fn new(status: StatusCode, body: Option<Value>) -> Self {
        Self {
            status,
            body,
            header: None,
        }
    }

    pub(super) fn ok(body: Value) -> Self {
        Self::new(StatusCode::OK, Some(body))
    }

    pub(super) fn created(body: Value) -> Self {
        Self::new(StatusCode::CREATED, Some(body))
    }

    pub(super) fn no_content() -> Self {
        Self::new(StatusCode::NO_CONTENT, None)
    }

    pub(super) fn into_response(self, request: &str) -> Response<Bytes> {
        let problem = self.status.is_client_error() || self.status.is_server_error();
        let body = self.body.as_ref().map(Value::to_string);
        let mut response = Response::new(Bytes::from(body.unwrap_or_default()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, NO_STORE);
        if self.body.is_some() {
            headers.insert(CONTENT_TYPE, if problem { PROBLEM } else { JSON });
        }
        if let Some((name, value)) = self.header {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if let Ok(id) = HeaderValue::from_str(request) {
            headers.insert(REQUEST_ID, id);
        }
        response
    }
}
