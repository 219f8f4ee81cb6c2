//! What a mutant makes of writes and of the reasons for which they failed.

use std::collections::BTreeSet;

use serverless_scim::table::{Attr, Attrs, Condition, Item, Key, Reason, Update, Write};

use crate::mutant::Mutant;

/// How long a work row stays.
const GRACE_MS: i64 = 60_000;
/// The attributes of a head that a put of the whole would have.
const HEAD: [&str; 10] = ["v", "ct", "lm", "d", "gen", "np", "ns", "xp", "xs", "tw"];

pub(crate) fn is_head(key: &Key) -> bool {
    key.pk.contains("#R#1")
}

pub(crate) fn has(key: &Key, part: &str) -> bool {
    key.pk.contains(part)
}

/// Leaves out what `lost` says, at any depth of `And`.
fn without(condition: Option<&Condition>, lost: &dyn Fn(&Condition) -> bool) -> Option<Condition> {
    match condition? {
        Condition::And(parts) => {
            let parts: Vec<Condition> = parts.iter().filter(|part| !lost(part)).cloned().collect();
            (!parts.is_empty()).then_some(Condition::And(parts))
        }
        other => (!lost(other)).then(|| other.clone()),
    }
}

fn with(write: &Write, new: Option<Condition>) -> Write {
    let mut write = write.clone();
    match &mut write {
        Write::Put { condition, .. }
        | Write::Update { condition, .. }
        | Write::Delete { condition, .. } => {
            *condition = new;
        }
        Write::Check { .. } => {}
    }
    write
}

/// The write as a store without the rule would send it; `old` is the item as the request read it.
pub(crate) fn falsify(mutant: Mutant, write: &Write, old: Option<Item>) -> Write {
    let key = write.key();
    let is_version = |part: &Condition| matches!(part, Condition::Equals("v", _));
    match (mutant, write) {
        // That a lane is there would be asking enough: while it is, nobody can write the opposite.
        (Mutant::Fence, Write::Delete { .. }) if has(key, "#O#") => with(write, None),
        // A lane that is gone must not come back, for that would be another fault.
        (Mutant::Fence, Write::Update { .. }) if has(key, "#O#") => {
            with(write, Some(Condition::Exists))
        }
        (Mutant::Newer, Write::Delete { .. }) if has(key, "#V#") => with(write, None),
        (Mutant::Guard, Write::Check { key, .. }) if has(key, "#R#") => Write::Check {
            key: key.clone(),
            condition: Condition::Or(vec![Condition::Exists, Condition::NotExists]),
        },
        (Mutant::Grace, Write::Put { .. }) if key.pk.ends_with("#D") => earlier(write),
        (Mutant::Exists, Write::Update { condition, .. }) if is_head(key) => {
            let rest = condition.clone().unwrap_or(Condition::Exists);
            with(write, Some(Condition::Or(vec![Condition::NotExists, rest])))
        }
        (Mutant::Version, Write::Update { .. } | Write::Put { .. }) if has(key, "#R#") => {
            with(write, without(write.condition(), &is_version))
        }
        (Mutant::Nesting, Write::Update { key, .. }) if key.sk == "@" && !has(key, "#B#") => {
            Write::Check {
                key: key.clone(),
                condition: Condition::Exists,
            }
        }
        (Mutant::FlipAlone, Write::Update { update, .. })
            if is_head(key) && flips(old.as_ref(), update) =>
        {
            let lost = |part: &Condition| is_version(part) || matches!(part, Condition::Lacks(_));
            with(write, without(write.condition(), &lost))
        }
        (
            Mutant::Update,
            Write::Update {
                update, condition, ..
            },
        ) if is_head(key) => match old {
            Some(old) => whole(&old, update, condition.clone()),
            None => write.clone(),
        },
        _ => write.clone(),
    }
}

/// The work row as if it had been written a minute ago, as all others are: nothing but the grace is lost.
fn earlier(write: &Write) -> Write {
    let mut write = write.clone();
    if let Write::Put { attrs, .. } = &mut write
        && let Some(Attr::N(since)) = attrs.get_mut("since")
    {
        *since -= GRACE_MS;
    }
    write
}

fn flips(old: Option<&Item>, update: &Update) -> bool {
    let generation = update.set.get("gen");
    generation.is_some() && old.and_then(|old| old.attrs.get("gen")) != generation
}

/// The head as it was read, changed and put back.
fn whole(old: &Item, update: &Update, condition: Option<Condition>) -> Write {
    let kept = HEAD.iter().filter(|name| !update.remove.contains(name));
    let kept = kept.filter_map(|name| Some((*name, old.attrs.get(*name)?.clone())));
    let mut attrs: Attrs = kept.collect();
    attrs.extend(update.set.clone());
    for (name, by) in &update.add {
        if let Some(Attr::N(number)) = attrs.get_mut(name) {
            *number += by;
        }
    }
    Write::Put {
        key: old.key.clone(),
        attrs,
        condition,
    }
}

/// The reasons as somebody would see them who looks at the resource itself only where nothing else failed.
pub(crate) fn stale_last(writes: &[Write], mut reasons: Vec<Reason>) -> Vec<Reason> {
    let failed = |reason: &Reason| matches!(reason, Reason::Condition(_) | Reason::Invalid);
    let own: BTreeSet<usize> = writes
        .iter()
        .enumerate()
        .filter(|(_, write)| match write {
            Write::Check { .. } => false,
            // The name that is given up is the resource's own.
            Write::Delete { key, .. } => has(key, "#R#") || has(key, "#N#"),
            Write::Put { key, .. } | Write::Update { key, .. } => has(key, "#R#"),
        })
        .map(|(at, _)| at)
        .collect();
    let others = reasons
        .iter()
        .enumerate()
        .any(|(at, reason)| failed(reason) && !own.contains(&at));
    for at in own.into_iter().filter(|_| others) {
        reasons[at] = Reason::None;
    }
    reasons
}
