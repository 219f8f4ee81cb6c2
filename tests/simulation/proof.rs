//! Proof that the simulation sees: each rule left out makes it fail within so many seeds, and the store as it is passes
//! the seed that did. A table that makes the same calls as a mutant and lies about nothing passes all of its seeds.

use std::time::Instant;

use crate::choose::{Chooser, Habits};
use crate::matters;
use crate::mutant::{ALL, Lie, Mutant};
use crate::random::setting;
use crate::world::{Cast, Engine, Report, play};

/// Seeds within which a mutant must be caught: far more than it takes, so that nothing else makes the difference.
const SEEDS: u64 = 3_000;

/// Where to begin: any number will do, and another one tells how much was luck.
fn first() -> u64 {
    setting("SIMULATE_FROM").unwrap_or(10_000)
}

async fn run(
    engine: &mut Engine,
    mutant: Mutant,
    seed: u64,
    lie: Option<Lie>,
    traced: bool,
) -> Report {
    let habits = if matters::is_slow(mutant) {
        Habits::uneven(seed)
    } else {
        Habits::draw(seed)
    };
    let plan = matters::plan(mutant, seed);
    let scripts = |cast: &Cast| matters::scripts(mutant, seed, cast);
    play(
        engine,
        &plan,
        scripts,
        Chooser::Random(habits),
        seed,
        lie,
        traced,
    )
    .await
}

/// The seed that told, and what.
async fn caught(engine: &mut Engine, mutant: Mutant) -> Option<(u64, String)> {
    let lie = Lie {
        mutant,
        honest: false,
    };
    for seed in (first()..).take(usize::try_from(SEEDS).unwrap()) {
        if let Some(wrong) = run(engine, mutant, seed, Some(lie), false).await.wrong {
            return Some((seed, wrong));
        }
    }
    None
}

async fn passes(engine: &mut Engine, mutant: Mutant, seed: u64, lie: Option<Lie>) {
    if let Some(wrong) = run(engine, mutant, seed, lie, false).await.wrong {
        let again = run(&mut Engine::default(), mutant, seed, lie, true).await;
        println!("{}", again.trace);
        panic!("seed {seed} of {mutant:?}, {lie:?}: {wrong}");
    }
}

/// The mutant's seeds without the lie.
async fn control(engine: &mut Engine, mutant: Mutant, last: u64) {
    let honest = Lie {
        mutant,
        honest: true,
    };
    let from = if mutant.asks_more() { first() } else { last };
    for seed in from..=last {
        passes(engine, mutant, seed, Some(honest)).await;
    }
    passes(engine, mutant, last, None).await;
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
        let took = began.elapsed();
        control(&mut engine, mutant, seed).await;
        let (wrong, nth): (String, u64) = (wrong.chars().take(150).collect(), seed - first() + 1);
        println!("{mutant:?}: seed {seed}, {nth} of {SEEDS}, {took:?}: {wrong}");
    }
    assert_eq!(uncaught, [], "not caught");
}
