//! Of which tenant, and of which of its connections.

use clap::Args;
use serde_json::Value;

use super::call::{Access, Caller};
use super::failure::Failure;
use super::given::{self, segment};

/// A tenant.
#[derive(Debug, Args)]
pub(super) struct OfTenant {
    /// The tenant's name or id.
    #[arg(long, value_name = "NAME", value_parser = given::name)]
    pub(super) tenant: String,
    #[command(flatten)]
    access: Access,
}

/// A connection of a tenant.
#[derive(Debug, Args)]
pub(super) struct OfConnection {
    #[command(flatten)]
    of: OfTenant,
    /// The connection's name or id; not needed where the tenant has only one.
    #[arg(long, value_name = "NAME", value_parser = given::name)]
    connection: Option<String>,
}

impl OfTenant {
    /// Who to ask, and the tenant's path.
    pub(super) async fn open(self) -> Result<(Caller, String), Failure> {
        let path = tenant(&self.tenant);
        Ok((self.access.open().await?, path))
    }
}

impl OfConnection {
    pub(super) fn tenant(&self) -> &str {
        &self.of.tenant
    }

    /// Who to ask, and the connection's path.
    pub(super) async fn open(self) -> Result<(Caller, String), Failure> {
        let tenant = self.of.tenant.clone();
        let (caller, path) = self.of.open().await?;
        let connection = match self.connection {
            Some(connection) => connection,
            None => only(&caller, &tenant, &path).await?,
        };
        Ok((
            caller,
            format!("{path}/connections/{}", segment(&connection)),
        ))
    }
}

pub(super) fn tenant(name: &str) -> String {
    format!("/tenants/{}", segment(name))
}

/// The id of the tenant's only connection.
async fn only(caller: &Caller, tenant: &str, path: &str) -> Result<String, Failure> {
    let connections = caller.get(&format!("{path}/connections")).await?;
    let connections = connections.get("items").and_then(Value::as_array);
    let member = |connection: &Value, name: &str| {
        let text = connection.get(name).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    match connections.map(Vec::as_slice).unwrap_or_default() {
        [one] => Ok(member(one, "id")),
        [] => Err(Failure::Refused(format!(
            "{tenant} has no connection; create one: serverless-scim connection create NAME --tenant {tenant} {}",
            caller.options
        ))),
        several => {
            let names: Vec<String> = several.iter().map(|one| member(one, "name")).collect();
            Err(Failure::Refused(format!(
                "{tenant} has several connections; add --connection with one of: {}",
                names.join(", ")
            )))
        }
    }
}
