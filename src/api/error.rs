//! The one table from inner errors to a status, a `scimType` and words for the client. RFC 7644 §3.12.

use std::borrow::Cow;
use std::error::Error;

use http::StatusCode;
use http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::{Value, json};

use super::Answer;
use crate::filter::FilterError;
use crate::patch::{PatchError, PatchErrorKind};
use crate::schema::{ProjectionError, Violation, ViolationKind};
use crate::store::{CHANGED_MAX, SORT_MAX, StoreError, TooFast};

const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
const CHALLENGE: &str = "Bearer realm=\"scim\"";
/// Seconds after which a busy resource may be tried again.
const RETRY_SECONDS: &str = "1";
/// And an issuer that did not answer; it is not asked sooner.
const ISSUER_RETRY_SECONDS: &str = "30";

/// An error as the client sees it, and what only the log may know.
#[derive(Debug)]
pub struct ScimError {
    pub(super) status: StatusCode,
    /// What the log calls it: it never changes, so that programs can tell.
    code: &'static str,
    /// Whether the code is a `scimType`, which the client is told too.
    is_scim_type: bool,
    detail: String,
    /// Further headers: Allow, Retry-After, WWW-Authenticate.
    header: Option<(http::HeaderName, Cow<'static, str>)>,
    /// Our own failure; for the log alone.
    pub(super) source: Option<Box<dyn Error + Send + Sync>>,
}

impl ScimError {
    fn new(status: StatusCode, scim_type: Option<&'static str>, detail: impl Into<String>) -> Self {
        Self {
            status,
            code: scim_type.unwrap_or_else(|| code(status)),
            is_scim_type: scim_type.is_some(),
            detail: detail.into(),
            header: None,
            source: None,
        }
    }

    fn bad(scim_type: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Some(scim_type), detail)
    }

    fn called(self, code: &'static str) -> Self {
        Self { code, ..self }
    }

    fn with(self, name: http::HeaderName, value: impl Into<Cow<'static, str>>) -> Self {
        Self {
            header: Some((name, value.into())),
            ..self
        }
    }

    /// There is no token in the request, or none that is read; the code says why.
    pub(super) fn unauthorized(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, None, detail)
            .called(code)
            .with(WWW_AUTHENTICATE, CHALLENGE)
    }

    /// The token lets nobody in, or not this way (RFC 6750 §3.1); the code says why.
    pub(super) fn invalid_token(code: &'static str, detail: impl Into<String>) -> Self {
        let challenge = format!("{CHALLENGE}, error=\"invalid_token\"");
        Self::unauthorized(code, detail).with(WWW_AUTHENTICATE, challenge)
    }

    /// The token lets its holder do other things.
    pub(super) fn insufficient_scope(detail: impl Into<String>) -> Self {
        let challenge = format!("{CHALLENGE}, error=\"insufficient_scope\"");
        Self::forbidden("scope", detail).with(WWW_AUTHENTICATE, challenge)
    }

    /// Whoever signed the token cannot be asked for keys at present.
    pub(super) fn issuer_unavailable() -> Self {
        let detail = "the issuer of the token cannot be asked for its keys; try again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, None, detail)
            .called("issuerUnavailable")
            .with(RETRY_AFTER, ISSUER_RETRY_SECONDS)
    }

    pub(super) fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, None, detail).called(code)
    }

    pub(super) fn gone(detail: &str) -> Self {
        Self::new(StatusCode::GONE, None, detail)
    }

    pub(super) fn not_found(detail: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, None, detail)
    }

    pub(super) fn method_not_allowed(allowed: &'static str) -> Self {
        let detail = format!("this endpoint takes {allowed}");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, None, detail).with(ALLOW, allowed)
    }

    pub(super) fn not_implemented(detail: &str) -> Self {
        Self::new(StatusCode::NOT_IMPLEMENTED, None, detail)
    }

    pub(super) fn precondition_failed() -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            None,
            "the resource is not in the state that If-Match or If-None-Match names; read it again",
        )
    }

    pub(super) fn unsupported_media_type() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            None,
            "send the body as application/scim+json",
        )
    }

    pub(super) fn too_large(max: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            None,
            format!("the body is larger than {max} bytes; send it in parts"),
        )
    }

    pub(super) fn too_many_values(max: usize) -> Self {
        let detail = format!("the body holds more than {max} values; send it in parts");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, None, detail)
    }

    pub(super) fn invalid_value(detail: impl Into<String>) -> Self {
        Self::bad("invalidValue", detail)
    }

    pub(super) fn invalid_filter(detail: impl Into<String>) -> Self {
        Self::bad("invalidFilter", detail)
    }

    pub(super) fn invalid_syntax(detail: impl Into<String>) -> Self {
        Self::bad("invalidSyntax", detail)
    }

    pub(super) fn invalid_path(detail: impl Into<String>) -> Self {
        Self::bad("invalidPath", detail)
    }

    pub(super) fn invalid_cursor(detail: impl Into<String>) -> Self {
        Self::bad("invalidCursor", detail)
    }

    pub(super) fn expired_cursor() -> Self {
        Self::bad(
            "expiredCursor",
            "the cursor is too old; begin again with an empty cursor",
        )
    }

    pub(super) fn invalid_count(detail: impl Into<String>) -> Self {
        Self::bad("invalidCount", detail)
    }

    pub(super) fn not_an_object() -> Self {
        Self::invalid_syntax("the body must be a JSON object")
    }

    /// What other operations of the same request stand in the way of (RFC 7644 §3.7.1).
    pub(super) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, None, detail)
    }

    pub(super) fn too_many_operations(max: usize) -> Self {
        let detail = format!("a bulk request holds at most {max} operations; send it in parts");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, None, detail)
    }

    /// An operation that its bulk request had no time left for.
    pub(super) fn not_begun() -> Self {
        let detail = "the bulk request ran out of time before this operation; send it again";
        Self::new(StatusCode::TOO_MANY_REQUESTS, None, detail).called("notBegun")
    }

    /// What was agreed with the customer forbids it. Never 401 or 403, for which Entra would stop the whole job.
    pub(super) fn refused(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, None, detail)
    }

    /// Where the JSON breaks off; serde's own words would repeat values.
    pub(super) fn malformed(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        Self::bad(
            "invalidSyntax",
            format!("the body is not JSON: it breaks off at line {line}, column {column}"),
        )
    }

    /// What the log calls it.
    pub(super) fn code(&self) -> &'static str {
        self.code
    }

    pub(super) fn into_answer(self) -> Answer {
        let mut body =
            json!({ "schemas": [ERROR], "status": self.status.as_str(), "detail": self.detail });
        if let (true, Some(object)) = (self.is_scim_type, body.as_object_mut()) {
            object.insert("scimType".to_owned(), Value::from(self.code));
        }
        let answer = Answer::new(self.status, Some(body));
        match self.header {
            Some((name, value)) => answer.header(name, &value),
            None => answer,
        }
    }
}

/// What the log calls an error that has neither a `scimType` nor a code of its own.
fn code(status: StatusCode) -> &'static str {
    match status {
        // RFC 7644 has no type for what was agreed; every other 400 has one.
        StatusCode::BAD_REQUEST => "policy",
        StatusCode::NOT_FOUND => "notFound",
        StatusCode::METHOD_NOT_ALLOWED => "methodNotAllowed",
        StatusCode::CONFLICT => "conflict",
        StatusCode::GONE => "gone",
        StatusCode::PRECONDITION_FAILED => "preconditionFailed",
        StatusCode::PAYLOAD_TOO_LARGE => "tooLarge",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupportedMediaType",
        StatusCode::TOO_MANY_REQUESTS => "busy",
        StatusCode::NOT_IMPLEMENTED => "notImplemented",
        StatusCode::SERVICE_UNAVAILABLE => "unavailable",
        _ => "internal",
    }
}

impl From<StoreError> for ScimError {
    fn from(error: StoreError) -> Self {
        let detail = error.to_string();
        match error {
            StoreError::NotFound => Self::not_found("there is no resource with this id"),
            StoreError::Taken { .. } => Self::new(StatusCode::CONFLICT, Some("uniqueness"), detail),
            StoreError::Nameless(_)
            | StoreError::UnknownMember(_)
            | StoreError::SelfMember
            | StoreError::TooManyEmails => Self::invalid_value(detail),
            StoreError::TooManyMembers => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                None,
                format!(
                    "{detail}: change at most {CHANGED_MAX} members in one request, and the others in further requests"
                ),
            ),
            StoreError::SeatsTaken(_) => Self::refused(detail),
            StoreError::DocumentTooLarge => Self::new(StatusCode::PAYLOAD_TOO_LARGE, None, detail),
            StoreError::TooMany(_) => Self::bad(
                "tooMany",
                format!("{detail}; filter by userName, externalId, displayName or e-mail with eq"),
            ),
            StoreError::TooManySorted => Self::bad(
                "tooMany",
                format!(
                    "more than {SORT_MAX} results cannot be sorted; add a filter or leave sortBy out"
                ),
            ),
            StoreError::Busy => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                None,
                "the resource is busy; try again",
            )
            .with(RETRY_AFTER, RETRY_SECONDS),
            StoreError::Unavailable(_) | StoreError::Broken(_) | StoreError::Table(_) => {
                Self::internal(error)
            }
        }
    }
}

impl From<TooFast> for ScimError {
    fn from(error: TooFast) -> Self {
        let wait = error.retry_after_s;
        let detail = format!(
            "this connection sends more requests per second than agreed; go on in {wait} s"
        );
        Self::new(StatusCode::TOO_MANY_REQUESTS, None, detail)
            .called("rate")
            .with(RETRY_AFTER, wait.to_string())
    }
}

impl ScimError {
    fn violated(kind: ViolationKind, detail: String) -> Self {
        match kind {
            ViolationKind::Mutability => Self::bad("mutability", detail),
            ViolationKind::Required | ViolationKind::Empty | ViolationKind::Type { .. } => {
                Self::bad("invalidValue", detail)
            }
            ViolationKind::TooLong { .. } => Self::new(StatusCode::PAYLOAD_TOO_LARGE, None, detail),
        }
    }

    /// Our own failure: nothing of the inside reaches the client.
    fn internal(error: StoreError) -> Self {
        let answer = match error {
            StoreError::Unavailable(_) => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                None,
                "the service is not available; try again",
            )
            .with(RETRY_AFTER, RETRY_SECONDS),
            _ => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                None,
                "the service failed; the X-Request-Id header names this request in its log",
            ),
        };
        Self {
            source: Some(Box::new(error)),
            ..answer
        }
    }
}

impl From<FilterError> for ScimError {
    fn from(error: FilterError) -> Self {
        Self::invalid_filter(format!("filter: {error}"))
    }
}

impl From<ProjectionError> for ScimError {
    fn from(error: ProjectionError) -> Self {
        Self::invalid_value(error.to_string())
    }
}

impl From<Violation> for ScimError {
    fn from(error: Violation) -> Self {
        Self::violated(error.kind, error.to_string())
    }
}

impl From<PatchError> for ScimError {
    fn from(error: PatchError) -> Self {
        let scim_type = match &error.kind {
            PatchErrorKind::Syntax(_) => "invalidSyntax",
            PatchErrorKind::Path(_)
            | PatchErrorKind::PathShape(_)
            | PatchErrorKind::PathFilter(_) => "invalidPath",
            PatchErrorKind::MembersFilter => "invalidFilter",
            PatchErrorKind::NoTarget(_) => "noTarget",
            PatchErrorKind::Value(_) => "invalidValue",
            PatchErrorKind::Violation(violation) => {
                return Self::violated(violation.kind, error.to_string());
            }
            PatchErrorKind::RequiredRemoved(_) => "mutability",
            PatchErrorKind::TooManyOperations | PatchErrorKind::TooMuchWork => {
                return Self::new(StatusCode::PAYLOAD_TOO_LARGE, None, error.to_string());
            }
        };
        Self::bad(scim_type, error.to_string())
    }
}
