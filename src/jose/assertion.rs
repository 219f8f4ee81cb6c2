//! Signed tokens: read, then checked for signature, time and content. RFC 7515 §5.2, RFC 7519 §4.1, RFC 7523 §3.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::{Number, Value};

use super::Keys;
use super::key::{Key, asymmetric};

/// Bytes of a token.
pub const ASSERTION_MAX: usize = 8 * 1024;
/// How far clocks may differ, in seconds.
pub const SKEW_S: i64 = 60;
/// The longest life of a token, in seconds.
pub const LIFE_MAX_S: i64 = 24 * 3_600;
/// What the portal appends to an audience where it shows one.
const DEFAULT_SCOPE: &str = "/.default";

/// A token as it was sent. Its claims are what somebody says, until [`Assertion::check_signature`].
#[derive(Debug, Clone)]
pub struct Assertion<'a> {
    /// Header and claims, as they were signed.
    signed: &'a str,
    signature: &'a str,
    algorithm: Algorithm,
    pub kid: Option<String>,
    pub claims: Claims,
}

/// What a token says; what is not here is not looked at.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Claims {
    pub iss: Option<String>,
    pub sub: Option<String>,
    #[serde(default)]
    aud: Audience,
    exp: Option<Number>,
    nbf: Option<Number>,
    iat: Option<Number>,
    pub jti: Option<String>,
    /// Entra's tenant, and its object that asks.
    pub tid: Option<String>,
    pub oid: Option<String>,
}

/// One, or a list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
    #[default]
    None,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// What must be understood, and is not.
    crit: Option<Value>,
}

/// What is wrong with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("it is no signed token")]
    Malformed,
    #[error("it has more than {ASSERTION_MAX} bytes")]
    TooLarge,
    /// `none`, a shared secret's, an unknown one, or none that the key has.
    #[error("its algorithm is not one that its key is for")]
    Algorithm,
    #[error("its issuer has no key with this kid")]
    Key,
    #[error("its signature is wrong")]
    Signature,
    #[error("its key signs for another issuer")]
    KeyIssuer,
    #[error("it has no exp")]
    Endless,
    #[error("it has expired")]
    Expired,
    #[error("it is not good yet")]
    NotYet,
    #[error("it lives longer than a day")]
    TooLong,
}

impl<'a> Assertion<'a> {
    /// Whether the text has the look of a signed token: three parts.
    pub fn looks_like(text: &str) -> bool {
        text.split('.').count() == 3
    }

    /// Reads the token; nothing of it is checked but its shape and that its algorithm has a public key.
    pub fn read(text: &'a str) -> Result<Self, Fault> {
        if text.len() > ASSERTION_MAX {
            return Err(Fault::TooLarge);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(Fault::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(Fault::Malformed)?;
        let header: Header = part(header)?;
        if header.crit.is_some() {
            return Err(Fault::Malformed);
        }
        Ok(Self {
            signed,
            signature,
            algorithm: asymmetric(&header.alg).ok_or(Fault::Algorithm)?,
            kid: header.kid,
            claims: part(claims)?,
        })
    }

    /// Whether one of the keys that the token names has signed it.
    pub fn check_signature(&self, keys: &Keys) -> Result<(), Fault> {
        let mut named = keys.named(self.kid.as_deref()).peekable();
        if named.peek().is_none() {
            return Err(Fault::Key);
        }
        let mut able = named
            .filter(|key| key.algorithms.contains(&self.algorithm))
            .peekable();
        if able.peek().is_none() {
            return Err(Fault::Algorithm);
        }
        let key = able.find(|key| self.is_signed_by(key));
        let issuer = &key.ok_or(Fault::Signature)?.issuer;
        match issuer {
            Some(issuer) if !self.claims.are_of(issuer) => Err(Fault::KeyIssuer),
            _ => Ok(()),
        }
    }

    fn is_signed_by(&self, key: &Key) -> bool {
        let signed = self.signed.as_bytes();
        jsonwebtoken::crypto::verify(self.signature, signed, &key.public, self.algorithm)
            .is_ok_and(|good| good)
    }
}

impl Claims {
    /// Whether the token is good at this time; until when it is, in milliseconds since 1970.
    pub fn check_time(&self, now_ms: i64) -> Result<i64, Fault> {
        let now = now_ms.div_euclid(1_000);
        let time = |claim: &Option<Number>| claim.as_ref().map(seconds).transpose();
        let (starts, made) = (time(&self.nbf)?, time(&self.iat)?);
        let ends = time(&self.exp)?.ok_or(Fault::Endless)?;
        if ends.saturating_add(SKEW_S) <= now {
            return Err(Fault::Expired);
        }
        let later = |time: Option<i64>| time.is_some_and(|time| time > now.saturating_add(SKEW_S));
        if later(starts) || later(made) {
            return Err(Fault::NotYet);
        }
        let from = made.or(starts).unwrap_or(now);
        if ends.saturating_sub(from) > LIFE_MAX_S {
            return Err(Fault::TooLong);
        }
        Ok(ends.saturating_add(SKEW_S).saturating_mul(1_000))
    }

    /// Whether the token is meant for one of these; with or without `/.default`.
    pub fn are_for<'a>(&self, audiences: impl IntoIterator<Item = &'a str>) -> bool {
        let named: &[String] = match &self.aud {
            Audience::One(one) => std::slice::from_ref(one),
            Audience::Several(several) => several,
            Audience::None => &[],
        };
        let bare = |text: &'a str| text.strip_suffix(DEFAULT_SCOPE).unwrap_or(text);
        audiences.into_iter().any(|wanted| {
            let meets =
                |named: &String| named.strip_suffix(DEFAULT_SCOPE).unwrap_or(named) == bare(wanted);
            named.iter().any(meets)
        })
    }

    /// Whether the token's issuer is the one of a key, where `{tenantid}` stands for the token's own tenant.
    fn are_of(&self, issuer: &str) -> bool {
        let tenant = self.tid.as_deref().unwrap_or_default();
        self.iss.as_deref() == Some(issuer.replace("{tenantid}", tenant).as_str())
    }
}

fn part<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Fault> {
    let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| Fault::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| Fault::Malformed)
}

/// A `NumericDate`, which may have a fraction.
fn seconds(number: &Number) -> Result<i64, Fault> {
    let whole = number.as_i64();
    #[allow(
        clippy::cast_possible_truncation,
        reason = "what is out of range ends up at the end of it"
    )]
    let rounded = || number.as_f64().map(|seconds| seconds.floor() as i64);
    whole.or_else(rounded).ok_or(Fault::Malformed)
}

#[cfg(test)]
mod tests;
