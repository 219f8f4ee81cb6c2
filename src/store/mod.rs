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
mod erase;
mod error;
mod host;
mod id;
mod identity;
mod kept;
mod keys;
mod lanes;
mod list;
mod log;
mod members;
mod modify;
mod nested;
mod outbox;
mod paging;
mod pass;
mod rate;
mod read;
mod record;
mod refusals;
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
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

pub use aliases::EMAILS_MAX;
pub use check::{Finding, Progress, Repair, Report, Waiting};
pub use commit::Sizes;
pub use erase::Erased;
pub use error::StoreError;
pub use host::Host;
pub use id::Id;
pub use identity::{
    Action, AdminKey, AdminSecret, AuthMethod, CLIENT_SECRETS_MAX, CONNECTIONS_MAX, Client,
    ClientChange, ClientSecret, Collection, Connection, Credential, EXPIRY_MIN_S, EntraBearer,
    Expiry, Federation, Holder, IdentityError, LABEL_MAX, NewClient, NewConnection, NewToken,
    OnDelete, Policies, PolicyError, Provider, RATE_MAX, REQUIRED_MAX, ROTATION_S, Refused,
    SEATS_MAX, Said, Scope, Scopes, Secret, SecretKind, State, TenantChange, TenantInfo, Token,
    TokenError, UnknownMembers, Verb, presence,
};
pub use kept::Kept;
pub use keys::TenantScope;
pub use lanes::CHANGED_MAX;
pub use list::SCAN_MAX;
pub use log::{LOG_PAGE_MAX, LogCursor, LogCursorError, LogEntry, LogEvent, LogPage, LogQuery};
pub use members::{Change, Holds};
pub use nested::NESTING_MAX;
pub use paging::{COUNT_MAX, Page, Paging, Position, Sort, Start};
pub use rate::{BURST_S, TooFast, WINDOW_S};
pub use read::{GROUPS_SHOWN_MAX, MEMBERS_SHOWN_MAX, Membership};
pub use record::{DOCUMENT_MAX, DOCUMENT_VALUES_MAX, Record};
pub use refusals::{REFUSALS_PER_SECOND, Refusal};
pub use schemas::{RegisterError, SCHEMAS_MAX};
pub use search::{SORT_MAX, position};
pub use tick::Ticked;

use crate::schema::Quirks;
use crate::table::{Fenced, Sessions, Table};
use directory::Tails;
use identity::Credentials;
use outbox::Noted;
use rate::Rates;
use refusals::Noise;

/// The table with what one instance remembers about it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    table: Arc<dyn Table>,
    /// Opens the table for one tenant, where tenants have credentials of their own.
    sessions: Option<Sessions>,
    host: Arc<dyn Host>,
    sizes: Sizes,
    tails: Tails,
    credentials: Credentials,
    rates: Rates,
    noise: Noise,
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
    /// Behind a fence around the tenant.
    table: Arc<dyn Table>,
    scope: TenantScope,
    /// Which credential the outbox names, and which connection (empty where the service itself acts). Who finishes
    /// another's change writes in its name, not in its own.
    actor: String,
    through: String,
    /// Whose policies bind the request; `None` where the service itself acts.
    connection: Option<Arc<Connection>>,
    /// Attributes of which twins may exist, as far as is known.
    twins_ever: BTreeSet<String>,
    /// Whether a group was ever a member, as far as is known.
    nested: bool,
    request: Request,
    /// When the whole request began, of which this may be one operation; milliseconds since 1970.
    begun: i64,
    /// When work is given up that others can do later; milliseconds since 1970.
    deadline: i64,
    noted: Arc<Mutex<Noted>>,
}

impl Store {
    pub fn new(table: Arc<dyn Table>, host: Arc<dyn Host>) -> Self {
        Self::over(table, None, host, Sizes::default())
    }

    /// The same with other sizes than DynamoDB's, so that a simulation needs few members for a big change.
    pub fn with_sizes(table: Arc<dyn Table>, host: Arc<dyn Host>, sizes: Sizes) -> Self {
        Self::over(table, None, host, sizes)
    }

    /// The same where each tenant's requests reach the table through a session of that tenant alone.
    pub fn with_sessions(table: Arc<dyn Table>, sessions: Sessions, host: Arc<dyn Host>) -> Self {
        Self::over(table, Some(sessions), host, Sizes::default())
    }

    fn over(
        table: Arc<dyn Table>,
        sessions: Option<Sessions>,
        host: Arc<dyn Host>,
        sizes: Sizes,
    ) -> Self {
        let (tails, credentials) = (Tails::default(), Credentials::default());
        Self {
            shared: Arc::new(Shared {
                table,
                sessions,
                host,
                sizes,
                tails,
                credentials,
                rates: Rates::default(),
                noise: Noise::default(),
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
        let (begun, deadline) = (request.started, request.started + commit::DEADLINE_MS);
        Tenant {
            store: self.clone(),
            table: self.fenced(&scope),
            scope,
            actor,
            through: connection.id.clone(),
            connection: Some(connection),
            twins_ever,
            nested,
            request,
            begun,
            deadline,
            noted: Arc::default(),
        }
    }

    /// The tenant in our own hands, named in the outbox by what we do: bound by nothing that was agreed.
    fn ourselves(&self, scope: &TenantScope, actor: &str, most_ms: i64) -> Tenant {
        let started = self.host().now_ms();
        Tenant {
            store: self.clone(),
            table: self.fenced(scope),
            scope: scope.clone(),
            actor: actor.to_owned(),
            through: String::new(),
            connection: None,
            twins_ever: BTreeSet::new(),
            // Nothing is added, and no group shown.
            nested: true,
            request: Request {
                id: format!("{actor}-{}", outbox::draw_generation(self.host())),
                started,
            },
            begun: started,
            deadline: started + most_ms,
            noted: Arc::default(),
        }
    }

    /// The table, as far as it is this tenant's.
    fn fenced(&self, scope: &TenantScope) -> Arc<dyn Table> {
        let table = match &self.shared.sessions {
            None => Arc::clone(&self.shared.table),
            Some(sessions) => sessions.of(&scope.to_string()),
        };
        Arc::new(Fenced::new(table, scope.settings()))
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

    /// What the request is called in the log.
    pub fn request_id(&self) -> &str {
        &self.request.id
    }

    /// Notes for the log what the request relied on so far, and how it is answered where all goes well.
    pub fn note(&self, quirks: &Quirks, status: u16) {
        let quirks = quirks.clone();
        *self.noted() = Noted { quirks, status };
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.table.as_ref()
    }

    fn host(&self) -> &dyn Host {
        self.store.host()
    }

    /// What was agreed with the customer; the service itself is bound by nothing.
    pub fn policies(&self) -> &Policies {
        static NONE: LazyLock<Policies> = LazyLock::new(Policies::default);
        let connection = self.connection.as_deref();
        connection.map_or(&NONE, |connection| &connection.policies)
    }

    fn sizes(&self) -> Sizes {
        self.store.shared.sizes
    }
}
