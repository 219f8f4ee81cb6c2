//! Clients with secrets. RFC 6749 §2.3.1, §3.3, §4.4.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use serverless_scim::store::{Action, AuthMethod, Collection, IdentityError, Said, Scope, Scopes};

use super::bench::{Bench, FORM};

fn basic(client: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{client}:{secret}")))
}

#[tokio::test]
async fn a_secret_in_the_form_or_in_the_header_becomes_a_token_that_works() {
    let bench = Bench::new().await;
    let (client, secret) = bench.with_secret().await;
    let posted = bench
        .ask(&[("client_id", &client.id), ("client_secret", &secret)])
        .await;
    assert_eq!(posted.body["expires_in"], 3_600);
    assert_eq!(posted.body["scope"], "scim");
    let escaped = client.id.replace('.', "%2E");
    for header in [
        basic(&client.id, &secret),
        basic(&escaped, &secret).replace("Basic", "basic"),
    ] {
        let headers = [FORM, ("authorization", header.as_str())];
        let body = "grant_type=client_credentials&baseAddress=https%3A%2F%2Fx.example";
        let answer = bench.call("POST", "/oauth2/token", &headers, body).await;
        assert_ne!(answer.token(), posted.token());
        let users = bench
            .scim("GET", "/scim/v2/Users", &answer.token(), &Value::Null)
            .await;
        assert_eq!(users.status, 200, "{users:?}");
    }
    let path = format!("/t/{}/scim/v2/Users", bench.tenant);
    let user = json!({ "userName": "ada@fabrikam.example" });
    let made = bench.scim("POST", &path, &posted.token(), &user).await;
    assert_eq!(made.status, 201, "{made:?}");
}

#[tokio::test]
async fn two_secrets_live_at_once_and_one_taken_away_is_refused() {
    let bench = Bench::new().await;
    let (client, first) = bench.with_secret().await;
    let (second, client) = bench.store.add_client_secret(&client).await.unwrap();
    for secret in [first.as_str(), second.reveal()] {
        bench
            .ask(&[("client_id", &client.id), ("client_secret", secret)])
            .await
            .token();
    }
    let first_id = client.secrets[0].id.clone();
    bench
        .store
        .remove_client_secret(&client, &first_id)
        .await
        .unwrap();
    let refused = bench
        .ask(&[("client_id", &client.id), ("client_secret", &first)])
        .await;
    refused.refuses(401, "invalid_client", "client_unproven");
    let good = [
        ("client_id", client.id.as_str()),
        ("client_secret", second.reveal()),
    ];
    bench.ask(&good).await.token();
}

#[tokio::test]
async fn unknown_clients_and_wrong_secrets_get_the_same_answer_for_the_same_work() {
    let bench = Bench::new().await;
    let (client, _) = bench.with_secret().await;
    let (other, secret) = bench.with_secret().await;
    let name = client.id.split('.').nth(1).unwrap().to_owned();
    let nobody = format!("{}.aaaaaaaaaa", bench.tenant);
    let nowhere = format!("aaaaaaaaaa.{name}");
    let mut seen = vec![];
    for id in [&client.id, &nobody, &nowhere] {
        bench.meter.reset();
        let answer = bench
            .ask(&[("client_id", id), ("client_secret", &secret)])
            .await;
        answer.refuses(401, "invalid_client", "client_unproven");
        let cost = bench.meter.reset();
        seen.push((answer.body, cost.calls));
    }
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
    assert!(seen[0].1 > 0);
    bench
        .ask(&[("client_id", &other.id), ("client_secret", &secret)])
        .await
        .token();
}

#[tokio::test]
async fn a_secret_of_another_kind_opens_nothing() {
    let bench = Bench::new().await;
    let (client, secret) = bench.with_secret().await;
    let token = bench.store.connect(&bench.tenant, "").await.unwrap();
    let answer = bench
        .ask(&[("client_id", &client.id), ("client_secret", token.reveal())])
        .await;
    answer.refuses(401, "invalid_client", "client_secret_malformed");
    let cut = &secret[..secret.len() - 1];
    let answer = bench
        .ask(&[("client_id", &client.id), ("client_secret", cut)])
        .await;
    answer.refuses(401, "invalid_client", "client_secret_malformed");
    let users = bench
        .scim("GET", "/scim/v2/Users", &secret, &Value::Null)
        .await;
    assert_eq!(users.status, 401);
    let own = AuthMethod::PrivateKey {
        jwks: json!({ "keys": [] }),
    };
    let (keyed, _) = bench.client(own, None).await;
    let answer = bench
        .ask(&[("client_id", &keyed.id), ("client_secret", &secret)])
        .await;
    answer.refuses(401, "invalid_client", "client_unproven");
}

#[tokio::test]
async fn a_token_may_do_less_than_its_client_and_never_more() {
    let bench = Bench::new().await;
    let scope = |action| Scope(action, Collection::Users);
    let scopes: Scopes = [scope(Action::Get), scope(Action::Patch)]
        .into_iter()
        .collect();
    let (client, secret) = bench.client(AuthMethod::Secret, Some(scopes)).await;
    let secret = secret.unwrap().reveal().to_owned();
    let ask = async |scope: &str| {
        let (id, secret) = (client.id.as_str(), secret.as_str());
        let parameters = [
            ("client_id", id),
            ("client_secret", secret),
            ("scope", scope),
        ];
        bench.ask(&parameters).await
    };
    for (asked, told) in [
        ("", "get:users patch:users"),
        ("scim", "get:users patch:users"),
        ("get:users", "get:users"),
        ("patch:users  get:users", "get:users patch:users"),
    ] {
        let answer = ask(asked).await;
        assert_eq!(answer.body["scope"], told, "{answer:?}");
        let secret = serverless_scim::store::Secret::parse(
            serverless_scim::store::SecretKind::Token,
            &answer.token(),
        );
        let known = bench
            .store
            .authenticate(&secret.unwrap())
            .await
            .unwrap()
            .unwrap();
        let names: Vec<_> = known.scopes.iter().map(Scope::name).collect();
        assert_eq!(names.join(" "), told);
    }
    for asked in ["delete:users", "get:users delete:users", "get:groups"] {
        ask(asked)
            .await
            .refuses(400, "invalid_scope", "scope_beyond_client");
    }
    for asked in [
        "admin",
        "get:users,patch:users",
        "GET:users",
        "scim get:users",
        "*",
    ] {
        ask(asked)
            .await
            .refuses(400, "invalid_scope", "scope_unknown");
    }
}

#[tokio::test]
async fn tokens_end_in_their_time_and_with_their_client() {
    let bench = Bench::new().await;
    let (client, secret) = bench.with_secret().await;
    let parameters = [
        ("client_id", client.id.as_str()),
        ("client_secret", secret.as_str()),
    ];
    let status = async |token: &str| {
        bench
            .scim("GET", "/scim/v2/Users", token, &Value::Null)
            .await
            .status
    };
    let token = bench.ask(&parameters).await.token();
    bench.clock.advance(3_599);
    assert_eq!(status(&token).await, 200);
    bench.clock.advance(1);
    assert_eq!(status(&token).await, 401);
    let token = bench.ask(&parameters).await.token();
    assert_eq!(status(&token).await, 200);
    bench.store.delete_client(&client).await.unwrap();
    bench.clock.advance(30);
    assert_eq!(status(&token).await, 401);
    bench
        .ask(&parameters)
        .await
        .refuses(401, "invalid_client", "client_unproven");
}

#[tokio::test]
async fn an_access_token_is_revoked_and_neither_rotated_nor_labelled() {
    let bench = Bench::new().await;
    let (client, _) = bench.with_secret().await;
    let store = &bench.store;
    let issued = store.issue_access_token(&client, &client.scopes).await;
    let (secret, token) = issued.unwrap();
    let (tenant, connection) = (&bench.tenant, bench.connection.as_str());
    let rotated = store.rotate_token(tenant, connection, &token.id, 0).await;
    assert!(
        matches!(rotated, Err(IdentityError::State(_))),
        "{rotated:?}"
    );
    let labelled = store.label_token(tenant, connection, &token.id, "x").await;
    assert!(
        matches!(labelled, Err(IdentityError::State(_))),
        "{labelled:?}"
    );
    assert!(store.authenticate(&secret).await.unwrap().is_ok());
    let revoked = store.revoke_token(tenant, connection, &token.id).await;
    revoked.unwrap();
    assert!(store.authenticate(&secret).await.unwrap().is_err());
}

#[tokio::test]
async fn an_access_token_lives_no_longer_than_its_tenant_allows() {
    let bench = Bench::new().await;
    let (client, secret) = bench.with_secret().await;
    let change = serverless_scim::store::TenantChange {
        expiry_maximum: Said::Value(900),
        ..Default::default()
    };
    let changed = bench.store.change_tenant(&bench.tenant, &change).await;
    changed.unwrap();
    let parameters = [
        ("client_id", client.id.as_str()),
        ("client_secret", secret.as_str()),
    ];
    let answer = bench.ask(&parameters).await;
    let token = answer.token();
    assert_eq!(answer.body["expires_in"], 900);
    let users = async || {
        let users = bench.scim("GET", "/scim/v2/Users", &token, &Value::Null);
        users.await.status
    };
    bench.clock.advance(899);
    assert_eq!(users().await, 200);
    bench.clock.advance(1);
    assert_eq!(users().await, 401);
}

#[tokio::test]
async fn a_suspended_tenant_gets_no_token_and_an_erased_one_neither() {
    let bench = Bench::new().await;
    let (client, secret) = bench.with_secret().await;
    let parameters = [
        ("client_id", client.id.as_str()),
        ("client_secret", secret.as_str()),
    ];
    let suspend = async |suspended| {
        let change = serverless_scim::store::TenantChange {
            suspended: Some(suspended),
            ..Default::default()
        };
        bench
            .store
            .change_tenant(&bench.tenant, &change)
            .await
            .unwrap();
    };
    suspend(true).await;
    bench
        .ask(&parameters)
        .await
        .refuses(400, "unauthorized_client", "tenant_suspended");
    // Who cannot prove himself is not told.
    let wrong = [("client_id", client.id.as_str()), ("client_secret", "x")];
    bench
        .ask(&wrong)
        .await
        .refuses(401, "invalid_client", "client_secret_malformed");
    suspend(false).await;
    bench.ask(&parameters).await.token();
    bench.store.begin_erasing(&bench.tenant).await.unwrap();
    bench
        .ask(&parameters)
        .await
        .refuses(401, "invalid_client", "tenant_erased");
}
