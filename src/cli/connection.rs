//! `connection`: a tenant's identity providers.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::call;
use super::failure::Failure;
use super::given::{self, Page, document, given, segment};
use super::out::say;
use super::show;
use super::whose::OfTenant;

const COLUMNS: show::Columns = &[
    ("name", "name"),
    ("id", "id"),
    ("provider", "provider"),
    ("created", "created"),
    ("active since", "activeSince"),
    ("last used", "lastUsed"),
];

#[derive(Debug, Subcommand)]
pub(super) enum Connection {
    /// Create a connection.
    Create {
        /// What it is called in lists and options.
        name: String,
        /// Whose it is [default: the tenant's, or entra].
        #[arg(long, value_parser = given::PROVIDERS)]
        provider: Option<String>,
        #[command(flatten)]
        bearer: Bearer,
        /// A file with the policies as JSON; - for standard input.
        #[arg(long, value_name = "FILE")]
        policies: Option<PathBuf>,
        #[command(flatten)]
        of: OfTenant,
    },
    /// The connections of a tenant.
    List {
        #[command(flatten)]
        page: Page,
        #[command(flatten)]
        of: OfTenant,
    },
    /// All about one connection.
    Show(One),
    /// Change what a connection is.
    Change {
        /// Another name.
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        /// Whose it is.
        #[arg(long, value_parser = given::PROVIDERS)]
        provider: Option<String>,
        #[command(flatten)]
        bearer: Bearer,
        /// Accept no token that Entra signs.
        #[arg(long, conflicts_with = "entra_tenant_id")]
        no_entra_bearer: bool,
        #[command(flatten)]
        one: One,
    },
    /// Take a connection away, and with it all its credentials. Users and groups stay.
    Delete(One),
    /// What to paste into the identity provider.
    Setup {
        #[arg(
            long,
            value_name = "URL",
            help = "Where the service is reached, such as https://scim.example.com; a service asked by its URL knows"
        )]
        origin: Option<String>,
        #[command(flatten)]
        one: One,
    },
}

/// A connection named by itself.
#[derive(Debug, Args)]
pub(super) struct One {
    /// The connection's name or id.
    #[arg(value_parser = given::name, value_name = "CONNECTION")]
    connection: String,
    #[command(flatten)]
    of: OfTenant,
}

/// Which tokens that Entra signs it accepts.
#[derive(Debug, Args)]
pub(super) struct Bearer {
    /// Accept tokens that Entra signs itself for this tenant of its; for test set-ups.
    #[arg(long, value_name = "ID", requires = "entra_audience")]
    entra_tenant_id: Option<String>,
    /// The application such tokens are for.
    #[arg(long, value_name = "ID", requires = "entra_tenant_id")]
    entra_audience: Option<String>,
}

impl Bearer {
    fn json(&self) -> Option<Value> {
        let tenant = self.entra_tenant_id.as_ref()?;
        Some(json!({ "tenantId": tenant, "audience": self.entra_audience }))
    }
}

impl One {
    async fn open(self) -> Result<(call::Caller, String), Failure> {
        let (caller, path) = self.of.open().await?;
        Ok((
            caller,
            format!("{path}/connections/{}", segment(&self.connection)),
        ))
    }
}

pub(super) async fn run(command: Connection) -> Result<(), Failure> {
    match command {
        Connection::Create {
            name,
            provider,
            bearer,
            policies,
            of,
        } => {
            let policies = policies.as_deref().map(document).transpose()?;
            let body = json!({
                "name": name,
                "provider": provider,
                "policies": policies,
                "entraBearer": bearer.json(),
            });
            let (caller, path) = of.open().await?;
            let made = caller
                .post(&format!("{path}/connections"), given(body))
                .await?;
            caller.print(&made, show::members);
        }
        Connection::List { page, of } => {
            let (caller, path) = of.open().await?;
            let list = caller.get(&page.of(&format!("{path}/connections"))).await?;
            caller.print_list(&list, COLUMNS, "There are no connections.");
        }
        Connection::Show(one) => {
            let (caller, path) = one.open().await?;
            caller.print(&caller.get(&path).await?, show::members);
        }
        Connection::Change {
            name,
            provider,
            bearer,
            no_entra_bearer,
            one,
        } => {
            let mut body = given(json!({
                "name": name,
                "provider": provider,
                "entraBearer": bearer.json(),
            }));
            if let (Value::Object(members), true) = (&mut body, no_entra_bearer) {
                members.insert("entraBearer".to_owned(), Value::Null);
            }
            change(body, one).await?;
        }
        Connection::Delete(one) => {
            let name = one.connection.clone();
            let (caller, path) = one.open().await?;
            caller.print(&caller.delete(&path).await?, |_| {
                say(format_args!(
                    "Deleted {name}. Its credentials are refused everywhere within 30 seconds."
                ));
            });
        }
        Connection::Setup { origin, one } => setup(origin.as_deref(), one).await?,
    }
    Ok(())
}

async fn setup(origin: Option<&str>, one: One) -> Result<(), Failure> {
    let (mut caller, path) = one.open().await?;
    let unknown = origin.is_none() && caller.store().is_some();
    if let Some(origin) = origin {
        caller.reached_at(origin);
    }
    let setup = caller.get(&format!("{path}/setup")).await?;
    caller.print(&setup, |setup| {
        print_setup(setup);
        if unknown {
            say("HOST is where the service is reached: add --origin to see it here.");
        }
    });
    Ok(())
}

async fn change(body: Value, one: One) -> Result<(), Failure> {
    if body.as_object().is_some_and(serde_json::Map::is_empty) {
        let why = "nothing to change; see what can be: serverless-scim connection change --help";
        return Err(Failure::Unasked(why.to_owned()));
    }
    let (caller, path) = one.open().await?;
    caller.print(&caller.patch(&path, body).await?, |connection| {
        show::members(connection);
        say("It is felt everywhere within 30 seconds.");
    });
    Ok(())
}

fn print_setup(setup: &Value) {
    show::fields(
        setup,
        &[
            ("Tenant URL", "tenantUrl"),
            ("Or, longer", "perTenantUrl"),
            ("Tokens from", "tokenEndpoint"),
        ],
    );
    let steps = setup.get("steps").and_then(Value::as_array);
    for (number, step) in (1..).zip(steps.into_iter().flatten()) {
        let mut lines = step.as_str().unwrap_or_default().lines().map(show::safe);
        say(format_args!(
            "{number:2}. {}",
            lines.next().unwrap_or_default()
        ));
        for line in lines {
            say(format_args!("    {line}"));
        }
    }
}
