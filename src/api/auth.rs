//! Who asks: the bearer token names the tenant. RFC 6750 §2.1, RFC 7644 §2.

use http::header::AUTHORIZATION;

use super::route::Route;
use super::{Call, ScimError};
use crate::store::{Credential, Refused, Secret, SecretKind, Store};

/// The credential of the request, or a 401 that says what is wrong with it.
pub(super) async fn authenticate(
    store: &Store,
    call: &Call,
    route: &Route,
) -> Result<Credential, ScimError> {
    let secret = Secret::parse(SecretKind::Token, bearer(call)?)
        .map_err(|error| ScimError::unauthorized(error.to_string()))?;
    let credential = store.authenticate(&secret).await?.map_err(refusal)?;
    let agrees = |named: &String| credential.is_of(named);
    if !route.tenant.as_ref().is_none_or(agrees) {
        return Err(ScimError::unauthorized(
            "the token belongs to another tenant than the Tenant URL",
        ));
    }
    Ok(credential)
}

fn refusal(refused: Refused) -> ScimError {
    match refused {
        Refused::Unknown => ScimError::unauthorized("the token is not known; make a new one"),
        Refused::Expired => ScimError::unauthorized("the token has expired; make a new one"),
        Refused::Revoked => ScimError::unauthorized("the token was revoked; make a new one"),
        Refused::Suspended => {
            ScimError::forbidden("the tenant is suspended; ask the vendor of the application")
        }
        Refused::Erased => ScimError::gone("the tenant is not served any more"),
    }
}

fn bearer(call: &Call) -> Result<&str, ScimError> {
    let missing =
        || ScimError::unauthorized("send the Secret Token as \"Authorization: Bearer ...\"");
    let header = call.parts.headers.get(AUTHORIZATION).ok_or_else(missing)?;
    let (scheme, token) = header
        .to_str()
        .ok()
        .and_then(|text| text.trim().split_once(' '))
        .ok_or_else(missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(missing());
    }
    let token = token.trim();
    let doubled = token
        .get(..7)
        .is_some_and(|start| start.eq_ignore_ascii_case("bearer "));
    if doubled {
        return Err(ScimError::unauthorized(
            "paste the Secret Token without the word Bearer in front",
        ));
    }
    Ok(token)
}
