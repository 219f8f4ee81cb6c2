//! Passes over a tenant's work rows: whatever a dead request left is finished, and its row removed.
//!
//! A row outlives every request that may still have seen what it stands for, and every open change that may hold it.

use super::host::random_u64;
use super::keys::Work;
use super::sweep::{DEAD, OP, SINCE};
use super::{Id, StoreError, Tenant};
use crate::table::{Attr, Condition, Item, Range, Write};

/// A row is removed by a pass at least this long after it was written.
const GRACE_MS: i64 = 60_000;
/// A change that began later than this after a deletion has not seen the deleted resource any more.
const SEEN_MS: i64 = 30_000;

/// A work row, and what it asks for.
#[derive(Debug)]
struct Row {
    item: Item,
    work: Work,
    since: i64,
}

impl Row {
    fn read(item: Item) -> Option<Self> {
        let work = Work::from_key(&item.key.sk)?;
        let since = item.number(SINCE)?;
        Some(Self { item, work, since })
    }

    fn is_dead(&self) -> bool {
        self.item.attrs.contains_key(DEAD)
    }
}

impl Tenant {
    /// Works off up to `rows` ripe rows: finishes open changes, sweeps what is found, removes the row where nothing is.
    /// Returns how many of them it brought forward.
    pub async fn pass(&self, rows: usize) -> Result<usize, StoreError> {
        let found = self.query_all(self.scope.work(), Range::All).await?;
        let found: Vec<Row> = found.into_iter().filter_map(Row::read).collect();
        let is_change = |row: &&Row| matches!(row.work, Work::Change(..));
        let first_open = found.iter().filter(is_change).map(|row| row.since).min();
        // What a change still holds keeps other rows in place, so changes go first.
        let (changes, others): (Vec<&Row>, Vec<&Row>) = found.iter().partition(is_change);
        let ripe = self.host().now_ms() - GRACE_MS;
        let mut others: Vec<&Row> = others.into_iter().filter(|row| row.since <= ripe).collect();
        // Begun at another place each time, or rows that cannot be worked off would keep the rest waiting.
        let drawn = random_u64(self.host()) % (others.len() as u64).max(1);
        others.rotate_left(usize::try_from(drawn).unwrap_or(0));
        let mut done = 0;
        for row in changes.into_iter().chain(others).take(rows) {
            if self.past_deadline() {
                break;
            }
            match self.bring_forward(row, ripe, first_open).await {
                Ok(forward) => done += usize::from(forward),
                Err(error) => {
                    tracing::warn!(tenant = %self.scope, %error, "a work row waits for a later pass");
                }
            }
        }
        Ok(done)
    }

    /// Whether anything came of it.
    async fn bring_forward(
        &self,
        row: &Row,
        ripe: i64,
        first_open: Option<i64>,
    ) -> Result<bool, StoreError> {
        let swept = match &row.work {
            Work::Change(group, op) => {
                return self.finish_change(row, *group, op, ripe).await;
            }
            Work::Deleted(id) => self.leave_groups(*id).await?,
            Work::Generation(group, generation) => {
                let op = row.item.text(OP);
                self.sweep_group(*group, generation, op, row.is_dead())
                    .await?
            }
        };
        // A change that began before may still hold the resource, and nothing else would hide it then.
        let held = first_open.is_some_and(|began| began < row.since + SEEN_MS);
        if swept.found == 0 && !held {
            self.remove_row(row).await?;
            return Ok(true);
        }
        Ok(swept.found > swept.left)
    }

    async fn finish_change(
        &self,
        row: &Row,
        group: Id,
        op: &str,
        ripe: i64,
    ) -> Result<bool, StoreError> {
        let head = self.find(group).await?;
        let alive = head.is_some();
        match head.and_then(|head| head.pending) {
            Some(open) if open.op == op => {
                if self.host().now_ms() < open.until {
                    return Ok(false);
                }
                match self.roll_forward(group, &open).await {
                    Err(StoreError::Busy) => Ok(false),
                    other => other,
                }
            }
            _ if row.since > ripe => Ok(false),
            // The group is gone, and its sweep takes the lanes and this row; or did so long ago.
            _ if !alive => {
                self.drop_lanes(group, op).await?;
                Ok(true)
            }
            // A head forgets a change only after its lanes. Where there are some yet, something is damaged, and they prove
            // a change that was acknowledged: a repair finishes it.
            _ if !self.lane_items(group, op).await?.is_empty() => Ok(false),
            _ => {
                self.remove_row(row).await?;
                Ok(true)
            }
        }
    }

    async fn remove_row(&self, row: &Row) -> Result<(), StoreError> {
        let condition = Condition::Equals(SINCE, Attr::N(row.since));
        self.write_if(Write::delete(row.item.key.clone()).when(condition))
            .await
    }
}
