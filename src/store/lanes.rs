//! Big changes of membership: the commit record and its lanes, and what readers make of them.
//!
//! The commit record is one transaction: the head names the change, and lanes hold its ids. From there on readers
//! overlay what the lanes still hold, so nothing is ever rolled back.

use std::collections::BTreeSet;

use super::commit::{Outcome, Plan, Role, Sizes};
use super::members::Edges;
use super::outbox;
use super::record::{Pending, attr, count};
use super::{Id, Record, StoreError, Tenant};
use crate::schema::MEMBERS_MAX;
use crate::table::{Attr, Attrs, Condition, Item, Key, Range, Update, Write};

/// Members that one request can add and remove: with 16 bytes each they fit the commit record's 4 MB.
pub const CHANGED_MAX: usize = MEMBERS_MAX;
/// A big change is committed within this time of its request's begin, or not at all. It must be shorter than a work row
/// lives, by more than clocks differ: else it could add a member whose deletion nobody remembers any more.
const COMMIT_MS: i64 = 45_000;
/// Its maker has it alone for so long after it was planned: others would apply the same lanes in vain.
const LEASE_MS: i64 = 10_000;

pub(super) const ADDS: &str = "a";
pub(super) const REMOVES: &str = "r";
pub(super) const DONE: &str = "pos";
const ACTOR: &str = outbox::attr::ACTOR;
const CONNECTION: &str = outbox::attr::CONNECTION;
const REQUEST: &str = outbox::attr::REQUEST;

/// What the lanes of a group still hold.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    pub add: BTreeSet<Id>,
    pub remove: BTreeSet<Id>,
}

/// A part of a big change, as its item stands.
#[derive(Debug)]
pub(super) struct Lane {
    key: Key,
    add: Vec<Id>,
    remove: Vec<Id>,
    /// How many ids of `add`, then of `remove`, are in the edges.
    pub done: usize,
    pub generation: String,
    /// The group's version with the change.
    pub version: i64,
    /// Who made the change, through which connection, by which request.
    pub actor: String,
    pub through: String,
    pub request: String,
}

/// The next ids of a lane: one transaction's worth of one verb.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step<'l> {
    Add(&'l [Id]),
    Remove(&'l [Id]),
}

impl Sizes {
    /// Members added in one step, beside the lane and the outbox item.
    fn adds(self) -> usize {
        (self.writes.saturating_sub(2) / 3).max(1)
    }

    fn removes(self) -> usize {
        (self.writes.saturating_sub(2) / 2).max(1)
    }

    /// Lanes of a change of so many members.
    fn lanes_for(self, members: usize) -> usize {
        members.div_ceil(self.adds()).clamp(1, self.lanes)
    }
}

impl Lane {
    fn read(item: Item) -> Result<Self, StoreError> {
        let broken = || StoreError::Broken("a lane does not read");
        let number = |name| item.number(name).ok_or_else(broken);
        let text = |name| item.text(name).map(str::to_owned).ok_or_else(broken);
        Ok(Self {
            add: ids(&item, ADDS),
            remove: ids(&item, REMOVES),
            done: usize::try_from(number(DONE)?).map_err(|_| broken())?,
            generation: text(attr::GENERATION)?,
            version: number(attr::VERSION)?,
            actor: text(ACTOR)?,
            request: text(REQUEST)?,
            through: text(CONNECTION).unwrap_or_default(),
            key: item.key,
        })
    }

    fn len(&self) -> usize {
        self.add.len() + self.remove.len()
    }

    fn open_adds(&self) -> &[Id] {
        self.add.get(self.done..).unwrap_or_default()
    }

    fn open_removes(&self) -> &[Id] {
        let done = self.done.saturating_sub(self.add.len());
        self.remove.get(done..).unwrap_or_default()
    }

    /// `None` once everything is in the edges.
    pub(super) fn step(&self, sizes: Sizes) -> Option<Step<'_>> {
        if let Some(add) = self.open_adds().chunks(sizes.adds()).next() {
            return Some(Step::Add(add));
        }
        self.open_removes()
            .chunks(sizes.removes())
            .next()
            .map(Step::Remove)
    }

    /// Moves the lane from where it was read to `done`: whoever read the same place before fails.
    pub(super) fn advance(&self, done: usize) -> Write {
        let key = self.key.clone();
        let at = Condition::Equals(DONE, count(self.done));
        if done >= self.len() {
            return Write::delete(key).when(at);
        }
        let update = Update::set([(DONE, count(done))]);
        Write::update(key, update).when(at)
    }
}

impl Step<'_> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Add(ids) | Self::Remove(ids) => ids.len(),
        }
    }
}

impl Tenant {
    /// Opens a big change: what the head's item says of it.
    pub(super) fn open_change(&self, group: &mut Record, edges: &Edges) {
        group.latest = outbox::draw_ulid(self.host());
        group.pending = Some(Pending {
            op: group.latest.clone(),
            until: self.host().now_ms() + LEASE_MS,
            lanes: self.sizes().lanes_for(edges.named()),
        });
    }

    /// Commits a big change, unless its request began too long ago; it is sent again as long as the client can wait.
    pub(super) async fn commit_big(&self, plan: &Plan) -> Result<Outcome, StoreError> {
        if self.until(self.begun + COMMIT_MS).past_deadline() {
            return Err(StoreError::Busy);
        }
        self.until(self.answer_deadline()).commit(plan).await
    }

    /// The lanes that lead to `edges`, and the work row that names the change.
    pub(super) fn plan_lanes(
        &self,
        plan: &mut Plan,
        group: &Record,
        open: &Pending,
        edges: &Edges,
    ) {
        let all: Vec<(bool, Id)> = (edges.add.iter().map(|id| (true, *id)))
            .chain(edges.remove.iter().map(|id| (false, *id)))
            .collect();
        let share = all.len().div_ceil(open.lanes).max(1);
        for (number, share) in all.chunks(share).enumerate() {
            let of = |verb| {
                let chosen = share.iter().filter(move |(add, _)| *add == verb);
                Attr::B(chosen.flat_map(|(_, id)| id.bytes()).collect())
            };
            let mut attrs = Attrs::from([
                (ADDS, of(true)),
                (REMOVES, of(false)),
                (DONE, Attr::N(0)),
                (attr::GENERATION, Attr::S(group.generation.clone())),
                (attr::VERSION, Attr::N(group.version)),
                (ACTOR, Attr::S(self.actor.clone())),
                (REQUEST, Attr::S(self.request.id.clone())),
            ]);
            if !self.through.is_empty() {
                attrs.insert(CONNECTION, Attr::S(self.through.clone()));
            }
            let key = self.scope.lane(group.id, &open.op, number);
            plan.push(
                Role::Other,
                Write::put(key, attrs).when(Condition::NotExists),
            );
        }
        // Since the request began: from then on it may have looked at members that are deleted now.
        let since = Attr::N(self.request.started);
        plan.push(
            Role::Other,
            Write::put(
                self.scope.work_change(group.id, &open.op),
                [(super::sweep::SINCE, since)],
            ),
        );
    }

    /// What the group's open change has yet to bring into the edges. To be read before the edges: an id that moves
    /// meanwhile is then seen twice rather than never.
    pub(super) async fn overlay(&self, group: &Record) -> Result<Overlay, StoreError> {
        let mut overlay = Overlay::default();
        if let Some(open) = &group.pending {
            for lane in self.lanes_of(group.id, &open.op).await? {
                overlay.add.extend(lane.open_adds());
                overlay.remove.extend(lane.open_removes());
            }
        }
        Ok(overlay)
    }

    pub(super) async fn lanes_of(&self, group: Id, op: &str) -> Result<Vec<Lane>, StoreError> {
        let lanes = self.lane_items(group, op).await?;
        lanes.into_iter().map(Lane::read).collect()
    }

    pub(super) async fn lane_items(&self, group: Id, op: &str) -> Result<Vec<Item>, StoreError> {
        let of_change = Range::BeginsWith(op.to_owned());
        self.query_all(self.scope.lanes(group), of_change).await
    }
}

/// Unpacks ids of 16 bytes each.
fn ids(item: &Item, name: &str) -> Vec<Id> {
    let packed = item.bytes(name).unwrap_or_default();
    packed.chunks_exact(16).filter_map(Id::from_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(add: u64, remove: u64, done: usize) -> Lane {
        let ids = |from: u64, count| (from..from + count).map(|n| Id::new(0, 0, 0, n)).collect();
        let key = Key {
            pk: "p".to_owned(),
            sk: "s".to_owned(),
        };
        Lane {
            key,
            add: ids(0, add),
            remove: ids(100, remove),
            done,
            generation: "g".to_owned(),
            version: 1,
            actor: "a".to_owned(),
            through: "c".to_owned(),
            request: "r".to_owned(),
        }
    }

    #[test]
    fn a_step_is_what_one_transaction_holds() {
        let sizes = Sizes::default();
        assert_eq!((sizes.adds(), sizes.removes()), (32, 49));
        let long = lane(33, 50, 0);
        assert_eq!(long.step(sizes), Some(Step::Add(&long.add[..32])));
        let rest = lane(33, 50, 32);
        assert_eq!(rest.step(sizes), Some(Step::Add(&rest.add[32..])));
        let removes = lane(33, 50, 33);
        assert_eq!(
            removes.step(sizes),
            Some(Step::Remove(&removes.remove[..49]))
        );
        let last = lane(33, 50, 82);
        assert_eq!(last.step(sizes), Some(Step::Remove(&last.remove[49..])));
        assert_eq!(lane(33, 50, 83).step(sizes), None);
    }

    #[test]
    fn a_lane_moves_on_until_its_item_goes() {
        let lane = lane(3, 0, 1);
        assert!(matches!(lane.advance(2), Write::Update { .. }));
        assert!(matches!(lane.advance(3), Write::Delete { .. }));
        assert_eq!(lane.open_adds(), &lane.add[1..]);
    }
}
