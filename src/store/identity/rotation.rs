//! A new secret in the place of one that is in use, without an outage.

use super::items::{digest, digests};
use super::tokens::{
    CONNECTION, DIGEST, LABEL, LIFE, PREDECESSORS, REPLACES, RETIRE, REVOKED, SCOPES, UNTIL,
    check_secret,
};
use super::{IdentityError, Secret, Token};
use crate::store::keys::TenantScope;
use crate::store::{Store, StoreError};
use crate::table::{Attr, Attrs, Item};

/// How long a predecessor lives on after its successor was first used, where nothing else is said: a day.
pub const ROTATION_S: i64 = 86_400;
/// The longest that can be said: 30 days.
const ROTATION_MAX_S: i64 = 30 * 86_400;
/// Tokens that wait for the first use of one successor.
const PREDECESSORS_MAX: usize = 8;

impl Store {
    /// A successor with the same label and scopes. Both are good until the successor is first used; from then on the
    /// predecessor lives `retire_s` seconds, and so do those that it was to replace itself.
    pub async fn rotate_token(
        &self,
        tenant: &TenantScope,
        connection: &str,
        id: &str,
        retire_s: i64,
    ) -> Result<(Secret, Token), IdentityError> {
        if !(0..=ROTATION_MAX_S).contains(&retire_s) {
            let range = format!("0 to {ROTATION_MAX_S} seconds");
            return Err(IdentityError::Invalid("retireAfter", range));
        }
        let old = self.token_item(tenant, connection, id).await?;
        check_secret(&old)?;
        let now = self.host().now_ms();
        let ended =
            old.number(REVOKED).is_some() || old.number(UNTIL).is_some_and(|end| end <= now);
        if ended {
            let why = "the token has ended; make a new one instead";
            return Err(IdentityError::State(why));
        }
        let kept = [LABEL, SCOPES, CONNECTION];
        let mut attrs: Attrs = kept
            .into_iter()
            .filter_map(|name| Some((name, old.attrs.get(name)?.clone())))
            .collect();
        attrs.insert(PREDECESSORS, Attr::B(predecessors(&old)?));
        attrs.insert(RETIRE, Attr::N(retire_s));
        attrs.insert(REPLACES, Attr::S(id.to_owned()));
        let rules = self.expiry(tenant).await?;
        let life = match (old.number(LIFE), rules.maximum) {
            (Some(life), Some(maximum)) => Some(life.min(maximum)),
            (Some(life), None) => Some(life),
            (None, _) => rules.life(None)?,
        };
        self.put_token(tenant, attrs, life).await
    }
}

/// The token itself, and those that have waited for its first use until now.
fn predecessors(old: &Item) -> Result<Vec<u8>, IdentityError> {
    let own = digest(old, DIGEST).ok_or(StoreError::Broken("a token has no digest"))?;
    let mut all = digests(old, PREDECESSORS);
    all.push(own);
    if all.len() > PREDECESSORS_MAX {
        return Err(IdentityError::TooMany(format!(
            "{PREDECESSORS_MAX} tokens wait for a successor that was never used; use one, or make a new token and revoke these"
        )));
    }
    Ok(all.concat())
}
