//! Where the keys of an issuer come from. OIDC Discovery §4, RFC 7517 §5.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use super::Keys;

/// Passed in, so that a test can stand in for an identity provider.
#[async_trait]
pub trait KeySource: Debug + Send + Sync {
    /// The issuer's keys. They are asked for anew where `kid` is not among those known, but not often.
    async fn keys(
        &self,
        issuer: &str,
        kid: Option<&str>,
        now_ms: i64,
    ) -> Result<Arc<Keys>, SourceError>;
}

/// Why there are no keys to check with. The words are for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The deployment does not ask this host, whatever a tenant's settings say.
    #[error("the issuer's host is not on the deployment's list")]
    NotAllowed,
    /// It may answer later.
    #[error("the issuer cannot be reached: {0}")]
    Unreachable(&'static str),
    /// It answered, but not as an issuer does.
    #[error("the issuer's documents are not usable: {0}")]
    Unusable(&'static str),
}
