//! The one table from inner errors to a status, a stable code and words for the vendor. RFC 9457 §3.

use std::error::Error;

use http::StatusCode;
use http::header::{ALLOW, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::json;

use super::AdminAnswer;
use crate::api::chain;
use crate::store::{IdentityError, RegisterError, SCHEMAS_MAX, StoreError};

/// Seconds after which a busy tenant may be tried again.
const RETRY_SECONDS: &str = "1";

/// An error as the vendor sees it, and what only the log may know.
#[derive(Debug)]
pub(super) struct AdminError {
    pub status: StatusCode,
    pub code: &'static str,
    detail: String,
    header: Option<(HeaderName, &'static str)>,
    /// Our own failure.
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl AdminError {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            header: None,
            source: None,
        }
    }

    fn with(self, name: HeaderName, value: &'static str) -> Self {
        Self {
            header: Some((name, value)),
            ..self
        }
    }

    pub(super) fn unauthorized(detail: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
            .with(WWW_AUTHENTICATE, "Bearer realm=\"admin\"")
    }

    /// What only whoever has the table itself may do.
    pub(super) fn local_only() -> Self {
        let detail = "admin keys are made by the command line on the table itself: serverless-scim key create";
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    pub(super) fn no_such_path() -> Self {
        let detail = "there is no such path; GET /admin/v1/openapi.json lists those there are";
        Self::new(StatusCode::NOT_FOUND, "notFound", detail)
    }

    pub(super) fn not_found(what: &str) -> Self {
        let detail = format!("there is no such {what}");
        Self::new(StatusCode::NOT_FOUND, "notFound", detail)
    }

    pub(super) fn method_not_allowed(allowed: &'static str) -> Self {
        let detail = format!("this path takes {allowed}");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "methodNotAllowed", detail).with(ALLOW, allowed)
    }

    pub(super) fn conflict(detail: &str) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", detail)
    }

    /// What is wrong, and first of all where.
    pub(super) fn invalid(place: &str, expected: &str) -> Self {
        let detail = format!("{place}: {expected}");
        Self::new(StatusCode::BAD_REQUEST, "invalid", detail)
    }

    pub(super) fn too_large(max: usize) -> Self {
        let detail = format!("the body is larger than {max} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "tooLarge", detail)
    }

    pub(super) fn unsupported_media_type() -> Self {
        let detail = "send the body as application/json";
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupportedMediaType",
            detail,
        )
    }

    /// Where the JSON breaks off; serde's own words would repeat values.
    pub(super) fn malformed(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let detail = format!("the body is not JSON: it breaks off at line {line}, column {column}");
        Self::new(StatusCode::BAD_REQUEST, "invalid", detail)
    }

    /// A check of a table that is too large to be read within one request.
    pub(super) fn check_takes_longer() -> Self {
        let detail = "the check takes longer than a request may; run it on the table itself: serverless-scim check";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
    }

    /// Our own failure: nothing of the inside reaches anybody but whoever has the table.
    fn internal(error: StoreError) -> Self {
        let answer = if matches!(error, StoreError::Unavailable(_)) {
            let detail = "the service is not available; try again";
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
                .with(RETRY_AFTER, RETRY_SECONDS)
        } else {
            let detail =
                "the service failed; the X-Request-Id header names this request in its log";
            Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
        };
        Self {
            source: Some(Box::new(error)),
            ..answer
        }
    }

    /// The answer; with the cause of a failure where the caller has the table itself.
    pub(super) fn into_answer(self, local: bool) -> AdminAnswer {
        let source = self.source.as_deref().filter(|_| local);
        let detail = source.map_or(self.detail, chain);
        let body = json!({ "status": self.status.as_u16(), "code": self.code, "detail": detail });
        AdminAnswer {
            header: self.header,
            ..AdminAnswer::new(self.status, Some(body))
        }
    }
}

impl From<IdentityError> for AdminError {
    fn from(error: IdentityError) -> Self {
        let detail = error.to_string();
        match error {
            IdentityError::NameTaken | IdentityError::State(_) => Self::conflict(&detail),
            IdentityError::NameInvalid => Self::invalid("name", &detail),
            IdentityError::NotFound(what) => Self::not_found(what),
            IdentityError::Label(_) | IdentityError::Invalid(..) | IdentityError::Policy(_) => {
                Self::new(StatusCode::BAD_REQUEST, "invalid", detail)
            }
            IdentityError::TooMany(_) => Self::new(StatusCode::CONFLICT, "tooMany", detail),
            IdentityError::Store(error) => error.into(),
        }
    }
}

impl From<RegisterError> for AdminError {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Document(error) => {
                Self::new(StatusCode::BAD_REQUEST, "invalid", error.to_string())
            }
            RegisterError::TooMany => {
                let detail =
                    format!("a tenant can have {SCHEMAS_MAX} schemas, and this one has them");
                Self::new(StatusCode::CONFLICT, "tooMany", detail)
            }
            RegisterError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::not_found("tenant"),
            StoreError::Busy => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "busy",
                "the tenant is busy; try again",
            )
            .with(RETRY_AFTER, RETRY_SECONDS),
            // What remains says something of resources, of which nothing is written here.
            StoreError::Taken { .. }
            | StoreError::Nameless(_)
            | StoreError::UnknownMember(_)
            | StoreError::SelfMember
            | StoreError::TooManyMembers
            | StoreError::TooManyEmails
            | StoreError::SeatsTaken(_)
            | StoreError::DocumentTooLarge
            | StoreError::TooMany(_)
            | StoreError::TooManySorted
            | StoreError::Unavailable(_)
            | StoreError::Broken(_)
            | StoreError::Table(_) => Self::internal(error),
        }
    }
}
