//! A request for a token, as it is sent. RFC 6749 §2.3.1, §3.2, §4.4.2; RFC 7521 §4.2.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use percent_encoding::percent_decode_str;

use super::error::OAuthError;
use crate::api::Call;

/// Bytes of a request's body.
pub const BODY_MAX: usize = 64 * 1024;

const FORM: &str = "application/x-www-form-urlencoded";
const GRANT: &str = "client_credentials";
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What a client asks for, and how it proves who it is. Parameters that are not known are passed over.
#[derive(Debug)]
pub(super) struct Form {
    grant_type: Option<String>,
    pub client_id: Option<String>,
    pub proof: Proof,
    pub scope: Option<String>,
}

/// One way and no other.
pub(super) enum Proof {
    Secret(String),
    Assertion(String),
}

/// Without what proves it.
impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret(_) => "Secret(...)",
            Self::Assertion(_) => "Assertion(...)",
        })
    }
}

impl Form {
    pub(super) fn read(call: &Call) -> Result<Self, OAuthError> {
        if call.parts.method != Method::POST {
            return Err(OAuthError::method_not_allowed());
        }
        let body = call.body.as_ref().filter(|body| body.len() <= BODY_MAX);
        let body = body.ok_or_else(|| OAuthError::too_large(BODY_MAX))?;
        if !is_form(call) {
            return Err(OAuthError::unsupported_media_type());
        }
        let mut sent = parameters(body)?;
        let (mut client_id, proof) = (sent.remove("client_id"), proof(call, &mut sent)?);
        let proof = match proof {
            Sent::Basic(id, secret) => {
                if client_id.as_ref().is_some_and(|named| *named != id) {
                    let words = "client_id is another than in the Authorization header";
                    return Err(OAuthError::invalid_request("client_id", words));
                }
                client_id = Some(id);
                Proof::Secret(secret)
            }
            Sent::Form(proof) => proof,
        };
        Ok(Self {
            grant_type: sent.remove("grant_type"),
            client_id,
            proof,
            scope: sent.remove("scope"),
        })
    }

    pub(super) fn check_grant(&self) -> Result<(), OAuthError> {
        match self.grant_type.as_deref() {
            Some(GRANT) => Ok(()),
            Some(_) => Err(OAuthError::unsupported_grant_type()),
            None => {
                let words = "send grant_type=client_credentials";
                Err(OAuthError::invalid_request("grant_type", words))
            }
        }
    }
}

/// Where the proof stood.
enum Sent {
    Basic(String, String),
    Form(Proof),
}

fn proof(call: &Call, sent: &mut BTreeMap<String, String>) -> Result<Sent, OAuthError> {
    let proofs = (
        basic(call)?,
        sent.remove("client_secret"),
        sent.remove("client_assertion"),
    );
    match proofs {
        (Some((id, secret)), None, None) => Ok(Sent::Basic(id, secret)),
        (None, Some(secret), None) => Ok(Sent::Form(Proof::Secret(secret))),
        (None, None, Some(assertion)) => {
            if sent.get("client_assertion_type").map(String::as_str) != Some(JWT_BEARER) {
                let words = format!("send client_assertion_type={JWT_BEARER}");
                return Err(OAuthError::invalid_request("assertion_type", words));
            }
            Ok(Sent::Form(Proof::Assertion(assertion)))
        }
        (None, None, None) => {
            let words = "send a client secret or a client assertion";
            Err(OAuthError::invalid_client("client_proof", words))
        }
        _ => {
            let words =
                "prove the client in one way: Authorization, client_secret or client_assertion";
            Err(OAuthError::invalid_request("several_proofs", words))
        }
    }
}

/// Every parameter that has a value; none may come twice.
fn parameters(body: &[u8]) -> Result<BTreeMap<String, String>, OAuthError> {
    let mut sent = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(body) {
        if sent.insert(name.into_owned(), value.into_owned()).is_some() {
            let words = "a parameter stands there twice";
            return Err(OAuthError::invalid_request("repeated_parameter", words));
        }
    }
    sent.retain(|_, value| !value.is_empty());
    Ok(sent)
}

fn is_form(call: &Call) -> bool {
    let mut types = call.parts.headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (types.next(), types.next()) else {
        return false;
    };
    let essence = value.to_str().unwrap_or_default().split(';').next();
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(FORM))
}

/// Client and secret of an Authorization header; both are form-encoded before they become base64.
fn basic(call: &Call) -> Result<Option<(String, String)>, OAuthError> {
    let mut headers = call.parts.headers.get_all(AUTHORIZATION).iter();
    let Some(header) = headers.next() else {
        return Ok(None);
    };
    if headers.next().is_some() {
        let words = "send one Authorization header";
        return Err(OAuthError::invalid_request("several_proofs", words));
    }
    let malformed = || {
        let words = "the Authorization header is not: Basic, then client and secret in base64";
        OAuthError::invalid_client("authorization_malformed", words)
    };
    let text = header.to_str().map_err(|_| malformed())?;
    let (scheme, credentials) = text.trim().split_once(' ').ok_or_else(malformed)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(malformed());
    }
    let decoded = STANDARD
        .decode(credentials.trim())
        .map_err(|_| malformed())?;
    let decoded = String::from_utf8(decoded).map_err(|_| malformed())?;
    let (id, secret) = decoded.split_once(':').ok_or_else(malformed)?;
    Ok(Some((form_decoded(id), form_decoded(secret))))
}

fn form_decoded(text: &str) -> String {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8_lossy();
    Cow::into_owned(decoded)
}
