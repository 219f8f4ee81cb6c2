//! Creating resources: document, aliases, count, members and outbox item in one transaction. RFC 7644 §3.3.

use std::collections::BTreeSet;

use super::commit::{Outcome, Plan, Role};
use super::lanes::CHANGED_MAX;
use super::members::Edges;
use super::outbox::{self, Entry, Extent, Kind};
use super::record::bounded;
use super::seats::Gate;
use super::{Id, Record, StoreError, Tenant, aliases};
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
        bounded(&document, None)?;
        let add = self.to_add(members)?;
        if add.len() > CHANGED_MAX {
            return Err(StoreError::TooManyMembers);
        }
        let mut edges = Edges {
            add,
            ..Edges::default()
        };
        let now = self.host().now_ms();
        let (mut twins, mut known) = (BTreeSet::new(), false);
        loop {
            let id = self.draw_id(resource_type.number).await?;
            let mut new = self.newborn(id, now, document.clone(), twins.clone());
            self.claims_are_free(None, &new).await?;
            let gate = self.gate(None, &new).await?;
            let mut plan = self.plan_create(&new, &edges, gate)?;
            if plan.len() > self.sizes().writes && !std::mem::replace(&mut known, true) {
                self.look_for_members(&mut edges.add).await?;
                plan = self.plan_create(&new, &edges, gate)?;
            }
            let (outcome, deadline) = if plan.len() > self.sizes().writes {
                self.open_change(&mut new, &edges);
                plan = self.plan_create(&new, &edges, gate)?;
                (self.commit_big(&plan).await?, self.answer_deadline())
            } else {
                (self.commit(&plan).await?, self.deadline)
            };
            match outcome {
                Outcome::Done => {
                    if let Some(open) = new.pending.take() {
                        self.apply_committed(id, &open).await;
                    }
                    return Ok(new);
                }
                Outcome::Failed(failed) if failed.own => {}
                Outcome::Failed(failed) => {
                    failed.refusal(&mut twins, self.policies())?;
                    edges.add.retain(|id| !failed.members.contains(id));
                    if failed.directory {
                        self.bucket_full(id).await?;
                    }
                }
            }
            if self.host().now_ms() >= deadline {
                return Err(StoreError::Busy);
            }
        }
    }

    fn newborn(&self, id: Id, now: i64, document: Document, twins: BTreeSet<String>) -> Record {
        Record {
            id,
            version: 1,
            created: now,
            modified: now,
            document,
            twins,
            generation: match id.resource_type() {
                0 => String::new(),
                _ => outbox::draw_generation(self.host()),
            },
            latest: String::new(),
            pending: None,
        }
    }

    /// A group with more members than fit is born with the lanes that lead to them.
    fn plan_create(
        &self,
        new: &Record,
        edges: &Edges,
        gate: Option<Gate>,
    ) -> Result<Plan, StoreError> {
        let (ulid, members, extent) = match &new.pending {
            Some(open) => (open.op.clone(), vec![], Extent::Big(edges.add.len())),
            None => (
                outbox::draw_ulid(self.host()),
                edges.add.iter().copied().collect(),
                Extent::Whole,
            ),
        };
        let entry = Entry {
            kind: Kind::Created,
            id: new.id,
            version: new.version,
            changed: new.document.keys().cloned().collect(),
            members,
            extent,
        };
        let mut plan = self.plan(ulid, &entry);
        let put = Write::put(self.scope.resource(new.id), new.attrs(&self.scope)?)
            .when(Condition::NotExists);
        plan.push(Role::Own, put);
        self.plan_aliases(&mut plan, None, Some(new))?;
        plan.push(Role::Directory, self.count_in(new, gate));
        if let Some(gate) = gate {
            self.plan_gate(&mut plan, gate, new);
        }
        self.plan_edges(&mut plan, new, edges);
        Ok(plan)
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
            let condition = aliases::mine(old.id);
            plan.push(Role::Own, Write::delete(key.clone()).when(condition));
        }
        for (key, attribute) in wanted.iter().filter(|(key, _)| !held.contains_key(*key)) {
            let Some(new) = new else { continue };
            if new.twins.contains(attribute.name)
                && !self.twins_ever.contains(attribute.name)
                && let Some(flag) = attribute.ever()
            {
                plan.note(self.scope.config(), flag);
            }
            let condition = Condition::Or(vec![Condition::NotExists, aliases::mine(new.id)]);
            let attrs = [(aliases::HOLDER, Attr::S(new.id.key()))];
            plan.push(
                Role::Alias(attribute),
                Write::put(key.clone(), attrs).when(condition),
            );
        }
        Ok(())
    }
}
