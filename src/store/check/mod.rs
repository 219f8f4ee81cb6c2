//! Checking a whole table: every item is read, each tenant's are judged, and what seems wrong is looked at again.

mod claims;
mod facts;
mod fault;
mod look;
mod mend;
mod mend_change;
mod mend_edge;
mod repair;
mod report;
mod resource;
mod rules;
mod shape;
mod witness;
mod words;

use std::collections::{BTreeMap, BTreeSet};

pub use repair::Repair;
pub use report::{Finding, Report};
pub use rules::Waiting;

use super::keys::{Entity, TenantScope, parse};
use super::{State, Store, StoreError, Tenant, identity};
use crate::schema::timestamp;
use crate::table::{Cursor, Index, Item, Page, Query};
use facts::Facts;
use fault::Fault;

/// What is seen twice, so long apart, and before that in the scan, is no change under way.
const PAUSE_MS: u64 = 500;
const LOOKS: usize = 2;
/// Items of an erased tenant after which no more are looked for.
const LEFT_MAX: usize = 1_000;
/// Tries of a read while the table is busy.
const TRIES: u32 = 20;
/// What waits longer, some passes should have found.
const LATE_MS: i64 = 2 * 3_600_000;
/// How long one repair, or one pass, may take.
const STEP_MS: i64 = 20_000;
/// Who acts, in the outbox and in the items' history.
const ACTOR: &str = "check";

/// How far a check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Items read so far.
    Read(u64),
    /// Suspicions to be looked at again.
    Suspects(usize),
}

impl Store {
    /// Reads the whole table and says what is not as the data model wants it, of one tenant or of all.
    ///
    /// Memory grows with what is there: about 1.5 KB for a user with four aliases and one membership. While
    /// others write, items are read at different times; so what seems wrong is read again, and again.
    pub async fn check(
        &self,
        tenant: Option<&TenantScope>,
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<Report, StoreError> {
        let mut tenants = self.read_all(tenant, &mut progress).await?;
        if let Some(asked) = tenant {
            tenants.entry(Some(asked.clone())).or_default();
        }
        let strays = tenants.remove(&None).unwrap_or_default();
        let mut report = Report::default();
        report.strays(strays.faults);
        for (scope, facts) in tenants {
            let Some(scope) = scope else { continue };
            self.check_tenant(&scope, &facts, &mut report, &mut progress)
                .await?;
        }
        Ok(report)
    }
}

impl Store {
    /// The facts of each tenant; under no tenant what belongs to none.
    async fn read_all(
        &self,
        only: Option<&TenantScope>,
        progress: &mut (impl FnMut(Progress) + Send),
    ) -> Result<BTreeMap<Option<TenantScope>, Facts>, StoreError> {
        let mut tenants: BTreeMap<Option<TenantScope>, Facts> = BTreeMap::new();
        let (mut read, mut after) = (0, None);
        loop {
            let page = self.page(&Ask::All(after)).await?;
            for item in &page.items {
                let (scope, entity) = belongs(item);
                if entity == Some(Entity::AdminKey) {
                    continue;
                }
                if only.is_none_or(|only| scope.as_ref() == Some(only)) {
                    let facts = tenants.entry(scope.clone()).or_default();
                    facts.absorb(scope.as_ref(), entity, item);
                }
            }
            read += page.items.len() as u64;
            progress(Progress::Read(read));
            after = page.next;
            if after.is_none() {
                return Ok(tenants);
            }
        }
    }

    async fn check_tenant(
        &self,
        scope: &TenantScope,
        facts: &Facts,
        report: &mut Report,
        progress: &mut (impl FnMut(Progress) + Send),
    ) -> Result<(), StoreError> {
        let (mut faults, mut waiting, memberships) = rules::judge(facts, self.host().now_ms());
        for look in 0..LOOKS {
            if faults.is_empty() || !self.is_served(scope).await? {
                break;
            }
            progress(Progress::Suspects(faults.len()));
            self.host().sleep_ms(PAUSE_MS).await;
            let again = self.look_again(scope, &faults).await?;
            let suspects: BTreeSet<Fault> = faults.iter().map(Fault::subject).collect();
            let before = faults;
            (faults, _, _) = rules::judge(&again, self.host().now_ms());
            // A scan takes so long that it counts anything; looks at one bucket that differ met a change.
            let agree = |fault: &Fault| look == 0 || !fault.is_count() || before.contains(fault);
            faults.retain(|fault| suspects.contains(&fault.subject()) && agree(fault));
        }
        let state = self.patiently(|| self.state(scope)).await?;
        match state {
            State::Active | State::Suspended => {}
            // Its items go in any order.
            State::Erasing => {
                faults.clear();
                waiting.rows += 1;
            }
            State::Erased => faults = self.left(scope, facts).await?,
        }
        faults.sort();
        report.tenant(scope, facts, waiting, memberships);
        report.findings(scope, facts, faults);
        match state {
            State::Active | State::Suspended => {
                let late = self.host().now_ms() - LATE_MS;
                if let Some(oldest) = facts.oldest.filter(|oldest| *oldest < late) {
                    let since = timestamp(oldest);
                    let text =
                        format!("work waits since {since}, and passes come every hour: do they?");
                    report.warn(scope, facts, &text);
                }
                self.witness(scope, facts, report).await
            }
            State::Erasing | State::Erased => Ok(()),
        }
    }

    async fn is_served(&self, scope: &TenantScope) -> Result<bool, StoreError> {
        let state = self.patiently(|| self.state(scope)).await?;
        Ok(matches!(state, State::Active | State::Suspended))
    }

    /// What there is of an erased tenant beside the note that it was; looked for only where something was seen.
    async fn left(&self, scope: &TenantScope, facts: &Facts) -> Result<Vec<Fault>, StoreError> {
        let (mut left, mut after) = (vec![], None);
        if facts.others == 0 {
            return Ok(left);
        }
        let note = scope.config();
        loop {
            let page = self.page(&Ask::All(after)).await?;
            let own = page.items.into_iter().filter(|item| {
                let (owner, _) = belongs(item);
                owner.as_ref() == Some(scope) && item.key != note
            });
            left.extend(own.map(|item| Fault::Left(item.key)));
            after = page.next;
            if after.is_none() || left.len() >= LEFT_MAX {
                return Ok(left);
            }
        }
    }

    /// One tenant as the check acts in it, at this moment.
    fn checker(&self, scope: &TenantScope) -> Tenant {
        self.ourselves(scope, ACTOR, STEP_MS)
    }

    async fn page(&self, ask: &Ask) -> Result<Page, StoreError> {
        let read = || async {
            let page = match ask {
                Ask::All(after) => self.table().scan(after.as_ref()).await,
                Ask::Index(index, query) => self.table().query_index(*index, query).await,
            };
            Ok(page?)
        };
        self.patiently(read).await
    }

    /// A read, whatever the table's moods.
    async fn patiently<T, F>(&self, read: impl Fn() -> F + Send) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        let mut tries = 0;
        loop {
            tries += 1;
            match read().await {
                Err(StoreError::Busy | StoreError::Unavailable(_)) if tries < TRIES => {
                    self.host().sleep_ms(PAUSE_MS).await;
                }
                answer => return answer,
            }
        }
    }
}

/// A page of what.
#[derive(Debug)]
enum Ask {
    All(Option<Cursor>),
    Index(Index, Query),
}

/// Whose an item is, and what.
fn belongs(item: &Item) -> (Option<TenantScope>, Option<Entity>) {
    match parse(&item.key) {
        (None, Some(Entity::Name(norm))) => {
            let tenant = item.text(identity::TENANT);
            match tenant.and_then(TenantScope::parse) {
                Some(tenant) => (Some(tenant), Some(Entity::Name(norm))),
                None => (None, None),
            }
        }
        known => known,
    }
}
