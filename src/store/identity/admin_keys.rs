//! The vendor's own keys, which open the admin API: made with direct access to the table.

use super::expiry::{EXPIRY_MAX_S, EXPIRY_MIN_S};
use super::items::digest;
use super::secret::AdminSecret;
use super::tenant::CREATED;
use super::tokens::{DIGEST, LABEL, REVOKED, UNTIL};
use super::{IdentityError, label};
use crate::store::keys::{self, TenantScope};
use crate::store::{Store, StoreError};
use crate::table::{Attr, Attrs, Item, Update};

/// A key of the vendor's. Times in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminKey {
    /// Names the key in lists and logs; it gives nothing away.
    pub id: String,
    pub label: String,
    pub created: i64,
    pub expires: Option<i64>,
    pub revoked: Option<i64>,
}

impl Store {
    /// A new key, shown this once; it lives `life` seconds, or until it is revoked.
    pub async fn create_admin_key(
        &self,
        text: &str,
        life: Option<i64>,
    ) -> Result<(AdminSecret, AdminKey), IdentityError> {
        if life.is_some_and(|life| !(EXPIRY_MIN_S..=EXPIRY_MAX_S).contains(&life)) {
            let range = format!("{EXPIRY_MIN_S} to {EXPIRY_MAX_S} seconds");
            return Err(IdentityError::Invalid("expiresIn", range));
        }
        let secret = AdminSecret::draw(self.host());
        let (digest, now) = (secret.digest(), self.host().now_ms());
        let mut attrs = Attrs::from([
            (LABEL, Attr::S(label("label", text)?)),
            (DIGEST, Attr::B(digest.to_vec())),
            (CREATED, Attr::N(now)),
        ]);
        if let Some(life) = life {
            attrs.insert(UNTIL, Attr::N(now + life * 1_000));
        }
        let item = self.put_new(keys::admin_key(&digest), attrs).await?;
        let key = read(&item).ok_or(StoreError::Broken("an admin key does not read"))?;
        Ok((secret, key))
    }

    /// Every key, the oldest first.
    pub async fn admin_keys(&self) -> Result<Vec<AdminKey>, StoreError> {
        let items = self.settings(keys::admin_keys(), String::new()).await?;
        let mut keys: Vec<AdminKey> = items.iter().filter_map(read).collect();
        keys.sort_by(|left, right| (left.created, &left.id).cmp(&(right.created, &right.id)));
        Ok(keys)
    }

    /// Ends the key for good, at once.
    pub async fn revoke_admin_key(&self, id: &str) -> Result<(), IdentityError> {
        let items = self.settings(keys::admin_keys(), String::new()).await?;
        let named = |item: &&Item| read(item).is_some_and(|key| key.id == id);
        let item = items.iter().find(named);
        let item = item.ok_or(IdentityError::NotFound("admin key"))?;
        let now = self.host().now_ms();
        let revoked = self.amend(item.key.clone(), "admin key", |item| {
            let mut update = Update::default();
            if item.number(REVOKED).is_none() {
                update.set.insert(REVOKED, Attr::N(now));
            }
            Ok::<_, IdentityError>(update)
        });
        revoked.await.map(drop)
    }

    /// The key's id, if it is good at this moment. Read anew each time: the vendor's own calls are few.
    pub async fn authenticate_admin(
        &self,
        secret: &AdminSecret,
    ) -> Result<Option<String>, StoreError> {
        let item = self.table().get(&keys::admin_key(&secret.digest())).await?;
        let now = self.host().now_ms();
        let good =
            |key: &AdminKey| key.revoked.is_none() && key.expires.is_none_or(|end| now < end);
        Ok(item.as_ref().and_then(read).filter(good).map(|key| key.id))
    }
}

fn read(item: &Item) -> Option<AdminKey> {
    Some(AdminKey {
        id: digest(item, DIGEST).map(|digest| TenantScope::token_id(&digest))?,
        label: item.text(LABEL).unwrap_or_default().to_owned(),
        created: item.number(CREATED).unwrap_or_default(),
        expires: item.number(UNTIL),
        revoked: item.number(REVOKED),
    })
}
