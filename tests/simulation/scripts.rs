//! Who does what in a world of one seed.

use std::collections::BTreeSet;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, IteratorRandom as _};
use rand::{Rng, SeedableRng};
use serverless_scim::patch::MemberChange;
use serverless_scim::store::Id;

use crate::op::Op;
use crate::world::{Cast, Scripts};

pub(crate) fn scripts(seed: u64, cast: &Cast) -> Scripts {
    let random = &mut StdRng::seed_from_u64(seed ^ 0xca57);
    if random.random_bool(0.6) {
        return storm(random, cast);
    }
    let mut scripts: Scripts = vec![];
    for _ in 0..random.random_range(1..4) {
        let ops = (0..random.random_range(1..4))
            .map(|_| change(random, cast))
            .collect();
        scripts.push(("writer", ops));
    }
    if random.random_bool(0.5) {
        let id = *cast.users.choose(random).unwrap();
        scripts.push(("deleter", vec![Op::Delete { id }]));
    }
    if random.random_bool(0.3) {
        scripts.push(("racer", race(random, cast)));
        scripts.push(("racer", race(random, cast)));
    }
    if random.random_bool(0.7) {
        scripts.push(("pass", vec![Op::Pass; random.random_range(1..4)]));
    }
    for _ in 0..random.random_range(1..3) {
        let ops = (0..random.random_range(2..8))
            .map(|_| look(random, cast))
            .collect();
        scripts.push(("reader", ops));
    }
    scripts
}

/// Everybody at one group: a big change, whoever meets it, small changes of the same members there and back, a
/// deletion, readers all the while.
fn storm(random: &mut StdRng, cast: &Cast) -> Scripts {
    let group = cast.groups[0];
    let members = |change| Op::Members {
        group,
        change,
        name: None,
    };
    let mut big = MemberChange::default();
    if random.random_bool(0.2) {
        big.clear();
    }
    let all = some(random, cast, 8);
    add_all(&mut big, &all);
    let rest = cast
        .users
        .iter()
        .copied()
        .filter(|id| !all.contains(id) && random.random_bool(0.5))
        .collect();
    remove_all(&mut big, &rest);
    let mut scripts: Scripts = vec![("owner", vec![members(big)])];
    for _ in 0..random.random_range(1..4) {
        let one = *cast.users.choose(random).unwrap();
        let two = *cast.users.choose(random).unwrap();
        let mut ops = vec![];
        for id in [one, two, one] {
            let mut change = MemberChange::default();
            match random.random_range(0..12) {
                0..5 => change.remove(&id.to_string()),
                5..10 => change.add(&id.to_string()),
                10 => change.clear(),
                _ => add_all(&mut change, &some(random, cast, 8)),
            }
            ops.push(members(change));
        }
        scripts.push(("writer", ops));
    }
    if random.random_bool(0.6) {
        let id = *cast.users.choose(random).unwrap();
        scripts.push(("deleter", vec![Op::Delete { id }]));
    }
    if random.random_bool(0.1) {
        scripts.push(("deleter", vec![Op::Delete { id: group }]));
    }
    if random.random_bool(0.6) {
        scripts.push(("pass", vec![Op::Pass; random.random_range(1..4)]));
    }
    let user = *cast.users.choose(random).unwrap();
    let looks = [
        Op::Read(group),
        Op::Read(group),
        Op::IsMember(group, user),
        Op::Read(group),
        Op::With(user),
    ];
    for _ in 0..random.random_range(1..3) {
        let n = random.random_range(2..8);
        scripts.push(("reader", looks.iter().cycle().take(n).cloned().collect()));
    }
    scripts
}

pub(crate) fn some(random: &mut StdRng, cast: &Cast, most: usize) -> BTreeSet<Id> {
    let n = random.random_range(1..=most.min(cast.users.len()));
    cast.users
        .iter()
        .copied()
        .choose_multiple(random, n)
        .into_iter()
        .collect()
}

fn change(random: &mut StdRng, cast: &Cast) -> Op {
    let group = *cast.groups.choose(random).unwrap();
    let mut change = MemberChange::default();
    let mut name = None;
    match random.random_range(0..20) {
        0..5 => add_all(&mut change, &some(random, cast, 1)),
        5..8 => remove_all(&mut change, &some(random, cast, 2)),
        8..13 => {
            add_all(&mut change, &some(random, cast, 6));
            remove_all(&mut change, &some(random, cast, 4));
        }
        13 => change.clear(),
        14..16 => {
            change.clear();
            add_all(&mut change, &some(random, cast, 6));
        }
        16 => {
            name = Some(format!("Team {}", random.random_range(0..4)));
            add_all(&mut change, &some(random, cast, 2));
        }
        17 => {
            let name = format!("Team {}", random.random_range(2..5));
            return Op::CreateGroup {
                name,
                members: some(random, cast, 6),
            };
        }
        18 => return Op::Delete { id: group },
        _ => {
            let id = *cast.users.choose(random).unwrap();
            return Op::Rename {
                id,
                name: racy(random),
            };
        }
    }
    Op::Members {
        group,
        change,
        name,
    }
}

/// A name that others want as well, in some case.
fn racy(random: &mut StdRng) -> String {
    let name = [
        "ada@fabrikam.example",
        "Ada@Fabrikam.example",
        "ADA@fabrikam.example",
    ];
    (*name.choose(random).unwrap()).to_owned()
}

fn race(random: &mut StdRng, cast: &Cast) -> Vec<Op> {
    let id = *cast.users.choose(random).unwrap();
    let name = racy(random);
    let first = match random.random_range(0..3) {
        0 => Op::Rename {
            id,
            name: name.clone(),
        },
        _ => Op::CreateUser { name: name.clone() },
    };
    vec![first, Op::Find(name.clone()), Op::Find(name)]
}

fn look(random: &mut StdRng, cast: &Cast) -> Op {
    let group = *cast.groups.choose(random).unwrap();
    let user = *cast.users.choose(random).unwrap();
    match random.random_range(0..10) {
        0..6 => Op::Read(group),
        6..8 => Op::IsMember(group, user),
        8 => Op::GroupsOf(user),
        _ => Op::With(user),
    }
}

pub(crate) fn add_all(change: &mut MemberChange, ids: &BTreeSet<Id>) {
    for id in ids {
        change.add(&id.to_string());
    }
}

pub(crate) fn remove_all(change: &mut MemberChange, ids: &BTreeSet<Id>) {
    for id in ids {
        change.remove(&id.to_string());
    }
}
