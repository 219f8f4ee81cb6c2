//! Changing resources: read, decide, write; again when somebody else was faster. RFC 7644 §3.5.

use std::collections::BTreeSet;

use super::commit::{Failed, Outcome, Plan, Role};
use super::members::{Change, Edges, Holds};
use super::outbox::{self, Entry, Extent, Kind};
use super::record::{OPTIONAL, attr, bounded};
use super::{Id, Policies, Record, StoreError, Tenant, aliases, sweep};
use crate::table::{Attr, Condition, Update, Write};

/// Attributes of a group's item that a change of members alone sets.
const MEMBERSHIP: [&str; 5] = [
    attr::MODIFIED,
    attr::LATEST,
    attr::PENDING,
    attr::PENDING_UNTIL,
    attr::PENDING_LANES,
];

/// What earlier tries taught.
#[derive(Debug, Default)]
struct Learned {
    /// Attributes whose single slot another resource holds.
    twins: BTreeSet<String>,
    /// Members whose edge was as wanted.
    settled: BTreeSet<Id>,
    /// The group's version before the first of them was found so.
    settled_from: Option<i64>,
    /// They were found so when the attributes were not yet as wanted: the two were never so together.
    apart: bool,
    /// Members to be added who do not exist, and are left out.
    unknown: BTreeSet<Id>,
    /// The change is a big one: its members exist, and it has more time.
    big: bool,
    /// Tries that somebody else was faster than.
    overtaken: u32,
}

impl Tenant {
    /// Reads the resource, lets `decide` say what becomes of it, and writes that if nobody changed it meanwhile;
    /// else begins anew. Returns the resource as it is now; a change that changes nothing writes nothing.
    pub async fn modify<E: From<StoreError>>(
        &self,
        id: Id,
        decide: impl FnMut(&Record) -> Result<Change, E> + Send,
    ) -> Result<Record, E> {
        self.modify_from(self.get(id).await?, decide).await
    }

    /// The same of a resource that was just read.
    pub(super) async fn modify_from<E: From<StoreError>>(
        &self,
        mut old: Record,
        mut decide: impl FnMut(&Record) -> Result<Change, E> + Send,
    ) -> Result<Record, E> {
        let mut learned = Learned::default();
        loop {
            if let Some(open) = &old.pending {
                self.await_change(old.id, open).await?;
            } else {
                let change = decide(&old)?;
                if let Some(record) = self.try_modify(&old, change, &mut learned).await? {
                    return Ok(record);
                }
                if learned.deadline(self) <= self.host().now_ms() {
                    return Err(StoreError::Busy.into());
                }
                // Overtaken twice: many want this item, and without a pause all would plan again for the one who wins.
                if learned.overtaken > 1 {
                    self.pause().await;
                }
            }
            old = self.get(old.id).await?;
        }
    }

    /// One try; `None` where the plan was stale.
    async fn try_modify(
        &self,
        old: &Record,
        change: Change,
        learned: &mut Learned,
    ) -> Result<Option<Record>, StoreError> {
        let mut edges = self.edges(old, &change.members).await?;
        let mut new = self.next(old, change.document, learned);
        let same = new.document == old.document;
        if same && std::mem::take(&mut learned.apart) {
            // Somebody else made the attributes so, and may have taken the edges.
            learned.settled.clear();
            learned.settled_from = None;
        }
        edges.settled.clone_from(&learned.settled);
        edges.add.retain(|id| !learned.unknown.contains(id));
        bounded(&new.document, Some(&old.document))?;
        if self.is_big(old, &new, &edges)? {
            edges = self.look_at_members(old, edges, same, learned).await?;
        }
        Self::names_somebody(&change.members, &learned.unknown)?;
        if same && edges.is_empty() {
            return self.unchanged(old, &edges, learned).await;
        }
        edges.holds = edges.holds.max(match change.holds {
            // The document may be stored in another encoding than this program's; its version tells as well.
            Holds::Document if learned.overtaken > 0 => Holds::Version,
            holds => holds,
        });
        if edges.flip {
            new.generation = outbox::draw_generation(self.host());
        }
        self.claims_are_free(Some(old), &new).await?;
        let gate = self.gate(Some(old), &new).await?;
        let big = self.is_big(old, &new, &edges)?;
        if edges.flip || edges.open().nth(usize::from(same)).is_some() {
            // More than one thing changes, and no reader may see only some of it.
            new.latest = outbox::draw_ulid(self.host());
        }
        let outcome = if big {
            self.open_change(&mut new, &edges);
            self.commit_big(&self.plan_change(old, &new, &edges)?)
                .await?
        } else {
            let mut plan = self.plan_change(old, &new, &edges)?;
            self.plan_switch(&mut plan, old, &new, gate);
            self.commit(&plan).await?
        };
        match outcome {
            Outcome::Failed(failed) => {
                learned.from(failed, (old.version, same), self.policies())?;
                Ok(None)
            }
            Outcome::Done => {
                if let Some(open) = new.pending.take() {
                    self.apply_committed(new.id, &open).await;
                }
                Ok(Some(new))
            }
        }
    }

    /// Nothing is to be written. Edges are read page by page: only if nobody changed the group meanwhile were they
    /// ever as wanted.
    async fn unchanged(
        &self,
        old: &Record,
        edges: &Edges,
        learned: &Learned,
    ) -> Result<Option<Record>, StoreError> {
        if edges.holds == Holds::Version && self.get(old.id).await?.version != old.version {
            return Ok(None);
        }
        Ok(Some(Record {
            // What an earlier try found as wanted may be otherwise by now: who names a newer version than that try's
            // would overwrite what it has not seen.
            version: learned.settled_from.unwrap_or(old.version),
            ..old.clone()
        }))
    }

    /// Whether the change takes more than one transaction.
    fn is_big(&self, old: &Record, new: &Record, edges: &Edges) -> Result<bool, StoreError> {
        if edges.is_empty() {
            return Ok(false);
        }
        let mut others = Plan::new(String::new());
        self.plan_aliases(&mut others, Some(old), Some(new))?;
        self.plan_nested(&mut others, edges.add.iter().copied());
        // Beside the head, the outbox item and the note on a generation that goes.
        let writes = 2 + usize::from(edges.flip) + others.len() + edges.writes();
        Ok(writes > self.sizes().writes)
    }

    /// Makes sure that everybody to be added exists, and leaves out what is so already.
    async fn look_at_members(
        &self,
        old: &Record,
        mut edges: Edges,
        same: bool,
        learned: &mut Learned,
    ) -> Result<Edges, StoreError> {
        edges.settled.clear();
        let again = std::mem::replace(&mut learned.big, true);
        if !again {
            let unknown = self.look_for_members(&mut edges.add).await?;
            learned.unknown.extend(unknown);
        }
        if edges.holds == Holds::Version {
            return Ok(edges);
        }
        let open = self.unsettled(old, edges.clone()).await?;
        // Leaving out who is in or out already is right only while the group does not change. On a second try nobody is
        // left out: then the change commutes with those of others, and a busy group cannot starve us.
        let all = again && same && !open.is_empty();
        Ok(if all { edges } else { open })
    }

    fn next(&self, old: &Record, document: crate::schema::Document, learned: &Learned) -> Record {
        // A value that stays keeps its slot, whatever an earlier try met: a resource that had another value then.
        let stays = aliases::unchanged(old.id.resource_type(), &old.document, &document);
        let kept = old
            .twins
            .iter()
            .filter(|name| stays.contains(name.as_str()));
        let met = learned.twins.iter();
        let met = met.filter(|name| !stays.contains(name.as_str()));
        Record {
            version: old.version + 1,
            modified: self.host().now_ms(),
            twins: kept.chain(met).cloned().collect(),
            document,
            ..old.clone()
        }
    }

    /// The change as one transaction: with its edges, or with the lanes that lead to them.
    fn plan_change(&self, old: &Record, new: &Record, edges: &Edges) -> Result<Plan, StoreError> {
        let same = new.document == old.document;
        let mut changed = outbox::changed(&old.document, &new.document);
        if !edges.is_empty() {
            changed.insert("members".to_owned());
        }
        let (ulid, members, extent) = match &new.pending {
            Some(open) => (open.op.clone(), vec![], Extent::Big(edges.open().count())),
            None => (
                outbox::draw_ulid(self.host()),
                edges.open().collect(),
                Extent::Whole,
            ),
        };
        let entry = Entry {
            kind: if same { Kind::Members } else { Kind::Updated },
            id: new.id,
            version: new.version,
            changed,
            members,
            extent,
        };
        let mut plan = self.plan(ulid, &entry);
        let holds = if same { edges.holds } else { Holds::Version };
        plan.push(
            Role::Own,
            if new.generation.is_empty() {
                self.put(old, new)?
            } else {
                self.update(old, new, holds)?
            },
        );
        self.plan_aliases(&mut plan, Some(old), Some(new))?;
        if edges.flip {
            plan.push(
                Role::Other,
                sweep::dead_generation(&self.scope, old, self.host().now_ms(), false),
            );
        }
        self.plan_edges(&mut plan, new, edges);
        Ok(plan)
    }

    fn put(&self, old: &Record, new: &Record) -> Result<Write, StoreError> {
        let condition = Condition::Equals(attr::VERSION, Attr::N(old.version));
        Ok(Write::put(self.scope.resource(new.id), new.attrs(&self.scope)?).when(condition))
    }

    /// A group's head is changed attribute by attribute: changes of membership alone commute, so they do not ask for a version.
    fn update(&self, old: &Record, new: &Record, holds: Holds) -> Result<Write, StoreError> {
        let mut set = new.attrs(&self.scope)?;
        set.remove(attr::CREATED);
        set.remove(attr::VERSION);
        if new.latest == old.latest {
            // As it was read; it may be newer by now.
            set.remove(attr::LATEST);
        }
        let mut update = Update {
            add: [(attr::VERSION, 1)].into(),
            ..Update::default()
        };
        let mut conditions = vec![
            Condition::Exists,
            // An open change is finished first: what it still holds belongs to the members as they stand.
            Condition::Lacks(attr::PENDING),
            Condition::Equals(attr::GENERATION, Attr::S(old.generation.clone())),
        ];
        if holds == Holds::Version {
            update.remove = OPTIONAL
                .into_iter()
                .filter(|name| !set.contains_key(name))
                .collect();
            conditions.push(Condition::Equals(attr::VERSION, Attr::N(old.version)));
        } else {
            let same = set.get(attr::DOCUMENT).filter(|_| holds == Holds::Document);
            conditions.extend(same.map(|same| Condition::Equals(attr::DOCUMENT, same.clone())));
            set.retain(|name, _| MEMBERSHIP.contains(name));
        }
        update.set = set;
        Ok(Write::update(self.scope.resource(new.id), update).when(Condition::And(conditions)))
    }
}

impl Learned {
    /// Until when the change is tried; milliseconds since 1970.
    fn deadline(&self, tenant: &Tenant) -> i64 {
        if self.big {
            tenant.answer_deadline()
        } else {
            tenant.deadline
        }
    }

    /// Reads a failed plan in the order that matters: a stale plan's other failures mean nothing.
    fn from(
        &mut self,
        failed: Failed,
        (version, same): (i64, bool),
        policies: &Policies,
    ) -> Result<(), StoreError> {
        if failed.own || failed.unsure {
            self.overtaken += 1;
            return Ok(());
        }
        failed.refusal(&mut self.twins, policies)?;
        self.unknown.extend(failed.members);
        if !failed.edges.is_empty() {
            self.settled_from.get_or_insert(version);
            self.apart = !same;
        }
        // What was as wanted may be so no more.
        self.settled.retain(|id| !failed.unseen.contains(id));
        // An edge that is as wanted, or that was and is no more.
        for id in failed.edges {
            if !self.settled.remove(&id) {
                self.settled.insert(id);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> Id {
        Id::new(0, 0, 1_790_000_000_000, number)
    }

    #[test]
    fn what_was_not_looked_at_again_is_open_again() {
        let (mut learned, policies) = (Learned::default(), Policies::default());
        let found = |edges: &[u64], unseen: &[u64]| Failed {
            edges: edges.iter().map(|number| id(*number)).collect(),
            unseen: unseen.iter().map(|number| id(*number)).collect(),
            ..Failed::default()
        };
        learned.from(found(&[3], &[]), (1, true), &policies).ok();
        assert_eq!(learned.settled, [id(3)].into());
        learned.from(found(&[4], &[3]), (2, true), &policies).ok();
        assert_eq!(learned.settled, [id(4)].into());
        let unsure = Failed {
            unsure: true,
            ..found(&[5], &[])
        };
        learned.from(unsure, (2, true), &policies).ok();
        assert_eq!(learned.settled, [id(4)].into(), "the plan may be stale");
    }
}
