//! Bearer tokens that Entra signs itself, for a customer that leaves the Secret Token blank: a test set-up, off unless a
//! connection allows it. RFC 6750 §2.1, RFC 7519.

use super::ScimError;
use crate::jose::{Assertion, Claims, Fault, KeySource, SourceError};
use crate::store::{Credential, EntraBearer, Refused, Store, TenantScope};

/// Whom the token stands for at this tenant's own URL, which must name the tenant by its id.
pub(super) async fn authenticate(
    store: &Store,
    keys: Option<&dyn KeySource>,
    tenant: Option<&str>,
    text: &str,
) -> Result<Result<Credential, Refused>, ScimError> {
    let tenant = tenant.and_then(TenantScope::parse);
    let (Some(keys), Some(tenant)) = (keys, tenant) else {
        return Err(untaken());
    };
    if let Some(known) = store.remembered_bearer(&tenant, text) {
        return Ok(Ok(known));
    }
    let now = store.host().now_ms();
    let token = Assertion::read(text).map_err(fault)?;
    let ends = token.claims.check_time(now).map_err(fault)?;
    let connections = store.bearer_connections(&tenant).await?;
    let mut connections = connections.into_iter();
    let found = connections.find(|(_, bearer)| is_meant(&token.claims, bearer));
    let ((connection, _), issuer) = found.zip(token.claims.iss.as_deref()).ok_or_else(untaken)?;
    let keys = keys.keys(issuer, token.kid.as_deref(), now).await;
    let keys = keys.map_err(no_keys)?;
    token.check_signature(&keys).map_err(fault)?;
    Ok(store
        .accept_bearer(&tenant, &connection, text, ends)
        .await?)
}

/// Whether the token comes from the connection's Entra tenant and is for its application.
fn is_meant(claims: &Claims, bearer: &EntraBearer) -> bool {
    let id = &bearer.tenant_id;
    let issuers = [
        format!("https://sts.windows.net/{id}/"),
        format!("https://login.microsoftonline.com/{id}/v2.0"),
        format!("https://login.microsoftonline.us/{id}/v2.0"),
        format!("https://login.partner.microsoftonline.cn/{id}/v2.0"),
    ];
    let from = |issuer: &String| claims.iss.as_ref() == Some(issuer);
    issuers.iter().any(from)
        && claims.tid.as_ref().is_none_or(|tid| tid == id)
        && claims.are_for([bearer.audience.as_str()])
}

/// The same words whether the tenant is unknown, takes no signed tokens, or takes others.
fn untaken() -> ScimError {
    ScimError::unauthorized(
        "signedToken",
        "a token that Entra signs is taken only where a connection allows its tenant and audience, and only at the Tenant URL with the tenant's id; paste a Secret Token instead",
    )
}

fn fault(fault: Fault) -> ScimError {
    ScimError::unauthorized(
        "signedToken",
        format!("the signed token is refused: {fault}"),
    )
}

fn no_keys(error: SourceError) -> ScimError {
    match error {
        SourceError::NotAllowed => untaken(),
        SourceError::Unreachable(_) | SourceError::Unusable(_) => ScimError::issuer_unavailable(),
    }
}
