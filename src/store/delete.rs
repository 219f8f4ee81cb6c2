//! Deleting resources: one transaction that removes the resource, then the sweep of its traces. RFC 7644 §3.6.

use super::commit::{Outcome, Role};
use super::outbox::{Entry, Extent, Kind};
use super::record::attr;
use super::{Id, Record, StoreError, Tenant, sweep};
use crate::table::{Attr, Condition, Write};

impl Tenant {
    /// Removes the resource if `allowed` agrees with its present state. From here on nobody finds it;
    /// what is left of its memberships is hidden from readers and removed by the sweep.
    pub async fn delete<E: From<StoreError>>(
        &self,
        id: Id,
        allowed: impl Fn(&Record) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        loop {
            let old = self.get(id).await?;
            allowed(&old)?;
            if self.try_delete(&old).await? {
                // The resource is gone whatever becomes of the sweep; a later pass finishes it.
                self.sweep_after_delete(&old).await;
                return Ok(());
            }
            if self.past_deadline() {
                return Err(StoreError::Busy.into());
            }
        }
    }

    /// Whether the resource was still as read.
    async fn try_delete(&self, old: &Record) -> Result<bool, StoreError> {
        let mut plan = self.plan(
            super::outbox::draw_ulid(self.host()),
            &Entry {
                kind: Kind::Deleted,
                id: old.id,
                version: old.version + 1,
                changed: std::collections::BTreeSet::new(),
                members: vec![],
                extent: Extent::Whole,
            },
        );
        let condition = Condition::Equals(attr::VERSION, Attr::N(old.version));
        plan.push(
            Role::Own,
            Write::delete(self.scope.resource(old.id)).when(condition),
        );
        self.plan_aliases(&mut plan, Some(old), None)?;
        plan.push(Role::Other, self.count_out(old));
        self.plan_kept(&mut plan, old)?;
        plan.push(
            Role::Other,
            sweep::left_behind(&self.scope, old, self.host().now_ms()),
        );
        Ok(matches!(self.commit(&plan).await?, Outcome::Done))
    }
}
