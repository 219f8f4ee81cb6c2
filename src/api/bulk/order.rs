//! In which order operations run: creations before what refers to them, and otherwise with the outcome of one after
//! another as they were sent. RFC 7644 §3.7, §3.7.1.

use std::collections::{BTreeSet, HashMap};

use http::Method;
use serde_json::Value;

use super::read::{Entry, Task};

/// The order of a request's operations, by their positions in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Order {
    /// Creations that refer to each other in a circle.
    pub circular: BTreeSet<usize>,
    /// An order in which all operations could run one by one.
    pub sequence: Vec<usize>,
    /// For each position those that must have ended before it begins; all of them stand before it in `sequence`.
    pub waits: Vec<BTreeSet<usize>>,
}

/// Orders the operations; one that is refused already waits for nothing.
pub(super) fn order(entries: &[Entry]) -> Order {
    let mut needs = needs(entries);
    let circular = circular(&needs);
    for position in &circular {
        if let Some(needs) = needs.get_mut(*position) {
            needs.clear();
        }
    }
    let sequence = in_turn(&needs);
    let waits = waits(entries, &sequence, needs);
    Order {
        circular,
        sequence,
        waits,
    }
}

/// What each operation cannot do without: the creations it refers to, and the operation before it on its resource.
/// Creations refer only to creations, so a circle is always one of bulkIds.
fn needs(entries: &[Entry]) -> Vec<BTreeSet<usize>> {
    let positions = || entries.iter().enumerate();
    let creations: HashMap<&str, usize> = positions()
        .filter_map(|(position, entry)| Some((entry.creates()?, position)))
        .collect();
    let mut last = HashMap::new();
    let mut all = vec![];
    for (position, entry) in positions() {
        let mut needs = BTreeSet::new();
        if let Ok(task) = &entry.task {
            let named = task.references.iter();
            needs.extend(named.filter_map(|name| creations.get(name.as_str())));
            let before = task.target().and_then(|id| last.insert(id, position));
            needs.extend(before);
        }
        all.push(needs);
    }
    all
}

/// Positions on a circle, or between two: they get their turn from neither end.
fn circular(needs: &[BTreeSet<usize>]) -> BTreeSet<usize> {
    let mut circular: BTreeSet<usize> = (0..needs.len()).collect();
    for needs in [needs, &turned(needs)] {
        for position in in_turn(needs) {
            circular.remove(&position);
        }
    }
    circular
}

/// Who needs each position.
fn turned(needs: &[BTreeSet<usize>]) -> Vec<BTreeSet<usize>> {
    let mut turned = vec![BTreeSet::new(); needs.len()];
    for (position, needs) in needs.iter().enumerate() {
        for needed in needs {
            if let Some(needing) = turned.get_mut(*needed) {
                needing.insert(position);
            }
        }
    }
    turned
}

/// The positions whose needs can be met, the first that is ready always next.
fn in_turn(needs: &[BTreeSet<usize>]) -> Vec<usize> {
    let needing = turned(needs);
    let mut open: Vec<usize> = needs.iter().map(BTreeSet::len).collect();
    let unmet = open.iter().enumerate();
    let mut ready: BTreeSet<usize> = unmet
        .filter(|(_, open)| **open == 0)
        .map(|(at, _)| at)
        .collect();
    let mut sequence = vec![];
    while let Some(position) = ready.pop_first() {
        sequence.push(position);
        for next in needing.get(position).into_iter().flatten() {
            if let Some(open) = open.get_mut(*next) {
                *open -= 1;
                if *open == 0 {
                    ready.insert(*next);
                }
            }
        }
    }
    sequence
}

/// What the order of two operations could matter for beyond their needs.
struct Effect {
    resource_type: u8,
    creates: bool,
    deletes: bool,
    /// Changes what another change may wait for.
    contends: bool,
    name: Option<String>,
    external_id: Option<String>,
}

impl Effect {
    fn of(task: &Task) -> Option<Self> {
        Some(Self {
            resource_type: task.resource_type()?.number,
            creates: task.method == Method::POST,
            deletes: task.method == Method::DELETE,
            contends: task.method != Method::POST && contends(task),
            name: task.unique_name(),
            external_id: task.external_id(),
        })
    }

    /// A deletion frees names and takes members away, a change may free the name that a creation takes, or the name
    /// or seat that another change takes, and of two that want one name the first shall have it.
    fn meets(&self, other: &Self) -> bool {
        let same_type = self.resource_type == other.resource_type;
        self.deletes != other.deletes
            || (same_type && self.creates != other.creates)
            || (same_type && self.contends && other.contends)
            || (same_type && self.name.is_some() && self.name == other.name)
            || (same_type && self.external_id.is_some() && self.external_id == other.external_id)
    }
}

/// Whether the data names what one resource may have to give up before another can have it: a name, an externalId
/// where it must be unique, a seat.
fn contends(task: &Task) -> bool {
    let unique = task.unique().map_or("", |unique| &unique.name);
    names_one(&task.data, &[unique, "externalId", "active"])
}

/// Whether one of these attributes is named by a key, or at the end of a path; rather once too often than once too
/// seldom. The JSON parser has bounded how deep the data goes.
fn names_one(data: &Value, attributes: &[&str]) -> bool {
    let ends = |text: &str, name: &str| {
        let start = text.len().checked_sub(name.len());
        let end = start.and_then(|start| text.get(start..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(name))
    };
    let names = |text: &str| attributes.iter().any(|name| ends(text.trim_end(), name));
    match data {
        Value::Array(list) => list.iter().any(|value| names_one(value, attributes)),
        Value::Object(object) => object.iter().any(|(key, value)| {
            let path = value.as_str().filter(|_| key.eq_ignore_ascii_case("path"));
            names(key) || path.is_some_and(names) || names_one(value, attributes)
        }),
        _ => false,
    }
}

fn waits(
    entries: &[Entry],
    sequence: &[usize],
    mut waits: Vec<BTreeSet<usize>>,
) -> Vec<BTreeSet<usize>> {
    let mut before: Vec<(usize, Effect)> = vec![];
    for position in sequence {
        let task = entries
            .get(*position)
            .and_then(|entry| entry.task.as_ref().ok());
        let (Some(effect), Some(waits)) = (task.and_then(Effect::of), waits.get_mut(*position))
        else {
            continue;
        };
        let met = before.iter().filter(|(_, earlier)| earlier.meets(&effect));
        waits.extend(met.map(|(earlier, _)| *earlier));
        before.push((*position, effect));
    }
    waits
}

#[cfg(test)]
mod tests;
