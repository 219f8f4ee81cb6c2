//! `client`: the OAuth clients of a connection, and their secrets.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::call;
use super::failure::Failure;
use super::given::{self, Page, document, given, segment};
use super::out::say;
use super::show;
use super::whose::OfConnection;

const COLUMNS: show::Columns = &[
    ("client id", "clientId"),
    ("label", "label"),
    ("method", "method"),
    ("scopes", "scopes"),
    ("created", "created"),
    ("last used", "lastUsed"),
];

#[derive(Debug, Subcommand)]
pub(super) enum Client {
    /// Create a client; with a secret, shown once, unless it proves itself by assertions.
    Create {
        /// What the client is for.
        #[arg(long)]
        label: String,
        #[command(flatten)]
        proof: Proof,
        /// What its tokens may do, such as get:users,patch:users; without it, everything.
        #[arg(long, value_delimiter = ',')]
        scopes: Option<Vec<String>>,
        /// How long an access token lives, 1h to 6h.
        #[arg(long, value_name = "TIME", value_parser = given::seconds)]
        access_token_life: Option<i64>,
        #[command(flatten)]
        of: OfConnection,
    },
    /// The clients of a connection; never their secrets.
    List {
        #[command(flatten)]
        page: Page,
        #[command(flatten)]
        of: OfConnection,
    },
    /// All about one client.
    Show(One),
    /// Change what a client is called, how long its tokens live, or what its assertions must be.
    Change {
        /// What the client is for.
        #[arg(long)]
        label: Option<String>,
        #[command(flatten)]
        proof: Proof,
        /// How long an access token lives, 1h to 6h.
        #[arg(long, value_name = "TIME", value_parser = given::seconds)]
        access_token_life: Option<i64>,
        #[command(flatten)]
        one: One,
    },
    /// Take a client away.
    Delete(One),
    /// Its secrets: two can be good at a time.
    #[command(subcommand)]
    Secret(Secret),
}

#[derive(Debug, Subcommand)]
pub(super) enum Secret {
    /// Add a secret, shown once; the others stay good.
    Add(One),
    /// Take a secret away.
    Remove {
        #[command(flatten)]
        one: One,
        /// Its id.
        #[arg(value_parser = given::name)]
        secret: String,
    },
}

/// A client named by itself.
#[derive(Debug, Args)]
pub(super) struct One {
    /// Its client id.
    #[arg(value_parser = given::name, value_name = "CLIENT")]
    client: String,
    #[command(flatten)]
    of: OfConnection,
}

/// How a client proves who it is: by a secret, unless something stands here.
#[derive(Debug, Args)]
pub(super) struct Proof {
    /// By assertions it signs with a key of this file, a JWK Set.
    #[arg(long, value_name = "FILE", conflicts_with = "issuer")]
    jwks: Option<PathBuf>,
    /// By assertions of this issuer: workload identity federation.
    #[arg(long, value_name = "URL", requires_all = ["audience", "subject"])]
    issuer: Option<String>,
    /// What aud of an assertion must be; may stand several times.
    #[arg(long, requires = "issuer")]
    audience: Vec<String>,
    /// What sub of an assertion must be.
    #[arg(long, requires = "issuer")]
    subject: Option<String>,
    /// What tid of an assertion must be.
    #[arg(long, requires = "issuer")]
    tenant_id: Option<String>,
    /// What oid of an assertion must be.
    #[arg(long, requires = "issuer")]
    object_id: Option<String>,
}

impl Proof {
    fn method(&self) -> Result<Option<Value>, Failure> {
        if let Some(file) = &self.jwks {
            return Ok(Some(json!({ "privateKey": { "jwks": document(file)? } })));
        }
        if self.issuer.is_none() {
            return Ok(None);
        }
        let federation = json!({
            "issuer": self.issuer,
            "audiences": self.audience,
            "subject": self.subject,
            "tenantId": self.tenant_id,
            "objectId": self.object_id,
        });
        Ok(Some(json!({ "federation": given(federation) })))
    }
}

impl One {
    async fn open(self) -> Result<(call::Caller, String), Failure> {
        let (caller, path) = self.of.open().await?;
        Ok((caller, format!("{path}/clients/{}", segment(&self.client))))
    }
}

pub(super) async fn run(command: Client) -> Result<(), Failure> {
    match command {
        Client::Create {
            label,
            proof,
            scopes,
            access_token_life,
            of,
        } => {
            let body = json!({
                "label": label,
                "method": proof.method()?.unwrap_or_else(|| json!("secret")),
                "scopes": scopes,
                "accessTokenLife": access_token_life,
            });
            let (caller, path) = of.open().await?;
            let made = caller.post(&format!("{path}/clients"), given(body)).await?;
            caller.print(&made, print_made);
        }
        Client::List { page, of } => {
            let (caller, path) = of.open().await?;
            let list = caller.get(&page.of(&format!("{path}/clients"))).await?;
            caller.print_list(&list, COLUMNS, "There are no clients.");
        }
        Client::Show(one) => {
            let (caller, path) = one.open().await?;
            caller.print(&caller.get(&path).await?, show::members);
        }
        Client::Change {
            label,
            proof,
            access_token_life,
            one,
        } => {
            let body = given(json!({
                "label": label,
                "method": proof.method()?,
                "accessTokenLife": access_token_life,
            }));
            change(body, one).await?;
        }
        Client::Delete(one) => {
            let id = one.client.clone();
            let (caller, path) = one.open().await?;
            caller.print(&caller.delete(&path).await?, |_| {
                say(format_args!(
                    "Deleted {id}. It is refused, and so are its access tokens, within 30 seconds."
                ));
            });
        }
        Client::Secret(Secret::Add(one)) => {
            let (caller, path) = one.open().await?;
            let made = caller.post(&format!("{path}/secrets"), json!({})).await?;
            caller.print(&made, |made| {
                show::fields(made, &[("Secret id", "id")]);
                show::secret("Secret", made, "clientSecret");
            });
        }
        Client::Secret(Secret::Remove { one, secret }) => {
            let (caller, path) = one.open().await?;
            let path = format!("{path}/secrets/{}", segment(&secret));
            caller.print(&caller.delete(&path).await?, |_| {
                say(format_args!(
                    "Removed {secret}. Access tokens it was exchanged for live on until they end."
                ));
            });
        }
    }
    Ok(())
}

async fn change(body: Value, one: One) -> Result<(), Failure> {
    if body.as_object().is_some_and(serde_json::Map::is_empty) {
        let why = "nothing to change; see what can be: serverless-scim client change --help";
        return Err(Failure::Unasked(why.to_owned()));
    }
    let (caller, path) = one.open().await?;
    caller.print(&caller.patch(&path, body).await?, |client| {
        show::members(client);
        say("It is felt everywhere within 30 seconds.");
    });
    Ok(())
}

fn print_made(made: &Value) {
    show::fields(made, &[("Client id", "clientId")]);
    if made.get("clientSecret").is_some_and(Value::is_string) {
        show::secret("Secret", made, "clientSecret");
    }
}
