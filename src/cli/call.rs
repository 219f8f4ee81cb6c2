//! One request of the admin API: in process on the data itself, or over HTTP with a key.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use serverless_scim::admin::{Admin, AdminRequest};
use serverless_scim::home::Place;
use serverless_scim::store::Store;

use super::failure::{Failure, refusal};
use super::remote::Remote;
use super::{Stored, show};

/// What a segment of a path may hold as it is. RFC 3986 §2.3.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// Bytes of a document that are read; what the service takes is less.
const DOCUMENT_MAX: u64 = 1024 * 1024;
/// In process nobody knows where the service is reached.
const NO_ORIGIN: &str = "https://HOST";

/// Whom to ask, and how to print the answer.
#[derive(Debug, Args)]
pub(super) struct Access {
    #[command(flatten)]
    target: Target,
    /// The key for the Admin URL; better in the environment, where no list of processes shows it.
    #[arg(long, env = "SCIM_ADMIN_KEY", hide_env_values = true)]
    key: Option<String>,
    /// Print the answer as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Target {
    /// The data in this folder.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A `DynamoDB` table, on AWS or at `AWS_ENDPOINT_URL_DYNAMODB`.
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
    /// The Admin URL of a service.
    #[arg(long, value_name = "ADMIN_URL")]
    url: Option<String>,
}

/// What sends requests and prints answers.
#[derive(Debug)]
pub(super) struct Caller {
    way: Way,
    /// The options that lead here, for advice.
    pub(super) options: String,
    pub(super) json: bool,
    origin: String,
}

#[derive(Debug)]
enum Way {
    Here(Admin, Store),
    There(Box<Remote>),
}

impl Access {
    /// Opens data that is there, or makes ready to ask the service.
    pub(super) async fn open(self) -> Result<Caller, Failure> {
        self.opened(false).await
    }

    /// The same, and makes a folder that is not there yet.
    pub(super) async fn open_new(self) -> Result<Caller, Failure> {
        self.opened(true).await
    }

    async fn opened(self, new: bool) -> Result<Caller, Failure> {
        let Target { data, table, url } = self.target;
        if let Some(url) = url {
            let remote = Remote::new(&url, self.key.as_deref())?;
            return Ok(Caller {
                way: Way::There(Box::new(remote)),
                options: format!("--url {url}"),
                json: self.json,
                origin: String::new(),
            });
        }
        let place = Place::from(Stored { data, table });
        Caller::here(&place, new, self.json).await
    }
}

impl Caller {
    /// Asks the data itself, with every right.
    pub(super) async fn here(place: &Place, new: bool, json: bool) -> Result<Self, Failure> {
        let store = if new {
            place.open().await?
        } else {
            place.open_existing().await?
        };
        Ok(Self {
            way: Way::Here(Admin::new(store.clone()), store),
            options: place.options(),
            json,
            origin: NO_ORIGIN.to_owned(),
        })
    }

    /// Where the service is reached, as far as this process is told.
    pub(super) fn reached_at(&mut self, origin: &str) {
        origin.trim_end_matches('/').clone_into(&mut self.origin);
    }

    /// The data, where it is at hand.
    pub(super) fn store(&self) -> Option<&Store> {
        match &self.way {
            Way::Here(_, store) => Some(store),
            Way::There(_) => None,
        }
    }

    /// What is answered to a request that was not refused; null where there is no body. The path is below `/admin/v1`.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, Failure> {
        let (status, body) = match &self.way {
            Way::Here(admin, _) => {
                let request = AdminRequest {
                    method,
                    path: path.to_owned(),
                    body,
                    base: self.origin.clone(),
                    local: true,
                };
                let answer = admin.perform(request).await;
                (answer.status, answer.body.unwrap_or_default())
            }
            Way::There(remote) => remote.ask(method, path, body).await?,
        };
        if status.is_success() {
            return Ok(body);
        }
        if self.json {
            println!("{body}");
        }
        Err(refusal(status, &body, path, &self.options))
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.ask(Method::GET, path, None).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Result<Value, Failure> {
        self.ask(Method::POST, path, Some(body)).await
    }

    pub(super) async fn patch(&self, path: &str, body: Value) -> Result<Value, Failure> {
        self.ask(Method::PATCH, path, Some(body)).await
    }

    pub(super) async fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.ask(Method::DELETE, path, None).await
    }

    /// Prints an answer: as it is with `--json`, else in words.
    pub(super) fn print(&self, answer: &Value, words: impl FnOnce(&Value)) {
        if self.json {
            if !answer.is_null() {
                println!("{answer}");
            }
        } else {
            words(answer);
        }
    }

    /// Prints a list, and how to see more of it.
    pub(super) fn print_list(&self, answer: &Value, columns: show::Columns, none: &str) {
        self.print(answer, |answer| {
            show::list(answer, columns, none);
            if let Some(next) = answer.get("next").and_then(Value::as_str) {
                println!("There are more: add --after {next}");
            }
        });
    }
}

/// One segment of a path.
pub(super) fn segment(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// How much of a list.
#[derive(Debug, Args)]
pub(super) struct Page {
    /// So many at most.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
    /// Go on after this cursor of an earlier list.
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
}

impl Page {
    /// The path of this page of a list.
    pub(super) fn of(&self, path: &str) -> String {
        let after = self.after.as_deref().map(segment);
        let after = after.map_or_else(String::new, |after| format!("&after={after}"));
        format!("{path}?limit={}{after}", self.limit)
    }

    /// Moves on to what follows this cursor; says whether that is another place.
    pub(super) fn go_on(&mut self, next: &str) -> bool {
        let moved = !next.is_empty() && self.after.as_deref() != Some(next);
        if moved {
            self.after = Some(next.to_owned());
        }
        moved
    }
}

/// A member that is a text; empty where it is not.
pub(super) fn text(answer: &Value, name: &str) -> String {
    let text = answer.get(name).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

/// The JSON in a file, or in standard input where the file is called `-`.
pub(super) fn document(file: &Path) -> Result<Value, Failure> {
    let refused = |why: String| Failure::Refused(format!("{}: {why}", file.display()));
    let mut text = String::new();
    let mut read = |source: &mut dyn Read| source.take(DOCUMENT_MAX + 1).read_to_string(&mut text);
    let length = if file.as_os_str() == "-" {
        read(&mut std::io::stdin().lock())
    } else {
        File::open(file).and_then(|mut file| read(&mut file))
    };
    if length.map_err(|error| refused(error.to_string()))? as u64 > DOCUMENT_MAX {
        return Err(refused(format!("it has more than {DOCUMENT_MAX} bytes")));
    }
    serde_json::from_str(&text).map_err(|error| refused(format!("not valid JSON: {error}")))
}

/// The body without what was not given.
pub(super) fn given(mut body: Value) -> Value {
    if let Value::Object(members) = &mut body {
        members.retain(|_, value| !value.is_null());
    }
    body
}

/// A name or an id on the command line. A dot or two would climb in a path.
pub(super) fn name(text: &str) -> Result<String, String> {
    if matches!(text, "" | "." | "..") {
        return Err("that names nothing".to_owned());
    }
    Ok(text.to_owned())
}

/// A time that may be without an end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit(pub(super) Option<i64>);

/// A time on the command line, or `none`.
pub(super) fn seconds_or_none(text: &str) -> Result<Limit, String> {
    match text {
        "none" => Ok(Limit(None)),
        text => Ok(Limit(Some(seconds(text)?))),
    }
}

/// A time on the command line, in seconds: `90d`, `12h`, `15m`, `900s` or `900`.
pub(super) fn seconds(text: &str) -> Result<i64, String> {
    let units = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)];
    let unit = units
        .into_iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)));
    let (digits, unit) = unit.unwrap_or((text, 1));
    let number = digits.parse::<u32>().ok().map(i64::from);
    number
        .and_then(|number| number.checked_mul(unit))
        .ok_or_else(|| "write a number and a unit: 90d, 12h, 15m or 900s".to_owned())
}
