//! The one table from what went wrong to an OAuth error, a status and words for the client. RFC 6749 §5.2.

use std::error::Error;

use http::header::{ALLOW, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::jose::{Fault, SourceError};
use crate::store::{IdentityError, StoreError};

/// Seconds after which a busy table, and an issuer that did not answer, may be tried again.
const RETRY_SECONDS: &str = "1";
const ISSUER_RETRY_SECONDS: &str = "30";
const CHALLENGE: &str = "Basic realm=\"token endpoint\", charset=\"UTF-8\"";

/// An error as the client sees it, and what only the log may know.
#[derive(Debug)]
pub(super) struct OAuthError {
    status: StatusCode,
    /// One of RFC 6749's names.
    error: &'static str,
    /// Which of the things behind that name; it never changes, so that programs can tell.
    reason: &'static str,
    words: String,
    header: Option<(&'static HeaderName, &'static str)>,
    source: Option<Box<StoreError>>,
}

impl OAuthError {
    fn new(
        status: StatusCode,
        error: &'static str,
        reason: &'static str,
        words: impl Into<String>,
    ) -> Self {
        Self {
            status,
            error,
            reason,
            words: words.into(),
            header: None,
            source: None,
        }
    }

    fn with(self, name: &'static HeaderName, value: &'static str) -> Self {
        Self {
            header: Some((name, value)),
            ..self
        }
    }

    pub(super) fn invalid_request(reason: &'static str, words: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", reason, words)
    }

    pub(super) fn method_not_allowed() -> Self {
        let words = "send a POST";
        let error = Self::invalid_request("method", words).with(&ALLOW, "POST");
        Self {
            status: StatusCode::METHOD_NOT_ALLOWED,
            ..error
        }
    }

    pub(super) fn unsupported_media_type() -> Self {
        let words = "send the parameters as application/x-www-form-urlencoded";
        Self {
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ..Self::invalid_request("media_type", words)
        }
    }

    pub(super) fn too_large(max: usize) -> Self {
        let words = format!("the body has more than {max} bytes");
        Self {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            ..Self::invalid_request("body_too_large", words)
        }
    }

    pub(super) fn invalid_client(reason: &'static str, words: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_client", reason, words)
            .with(&WWW_AUTHENTICATE, CHALLENGE)
    }

    /// The same for a client that is not known, has another secret, or proves itself in another way.
    pub(super) fn unproven() -> Self {
        let words = "the client is not known or did not prove itself as agreed";
        Self::invalid_client("client_unproven", words)
    }

    pub(super) fn suspended() -> Self {
        let words = "the tenant is suspended; ask the vendor of the application";
        Self::new(
            StatusCode::BAD_REQUEST,
            "unauthorized_client",
            "tenant_suspended",
            words,
        )
    }

    pub(super) fn erased() -> Self {
        Self::invalid_client("tenant_erased", "the tenant is not served any more")
    }

    pub(super) fn unsupported_grant_type() -> Self {
        let words = "send grant_type=client_credentials";
        Self::new(
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            "grant_type",
            words,
        )
    }

    pub(super) fn invalid_scope(reason: &'static str, words: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_scope", reason, words)
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) fn reason(&self) -> &'static str {
        self.reason
    }

    /// Our own failure; for the log alone.
    pub(super) fn source(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }

    pub(super) fn into_parts(self) -> (StatusCode, HeaderMap, Value) {
        let mut headers = HeaderMap::new();
        if let Some((name, value)) = self.header {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let body = json!({
            "error": self.error,
            "error_description": format!("{}: {}", self.reason, self.words),
            "reason": self.reason,
        });
        (self.status, headers, body)
    }
}

impl From<Fault> for OAuthError {
    fn from(fault: Fault) -> Self {
        let reason = match fault {
            Fault::Malformed => "assertion_malformed",
            Fault::TooLarge => "assertion_too_large",
            Fault::Algorithm => "assertion_algorithm",
            Fault::Key => "assertion_key",
            Fault::Signature => "assertion_signature",
            Fault::KeyIssuer => "assertion_key_issuer",
            Fault::Endless => "assertion_endless",
            Fault::Expired => "assertion_expired",
            Fault::NotYet => "assertion_not_yet_valid",
            Fault::TooLong => "assertion_lifetime",
        };
        Self::invalid_client(reason, format!("the assertion is refused: {fault}"))
    }
}

impl From<SourceError> for OAuthError {
    fn from(error: SourceError) -> Self {
        let (reason, words) = match error {
            SourceError::NotAllowed => {
                let words = "the issuer is none that this deployment asks for keys";
                return Self::invalid_client("issuer_not_allowed", words);
            }
            SourceError::Unreachable(_) => (
                "issuer_unreachable",
                "the issuer cannot be asked for its keys; try again",
            ),
            SourceError::Unusable(_) => (
                "issuer_unusable",
                "what the issuer answers is no discovery document, or no key set",
            ),
        };
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "temporarily_unavailable",
            reason,
            words,
        )
        .with(&RETRY_AFTER, ISSUER_RETRY_SECONDS)
    }
}

impl From<StoreError> for OAuthError {
    fn from(error: StoreError) -> Self {
        let answer = match error {
            StoreError::Busy | StoreError::Unavailable(_) => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "unavailable",
                "the service is not available; try again",
            )
            .with(&RETRY_AFTER, RETRY_SECONDS),
            _ => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "server_error",
                "failure",
                "the service failed; the X-Request-Id header names this request in its log",
            ),
        };
        Self {
            source: Some(Box::new(error)),
            ..answer
        }
    }
}

impl From<IdentityError> for OAuthError {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Store(error) => error.into(),
            // The client, or its tenant, went away while it asked.
            _ => Self::unproven(),
        }
    }
}
