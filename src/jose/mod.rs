//! Signed assertions: whose keys they are checked with, and what they must say. RFC 7515, RFC 7517, RFC 7519.
//!
//! A key decides which algorithms it can be used with, and only asymmetric ones are known here: a token cannot choose
//! `none`, nor have a public key taken for a shared secret.

mod assertion;
mod cache;
mod fetch;
mod hosts;
mod key;
mod source;

pub use assertion::{ASSERTION_MAX, Assertion, Claims, Fault, LIFE_MAX_S, SKEW_S};
pub use cache::Issuers;
pub use fetch::DOCUMENT_MAX;
pub use hosts::{HostError, Hosts, is_issuer};
pub use key::{CLIENT_KEYS_MAX, KEYS_MAX, Keys, KeysError};
pub use source::{KeySource, SourceError};
