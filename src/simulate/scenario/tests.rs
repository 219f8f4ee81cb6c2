use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::*;

/// Clients that a scenario may belong to; four of them can be simulated.
const CLIENTS: [&str; 8] = [
    "entra",
    "entra-legacy",
    "okta",
    "rfc",
    "onelogin",
    "jumpcloud",
    "rippling",
    "authentik",
];

fn names(folder: &Path, under: &str, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if path.is_dir() {
            names(&path, &format!("{under}{name}/"), found);
        } else {
            found.insert(format!("{under}{name}"));
        }
    }
}

#[test]
fn every_file_is_embedded_and_parses() {
    let mut files = BTreeSet::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");
    names(Path::new(folder), "", &mut files);
    let embedded: BTreeSet<String> = all().unwrap().into_iter().map(|s| s.name).collect();
    assert_eq!(
        embedded, files,
        "if a file is new: touch src/simulate/scenario/mod.rs"
    );
    assert!(files.len() > 45);
}

#[test]
fn every_scenario_says_whom_it_is_for() {
    for scenario in all().unwrap() {
        let Scenario {
            name, clients, own, ..
        } = &scenario;
        assert!(
            clients.is_empty() == own.is_some(),
            "{name}: give it clients, or say in own why it holds for our server only"
        );
        for client in clients {
            assert!(CLIENTS.contains(&client.as_str()), "{name}: {client}");
        }
        assert!(
            !scenario.why.is_empty() && scenario.rfc.starts_with("RFC "),
            "{name}"
        );
    }
}

/// On a server with other people's data nothing may depend on it, and everything must be recognised and taken away again.
#[test]
fn what_runs_anywhere_names_what_it_creates_after_the_run() {
    for scenario in all().unwrap() {
        if scenario.own.is_some() {
            continue;
        }
        let name = &scenario.name;
        assert!(!scenario.alone, "{name}");
        for step in &scenario.steps {
            assert!(step.base.is_none(), "{name}");
            assert!(
                matches!(step.send.len(), 2 | 3) && !step.expect.is_empty(),
                "{name}"
            );
            let creates = step.method() == "POST" && matches!(step.path(), "/Users" | "/Groups");
            if let Some(body) = step.body().filter(|_| creates) {
                let key = if step.path() == "/Users" {
                    "userName"
                } else {
                    "displayName"
                };
                let text = body[key].as_str().unwrap_or("$uid").to_lowercase();
                assert!(text.contains("$uid"), "{name}: {body}");
            }
            assert!(!creates || step.raw.is_none(), "{name}");
        }
    }
}
