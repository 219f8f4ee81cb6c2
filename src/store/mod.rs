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
mod identity;
mod kept;
mod keys;
mod lanes;
mod list;
mod members;
mod modify;
mod nested;
mod outbox;
mod paging;
mod pass;
mod rate;
mod read;
mod record;
mod roll_forward;
mod roster;
mod schemas;
mod search;
mod seats;
#[cfg(feature = "local")]
pub mod seed;
mod sweep;
mod tick;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use aliases::EMAILS_MAX;
pub use check::{Finding, Progress, Repair, Report, Waiting};
pub use commit::Sizes;
pub use error::StoreError;
pub use host::Host;
pub use id::Id;
pub use identity::{
    Action, AdminKey, AdminSecret, AuthMethod, CLIENT_SECRETS_MAX, CONNECTIONS_MAX, Client,
    ClientChange, ClientSecret, Collection, Connection, Credential, EXPIRY_MIN_S, EntraBearer,
    Expiry, Federation, IdentityError, LABEL_MAX, NewClient, NewConnection, NewToken, OnDelete,
    Policies, PolicyError, Provider, RATE_MAX, REQUIRED_MAX, ROTATION_S, Refused, SEATS_MAX, Scope,
    Scopes, Secret, SecretKind, State, TenantChange, TenantInfo, Token, TokenError, UnknownMembers,
    Verb, presence,
};
pub use kept::Kept;
pub use keys::TenantScope;
pub use lanes::CHANGED_MAX;
pub use list::SCAN_MAX;
pub use members::Change;
pub use nested::NESTING_MAX;
pub use paging::{COUNT_MAX, Page, Paging, Position, Sort, Start};
pub use rate::{BURST_S, TooFast, WINDOW_S};
pub use read::{GROUPS_SHOWN_MAX, MEMBERS_SHOWN_MAX, Membership};
pub use record::{DOCUMENT_MAX, Record};
pub use schemas::{RegisterError, SCHEMAS_MAX};
pub use search::SORT_MAX;
pub use tick::Ticked;

use crate::table::Table;
use directory::Tails;
use identity::Credentials;
use rate::Rates;

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
    rates: Rates,
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
    /// Through which connection; `None` where the service itself acts.
    connection: Option<Arc<Connection>>,
    /// Attributes of which twins may exist, as far as is known.
    twins_ever: BTreeSet<String>,
    /// Whether a group was ever a member, as far as is known.
    nested: bool,
    request: Request,
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
                rates: Rates::default(),
            }),
        }
    }

    /// The tenant that `credential` names.
    pub fn tenant(&self, credential: &Credential, request: Request) -> Tenant {
        let Credential {
            scope,
            actor,
            connection,
            nested,
            twins_ever,
            ..
        } = credential.clone();
        let deadline = request.started + commit::DEADLINE_MS;
        Tenant {
            store: self.clone(),
            scope,
            actor,
            connection: Some(connection),
            twins_ever,
            nested,
            request,
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

    fn table(&self) -> &dyn Table {
        self.store.table()
    }

    fn host(&self) -> &dyn Host {
        self.store.host()
    }

    /// What was agreed with the customer; the service itself is bound by nothing.
    pub fn policies(&self) -> &Policies {
        const NONE: &Policies = &Policies::NONE;
        let connection = self.connection.as_deref();
        connection.map_or(NONE, |connection| &connection.policies)
    }

    fn sizes(&self) -> Sizes {
        self.store.shared.sizes
    }
}
