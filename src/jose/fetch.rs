//! Asking an issuer for its keys: `OpenID` discovery, then its key set. `OpenID` Connect Discovery 1.0 §4, RFC 8414.
//!
//! The address comes from a tenant's settings, so that every step is bounded: listed hosts only, no redirect, no proxy,
//! so many bytes, so much time.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::header::ACCEPT;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;

use super::{Hosts, Keys, KeysError, SourceError};

/// Bytes of either document.
pub const DOCUMENT_MAX: usize = 256 * 1024;
/// Both documents together, from looking up the name to the last byte.
pub(super) const FETCH_TIME: Duration = Duration::from_secs(3);
/// Long enough for the second document to come over the connection of the first.
const IDLE_TIME: Duration = Duration::from_secs(5);

const DISCOVERY: &str = "/.well-known/openid-configuration";

/// Asks issuers on the list.
#[derive(Debug)]
pub(super) struct Fetcher {
    hosts: Hosts,
    /// For both documents together.
    time: Duration,
    /// Made when first needed: most instances never ask anybody.
    http: OnceLock<Option<Client>>,
}

/// What an issuer says of itself.
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl Fetcher {
    pub(super) fn new(hosts: Hosts, time: Duration) -> Self {
        Self {
            hosts,
            time,
            http: OnceLock::new(),
        }
    }

    /// Where the issuer is asked first, if it may be.
    pub(super) fn discovery(&self, issuer: &str) -> Result<Url, SourceError> {
        let own = self.hosts.allow(issuer).filter(|url| url.query().is_none());
        own.ok_or(SourceError::NotAllowed)?;
        let base = issuer.strip_suffix('/').unwrap_or(issuer);
        let url = self.hosts.allow(&format!("{base}{DISCOVERY}"));
        url.ok_or(SourceError::NotAllowed)
    }

    /// The issuer's keys as they are now.
    pub(super) async fn keys(&self, issuer: &str) -> Result<Keys, SourceError> {
        let fetched = tokio::time::timeout(self.time, self.both(issuer)).await;
        fetched.unwrap_or(Err(SourceError::Unreachable("it takes too long")))
    }

    async fn both(&self, issuer: &str) -> Result<Keys, SourceError> {
        let document = self.get(self.discovery(issuer)?).await?;
        let discovery: Discovery = serde_json::from_slice(&document)
            .map_err(|_| SourceError::Unusable("no discovery document"))?;
        if discovery.issuer != issuer {
            let why = "the discovery document is another issuer's";
            return Err(SourceError::Unusable(why));
        }
        let place = self.hosts.allow(&discovery.jwks_uri);
        let place = place.ok_or(SourceError::Unusable("its keys are at a place not listed"))?;
        let document = self.get(place).await?;
        Keys::published(&document).map_err(|error| {
            SourceError::Unusable(match error {
                KeysError::TooMany => "too many keys",
                KeysError::Shape | KeysError::Private => "no key set",
                KeysError::Useless => "no key of use",
            })
        })
    }

    async fn get(&self, url: Url) -> Result<Vec<u8>, SourceError> {
        let http = self.http.get_or_init(client).as_ref();
        let http = http.ok_or(SourceError::Unreachable("no TLS on this machine"))?;
        let asked = http
            .get(url)
            .header(ACCEPT, "application/json")
            .send()
            .await;
        let mut answer = asked.map_err(|_| SourceError::Unreachable("no connection"))?;
        match answer.status() {
            StatusCode::OK => {}
            status if status.is_redirection() => return Err(SourceError::Unusable("it redirects")),
            _ => return Err(SourceError::Unreachable("it does not answer 200")),
        }
        let mut document = vec![];
        loop {
            let read = answer.chunk().await;
            let Some(chunk) = read.map_err(|_| SourceError::Unreachable("it breaks off"))? else {
                return Ok(document);
            };
            if document.len() + chunk.len() > DOCUMENT_MAX {
                return Err(SourceError::Unusable("a document is too large"));
            }
            document.extend_from_slice(&chunk);
        }
    }
}

fn client() -> Option<Client> {
    let client = Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .pool_idle_timeout(IDLE_TIME);
    client.build().ok()
}
