//! Who asks: the bearer token names the tenant. RFC 6750 §2.1, RFC 7644 §2.

use http::header::AUTHORIZATION;

use super::route::Route;
use super::{Call, ScimError, entra};
use crate::jose::{Assertion, KeySource};
use crate::store::{Credential, Holder, Refused, Secret, SecretKind, Store};

/// The credential of the request, or a 401 that says what is wrong with it. Whoever proved to hold a token, good or
/// not, is noted in `holder`.
pub(super) async fn authenticate(
    store: &Store,
    keys: Option<&dyn KeySource>,
    call: &Call,
    route: &Route,
    holder: &mut Option<Holder>,
) -> Result<Credential, ScimError> {
    let text = bearer(call)?;
    if Assertion::looks_like(text) {
        let tenant = route.tenant.as_deref();
        let signed = entra::authenticate(store, keys, tenant, text).await?;
        return known(signed, holder);
    }
    let secret = Secret::parse(SecretKind::Token, text)
        .map_err(|error| ScimError::unauthorized("tokenMalformed", error.to_string()))?;
    let credential = known(store.authenticate(&secret).await?, holder)?;
    let agrees = |named: &String| credential.is_of(named);
    if !route.tenant.as_ref().is_none_or(agrees) {
        return Err(ScimError::unauthorized(
            "wrongTenant",
            "the token belongs to another tenant than the Tenant URL",
        ));
    }
    Ok(credential)
}

fn known(
    found: Result<Credential, Refused>,
    holder: &mut Option<Holder>,
) -> Result<Credential, ScimError> {
    *holder = match &found {
        Ok(credential) => Some(credential.holder()),
        Err(refused) => refused.holder().cloned(),
    };
    found.map_err(|refused| refusal(&refused))
}

fn refusal(refused: &Refused) -> ScimError {
    match refused {
        Refused::Unknown => {
            ScimError::unauthorized("tokenUnknown", "the token is not known; make a new one")
        }
        Refused::Expired(_) => {
            ScimError::unauthorized("tokenExpired", "the token has expired; make a new one")
        }
        Refused::Revoked(_) => {
            ScimError::unauthorized("tokenRevoked", "the token was revoked; make a new one")
        }
        Refused::Suspended(_) => ScimError::forbidden(
            "suspended",
            "the tenant is suspended; ask the vendor of the application",
        ),
        Refused::Erased => ScimError::gone("the tenant is not served any more"),
    }
}

fn bearer(call: &Call) -> Result<&str, ScimError> {
    let missing = || {
        ScimError::unauthorized(
            "tokenMissing",
            "send the Secret Token as \"Authorization: Bearer ...\"",
        )
    };
    let mut headers = call.parts.headers.get_all(AUTHORIZATION).iter();
    let header = headers.next().ok_or_else(missing)?;
    if headers.next().is_some() {
        // Who reads the other one in front of us would see another sender.
        return Err(ScimError::unauthorized(
            "tokenMissing",
            "send one Authorization header",
        ));
    }
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
            "tokenMalformed",
            "paste the Secret Token without the word Bearer in front",
        ));
    }
    Ok(token)
}
