//! Requests that are no good whoever sends them. RFC 6749 §3.2, §5.2.

use bytes::Bytes;
use serverless_scim::api::Call;
use serverless_scim::oauth::BODY_MAX;

use super::bench::{Bench, FORM, JWT_BEARER, ORIGIN};

#[tokio::test]
async fn only_a_form_is_read_and_only_so_much_of_it() {
    let bench = Bench::new().await;
    let send = async |method: &str, headers: &[(&str, &str)], body: String| {
        bench.call(method, "/oauth2/token", headers, body).await
    };
    let get = send("GET", &[FORM], String::new()).await;
    get.refuses(405, "invalid_request", "method");
    assert_eq!(get.headers["allow"], "POST");
    for headers in [
        &[][..],
        &[("content-type", "application/json")],
        &[("content-type", "application/x-www-form-urlencoded2")],
        &[FORM, FORM],
    ] {
        let answer = send("POST", headers, "grant_type=client_credentials".to_owned()).await;
        answer.refuses(415, "invalid_request", "media_type");
    }
    let charset = (
        "content-type",
        "Application/X-WWW-form-urlencoded; charset=UTF-8",
    );
    send("POST", &[charset], String::new())
        .await
        .refuses(401, "invalid_client", "client_proof");
    let fitting = format!("x={}", "a".repeat(BODY_MAX - 2));
    let larger = format!("{fitting}a");
    send("POST", &[FORM], fitting)
        .await
        .refuses(401, "invalid_client", "client_proof");
    send("POST", &[FORM], larger)
        .await
        .refuses(413, "invalid_request", "body_too_large");
    let request = http::Request::post("/oauth2/token").body(()).unwrap();
    let unread = Call {
        parts: request.into_parts().0,
        body: None,
        origin: ORIGIN.to_owned(),
    };
    assert_eq!(bench.endpoint.handle(unread).await.status(), 413);
}

#[tokio::test]
async fn a_parameter_comes_once_and_a_client_proves_itself_in_one_way() {
    let bench = Bench::new().await;
    let (client, secret) = bench.with_secret().await;
    let (id, secret) = (client.id.as_str(), secret.as_str());
    let (named, proven) = (("client_id", id), ("client_secret", secret));
    for (parameters, reason) in [
        (vec![named, named, proven], "repeated_parameter"),
        (
            vec![named, proven, ("scope", "scim"), ("scope", "scim")],
            "repeated_parameter",
        ),
        (
            vec![named, proven, ("x", "1"), ("x", "2")],
            "repeated_parameter",
        ),
        (
            vec![named, proven, ("grant_type", "client_credentials")],
            "repeated_parameter",
        ),
        (
            vec![
                named,
                proven,
                ("client_assertion_type", JWT_BEARER),
                ("client_assertion", "a.b.c"),
            ],
            "several_proofs",
        ),
        (vec![proven], "client_id"),
        (vec![named, ("client_assertion", "a.b.c")], "assertion_type"),
        (
            vec![
                named,
                ("client_assertion_type", "saml"),
                ("client_assertion", "a.b.c"),
            ],
            "assertion_type",
        ),
    ] {
        bench
            .ask(&parameters)
            .await
            .refuses(400, "invalid_request", reason);
    }
    bench
        .ask(&[named])
        .await
        .refuses(401, "invalid_client", "client_proof");
    bench
        .ask(&[named, ("client_secret", "")])
        .await
        .refuses(401, "invalid_client", "client_proof");
    bench
        .ask(&[named, proven, ("baseAddress", "x"), ("resource", "y")])
        .await
        .token();
}

#[tokio::test]
async fn another_grant_is_not_supported() {
    let bench = Bench::new().await;
    let (client, secret) = bench.with_secret().await;
    let proof = format!("client_id={}&client_secret={secret}", client.id);
    let send = async |grant: &str| {
        let body = Bytes::from(format!("{proof}{grant}"));
        bench.call("POST", "/oauth2/token", &[FORM], body).await
    };
    send("").await.refuses(400, "invalid_request", "grant_type");
    send("&grant_type=")
        .await
        .refuses(400, "invalid_request", "grant_type");
    for grant in [
        "password",
        "authorization_code",
        "refresh_token",
        "CLIENT_CREDENTIALS",
    ] {
        let answer = send(&format!("&grant_type={grant}")).await;
        answer.refuses(400, "unsupported_grant_type", "grant_type");
    }
}

#[tokio::test]
async fn an_authorization_header_is_basic_and_the_only_one() {
    let bench = Bench::new().await;
    let (client, secret) = bench.with_secret().await;
    let body = "grant_type=client_credentials";
    let encoded = |text: &str| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(text)
    };
    let good = format!("Basic {}", encoded(&format!("{}:{secret}", client.id)));
    for header in [
        "Basic".to_owned(),
        "Basic ".to_owned(),
        "Basic !".to_owned(),
        format!("Basic {}", encoded(&client.id)),
        format!("Basic {}", encoded("\u{1}").replace('A', "/")),
        format!("Bearer {secret}"),
        good.replace(' ', ""),
    ] {
        let headers = [FORM, ("authorization", header.as_str())];
        let answer = bench.call("POST", "/oauth2/token", &headers, body).await;
        answer.refuses(401, "invalid_client", "authorization_malformed");
    }
    let headers = [
        FORM,
        ("authorization", good.as_str()),
        ("authorization", good.as_str()),
    ];
    let answer = bench.call("POST", "/oauth2/token", &headers, body).await;
    answer.refuses(400, "invalid_request", "several_proofs");
    let headers = [FORM, ("authorization", good.as_str())];
    for (more, reason) in [
        (format!("&client_secret={secret}"), "several_proofs"),
        ("&client_id=other".to_owned(), "client_id"),
    ] {
        let answer = bench
            .call("POST", "/oauth2/token", &headers, format!("{body}{more}"))
            .await;
        answer.refuses(400, "invalid_request", reason);
    }
    let same = format!("{body}&client_id={}", client.id);
    bench
        .call("POST", "/oauth2/token", &headers, same)
        .await
        .token();
}
