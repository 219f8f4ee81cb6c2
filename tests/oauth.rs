//! OAuth 2.0 against a real table and a local identity provider: tokens for clients, signed assertions, signed bearer
//! tokens, and everybody who should not get in. RFC 6749, RFC 7523.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "tests"
)]

#[path = "oauth/assertions.rs"]
mod assertions;
#[path = "oauth/bearer.rs"]
mod bearer;
#[path = "oauth/bench.rs"]
mod bench;
#[path = "oauth/federation.rs"]
mod federation;
#[path = "oauth/fetching.rs"]
mod fetching;
#[path = "oauth/issuer.rs"]
mod issuer;
#[path = "oauth/keys.rs"]
mod keys;
#[path = "oauth/requests.rs"]
mod requests;
#[path = "oauth/secrets.rs"]
mod secrets;
