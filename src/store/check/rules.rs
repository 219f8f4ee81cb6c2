//! The invariants of the data model, as functions of what was seen of one tenant.

mod tenant;

use std::collections::{HashMap, HashSet};

use ulid::Ulid;

use super::facts::{Facts, Resource, Row, Sides};
use super::fault::{Alias, Amiss, Edge, Fault, Loose, number};
use crate::store::Id;
use crate::store::directory::{BUCKET_SIZE, row_of};
use crate::store::keys::Work;

/// A big change that began so lately may not be readable as a whole.
const YOUNG_MS: i64 = 60_000;

/// What waits for a pass: invisible, named by a row, and no fault.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    pub rows: u64,
    /// Edges of deleted resources and of members given up.
    pub edges: u64,
    /// Lanes of big changes under way.
    pub lanes: u64,
}

/// Everything that is not as it must be; with it what waits, and how many memberships there are.
pub(super) fn judge(facts: &Facts, now_ms: i64) -> (Vec<Fault>, Waiting, u64) {
    let mut faults = facts.faults.clone();
    faults.extend(tenant::identity(facts));
    faults.extend(tenant::notes(facts));
    // A document that does not read proves nothing.
    let unread = |alias: &Alias| {
        alias.wanted.is_empty() && alias.held.is_some_and(|id| facts.unread.contains(&id))
    };
    let aliases = facts.claims.faults().filter(|alias| !unread(alias));
    faults.extend(aliases.map(Fault::Alias));
    faults.extend(counts(facts));
    faults.extend(seats(facts));
    faults.extend(tenant::credentials(facts));
    let (wrong, right) = facts.rows.iter().partition(|row| names_living(facts, row));
    let named = Named::by(right);
    let wrong: Vec<&Row> = wrong;
    faults.extend(wrong.iter().map(|row| Fault::Work(row.work.clone())));
    let mut waiting = Waiting {
        rows: facts.rows.len() as u64,
        ..Waiting::default()
    };
    let memberships = edges(facts, &named, &mut faults, &mut waiting);
    changes(facts, &named, now_ms, &mut faults, &mut waiting);
    (faults, waiting, memberships)
}

/// I4: a bucket counts what it holds, and holds no more than it may.
fn counts(facts: &Facts) -> Vec<Fault> {
    let mut buckets: HashMap<(u8, u32), [i64; 2]> = HashMap::new();
    for (bucket, counted) in &facts.counts {
        buckets.entry(*bucket).or_default()[0] = *counted;
    }
    for id in facts.resources.keys() {
        let bucket = (id.resource_type(), id.bucket());
        buckets.entry(bucket).or_default()[1] += 1;
    }
    let mut faults = vec![];
    let stands = |(kind, bucket): &(u8, u32)| !facts.moving.contains(&(*kind, row_of(*bucket)));
    let buckets = buckets.into_iter().filter(|(bucket, _)| stands(bucket));
    for ((resource_type, bucket), [counted, held]) in buckets {
        if counted != held {
            faults.push(Fault::Count {
                resource_type,
                bucket,
                excess: counted - held,
            });
        }
        if held > BUCKET_SIZE {
            faults.push(Fault::Overfull {
                resource_type,
                bucket,
                held,
            });
        }
    }
    faults
}

/// The same for active users; where the row is missing, that is told already.
fn seats(facts: &Facts) -> impl Iterator<Item = Fault> {
    let mut excess = facts.active.clone();
    let users = facts.resources.iter().filter(|(_, user)| user.active);
    for (id, _) in users {
        if let Some(excess) = excess.get_mut(&row_of(id.bucket())) {
            *excess -= 1;
        }
    }
    for id in facts.unread.iter().filter(|id| id.resource_type() == 0) {
        excess.remove(&row_of(id.bucket()));
    }
    let wrong = excess.into_iter().filter(|(_, excess)| *excess != 0);
    wrong.map(|(row, excess)| Fault::Seats { row, excess })
}

/// What the work rows name.
#[derive(Debug, Default)]
struct Named<'f> {
    dying: HashSet<Id>,
    given_up: HashSet<(Id, u64)>,
    changes: HashSet<(Id, &'f str)>,
    /// Changes that were open when their group was deleted.
    orphaned: HashSet<(Id, &'f str)>,
}

impl<'f> Named<'f> {
    fn by(rows: Vec<&'f Row>) -> Self {
        let mut named = Self::default();
        for row in rows {
            match &row.work {
                Work::Deleted(id) => {
                    named.dying.insert(*id);
                }
                Work::Generation(group, generation) => {
                    named
                        .given_up
                        .extend(number(generation).map(|number| (*group, number)));
                    if row.dead {
                        named.dying.insert(*group);
                    }
                    named
                        .orphaned
                        .extend(row.op.as_deref().map(|op| (*group, op)));
                }
                Work::Change(group, op) => {
                    named.changes.insert((*group, op));
                }
            }
        }
        named
    }
}

/// Groups whose head was put back before a change of their lanes: what it says of its members is of the past.
fn put_back(facts: &Facts) -> HashSet<Id> {
    let later = facts.lanes.iter().filter(|((group, _), made)| {
        let head = facts.resources.get(group);
        head.is_some_and(|head| made.version > head.version && made.generation != head.generation)
    });
    later.map(|((group, _), _)| *group).collect()
}

/// Whether a row names what is alive: it is a fault, and excuses nothing.
fn names_living(facts: &Facts, row: &Row) -> bool {
    match &row.work {
        Work::Deleted(id) => facts.resources.contains_key(id),
        Work::Generation(group, generation) => facts
            .resources
            .get(group)
            .is_some_and(|head| row.dead || head.generation == number(generation)),
        Work::Change(..) => false,
    }
}

/// I5: every membership stands in both directions, and both ends live. I12: what does not is named by a row.
fn edges(facts: &Facts, named: &Named<'_>, faults: &mut Vec<Fault>, waiting: &mut Waiting) -> u64 {
    let (mut memberships, put_back) = (0, put_back(facts));
    for (edge, sides) in &facts.edges {
        let Some(amiss) = amiss(facts, *edge, *sides) else {
            memberships += 1;
            continue;
        };
        let dying = named.dying.contains(&edge.member);
        let excused = match amiss {
            // Who is deleted leaves a living group in both directions at once, and no pass looks for half an edge.
            Amiss::MemberGone => dying && sides.forward && sides.reverse,
            Amiss::GroupGone | Amiss::GenerationGone => {
                dying || named.given_up.contains(&(edge.group, edge.generation))
            }
            Amiss::OnlyForward | Amiss::OnlyReverse => false,
        };
        let excused = excused || put_back.contains(&edge.group);
        if excused {
            waiting.edges += 1;
        } else {
            faults.push(Fault::Edge(*edge, amiss));
        }
    }
    memberships
}

fn amiss(facts: &Facts, edge: Edge, sides: Sides) -> Option<Amiss> {
    let Some(head) = facts.resources.get(&edge.group) else {
        return Some(Amiss::GroupGone);
    };
    // A head that does not name its members proves nothing.
    if head.generation? != edge.generation {
        return Some(Amiss::GenerationGone);
    }
    if !facts.resources.contains_key(&edge.member) {
        return Some(Amiss::MemberGone);
    }
    match (sides.forward, sides.reverse) {
        (true, false) => Some(Amiss::OnlyForward),
        (false, _) => Some(Amiss::OnlyReverse),
        (true, true) => None,
    }
}

/// A group waits for a change exactly if a row names it; lanes belong to one of both.
fn changes(
    facts: &Facts,
    named: &Named<'_>,
    now_ms: i64,
    faults: &mut Vec<Fault>,
    waiting: &mut Waiting,
) {
    let mut loose = |group: Id, op: &str, loose| {
        if !is_young(op, now_ms) {
            faults.push(Fault::Change(group, op.to_owned(), loose));
        }
    };
    let open = |group: &Id, op: &str| {
        let head: Option<&Resource> = facts.resources.get(group);
        head.is_some_and(|head| head.pending.as_deref() == Some(op))
            || named.orphaned.contains(&(*group, op))
    };
    for (group, head) in &facts.resources {
        if let Some(op) = head.pending.as_deref()
            && !named.changes.contains(&(*group, op))
        {
            loose(*group, op, Loose::Head);
        }
    }
    for (group, op) in &named.changes {
        if !open(group, op) {
            loose(*group, op, Loose::Row);
        }
    }
    for (group, op) in facts.lanes.keys() {
        let head = facts.resources.get(group);
        if open(group, op) {
            waiting.lanes += 1;
        } else if head.is_none_or(|head| head.generation.is_some()) {
            loose(*group, op, Loose::Lanes);
        }
    }
}

fn is_young(op: &str, now_ms: i64) -> bool {
    let began = Ulid::from_string(op).map(|op| op.timestamp_ms());
    let began = began.ok().and_then(|began| i64::try_from(began).ok());
    began.is_some_and(|began| began + YOUNG_MS > now_ms)
}

#[cfg(test)]
mod tests;
