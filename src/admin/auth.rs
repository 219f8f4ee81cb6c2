//! Who asks: the vendor, by an admin key. RFC 6750 §2.1.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::AdminError;
use crate::store::{AdminSecret, Store};

/// The id of the request's key, read anew each time, or a 401.
pub(super) async fn authenticate(store: &Store, headers: &HeaderMap) -> Result<String, AdminError> {
    let missing = || {
        AdminError::unauthorized(
            "send an admin key as \"Authorization: Bearer scimadmin_...\", and send it once",
        )
    };
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    let header = sent.next().and_then(|header| header.to_str().ok());
    let (scheme, text) = header
        .and_then(|header| header.trim().split_once(' '))
        .ok_or_else(missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") || sent.next().is_some() {
        return Err(missing());
    }
    let secret = AdminSecret::parse(text.trim())
        .map_err(|_| AdminError::unauthorized("this is no admin key, or not the whole of it"))?;
    let known = store.authenticate_admin(&secret).await?;
    known.ok_or_else(|| {
        AdminError::unauthorized("the admin key is not known, has expired or was revoked")
    })
}
