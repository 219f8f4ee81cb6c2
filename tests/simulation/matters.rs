//! The world in which a rule matters most, so that its mutant is caught soon.

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serverless_scim::patch::MemberChange;
use serverless_scim::store::Sizes;
use serverless_scim::table::wrappers::Trouble;

use crate::mutant::Mutant;
use crate::op::Op;
use crate::random;
use crate::schedule::Mishaps;
use crate::scripts;
use crate::wide;
use crate::world::{Cast, Plan, Scripts};

fn add(cast: &Cast, users: &[usize]) -> Op {
    let mut change = MemberChange::default();
    for n in users {
        change.add(&cast.users[*n].to_string());
    }
    Op::Members {
        group: cast.groups[0],
        change,
        name: None,
    }
}

fn remove(cast: &Cast, user: usize) -> Op {
    let mut change = MemberChange::default();
    change.remove(&cast.users[user].to_string());
    Op::Members {
        group: cast.groups[0],
        change,
        name: None,
    }
}

/// They replace everybody.
fn list(cast: &Cast, users: &[usize]) -> Op {
    let mut op = add(cast, users);
    if let Op::Members { change, .. } = &mut op {
        change.clear = true;
    }
    op
}

pub(crate) fn scripts(mutant: Mutant, seed: u64, cast: &Cast) -> Scripts {
    let (group, random) = (cast.groups[0], &mut StdRng::seed_from_u64(seed));
    let deleted = |n: usize| Op::Delete { id: cast.users[n] };
    match mutant {
        Mutant::OneHead => replaced(cast, Op::IsMember(group, cast.users[4])),
        Mutant::ListOnce => replaced(cast, Op::List),
        Mutant::PageOnce => replaced(cast, Op::Roster(group, 2)),
        Mutant::DyingLast => hidden(cast, Op::Read(group)),
        Mutant::ListDyingLast => hidden(cast, Op::List),
        // Somebody dies, then the group changes, between two answers.
        Mutant::DyingOnce => vec![
            ("owner", (0..4).map(|n| add(cast, &[n])).collect()),
            ("deleter", (4..8).map(deleted).collect()),
            ("reader", vec![Op::Read(group); 4]),
            ("reader", vec![Op::Read(group); 4]),
        ],
        // Who helped lately and stands still is overtaken by another helper, who then does the opposite.
        Mutant::Fence => vec![
            ("owner", vec![add(cast, &[0, 1, 2]); 4]),
            ("remover", vec![remove(cast, 0); 6]),
            ("remover", vec![remove(cast, 1); 6]),
        ],
        Mutant::Grace => vec![
            ("owner", vec![add(cast, &[0, 1, 2, 3])]),
            ("deleter", vec![deleted(1)]),
            ("pass", vec![Op::Pass; 2]),
        ],
        Mutant::Held => vec![
            ("owner", vec![add(cast, &[0, 1, 2]), add(cast, &[3, 5, 6])]),
            ("deleter", [1, 2, 5, 6].map(deleted).into()),
            ("pass", vec![Op::Pass; 8]),
        ],
        // Members move from lanes to edges.
        Mutant::LanesFirst => vec![
            ("owner", vec![add(cast, &[0, 1, 2]), add(cast, &[3, 5, 6])]),
            ("reader", vec![Op::Read(group); 4]),
            ("reader", vec![Op::Read(group); 4]),
        ],
        Mutant::Guard => vec![
            ("writer", vec![add(cast, &[1])]),
            ("deleter", vec![deleted(1)]),
            ("pass", vec![Op::Pass; 3]),
        ],
        Mutant::Newer => vec![
            ("owner", (0..4).map(|n| list(cast, &[n, 4, 5])).collect()),
            ("deleter", vec![deleted(4), deleted(5)]),
        ],
        Mutant::Unlooked => vec![
            ("deleter", vec![deleted(4)]),
            ("reader", vec![Op::With(cast.users[4]); 4]),
        ],
        Mutant::FlipAlone => vec![
            ("owner", vec![add(cast, &[0, 1, 2, 3])]),
            ("emptier", vec![list(cast, &[])]),
            ("reader", vec![Op::Read(group), Op::Read(group)]),
        ],
        Mutant::LanesOfTheDead => vec![
            ("owner", vec![add(cast, &[0, 1, 2, 3])]),
            ("deleter", vec![Op::Delete { id: group }]),
        ],
        Mutant::StaleFirst => taken(cast),
        Mutant::Index => wide::names(random, cast),
        Mutant::Version => wide::exact(random, cast),
        Mutant::Nesting | Mutant::DeadGroup => wide::nest(random, cast),
        _ => scripts::scripts(seed, cast),
    }
}

/// A list replaces everybody: one who stays is in a new generation, and a pass takes the old one away.
fn replaced(cast: &Cast, look: Op) -> Scripts {
    vec![
        ("owner", (0..4).map(|n| list(cast, &[n, 4])).collect()),
        ("pass", vec![Op::Pass; 5]),
        ("reader", vec![look.clone(); 4]),
        ("reader", vec![look; 4]),
    ]
}

/// Somebody who stands in a lane is deleted; the step leaves him out, and a pass takes his row away.
fn hidden(cast: &Cast, look: Op) -> Scripts {
    let deleted = |n: usize| Op::Delete { id: cast.users[n] };
    vec![
        ("owner", vec![add(cast, &[0, 1, 2]), add(cast, &[3, 5, 6])]),
        ("deleter", [1, 5].map(deleted).into()),
        ("pass", vec![Op::Pass; 5]),
        ("reader", vec![look.clone(); 4]),
        ("reader", vec![look.clone(); 4]),
        ("reader", vec![look; 4]),
    ]
}

/// Somebody takes a name and goes, and another wants it.
fn taken(cast: &Cast) -> Scripts {
    let (id, name) = (cast.users[0], "ada@fabrikam.example".to_owned());
    let rename = Op::Rename {
        id,
        name: name.clone(),
    };
    vec![
        ("namer", vec![rename]),
        ("racer", vec![Op::Delete { id }, Op::CreateUser { name }]),
    ]
}

/// Whether it takes somebody who stands still while time passes.
pub(crate) fn is_slow(mutant: Mutant) -> bool {
    matches!(
        mutant,
        Mutant::Fence
            | Mutant::Guard
            | Mutant::Grace
            | Mutant::Held
            | Mutant::DyingLast
            | Mutant::ListDyingLast
            | Mutant::OneHead
    )
}

/// Whether the world is any one of a seed.
fn is_any(mutant: Mutant) -> bool {
    matches!(
        mutant,
        Mutant::Dying
            | Mutant::SecondHead
            | Mutant::Update
            | Mutant::Exists
            | Mutant::Token
            | Mutant::Idle
    )
}

pub(crate) fn plan(mutant: Mutant, seed: u64) -> Plan {
    let mut plan = random::plan(seed);
    if is_any(mutant) {
        return plan;
    }
    plan.users = 8;
    let few = matches!(
        mutant,
        Mutant::Fence
            | Mutant::Held
            | Mutant::LanesFirst
            | Mutant::DyingLast
            | Mutant::ListDyingLast
    );
    plan.groups = vec![if few { [4].into() } else { (4..8).collect() }];
    plan.frozen = mutant == Mutant::Index;
    if matches!(mutant, Mutant::Nesting | Mutant::DeadGroup) {
        plan.groups.push([4].into());
        plan.nested = mutant == Mutant::DeadGroup;
    }
    let flips = matches!(
        mutant,
        Mutant::OneHead | Mutant::ListOnce | Mutant::PageOnce | Mutant::Newer
    );
    plan.sizes = Sizes {
        writes: 8,
        lanes: 2,
        compared: if flips { 2 } else { 100_000 },
    };
    plan.torn = mutant == Mutant::Newer;
    if mutant == Mutant::Held {
        // A change stays open where a pass cannot finish it.
        plan.trouble = Trouble {
            throttle: 0.2,
            ..Trouble::default()
        };
    }
    plan.mishaps = Mishaps {
        crashes: 3,
        jumps: 8,
        late: 0.0,
    };
    plan
}
