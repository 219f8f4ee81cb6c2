//! Secrets: 256 random bits, with a prefix and a checksum that secret scanners recognise.
//!
//! ```text
//! scim_<tenant, 10 characters>_<secret, 43 characters of base64url>_<CRC-32 of what stands before, 8 hex digits>
//! scimsecret_<tenant>_<secret>_<checksum>      the secret of an OAuth client
//! scimadmin_<secret>_<checksum>                the vendor's own key
//! ```

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::store::Host;
use crate::store::keys::{TENANT_CHARS, TenantScope};

const ADMIN_PREFIX: &str = "scimadmin_";
const SECRET_BYTES: usize = 32;
const SECRET_CHARS: usize = 43;
const CHECKSUM_CHARS: usize = 8;

/// What a tenant's secret opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretKind {
    /// The SCIM endpoints: a Secret Token, or an access token.
    Token,
    /// The token endpoint.
    Client,
}

impl SecretKind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Token => "scim_",
            Self::Client => "scimsecret_",
        }
    }
}

/// A tenant's secret as the client holds it. It is shown once and never stored.
#[derive(Clone)]
pub struct Secret {
    text: String,
    tenant: TenantScope,
}

/// A key of the vendor's as its holder has it. It is shown once and never stored.
#[derive(Clone)]
pub struct AdminSecret(String);

/// Why a text is no secret of ours; nothing had to be read to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("the token is not one of ours; paste the whole Secret Token, it begins with scim_")]
    Shape,
    #[error("the token is incomplete or mistyped; paste the whole Secret Token")]
    Checksum,
}

impl Secret {
    /// A new secret for `tenant`.
    pub(super) fn draw(kind: SecretKind, tenant: &TenantScope, host: &dyn Host) -> Self {
        Self {
            text: draw(&format!("{}{tenant}_", kind.prefix()), host),
            tenant: tenant.clone(),
        }
    }

    /// Reads what a client sent.
    pub fn parse(kind: SecretKind, text: &str) -> Result<Self, TokenError> {
        let rest = text.strip_prefix(kind.prefix()).ok_or(TokenError::Shape)?;
        let (tenant, _) = rest
            .split_at_checked(TENANT_CHARS)
            .ok_or(TokenError::Shape)?;
        let tenant = TenantScope::parse(tenant).ok_or(TokenError::Shape)?;
        check(text, kind.prefix().len() + TENANT_CHARS + 1)?;
        Ok(Self {
            text: text.to_owned(),
            tenant,
        })
    }

    /// The secret's text, to be shown to its owner once.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// The tenant it belongs to, as it says itself.
    pub fn tenant(&self) -> &TenantScope {
        &self.tenant
    }

    /// What is stored instead of the secret.
    pub(super) fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.text).into()
    }
}

impl AdminSecret {
    pub(super) fn draw(host: &dyn Host) -> Self {
        Self(draw(ADMIN_PREFIX, host))
    }

    /// Reads what a client sent.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        if !text.starts_with(ADMIN_PREFIX) {
            return Err(TokenError::Shape);
        }
        check(text, ADMIN_PREFIX.len())?;
        Ok(Self(text.to_owned()))
    }

    /// The key's text, to be shown to its owner once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub(super) fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({}_...)", self.tenant)
    }
}

impl fmt::Debug for AdminSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AdminSecret(...)")
    }
}

fn draw(start: &str, host: &dyn Host) -> String {
    let mut bytes = [0; SECRET_BYTES];
    host.random(&mut bytes);
    let body = format!("{start}{}", URL_SAFE_NO_PAD.encode(bytes));
    format!("{body}_{}", checksum(&body))
}

/// Whether a secret and its checksum follow the first `start` bytes.
fn check(text: &str, start: usize) -> Result<(), TokenError> {
    let body = start + SECRET_CHARS;
    if text.len() != body + 1 + CHECKSUM_CHARS {
        return Err(TokenError::Checksum);
    }
    let (body, tail) = text.split_at_checked(body).ok_or(TokenError::Shape)?;
    match tail.strip_prefix('_') {
        Some(sum) if sum == checksum(body) => Ok(()),
        _ => Err(TokenError::Checksum),
    }
}

fn checksum(body: &str) -> String {
    format!("{:08x}", crc32fast::hash(body.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn whole(start: &str) -> String {
        let body = format!("{start}{SECRET}");
        format!("{body}_{}", checksum(&body))
    }

    #[test]
    fn a_whole_secret_is_read_and_never_shown_by_debug() {
        let text = whole("scim_k3v5q2m7xa_");
        let secret = Secret::parse(SecretKind::Token, &text).unwrap();
        assert_eq!(secret.tenant().to_string(), "k3v5q2m7xa");
        assert_eq!(format!("{secret:?}"), "Secret(k3v5q2m7xa_...)");
        let client = Secret::parse(SecretKind::Client, &whole("scimsecret_k3v5q2m7xa_"));
        assert_eq!(client.unwrap().tenant().to_string(), "k3v5q2m7xa");
        let admin = AdminSecret::parse(&whole("scimadmin_")).unwrap();
        assert_eq!(format!("{admin:?}"), "AdminSecret(...)");
    }

    #[test]
    fn one_kind_is_never_taken_for_another() {
        let (token, client, admin) = (
            whole("scim_k3v5q2m7xa_"),
            whole("scimsecret_k3v5q2m7xa_"),
            whole("scimadmin_"),
        );
        for text in [&client, &admin] {
            assert!(Secret::parse(SecretKind::Token, text).is_err(), "{text}");
        }
        for text in [&token, &admin] {
            assert!(Secret::parse(SecretKind::Client, text).is_err(), "{text}");
        }
        for text in [&token, &client] {
            assert!(AdminSecret::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_cut_or_mistyped_is_told_without_looking() {
        let text = whole("scim_k3v5q2m7xa_");
        let mistyped = text.replacen("_A", "_B", 1);
        let moved = text.replacen("xa_A", "xaA_", 1);
        let cut = text.get(..text.len() - 1).unwrap();
        for (text, error) in [
            ("", TokenError::Shape),
            ("Bearer x", TokenError::Shape),
            ("scim_", TokenError::Shape),
            ("scim_K3V5Q2M7XA_x", TokenError::Shape),
            ("scim_ääääääää_x", TokenError::Shape),
            (cut, TokenError::Checksum),
            (&mistyped, TokenError::Checksum),
            (&moved, TokenError::Checksum),
            (&format!("{text}0"), TokenError::Checksum),
        ] {
            let read = Secret::parse(SecretKind::Token, text).map(|_| ());
            assert_eq!(read, Err(error), "{text}");
        }
    }
}
