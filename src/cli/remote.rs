//! The admin API of a service over HTTP.

use std::net::IpAddr;
use std::time::Duration;

use http::{Method, StatusCode};
use reqwest::{Client, Url};
use serde_json::Value;

use super::failure::Failure;

const CONNECT_TIME: Duration = Duration::from_secs(10);
/// Longer than a gateway waits.
const ANSWER_TIME: Duration = Duration::from_mins(1);

/// An Admin URL and a key for it.
pub(super) struct Remote {
    http: Client,
    base: String,
    key: String,
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Remote({})", self.base)
    }
}

impl Remote {
    pub(super) fn new(url: &str, key: Option<&str>) -> Result<Self, Failure> {
        let refused = |why: &str| Failure::Unasked(format!("{url}: {why}"));
        let parsed =
            Url::parse(url).map_err(|error| refused(&format!("not an Admin URL: {error}")))?;
        match parsed.scheme() {
            "https" => {}
            "http" if is_this_machine(&parsed) => {}
            _ => {
                return Err(refused(
                    "an Admin URL begins with https://, for a key goes there",
                ));
            }
        }
        let key = key.map(str::trim).filter(|key| !key.is_empty());
        let key = key.ok_or_else(|| {
            let how = "put a key into SCIM_ADMIN_KEY, or give it with --key; make one where the data is: serverless-scim key create --label NAME --data DIR (or --table NAME)";
            Failure::Unasked(how.to_owned())
        })?;
        let http = Client::builder()
            .connect_timeout(CONNECT_TIME)
            .timeout(ANSWER_TIME)
            // The key goes to the address that was given, and to no other.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| Failure::Unasked(words(&error)))?;
        Ok(Self {
            http,
            base: url.trim_end_matches('/').to_owned(),
            key: key.to_owned(),
        })
    }

    /// Status and body of the answer; null where there is no JSON.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<(StatusCode, Value), Failure> {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&self.key);
        if let Some(body) = body {
            request = request
                .header(http::header::CONTENT_TYPE, "application/json")
                .body(body.to_string());
        }
        let unreachable = |error: &reqwest::Error| {
            Failure::Unasked(format!("{} does not answer: {}", self.base, words(error)))
        };
        let answer = request.send().await.map_err(|error| unreachable(&error))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| unreachable(&error))?;
        if status.is_redirection() {
            return Err(Failure::Unasked(format!(
                "{} points elsewhere; give the address it points to, if it is yours",
                self.base
            )));
        }
        match serde_json::from_str(&text) {
            Ok(body) => Ok((status, body)),
            Err(_) if text.is_empty() || !status.is_success() => Ok((status, Value::Null)),
            Err(_) => Err(Failure::Unasked(format!(
                "{} answers, but not as the admin API; an Admin URL ends in /admin/v1",
                self.base
            ))),
        }
    }
}

fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// The cause: what reqwest says first is little, and repeats the address.
fn words(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
