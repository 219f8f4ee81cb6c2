//! What else goes on in a world of one seed: names that many want while the indexes are late, clients that name a
//! version, groups in groups, ticks.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng, SeedableRng};
use serverless_scim::patch::{MemberChange, Verb};

use crate::op::Op;
use crate::random;
use crate::scripts::{self, add_all, some};
use crate::world::{Cast, Plan, Scripts};

/// Names in the cast and one beside them, in more than one case.
const NAMES: [&str; 5] = [
    "u0@fabrikam.example",
    "U0@Fabrikam.example",
    "u1@fabrikam.example",
    "ada@fabrikam.example",
    "Ada@fabrikam.example",
];

pub(crate) fn plan(seed: u64) -> Plan {
    let random = &mut StdRng::seed_from_u64(seed ^ 0x1a7e);
    let mut plan = random::plan(seed);
    plan.frozen = random.random_bool(0.4);
    plan.nested = random.random_bool(0.3) && plan.groups.len() > 1;
    plan
}

pub(crate) fn scripts(seed: u64, cast: &Cast) -> Scripts {
    let random = &mut StdRng::seed_from_u64(seed ^ 0x11de);
    let mut scripts = scripts::scripts(seed, cast);
    if random.random_bool(0.3) {
        scripts.extend(names(random, cast));
    }
    if random.random_bool(0.4) {
        scripts.extend(exact(random, cast));
    }
    if cast.groups.len() > 1 && random.random_bool(0.6) {
        scripts.extend(nest(random, cast));
    }
    if random.random_bool(0.2) {
        scripts.extend(stay(random, cast));
    }
    if random.random_bool(0.4) {
        scripts.push(("tick", vec![Op::Tick; random.random_range(1..3)]));
    }
    if random.random_bool(0.4) {
        scripts.extend(lists(random, cast));
    }
    scripts
}

/// All groups as a list shows them, and the members of one by cursor.
pub(crate) fn lists(random: &mut StdRng, cast: &Cast) -> Scripts {
    let group = *cast.groups.choose(random).unwrap();
    let looks = [
        Op::List,
        Op::Roster(group, random.random_range(1..3)),
        Op::List,
    ];
    let n = random.random_range(2..6);
    vec![("reader", looks.iter().cycle().take(n).cloned().collect())]
}

/// Users are made, renamed and deleted, and looked for by their names.
pub(crate) fn names(random: &mut StdRng, cast: &Cast) -> Scripts {
    let find = |random: &mut StdRng| Op::Find((*NAMES.choose(random).unwrap()).to_owned());
    let mut scripts: Scripts = vec![];
    for _ in 0..random.random_range(1..4) {
        let name = (*NAMES.choose(random).unwrap()).to_owned();
        let id = cast.users[random.random_range(0..2)];
        let change = match random.random_range(0..5) {
            0 => Op::Delete { id },
            1..3 => Op::Rename {
                id,
                name: name.clone(),
            },
            _ => Op::CreateUser { name: name.clone() },
        };
        scripts.push(("racer", vec![find(random), change, Op::Find(name)]));
    }
    let finds = (0..random.random_range(1..5)).map(|_| find(random));
    scripts.push(("finder", finds.collect()));
    scripts
}

/// Clients that send back what they read, a little changed, and its version.
pub(crate) fn exact(random: &mut StdRng, cast: &Cast) -> Scripts {
    let group = *cast.groups.choose(random).unwrap();
    let client = |random: &mut StdRng| {
        let one = |random: &mut StdRng| {
            let user = *cast.users.choose(random).unwrap();
            let verb = if random.random_bool(0.6) {
                Verb::Add
            } else {
                Verb::Remove
            };
            match random.random_range(0..6) {
                0 => Op::exact(
                    user,
                    Some((*NAMES.choose(random).unwrap()).to_owned()),
                    None,
                ),
                1 => {
                    let name = format!("Team {}", random.random_range(0..4));
                    Op::exact(
                        group,
                        Some(name),
                        random.random_bool(0.5).then_some((user, verb)),
                    )
                }
                _ => Op::exact(group, None, Some((user, verb))),
            }
        };
        (0..random.random_range(1..4))
            .map(|_| one(random))
            .collect()
    };
    let clients = random.random_range(1..4);
    (0..clients).map(|_| ("client", client(random))).collect()
}

/// Lists that replace everybody but one, who is asked for in every way.
fn stay(random: &mut StdRng, cast: &Cast) -> Scripts {
    let (group, one) = (cast.groups[0], cast.users[0]);
    let list = |random: &mut StdRng| {
        let mut change = MemberChange::default();
        change.clear();
        add_all(&mut change, &some(random, cast, 4));
        change.add(&one.to_string());
        Op::Members {
            group,
            change,
            name: None,
        }
    };
    let n = random.random_range(1..5);
    let lists = (0..n).map(|_| list(random)).collect();
    let looks = [
        Op::GroupsOf(one),
        Op::With(one),
        Op::AllGroupsOf(one, cast.nested),
        Op::IsMember(group, one),
    ];
    let n = random.random_range(3..9);
    vec![
        ("lister", lists),
        ("reader", looks.iter().cycle().take(n).cloned().collect()),
    ]
}

/// A group goes into another and out again, and perhaps away.
pub(crate) fn nest(random: &mut StdRng, cast: &Cast) -> Scripts {
    let (outer, inner) = (cast.groups[0], cast.groups[1]);
    let user = *cast.users.choose(random).unwrap();
    let mut scripts: Scripts = vec![];
    for _ in 0..random.random_range(1..3) {
        let change = |random: &mut StdRng| {
            let mut change = MemberChange::default();
            let mut group = outer;
            match random.random_range(0..8) {
                0..3 => change.add(&inner.to_string()),
                3..5 => change.remove(&inner.to_string()),
                5 => {
                    group = inner;
                    change.add(&outer.to_string());
                }
                n => {
                    if n == 6 {
                        change.clear();
                    }
                    add_all(&mut change, &some(random, cast, 4));
                    change.add(&inner.to_string());
                }
            }
            Op::Members {
                group,
                change,
                name: None,
            }
        };
        let ops = (0..random.random_range(1..4)).map(|_| change(random));
        scripts.push(("nester", ops.collect()));
    }
    if random.random_bool(0.5) {
        scripts.push(("deleter", vec![Op::Delete { id: inner }]));
    }
    let looks = [
        Op::Read(outer),
        Op::AllGroupsOf(user, cast.nested),
        Op::IsMember(outer, inner),
        Op::GroupsOf(inner),
        Op::Read(outer),
        Op::With(inner),
    ];
    let n = random.random_range(2..8);
    scripts.push(("reader", looks.iter().cycle().take(n).cloned().collect()));
    scripts
}
