//! Who answers a path: the vendor's side under `/admin/v1`, the token endpoint, SCIM everywhere else.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;

use crate::admin::{Admin, BASE};
use crate::api::{App, Call};
use crate::jose::Issuers;
use crate::oauth::{TOKEN_PATH, TokenEndpoint};
use crate::store::Store;

/// What one process serves. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Front {
    admin: Admin,
    tokens: TokenEndpoint,
    /// `None` in the function that serves the vendor's side alone.
    scim: Option<App>,
}

impl Front {
    pub(super) fn new(store: Store, issuers: Arc<Issuers>, scim: Option<App>) -> Self {
        Self {
            admin: Admin::new(store.clone()),
            scim: scim.map(|scim| scim.with_keys(issuers.clone())),
            tokens: TokenEndpoint::new(store, issuers),
        }
    }

    pub(super) async fn handle(&self, call: Call) -> Response<Bytes> {
        let path = call.parts.uri.path();
        if path.strip_suffix('/').unwrap_or(path) == TOKEN_PATH {
            return self.tokens.handle(call).await;
        }
        let rest = path.strip_prefix(BASE);
        let admin = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        match &self.scim {
            Some(scim) if !admin => scim.handle(call).await,
            _ => self.admin.handle(call).await,
        }
    }
}
