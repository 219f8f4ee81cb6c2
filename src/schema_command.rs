//! `schema add`, `schema list`, `schema remove`: the attributes a tenant has beside those of RFC 7643.

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};
use serverless_scim::home::{Error, Place, find_tenant};
use serverless_scim::schema::{
    Document, GROUP, ResourceType, SCHEMA_BYTES_MAX, TenantSchema, USER,
};

use super::Kept;

#[derive(Debug, Subcommand)]
pub(super) enum Schema {
    /// Register a schema document (RFC 7643 section 7), or replace it.
    Add {
        /// JSON: an extension with a URN of its own, or more attributes for the URN of a built-in schema.
        file: PathBuf,
        /// What an extension extends [default: user].
        #[arg(long, ignore_case = true)]
        resource_type: Option<Extends>,
        #[command(flatten)]
        whose: Whose,
    },
    /// The tenant's own schemas.
    List {
        #[command(flatten)]
        whose: Whose,
    },
    /// Take a schema away. Values stored under it stay, but are shown no more.
    Remove {
        urn: String,
        #[command(flatten)]
        whose: Whose,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Whose {
    #[arg(long, value_name = "NAME")]
    tenant: String,
    #[command(flatten)]
    place: Kept,
    /// Print one line of JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Extends {
    User,
    Group,
}

pub(super) async fn run(command: Schema) -> Result<(), Error> {
    match command {
        Schema::Add {
            file,
            resource_type,
            whose,
        } => add(&file, resource_type, whose).await,
        Schema::List { whose } => list(whose).await,
        Schema::Remove { urn, whose } => remove(&urn, whose).await,
    }
}

async fn add(file: &Path, extends: Option<Extends>, whose: Whose) -> Result<(), Error> {
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let size = std::fs::metadata(file)
        .map_err(|error| named(&error))?
        .len();
    if size > 2 * SCHEMA_BYTES_MAX as u64 {
        return Err(named(&format!("the file has more than {SCHEMA_BYTES_MAX} bytes")).into());
    }
    let text = std::fs::read_to_string(file).map_err(|error| named(&error))?;
    let resource_type = extends.map(|extends| -> &'static ResourceType {
        match extends {
            Extends::User => &USER,
            Extends::Group => &GROUP,
        }
    });
    let place = Place::from(whose.place);
    let store = place.open().await?;
    let tenant = find_tenant(&store, &whose.tenant, &place).await?;
    let added = store.add_schema(&tenant, &text, resource_type).await;
    let (schema, replaced) = added.map_err(|error| named(&error))?;
    if whose.json {
        let mut line = shown(&schema);
        line.extend([("replaced".to_owned(), replaced.into())]);
        println!("{}", Value::Object(line));
    } else {
        let verb = if replaced { "Replaced" } else { "Added" };
        println!("{verb} {} for {}.", schema.schema.id, whose.tenant);
        println!("It is in force everywhere within 30 seconds.");
    }
    Ok(())
}

async fn list(whose: Whose) -> Result<(), Error> {
    let place = Place::from(whose.place);
    let store = place.open().await?;
    let tenant = find_tenant(&store, &whose.tenant, &place).await?;
    let schemas = store.schemas(&tenant).await?;
    if whose.json {
        println!("{}", schemas.iter().map(shown).collect::<Value>());
        return Ok(());
    }
    if schemas.is_empty() {
        println!("{} has no schemas of its own.", whose.tenant);
        return Ok(());
    }
    let width = schemas.iter().map(|schema| schema.schema.id.len()).max();
    let width = width.unwrap_or_default();
    println!("{:width$}  resource type  attributes", "schema");
    for schema in &schemas {
        let (kind, attributes) = (schema.resource_type.name, schema.attributes());
        println!("{:width$}  {kind:13}  {attributes:10}", schema.schema.id);
    }
    Ok(())
}

async fn remove(urn: &str, whose: Whose) -> Result<(), Error> {
    let place = Place::from(whose.place);
    let store = place.open().await?;
    let tenant = find_tenant(&store, &whose.tenant, &place).await?;
    if !store.remove_schema(&tenant, urn).await? {
        return Err(format!(
            "{} has no schema \"{urn}\"; see those it has: serverless-scim schema list --tenant {} {}",
            whose.tenant,
            whose.tenant,
            place.options()
        )
        .into());
    }
    if whose.json {
        println!("{}", json!({ "schema": urn, "removed": true }));
    } else {
        println!("Removed {urn} from {}.", whose.tenant);
        println!(
            "Its attributes are gone everywhere within 30 seconds; stored values come back with the schema."
        );
    }
    Ok(())
}

fn shown(schema: &TenantSchema) -> Document {
    Document::from_iter([
        ("schema".to_owned(), json!(schema.schema.id)),
        ("resourceType".to_owned(), json!(schema.resource_type.name)),
        ("attributes".to_owned(), json!(schema.attributes())),
    ])
}
