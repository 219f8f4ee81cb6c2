//! Creating resources: document, aliases, count, members and outbox item in one transaction. RFC 7644 §3.3.

use std::collections::BTreeSet;

use super::commit::{Outcome, Plan, Role};
use super::outbox::{self, Entry, Kind};
use super::{Record, StoreError, Tenant, aliases, members};
use crate::schema::{Document, ResourceType};
use crate::table::{Attr, Condition, Write};

impl Tenant {
    /// Stores a new resource; `members` are the ids of a new group's members as the client sent them.
    pub async fn create(
        &self,
        resource_type: &ResourceType,
        document: Document,
        members: &BTreeSet<String>,
    ) -> Result<Record, StoreError> {
        let members = members::to_add(members)?;
        let now = self.host().now_ms();
        let mut twins = BTreeSet::new();
        loop {
            let id = self.draw_id(resource_type.number).await?;
            let generation = match resource_type.number {
                0 => String::new(),
                _ => outbox::draw_generation(self.host()),
            };
            let record = Record {
                id,
                version: 1,
                created: now,
                modified: now,
                document: document.clone(),
                twins: twins.clone(),
                generation,
            };
            let mut plan = self.plan(&Entry {
                kind: Kind::Created,
                id,
                version: 1,
                changed: record.document.keys().cloned().collect(),
                members: members.iter().copied().collect(),
            });
            let put = Write::Put {
                key: self.scope.resource(id),
                attrs: record.attrs(&self.scope)?,
                condition: Some(Condition::NotExists),
            };
            plan.push(Role::Own, put);
            self.plan_aliases(&mut plan, None, Some(&record))?;
            plan.push(Role::Directory, self.count_in(id));
            for member in &members {
                self.plan_add(&mut plan, &record, *member);
            }
            plan.fits(self.sizes())?;
            match self.commit(&plan).await? {
                Outcome::Done => return Ok(record),
                Outcome::Failed(failed) if failed.own => {}
                Outcome::Failed(failed) => {
                    failed.refusal(&mut twins)?;
                    if failed.directory {
                        self.bucket_full(id);
                    }
                }
            }
            if self.past_deadline() {
                return Err(StoreError::Busy);
            }
        }
    }

    /// The alias writes that lead from `old` to `new`: what only one of them has.
    pub(super) fn plan_aliases(
        &self,
        plan: &mut Plan,
        old: Option<&Record>,
        new: Option<&Record>,
    ) -> Result<(), StoreError> {
        let keys = |record: Option<&Record>| match record {
            Some(record) => aliases::keys(&self.scope, record.id, &record.document, &record.twins),
            None => Ok(std::collections::BTreeMap::new()),
        };
        let (held, wanted) = (keys(old)?, keys(new)?);
        for (key, _) in held.iter().filter(|(key, _)| !wanted.contains_key(*key)) {
            let Some(old) = old else { continue };
            let condition = Some(aliases::mine(old.id));
            plan.push(
                Role::Own,
                Write::Delete {
                    key: key.clone(),
                    condition,
                },
            );
        }
        for (key, attribute) in wanted.iter().filter(|(key, _)| !held.contains_key(*key)) {
            let Some(new) = new else { continue };
            let condition = Some(Condition::Or(vec![
                Condition::NotExists,
                aliases::mine(new.id),
            ]));
            let attrs = [(aliases::HOLDER, Attr::S(new.id.key()))].into();
            plan.push(
                Role::Alias(attribute),
                Write::Put {
                    key: key.clone(),
                    attrs,
                    condition,
                },
            );
        }
        Ok(())
    }
}
