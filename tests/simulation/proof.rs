//! Proof that the simulation sees: each rule left out makes it fail within so many seeds, and the store as it is passes
//! the seed that did.

use std::time::Instant;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serverless_scim::patch::MemberChange;
use serverless_scim::store::Sizes;

use crate::choose::{Chooser, Habits};
use crate::mutant::{ALL, Mutant};
use crate::op::Op;
use crate::random;
use crate::schedule::Mishaps;
use crate::scripts;
use crate::wide;
use crate::world::{Cast, Engine, Report, Scripts, play};

/// Seeds within which a mutant must be caught.
const SEEDS: u64 = 600;

/// Where to begin, so that most are caught soon. Any number will do.
fn first(mutant: Mutant) -> u64 {
    match mutant {
        Mutant::OneHead => 250,
        Mutant::Fence => 440,
        Mutant::Grace => 540,
        Mutant::LanesFirst => 130,
        Mutant::DyingFirst | Mutant::SecondHead => 30,
        _ => 0,
    }
}

/// The world in which the rule matters most, where that is not any.
fn matters(mutant: Mutant, seed: u64, cast: &Cast) -> Scripts {
    let group = cast.groups[0];
    let add = |users: &[usize]| {
        let mut change = MemberChange::default();
        for n in users {
            change.add(&cast.users[*n].to_string());
        }
        Op::Members {
            group,
            change,
            name: None,
        }
    };
    let remove = |user: usize| {
        let mut change = MemberChange::default();
        change.remove(&cast.users[user].to_string());
        Op::Members {
            group,
            change,
            name: None,
        }
    };
    let list = |users: &[usize]| {
        let mut op = add(users);
        if let Op::Members { change, .. } = &mut op {
            change.clear = true;
        }
        op
    };
    let name = "ada@fabrikam.example".to_owned();
    match mutant {
        // The owner sleeps over a step that another does in its place; then somebody takes it back.
        Mutant::Fence => vec![
            ("owner", vec![add(&[0, 1, 2, 3])]),
            ("later", (0..4).map(remove).collect()),
            ("reader", vec![Op::Read(group); 2]),
        ],
        // A list replaces everybody: one who stays is in a new generation, and a pass takes the old one away.
        Mutant::OneHead => vec![
            ("owner", vec![list(&[0, 4]), list(&[1, 4])]),
            ("pass", vec![Op::Pass; 3]),
            ("reader", vec![Op::IsMember(group, cast.users[4]); 6]),
        ],
        Mutant::FlipAlone => vec![
            ("owner", vec![add(&[0, 1, 2, 3])]),
            ("emptier", vec![list(&[])]),
            ("reader", vec![Op::Read(group), Op::Read(group)]),
        ],
        Mutant::LanesOfTheDead => vec![
            ("owner", vec![add(&[0, 1, 2, 3])]),
            ("deleter", vec![Op::Delete { id: group }]),
        ],
        Mutant::StaleFirst => vec![
            (
                "namer",
                vec![Op::Rename {
                    id: cast.users[0],
                    name: name.clone(),
                }],
            ),
            (
                "racer",
                vec![Op::Delete { id: cast.users[0] }, Op::CreateUser { name }],
            ),
        ],
        Mutant::Index => wide::names(&mut StdRng::seed_from_u64(seed), cast),
        Mutant::Version => wide::exact(&mut StdRng::seed_from_u64(seed), cast),
        Mutant::Nesting | Mutant::DeadGroup => wide::nest(&mut StdRng::seed_from_u64(seed), cast),
        _ => scripts::scripts(seed, cast),
    }
}

/// Whether the world is a small one, without trouble that does not matter.
fn is_small(mutant: Mutant) -> bool {
    matches!(
        mutant,
        Mutant::Fence
            | Mutant::FlipAlone
            | Mutant::LanesOfTheDead
            | Mutant::StaleFirst
            | Mutant::OneHead
            | Mutant::Index
            | Mutant::Version
            | Mutant::Nesting
            | Mutant::DeadGroup
    )
}

async fn run(engine: &mut Engine, mutant: Mutant, seed: u64, mutated: bool) -> Report {
    let mut plan = random::plan(seed);
    if is_small(mutant) {
        plan.users = 8;
        plan.groups = vec![(4..8).collect()];
        plan.frozen = mutant == Mutant::Index;
        if matches!(mutant, Mutant::Nesting | Mutant::DeadGroup) {
            plan.groups.push([4].into());
            plan.nested = mutant == Mutant::DeadGroup;
        }
        plan.sizes = Sizes {
            writes: 8,
            lanes: 2,
            compared: if mutant == Mutant::OneHead {
                2
            } else {
                100_000
            },
        };
        plan.torn = false;
        plan.mishaps = Mishaps {
            crashes: 1,
            jumps: 2,
            late: 0.0,
        };
    }
    let chooser = Chooser::Random(Habits::draw(seed));
    let scripts = |cast: &Cast| matters(mutant, seed, cast);
    play(
        engine,
        &plan,
        scripts,
        chooser,
        seed,
        mutated.then_some(mutant),
        false,
    )
    .await
}

/// The seed that told, and what.
async fn caught(engine: &mut Engine, mutant: Mutant) -> Option<(u64, String)> {
    for seed in (first(mutant)..).take(usize::try_from(SEEDS).unwrap()) {
        if let Some(wrong) = run(engine, mutant, seed, true).await.wrong {
            return Some((seed, wrong));
        }
    }
    None
}

#[tokio::test]
async fn every_rule_is_needed() {
    let mut uncaught = vec![];
    let mut engine = Engine::default();
    let only = std::env::var("SIMULATE_MUTANT").ok();
    let wanted = |mutant: &Mutant| {
        only.as_ref()
            .is_none_or(|only| *only == format!("{mutant:?}"))
    };
    for mutant in ALL.into_iter().filter(wanted) {
        let began = Instant::now();
        let Some((seed, wrong)) = caught(&mut engine, mutant).await else {
            uncaught.push(mutant);
            continue;
        };
        let whole = run(&mut engine, mutant, seed, false).await.wrong;
        assert_eq!(whole, None, "seed {seed} without {mutant:?}");
        let wrong: String = wrong.chars().take(150).collect();
        println!("{mutant:?}: seed {seed}, {:?}: {wrong}", began.elapsed());
    }
    assert_eq!(uncaught, [], "not caught");
}
