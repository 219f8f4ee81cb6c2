//! The tick: what requests left behind is finished in every tenant, whether or not one of its requests comes by again.

use futures_util::{StreamExt as _, stream};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;

use super::host::random_u64;
use super::identity::erasing_since;
use super::keys::{self, TenantScope};
use super::{Store, StoreError};
use crate::table::{Consistency, Cursor, Page, Query};

/// Work rows looked into before the next tenant has its turn...
const PASS_ROWS: usize = 100;
/// ...and how long a turn takes if they go on for ever.
const TURN_MS: i64 = 10_000;
/// Tenants looked after side by side.
const PARALLEL: usize = 8;
/// Who acts, in the outbox.
const ACTOR: &str = "tick";

/// What a tick met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ticked {
    /// Tenants that were looked at.
    pub tenants: usize,
    /// Those of them with work rows, ripe or not.
    pub with_work: usize,
    /// Those of them whose look or pass failed.
    pub failed: usize,
}

/// A tenant of the registry.
#[derive(Debug)]
struct Listed {
    tenant: TenantScope,
    /// It is to go.
    erasing: bool,
}

impl Store {
    /// Works off the ripe work rows of every tenant, until none is left that can be worked off or `until_ms` has come;
    /// what is under way then still ends. Ticks may overlap.
    ///
    /// The order is drawn and nobody has a second pass before everybody had the first, so that a tenant with endless
    /// work keeps no other waiting for ever. A tenant that fails is logged and left to the next tick. Of a tenant that is
    /// being erased all is work.
    pub async fn tick(&self, until_ms: i64) -> Result<Ticked, StoreError> {
        let mut ticked = Ticked::default();
        let mut open = self.with_work(&mut ticked, until_ms).await?;
        ticked.with_work = open.len();
        while !open.is_empty() {
            open = self.round(open, &mut ticked, until_ms).await;
        }
        Ok(ticked)
    }

    /// The tenants that have work, in an order that is drawn.
    async fn with_work(
        &self,
        ticked: &mut Ticked,
        until_ms: i64,
    ) -> Result<Vec<Listed>, StoreError> {
        let mut tenants = self.tenants().await?;
        tenants.shuffle(&mut StdRng::seed_from_u64(random_u64(self.host())));
        let looks = stream::iter(tenants).map(|listed| async move {
            let look = self.in_time(until_ms, self.has_work(&listed)).await;
            (listed, look)
        });
        let mut looks = looks.buffer_unordered(PARALLEL);
        let mut found = vec![];
        while let Some((listed, look)) = looks.next().await {
            ticked.tenants += usize::from(look.is_some());
            if ticked.settled(&listed.tenant, look).unwrap_or(false) {
                found.push(listed);
            }
        }
        Ok(found)
    }

    /// One pass for each; returns those for whom another may get something done.
    async fn round(&self, tenants: Vec<Listed>, ticked: &mut Ticked, until_ms: i64) -> Vec<Listed> {
        let passes = stream::iter(tenants).map(|listed| async move {
            let pass = self.in_time(until_ms, self.turn(&listed, until_ms)).await;
            (listed, pass)
        });
        let mut passes = passes.buffer_unordered(PARALLEL);
        let mut again = vec![];
        while let Some((listed, pass)) = passes.next().await {
            if ticked.settled(&listed.tenant, pass).unwrap_or(false) {
                again.push(listed);
            }
        }
        again
    }

    /// Whether another may get something done.
    async fn turn(&self, listed: &Listed, until_ms: i64) -> Result<bool, StoreError> {
        let most = TURN_MS.min(until_ms - self.host().now_ms());
        let acting = self.ourselves(&listed.tenant, ACTOR, most);
        if listed.erasing {
            let erased = self.erase_pass(&listed.tenant, acting.deadline).await?;
            return Ok(!erased.done && (erased.removed > 0 || acting.past_deadline()));
        }
        let done = acting.pass(PASS_ROWS).await?;
        Ok(done > 0 || acting.past_deadline())
    }

    /// Awaits `work` unless it is too late to begin.
    async fn in_time<T>(
        &self,
        until_ms: i64,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Option<Result<T, StoreError>> {
        if self.host().now_ms() >= until_ms {
            return None;
        }
        Some(work.await)
    }

    /// Every tenant, but perhaps one created this moment.
    async fn tenants(&self) -> Result<Vec<Listed>, StoreError> {
        let (mut tenants, mut after) = (vec![], None);
        loop {
            let page = self.look(keys::tenants(), None, after).await?;
            tenants.extend(page.items.iter().filter_map(|row| {
                let tenant = TenantScope::parse(&row.key.sk)?;
                let erasing = erasing_since(row).is_some();
                Some(Listed { tenant, erasing })
            }));
            after = page.next;
            if after.is_none() {
                return Ok(tenants);
            }
        }
    }

    async fn has_work(&self, listed: &Listed) -> Result<bool, StoreError> {
        if listed.erasing {
            return Ok(true);
        }
        let page = self.look(listed.tenant.work(), Some(1), None).await?;
        Ok(!page.items.is_empty())
    }

    /// A page at half the price: what is missed now is there at the next tick.
    async fn look(
        &self,
        pk: String,
        limit: Option<u32>,
        after: Option<Cursor>,
    ) -> Result<Page, StoreError> {
        let query = Query {
            limit,
            after,
            ..Query::all(pk)
        };
        Ok(self.table().query(&query, Consistency::Eventual).await?)
    }
}

impl Ticked {
    /// What came of a tenant's turn, if it had one; a failure is counted and logged.
    fn settled<T>(
        &mut self,
        tenant: &TenantScope,
        turn: Option<Result<T, StoreError>>,
    ) -> Option<T> {
        match turn? {
            Ok(done) => Some(done),
            Err(error) => {
                self.failed += 1;
                tracing::warn!(%tenant, %error, "a tenant's work waits for the next tick");
                None
            }
        }
    }
}
