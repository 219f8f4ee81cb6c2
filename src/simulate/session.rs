//! The connection to the server under test: sends, measures, judges every answer, and remembers what was created.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::Client;
use super::created::Created;
use super::exchange::{Answer, Ask, Exchange};
use super::ledger::{Ledger, Rule};
use super::manners;

/// Of an answer so much is read.
const ANSWER_MAX: usize = 16 * 1024 * 1024;
/// After so many requests in a row without an answer no more are sent.
const SILENCES_MAX: u32 = 10;
/// How often a request is sent again after 429 or 503.
const REPEATS_MAX: u32 = 3;
/// The longest wait that a server may ask for.
const PAUSE_MAX: Duration = Duration::from_secs(10);

const ANSWERED: Rule = Rule::new(
    "answer.time",
    "Every request is answered before the time-out",
    "Entra waits about 60 s, API gateways 29 s",
);

/// Where a server is and how it is spoken to.
#[derive(Clone)]
pub struct Target {
    /// May end in slashes and a query, as the Tenant URLs do that admins paste.
    pub url: String,
    pub token: String,
    pub client: Client,
    pub timeout: Duration,
}

/// A connection; clones are the same one.
#[derive(Clone)]
pub struct Session(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    base: String,
    query: Option<String>,
    token: String,
    client: Client,
    marker: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) ledger: Ledger,
    pub(super) created: Created,
    pub(super) latencies: BTreeMap<String, Vec<Duration>>,
    /// Answers that asked to come again later.
    pub(super) pauses: u32,
    silences: u32,
}

/// Without the token.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut target = f.debug_struct("Target");
        target.field("url", &self.url).finish_non_exhaustive()
    }
}

/// Without the token.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut session = f.debug_struct("Session");
        session.field("base", &self.0.base).finish_non_exhaustive()
    }
}

impl Session {
    /// `marker` is text that is in every name this run creates.
    pub fn new(target: &Target, marker: &str) -> Result<Self, String> {
        let url = target.url.trim();
        let (base, query) = match url.split_once('?') {
            Some((base, query)) => (base, Some(query.to_owned())),
            None => (url, None),
        };
        let parsed = reqwest::Url::parse(base)
            .map_err(|error| format!("{url} is not a URL ({error}); it begins with https://"))?;
        if !matches!(parsed.scheme(), "http" | "https") || parsed.host_str().is_none() {
            return Err(format!("{url} is not an http or https URL"));
        }
        let mut http = reqwest::Client::builder();
        if parsed.scheme() == "http" {
            // A proxy of the environment would read the token.
            http = http.no_proxy();
        }
        let http = http
            .timeout(target.timeout)
            // A redirect is an answer like any other: SCIM clients do not follow them with their token.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| format!("no HTTP client: {}", causes(&error)))?;
        Ok(Self(Arc::new(Inner {
            http,
            base: base.trim_end_matches('/').to_owned(),
            query,
            token: target.token.trim().to_owned(),
            client: target.client,
            marker: marker.to_owned(),
            state: Mutex::default(),
        })))
    }

    pub fn base(&self) -> &str {
        &self.0.base
    }

    pub fn token(&self) -> &str {
        &self.0.token
    }

    pub fn marker(&self) -> &str {
        &self.0.marker
    }

    pub fn client(&self) -> Client {
        self.0.client
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn kept(&self, rule: &Rule) {
        self.state().ledger.kept(rule);
    }

    pub(super) fn broken(&self, rule: &Rule, fault: impl Into<String>, exchange: &Exchange) {
        let fault = fault.into();
        self.state().ledger.broken(rule, fault, Some(exchange));
    }

    /// Notes how a rule fared in this exchange and says whether it was kept. That there was no answer is noted already.
    pub(super) fn judge(&self, rule: &Rule, fault: Option<String>, exchange: &Exchange) -> bool {
        let kept = fault.is_none();
        if exchange.answer.is_err() {
            return false;
        }
        match fault {
            None => self.kept(rule),
            Some(fault) => self.broken(rule, fault, exchange),
        }
        kept
    }

    /// Tries again after silence: to clean up is worth it.
    pub fn listen_again(&self) {
        self.state().silences = 0;
    }

    /// Whether it is pointless to go on.
    pub fn silent(&self) -> bool {
        self.state().silences >= SILENCES_MAX
    }

    /// Sends a request; again, after a pause, where the server asks for that.
    pub async fn send(&self, ask: Ask) -> Exchange {
        let mut repeats = 0;
        loop {
            let exchange = self.once(ask.clone()).await;
            if !exchange.is(&[429, 503]) || repeats == REPEATS_MAX {
                return exchange;
            }
            repeats += 1;
            self.state().pauses += 1;
            tokio::time::sleep(pause(exchange.header("retry-after"))).await;
        }
    }

    async fn once(&self, ask: Ask) -> Exchange {
        if self.silent() {
            let answer = Err("not sent: the server had stopped answering".to_owned());
            return Exchange { ask, answer };
        }
        self.state().created.before(&ask);
        let began = Instant::now();
        let answer = self.answer(&ask).await;
        let took = began.elapsed();
        let exchange = Exchange { ask, answer };
        let mut state = self.state();
        state.created.after(&exchange, &self.0.marker);
        match &exchange.answer {
            Ok(_) => {
                state.silences = 0;
                state.ledger.kept(&ANSWERED);
                let of_kind = state.latencies.entry(exchange.kind()).or_default();
                of_kind.push(took);
                manners::judge(&mut state.ledger, self.0.client, &exchange);
            }
            Err(reason) => {
                state.silences += 1;
                let fault = format!("no answer: {reason}");
                state.ledger.broken(&ANSWERED, fault, Some(&exchange));
            }
        }
        drop(state);
        exchange
    }

    async fn answer(&self, ask: &Ask) -> Result<Answer, String> {
        let request = self.request(ask)?;
        let mut response = request.send().await.map_err(|error| causes(&error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut bytes = vec![];
        while let Some(chunk) = response.chunk().await.map_err(|error| causes(&error))? {
            if bytes.len() + chunk.len() > ANSWER_MAX {
                return Err(format!("the answer is longer than {ANSWER_MAX} bytes"));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status,
            headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            text: String::from_utf8_lossy(&bytes).into_owned(),
        })
    }

    fn request(&self, ask: &Ask) -> Result<reqwest::RequestBuilder, String> {
        let inner = &self.0;
        let method = reqwest::Method::from_bytes(ask.method.as_bytes())
            .map_err(|_| format!("{} is no method", ask.method))?;
        // A path of another base is a whole URL already.
        let mut url = if ask.path.starts_with("http") {
            ask.path.clone()
        } else {
            format!("{}{}", inner.base, ask.path)
        };
        if let Some(query) = &inner.query {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(query);
        }
        let mut headers: Vec<(&str, Option<String>)> =
            vec![("authorization", Some(format!("Bearer {}", inner.token)))];
        if ask.body.is_some() {
            let media = "application/scim+json; charset=utf-8".to_owned();
            headers.push(("content-type", Some(media)));
        }
        if let Some(agent) = inner.client.user_agent() {
            headers.push(("user-agent", Some(agent.to_owned())));
        }
        for (name, value) in &ask.headers {
            headers.retain(|(usual, _)| !usual.eq_ignore_ascii_case(name));
            headers.push((name, value.clone()));
        }
        let mut request = inner.http.request(method, url);
        for (name, value) in headers {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        Ok(match &ask.body {
            Some(body) => request.body(body.clone()),
            None => request,
        })
    }
}

/// How long to wait: what the server asks for, within limits.
fn pause(retry_after: Option<&str>) -> Duration {
    let seconds = retry_after.and_then(|text| text.trim().parse().ok());
    Duration::from_secs(seconds.unwrap_or(1)).min(PAUSE_MAX)
}

/// An error with what is behind it: reqwest's own text alone says little.
pub(super) fn causes(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "timed out".to_owned();
    }
    let mut deepest: &dyn std::error::Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_bounded_whatever_the_server_asks_for() {
        for (header, seconds) in [
            (None, 1),
            (Some(" 3 "), 3),
            (Some("0"), 0),
            (Some("86400"), 10),
            (Some("Sun, 22 Nov 2026 12:00:00 GMT"), 1),
            (Some("-5"), 1),
        ] {
            assert_eq!(pause(header), Duration::from_secs(seconds), "{header:?}");
        }
    }

    #[test]
    fn the_token_is_shown_by_nothing() {
        let target = Target {
            url: "https://host.example/scim/v2".to_owned(),
            token: "scim_abc".to_owned(),
            client: Client::Entra,
            timeout: Duration::from_secs(1),
        };
        let session = Session::new(&target, "sim0").unwrap();
        let shown = format!("{target:?} {session:?}");
        assert!(shown.contains("host.example"), "{shown}");
        assert!(!shown.contains("scim_abc"), "{shown}");
    }

    #[test]
    fn a_tenant_url_may_be_pasted_carelessly_but_must_be_one() {
        let session = |url: &str| {
            let target = Target {
                url: url.to_owned(),
                token: " secret\n".to_owned(),
                client: Client::Entra,
                timeout: Duration::from_secs(1),
            };
            Session::new(&target, "sim0")
        };
        for url in [
            "https://host.example/scim/v2",
            " https://host.example/scim/v2/ ",
            "https://host.example/scim/v2//?aadOptscim062020",
        ] {
            let session = session(url).unwrap();
            assert_eq!(session.base(), "https://host.example/scim/v2");
            assert_eq!(session.token(), "secret");
        }
        let flagged = session("https://host.example/?aadOptscim062020").unwrap();
        let url = |path: &str| {
            let request = flagged.request(&Ask::get(path)).unwrap().build().unwrap();
            request.url().to_string()
        };
        assert_eq!(url("/Users"), "https://host.example/Users?aadOptscim062020");
        assert_eq!(
            url("/Users?count=1"),
            "https://host.example/Users?count=1&aadOptscim062020"
        );
        for url in ["", "host.example/scim", "ftp://host.example", "file:///x"] {
            assert!(session(url).is_err(), "{url}");
        }
    }
}
