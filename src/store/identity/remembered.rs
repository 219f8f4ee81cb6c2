//! What one instance remembers of tokens, and for how long it may.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::{Credential, Refused};
use crate::store::keys::TenantScope;

/// A known token is trusted this long without another look; a revocation takes as long to be felt.
const KNOWN_MS: i64 = 30_000;
/// A refused one is refused this long without another look.
const REFUSED_MS: i64 = 5_000;
/// Tokens remembered by one instance, of either sort: a flood of bad ones displaces no good one.
const REMEMBERED_MAX: usize = 10_000;

/// What one instance remembers of tokens: who they are, or why they let nobody in.
#[derive(Debug, Default)]
pub(in crate::store) struct Credentials {
    known: Mutex<HashMap<[u8; 32], Remembered<Credential>>>,
    refused: Mutex<HashMap<[u8; 32], Remembered<Refused>>>,
    /// When each credential was last noted as used.
    pub(super) touched: Mutex<HashMap<String, i64>>,
}

/// What holds until then; milliseconds since 1970.
#[derive(Debug)]
struct Remembered<T> {
    until: i64,
    value: T,
}

fn get<T: Clone>(
    map: &Mutex<HashMap<[u8; 32], Remembered<T>>>,
    digest: &[u8; 32],
    now: i64,
) -> Option<T> {
    let map = map.lock().unwrap_or_else(PoisonError::into_inner);
    let known = map.get(digest).filter(|known| now < known.until)?;
    Some(known.value.clone())
}

fn put<T>(
    map: &Mutex<HashMap<[u8; 32], Remembered<T>>>,
    digest: [u8; 32],
    now: i64,
    kept: i64,
    value: T,
) {
    let mut map = map.lock().unwrap_or_else(PoisonError::into_inner);
    if map.len() >= REMEMBERED_MAX {
        map.retain(|_, known| now < known.until);
    }
    if map.len() >= REMEMBERED_MAX {
        map.clear();
    }
    let until = now + kept;
    map.insert(digest, Remembered { until, value });
}

impl Credentials {
    pub(super) fn get(&self, digest: &[u8; 32], now: i64) -> Option<Result<Credential, Refused>> {
        if let Some(credential) = get(&self.known, digest, now) {
            let token = credential.token.as_ref();
            let ended = token
                .and_then(|token| token.until)
                .is_some_and(|end| end <= now);
            return (!ended).then_some(Ok(credential));
        }
        get(&self.refused, digest, now).map(Err)
    }

    /// A credential that was known under this digest and is good still.
    pub(super) fn known(&self, digest: &[u8; 32], now: i64) -> Option<Credential> {
        self.get(digest, now).and_then(Result::ok)
    }

    /// Trusted as long as any other, but not beyond `ends`.
    pub(super) fn trust(&self, digest: [u8; 32], now: i64, ends: i64, credential: &Credential) {
        let kept = KNOWN_MS.min(ends - now);
        put(&self.known, digest, now, kept, credential.clone());
    }

    pub(super) fn put(&self, digest: [u8; 32], now: i64, found: &Result<Credential, Refused>) {
        match found {
            Ok(credential) => put(&self.known, digest, now, KNOWN_MS, credential.clone()),
            Err(refused) => put(&self.refused, digest, now, REFUSED_MS, refused.clone()),
        }
    }

    /// Everybody of this tenant is looked up again.
    pub(in crate::store) fn forget(&self, scope: &TenantScope) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, known| known.value.scope != *scope);
        // Whose the refused ones are is not known; they are looked up again all the same.
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.clear();
    }
}

#[cfg(test)]
mod tests;
