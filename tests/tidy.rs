//! The order of the house: modules use only those above them, files are reachable and short, and what one place owns no other names.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "this is a test; its helpers may panic"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

const SRC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src");

/// Path below `src/` -> text without comment lines.
type Sources = BTreeMap<String, String>;

fn sources() -> Sources {
    let mut sources = Sources::new();
    let mut folders = vec![PathBuf::from(SRC)];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
        {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(SRC).unwrap().to_str().unwrap().to_owned();
                sources.insert(name, fs::read_to_string(path).unwrap());
            }
        }
    }
    sources
}

/// The lines of code, comments left out.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("//"))
}

/// What ships: the code up to a test module at the end of a file.
fn shipped(text: &str) -> String {
    let lines: Vec<&str> = code(text).collect();
    let tests = lines
        .windows(2)
        .position(|pair| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod "));
    lines[..tests.unwrap_or(lines.len())].join("\n")
}

/// The names of `mod name;` lines, in their order.
fn modules(text: &str) -> Vec<String> {
    let name = |line: &str| {
        let (visibility, name) = line.strip_suffix(';')?.split_once("mod ")?;
        (visibility.is_empty() || visibility.starts_with("pub")).then(|| name.to_owned())
    };
    code(text).filter_map(name).collect()
}

/// The top-level modules that `text` names after `crate::`.
fn mentioned(text: &str) -> BTreeSet<String> {
    let text = code(text).collect::<Vec<_>>().join("\n");
    let ident = |text: &str| {
        text.trim_start()
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .next()
            .unwrap()
            .to_owned()
    };
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        if text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &text[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.insert(ident(rest));
            continue;
        };
        let mut depth = 0;
        found.insert(ident(group));
        for (at, character) in group.char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => drop(found.insert(ident(&group[at + 1..]))),
                _ => {}
            }
        }
    }
    found.remove("");
    found
}

/// A module may name itself and those above it in `lib.rs`.
fn out_of_order(sources: &Sources) -> Vec<String> {
    let order = modules(&sources["lib.rs"]);
    let place = |name: &str| order.iter().position(|module| module == name);
    let mut complaints = vec![];
    for (path, text) in sources.iter().filter(|(path, _)| !is_binary(path)) {
        let module = path.split('/').next().unwrap().trim_end_matches(".rs");
        for named in mentioned(text) {
            if place(&named).is_none_or(|below| place(module).is_none_or(|here| below > here)) {
                complaints.push(format!("{path} names crate::{named}"));
            }
        }
    }
    complaints
}

fn is_binary(path: &str) -> bool {
    path == "main.rs" || path.starts_with("bin/")
}

/// Files that no `mod` line leads to.
fn unreachable(sources: &Sources) -> Vec<String> {
    let mut open: Vec<String> = sources
        .keys()
        .filter(|path| *path == "lib.rs" || is_binary(path))
        .cloned()
        .collect();
    let mut reached = BTreeSet::new();
    while let Some(path) = open.pop() {
        let stem = path
            .strip_suffix("mod.rs")
            .or_else(|| path.strip_suffix("lib.rs"))
            .or_else(|| path.strip_suffix("main.rs"));
        let folder = stem.map_or_else(|| path.replace(".rs", "/"), str::to_owned);
        for name in modules(&sources[&path]) {
            let files = [
                format!("{folder}{name}.rs"),
                format!("{folder}{name}/mod.rs"),
            ];
            open.extend(files.into_iter().filter(|file| sources.contains_key(file)));
        }
        reached.insert(path);
    }
    sources
        .keys()
        .filter(|path| !reached.contains(*path))
        .cloned()
        .collect()
}

const LINES_MAX: usize = 400;

fn too_long(sources: &Sources) -> Vec<String> {
    sources
        .iter()
        .filter(|(_, text)| text.lines().count() > LINES_MAX)
        .map(|(path, _)| path.clone())
        .collect()
}

/// What only some files may name: the words, and where.
const RESERVED: [(&[&str], &[&str]); 4] = [
    (&["aws_sdk_dynamodb"], &["table/", "table.rs"]),
    (&["\"T#", "\"A#"], &["store/keys.rs", "store/keys/"]),
    (
        &["std::env", "env::var"],
        &["table/", "table.rs", "home/", "home.rs", "main.rs", "bin/"],
    ),
    (
        &[
            "SystemTime::now",
            "now_utc",
            "Instant::now",
            "Ulid::new",
            "now_v7",
        ],
        &["home/", "home.rs", "main.rs", "bin/", "simulate/session.rs"],
    ),
];

fn trespassing(sources: &Sources) -> Vec<String> {
    let mut complaints = vec![];
    for (path, text) in sources {
        let text = shipped(text);
        for (words, places) in RESERVED {
            if !places.iter().any(|place| path.starts_with(place)) {
                complaints.extend(
                    words
                        .iter()
                        .filter(|word| text.contains(*word))
                        .map(|word| format!("{path} names {word}")),
                );
            }
        }
    }
    complaints
}

#[test]
fn modules_use_only_those_above_them() {
    assert_eq!(out_of_order(&sources()), Vec::<String>::new());
}

#[test]
fn every_file_is_reachable_and_short() {
    assert_eq!(unreachable(&sources()), Vec::<String>::new());
    assert_eq!(too_long(&sources()), Vec::<String>::new());
}

#[test]
fn what_one_place_owns_no_other_names() {
    assert_eq!(trespassing(&sources()), Vec::<String>::new());
}

#[test]
fn the_rules_notice_when_they_are_broken() {
    let house = |files: &[(&str, &str)]| {
        files
            .iter()
            .map(|(path, text)| ((*path).into(), (*text).into()))
            .collect::<Sources>()
    };
    let lib = ("lib.rs", "pub mod schema;\n\npub mod store;\n");
    let up = house(&[
        lib,
        (
            "schema/mod.rs",
            "use crate::{\n    schema::{path, kind},\n    store::plan,\n};",
        ),
    ]);
    assert_eq!(out_of_order(&up), ["schema/mod.rs names crate::store"]);
    let lost = house(&[
        lib,
        ("schema/mod.rs", "mod path;\n// mod old;"),
        ("schema/path.rs", ""),
        ("schema/old.rs", ""),
        ("store.rs", ""),
    ]);
    assert_eq!(unreachable(&lost), ["schema/old.rs"]);
    let long = house(&[
        ("lib.rs", &"\n".repeat(LINES_MAX)),
        ("store.rs", &"\n".repeat(LINES_MAX + 1)),
    ]);
    assert_eq!(too_long(&long), ["store.rs"]);
    let clock = house(&[
        (
            "api/mod.rs",
            "// Instant::now\nlet t = Instant::now();\n#[cfg(test)]\nmod tests { \"T#\" }",
        ),
        ("home.rs", "Instant::now()"),
    ]);
    assert_eq!(trespassing(&clock), ["api/mod.rs names Instant::now"]);
    let keys = house(&[
        ("store/plan.rs", "format!(\"T#{t}\")"),
        ("store/keys.rs", "\"A#tenants\""),
    ]);
    assert_eq!(trespassing(&keys), ["store/plan.rs names \"T#"]);
}

/// Every file below a folder of the project, as text.
fn texts(folder: &str) -> String {
    let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder)];
    let mut all = String::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                all += &fs::read_to_string(path).unwrap();
            }
        }
    }
    all
}

#[test]
fn each_line_of_the_threat_model_names_tests_that_exist() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/SECURITY.md");
    let page = fs::read_to_string(page).unwrap();
    let tests = texts("tests") + &texts("src");
    let lines: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(1)
        .collect();
    assert!(lines.len() > 15);
    for line in lines {
        let cell = line.split(" | ").last().unwrap();
        let names: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "{line}");
        for name in names.into_iter().filter(|name| !name.contains('/')) {
            assert!(
                tests.contains(&format!("fn {name}(")),
                "there is no test {name}"
            );
        }
    }
}
