//! The README's OAuth scripts as they stand there, against a fresh `serve`: every status they promise is the one they see.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

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
        .stderr(Stdio::null())
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
}
