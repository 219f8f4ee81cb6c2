//! Clients that sign for themselves, and those who only look as if. RFC 7523 §2.2, §3; RFC 8725 §2, §3.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use serverless_scim::store::{AuthMethod, Client};

use super::bench::{Bench, JWT_BEARER, ORIGIN, Reply};
use super::keys::{Pair, encoded};

/// A client with these keys.
async fn keyed(bench: &Bench, pairs: &[Pair]) -> Client {
    let keys: Vec<Value> = pairs.iter().map(Pair::jwk).collect();
    let method = AuthMethod::PrivateKey {
        jwks: json!({ "keys": keys }),
    };
    bench.client(method, None).await.0
}

/// What the client says of itself; each time something new.
fn claims(bench: &Bench, client: &Client, jti: &str) -> Value {
    let now = bench.now();
    let endpoint = format!("{ORIGIN}/oauth2/token");
    json!({ "iss": client.id, "sub": client.id, "aud": endpoint, "jti": jti, "iat": now, "exp": now + 300 })
}

fn changed(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

#[track_caller]
fn refuses(answer: &Reply, reason: &str) {
    answer.refuses(401, "invalid_client", reason);
}

#[tokio::test]
async fn every_kind_of_key_signs_for_its_client() {
    let bench = Bench::new().await;
    for (at, pair) in [
        Pair::ec(),
        Pair::ed(),
        Pair::rsa(),
        Pair::rsa().with("rsa-1", Algorithm::PS256),
    ]
    .into_iter()
    .enumerate()
    {
        let client = keyed(&bench, &[Pair::other(), pair.clone()]).await;
        for aud in [
            format!("{ORIGIN}/oauth2/token"),
            ORIGIN.to_owned(),
            format!("{ORIGIN}/"),
        ] {
            let claims = changed(
                claims(&bench, &client, &format!("{at}{aud}")),
                "aud",
                json!([aud]),
            );
            bench.assert(&client.id, &pair.sign(&claims)).await.token();
        }
    }
}

#[tokio::test]
async fn the_assertion_may_name_the_client_by_itself() {
    let bench = Bench::new().await;
    let (pair, client) = (Pair::ec(), keyed(&bench, &[Pair::ec()]).await);
    let ask = async |assertion: &str| {
        bench
            .ask(&[
                ("client_assertion_type", JWT_BEARER),
                ("client_assertion", assertion),
            ])
            .await
    };
    ask(&pair.sign(&claims(&bench, &client, "1"))).await.token();
    let unnamed = changed(claims(&bench, &client, "2"), "iss", json!("somebody"));
    ask(&pair.sign(&unnamed))
        .await
        .refuses(400, "invalid_request", "client_id");
    let other = keyed(&bench, &[Pair::ec()]).await;
    let answer = bench
        .assert(&other.id, &pair.sign(&claims(&bench, &client, "3")))
        .await;
    refuses(&answer, "assertion_issuer");
}

#[tokio::test]
async fn an_assertion_of_the_clients_own_is_good_once() {
    let bench = Bench::new().await;
    let (pair, client) = (Pair::ec(), keyed(&bench, &[Pair::ec()]).await);
    let first = pair.sign(&claims(&bench, &client, "1"));
    bench.assert(&client.id, &first).await.token();
    refuses(
        &bench.assert(&client.id, &first).await,
        "assertion_replayed",
    );
    // Signed anew, so that it has other bytes, it is the same assertion still.
    let again = pair.sign(&changed(
        claims(&bench, &client, "1"),
        "exp",
        json!(bench.now() + 301),
    ));
    assert_ne!(again, first);
    refuses(
        &bench.assert(&client.id, &again).await,
        "assertion_replayed",
    );
    bench.clock.advance(359);
    refuses(
        &bench.assert(&client.id, &first).await,
        "assertion_replayed",
    );
    bench.clock.advance(1);
    refuses(&bench.assert(&client.id, &first).await, "assertion_expired");
    bench
        .assert(&client.id, &pair.sign(&claims(&bench, &client, "2")))
        .await
        .token();
    for jti in [Value::Null, json!("")] {
        let claims = changed(claims(&bench, &client, ""), "jti", jti);
        refuses(
            &bench.assert(&client.id, &pair.sign(&claims)).await,
            "assertion_without_jti",
        );
    }
}

#[tokio::test]
async fn of_two_at_once_one_is_good() {
    let bench = Bench::new().await;
    let (pair, client) = (Pair::ec(), keyed(&bench, &[Pair::ec()]).await);
    let assertion = pair.sign(&claims(&bench, &client, "1"));
    let asked = (0..8).map(|_| bench.assert(&client.id, &assertion));
    let answers = futures_util::future::join_all(asked).await;
    let good = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(good, 1, "{answers:?}");
}

#[tokio::test]
async fn claims_that_are_not_the_clients_are_refused() {
    let bench = Bench::new().await;
    let (pair, client) = (Pair::ec(), keyed(&bench, &[Pair::ec()]).await);
    let now = bench.now();
    for (name, value, reason) in [
        ("iss", json!("zqother"), "assertion_issuer"),
        ("iss", json!(format!("{}/", client.id)), "assertion_issuer"),
        ("iss", Value::Null, "assertion_issuer"),
        ("sub", json!("zqother"), "assertion_subject"),
        ("sub", Value::Null, "assertion_subject"),
        (
            "aud",
            json!("https://scim.zqother.example/oauth2/token"),
            "assertion_audience",
        ),
        (
            "aud",
            json!(format!("{ORIGIN}/oauth2/token/")),
            "assertion_audience",
        ),
        ("aud", json!([]), "assertion_audience"),
        ("exp", json!(now - 60), "assertion_expired"),
        ("exp", Value::Null, "assertion_endless"),
        ("exp", json!(now + 24 * 3_600 + 1), "assertion_lifetime"),
        ("nbf", json!(now + 61), "assertion_not_yet_valid"),
        ("iat", json!(now + 61), "assertion_not_yet_valid"),
    ] {
        let claims = changed(claims(&bench, &client, "1"), name, value.clone());
        let answer = bench.assert(&client.id, &pair.sign(&claims)).await;
        answer.refuses(401, "invalid_client", reason);
        assert!(!answer.body.to_string().contains("zqother"), "{answer:?}");
    }
}

#[tokio::test]
async fn no_algorithm_opens_without_the_private_key() {
    let bench = Bench::new().await;
    let rsa = Pair::rsa();
    let client = keyed(&bench, std::slice::from_ref(&rsa)).await;
    let claims = claims(&bench, &client, "1");
    let header = |alg: &str| json!({ "alg": alg, "kid": rsa.kid });
    let frame = |alg: &str| format!("{}.{}", encoded(&header(alg)), encoded(&claims));
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        for signature in ["", "AA"] {
            let token = format!("{}.{signature}", frame(alg));
            refuses(
                &bench.assert(&client.id, &token).await,
                "assertion_algorithm",
            );
        }
    }
    // The public key, in each form in which somebody may have it, as a shared secret.
    let jwk = rsa.jwk();
    let modulus = URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n",
        STANDARD.encode(&modulus)
    );
    for secret in [
        modulus.as_slice(),
        pem.as_bytes(),
        jwk.to_string().as_bytes(),
        b"",
    ] {
        let shared = EncodingKey::from_secret(secret);
        let signed = frame("HS256");
        let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &shared, Algorithm::HS256);
        let token = format!("{signed}.{}", signature.unwrap());
        refuses(
            &bench.assert(&client.id, &token).await,
            "assertion_algorithm",
        );
    }
    // The right bytes under the name of another algorithm.
    let good = rsa.sign(&claims);
    let signature = good.rsplit('.').next().unwrap();
    for (alg, reason) in [
        ("ES256", "assertion_algorithm"),
        ("EdDSA", "assertion_algorithm"),
        ("PS256", "assertion_algorithm"),
    ] {
        let token = format!("{}.{signature}", frame(alg));
        refuses(&bench.assert(&client.id, &token).await, reason);
    }
    bench.assert(&client.id, &good).await.token();
}

#[tokio::test]
async fn a_signature_is_of_this_text_by_this_key() {
    let bench = Bench::new().await;
    let (pair, client) = (Pair::ec(), keyed(&bench, &[Pair::ec()]).await);
    let claims = claims(&bench, &client, "1");
    let good = pair.sign(&claims);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let forged = encoded(&changed(claims.clone(), "exp", json!(bench.now() + 400)));
    let header = good.split('.').next().unwrap();
    let zeros = URL_SAFE_NO_PAD.encode([0; 64]);
    for token in [
        format!("{header}.{forged}.{signature}"),
        format!("{signed}."),
        format!("{signed}.{}", &signature[..signature.len() - 2]),
        format!("{signed}.{signature}AA"),
        format!("{signed}.{zeros}"),
        Pair::other().with("ec-1", Algorithm::ES256).sign(&claims),
    ] {
        refuses(
            &bench.assert(&client.id, &token).await,
            "assertion_signature",
        );
    }
    for header in [
        json!({ "alg": "ES256", "kid": "ec-2" }),
        json!({ "alg": "ES256", "kid": "../../etc/passwd" }),
        json!({ "alg": "ES256", "kid": "' OR 1=1" }),
    ] {
        let token = pair.sign_as(&header, &claims);
        refuses(&bench.assert(&client.id, &token).await, "assertion_key");
    }
    // A key that comes along, or an address of one, is not looked at.
    let own = Pair::other();
    for (name, value) in [
        ("jwk", own.jwk()),
        (
            "jku",
            json!(format!("http://{}/good/keys", bench.provider.host())),
        ),
        ("x5u", json!("http://127.0.0.1/x")),
        ("x5c", json!(["AAAA"])),
    ] {
        let header = changed(json!({ "alg": "ES256", "kid": "ec-1" }), name, value);
        refuses(
            &bench
                .assert(&client.id, &own.sign_as(&header, &claims))
                .await,
            "assertion_signature",
        );
    }
    let crit = json!({ "alg": "ES256", "kid": "ec-1", "crit": ["b64"], "b64": false });
    refuses(
        &bench
            .assert(&client.id, &pair.sign_as(&crit, &claims))
            .await,
        "assertion_malformed",
    );
    assert_eq!(bench.provider.asked(), 0);
    bench.assert(&client.id, &good).await.token();
}

#[tokio::test]
async fn what_is_too_large_or_no_token_is_refused_before_anything_is_read() {
    let bench = Bench::new().await;
    let (pair, client) = (Pair::ec(), keyed(&bench, &[Pair::ec()]).await);
    let large = changed(claims(&bench, &client, "1"), "x", json!("a".repeat(8_192)));
    bench.meter.reset();
    for (token, reason) in [
        (pair.sign(&large), "assertion_too_large"),
        ("x".to_owned(), "assertion_malformed"),
        ("a.b.c".to_owned(), "assertion_malformed"),
        ("....".to_owned(), "assertion_malformed"),
        ("e30.e30.".to_owned(), "assertion_malformed"),
        ("ä.ö.ü".to_owned(), "assertion_malformed"),
        (
            format!("{}e30", "e30.".repeat(2_000)),
            "assertion_malformed",
        ),
    ] {
        refuses(&bench.assert(&client.id, &token).await, reason);
    }
    assert_eq!(bench.meter.reset().calls, 0);
}

#[tokio::test]
async fn keys_that_are_of_no_use_let_nobody_in() {
    let bench = Bench::new().await;
    let pair = Pair::ed();
    for x in ["", "AAAA", "A"] {
        let mut jwk = pair.jwk();
        jwk["x"] = json!(x);
        let method = AuthMethod::PrivateKey {
            jwks: json!({ "keys": [jwk] }),
        };
        let (client, _) = bench.client(method, None).await;
        let token = pair.sign(&claims(&bench, &client, "1"));
        refuses(&bench.assert(&client.id, &token).await, "assertion_key");
    }
}
