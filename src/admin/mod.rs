//! The vendor's side: tenants, connections, credentials, policies, schemas, the provisioning log, as REST under `/admin/v1`.
//!
//! Every verb exists once: [`Admin::handle`] reaches it over HTTP with an admin key, [`Admin::perform`] in the process
//! of whoever has the table anyway.

mod answer;
mod asked;
mod auth;
mod clients;
mod connections;
mod error;
mod integrity;
mod kept;
mod keys;
mod log;
mod page;
mod provisioning;
mod route;
mod schemas;
mod setup;
mod tenants;
mod tokens;
mod view;

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method, Response};
use serde_json::Value;

pub use answer::AdminAnswer;

use crate::api::{Call, is_json};
use crate::store::{IdentityError, State, Store};
use asked::Asked;
use error::AdminError;
use log::Note;
use route::Action;

/// The path of every route of this API.
pub const BASE: &str = "/admin/v1";
/// Bytes of a body.
pub const BODY_MAX: usize = 256 * 1024;

/// The admin API over one store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Admin {
    store: Store,
}

/// One request, without the way it came.
#[derive(Clone)]
pub struct AdminRequest {
    pub method: Method,
    /// Below [`BASE`], with the query: `/tenants?limit=10`.
    pub path: String,
    pub body: Option<Value>,
    /// Scheme and authority under which clients reach the service, as `https://scim.example.com`.
    pub base: String,
    /// Whether the caller has the table itself: it may make keys, and is told why the table fails.
    pub local: bool,
}

/// Without the body, which may hold what nobody else shall know.
impl fmt::Debug for AdminRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut request = f.debug_struct("AdminRequest");
        request.field("method", &self.method);
        request.field("path", &self.path).finish_non_exhaustive()
    }
}

impl Admin {
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Answers one request over HTTP and writes its log line.
    pub async fn handle(&self, call: Call) -> Response<Bytes> {
        let mut note = Note::begin(self.store.host(), &call.parts.method);
        let result = self.over_http(&call, &mut note).await;
        log::line(&note, &result, self.store.host().now_ms());
        let answer = result.unwrap_or_else(|error| error.into_answer(false));
        answer.into_response(&note.request)
    }

    /// Answers one request of somebody who may do everything.
    pub async fn perform(&self, request: AdminRequest) -> AdminAnswer {
        let mut note = Note::begin(self.store.host(), &request.method);
        let local = request.local;
        let result = self.answer(request, &mut note).await;
        result.unwrap_or_else(|error| error.into_answer(local))
    }

    async fn over_http(&self, call: &Call, note: &mut Note) -> Result<AdminAnswer, AdminError> {
        let parts = &call.parts;
        let path = route::below_base(parts.uri.path());
        let open = path.as_deref().is_some_and(route::is_open);
        if !open {
            note.actor = auth::authenticate(&self.store, &parts.headers).await?;
        }
        let path = path.ok_or_else(AdminError::no_such_path)?;
        let query = parts.uri.query();
        let request = AdminRequest {
            method: parts.method.clone(),
            path: query.map_or_else(|| path.clone(), |query| format!("{path}?{query}")),
            body: body(&parts.headers, call.body.as_ref())?,
            base: call.origin.clone(),
            local: false,
        };
        self.answer(request, note).await
    }

    async fn answer(
        &self,
        request: AdminRequest,
        note: &mut Note,
    ) -> Result<AdminAnswer, AdminError> {
        let found = route::find(&request.method, &request.path)?;
        note.route = found.path;
        let asked = Asked::new(&self.store, request, &found).await?;
        if let Some(tenant) = &asked.tenant {
            note.tenant = tenant.scope.to_string();
            let gone = matches!(tenant.state, State::Erasing | State::Erased);
            if gone && !found.action.is_for_the_gone() {
                return Err(IdentityError::State("the tenant is being erased").into());
            }
        }
        dispatch(found.action, &asked).await
    }
}

async fn dispatch(action: Action, asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    match action {
        Action::Document => Ok(AdminAnswer::ok(route::document())),
        Action::ListTenants => tenants::list(asked).await,
        Action::CreateTenant => tenants::create(asked).await,
        Action::ShowTenant => tenants::show(asked),
        Action::ChangeTenant => tenants::change(asked).await,
        Action::EraseTenant => tenants::erase(asked).await,
        Action::ListConnections => connections::list(asked).await,
        Action::CreateConnection => connections::create(asked).await,
        Action::ShowConnection => connections::show(asked),
        Action::ChangeConnection => connections::change(asked).await,
        Action::DeleteConnection => connections::delete(asked).await,
        Action::ShowPolicies => connections::policies(asked),
        Action::ReplacePolicies => connections::replace_policies(asked).await,
        Action::ShowSetup => setup::show(asked).await,
        Action::ListTokens => tokens::list(asked).await,
        Action::CreateToken => tokens::create(asked).await,
        Action::ShowToken => tokens::show(asked).await,
        Action::LabelToken => tokens::label(asked).await,
        Action::RevokeToken => tokens::revoke(asked).await,
        Action::RotateToken => tokens::rotate(asked).await,
        Action::ListClients => clients::list(asked).await,
        Action::CreateClient => clients::create(asked).await,
        Action::ShowClient => clients::show(asked).await,
        Action::ChangeClient => clients::change(asked).await,
        Action::DeleteClient => clients::delete(asked).await,
        Action::AddSecret => clients::add_secret(asked).await,
        Action::RemoveSecret => clients::remove_secret(asked).await,
        Action::ListSchemas => schemas::list(asked).await,
        Action::AddSchema => schemas::add(asked).await,
        Action::ShowSchema => schemas::show(asked).await,
        Action::RemoveSchema => schemas::remove(asked).await,
        Action::ListKept => kept::list(asked).await,
        Action::ShowKept => kept::show(asked).await,
        Action::ForgetKept => kept::forget(asked).await,
        Action::ReadLog => provisioning::log(asked).await,
        Action::CheckIntegrity => integrity::check(asked).await,
        Action::Repair => integrity::repair(asked).await,
        Action::ListKeys => keys::list(asked).await,
        Action::CreateKey => keys::create(asked).await,
        Action::RevokeKey => keys::revoke(asked).await,
    }
}

/// The body as JSON, if there is one, and if it is of a type and size we take.
fn body(headers: &HeaderMap, body: Option<&Bytes>) -> Result<Option<Value>, AdminError> {
    let body = body.filter(|body| body.len() <= BODY_MAX);
    let body = body.ok_or_else(|| AdminError::too_large(BODY_MAX))?;
    if body.is_empty() {
        return Ok(None);
    }
    if !is_json(headers) {
        return Err(AdminError::unsupported_media_type());
    }
    let read = serde_json::from_slice(body).map_err(|error| AdminError::malformed(&error))?;
    Ok(Some(read))
}
