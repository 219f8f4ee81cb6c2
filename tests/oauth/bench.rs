//! A deployment in this process, on a clock of its own, and one tenant of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};
use serverless_scim::api::{App, Call};
use serverless_scim::jose::{Hosts, Issuers};
use serverless_scim::oauth::TokenEndpoint;
use serverless_scim::store::{
    AuthMethod, Client, Federation, Host, NewClient, NewConnection, Policies, Provider as Kind,
    Scopes, Secret, Store, TenantScope,
};
use serverless_scim::table::wrappers::Metered;
use serverless_scim::table::{Table, embedded};

use super::issuer::Provider;

pub(crate) const ORIGIN: &str = "https://scim.vendor.example";
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
pub(crate) const AUDIENCE: &str = "api://fabrikam-provisioning";
pub(crate) const SUBJECT: &str = "0e6a2b7f-1d55-4c5e-9b1c-61c3b8f07d0e";

/// Issuers answer at once, but this machine may be busy.
pub(crate) const PATIENCE: Duration = Duration::from_mins(10);

/// Time that only the test moves.
#[derive(Debug)]
pub(crate) struct Clock {
    now: AtomicI64,
    random: AtomicU64,
}

impl Clock {
    pub(crate) fn advance(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1_000, Ordering::SeqCst);
    }
}

#[async_trait]
impl Host for Clock {
    fn now_ms(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    fn random(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let next = self
                .random
                .fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
            *byte = (next ^ (next >> 29)).to_be_bytes()[0];
        }
    }

    async fn sleep_ms(&self, ms: u64) {
        self.advance(i64::try_from(ms / 1_000).unwrap());
    }
}

pub(crate) struct Bench {
    pub(crate) clock: Arc<Clock>,
    pub(crate) meter: Arc<Metered>,
    pub(crate) store: Store,
    pub(crate) tenant: TenantScope,
    pub(crate) connection: String,
    pub(crate) provider: Provider,
    pub(crate) endpoint: TokenEndpoint,
    pub(crate) app: App,
}

/// An answer of the token endpoint, or of SCIM.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::within(PATIENCE).await
    }

    /// Where an issuer has so long to answer.
    pub(crate) async fn within(time: Duration) -> Self {
        let provider = Provider::start().await;
        let host = provider.host();
        Self::with_hosts(provider, &[&host], time).await
    }

    pub(crate) async fn with_hosts(provider: Provider, hosts: &[&str], time: Duration) -> Self {
        let clock = Arc::new(Clock {
            now: AtomicI64::new(1_790_000_000_000),
            random: AtomicU64::new(7),
        });
        let table: Arc<dyn Table> = Arc::new(embedded::memory().await.unwrap());
        let meter = Arc::new(Metered::new(table));
        let store = Store::new(meter.clone(), clock.clone());
        let tenant = store.create_tenant("fabrikam").await.unwrap();
        let connection = new_connection(&store, &tenant).await;
        let hosts = Hosts::listed(hosts.iter().copied()).unwrap();
        let keys = Arc::new(Issuers::within(hosts, time));
        Self {
            clock,
            meter,
            tenant,
            connection,
            provider,
            endpoint: TokenEndpoint::new(store.clone(), keys.clone()),
            app: App::new(store.clone(), None).with_keys(keys),
            store,
        }
    }

    /// Seconds since 1970, as tokens count.
    pub(crate) fn now(&self) -> i64 {
        self.clock.now_ms() / 1_000
    }

    pub(crate) async fn client(
        &self,
        method: AuthMethod,
        scopes: Option<Scopes>,
    ) -> (Client, Option<Secret>) {
        let new = NewClient {
            label: "provisioning".to_owned(),
            method,
            scopes,
            access_token_life: None,
        };
        let made = self
            .store
            .create_client(&self.tenant, &self.connection, &new);
        made.await.unwrap()
    }

    /// A client with a secret, which may do everything.
    pub(crate) async fn with_secret(&self) -> (Client, String) {
        let (client, secret) = self.client(AuthMethod::Secret, None).await;
        (client, secret.unwrap().reveal().to_owned())
    }

    /// A client that this issuer speaks for.
    pub(crate) async fn federated(&self, issuer: &str) -> Client {
        let federation = Federation {
            issuer: issuer.to_owned(),
            audiences: vec![AUDIENCE.to_owned(), "api://second/.default".to_owned()],
            subject: SUBJECT.to_owned(),
            tenant_id: None,
            object_id: None,
        };
        self.client(AuthMethod::Federation(federation), None)
            .await
            .0
    }

    /// What an issuer says of the client that it speaks for.
    pub(crate) fn claims(&self, issuer: &str) -> Value {
        let now = self.now();
        json!({ "iss": issuer, "aud": AUDIENCE, "sub": SUBJECT, "iat": now, "nbf": now, "exp": now + 3_600 })
    }

    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Reply {
        let mut request = http::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let call = Call {
            parts: request.body(()).unwrap().into_parts().0,
            body: Some(body.into()),
            origin: ORIGIN.to_owned(),
        };
        let answer = if path == "/oauth2/token" {
            self.endpoint.handle(call).await
        } else {
            self.app.handle(call).await
        };
        Reply {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: serde_json::from_slice(answer.body()).unwrap_or_default(),
        }
    }

    /// Asks for a token with these parameters and `grant_type`.
    pub(crate) async fn ask(&self, parameters: &[(&str, &str)]) -> Reply {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        form.extend_pairs(parameters);
        let body = form.finish();
        self.call("POST", "/oauth2/token", &[FORM], body).await
    }

    /// Asks with an assertion, as Entra does.
    pub(crate) async fn assert(&self, client: &str, assertion: &str) -> Reply {
        self.ask(&[
            ("client_id", client),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", assertion),
            ("scope", "scim"),
        ])
        .await
    }

    /// A SCIM request with this bearer token.
    pub(crate) async fn scim(&self, method: &str, path: &str, token: &str, body: &Value) -> Reply {
        let bearer = format!("Bearer {token}");
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.call(method, path, &[("authorization", &bearer)], body)
            .await
    }
}

pub(crate) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

pub(crate) async fn new_connection(store: &Store, tenant: &TenantScope) -> String {
    let new = NewConnection {
        name: "Entra".to_owned(),
        provider: Kind::Entra,
        policies: Policies::default(),
        entra_bearer: None,
    };
    store.create_connection(tenant, &new).await.unwrap().id
}

impl Reply {
    /// The access token of a good answer.
    #[track_caller]
    pub(crate) fn token(&self) -> String {
        assert_eq!(self.status, 200, "{self:?}");
        assert_eq!(self.body["token_type"], "Bearer", "{self:?}");
        assert_eq!(self.headers["cache-control"], "no-store");
        self.body["access_token"].as_str().unwrap().to_owned()
    }

    /// Fails unless the answer is this status, this error and this reason, and as RFC 6749 §5.2 has it.
    #[track_caller]
    pub(crate) fn refuses(&self, status: u16, error: &str, reason: &str) {
        let said = (
            self.status,
            self.body["error"].as_str(),
            self.body["reason"].as_str(),
        );
        assert_eq!(said, (status, Some(error), Some(reason)), "{self:?}");
        let description = self.body["error_description"].as_str().unwrap();
        assert!(
            description.starts_with(&format!("{reason}: ")),
            "{description}"
        );
        let allowed = |c: char| matches!(c, ' '..='~') && c != '"' && c != '\\';
        assert!(description.chars().all(allowed), "{description}");
        assert_eq!(self.headers["cache-control"], "no-store");
        assert_eq!(self.headers["content-type"], "application/json");
        assert_eq!(self.headers.contains_key("www-authenticate"), status == 401);
        assert_eq!(self.headers.contains_key("retry-after"), status == 503);
        assert!(self.body.get("access_token").is_none());
    }
}
