//! Which refusals stand in the tenant's provisioning log: of writes all, of reads those that a setting caused.

use http::{Method, StatusCode};

use super::route::{Endpoint, Route};
use super::{ScimError, log};
use crate::schema::Quirks;
use crate::store::{Holder, Id, Refusal, Store};

/// What was asked for, as far as the log tells it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub method: &'a Method,
    pub route: &'a Route,
    /// Names the request.
    pub request: &'a str,
    pub quirks: &'a Quirks,
}

/// Notes the refusal if it is one to be noted. What goes wrong with that is ours alone.
pub(super) async fn note(store: &Store, holder: &Holder, asked: Asked<'_>, error: &ScimError) {
    if !asked.writes() && !of_a_setting(error.status) {
        return;
    }
    let refusal = Refusal {
        method: log::method(asked.method),
        route: &asked.route.template(),
        status: error.status.as_u16(),
        error: error.code(),
        resource: asked.route.resource(),
        request: asked.request,
        quirks: asked.quirks,
    };
    if let Err(error) = store.note_refusal(holder, &refusal).await {
        log::failure(asked.request, &error.into());
    }
}

impl Asked<'_> {
    fn writes(&self) -> bool {
        let searches = matches!(
            self.route.endpoint,
            Endpoint::Search(_) | Endpoint::SearchAll
        );
        !searches && !matches!(*self.method, Method::GET | Method::HEAD | Method::OPTIONS)
    }
}

/// Credential, scopes, state of the tenant, rate.
fn of_a_setting(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS
    )
}

impl Route {
    /// The resource that the path names, if that is an id.
    fn resource(&self) -> Option<Id> {
        match &self.endpoint {
            Endpoint::Resource(kind, id) => {
                Id::parse(id).filter(|id| id.resource_type() == kind.number)
            }
            _ => None,
        }
    }
}
