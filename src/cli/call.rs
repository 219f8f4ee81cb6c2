//! One request of the admin API: in process on the data itself, or over HTTP with a key.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use http::Method;
use serde_json::Value;
use serverless_scim::admin::{Admin, AdminRequest};
use serverless_scim::home::Place;
use serverless_scim::store::Store;

use super::failure::{Failure, refusal};
use super::out::say;
use super::remote::Remote;
use super::{Stored, TABLE_HELP, show};

/// In process nobody knows where the service is reached.
const NO_ORIGIN: &str = "https://HOST";

/// Whom to ask, and how to print the answer.
#[derive(Args)]
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
    #[arg(long, value_name = "NAME", help = TABLE_HELP)]
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

/// Without the key.
impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut access = f.debug_struct("Access");
        access.field("target", &self.target).finish_non_exhaustive()
    }
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
            say(&body);
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
                say(answer);
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
                say(format_args!("There are more: add --after {next}"));
            }
        });
    }
}
