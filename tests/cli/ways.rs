//! The command line on the data itself, and the same over the admin API of a running service.

#![allow(unreachable_pub, reason = "the neighbours use it")]

use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::Server;
use crate::support::process::{command, folder, text};

/// A way to the admin API, and what keeps it open.
pub struct Way {
    pub name: &'static str,
    pub options: Vec<String>,
    key: Option<String>,
    _data: TempDir,
    _server: Option<Server>,
}

/// The data at hand, and a service of its own.
pub fn both() -> [Way; 2] {
    [on_data(), over_http()]
}

pub fn on_data() -> Way {
    let data = folder();
    Way {
        name: "--data",
        options: vec!["--data".to_owned(), text(data.path()).to_owned()],
        key: None,
        _data: data,
        _server: None,
    }
}

pub fn over_http() -> Way {
    let server = Server::in_memory();
    Way {
        name: "--url",
        options: vec!["--url".to_owned(), server.admin_url.clone()],
        key: server.admin_key.clone(),
        _data: folder(),
        _server: Some(server),
    }
}

impl Way {
    /// The key that is in the environment.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        let mut command = command(arguments);
        command.args(&self.options);
        if let Some(key) = &self.key {
            command.env("SCIM_ADMIN_KEY", key);
        }
        command.output().expect("the command starts")
    }

    /// What a command prints that does what it is told.
    #[track_caller]
    pub fn says(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let (name, errors) = (self.name, String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{name} {arguments:?}: {errors}");
        assert_eq!(errors, "", "{name} {arguments:?}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// The same with `--json`.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Value {
        let line = self.says(&[arguments, &["--json"]].concat());
        assert_eq!(line.lines().count(), 1, "{arguments:?}: {line}");
        serde_json::from_str(&line).expect("one line of JSON")
    }

    /// The words of a command that is refused.
    #[track_caller]
    pub fn refused(&self, arguments: &[&str]) -> String {
        self.failed(arguments, 1)
    }

    /// The words of a command that nobody was asked to do.
    #[track_caller]
    pub fn unasked(&self, arguments: &[&str]) -> String {
        self.failed(arguments, 2)
    }

    #[track_caller]
    fn failed(&self, arguments: &[&str], status: i32) -> String {
        let output = self.run(arguments);
        let (name, words) = (self.name, String::from_utf8_lossy(&output.stderr));
        assert_eq!(
            output.status.code(),
            Some(status),
            "{name} {arguments:?}: {words}"
        );
        assert!(output.stdout.is_empty(), "{name} {arguments:?}");
        assert_eq!(words.lines().count(), 1, "one sentence: {words}");
        words.into_owned()
    }

    /// The cells of a table, row by row; no cell here holds two blanks.
    #[track_caller]
    pub fn table(&self, arguments: &[&str]) -> Vec<Vec<String>> {
        let shown = self.says(arguments);
        let cells = |line: &str| {
            let cells = line.split("  ").map(str::trim);
            cells
                .filter(|cell| !cell.is_empty())
                .map(str::to_owned)
                .collect()
        };
        shown.lines().map(cells).collect()
    }
}

/// A member that is a text.
#[track_caller]
pub fn member(value: &Value, name: &str) -> String {
    let text = value[name].as_str();
    text.unwrap_or_else(|| panic!("no {name} in {value}"))
        .to_owned()
}

/// The arguments, and of which tenant.
pub fn of_fabrikam<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [arguments, &["--tenant", "fabrikam"]].concat()
}

/// Both ways, each with a tenant, its connection and its token.
pub fn with_tenant() -> [Way; 2] {
    both().map(|way| {
        way.says(&["tenant", "create", "fabrikam"]);
        way
    })
}
