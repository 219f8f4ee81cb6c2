//! Keys of the tests' own, which sign nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

const EC: &str = "\
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgsCTGiqnLVUjqJiWZDPdaHmosoGNRD8r98KrItgmmB4OhRANCAAR1\
    0Gb6m7lg4WDYdvFbkxJLqEbR4S9DckF9MJ/al6T5+gJnDTGlbDSSGS59KKrJj1Wl1N/IrW+17ppAcGePV3zt";
const EC_OTHER: &str = "\
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0UrNq0Q4QT0ewaAT05jGg1rDptIgGfFF1Z1jENs4gYChRANCAAQr\
    ZlYv5uvwVM989utMSvchhdM1+z/iQsgO8ht481XoXLqkSnj5Hcl2dXOXxfd0YeJY5nlS3/GwtmFanfVKe2Fy";
const ED: &str = "MC4CAQAwBQYDK2VwBCIEIIlJMpWk7+d3J1ymXyKZwNcQtwm0bJuwXjGh9zM6g+Mi";
const RSA: &str = "\
    MIIEowIBAAKCAQEAwvgj4lQyn5xSTfYubYuYUcJAXUHjMIjKCgpVJhFZUchxPR0iyI7MJwlM2XUPWYq/vIHLoPV2FXmwvX910Ytc\
    2hIXEa8Sbc6LuiSUSSDqN9XzpFzAfA9xbiVynjqIIQujQXoe1hVzx9R40enWEP5P6MVF8/l1cbtfr12mgwbm2cZA4HFGjfMks5MO\
    jMfudrIDB6JRotZZI0dnoCBh1HkPQbEAya0E18sctTffGjVFiymMNpLAwrmnNlSEmVY6VfhvusT4QuiBTjVU3bcEx5nuv7x7rMhh\
    2YZvaJStyfuV8nqpiyneOPUVo/oNQGb3rPlMZ63tGpI900YFhbaHIdmqhQIDAQABAoIBABz/wviaPOhcHCrP49Jz2a1JdwDX+LaC\
    lgh9xnHx0Sb2qQ8luwN5J9jji3xpqqWPG1sqtBKmB9EEZ1scLvZCpAYkfC1rbJKMDuDaKXsiC+xPpJxNFm0tb9np9H0f6BkALeFi\
    jF0b1juB+RGB1g7zgIe29eNmtob6z23aQFbLS0FXNt7vD+Q6HEcemLzsQv5sgh1wp2by0+caiw4YX/jn8K0RpXufFxggYxy6ufq/\
    zpJzsMLKvoYaAT/dpoHB78xCbj2UkwToypYJvsNhxj2qYKSfhwdCOPWrYS4iWMIAV48JVv8DhNTOB8kuCs5JuiW1fcSNQVNm1bDZ\
    mAjHmAeHV6kCgYEA4d9fsUpY4SsivASHdDQWieAKutxU1z6LWWeEx437+9G0mMMkS1LzItdQsyNoehOTbPkHDk9ehYaylLISFzjn\
    +G3fJgMIXLPLGu3wrAQRWUdajR1RLaZNnRNZ2/rZ9E46tDDFpH+uHUQcrBi7EpRChDAghu7aUnrCOCCZ49dgZP0CgYEA3PmL1uZH\
    YsksJ8NmykbtbJ2dfTFtcLGBJra8NKo/tiV23D44w08jLB+hC6K2kXxmEAxL/uebJngfdkIOl9T5cmv9pTJZSriYTx0s0CeSG+oU\
    2PjCKGeN3QqE1iwz9FhmYSoUz9TenSjNrnaHvWBQooQetmsPLjYzt8wi3EpW1ikCgYEAqY2wm7mftodW76TGuahQMveHlnXHCjzd\
    BiP7PIGM4p+s3e++0vxVn5XZ8l9mEh2X0XmunkNeRQW0EIMLqXsCRy7TEAm+wTgGAxUSUU5MZ6R0iPG0+nuYT40zKzrHWelPj+v8\
    sVtXLIjwrQ9zfqLku64U/LVYFgoouVFfs/T9W1ECgYBU0eT/hDz6ikXMrZCTLE6OVqHRIFvl2fy9I39yp7b078SEHc4kCghyM2HZ\
    2YdCqQF0P4QcQEKprYpGFm0LktB9Pz6JXp4vtFOiaox9CfNni56c+j9syvMFWbhLjYQT0qrZuRFsBUW+BZ+NzCmmY4YQG66+TrHx\
    BxUrA8yNymsyoQKBgBH9wAJoZISXOqMDz0FQTU/bq/7NqhG0dxUWLNS6bm7zEiasXMgknV6ztOqZt0QbOA8zKncoeMbLE+8kFwmI\
    6xlUyRAOJfNxvtOr8xmKd8nVnwASNl062g6nZv7Kx4fBFI7GIoep4/7AvWlXsgPjrioL+wuOk4nkiRIgxDnFYnr9";

/// A pair of keys, and what it signs with.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) kid: &'static str,
    pub(crate) algorithm: Algorithm,
    pub(crate) private: EncodingKey,
}

impl Pair {
    pub(crate) fn ec() -> Self {
        let private = EncodingKey::from_ec_der(&der(EC));
        Self::new("ec-1", Algorithm::ES256, private)
    }

    pub(crate) fn other() -> Self {
        let private = EncodingKey::from_ec_der(&der(EC_OTHER));
        Self::new("ec-2", Algorithm::ES256, private)
    }

    pub(crate) fn ed() -> Self {
        Self::new("ed-1", Algorithm::EdDSA, EncodingKey::from_ed_der(&der(ED)))
    }

    pub(crate) fn rsa() -> Self {
        let private = EncodingKey::from_rsa_der(&der(RSA));
        Self::new("rsa-1", Algorithm::RS256, private)
    }

    fn new(kid: &'static str, algorithm: Algorithm, private: EncodingKey) -> Self {
        Self {
            kid,
            algorithm,
            private,
        }
    }

    pub(crate) fn with(self, kid: &'static str, algorithm: Algorithm) -> Self {
        Self::new(kid, algorithm, self.private)
    }

    /// The public half, as it stands in a set.
    pub(crate) fn jwk(&self) -> Value {
        let jwk = Jwk::from_encoding_key(&self.private, self.algorithm).unwrap();
        let mut jwk = serde_json::to_value(jwk).unwrap();
        jwk["kid"] = json!(self.kid);
        jwk["use"] = json!("sig");
        jwk
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_as(
            &json!({ "alg": self.algorithm, "typ": "JWT", "kid": self.kid }),
            claims,
        )
    }

    /// A token with this header, whatever it says.
    pub(crate) fn sign_as(&self, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", encoded(header), encoded(claims));
        let signature =
            jsonwebtoken::crypto::sign(signed.as_bytes(), &self.private, self.algorithm).unwrap();
        format!("{signed}.{signature}")
    }
}

pub(crate) fn encoded(value: &Value) -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string())
}

fn der(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap()
}
