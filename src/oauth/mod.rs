//! The token endpoint: client credentials for an access token. RFC 6749 §4.4, RFC 7523.
//!
//! A client proves itself by a secret (`client_secret_basic`, `client_secret_post`) or by a signed assertion: one it signs
//! itself, good for a single use, or one that the customer's identity provider signs. The latter are good as often as
//! they are sent while they live: Entra keeps one for its whole hour and sends it again with every request for a token.

mod authenticate;
mod error;
mod form;
mod scope;

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, PRAGMA};
use http::{HeaderMap, Response, StatusCode};
use serde_json::{Value, json};

use crate::api::{Call, REQUEST_ID, method, request_id};
use crate::jose::KeySource;
use crate::store::{Client, Store};
use error::OAuthError;
use form::Form;

pub use form::BODY_MAX;

/// Where the endpoint is, below the origin.
pub const TOKEN_PATH: &str = "/oauth2/token";

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

/// The token endpoint over one store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TokenEndpoint {
    store: Store,
    keys: Arc<dyn KeySource>,
}

impl TokenEndpoint {
    pub fn new(store: Store, keys: Arc<dyn KeySource>) -> Self {
        Self { store, keys }
    }

    /// Answers one request for a token and writes its log line.
    pub async fn handle(&self, call: Call) -> Response<Bytes> {
        let host = self.store.host();
        let request = request_id(host);
        let started = host.now_ms();
        let mut client = None;
        let result = self.issue(&call, &mut client).await;
        let ms = host.now_ms() - started;
        log(&request, &call, client.as_ref(), &result, ms);
        let (status, headers, body) = match result {
            Ok(body) => (StatusCode::OK, HeaderMap::new(), body),
            Err(error) => error.into_parts(),
        };
        respond(status, headers, &body, &request)
    }

    /// The answer with a new token; `who` is known once the client has proved itself.
    async fn issue(&self, call: &Call, who: &mut Option<Client>) -> Result<Value, OAuthError> {
        let form = Form::read(call)?;
        form.check_grant()?;
        let client = &*who.insert(self.authenticate(call, &form).await?);
        let (scopes, said) = scope::granted(form.scope.as_deref(), &client.scopes)?;
        let (secret, _) = self.store.issue_access_token(client, &scopes).await?;
        Ok(json!({
            "access_token": secret.reveal(),
            "token_type": "Bearer",
            "expires_in": client.access_token_life,
            "scope": said,
        }))
    }
}

/// One line per request: names and numbers, never a value, a body, a header or a token.
fn log(
    request: &str,
    call: &Call,
    client: Option<&Client>,
    result: &Result<Value, OAuthError>,
    ms: i64,
) {
    let error = result.as_ref().err();
    let status = error.map_or(StatusCode::OK, OAuthError::status).as_u16();
    let tenant = client.map(|client| client.scope.to_string());
    tracing::info!(
        request,
        method = method(&call.parts.method),
        route = TOKEN_PATH,
        tenant = tenant.unwrap_or_default(),
        actor = client.map_or("", |client| client.id.as_str()),
        status,
        ms,
        error = error.map(OAuthError::reason),
        "request"
    );
    if let Some(source) = error.and_then(OAuthError::source) {
        tracing::error!(request, error = %crate::api::chain(source), "failure");
    }
}

fn respond(
    status: StatusCode,
    headers: HeaderMap,
    body: &Value,
    request_id: &str,
) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    let sent = response.headers_mut();
    *sent = headers;
    sent.insert(CONTENT_TYPE, JSON);
    sent.insert(CACHE_CONTROL, NO_STORE);
    sent.insert(PRAGMA, NO_CACHE);
    if let Ok(id) = HeaderValue::from_str(request_id) {
        sent.insert(REQUEST_ID, id);
    }
    response
}
