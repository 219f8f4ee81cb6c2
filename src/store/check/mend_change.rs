//! Mending work rows and big changes.

use super::facts::Made;
use super::fault::Loose;
use super::shape;
use crate::store::keys::Work;
use crate::store::record::{attr, generation};
use crate::store::sweep::{DEAD, SINCE, dead_generation};
use crate::store::{Id, Record, StoreError, Tenant, outbox};
use crate::table::{Attr, Attrs, Condition, Item, Update, Write};

impl Tenant {
    /// A row that names the living goes. One of a generation that its group has given up stays, and only its word that
    /// the group is gone is taken from it.
    pub(super) async fn mend_row(&self, work: &Work) -> Result<bool, StoreError> {
        let (id, names) = match work {
            Work::Deleted(id) | Work::Change(id, _) => (*id, Condition::Exists),
            Work::Generation(id, own) => {
                let own = Condition::Equals(attr::GENERATION, Attr::S(own.clone()));
                (*id, own)
            }
        };
        let (resource, row) = (self.scope.resource(id), work.key(&self.scope));
        let gone = vec![
            Write::check(resource.clone(), names.clone()),
            Write::delete(row.clone()).when(Condition::Exists),
        ];
        if self.all(gone).await? {
            return Ok(true);
        }
        if names == Condition::Exists {
            return Ok(false);
        }
        let others = Condition::And(vec![Condition::Exists, Condition::Not(Box::new(names))]);
        let alive = Update {
            remove: vec![DEAD],
            ..Update::default()
        };
        self.all(vec![
            Write::check(resource, others),
            Write::update(row, alive).when(Condition::Exists),
        ])
        .await
    }

    /// What the head waits for gets a row again, and a row of what it does not wait for goes. Lanes have a say of their own.
    pub(super) async fn mend_change(
        &self,
        group: Id,
        op: &str,
        loose: Loose,
    ) -> Result<bool, StoreError> {
        let waits = Condition::Equals(attr::PENDING, Attr::S(op.to_owned()));
        let (condition, write) = match loose {
            Loose::Head => (waits, self.put_row(group, op)),
            Loose::Row => {
                let row = self.scope.work_change(group, op);
                (Condition::Not(Box::new(waits)), Write::delete(row))
            }
            Loose::Lanes => return self.mend_lanes(group, op).await,
        };
        let key = self.scope.resource(group);
        self.all(vec![write, Write::check(key, condition)]).await
    }

    /// A change that is named gets a time, which is over: whoever comes next may finish it. A time alone goes.
    pub(super) async fn mend_waits(&self, id: Id) -> Result<bool, StoreError> {
        let key = self.scope.resource(id);
        let Some(head) = self.table().get(&key).await? else {
            return Ok(false);
        };
        let halves = [attr::PENDING, attr::PENDING_UNTIL];
        let as_read = halves.map(|name| match head.attrs.get(name) {
            Some(value) => Condition::Equals(name, value.clone()),
            None => Condition::Lacks(name),
        });
        let mut condition = vec![Condition::Exists];
        condition.extend(as_read);
        let mut update = Update::default();
        if head.text(attr::PENDING).is_some() {
            update.set = self.seen_anew();
            update.set.insert(attr::PENDING_UNTIL, Attr::N(0));
            update.add = [(attr::VERSION, 1)].into();
        } else {
            update.remove = halves.into_iter().chain([attr::PENDING_LANES]).collect();
        }
        let write = Write::update(key, update).when(Condition::And(condition));
        self.all(vec![write]).await
    }

    /// What a head says beside its version when what a change holds is seen again: other members than before.
    fn seen_anew(&self) -> Attrs {
        [
            (attr::LATEST, Attr::S(outbox::draw_ulid(self.host()))),
            (attr::MODIFIED, Attr::N(self.host().now_ms())),
        ]
        .into()
    }

    fn put_row(&self, group: Id, op: &str) -> Write {
        let since = [(SINCE, Attr::N(self.host().now_ms()))];
        Write::put(self.scope.work_change(group, op), since)
    }

    /// A change is committed with its lanes, and its head forgets it after the last of them: lanes of the present
    /// members prove a change that was acknowledged and is not in the edges yet, whatever the head says; and so do lanes
    /// of a version that the head has still before it. The change is opened again, and the passes that follow finish it.
    /// Only lanes of members given up since, or of a group that is gone, go.
    async fn mend_lanes(&self, group: Id, op: &str) -> Result<bool, StoreError> {
        let mut head = self.find(group).await?;
        // A group has one change at a time.
        if let Some(open) = head.as_ref().and_then(|head| head.pending.as_ref()) {
            self.await_change(group, open).await?;
            head = self.find(group).await?;
        }
        let lanes = self.lane_items(group, op).await?;
        let holds = |lane: &Item| {
            head.as_ref().is_some_and(|head| {
                let later = lane.number(attr::VERSION) > Some(head.version);
                later || generation(lane) == Some(head.generation.as_str())
            })
        };
        let (open, dead): (Vec<Item>, Vec<Item>) = lanes.into_iter().partition(holds);
        let mut writes: Vec<Write> = dead
            .into_iter()
            .map(|lane| Write::delete(lane.key))
            .collect();
        match head {
            Some(head) if !open.is_empty() => writes.extend(self.reopen(&head, op, &open)?),
            head => {
                let as_read = head.map_or(Condition::NotExists, |head| of_generation(&head));
                writes.push(Write::check(self.scope.resource(group), as_read));
            }
        }
        self.all(writes).await
    }

    /// The head waits for the change again, and whoever comes next may finish it. Where a restore has put it back before
    /// the change, it gets the version and the members that the change gave it.
    fn reopen(&self, head: &Record, op: &str, lanes: &[Item]) -> Result<Vec<Write>, StoreError> {
        // Whoever reads the group would fail at such a lane.
        let broken = StoreError::Broken("a lane does not read");
        let made: Option<Vec<Made>> = lanes.iter().map(shape::made).collect();
        let made = made.ok_or(broken)?;
        let alike = made
            .first()
            .filter(|first| made.iter().all(|made| made == *first));
        let made = alike.ok_or(StoreError::Broken("lanes of one change differ"))?;
        let members = lanes.first().and_then(generation).unwrap_or_default();
        let mut writes = vec![self.put_row(head.id, op)];
        if members != head.generation {
            let now = self.host().now_ms();
            writes.push(dead_generation(&self.scope, head, now, false));
            // Whatever row names these members, they are the group's again.
            let row = Work::Generation(head.id, members.to_owned()).key(&self.scope);
            writes.push(Write::delete(row));
        }
        let mut set = self.seen_anew();
        set.extend([
            (attr::PENDING, Attr::S(op.to_owned())),
            (attr::PENDING_UNTIL, Attr::N(0)),
            (attr::VERSION, Attr::N(made.version.max(head.version + 1))),
            (attr::GENERATION, Attr::S(members.to_owned())),
        ]);
        let update = Update {
            set,
            // How many lanes there were is not known: where that is not said, as many are looked for as there can be.
            remove: vec![attr::PENDING_LANES],
            ..Update::default()
        };
        let as_read = Condition::Equals(attr::VERSION, Attr::N(head.version));
        let closed = Condition::Lacks(attr::PENDING);
        let condition = Condition::And(vec![of_generation(head), as_read, closed]);
        writes.push(Write::update(self.scope.resource(head.id), update).when(condition));
        Ok(writes)
    }
}

fn of_generation(head: &Record) -> Condition {
    Condition::Equals(attr::GENERATION, Attr::S(head.generation.clone()))
}
