//! Changing resources: read, decide, write; again when somebody else was faster. RFC 7644 §3.5.

use std::collections::BTreeSet;

use super::commit::{Failed, Outcome, Plan, Role};
use super::members::{Change, Edges};
use super::outbox::{self, Entry, Kind};
use super::record::attr;
use super::{Id, Record, StoreError, Tenant, aliases, sweep};
use crate::table::{Attr, BY_EXTERNAL_ID, BY_NAME, Condition, Update, Write};

/// Attributes of a group's item that a change may take away.
const OPTIONAL: [&str; 5] = [
    BY_NAME.pk,
    BY_NAME.sk,
    BY_EXTERNAL_ID.pk,
    BY_EXTERNAL_ID.sk,
    attr::TWINS,
];

/// What earlier tries taught: slots that others hold and edges that are already as wanted.
#[derive(Debug, Default)]
struct Learned {
    twins: BTreeSet<String>,
    settled: BTreeSet<Id>,
    /// The members among which they are settled.
    generation: String,
}

impl Tenant {
    /// Reads the resource, lets `decide` say what becomes of it, and writes that if nobody changed it meanwhile;
    /// else begins anew. Returns the resource as it is now; a change that changes nothing writes nothing.
    pub async fn modify<E: From<StoreError>>(
        &self,
        id: Id,
        mut decide: impl FnMut(&Record) -> Result<Change, E> + Send,
    ) -> Result<Record, E> {
        let mut learned = Learned::default();
        loop {
            let old = self.get(id).await?;
            let change = decide(&old)?;
            match self.try_modify(&old, change, &mut learned).await? {
                Some(record) => return Ok(record),
                None if self.past_deadline() => return Err(StoreError::Busy.into()),
                None => {}
            }
        }
    }

    /// One try; `None` where the plan was stale.
    async fn try_modify(
        &self,
        old: &Record,
        change: Change,
        learned: &mut Learned,
    ) -> Result<Option<Record>, StoreError> {
        learned.among(&old.generation);
        let edges = self
            .edges(old, &change.members)
            .await?
            .without(&learned.settled);
        let same = change.document == old.document;
        if same && edges.is_empty() {
            return Ok(Some(old.clone()));
        }
        let mut new = self.next(old, change.document, learned);
        if edges.flip {
            new.generation = outbox::draw_generation(self.host());
        }
        let plan = self.plan_change(old, &new, &edges)?;
        plan.fits(self.sizes())?;
        match self.commit(&plan).await? {
            Outcome::Done => Ok(Some(new)),
            Outcome::Failed(failed) => learned.from(failed).map(|()| None),
        }
    }

    fn next(&self, old: &Record, document: crate::schema::Document, learned: &Learned) -> Record {
        let kept =
            aliases::kept_twins(old.id.resource_type(), &old.twins, &old.document, &document);
        Record {
            version: old.version + 1,
            modified: self.host().now_ms(),
            twins: kept.union(&learned.twins).cloned().collect(),
            document,
            ..old.clone()
        }
    }

    fn plan_change(&self, old: &Record, new: &Record, edges: &Edges) -> Result<Plan, StoreError> {
        let same = new.document == old.document;
        let mut changed = outbox::changed(&old.document, &new.document);
        if !edges.is_empty() {
            changed.insert("members".to_owned());
        }
        let mut plan = self.plan(&Entry {
            kind: if same { Kind::Members } else { Kind::Updated },
            id: new.id,
            version: new.version,
            changed,
            members: edges.add.union(&edges.remove).copied().collect(),
        });
        let exact = !same || edges.compared;
        plan.push(
            Role::Own,
            if new.generation.is_empty() {
                self.put(old, new)?
            } else {
                self.update(old, new, exact)?
            },
        );
        self.plan_aliases(&mut plan, Some(old), Some(new))?;
        if edges.flip {
            plan.push(
                Role::Other,
                sweep::dead_generation(&self.scope, old, self.host().now_ms(), false),
            );
        }
        for member in &edges.add {
            self.plan_add(&mut plan, new, *member);
        }
        for member in &edges.remove {
            self.plan_remove(&mut plan, new, *member);
        }
        Ok(plan)
    }

    fn put(&self, old: &Record, new: &Record) -> Result<Write, StoreError> {
        let condition = Condition::Equals(attr::VERSION, Attr::N(old.version));
        Ok(Write::Put {
            key: self.scope.resource(new.id),
            attrs: new.attrs(&self.scope)?,
            condition: Some(condition),
        })
    }

    /// A group's head is changed attribute by attribute: changes of membership alone commute, so they do not ask for a version.
    fn update(&self, old: &Record, new: &Record, exact: bool) -> Result<Write, StoreError> {
        let mut set = new.attrs(&self.scope)?;
        set.remove(attr::CREATED);
        set.remove(attr::VERSION);
        let mut update = Update {
            add: [(attr::VERSION, 1)].into(),
            ..Update::default()
        };
        let mut conditions = vec![
            Condition::Exists,
            Condition::Equals(attr::GENERATION, Attr::S(old.generation.clone())),
        ];
        if exact {
            update.remove = OPTIONAL
                .into_iter()
                .filter(|name| !set.contains_key(name))
                .collect();
            conditions.push(Condition::Equals(attr::VERSION, Attr::N(old.version)));
        } else {
            set.retain(|name, _| *name == attr::MODIFIED);
        }
        update.set = set;
        Ok(Write::Update {
            key: self.scope.resource(new.id),
            update,
            condition: Some(Condition::And(conditions)),
        })
    }
}

impl Learned {
    /// In a new generation of members nothing is settled.
    fn among(&mut self, generation: &str) {
        if self.generation != generation {
            generation.clone_into(&mut self.generation);
            self.settled.clear();
        }
    }

    /// Reads a failed plan in the order that matters: a stale plan's other failures mean nothing.
    fn from(&mut self, failed: Failed) -> Result<(), StoreError> {
        if failed.own {
            return Ok(());
        }
        failed.refusal(&mut self.twins)?;
        self.settled.extend(failed.edges);
        Ok(())
    }
}
