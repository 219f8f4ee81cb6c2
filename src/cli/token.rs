//! `token`: the secret tokens of a connection.

use clap::Subcommand;
use serde_json::{Value, json};

use super::call::Caller;
use super::failure::Failure;
use super::given::{self, Page, given, segment};
use super::out::say;
use super::show;
use super::whose::OfConnection;

const COLUMNS: show::Columns = &[
    ("id", "id"),
    ("label", "label"),
    ("scopes", "scopes"),
    ("created", "created"),
    ("last used", "lastUsed"),
    ("ends", "expiresAt"),
    ("revoked", "revokedAt"),
    ("replaces", "replaces"),
];

#[derive(Debug, Subcommand)]
pub(super) enum Token {
    /// Create a further token. It is shown once.
    Create {
        #[command(flatten)]
        of: OfConnection,
        /// What the token is for.
        #[arg(long)]
        label: Option<String>,
        /// How long it lives, such as 90d; without it, as the tenant's rules say.
        #[arg(long, value_name = "TIME", value_parser = given::seconds)]
        expires_in: Option<i64>,
        /// What it may do, such as get:users,patch:users; without it, everything.
        #[arg(long, value_delimiter = ',')]
        scopes: Option<Vec<String>>,
    },
    /// The tokens of a connection; never their text.
    List {
        #[command(flatten)]
        page: Page,
        #[command(flatten)]
        of: OfConnection,
    },
    /// End a token for good.
    Revoke {
        /// Its id, as token list shows it.
        #[arg(value_parser = given::name)]
        id: String,
        #[command(flatten)]
        of: OfConnection,
    },
    /// Make a successor without an outage: the token ends some time after the successor's first use.
    Rotate {
        /// Its id, as token list shows it.
        #[arg(value_parser = given::name)]
        id: String,
        /// How long the token lives on once its successor is used [default: 24h].
        #[arg(long, value_name = "TIME", value_parser = given::seconds)]
        retire_after: Option<i64>,
        #[command(flatten)]
        of: OfConnection,
    },
    /// Say what a token is for.
    Label {
        /// Its id, as token list shows it.
        #[arg(value_parser = given::name)]
        id: String,
        /// What it is for.
        label: String,
        #[command(flatten)]
        of: OfConnection,
    },
}

pub(super) async fn run(command: Token) -> Result<(), Failure> {
    match command {
        Token::Create {
            of,
            label,
            expires_in,
            scopes,
        } => {
            let tenant = of.tenant().to_owned();
            let (caller, path) = of.open().await?;
            let body = json!({ "label": label, "expiresIn": expires_in, "scopes": scopes });
            let made = caller.post(&format!("{path}/tokens"), given(body)).await?;
            show_made(&caller, &tenant, made);
        }
        Token::List { page, of } => {
            let (caller, path) = of.open().await?;
            let tokens = caller.get(&page.of(&format!("{path}/tokens"))).await?;
            caller.print_list(&tokens, COLUMNS, "There are no tokens.");
        }
        Token::Revoke { id, of } => {
            let (caller, path) = of.open().await?;
            let path = format!("{path}/tokens/{}", segment(&id));
            caller.print(&caller.delete(&path).await?, |_| {
                say(format_args!(
                    "Revoked {id}. It is refused everywhere within 30 seconds."
                ));
            });
        }
        Token::Rotate {
            id,
            retire_after,
            of,
        } => {
            let tenant = of.tenant().to_owned();
            let (caller, path) = of.open().await?;
            let path = format!("{path}/tokens/{}/rotate", segment(&id));
            let body = json!({ "retireAfter": retire_after });
            let made = caller.post(&path, given(body)).await?;
            show_made(&caller, &tenant, made);
            if !caller.json {
                say(
                    "Paste it in the old one's place. The old one stays good until then, and for some time after.",
                );
            }
        }
        Token::Label { id, label, of } => {
            let (caller, path) = of.open().await?;
            let path = format!("{path}/tokens/{}", segment(&id));
            let token = caller.patch(&path, json!({ "label": label })).await?;
            caller.print(&token, |_| say(format_args!("{id} is labelled so.")));
        }
    }
    Ok(())
}

/// A token that was just made. For scripts it bears the name that `serve` and `tenant create` give it, too.
fn show_made(caller: &Caller, tenant: &str, mut made: Value) {
    let token = made.get("token").cloned();
    if let Value::Object(members) = &mut made {
        members.insert("tenant".to_owned(), json!(tenant));
        members.insert("secretToken".to_owned(), json!(token));
    }
    caller.print(&made, |made| {
        show::field("Tenant", tenant);
        show::secret("Secret Token", made, "token");
        show::fields(made, &[("Token id", "id"), ("Ends", "expiresAt")]);
    });
}
