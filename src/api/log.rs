//! One structured line per request: names and numbers, never a value, a body, a header or a token.

use http::Method;

use super::{Answer, Exchange, ScimError};
use crate::store::Credential;

/// Writes the line of a finished exchange.
pub(super) fn line(exchange: &Exchange<'_>, result: &Result<Answer, ScimError>, now_ms: i64) {
    let status = match result {
        Ok(answer) => answer.status.as_u16(),
        Err(error) => error.status.as_u16(),
    };
    let credential = exchange.credential.as_ref();
    let tenant = credential.map(Credential::tenant_id).unwrap_or_default();
    let actor = credential.map_or("", |credential| credential.actor.as_str());
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

/// Methods are names of our own; whatever else a client sent is not repeated.
pub(super) fn method(method: &Method) -> &str {
    match method.as_str() {
        known @ ("GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS") => known,
        _ => "other",
    }
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
