//! Clients that an identity provider speaks for: workload identity federation. RFC 7523 §2.2, §3.

use serde_json::{Value, json};
use serverless_scim::store::{AuthMethod, Federation};

use super::bench::{AUDIENCE, Bench, SUBJECT};
use super::issuer::Manner;
use super::keys::Pair;

#[tokio::test]
async fn an_assertion_of_the_provider_becomes_a_token_as_often_as_it_is_sent() {
    let bench = Bench::new().await;
    for (name, pair) in [("ec", Pair::ec()), ("rsa", Pair::rsa()), ("ed", Pair::ed())] {
        let issuer = bench
            .provider
            .issuer(name, Manner::Good, &[Pair::other(), pair.clone()]);
        let client = bench.federated(&issuer).await;
        let assertion = pair.sign(&bench.claims(&issuer));
        let first = bench.assert(&client.id, &assertion).await.token();
        bench.clock.advance(3_000);
        let second = bench.assert(&client.id, &assertion).await.token();
        assert_ne!(first, second);
        let users = bench
            .scim("GET", "/scim/v2/Users", &second, &Value::Null)
            .await;
        assert_eq!(users.status, 200, "{users:?}");
        bench.clock.advance(660);
        let late = bench.assert(&client.id, &assertion).await;
        late.refuses(401, "invalid_client", "assertion_expired");
    }
    // Each issuer was asked once.
    assert_eq!(bench.provider.asked(), 3);
}

#[tokio::test]
async fn the_provider_speaks_for_its_client_and_for_nothing_else() {
    let bench = Bench::new().await;
    let (pair, issuer) = (
        Pair::ec(),
        bench.provider.issuer("a", Manner::Good, &[Pair::ec()]),
    );
    let federation = Federation {
        issuer: issuer.clone(),
        audiences: vec![AUDIENCE.to_owned(), "api://second/.default".to_owned()],
        subject: SUBJECT.to_owned(),
        tenant_id: Some("tenant-1".to_owned()),
        object_id: Some("object-1".to_owned()),
    };
    let (client, _) = bench.client(AuthMethod::Federation(federation), None).await;
    let with = |name: &str, value: &Value| {
        let mut claims = bench.claims(&issuer);
        claims["tid"] = json!("tenant-1");
        claims["oid"] = json!("object-1");
        claims[name] = value.clone();
        pair.sign(&claims)
    };
    for aud in [
        json!(AUDIENCE),
        json!(format!("{AUDIENCE}/.default")),
        json!("api://second"),
        json!(["x", "api://second/.default"]),
    ] {
        bench.assert(&client.id, &with("aud", &aud)).await.token();
    }
    let now = bench.now();
    for (name, value, reason) in [
        ("iss", json!(format!("{issuer}/")), "assertion_issuer"),
        ("iss", json!(issuer.to_uppercase()), "assertion_issuer"),
        (
            "iss",
            json!(issuer.replace("/a", "//a")),
            "assertion_issuer",
        ),
        ("iss", Value::Null, "assertion_issuer"),
        ("aud", json!("api://third"), "assertion_audience"),
        (
            "aud",
            json!("API://fabrikam-provisioning"),
            "assertion_audience",
        ),
        ("aud", Value::Null, "assertion_audience"),
        ("sub", json!(SUBJECT.to_uppercase()), "assertion_subject"),
        ("sub", json!(client.id), "assertion_subject"),
        ("sub", Value::Null, "assertion_subject"),
        ("tid", json!("tenant-2"), "assertion_tenant"),
        ("tid", Value::Null, "assertion_tenant"),
        ("oid", json!("object-2"), "assertion_object"),
        ("oid", Value::Null, "assertion_object"),
        ("exp", json!(now - 60), "assertion_expired"),
        ("nbf", json!(now + 61), "assertion_not_yet_valid"),
        ("exp", json!(now + 25 * 3_600), "assertion_lifetime"),
    ] {
        let answer = bench.assert(&client.id, &with(name, &value)).await;
        answer.refuses(401, "invalid_client", reason);
    }
    let forged = Pair::other()
        .with(pair.kid, pair.algorithm)
        .sign(&bench.claims(&issuer));
    let answer = bench.assert(&client.id, &forged).await;
    answer.refuses(401, "invalid_client", "assertion_signature");
}

#[tokio::test]
async fn a_slash_at_the_end_makes_another_issuer() {
    let bench = Bench::new().await;
    let pair = Pair::ec();
    let issuer = bench.provider.issuer("a", Manner::Good, &[Pair::ec()]);
    let slashed = format!("{issuer}/");
    let client = bench.federated(&slashed).await;
    let answer = bench
        .assert(&client.id, &pair.sign(&bench.claims(&issuer)))
        .await;
    answer.refuses(401, "invalid_client", "assertion_issuer");
    // Its own discovery document says that it is the one without.
    let answer = bench
        .assert(&client.id, &pair.sign(&bench.claims(&slashed)))
        .await;
    answer.refuses(503, "temporarily_unavailable", "issuer_unusable");
    let really = bench.provider.issuer("b", Manner::Slash, &[Pair::ec()]);
    let really = format!("{really}/");
    let client = bench.federated(&really).await;
    bench
        .assert(&client.id, &pair.sign(&bench.claims(&really)))
        .await
        .token();
}

#[tokio::test]
async fn a_tenant_cannot_use_another_ones_client() {
    let bench = Bench::new().await;
    let (pair, other) = (Pair::ec(), Pair::other());
    let ours = bench
        .provider
        .issuer("a", Manner::Good, std::slice::from_ref(&pair));
    let theirs = bench
        .provider
        .issuer("b", Manner::Good, std::slice::from_ref(&other));
    let client = bench.federated(&ours).await;
    let answer = bench
        .assert(&client.id, &other.sign(&bench.claims(&theirs)))
        .await;
    answer.refuses(401, "invalid_client", "assertion_issuer");
    let named = other
        .with(pair.kid, pair.algorithm)
        .sign(&bench.claims(&ours));
    let answer = bench.assert(&client.id, &named).await;
    answer.refuses(401, "invalid_client", "assertion_signature");
}

#[tokio::test]
async fn a_key_that_the_set_gives_to_another_issuer_does_not_count() {
    let bench = Bench::new().await;
    let pair = Pair::ec();
    let of = |issuer: &str| {
        let mut jwk = pair.jwk();
        jwk["issuer"] = json!(issuer);
        vec![jwk]
    };
    let host = bench.provider.host();
    let cases = [
        ("t1", format!("http://{host}/{{tenantid}}"), None),
        (
            "t2",
            format!("http://{host}/consumers"),
            Some("assertion_key_issuer"),
        ),
    ];
    for (tenant, signs_for, refused) in cases {
        let issuer = bench.provider.publish(tenant, Manner::Good, of(&signs_for));
        let client = bench.federated(&issuer).await;
        let mut claims = bench.claims(&issuer);
        claims["tid"] = json!(tenant);
        let answer = bench.assert(&client.id, &pair.sign(&claims)).await;
        match refused {
            None => drop(answer.token()),
            Some(reason) => answer.refuses(401, "invalid_client", reason),
        }
    }
}
