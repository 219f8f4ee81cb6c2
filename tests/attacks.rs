//! What an attacker sends over the wire, not what a client does: guesses, smuggled requests, headers that lie.

#![cfg(feature = "local")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

mod support;

use serde_json::{Value, json};
use support::Server;

/// Tokens tried in a row.
const GUESSES: usize = 500;
/// Users of one bulk request whose client does not wait: enough to be at it while the client leaves.
const BEGUN: usize = 200;

/// Sends bytes as they are and reads what comes until the connection is closed.
fn raw(server: &Server, request: &str) -> String {
    read(&mut send(server, request))
}

fn send(server: &Server, request: &str) -> TcpStream {
    let address = server.tenant_url.trim_start_matches("http://");
    let address = address.split('/').next().expect("an address");
    let mut stream = TcpStream::connect(address).expect("a connection");
    let wait = Some(Duration::from_secs(10));
    stream.set_read_timeout(wait).expect("a time limit");
    // The server may have answered and closed before everything was sent.
    let _ = stream.write_all(request.as_bytes());
    stream
}

fn read(stream: &mut TcpStream) -> String {
    let mut answer = vec![];
    let mut buffer = [0; 4_096];
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        answer.extend_from_slice(&buffer[..length]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// A request for `path` with these header lines; the connection is to be closed afterwards.
fn request(method: &str, path: &str, headers: &[&str], body: &str) -> String {
    let start = format!("{method} {path} HTTP/1.1");
    let length = format!("Content-Length: {}", body.len());
    let lines = [&[start.as_str(), "Host: scim.example"], headers];
    let lines = lines.concat().join("\r\n");
    format!("{lines}\r\n{length}\r\nConnection: close\r\n\r\n{body}")
}

fn statuses(answer: &str) -> Vec<&str> {
    answer
        .match_indices("HTTP/1.1 ")
        .map(|(at, start)| &answer[at + start.len()..][..3])
        .collect()
}

fn bearer(server: &Server) -> String {
    let secret = server.secret.as_deref().expect("a token");
    format!("Authorization: Bearer {secret}")
}

#[test]
fn guesses_are_refused_one_like_the_other_and_keep_nobody_out() {
    let server = Server::in_memory();
    let good = server.secret.clone().expect("a token");
    let body = good.rsplit_once('_').expect("a checksum").0;
    let mut answers = std::collections::BTreeSet::new();
    for guess in 0..GUESSES {
        let start = &body[..body.len() - 6];
        let guessed = format!("{start}{guess:06}");
        let sum = crc32fast::hash(guessed.as_bytes());
        let header = format!("Authorization: Bearer {guessed}_{sum:08x}");
        let answer = raw(&server, &request("GET", "/scim/v2/Users", &[&header], ""));
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        answers.insert((head[..12].to_owned(), body.to_owned()));
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert!(answers.first().expect("one").0.ends_with("401"));
    let own = raw(
        &server,
        &request("GET", "/scim/v2/Users", &[&bearer(&server)], ""),
    );
    assert_eq!(statuses(&own), ["200"]);
}

#[test]
fn headers_beyond_measure_are_refused_and_the_next_request_is_served() {
    let server = Server::in_memory();
    for (length, expected) in [(9_000, "401"), (1_000_000, "431")] {
        let header = format!("Authorization: Bearer scim_{}", "a".repeat(length));
        let answer = raw(&server, &request("GET", "/scim/v2/Users", &[&header], ""));
        assert_eq!(statuses(&answer), [expected], "{length}");
    }
    let many: Vec<String> = (0..1_000).map(|n| format!("X-{n}: 1")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let answer = raw(&server, &request("GET", "/scim/v2/Users", &many, ""));
    assert_eq!(statuses(&answer), ["431"]);
    let own = raw(
        &server,
        &request("GET", "/scim/v2/Users", &[&bearer(&server)], ""),
    );
    assert_eq!(statuses(&own), ["200"]);
}

#[test]
fn two_credentials_are_none() {
    let server = Server::in_memory();
    let own = bearer(&server);
    let other = "Authorization: Bearer scim_k3v5q2m7xa_x";
    for headers in [[own.as_str(), other], [other, &own], [&own, &own]] {
        let answer = raw(&server, &request("GET", "/scim/v2/Users", &headers, ""));
        assert_eq!(statuses(&answer), ["401"], "{}", headers.len());
    }
}

#[test]
fn a_request_hidden_in_another_has_no_credential_of_its_own() {
    let server = Server::in_memory();
    let hidden = "GET /scim/v2/Users HTTP/1.1\r\nHost: scim.example\r\nConnection: close\r\n\r\n";
    let own = bearer(&server);
    let outer = format!(
        "POST /scim/v2/Users/.search HTTP/1.1\r\nHost: scim.example\r\n{own}\r\nContent-Length: 5\r\n\
         Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"
    );
    let answer = raw(&server, &outer);
    let statuses = statuses(&answer);
    assert!(statuses.len() <= 2, "{answer}");
    assert!(!statuses.contains(&"200"), "{answer}");
    let lengths = format!("{own}\r\nContent-Length: 100");
    let answer = raw(&server, &request("GET", "/scim/v2/Users", &[&lengths], ""));
    assert!(
        !answer
            .contains("\r\n\r\n{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:ListResponse")
    );
}

#[test]
fn headers_that_name_another_method_path_or_host_are_not_believed() {
    let server = Server::in_memory();
    let own = bearer(&server);
    let json = "Content-Type: application/scim+json";
    let user = r#"{"userName": "ada@fabrikam.example"}"#;
    let lies = [
        "X-Forwarded-Host: evil.example",
        "X-Forwarded-Proto: gopher",
        "Forwarded: host=evil.example",
        "X-Original-URL: /admin/v1/tenants",
        "X-Rewrite-URL: /admin/v1/tenants",
    ];
    let headers: Vec<&str> = [own.as_str(), json].into_iter().chain(lies).collect();
    let created = raw(&server, &request("POST", "/scim/v2/Users", &headers, user));
    assert_eq!(statuses(&created), ["201"], "{created}");
    assert!(
        !created.contains("evil.example") && !created.contains("gopher"),
        "{created}"
    );
    let at = created.find("\"id\":\"").expect("an id") + 6;
    let path = format!("/scim/v2/Users/{}", &created[at..at + 36]);
    for method in [
        "X-HTTP-Method-Override",
        "X-HTTP-Method",
        "X-Method-Override",
    ] {
        let lie = format!("{method}: DELETE");
        let answer = raw(&server, &request("GET", &path, &[&own, &lie], ""));
        assert_eq!(statuses(&answer), ["200"], "{method}");
    }
    let still = raw(&server, &request("GET", &path, &[&own], ""));
    assert_eq!(statuses(&still), ["200"]);
}

#[test]
fn a_body_that_breaks_off_does_nothing() {
    let server = Server::in_memory();
    let own = bearer(&server);
    let json = "Content-Type: application/scim+json";
    let user = r#"{"userName": "ada@fabrikam.example"}"#;
    let whole = request("POST", "/scim/v2/Users", &[&own, json], user);
    let length = format!("Content-Length: {}", user.len());
    let more = whole.replace(&length, &format!("Content-Length: {}", user.len() + 20));
    let chunk = format!("{:x}\r\n{user}\r\n", user.len());
    let chunks = whole.replace(&length, "Transfer-Encoding: chunked");
    let chunks = chunks.replace(user, &chunk);
    for broken in [more, chunks] {
        let mut stream = send(&server, &broken);
        stream.shutdown(Shutdown::Write).expect("half an end");
        let answer = read(&mut stream);
        assert!(matches!(statuses(&answer)[..], [] | ["400"]), "{answer}");
    }
    let list = request("GET", "/scim/v2/Users", &[&own], "");
    assert!(raw(&server, &list).contains("\"totalResults\":0"));
    assert_eq!(statuses(&raw(&server, &whole)), ["201"]);
}

#[test]
fn what_was_begun_is_finished_and_told_in_the_log_though_the_client_hangs_up() {
    let server = Server::in_memory();
    let operation = |number: usize| {
        let user = json!({ "userName": format!("u{number}@fabrikam.example") });
        json!({ "method": "POST", "path": "/Users", "bulkId": number.to_string(), "data": user })
    };
    let operations: Vec<Value> = (0..BEGUN).map(operation).collect();
    let body = json!({ "Operations": operations }).to_string();
    let headers = [
        &bearer(&server),
        "Content-Type: application/scim+json; charset=utf-8",
    ];
    let list = request("GET", "/scim/v2/Users?count=0", &[&bearer(&server)], "");
    let created = || {
        let answer = raw(&server, &list);
        let (_, total) = answer.split_once("\"totalResults\":").expect("a list");
        let digits = total.bytes().take_while(u8::is_ascii_digit).count();
        total[..digits].parse::<usize>().expect("a number")
    };
    let client = send(&server, &request("POST", "/scim/v2/Bulk", &headers, &body));
    until(|| created() > 0);
    drop(client);
    until(|| created() == BEGUN);
    until(|| server.log().contains("\"route\":\"/Bulk\""));
}

/// Waits until it is so.
fn until(mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < Duration::from_mins(1), "never so");
        std::thread::sleep(Duration::from_millis(5));
    }
}
