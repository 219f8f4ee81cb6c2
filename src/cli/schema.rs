//! `schema`: the attributes a tenant has beside those of RFC 7643.

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};

use super::failure::Failure;
use super::given::{self, Page, document, segment, text};
use super::out::say;
use super::show;
use super::whose::OfTenant;

const COLUMNS: show::Columns = &[
    ("schema", "schema"),
    ("resource type", "resourceType"),
    ("attributes", "attributes"),
];

#[derive(Debug, Subcommand)]
pub(super) enum Schema {
    /// Register a schema document (RFC 7643 section 7), or replace it.
    Add {
        /// JSON: an extension with a URN of its own, or more attributes for the URN of a built-in schema; - for standard input.
        file: PathBuf,
        /// What an extension extends [default: user].
        #[arg(long, ignore_case = true)]
        resource_type: Option<Extends>,
        #[command(flatten)]
        of: OfTenant,
    },
    /// The tenant's own schemas.
    List {
        #[command(flatten)]
        page: Page,
        #[command(flatten)]
        of: OfTenant,
    },
    /// A tenant's own schema, as JSON.
    Show {
        /// The id of the schema document.
        #[arg(value_parser = given::name)]
        urn: String,
        #[command(flatten)]
        of: OfTenant,
    },
    /// Take a schema away. Values stored under it stay, but are shown no more.
    Remove {
        /// The id of the schema document.
        #[arg(value_parser = given::name)]
        urn: String,
        #[command(flatten)]
        of: OfTenant,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Extends {
    User,
    Group,
}

pub(super) async fn run(command: Schema) -> Result<(), Failure> {
    match command {
        Schema::Add {
            file,
            resource_type,
            of,
        } => add(&file, resource_type, of).await,
        Schema::List { page, of } => {
            let none = format!("{} has no schemas of its own.", of.tenant);
            let (caller, path) = of.open().await?;
            let list = caller.get(&page.of(&format!("{path}/schemas"))).await?;
            caller.print_list(&list, COLUMNS, &none);
            Ok(())
        }
        Schema::Show { urn, of } => {
            let (caller, path) = of.open().await?;
            let schema = caller
                .get(&format!("{path}/schemas/{}", segment(&urn)))
                .await?;
            caller.print(&schema, |schema| say(format_args!("{schema:#}")));
            Ok(())
        }
        Schema::Remove { urn, of } => {
            let tenant = of.tenant.clone();
            let (caller, path) = of.open().await?;
            let path = format!("{path}/schemas/{}", segment(&urn));
            caller.print(&caller.delete(&path).await?, |_| {
                say(format_args!("Removed {urn} from {tenant}."));
                say("Its attributes are gone everywhere within 30 seconds; stored values come back with the schema.");
            });
            Ok(())
        }
    }
}

async fn add(file: &Path, extends: Option<Extends>, of: OfTenant) -> Result<(), Failure> {
    let schema = document(file)?;
    let query = match extends {
        None => "",
        Some(Extends::User) => "?resourceType=User",
        Some(Extends::Group) => "?resourceType=Group",
    };
    let tenant = of.tenant.clone();
    let (caller, path) = of.open().await?;
    let added = caller.post(&format!("{path}/schemas{query}"), schema).await;
    let added = added.map_err(|failure| failure.after(&file.display().to_string()))?;
    caller.print(&added, |added| {
        let replaced = added.get("replaced").and_then(serde_json::Value::as_bool);
        let verb = if replaced == Some(true) {
            "Replaced"
        } else {
            "Added"
        };
        say(format_args!(
            "{verb} {} for {tenant}.",
            text(added, "schema")
        ));
        say("It is in force everywhere within 30 seconds.");
    });
    Ok(())
}
