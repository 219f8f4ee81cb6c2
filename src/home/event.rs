//! An HTTP API's event, payload version 2.0, as a call, and the answer as the gateway takes it.
//!
//! The gateway hands the path on decoded and the query as it was sent, so neither need be what a URI allows. Scheme and
//! host are its own word: no header of the client's has a say in the links we give.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::Call;

/// What stands in neither path nor query, and what would end them. A `%` stays: in a query, and in the path of a
/// gateway that does not decode it, it is the mark of what is escaped already.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    raw_path: String,
    raw_query_string: Option<String>,
    headers: Option<BTreeMap<String, String>>,
    request_context: Context,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    domain_name: String,
    http: Asked,
}

#[derive(Deserialize)]
struct Asked {
    method: String,
}

/// The answer as the gateway takes it.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reply {
    status_code: u16,
    headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    body: String,
    is_base64_encoded: bool,
    /// There are none; `cargo lambda watch` takes no answer that does not say so.
    cookies: [String; 0],
}

/// The call that an event is, or what of it is none.
pub(super) fn call(event: Value) -> Result<Call, &'static str> {
    let event: Event =
        serde_json::from_value(event).map_err(|_| "the event is none of an HTTP API's")?;
    let body = match event.body.unwrap_or_default() {
        text if event.is_base64_encoded => BASE64_STANDARD
            .decode(text)
            .map_err(|_| "the body is not the base64 it is said to be")?,
        text => text.into_bytes(),
    };
    let method = event.request_context.http.method;
    let mut parts = Request::new(()).into_parts().0;
    parts.method = Method::from_bytes(method.as_bytes()).map_err(|_| "the method is no name")?;
    parts.uri = uri(&event.raw_path, event.raw_query_string.as_deref())?;
    parts.headers = headers(event.headers.unwrap_or_default())?;
    Ok(Call {
        parts,
        body: Some(Bytes::from(body)),
        origin: format!("https://{}", event.request_context.domain_name),
    })
}

fn uri(path: &str, query: Option<&str>) -> Result<Uri, &'static str> {
    let rest = path.strip_prefix('/').unwrap_or(path);
    let path = utf8_percent_encode(rest, ESCAPED);
    let query = query.map_or_else(String::new, |query| {
        format!("?{}", utf8_percent_encode(query, ESCAPED))
    });
    let uri = format!("/{path}{query}");
    uri.parse().map_err(|_| "path and query are no URI")
}

fn headers(sent: BTreeMap<String, String>) -> Result<HeaderMap, &'static str> {
    let header = |(name, value): (String, String)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, HeaderValue::try_from(value).ok()?))
    };
    let headers: Option<HeaderMap> = sent.into_iter().map(header).collect();
    headers.ok_or("a header is none")
}

impl Reply {
    pub(super) fn of(response: Response<Bytes>) -> Self {
        let (parts, body) = response.into_parts();
        let header = |(name, value): (&HeaderName, &HeaderValue)| {
            Some((name.to_string(), value.to_str().ok()?.to_owned()))
        };
        Self {
            status_code: parts.status.as_u16(),
            headers: parts.headers.iter().filter_map(header).collect(),
            // Every answer of ours is text.
            body: String::from_utf8_lossy(&body).into_owned(),
            ..Self::default()
        }
    }

    /// 400: the event is no request, and this is what is wrong with it.
    pub(super) fn refusal(reason: &str) -> Self {
        let text = ("content-type".to_owned(), "text/plain".to_owned());
        Self {
            status_code: StatusCode::BAD_REQUEST.as_u16(),
            headers: BTreeMap::from([text]),
            body: reason.to_owned(),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn event(path: &str, query: &str) -> Value {
        json!({
            "rawPath": path,
            "rawQueryString": query,
            "headers": { "host": "evil.example", "x-forwarded-proto": "evil" },
            "requestContext": { "domainName": "scim.example.com", "http": { "method": "GET" } },
        })
    }

    #[track_caller]
    fn check(path: &str, query: &str, uri: &str) {
        let call = call(event(path, query)).unwrap();
        assert_eq!(call.parts.uri.to_string(), uri);
        assert_eq!(call.origin, "https://scim.example.com");
    }

    #[test]
    fn what_a_uri_does_not_allow_is_escaped() {
        check("/scim/v2/Users", "", "/scim/v2/Users?");
        check("", "", "/?");
        check("/a#b/c?d e%20f", "", "/a%23b/c%3Fd%20e%20f?");
        check(
            "//Users/",
            r#"filter=userName+eq+"x%40y"&é#"#,
            "//Users/?filter=userName+eq+%22x%40y%22&%C3%A9%23",
        );
    }

    #[test]
    fn what_is_no_request_is_refused() {
        let broken = |pointer: &str, value: Value| {
            let mut event = event("/scim/v2/Users", "");
            event["body"] = json!("");
            event["isBase64Encoded"] = json!(true);
            *event.pointer_mut(pointer).unwrap() = value;
            call(event).map(|call| call.parts.uri.to_string())
        };
        assert!(broken("/body", json!("e30=")).is_ok());
        assert!(broken("/headers", json!(null)).is_ok());
        for (pointer, value) in [
            ("", json!([])),
            ("/rawPath", json!(null)),
            ("/rawPath", json!("x".repeat(70_000))),
            ("/requestContext/http/method", json!("G T")),
            ("/requestContext/http/method", json!("")),
            ("/headers", json!({ "x y": "z" })),
            ("/headers", json!({ "x": "y\nz" })),
            ("/body", json!("%")),
        ] {
            assert!(broken(pointer, value).is_err(), "{pointer}");
        }
    }

    proptest! {
        #![proptest_config(crate::drawn::drawn())]

        #[test]
        fn whatever_the_path_and_query_are_a_call_comes_of_them(path: String, query: String) {
            let call = call(event(&path, &query)).unwrap();
            prop_assert!(call.parts.uri.path().starts_with('/'));
            prop_assert!(call.parts.uri.query().is_some());
        }
    }
}
