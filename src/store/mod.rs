//! Resources and memberships on one table: keys, plans, lookups, paging. RFC 7644 §3.
//!
//! Every change is one transaction, its outbox item included; every read that decides a write is strong.

mod access;
mod aliases;
mod check;
mod commit;
mod create;
mod delete;
mod derived;
mod directory;
mod error;
mod host;
mod id;
mod keys;
mod lanes;
mod list;
mod members;
mod modify;
mod nested;
mod outbox;
mod paging;
mod pass;
mod read;
mod record;
mod roll_forward;
mod roster;
mod schemas;
mod search;
#[cfg(feature = "local")]
pub mod seed;
mod sweep;
mod tenants;
mod tick;
mod token;

use std::sync::Arc;

pub use aliases::EMAILS_MAX;
pub use check::{Finding, Progress, Repair, Report, Waiting};
pub use commit::Sizes;
pub use error::StoreError;
pub use host::Host;
pub use id::Id;
pub use keys::TenantScope;
pub use lanes::CHANGED_MAX;
pub use list::SCAN_MAX;
pub use members::Change;
pub use nested::NESTING_MAX;
pub use paging::{COUNT_MAX, Page, Paging, Position, Sort, Start};
pub use read::{GROUPS_SHOWN_MAX, MEMBERS_SHOWN_MAX, Membership};
pub use record::{DOCUMENT_MAX, Record};
pub use schemas::{RegisterError, SCHEMAS_MAX};
pub use search::SORT_MAX;
pub use tenants::{Credential, TenantError};
pub use tick::Ticked;
pub use token::{Secret, TokenError};

use crate::table::Table;
use directory::Tails;
use tenants::Credentials;

/// The table with what one instance remembers about it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    table: Arc<dyn Table>,
    host: Arc<dyn Host>,
    sizes: Sizes,
    tails: Tails,
    credentials: Credentials,
}

/// Who asks, and since when: what the outbox notes and the deadline counts from.
#[derive(Debug, Clone)]
pub struct Request {
    /// Names the request in logs, in the outbox and to the client.
    pub id: String,
    /// Milliseconds since 1970.
    pub started: i64,
}

/// One tenant's resources, as one request sees and changes them.
#[derive(Debug, Clone)]
pub struct Tenant {
    store: Store,
    scope: TenantScope,
    /// Which credential acts.
    actor: String,
    /// Whether a group was ever a member, as far as is known.
    nested: bool,
    request: Request,
    /// When the whole request began, of which this may be one operation; milliseconds since 1970.
    begun: i64,
    /// When work is given up that others can do later; milliseconds since 1970.
    deadline: i64,
}

impl Store {
    pub fn new(table: Arc<dyn Table>, host: Arc<dyn Host>) -> Self {
        Self::with_sizes(table, host, Sizes::default())
    }

    /// The same with other sizes than DynamoDB's, so that a simulation needs few members for a big change.
    pub fn with_sizes(table: Arc<dyn Table>, host: Arc<dyn Host>, sizes: Sizes) -> Self {
        let (tails, credentials) = (Tails::default(), Credentials::default());
        Self {
            shared: Arc::new(Shared {
                table,
                host,
                sizes,
                tails,
                credentials,
            }),
        }
    }

    /// The tenant that `credential` names.
    pub fn tenant(&self, credential: &Credential, request: Request) -> Tenant {
        let Credential {
            scope,
            actor,
            nested,
            ..
        } = credential.clone();
        let (begun, deadline) = (request.started, request.started + commit::DEADLINE_MS);
        Tenant {
            store: self.clone(),
            scope,
            actor,
            nested,
            request,
            begun,
            deadline,
        }
    }

    pub fn host(&self) -> &dyn Host {
        self.shared.host.as_ref()
    }

    fn table(&self) -> &dyn Table {
        self.shared.table.as_ref()
    }
}

impl Tenant {
    /// The tenant's id, for the log.
    pub fn scope(&self) -> &TenantScope {
        &self.scope
    }

    /// The same within a larger request: the answer is due in that one's time.
    #[must_use]
    pub fn within(self, whole: &Request) -> Self {
        Self {
            begun: whole.started,
            ..self
        }
    }

    fn table(&self) -> &dyn Table {
        self.store.table()
    }

    fn host(&self) -> &dyn Host {
        self.store.host()
    }

    fn sizes(&self) -> Sizes {
        self.store.shared.sizes
    }
}
