//! Keys of what is no resource: a tenant's settings, credentials and records, the registry, the vendor's keys.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{SLOT, TenantScope};
use crate::store::id::Id;
use crate::table::Key;

/// What the sort keys of a tenant's schemas, tokens, connections and clients begin with.
pub(super) const SCHEMA: &str = "S#";
pub(super) const TOKEN: &str = "K#";
pub(super) const CONNECTION: &str = "C#";
pub(super) const CLIENT: &str = "O#";
/// Characters of a digest that name it in public.
const DIGEST_CHARS: usize = 8;

impl TenantScope {
    /// The partition of the changes, and that of the refusals.
    pub(in crate::store) fn outboxes(&self) -> String {
        self.pk(format_args!("X"))
    }

    pub(in crate::store) fn refusals(&self) -> String {
        self.pk(format_args!("E"))
    }

    pub(in crate::store) fn refusal(&self, ulid: &str) -> Key {
        self.key(format_args!("E"), ulid)
    }

    /// The partition of users that were deleted and kept.
    pub(in crate::store) fn kept(&self) -> String {
        self.pk(format_args!("Z"))
    }

    pub(in crate::store) fn kept_user(&self, id: Id) -> Key {
        self.key(format_args!("Z"), id.key())
    }

    /// The partition of counted requests.
    pub(in crate::store) fn windows(&self) -> String {
        self.pk(format_args!("W"))
    }

    pub(in crate::store) fn window(&self, connection: &str, number: i64) -> Key {
        self.key(format_args!("W"), format!("{connection}#{number:012}"))
    }

    /// The partition of assertions that were used once.
    pub(in crate::store) fn used_assertions(&self) -> String {
        self.pk(format_args!("U"))
    }

    pub(in crate::store) fn used_assertion(&self, digest: &[u8; 32]) -> Key {
        self.key(format_args!("U"), URL_SAFE_NO_PAD.encode(digest))
    }

    /// What everybody who takes a limited seat writes.
    pub(in crate::store) fn seat_gate(&self) -> Key {
        self.key(format_args!("G"), SLOT)
    }

    /// The partition of the tenant's settings.
    pub(in crate::store) fn settings(&self) -> String {
        format!("T#{}", self.0)
    }

    fn setting(&self, sk: String) -> Key {
        Key {
            pk: self.settings(),
            sk,
        }
    }

    pub(in crate::store) fn config(&self) -> Key {
        self.setting(SLOT.to_owned())
    }

    pub(in crate::store) fn token(&self, digest: &[u8; 32]) -> Key {
        self.setting(format!("{TOKEN}{}", URL_SAFE_NO_PAD.encode(digest)))
    }

    /// The partition of the tenant's tokens, and what their sort keys begin with.
    pub(in crate::store) fn tokens(&self) -> (String, &'static str) {
        (self.settings(), TOKEN)
    }

    /// What names the token with this digest in lists and logs; it gives nothing away.
    pub(in crate::store) fn token_id(digest: &[u8; 32]) -> String {
        let text = URL_SAFE_NO_PAD.encode(digest);
        format!("K-{}", text.get(..DIGEST_CHARS).unwrap_or_default())
    }

    /// The partition of the token with this id, and what its sort key begins with.
    pub(in crate::store) fn tokens_named(&self, id: &str) -> Option<(String, String)> {
        let start = id.strip_prefix("K-")?;
        let spelled = start.len() == DIGEST_CHARS
            && start
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        spelled.then(|| (self.settings(), format!("{TOKEN}{start}")))
    }

    pub(in crate::store) fn connection(&self, id: &str) -> Key {
        self.setting(format!("{CONNECTION}{id}"))
    }

    /// The partition of the tenant's connections, and what their sort keys begin with.
    pub(in crate::store) fn connections(&self) -> (String, &'static str) {
        (self.settings(), CONNECTION)
    }

    /// The connection that a key names.
    pub(in crate::store) fn connection_of(key: &Key) -> Option<&str> {
        key.sk.strip_prefix(CONNECTION)
    }

    pub(in crate::store) fn client(&self, name: &str) -> Key {
        self.setting(format!("{CLIENT}{name}"))
    }

    /// The partition of the tenant's OAuth clients, and what their sort keys begin with.
    pub(in crate::store) fn clients(&self) -> (String, &'static str) {
        (self.settings(), CLIENT)
    }

    /// The client that a key names.
    pub(in crate::store) fn client_of(key: &Key) -> Option<&str> {
        key.sk.strip_prefix(CLIENT)
    }

    /// The schema `urn` that the tenant registered.
    pub(in crate::store) fn schema(&self, urn: &str) -> Key {
        self.setting(format!("{SCHEMA}{}", urn.to_ascii_lowercase()))
    }

    /// The partition of the tenant's schemas, and what their sort keys begin with.
    pub(in crate::store) fn schemas(&self) -> (String, &'static str) {
        (self.settings(), SCHEMA)
    }
}

/// The partition that lists every tenant.
pub(in crate::store) fn tenants() -> String {
    "A#tenants".to_owned()
}

pub(in crate::store) fn registry(tenant: &TenantScope) -> Key {
    Key {
        pk: tenants(),
        sk: tenant.to_string(),
    }
}

pub(in crate::store) fn tenant_name(norm: &str) -> Key {
    Key {
        pk: format!("A#name#{norm}"),
        sk: SLOT.to_owned(),
    }
}

/// The partition of the vendor's own keys.
pub(in crate::store) fn admin_keys() -> String {
    "A#keys".to_owned()
}

pub(in crate::store) fn admin_key(digest: &[u8; 32]) -> Key {
    Key {
        pk: admin_keys(),
        sk: URL_SAFE_NO_PAD.encode(digest),
    }
}
