//! Requests in, responses out: the SCIM protocol over the store. RFC 7644 §3.
//!
//! The two homes, Lambda and `serve`, differ only in how they come by a [`Call`].

mod auth;
mod bulk;
mod cursor;
mod discovery;
mod entra;
mod error;
mod etag;
mod list;
mod log;
mod permit;
mod query;
mod refusal;
mod render;
mod resource;
mod route;
mod search;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Response, StatusCode};
use serde_json::Value;

pub use bulk::OPERATIONS_MAX as BULK_OPERATIONS_MAX;
pub use error::ScimError;
pub use log::chain;
pub(crate) use log::{REQUEST_ID, method, request_id};
pub use route::Function;

use crate::jose::KeySource;
use crate::schema::Quirks;
use crate::store::{Credential, Holder, Request, Store};
use refusal::Asked;
use route::{Endpoint, Route};

/// Bytes of a body on /Groups where the home says nothing else: about 90,000 member ids, and what a Lambda event holds in base64.
pub const GROUP_BODY_MAX: usize = 4_500_000;
/// Bytes of a body elsewhere.
pub const BODY_MAX: usize = 1024 * 1024;
/// Values in a body: a value takes hundreds of bytes of memory, and perhaps two in the body. Twice what 100,000 members
/// take with all their sub-attributes.
pub const VALUES_MAX: usize = 1_000_000;

const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/scim+json");

/// One HTTP request as a home received it.
pub struct Call {
    pub parts: Parts,
    /// `None` where the body is larger than anything taken, and was not read.
    pub body: Option<Bytes>,
    /// Scheme and authority under which the client reaches us, as `https://scim.example.com`.
    pub origin: String,
}

/// Headers and body hold tokens and values, which nothing may show.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut call = f.debug_struct("Call");
        call.field("method", &self.parts.method)
            .finish_non_exhaustive()
    }
}

/// What the handlers make: a status, headers and, mostly, a JSON body.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Option<Value>,
}

/// One request on its way through the handlers.
#[derive(Debug)]
struct Exchange<'a> {
    call: &'a Call,
    route: Route,
    group_body_max: usize,
    request: Request,
    quirks: Quirks,
    /// Who asks, once that is known.
    credential: Option<Credential>,
    /// Whose token was sent, also where it lets nobody in.
    holder: Option<Holder>,
}

/// The protocol over one store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    store: Store,
    /// The one function whose routes are served; `None` serves them all.
    function: Option<Function>,
    group_body_max: usize,
    /// Of issuers whose signed bearer tokens a connection may take; without, none are.
    keys: Option<Arc<dyn KeySource>>,
}

impl App {
    pub fn new(store: Store, function: Option<Function>) -> Self {
        Self {
            store,
            function,
            group_body_max: GROUP_BODY_MAX,
            keys: None,
        }
    }

    /// The same where connections may take bearer tokens that Entra signs.
    #[must_use]
    pub fn with_keys(self, keys: Arc<dyn KeySource>) -> Self {
        Self {
            keys: Some(keys),
            ..self
        }
    }

    /// The same for a home that takes bodies of another size on /Groups.
    #[must_use]
    pub fn with_group_body_max(self, bytes: usize) -> Self {
        Self {
            group_body_max: bytes,
            ..self
        }
    }

    /// Answers one SCIM request and writes its log line.
    pub async fn handle(&self, call: Call) -> Response<Bytes> {
        let host = self.store.host();
        let request = Request {
            id: request_id(host),
            started: host.now_ms(),
        };
        let mut route = Route::of(call.parts.uri.path());
        if self
            .function
            .is_some_and(|function| function != route.function())
        {
            route.endpoint = Endpoint::Unknown;
        }
        let mut exchange = Exchange {
            call: &call,
            route,
            group_body_max: self.group_body_max,
            request,
            quirks: Quirks::default(),
            credential: None,
            holder: None,
        };
        let result = dispatch(&self.store, self.keys.as_deref(), &mut exchange).await;
        if let (Ok(_), Some(credential)) = (&result, &exchange.credential)
            && let Err(error) = self.store.touch(credential).await
        {
            // Only a note of when the credential was used; the request went well.
            log::failure(&exchange.request.id, &error.into());
        }
        if let (Err(error), Some(holder)) = (&result, &exchange.holder) {
            refusal::note(&self.store, holder, exchange.asked(), error).await;
        }
        log::line(&exchange, &result, host.now_ms());
        let answer = result.unwrap_or_else(ScimError::into_answer);
        respond(answer, &exchange.request.id)
    }
}

async fn dispatch(
    store: &Store,
    keys: Option<&dyn KeySource>,
    exchange: &mut Exchange<'_>,
) -> Result<Answer, ScimError> {
    let Exchange {
        call,
        route,
        holder,
        ..
    } = exchange;
    let credential = auth::authenticate(store, keys, call, route, holder).await?;
    exchange.credential = Some(credential.clone());
    store.admit(&credential).await?;
    let method = &exchange.call.parts.method;
    exchange.route.allows(method)?;
    permit::permitted(&credential, &exchange.route, method)?;
    let tenant = store.tenant(&credential, exchange.request.clone());
    let types = &credential.types;
    match exchange.route.endpoint.clone() {
        Endpoint::Collection(base) => resource::collection(&tenant, types.of(base), exchange).await,
        Endpoint::Search(base) => list::search(&tenant, types.of(base), exchange).await,
        Endpoint::Resource(base, id) => {
            resource::single(&tenant, types.of(base), &id, exchange).await
        }
        Endpoint::SearchAll => search::all(&tenant, types, exchange).await,
        Endpoint::Bulk => bulk::run(store, &credential, exchange).await,
        Endpoint::Discovery(document) => discovery::answer(document, types, exchange),
        Endpoint::Me => Err(ScimError::not_implemented(
            "/Me is not offered; look the user up by filter",
        )),
        Endpoint::Unknown => Err(ScimError::not_found(
            "there is no such endpoint; the Tenant URL ends in /scim/v2",
        )),
    }
}

impl Exchange<'_> {
    /// The base URL as the client knows it.
    fn base(&self) -> String {
        format!("{}{}", self.call.origin, self.route.base)
    }

    fn asked(&self) -> Asked<'_> {
        Asked {
            method: &self.call.parts.method,
            route: &self.route,
            request: &self.request.id,
            quirks: &self.quirks,
        }
    }

    /// The body as JSON, if it is of a type and size we take.
    fn json(&self) -> Result<Value, ScimError> {
        let max = if self.route.takes_members() {
            self.group_body_max
        } else {
            BODY_MAX
        };
        let body = self.call.body.as_ref().filter(|body| body.len() <= max);
        let body = body.ok_or_else(|| ScimError::too_large(max))?;
        if separators(body) > VALUES_MAX {
            return Err(ScimError::too_many_values(VALUES_MAX));
        }
        if !is_json(&self.call.parts.headers) {
            return Err(ScimError::unsupported_media_type());
        }
        serde_json::from_slice(body).map_err(|error| ScimError::malformed(&error))
    }
}

impl Answer {
    fn new(status: StatusCode, body: Option<Value>) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body,
        }
    }

    fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }
}

/// No fewer than the values in a body.
fn separators(body: &[u8]) -> usize {
    let begins = |byte: &&u8| matches!(byte, b',' | b'[' | b'{');
    body.iter().filter(begins).count()
}

/// `application/scim+json`, `application/json`, any `+json`, or nothing said (RFC 7644 §8.1).
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return true;
    };
    let Ok(text) = value.to_str() else {
        return false;
    };
    let essence = text
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence.is_empty() || essence == "application/json" || essence.ends_with("+json")
}

fn respond(answer: Answer, request_id: &str) -> Response<Bytes> {
    let body = answer.body.as_ref().map(Value::to_string);
    let mut response = Response::new(Bytes::from(body.unwrap_or_default()));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    if answer.body.is_some() {
        response.headers_mut().insert(CONTENT_TYPE, MEDIA_TYPE);
    }
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}
