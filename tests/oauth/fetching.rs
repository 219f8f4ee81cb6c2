//! Issuers that are slow, huge, redirecting, unreachable or elsewhere: their own clients are told, nobody else notices.

use std::time::Duration;

use jsonwebtoken::Algorithm;
use serverless_scim::jose::{DOCUMENT_MAX, Hosts, Issuers, KEYS_MAX, KeySource as _, SourceError};
use serverless_scim::store::Client;

use super::bench::{Bench, PATIENCE, Reply};
use super::issuer::{Manner, Provider};
use super::keys::Pair;

/// What an issuer has that never answers in time.
const SHORT: Duration = Duration::from_millis(500);
/// A port that is given to no test, so nobody listens there.
const NOBODY: &str = "127.0.0.1:1";

struct Asked {
    client: Client,
    assertion: String,
}

/// A client of the issuer with this name and manner, and an assertion for it.
async fn asked(bench: &Bench, name: &str, manner: Manner) -> Asked {
    let issuer = bench.provider.issuer(name, manner, &[Pair::ec()]);
    Asked {
        client: bench.federated(&issuer).await,
        assertion: Pair::ec().sign(&bench.claims(&issuer)),
    }
}

impl Asked {
    async fn send(&self, bench: &Bench) -> Reply {
        bench.assert(&self.client.id, &self.assertion).await
    }
}

#[tokio::test]
async fn an_issuer_that_misbehaves_is_refused_in_time() {
    takes_too_long().await;
    tells_nonsense().await;
}

async fn takes_too_long() {
    let bench = Bench::within(SHORT).await;
    for (name, manner) in [("slow", Manner::Slow), ("drip", Manner::Drip)] {
        let answer = asked(&bench, name, manner).await.send(&bench).await;
        answer.refuses(503, "temporarily_unavailable", "issuer_unreachable");
    }
}

async fn tells_nonsense() {
    let bench = Bench::new().await;
    bench.provider.issuer("good", Manner::Good, &[Pair::ec()]);
    for (name, manner, reason) in [
        ("endless", Manner::Endless, "issuer_unusable"),
        ("redirect", Manner::Redirect, "issuer_unusable"),
        ("keys-redirect", Manner::KeysRedirect, "issuer_unusable"),
        ("fails", Manner::Fails, "issuer_unreachable"),
        ("no-json", Manner::NoJson, "issuer_unusable"),
        ("foreign", Manner::Foreign, "issuer_unusable"),
        ("slash", Manner::Slash, "issuer_unusable"),
        (
            "keys-elsewhere",
            Manner::KeysAt("https://keys.fabrikam.example/keys"),
            "issuer_unusable",
        ),
        (
            "keys-inside",
            Manner::KeysAt("http://169.254.169.254/latest/meta-data"),
            "issuer_unusable",
        ),
        (
            "keys-file",
            Manner::KeysAt("file:///etc/passwd"),
            "issuer_unusable",
        ),
        ("keys-nowhere", Manner::KeysAt(""), "issuer_unusable"),
        ("many-keys", Manner::Keys(10_000), "issuer_unusable"),
        (
            "a-key-too-many",
            Manner::Keys(KEYS_MAX + 1),
            "issuer_unusable",
        ),
        ("no-keys", Manner::NoKeys, "issuer_unusable"),
        (
            "too-large",
            Manner::Sized(DOCUMENT_MAX + 1),
            "issuer_unusable",
        ),
    ] {
        let answer = asked(&bench, name, manner).await.send(&bench).await;
        answer.refuses(503, "temporarily_unavailable", reason);
    }
    for (name, manner) in [
        ("all-keys", Manner::Keys(KEYS_MAX)),
        ("large", Manner::Sized(DOCUMENT_MAX)),
    ] {
        asked(&bench, name, manner).await.send(&bench).await.token();
    }
}

#[tokio::test]
async fn an_issuer_that_is_not_there_is_told_and_not_asked_again_at_once() {
    let provider = Provider::start().await;
    let host = provider.host();
    let bench = Bench::with_hosts(provider, &[&host, NOBODY], PATIENCE).await;
    let issuer = format!("http://{NOBODY}/a");
    let client = bench.federated(&issuer).await;
    let assertion = Pair::ec().sign(&bench.claims(&issuer));
    for _ in 0..2 {
        let answer = bench.assert(&client.id, &assertion).await;
        answer.refuses(503, "temporarily_unavailable", "issuer_unreachable");
    }
    let failing = asked(&bench, "fails", Manner::Fails).await;
    for (after, asked) in [(0, 1), (29, 1), (1, 2)] {
        bench.clock.advance(after);
        assert_eq!(failing.send(&bench).await.status, 503);
        assert_eq!(bench.provider.asked(), asked);
    }
}

#[tokio::test]
async fn hosts_that_are_not_listed_are_never_asked() {
    let provider = Provider::start().await;
    let host = provider.host();
    let port = provider.address.port();
    let bench = Bench::with_hosts(provider, &["idp.fabrikam.example", NOBODY], PATIENCE).await;
    for issuer in [
        format!("http://{host}/a"),
        format!("http://localhost:{port}/a"),
        format!("http://[::ffff:127.0.0.1]:{port}/a"),
        format!("http://idp.fabrikam.example@127.0.0.1:{port}/a"),
        format!("http://127.0.0.1:{port}/a?idp.fabrikam.example"),
        format!("http://127.0.0.1:{port}\\@idp.fabrikam.example/a"),
        "http://idp.fabrikam.example/a".to_owned(),
        "https://idp.fabrikam.example:444/a".to_owned(),
        "https://idp.fabrikam.example/a?x=y".to_owned(),
        "https://idp.fabrikam.example/a#x".to_owned(),
        "http://169.254.169.254/latest".to_owned(),
        "file:///etc/passwd".to_owned(),
        "fabrikam".to_owned(),
        String::new(),
    ] {
        let client = bench.federated(&issuer).await;
        let assertion = Pair::ec().sign(&bench.claims(&issuer));
        let answer = bench.assert(&client.id, &assertion).await;
        answer.refuses(401, "invalid_client", "issuer_not_allowed");
    }
    assert_eq!(bench.provider.asked(), 0);
}

#[tokio::test]
async fn everybody_else_keeps_working_while_an_issuer_is_slow() {
    let bench = Bench::new().await;
    let slow = asked(&bench, "slow", Manner::Slow).await;
    let good = asked(&bench, "good", Manner::Good).await;
    let (client, secret) = bench.with_secret().await;
    let stuck = futures_util::future::join_all((0..50).map(|_| slow.send(&bench)));
    let others = async {
        while bench.provider.asked() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        good.send(&bench).await.token();
        bench
            .ask(&[("client_id", &client.id), ("client_secret", &secret)])
            .await
            .token();
    };
    tokio::select! {
        () = others => {}
        answers = stuck => panic!("before the others: {answers:?}"),
    }
}

#[tokio::test]
async fn a_slow_issuer_is_asked_once_however_many_wait_for_it() {
    let bench = Bench::within(SHORT).await;
    let slow = asked(&bench, "slow", Manner::Slow).await;
    let answers = (0..50).map(|_| slow.send(&bench));
    for answer in futures_util::future::join_all(answers).await {
        answer.refuses(503, "temporarily_unavailable", "issuer_unreachable");
    }
    assert_eq!(bench.provider.asked(), 1);
    let refused = asked(&bench, "slow", Manner::Slow).await.send(&bench).await;
    assert_eq!(refused.status, 503);
    assert_eq!(bench.provider.asked(), 1);
}

#[tokio::test]
async fn no_more_than_a_hundred_wait_for_one_issuer() {
    let provider = Provider::start().await;
    let issuer = provider.issuer("slow", Manner::Slow, &[Pair::ec()]);
    let host = provider.host();
    let issuers = Issuers::new(Hosts::listed([host.as_str()]).unwrap());
    let asked = (0..150).map(|_| issuers.keys(&issuer, None, 0));
    let answers = futures_util::future::join_all(asked).await;
    let full = SourceError::Unreachable("too many wait for it");
    let turned_away = |answer: &&Result<_, _>| matches!(answer, Err(error) if *error == full);
    assert_eq!(answers.iter().filter(turned_away).count(), 50);
    assert!(answers.iter().all(Result::is_err));
    assert_eq!(provider.asked(), 1);
}

#[tokio::test]
async fn an_unknown_key_makes_us_ask_once_in_five_minutes() {
    let bench = Bench::new().await;
    let known = asked(&bench, "a", Manner::Good).await;
    known.send(&bench).await.token();
    assert_eq!(bench.provider.asked(), 1);
    let issuer = format!("http://{}/a", bench.provider.host());
    let unknown = async |kid: &'static str| {
        let pair = Pair::other().with(kid, Algorithm::ES256);
        let assertion = pair.sign(&bench.claims(&issuer));
        bench.assert(&known.client.id, &assertion).await
    };
    for kid in ["x-1", "x-2", "x-3"] {
        unknown(kid)
            .await
            .refuses(401, "invalid_client", "assertion_key");
    }
    assert_eq!(bench.provider.asked(), 2);
    known.send(&bench).await.token();
    bench.clock.advance(299);
    unknown("x-4")
        .await
        .refuses(401, "invalid_client", "assertion_key");
    assert_eq!(bench.provider.asked(), 2);
    bench.clock.advance(1);
    unknown("x-5")
        .await
        .refuses(401, "invalid_client", "assertion_key");
    assert_eq!(bench.provider.asked(), 3);
}

#[tokio::test]
async fn a_provider_may_change_its_keys() {
    let bench = Bench::new().await;
    let first = asked(&bench, "a", Manner::Good).await;
    first.send(&bench).await.token();
    let issuer = bench
        .provider
        .issuer("a", Manner::Good, &[Pair::other(), Pair::ed()]);
    let second = Pair::other().sign(&bench.claims(&issuer));
    bench.assert(&first.client.id, &second).await.token();
    first
        .send(&bench)
        .await
        .refuses(401, "invalid_client", "assertion_key");
    assert_eq!(bench.provider.asked(), 2);
}

#[tokio::test]
async fn keys_are_kept_for_an_hour_and_for_a_day_where_the_issuer_is_gone() {
    let bench = Bench::new().await;
    let issuer = bench.provider.issuer("a", Manner::Good, &[Pair::ec()]);
    let client = bench.federated(&issuer).await;
    let send = async || {
        let assertion = Pair::ec().sign(&bench.claims(&issuer));
        bench.assert(&client.id, &assertion).await
    };
    for (after, asked) in [(0, 1), (3_599, 1), (1, 2)] {
        bench.clock.advance(after);
        send().await.token();
        assert_eq!(bench.provider.asked(), asked);
    }
    bench.provider.issuer("a", Manner::Fails, &[Pair::ec()]);
    bench.clock.advance(24 * 3_600 - 1);
    send().await.token();
    bench.clock.advance(1);
    send()
        .await
        .refuses(503, "temporarily_unavailable", "issuer_unreachable");
}
