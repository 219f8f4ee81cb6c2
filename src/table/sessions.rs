//! Credentials for one tenant alone: a role taken with the tenant as a session tag, which its policy compares with the
//! leading key of every item.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_config::SdkConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};
use tokio::sync::OnceCell;

use super::{DynamoDb, Table};

/// The session tag that the role's policy compares: `T#${aws:PrincipalTag/tenant}`.
const TAG: &str = "tenant";
/// Tenants whose sessions one instance keeps; each is a client with its connections.
const KEPT_MAX: usize = 200;

/// Opens the table for one tenant at a time.
#[derive(Debug)]
pub struct Sessions {
    config: SdkConfig,
    table: String,
    role: String,
    open: Mutex<HashMap<String, Arc<DynamoDb>>>,
}

impl Sessions {
    /// `role` is the ARN of a role that the process may take with a session tag.
    pub fn new(config: SdkConfig, table: String, role: String) -> Self {
        let open = Mutex::default();
        Self {
            config,
            table,
            role,
            open,
        }
    }

    /// The table as this tenant's session sees it. The role is taken at the first call, and again before it ends.
    pub fn of(&self, tenant: &str) -> Arc<dyn Table> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(table) = open.get(tenant) {
            return Arc::clone(table) as Arc<dyn Table>;
        }
        if open.len() >= KEPT_MAX {
            open.clear();
        }
        let credentials = TenantCredentials {
            config: self.config.clone(),
            role: self.role.clone(),
            tenant: tenant.to_owned(),
            provider: OnceCell::new(),
        };
        let config = self.config.to_builder();
        let config = config.credentials_provider(SharedCredentialsProvider::new(credentials));
        let table = Arc::new(DynamoDb::from_config(&config.build(), self.table.clone()));
        open.insert(tenant.to_owned(), Arc::clone(&table));
        table
    }
}

/// The SDK's own provider, made when it is first asked; the client keeps what it gives until shortly before it ends.
struct TenantCredentials {
    config: SdkConfig,
    role: String,
    tenant: String,
    provider: OnceCell<AssumeRoleProvider>,
}

impl TenantCredentials {
    async fn ask(&self) -> provider::Result {
        let provider = self.provider.get_or_init(|| {
            AssumeRoleProvider::builder(&self.role)
                .session_name(format!("scim-{}", self.tenant))
                .tags([(TAG, &self.tenant)])
                .configure(&self.config)
                .build()
        });
        provider.await.provide_credentials().await
    }
}

impl ProvideCredentials for TenantCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.ask())
    }
}

impl fmt::Debug for TenantCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TenantCredentials({})", self.tenant)
    }
}
