//! Secret tokens: 256 random bits that name their tenant, with a prefix and checksum that secret scanners recognise.
//!
//! ```text
//! scim_<tenant, 10 characters>_<secret, 43 characters of base64url>_<CRC-32 of what stands before, 8 hex digits>
//! ```

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::Host;
use super::keys::{TENANT_CHARS, TenantScope};

const PREFIX: &str = "scim_";
const SECRET_BYTES: usize = 32;
const SECRET_CHARS: usize = 43;
const CHECKSUM_CHARS: usize = 8;

/// A token as the client holds it. It is shown once and never stored.
#[derive(Clone)]
pub struct Secret {
    text: String,
    tenant: TenantScope,
}

/// Why a text is no token of ours; nothing had to be read to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("the token is not one of ours; paste the whole Secret Token, it begins with scim_")]
    Shape,
    #[error("the token is incomplete or mistyped; paste the whole Secret Token")]
    Checksum,
}

impl Secret {
    /// A new token for `tenant`.
    pub(super) fn draw(tenant: &TenantScope, host: &dyn Host) -> Self {
        let mut bytes = [0; SECRET_BYTES];
        host.random(&mut bytes);
        let body = format!("{PREFIX}{tenant}_{}", URL_SAFE_NO_PAD.encode(bytes));
        Self {
            text: format!("{body}_{}", checksum(&body)),
            tenant: tenant.clone(),
        }
    }

    /// Reads what a client sent.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let rest = text.strip_prefix(PREFIX).ok_or(TokenError::Shape)?;
        let (tenant, rest) = rest
            .split_at_checked(TENANT_CHARS)
            .ok_or(TokenError::Shape)?;
        let tenant = TenantScope::parse(tenant).ok_or(TokenError::Shape)?;
        let body = PREFIX.len() + TENANT_CHARS + 1 + SECRET_CHARS;
        if rest.len() != 1 + SECRET_CHARS + 1 + CHECKSUM_CHARS {
            return Err(TokenError::Checksum);
        }
        let (body, tail) = text.split_at_checked(body).ok_or(TokenError::Shape)?;
        match tail.strip_prefix('_') {
            Some(sum) if sum == checksum(body) => Ok(Self {
                text: text.to_owned(),
                tenant,
            }),
            _ => Err(TokenError::Checksum),
        }
    }

    /// The token's text, to be shown to its owner once.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    pub(super) fn tenant(&self) -> &TenantScope {
        &self.tenant
    }

    /// What is stored instead of the token.
    pub(super) fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.text).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({PREFIX}{}_...)", self.tenant)
    }
}

fn checksum(body: &str) -> String {
    format!("{:08x}", crc32fast::hash(body.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "scim_k3v5q2m7xa_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    #[test]
    fn a_whole_token_is_read_and_never_shown_by_debug() {
        let text = format!("{BODY}_{}", checksum(BODY));
        let secret = Secret::parse(&text).unwrap();
        assert_eq!(secret.tenant().to_string(), "k3v5q2m7xa");
        assert_eq!(format!("{secret:?}"), "Secret(scim_k3v5q2m7xa_...)");
    }

    #[test]
    fn what_is_cut_or_mistyped_is_told_without_looking() {
        let text = format!("{BODY}_{}", checksum(BODY));
        let mistyped = text.replacen("_A", "_B", 1);
        let cut = text.get(..text.len() - 1).unwrap();
        for (text, error) in [
            ("", TokenError::Shape),
            ("Bearer x", TokenError::Shape),
            ("scim_", TokenError::Shape),
            ("scim_K3V5Q2M7XA_x", TokenError::Shape),
            ("scim_ääääääää_x", TokenError::Shape),
            (cut, TokenError::Checksum),
            (&mistyped, TokenError::Checksum),
            (&format!("{text}0"), TokenError::Checksum),
        ] {
            assert_eq!(Secret::parse(text).map(|_| ()), Err(error), "{text}");
        }
    }
}
