//! The README's scripts as they stand there, against a fresh `serve`: every status they promise is the one they see.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

mod support;

use support::Server;

const README: &str = include_str!("../README.md");
const BINARY: &str = env!("CARGO_BIN_EXE_serverless-scim");

/// The shell scripts under a heading, up to the next heading.
fn scripts(heading: &str) -> Vec<String> {
    let (mut scripts, mut here, mut script) = (vec![], false, None::<String>);
    for line in README.lines() {
        match (&mut script, line) {
            (None, "```sh") if here => script = Some(String::new()),
            (Some(_), "```") => scripts.extend(script.take()),
            (Some(text), line) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, line) if line.starts_with('#') => {
                here = line.trim_start_matches('#') == format!(" {heading}");
            }
            (None, _) => {}
        }
    }
    assert!(!scripts.is_empty(), "nothing under \"{heading}\"");
    scripts
}

/// The settings a reader makes, with the values that this `serve` printed in place of those of the README.
fn settings(script: &str, server: &Server) -> String {
    let origin = server.tenant_url.trim_end_matches("/scim/v2");
    let folder = Path::new(BINARY).parent().expect("its folder");
    let mut script = script.to_owned();
    for (said, meant) in [
        ("http://127.0.0.1:8080", origin),
        ("scimadmin_...", server.admin_key.as_deref().expect("a key")),
        ("scim_...", server.secret.as_deref().expect("a token")),
        (
            "$PWD/target/debug",
            folder.to_str().expect("a path in UTF-8"),
        ),
    ] {
        script = script.replace(said, meant);
    }
    assert!(
        !script.contains(":8080") && !script.contains("..."),
        "{script}"
    );
    script
}

/// What Bash prints for it.
fn played(script: &str) -> String {
    let output = Command::new("bash")
        .args(["-c", script])
        .current_dir(tempfile::tempdir().expect("a folder").path())
        .output()
        .expect("bash");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(errors, "", "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stdout).expect("text")
}

/// The sentences that a script says before each step.
fn sentences(script: &str) -> Vec<&str> {
    script
        .lines()
        .filter_map(|line| line.strip_prefix("echo '")?.strip_suffix('\''))
        .collect()
}

fn is_status(word: &str) -> bool {
    word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// The statuses in brackets.
fn promised(sentence: &str) -> Vec<&str> {
    let brackets = sentence.split('(').skip(1);
    brackets
        .filter_map(|rest| rest.split(')').next())
        .flat_map(|inside| inside.split([' ', ',']))
        .filter(|word| is_status(word))
        .collect()
}

/// Compares what each sentence promises with what follows it.
#[track_caller]
fn holds(script: &str, output: &str) {
    let mut lines = output.lines().peekable();
    let mut seen_any = false;
    for sentence in sentences(script) {
        let found = lines.find(|line| *line == sentence);
        assert!(found.is_some(), "\"{sentence}\" is not reached: {output}");
        let mut rest = lines.clone();
        let next = sentences(script);
        let step: Vec<&str> =
            std::iter::from_fn(|| rest.next_if(|line| !next.contains(line))).collect();
        let seen: Vec<&str> = step.into_iter().filter(|line| is_status(line)).collect();
        assert_eq!(seen, promised(sentence), "\"{sentence}\": {output}");
        seen_any |= !seen.is_empty();
    }
    assert!(seen_any, "the script promises nothing");
}

#[test]
fn the_walk_goes_as_it_says() {
    let server = Server::in_memory();
    let [first, walk] = scripts("Walk through it as Entra does")
        .try_into()
        .expect("two scripts");
    let output = played(&format!("{}{walk}", settings(&first, &server)));
    holds(&walk, &output);
}

#[test]
fn a_token_is_made_used_and_revoked_and_one_rotated_under_load() {
    let server = Server::in_memory();
    let [first, token] = scripts("Try a token").try_into().expect("two scripts");
    let [rotation] = scripts("Rotate a token under load")
        .try_into()
        .expect("a script");
    let output = played(&format!("{}{token}{rotation}", settings(&first, &server)));
    holds(&format!("{token}{rotation}"), &output);
    let counted = output
        .lines()
        .find_map(|line| line.strip_prefix("requests: "));
    let (requests, failed) = counted
        .and_then(|line| line.split_once(", failed: "))
        .expect("the count");
    assert_eq!(failed, "0", "{output}");
    let requests: u32 = requests.trim().parse().expect("a number");
    assert!(requests > 20, "no load: {output}");
    let secret = server.secret.as_deref().expect("a token");
    assert!(!output.contains(secret), "{output}");
}

#[test]
fn a_client_gets_access_tokens_with_a_secret_and_by_federation() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let issuer = free.local_addr().expect("its address").to_string();
    drop(free);
    let options = ["--memory", "--json", "--issuer-host", &issuer];
    let server = Server::start_with(&options, |serve| {
        // Nobody answers there, and nobody is asked: issuers are asked without a proxy.
        serve.env("http_proxy", "http://127.0.0.1:1");
        serve.env("HTTP_PROXY", "http://127.0.0.1:1");
    });
    let [first, secret, federation] = scripts("OAuth 2.0 instead of a Secret Token")
        .try_into()
        .expect("three scripts");
    let first = first.replace("127.0.0.1:9001", &issuer);
    let script = format!("{secret}{federation}");
    let output = played(&format!("{}{script}", settings(&first, &server)));
    holds(&script, &output);
    tells_without_values(&server.log());
}

/// Every request for a token has its line, with what was wrong; no line has a name, a secret or an assertion.
fn tells_without_values(log: &str) {
    let lines = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let lines: Vec<Value> = lines
        .filter(|line| line["route"] == "/oauth2/token")
        .collect();
    let told: Vec<_> = lines
        .iter()
        .map(|line| (line["status"].as_u64(), line["error"].as_str()))
        .collect();
    let good = (Some(200), None);
    let refused = |reason| (Some(401), Some(reason));
    let expected = [
        good,
        good,
        refused("client_secret_malformed"),
        good,
        good,
        refused("client_unproven"),
        good,
        refused("assertion_signature"),
        refused("assertion_algorithm"),
    ];
    assert_eq!(told, expected, "{log}");
    for line in &lines {
        assert_eq!(line["tenant"] == "", line["status"] != 200, "{line}");
    }
    for text in [
        "scimsecret",
        "scim_",
        "eyJhbG",
        "woodgrove",
        "api://",
        "0e6a2b7f",
        "guess",
    ] {
        assert!(!log.contains(text), "the log holds {text}: {log}");
    }
}

#[test]
fn a_promise_that_is_not_kept_is_noticed() {
    let script = "echo 'Made (201), and looked (200, one)'\n";
    let good = "Made (201), and looked (200, one)\n{}\n201\n200\n";
    holds(script, good);
    for bad in ["201\n", "201\n404\n", "200\n201\n", "201\n200\n200\n"] {
        let output = format!("Made (201), and looked (200, one)\n{bad}");
        assert!(
            std::panic::catch_unwind(|| holds(script, &output)).is_err(),
            "{bad}"
        );
    }
}
