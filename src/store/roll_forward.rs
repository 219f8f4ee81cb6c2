//! Applying a big change: step by step, by its maker or by whoever comes along.
//!
//! A step moves its lane forward in the same transaction that writes the edges: of any number of workers, sleeping
//! ones included, one wins each step.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, stream};

use super::commit::{Outcome, Plan, Role};
use super::lanes::{Lane, Step};
use super::outbox::{self, Entry, Extent, Kind};
use super::record::{Pending, attr};
use super::{Id, Request, StoreError, Tenant};
use crate::table::{Attr, Condition, Update, Write};

/// The maker of a change applies it for so long before it answers and leaves the rest to others...
const APPLY_MS: i64 = 8_000;
/// ...and not longer than this after the whole request began: the gateway gives up after 30 s. Nor is it planned anew then.
const ANSWER_MS: i64 = 20_000;
/// Lanes applied side by side.
const PARALLEL: usize = 8;

impl Tenant {
    /// Applies a change that this request just committed, as long as the client can wait. The change is durable and
    /// seen by every reader of the group already, so what goes wrong here is for others to finish.
    pub(super) async fn apply_committed(&self, group: Id, open: &Pending) {
        let until = (self.host().now_ms() + APPLY_MS).min(self.answer_deadline());
        match self.until(until).roll_forward(group, open).await {
            Ok(_) | Err(StoreError::Busy) => {}
            Err(error) => {
                tracing::warn!(tenant = %self.scope, %error, "a change of members waits to be finished");
            }
        }
    }

    /// Until when a big change is worked on before the client is answered; milliseconds since 1970.
    pub(super) fn answer_deadline(&self) -> i64 {
        self.begun + ANSWER_MS
    }

    /// Lets the maker of an open change go on, or finishes the change in its place. The caller looks at the group again.
    pub(super) async fn await_change(&self, group: Id, open: &Pending) -> Result<(), StoreError> {
        if self.past_deadline() {
            return Err(StoreError::Busy);
        }
        if self.host().now_ms() < open.until {
            self.pause().await;
        } else {
            self.roll_forward(group, open).await?;
        }
        Ok(())
    }

    /// Applies what is left of a change; any number of workers may do so at once. Returns whether nothing is left.
    pub(super) async fn roll_forward(&self, group: Id, open: &Pending) -> Result<bool, StoreError> {
        loop {
            let lanes = self.lanes_of(group, &open.op).await?;
            if lanes.is_empty() {
                if self.finish(group, open).await? {
                    return Ok(true);
                }
                self.pause().await;
            }
            if self.past_deadline() {
                return Ok(false);
            }
            let mut applied = stream::iter(lanes)
                .map(|lane| self.apply(group, lane))
                .buffer_unordered(PARALLEL);
            while let Some(result) = applied.next().await {
                result?;
            }
        }
    }

    /// Applies one lane to its end, or until another worker is found at it.
    async fn apply(&self, group: Id, mut lane: Lane) -> Result<(), StoreError> {
        let mut gone = BTreeSet::new();
        while let Some(step) = lane.step(self.sizes()) {
            if self.past_deadline() {
                return Err(StoreError::Busy);
            }
            let done = lane.done + step.len();
            let plan = self.plan_step(group, &lane, &step, &gone);
            match self.commit(&plan).await? {
                Outcome::Done => lane.done = done,
                Outcome::Failed(failed) if failed.own || failed.members.is_empty() => return Ok(()),
                // Deleted since the change was committed: as if it had been added and its deletion swept.
                Outcome::Failed(failed) => gone.extend(failed.members),
            }
        }
        Ok(())
    }

    fn plan_step(&self, group: Id, lane: &Lane, step: &Step<'_>, gone: &BTreeSet<Id>) -> Plan {
        let ids = match step {
            Step::Add(ids) | Step::Remove(ids) => ids.iter(),
        };
        let ids: Vec<Id> = ids.filter(|id| !gone.contains(id)).copied().collect();
        let ulid = outbox::draw_ulid(self.host());
        let entry = Entry {
            kind: Kind::Members,
            id: group,
            version: lane.version,
            changed: ["members".to_owned()].into(),
            members: ids.clone(),
            extent: Extent::Part,
        };
        let mut plan = match ids.as_slice() {
            [] => Plan::new(ulid),
            _ => self.in_name_of(lane).plan(ulid, &entry),
        };
        plan.push(Role::Own, lane.advance(lane.done + step.len()));
        for id in ids {
            match step {
                Step::Add(_) => self.plan_add(&mut plan, (group, &lane.generation), id, None),
                Step::Remove(_) => self.plan_remove(&mut plan, (group, &lane.generation), id, None),
            }
        }
        plan
    }

    /// Whoever works, the change is its maker's.
    fn in_name_of(&self, lane: &Lane) -> Self {
        Self {
            actor: lane.actor.clone(),
            through: lane.through.clone(),
            request: Request {
                id: lane.request.clone(),
                ..self.request.clone()
            },
            ..self.clone()
        }
    }

    /// Closes a change whose lanes are gone; whether it is closed. The group's version stands: nothing that readers see
    /// changes.
    ///
    /// That no lane was read does not mean that there is none: of a commit the head may be readable before its lanes.
    /// So each of them is looked at in the transaction, which is serializable where a read is not.
    async fn finish(&self, group: Id, open: &Pending) -> Result<bool, StoreError> {
        let mut plan = Plan::new(outbox::draw_ulid(self.host()));
        let update = Update {
            remove: vec![attr::PENDING, attr::PENDING_UNTIL, attr::PENDING_LANES],
            ..Update::default()
        };
        let is_open = Condition::And(vec![
            Condition::Exists,
            Condition::Equals(attr::PENDING, Attr::S(open.op.clone())),
        ]);
        plan.push(
            Role::Own,
            Write::update(self.scope.resource(group), update).when(is_open),
        );
        plan.push(
            Role::Other,
            Write::delete(self.scope.work_change(group, &open.op)),
        );
        for number in 0..open.lanes {
            let gone = Write::check(
                self.scope.lane(group, &open.op, number),
                Condition::NotExists,
            );
            plan.push(Role::Lane, gone);
        }
        Ok(match self.commit(&plan).await? {
            Outcome::Done => true,
            // Another worker was first, or the group is gone and its sweep takes the row.
            Outcome::Failed(failed) => failed.own,
        })
    }
}
