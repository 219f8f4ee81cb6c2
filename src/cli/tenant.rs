//! `tenant`: the customers served.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::call::{Access, Caller};
use super::failure::Failure;
use super::given::{self, Page, given};
use super::out::say;
use super::{erase, show, whose};

const COLUMNS: show::Columns = &[
    ("name", "name"),
    ("id", "id"),
    ("display name", "displayName"),
    ("provider", "provider"),
    ("state", "state"),
    ("created", "created"),
];
/// What the first connection and the first token of a new tenant are called.
const FIRST_CONNECTION: &str = "default";
const FIRST_TOKEN: &str = "first token";

#[derive(Debug, Subcommand)]
pub(super) enum Tenant {
    /// Create a tenant, its first connection and its first token.
    Create {
        /// 1 to 63 letters, digits, dots, dashes or underscores.
        name: String,
        #[command(flatten)]
        about: About,
        #[command(flatten)]
        access: Access,
    },
    /// The tenants there are.
    List {
        #[command(flatten)]
        page: Page,
        #[command(flatten)]
        access: Access,
    },
    /// All about one tenant.
    Show(One),
    /// Change what is said about a tenant, or how long its tokens live.
    Change {
        #[command(flatten)]
        about: About,
        #[command(flatten)]
        one: One,
    },
    /// Refuse every request of a tenant; nothing is lost.
    Suspend(One),
    /// Serve a suspended tenant again.
    Resume(One),
    /// Erase a tenant with everything it has. There is no way back.
    Erase {
        /// The name once more.
        #[arg(long, value_name = "NAME")]
        confirm: String,
        #[command(flatten)]
        one: One,
    },
}

/// A tenant named by itself.
#[derive(Debug, Args)]
pub(super) struct One {
    /// The tenant's name or id.
    #[arg(value_parser = given::name)]
    pub(super) name: String,
    #[command(flatten)]
    pub(super) access: Access,
}

/// What is said of a tenant.
#[derive(Debug, Args)]
pub(super) struct About {
    /// What people call it.
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// Where its people come from: what new connections are for where nothing else is said. Those there are stay.
    #[arg(long, value_parser = given::PROVIDERS)]
    provider: Option<String>,
    /// How long a token lives where nothing is said: 90d, 12h, or none for no end.
    #[arg(long, value_name = "TIME", value_parser = given::seconds_or_none)]
    token_expiry_default: Option<given::Limit>,
    /// The longest a token may live: 365d, or none for no limit.
    #[arg(long, value_name = "TIME", value_parser = given::seconds_or_none)]
    token_expiry_maximum: Option<given::Limit>,
}

impl About {
    /// The members that were given; null clears.
    fn members(&self) -> Map<String, Value> {
        let text = |text: &Option<String>| text.as_ref().map(|text| json!(text));
        let limit = |limit: Option<given::Limit>| limit.map(|given::Limit(seconds)| json!(seconds));
        let members = [
            ("displayName", text(&self.display_name)),
            ("provider", text(&self.provider)),
            ("tokenExpiryDefault", limit(self.token_expiry_default)),
            ("tokenExpiryMaximum", limit(self.token_expiry_maximum)),
        ];
        let members = members.into_iter();
        members
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    }
}

pub(super) async fn run(command: Tenant) -> Result<(), Failure> {
    match command {
        Tenant::Create {
            name,
            about,
            access,
        } => create(&access.open_new().await?, &name, &about).await,
        Tenant::List { page, access } => {
            let caller = access.open().await?;
            let tenants = caller.get(&page.of("/tenants")).await?;
            caller.print_list(&tenants, COLUMNS, "There are no tenants.");
            Ok(())
        }
        Tenant::Show(one) => {
            let caller = one.access.open().await?;
            let tenant = caller.get(&whose::tenant(&one.name)).await?;
            caller.print(&tenant, show::members);
            Ok(())
        }
        Tenant::Change { about, one } => change(one, about.members(), "Changed").await,
        Tenant::Suspend(one) => change(one, state("suspended"), "Suspended").await,
        Tenant::Resume(one) => change(one, state("active"), "Resumed").await,
        Tenant::Erase { confirm, one } => erase::run(one, &confirm).await,
    }
}

/// A tenant with a connection and a token of it: three requests, for a tenant alone serves nobody.
async fn create(caller: &Caller, name: &str, about: &About) -> Result<(), Failure> {
    let mut body = about.members();
    body.insert("name".to_owned(), json!(name));
    let tenant = caller.post("/tenants", Value::Object(body)).await?;
    let path = whose::tenant(name);
    let provider = about.provider.as_ref();
    let unfinished = |failure: Failure| {
        failure.after(&format!(
            "{name} is created, but not its connection and its token"
        ))
    };
    let body = given(json!({ "name": FIRST_CONNECTION, "provider": provider }));
    let connection = caller.post(&format!("{path}/connections"), body).await;
    let connection = connection.map_err(unfinished)?;
    let id = given::text(&connection, "id");
    let body = json!({ "label": FIRST_TOKEN });
    let token = caller
        .post(&format!("{path}/connections/{id}/tokens"), body)
        .await
        .map_err(unfinished)?;
    let made = json!({
        "tenant": name,
        "id": tenant.get("id"),
        "connection": id,
        "secretToken": token.get("token"),
    });
    caller.print(&made, |made| {
        show::field("Tenant", name);
        show::secret("Secret Token", made, "secretToken");
    });
    Ok(())
}

fn state(name: &str) -> Map<String, Value> {
    Map::from_iter([("state".to_owned(), json!(name))])
}

async fn change(one: One, members: Map<String, Value>, done: &str) -> Result<(), Failure> {
    if members.is_empty() {
        let why = "nothing to change; see what can be: serverless-scim tenant change --help";
        return Err(Failure::Unasked(why.to_owned()));
    }
    let caller = one.access.open().await?;
    let path = whose::tenant(&one.name);
    let tenant = caller.patch(&path, Value::Object(members)).await?;
    caller.print(&tenant, |_| {
        say(format_args!(
            "{done} {}. It is felt everywhere within 30 seconds.",
            one.name
        ));
    });
    Ok(())
}
