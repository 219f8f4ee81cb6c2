//! Bearer tokens that Entra signs itself, on the SCIM routes: off unless a connection allows them. RFC 6750 §2.1.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};
use serverless_scim::api::App;
use serverless_scim::jose::{Hosts, Issuers, KeySource, Keys, SourceError};
use serverless_scim::store::{
    EntraBearer, IdentityError, NewConnection, Policies, Provider as Kind, TenantChange,
};

use super::bench::{Bench, PATIENCE, Reply};
use super::issuer::Manner;
use super::keys::Pair;

const ENTRA_TENANT: &str = "11111111-2222-3333-4444-555555555555";
const APPLICATION: &str = "8adf8e6e-67b2-4cf2-a259-e3dc5476c621";

/// Entra's issuers, played by the provider on this machine: another address, the same way there.
#[derive(Debug)]
struct Played {
    issuers: Issuers,
    local: String,
}

#[async_trait]
impl KeySource for Played {
    async fn keys(
        &self,
        issuer: &str,
        kid: Option<&str>,
        now_ms: i64,
    ) -> Result<Arc<Keys>, SourceError> {
        assert!(issuer.contains(ENTRA_TENANT), "{issuer}");
        self.issuers.keys(&self.local, kid, now_ms).await
    }
}

fn v1() -> String {
    format!("https://sts.windows.net/{ENTRA_TENANT}/")
}

/// A bench whose connection takes Entra's tokens, where Entra behaves so.
async fn bench(manner: Manner) -> Bench {
    let mut bench = Bench::new().await;
    let local = bench.provider.issuer("entra", manner, &[Pair::ec()]);
    let host = bench.provider.host();
    let issuers = Issuers::within(Hosts::listed([host.as_str()]).unwrap(), PATIENCE);
    let played = Played { issuers, local };
    bench.app = App::new(bench.store.clone(), None).with_keys(Arc::new(played));
    allow(&bench, true).await;
    bench
}

async fn allow(bench: &Bench, allowed: bool) {
    let new = NewConnection {
        name: "Entra".to_owned(),
        provider: Kind::Entra,
        policies: Policies::default(),
        entra_bearer: allowed.then(|| EntraBearer {
            tenant_id: ENTRA_TENANT.to_owned(),
            audience: APPLICATION.to_owned(),
        }),
    };
    let (tenant, connection) = (&bench.tenant, &bench.connection);
    let same = |_: &_| Ok::<_, IdentityError>(new.clone());
    let changed = bench.store.change_connection(tenant, connection, same);
    changed.await.unwrap();
}

fn claims(bench: &Bench) -> Value {
    let mut claims = bench.claims(&v1());
    claims["aud"] = json!(APPLICATION);
    claims["tid"] = json!(ENTRA_TENANT);
    claims
}

async fn get(bench: &Bench, token: &str) -> Reply {
    let path = format!("/t/{}/scim/v2/Users", bench.tenant);
    bench.scim("GET", &path, token, &Value::Null).await
}

#[tokio::test]
async fn a_token_that_entra_signed_opens_its_own_tenant() {
    let bench = bench(Manner::Good).await;
    let v2 = format!("https://login.microsoftonline.com/{ENTRA_TENANT}/v2.0");
    for issuer in [v1(), v2] {
        let mut claims = claims(&bench);
        claims["iss"] = json!(issuer);
        let token = Pair::ec().sign(&claims);
        let answer = get(&bench, &token).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let path = format!("/t/{}/scim/v2/Users", bench.tenant);
        let user = json!({ "userName": issuer });
        let made = bench.scim("POST", &path, &token, &user).await;
        assert_eq!(made.status, 201, "{made:?}");
    }
    assert_eq!(bench.provider.asked(), 1);
    let connection = bench
        .store
        .connection(&bench.tenant, &bench.connection)
        .await
        .unwrap();
    assert!(connection.active_since.is_some());
}

#[tokio::test]
async fn a_good_token_is_remembered_as_any_other_and_ends_in_its_time() {
    let bench = bench(Manner::Good).await;
    let token = Pair::ec().sign(&claims(&bench));
    assert_eq!(get(&bench, &token).await.status, 200);
    bench.meter.reset();
    assert_eq!(get(&bench, &token).await.status, 200);
    let again = bench.meter.reset().calls;
    bench.clock.advance(30);
    assert_eq!(get(&bench, &token).await.status, 200);
    assert!(bench.meter.reset().calls > again);
    bench.clock.advance(3_600 + 60 - 30 - 1);
    assert_eq!(get(&bench, &token).await.status, 200);
    bench.clock.advance(1);
    assert_eq!(get(&bench, &token).await.status, 401);
}

#[tokio::test]
async fn it_is_off_unless_allowed_and_at_no_other_address() {
    let bench = bench(Manner::Good).await;
    let token = Pair::ec().sign(&claims(&bench));
    let other = bench.store.create_tenant("contoso").await.unwrap();
    // What is remembered of it is its own tenant's.
    assert_eq!(get(&bench, &token).await.status, 200);
    let mut seen = vec![];
    for path in [
        "/scim/v2/Users".to_owned(),
        format!("/t/{other}/scim/v2/Users"),
        "/t/aaaaaaaaaa/scim/v2/Users".to_owned(),
        "/t/fabrikam/scim/v2/Users".to_owned(),
    ] {
        let answer = bench.scim("GET", &path, &token, &Value::Null).await;
        assert_eq!(answer.status, 401, "{path}: {answer:?}");
        seen.push(answer.body);
    }
    allow(&bench, false).await;
    let answer = get(&bench, &token).await;
    assert_eq!(answer.status, 401);
    seen.push(answer.body);
    // Nobody learns from it which tenants there are, or which of them take such tokens.
    assert!(seen.iter().all(|body| *body == seen[0]), "{seen:?}");
    allow(&bench, true).await;
    assert_eq!(get(&bench, &token).await.status, 200);
    let bare = App::new(bench.store.clone(), None);
    let bench = Bench { app: bare, ..bench };
    assert_eq!(get(&bench, &token).await.status, 401);
}

#[tokio::test]
async fn a_token_of_another_tenant_or_application_or_hand_is_refused() {
    let bench = bench(Manner::Good).await;
    let pair = Pair::ec();
    let now = bench.now();
    for (name, value) in [
        (
            "iss",
            json!(format!("https://sts.windows.net/{}/", "0".repeat(36))),
        ),
        (
            "iss",
            json!(format!("https://sts.windows.net/{ENTRA_TENANT}")),
        ),
        (
            "iss",
            json!(format!(
                "https://sts.windows.net.fabrikam.example/{ENTRA_TENANT}/"
            )),
        ),
        ("iss", Value::Null),
        ("aud", json!("00000002-0000-0000-c000-000000000000")),
        ("aud", Value::Null),
        ("tid", json!("0".repeat(36))),
        ("exp", json!(now - 60)),
        ("exp", Value::Null),
        ("nbf", json!(now + 61)),
        ("exp", json!(now + 25 * 3_600)),
    ] {
        let mut claims = claims(&bench);
        claims[name] = value.clone();
        let answer = get(&bench, &pair.sign(&claims)).await;
        assert_eq!(answer.status, 401, "{name} {value}: {answer:?}");
        let challenge = "Bearer realm=\"scim\", error=\"invalid_token\"";
        assert_eq!(answer.headers["www-authenticate"], challenge);
        assert_eq!(answer.body["status"], "401");
    }
    let claims = claims(&bench);
    let none = pair.sign_as(&json!({ "alg": "none", "kid": pair.kid }), &claims);
    let hmac = pair.sign_as(&json!({ "alg": "HS256", "kid": pair.kid }), &claims);
    let forged = Pair::other().with(pair.kid, pair.algorithm).sign(&claims);
    for token in [&none, &hmac, &forged, "a.b.c", "..", "e30.e30.e30"] {
        let answer = get(&bench, token).await;
        assert_eq!(answer.status, 401, "{token}: {answer:?}");
    }
    assert_eq!(get(&bench, &pair.sign(&claims)).await.status, 200);
}

#[tokio::test]
async fn while_entra_is_away_its_tenants_wait_and_others_do_not() {
    let bench = bench(Manner::Fails).await;
    let token = Pair::ec().sign(&claims(&bench));
    let answer = get(&bench, &token).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.headers["retry-after"], "30");
    assert_eq!(answer.headers["content-type"], "application/scim+json");
    assert_eq!(answer.body["status"], "503");
    let other = bench.store.create_tenant("contoso").await.unwrap();
    let secret = bench.store.connect(&other, "").await.unwrap();
    let answer = bench
        .scim("GET", "/scim/v2/Users", secret.reveal(), &Value::Null)
        .await;
    assert_eq!(answer.status, 200);
    bench.provider.issuer("entra", Manner::Good, &[Pair::ec()]);
    assert_eq!(get(&bench, &token).await.status, 503);
    bench.clock.advance(30);
    assert_eq!(get(&bench, &token).await.status, 200);
}

#[tokio::test]
async fn a_suspended_tenant_is_told_so_and_an_erased_one_is_gone() {
    let bench = bench(Manner::Good).await;
    let token = Pair::ec().sign(&claims(&bench));
    let change = TenantChange {
        suspended: Some(true),
        ..Default::default()
    };
    bench
        .store
        .change_tenant(&bench.tenant, &change)
        .await
        .unwrap();
    assert_eq!(get(&bench, &token).await.status, 403);
    bench.store.begin_erasing(&bench.tenant).await.unwrap();
    assert_eq!(get(&bench, &token).await.status, 410);
}

#[tokio::test]
async fn two_authorization_headers_are_one_too_many() {
    let bench = bench(Manner::Good).await;
    let secret = bench.store.connect(&bench.tenant, "").await.unwrap();
    let bearer = format!("Bearer {}", secret.reveal());
    let both = [
        ("authorization", bearer.as_str()),
        ("authorization", bearer.as_str()),
    ];
    let answer = bench.call("GET", "/scim/v2/Users", &both, "").await;
    assert_eq!(answer.status, 401, "{answer:?}");
    let answer = bench.call("GET", "/scim/v2/Users", &both[..1], "").await;
    assert_eq!(answer.status, 200, "{answer:?}");
}
