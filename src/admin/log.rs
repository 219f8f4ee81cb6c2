//! One structured line per request: names and numbers, never a value, a body, a header or a key.

use http::Method;

use super::{AdminAnswer, AdminError};
use crate::api::{chain, method, request_id};
use crate::store::Host;

/// What the line will say.
#[derive(Debug)]
pub(super) struct Note {
    /// Names the request in the log and to the client.
    pub request: String,
    started: i64,
    method: &'static str,
    /// The route with its variable parts left open.
    pub route: &'static str,
    /// The id of the tenant it is about.
    pub tenant: String,
    /// The id of the key it came with.
    pub actor: String,
}

impl Note {
    pub(super) fn begin(host: &dyn Host, sent: &Method) -> Self {
        Self {
            request: request_id(host),
            started: host.now_ms(),
            method: method(sent),
            route: "unknown",
            tenant: String::new(),
            actor: String::new(),
        }
    }
}

/// Writes the line of a finished request, and what only we may know of our own failure.
pub(super) fn line(note: &Note, result: &Result<AdminAnswer, AdminError>, now_ms: i64) {
    let status = match result {
        Ok(answer) => answer.status.as_u16(),
        Err(error) => error.status.as_u16(),
    };
    tracing::info!(
        request = note.request,
        method = note.method,
        route = note.route,
        tenant = note.tenant,
        actor = note.actor,
        status,
        ms = now_ms - note.started,
        error = result.as_ref().err().map(|error| error.code),
        "admin"
    );
    let source = result
        .as_ref()
        .err()
        .and_then(|error| error.source.as_deref());
    if let Some(source) = source {
        tracing::error!(request = note.request, error = %chain(source), "failure");
    }
}
