//! Key sets: public keys that can check a signature, and with which algorithms. RFC 7517, RFC 7518 §6, RFC 8037.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// Keys of one set.
pub const KEYS_MAX: usize = 100;
/// Keys that one client brings itself.
pub const CLIENT_KEYS_MAX: usize = 10;
/// Bytes of an RSA modulus: 2048 to 4096 bits.
const RSA_MIN: usize = 256;
const RSA_MAX: usize = 512;
/// Bytes of an RSA exponent; what is in use is 65537.
const EXPONENT_MAX: usize = 4;
const ED25519_BYTES: usize = 32;

/// What identifies the keys of a set that are of use here.
#[derive(Debug, Clone)]
pub struct Keys(Vec<Key>);

/// A public key, and what it may be used for.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub kid: Option<String>,
    pub algorithms: Vec<Algorithm>,
    pub public: DecodingKey,
    /// Whose tokens it signs, where the set says so. Entra publishes keys of several issuers in one set, and writes
    /// `{tenantid}` for the claim `tid`.
    pub issuer: Option<String>,
}

/// Why a document is no set of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    #[error("it is no JWK Set")]
    Shape,
    #[error("it holds more keys than are taken")]
    TooMany,
    #[error(
        "it holds no key that can check a signature (RSA from 2048 bits, P-256, P-384, Ed25519)"
    )]
    Useless,
    #[error("it holds a private or a shared key; only public keys belong here")]
    Private,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    issuer: Option<String>,
}

impl Keys {
    /// The keys of a set that an issuer publishes; those of no use here are passed over.
    pub fn published(document: &[u8]) -> Result<Self, KeysError> {
        let document = serde_json::from_slice(document).map_err(|_| KeysError::Shape)?;
        Self::of(&document, KEYS_MAX)
    }

    /// The keys that a client brings itself: few, public, at least one of use.
    pub fn of_client(document: &Value) -> Result<Self, KeysError> {
        let keys = Self::of(document, CLIENT_KEYS_MAX)?;
        let listed = document.get("keys").and_then(Value::as_array);
        let secret = |key: &Value| key.get("d").is_some() || key.get("k").is_some();
        if listed.is_some_and(|keys| keys.iter().any(secret)) {
            return Err(KeysError::Private);
        }
        Ok(keys)
    }

    fn of(document: &Value, max: usize) -> Result<Self, KeysError> {
        let listed = document.get("keys").and_then(Value::as_array);
        let listed = listed.ok_or(KeysError::Shape)?;
        if listed.len() > max {
            return Err(KeysError::TooMany);
        }
        let keys: Vec<Key> = listed.iter().filter_map(Key::of).collect();
        if keys.is_empty() {
            return Err(KeysError::Useless);
        }
        Ok(Self(keys))
    }

    /// Whether a token that names this key, or none, can be checked.
    pub fn has(&self, kid: Option<&str>) -> bool {
        self.named(kid).next().is_some()
    }

    /// The keys that a token names. One that names none is checked only where there is no choice, and a lone key
    /// without a name stands for any.
    pub(super) fn named(&self, kid: Option<&str>) -> impl Iterator<Item = &Key> {
        let alone = self.0.len() == 1;
        self.0.iter().filter(move |key| match (&key.kid, kid) {
            (Some(known), Some(named)) => known == named,
            (None, _) | (_, None) => alone,
        })
    }
}

impl Key {
    /// `None` for a key that cannot check signatures, or is too weak or too odd to.
    fn of(value: &Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value.clone()).ok()?;
        let signs = jwk.usage.as_deref().is_none_or(|usage| usage == "sig");
        let verifies = |ops: &Vec<String>| ops.iter().any(|op| op == "verify");
        if !signs || !jwk.key_ops.as_ref().is_none_or(verifies) {
            return None;
        }
        let (mut algorithms, public) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", None) => (
                vec![
                    Algorithm::RS256,
                    Algorithm::RS384,
                    Algorithm::RS512,
                    Algorithm::PS256,
                    Algorithm::PS384,
                    Algorithm::PS512,
                ],
                rsa(&jwk)?,
            ),
            ("EC", Some("P-256")) => (vec![Algorithm::ES256], ec(&jwk, 32)?),
            ("EC", Some("P-384")) => (vec![Algorithm::ES384], ec(&jwk, 48)?),
            ("OKP", Some("Ed25519")) => (vec![Algorithm::EdDSA], ed(&jwk)?),
            _ => return None,
        };
        if let Some(alg) = &jwk.alg {
            let only = asymmetric(alg)?;
            algorithms.retain(|algorithm| *algorithm == only);
        }
        (!algorithms.is_empty()).then_some(Self {
            kid: jwk.kid,
            algorithms,
            public,
            issuer: jwk.issuer,
        })
    }
}

/// The algorithm of this name, if it is one with a public key.
pub(super) fn asymmetric(name: &str) -> Option<Algorithm> {
    Some(match name {
        "RS256" => Algorithm::RS256,
        "RS384" => Algorithm::RS384,
        "RS512" => Algorithm::RS512,
        "PS256" => Algorithm::PS256,
        "PS384" => Algorithm::PS384,
        "PS512" => Algorithm::PS512,
        "ES256" => Algorithm::ES256,
        "ES384" => Algorithm::ES384,
        "EdDSA" => Algorithm::EdDSA,
        _ => return None,
    })
}

fn rsa(jwk: &Jwk) -> Option<DecodingKey> {
    let (n, e) = (bytes(jwk.n.as_ref())?, bytes(jwk.e.as_ref())?);
    let (n, e) = (significant(&n), significant(&e));
    let sound = (RSA_MIN..=RSA_MAX).contains(&n.len()) && (1..=EXPONENT_MAX).contains(&e.len());
    sound.then(|| DecodingKey::from_rsa_raw_components(n, e))
}

/// An uncompressed point; whether it is on its curve is looked at when it is used.
fn ec(jwk: &Jwk, length: usize) -> Option<DecodingKey> {
    let (x, y) = (bytes(jwk.x.as_ref())?, bytes(jwk.y.as_ref())?);
    let sound = x.len() == length && y.len() == length;
    sound.then(|| DecodingKey::from_ec_der(&[&[4], x.as_slice(), y.as_slice()].concat()))
}

/// The library panics on fewer bytes than these.
fn ed(jwk: &Jwk) -> Option<DecodingKey> {
    let x = bytes(jwk.x.as_ref())?;
    (x.len() == ED25519_BYTES).then(|| DecodingKey::from_ed_der(&x))
}

fn bytes(text: Option<&String>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text?).ok()
}

/// Without zeros in front, which some libraries leave there.
fn significant(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn encoded(length: usize) -> String {
        URL_SAFE_NO_PAD.encode(vec![0xc5; length])
    }

    fn rsa_of(length: usize) -> Value {
        json!({ "kty": "RSA", "n": encoded(length), "e": "AQAB" })
    }

    fn with(mut key: Value, name: &str, value: Value) -> Value {
        key[name] = value;
        key
    }

    fn read(keys: &[Value]) -> Result<usize, KeysError> {
        let document = json!({ "keys": keys }).to_string();
        Keys::published(document.as_bytes()).map(|keys| keys.0.len())
    }

    #[test]
    fn keys_that_cannot_check_are_passed_over() {
        let good = rsa_of(256);
        let ec = |x, y| json!({ "kty": "EC", "crv": "P-256", "x": encoded(x), "y": encoded(y) });
        let ed = |x| json!({ "kty": "OKP", "crv": "Ed25519", "x": encoded(x) });
        for key in [rsa_of(256), rsa_of(512), ec(32, 32), ed(32)] {
            assert_eq!(read(std::slice::from_ref(&key)), Ok(1), "{key}");
        }
        for key in [
            json!({}),
            json!(7),
            rsa_of(255),
            rsa_of(513),
            with(rsa_of(256), "e", json!("AAAA")),
            with(rsa_of(256), "e", json!("AQABAQAB")),
            with(rsa_of(256), "n", json!("no base64!")),
            with(rsa_of(256), "use", json!("enc")),
            with(rsa_of(256), "key_ops", json!(["encrypt"])),
            with(rsa_of(256), "alg", json!("RSA-OAEP")),
            with(rsa_of(256), "alg", json!("HS256")),
            with(rsa_of(256), "alg", json!("ES256")),
            ec(31, 32),
            ec(32, 33),
            ec(0, 0),
            with(ec(32, 32), "crv", json!("secp256k1")),
            // Each of these would end the process in the library below.
            ed(0),
            ed(31),
            ed(33),
            json!({ "kty": "oct", "k": encoded(32) }),
        ] {
            assert_eq!(
                read(std::slice::from_ref(&key)),
                Err(KeysError::Useless),
                "{key}"
            );
            assert_eq!(read(&[key.clone(), good.clone()]), Ok(1), "{key}");
        }
        for document in ["", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[{]}"] {
            let read = Keys::published(document.as_bytes()).err();
            assert_eq!(read, Some(KeysError::Shape), "{document}");
        }
    }

    #[test]
    fn a_set_is_bounded() {
        let keys = |count| vec![rsa_of(256); count];
        assert_eq!(read(&keys(KEYS_MAX)), Ok(KEYS_MAX));
        assert_eq!(read(&keys(KEYS_MAX + 1)), Err(KeysError::TooMany));
        let own = |count| Keys::of_client(&json!({ "keys": keys(count) })).map(|keys| keys.0.len());
        assert_eq!(own(CLIENT_KEYS_MAX), Ok(CLIENT_KEYS_MAX));
        assert_eq!(own(CLIENT_KEYS_MAX + 1), Err(KeysError::TooMany));
    }

    #[test]
    fn a_client_keeps_its_private_keys() {
        let private = with(rsa_of(256), "d", json!("AQAB"));
        let shared = json!({ "kty": "oct", "k": "AQAB" });
        for key in [private, shared] {
            let document = json!({ "keys": [rsa_of(256), key] });
            let read = Keys::of_client(&document).err();
            assert_eq!(read, Some(KeysError::Private));
        }
    }

    #[test]
    fn a_token_without_a_name_has_no_choice_of_keys() {
        let named = |kid: &str| with(rsa_of(256), "kid", json!(kid));
        let of = |keys: &[Value]| Keys::of(&json!({ "keys": keys }), KEYS_MAX).unwrap();
        let (lone, nameless) = (of(&[named("a")]), of(&[rsa_of(256)]));
        assert!(lone.has(None) && lone.has(Some("a")) && !lone.has(Some("b")));
        assert!(nameless.has(None) && nameless.has(Some("a")));
        let two = of(&[named("a"), rsa_of(256)]);
        assert!(two.has(Some("a")) && !two.has(Some("b")) && !two.has(None));
    }
}
