//! `template.yaml`, `events/`, `src/bin` and `Cargo.toml` name the same functions and routes, and no function may do too much.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "this is a test; its helpers may panic"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use serverless_scim::table::{BY_EXTERNAL_ID, BY_NAME};

#[path = "homes/functions.rs"]
mod functions;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// The function that no route leads to.
const SCHEDULED: &str = "events";

/// A parsed `template.yaml`. Tags such as `!Ref` and `!Sub` are kept.
fn template() -> yaml_serde::Value {
    yaml_serde::from_str(&read("template.yaml")).unwrap()
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn read_json(path: &str) -> Value {
    serde_json::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Names in a folder, sorted; of folders, or of files with this extension and without it.
fn names(folder: &str, extension: Option<&str>) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(Path::new(ROOT).join(folder))
        .unwrap_or_else(|error| panic!("{folder}: {error}"))
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            if extension.is_none() {
                path.is_dir()
            } else {
                path.extension().and_then(|e| e.to_str()) == extension
            }
        })
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// Every function of the template by the binary it runs.
fn functions() -> BTreeMap<String, yaml_serde::Value> {
    let template = template();
    let resources = template["Resources"].as_mapping().unwrap();
    resources
        .values()
        .filter(|resource| resource["Type"] == "AWS::Serverless::Function")
        .map(|function| {
            (
                function["Metadata"]["BuildProperties"]["Binary"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
                function.clone(),
            )
        })
        .collect()
}

/// What calls a function: `ANY /path` of the gateway, or a schedule.
fn triggers(function: &yaml_serde::Value) -> BTreeSet<String> {
    let events = function["Properties"]["Events"].as_mapping().unwrap();
    let trigger = |event: &yaml_serde::Value| {
        let text = |name: &str| event["Properties"][name].as_str().unwrap();
        match event["Type"].as_str().unwrap() {
            "HttpApi" => format!("{} {}", text("Method"), text("Path")),
            "Schedule" => text("Schedule").to_owned(),
            other => panic!("an event of type {other}"),
        }
    };
    events.values().map(trigger).collect()
}

/// Function -> its routes, as `ANY /path`; those that the gateway calls.
fn routes() -> BTreeMap<String, BTreeSet<String>> {
    let mut routes: BTreeMap<_, _> = functions()
        .iter()
        .map(|(name, function)| (name.clone(), triggers(function)))
        .collect();
    routes.remove(SCHEDULED);
    routes
}

/// The gateway's events: their path below `events/`, their function and their content.
fn gateway_events() -> Vec<(String, String, Value)> {
    let mut events = events();
    events.retain(|(_, function, _)| function != SCHEDULED);
    events
}

/// Every event as its path below `events/`, its function and its content.
fn events() -> Vec<(String, String, Value)> {
    let of_function = |function: String| {
        names(&format!("events/{function}"), Some("json"))
            .into_iter()
            .map(move |name| {
                let path = format!("{function}/{name}.json");
                let event = read_json(&format!("events/{path}"));
                (path, function.clone(), event)
            })
    };
    names("events", None)
        .into_iter()
        .flat_map(of_function)
        .collect()
}

#[test]
fn template_events_and_binaries_name_the_same_functions_and_routes() {
    let routes = routes();
    let functions: Vec<String> = functions().into_keys().collect();
    assert_eq!(
        functions,
        names("src/bin", Some("rs")),
        "template.yaml and src/bin"
    );
    assert_eq!(
        functions,
        names("events", None),
        "template.yaml and events/"
    );
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (_, function, event) in gateway_events() {
        seen.entry(function)
            .or_default()
            .insert(event["routeKey"].as_str().unwrap().to_owned());
    }
    assert_eq!(
        routes, seen,
        "each route has an event and each event a route"
    );
}

#[test]
fn cargo_lambda_builds_and_routes_as_the_template_says() {
    let metadata = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
            "--manifest-path",
        ])
        .arg(Path::new(ROOT).join("Cargo.toml"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let lambda = &metadata["packages"][0]["metadata"]["lambda"];
    assert_eq!(
        lambda["build"]["no_default_features"],
        json!(true),
        "the CLI stays out of the functions"
    );
    let watched: BTreeMap<String, String> =
        serde_json::from_value(lambda["watch"]["router"].clone()).unwrap();
    let mut deployed = BTreeMap::new();
    for (function, routes) in routes() {
        for route in routes {
            let path = route.replace("ANY ", "").replace("{proxy+}", "{*proxy}");
            if !path.ends_with('}') {
                deployed.insert(format!("{path}/"), function.clone());
            }
            deployed.insert(path, function.clone());
        }
    }
    assert_eq!(deployed, watched);
}

/// Whether the gateway may take `path` through `route`, and how many segments it knows by name.
fn fit(route: &str, path: &str) -> Option<usize> {
    let segments = |path: &str| {
        path.trim_matches('/')
            .split('/')
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (route, path) = (segments(route), segments(path));
    let greedy = route.last().is_some_and(|last| last.ends_with("+}"));
    let long_enough = if greedy {
        path.len() >= route.len()
    } else {
        path.len() == route.len()
    };
    let fits = route
        .iter()
        .zip(&path)
        .all(|(wanted, found)| wanted.starts_with('{') || wanted == found);
    (long_enough && fits).then(|| {
        route
            .iter()
            .filter(|segment| !segment.starts_with('{'))
            .count()
    })
}

#[test]
fn events_are_what_the_gateway_sends() {
    let routes: Vec<String> = routes().into_values().flatten().collect();
    for (path, _, event) in gateway_events() {
        let raw_path = event["rawPath"].as_str().unwrap();
        let best = routes
            .iter()
            .filter_map(|route| Some((fit(route.strip_prefix("ANY ")?, raw_path)?, route)))
            .max();
        assert_eq!(event["routeKey"], *best.unwrap().1, "{path}: routeKey");
        let context = &event["requestContext"];
        assert_eq!(event["version"], "2.0", "{path}");
        assert_eq!(context["routeKey"], event["routeKey"], "{path}");
        assert_eq!(context["http"]["path"], event["rawPath"], "{path}");
        let query: BTreeMap<_, _> =
            form_urlencoded::parse(event["rawQueryString"].as_str().unwrap().as_bytes()).collect();
        let parameters = event
            .get("queryStringParameters")
            .cloned()
            .unwrap_or_else(|| json!({}));
        assert_eq!(json!(query), parameters, "{path}: query");
        check_body(&path, &event);
    }
}

/// The gateway hands JSON on as it is, and what it does not know for text in base64.
fn check_body(path: &str, event: &Value) {
    let media_type = event["headers"]["content-type"].as_str();
    let media_type = media_type.unwrap_or_default().split(';').next().unwrap();
    let encoded = event["isBase64Encoded"].as_bool().unwrap();
    let Some(body) = body(event) else {
        assert!(!encoded && media_type.is_empty(), "{path}: no body");
        return;
    };
    assert_eq!(encoded, media_type != "application/json", "{path}");
    if media_type == "application/x-www-form-urlencoded" {
        assert!(body.contains("grant_type="), "{path}: body");
        return;
    }
    assert!(media_type.ends_with("json"), "{path}: {media_type}");
    serde_json::from_str::<Value>(&body).unwrap_or_else(|error| panic!("{path}: body: {error}"));
}

/// The body as the client sent it.
fn body(event: &Value) -> Option<String> {
    let body = event.get("body")?.as_str().unwrap();
    if event["isBase64Encoded"] == json!(false) {
        return Some(body.to_owned());
    }
    let decoded = BASE64_STANDARD.decode(body).unwrap();
    Some(String::from_utf8(decoded).unwrap())
}

#[test]
fn the_story_tells_every_event_once_and_captures_before_it_uses() {
    let story = read_json("events/story.json");
    let events: BTreeMap<_, _> = gateway_events()
        .into_iter()
        .map(|(path, _, event)| (path, event))
        .collect();
    let mut known = BTreeSet::from(["token", "tenant", "adminKey"].map(str::to_owned));
    let mut told = BTreeSet::new();
    for step in story.as_array().unwrap() {
        let path = step["event"].as_str().unwrap();
        assert!(told.insert(path.to_owned()), "{path} is told twice");
        let event = &events[path];
        let text = format!("{event}{}", body(event).unwrap_or_default());
        for placeholder in text
            .split("{{")
            .skip(1)
            .filter_map(|rest| rest.split_once("}}"))
            .map(|(name, _)| name)
        {
            assert!(
                known.contains(placeholder),
                "{path} uses {placeholder} before it is captured"
            );
        }
        assert!(step["status"].is_u64() && step["why"].is_string(), "{path}");
        known.extend(
            step["capture"]
                .as_object()
                .into_iter()
                .flat_map(|capture| capture.keys().cloned()),
        );
    }
    assert_eq!(told, events.into_keys().collect());
}

#[test]
fn the_table_has_the_keys_and_indexes_the_code_asks_for() {
    let template = template();
    let table = &template["Resources"]["Table"]["Properties"];
    let key = |schema: &yaml_serde::Value| {
        let name = |at: usize| schema[at]["AttributeName"].as_str().unwrap().to_owned();
        assert_eq!(
            (&schema[0]["KeyType"], &schema[1]["KeyType"]),
            (&"HASH".into(), &"RANGE".into())
        );
        (name(0), name(1))
    };
    assert_eq!(key(&table["KeySchema"]), ("PK".to_owned(), "SK".to_owned()));
    let indexes: BTreeMap<String, (String, String)> = table["GlobalSecondaryIndexes"]
        .as_sequence()
        .unwrap()
        .iter()
        .map(|index| {
            (
                index["IndexName"].as_str().unwrap().to_owned(),
                key(&index["KeySchema"]),
            )
        })
        .collect();
    let asked = [BY_NAME, BY_EXTERNAL_ID].map(|index| {
        (
            index.name.to_owned(),
            (index.pk.to_owned(), index.sk.to_owned()),
        )
    });
    assert_eq!(indexes, BTreeMap::from(asked));
}
