//! The README's OAuth scripts as they stand there, against a fresh `serve`: every status they promise is the one they see.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use serde_json::Value;

const README: &str = include_str!("../README.md");
const HEADING: &str = "## OAuth 2.0 instead of a Secret Token\n";

/// The section's shell scripts.
fn scripts() -> Vec<&'static str> {
    let (_, section) = README.split_once(HEADING).expect("the section");
    let section = section.split("\n## ").next().expect("its text");
    let blocks = section.split("```sh\n").skip(1);
    blocks
        .map(|block| block.split("```").next().expect("its end"))
        .collect()
}

/// The statuses in a text, where they stand by themselves.
fn statuses(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let number = |word: &&str| word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit());
    words.filter(number).collect()
}

/// Each sentence that the script says, and the statuses that it promises.
fn promises(script: &str) -> Vec<(&str, Vec<&str>)> {
    let said = |line: &'_ str| -> Option<usize> { line.starts_with("echo '").then_some(6) };
    let sentences = script.lines().filter_map(|line| {
        let start = said(line)?;
        line.get(start..)?.strip_suffix('\'')
    });
    let spoken = sentences.filter(|sentence| !sentence.starts_with('{'));
    spoken
        .map(|sentence| {
            let inside = sentence
                .split('(')
                .skip(1)
                .filter_map(|rest| rest.split(')').next());
            (sentence, inside.flat_map(statuses).collect())
        })
        .collect()
}

#[test]
fn the_scripts_go_as_they_say() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let issuer = free.local_addr().expect("its address").to_string();
    drop(free);
    let files = tempfile::tempdir().expect("a folder");
    let log = files.path().join("log");
    let mut serve = Command::new(env!("CARGO_BIN_EXE_serverless-scim"))
        .args([
            "serve",
            "--memory",
            "--json",
            "--listen",
            "127.0.0.1:0",
            "--issuer-host",
            &issuer,
        ])
        .stdout(Stdio::piped())
        .stderr(File::create(&log).expect("a log file"))
        // Nobody answers there, and nobody is asked: issuers are asked without a proxy.
        .env("http_proxy", "http://127.0.0.1:1")
        .env("HTTP_PROXY", "http://127.0.0.1:1")
        .spawn()
        .expect("serve starts");
    let mut line = String::new();
    let stdout = serve.stdout.take().expect("its output");
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    let printed: Value = serde_json::from_str(&line).expect("JSON");
    let [settings, secret, federation] = scripts().try_into().expect("three scripts");
    let settings = settings
        .replace(
            "http://127.0.0.1:8080/admin/v1",
            printed["adminUrl"].as_str().expect("a URL"),
        )
        .replace(
            "scimadmin_...",
            printed["adminKey"].as_str().expect("a key"),
        )
        .replace("127.0.0.1:9001", &issuer);
    assert!(
        !settings.contains("...") && !settings.contains("9001"),
        "{settings}"
    );
    let played = Command::new("bash")
        .args(["-c", &format!("{settings}{secret}{federation}")])
        .output()
        .expect("bash");
    serve.kill().expect("its end");
    serve.wait().expect("its end");
    let output = String::from_utf8_lossy(&played.stdout);
    assert_eq!(String::from_utf8_lossy(&played.stderr), "", "{output}");
    let mut rest: &str = &output;
    let promised = promises(secret).into_iter().chain(promises(federation));
    let promised: Vec<_> = promised.collect();
    assert_eq!(promised.len(), 9, "{promised:?}");
    for (at, (sentence, expected)) in promised.iter().enumerate() {
        let (_, after) = rest
            .split_once(sentence)
            .unwrap_or_else(|| panic!("{sentence}: {output}"));
        let next = promised.get(at + 1).and_then(|(next, _)| after.find(next));
        let (step, following) = after.split_at(next.unwrap_or(after.len()));
        assert_eq!(&statuses(step), expected, "{sentence}: {output}");
        rest = following;
    }
    tells_without_values(&std::fs::read_to_string(&log).expect("the log"));
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
        "eyJ",
        "woodgrove",
        "api://",
        "0e6a2b7f",
        "guess",
    ] {
        assert!(!log.contains(text), "the log holds {text}: {log}");
    }
}
