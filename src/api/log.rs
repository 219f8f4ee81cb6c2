//! One structured line per request: names and numbers, never a value, a body, a header or a token.

use http::{HeaderName, Method};

use super::{Answer, Exchange, ScimError};
use crate::store::{Holder, Host, StoreError};

/// Tells the client how the log calls its request.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A name for a request, in the log and to the client.
pub(crate) fn request_id(host: &dyn Host) -> String {
    let mut random = [0; 16];
    host.random(&mut random);
    format!("{:032x}", u128::from_le_bytes(random))
}

/// Writes the line of a finished exchange.
pub(super) fn line(exchange: &Exchange<'_>, result: &Result<Answer, ScimError>, now_ms: i64) {
    let status = match result {
        Ok(answer) => answer.status.as_u16(),
        Err(error) => error.status.as_u16(),
    };
    let holder = exchange.holder.as_ref();
    let tenant = holder.map(Holder::tenant_id).unwrap_or_default();
    let actor = holder.map_or("", Holder::actor);
    tracing::info!(
        request = exchange.request.id,
        method = method(&exchange.call.parts.method),
        route = exchange.route.template(),
        tenant,
        actor,
        status,
        ms = now_ms - exchange.request.started,
        error = result.as_ref().err().map(ScimError::code),
        quirks = exchange.quirks.labels().join(", "),
        "request"
    );
    if let Err(error) = result {
        failure(&exchange.request.id, error);
    }
}

/// Writes what only we may know of an error, if it is our own failure.
pub(super) fn failure(request: &str, error: &ScimError) {
    if let Some(source) = error.source.as_deref() {
        tracing::error!(request, error = %chain(source), "failure");
    }
}

/// Writes why the answer to a change lacks members or groups.
pub(super) fn lacking(request: &str, error: &StoreError) {
    tracing::error!(request, error = %chain(error), "changed, but not read again");
}

/// Methods are names of our own; whatever else a client sent is not repeated.
pub(crate) fn method(method: &Method) -> &'static str {
    let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    let found = known.into_iter().find(|known| *known == method.as_str());
    found.unwrap_or("other")
}

/// The error and what caused it, for logs and for whoever operates the service.
pub fn chain(error: &(dyn std::error::Error + Send + Sync + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
