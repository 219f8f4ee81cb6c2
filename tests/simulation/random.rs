//! Larger worlds by seed.
//!
//! `SIMULATE_SEED=123 cargo test --test simulation by_seed` plays one seed and tells of every step;
//! `SIMULATE_CALLS=1000000` goes on until so many calls were made, `SIMULATE_FROM` says with which seed to begin.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng, SeedableRng};
use serverless_scim::store::Sizes;
use serverless_scim::table::wrappers::Trouble;

use crate::choose::{Chooser, Habits};
use crate::mutant::Lie;
use crate::schedule::Mishaps;
use crate::tally::Tally;
use crate::wide;
use crate::world::{Engine, Plan, Report, play};

/// Calls of a short run.
const CALLS: usize = 12_000;

pub(crate) fn plan(seed: u64) -> Plan {
    let random = &mut StdRng::seed_from_u64(seed ^ 0x5eed);
    let users = random.random_range(4..8);
    let group = |random: &mut StdRng| (0..users).filter(|_| random.random_bool(0.4)).collect();
    let groups = (0..random.random_range(1..3))
        .map(|_| group(random))
        .collect();
    let level = *[0.0, 0.02, 0.1].choose(random).unwrap();
    let chance = |random: &mut StdRng| if random.random_bool(0.6) { level } else { 0.0 };
    let trouble = Trouble {
        conflict: chance(random),
        throttle: chance(random) / 2.0,
        lost_before: chance(random),
        lost_after: chance(random),
        unprocessed: chance(random),
        short_page: if random.random_bool(0.3) {
            1.0
        } else {
            chance(random)
        },
        crash_after: None,
    };
    let mut plan = Plan {
        users,
        groups,
        sizes: Sizes {
            writes: *[8, 8, 11, 14, 100].choose(random).unwrap(),
            lanes: *[1, 2, 3].choose(random).unwrap(),
            // In every second world a list replaces everybody as soon as there are three.
            compared: if seed.is_multiple_of(2) { 2 } else { 100_000 },
        },
        torn: random.random_bool(0.4),
        trouble,
        mishaps: Mishaps {
            crashes: random.random_range(0..3),
            jumps: random.random_range(0..6),
            late: if random.random_bool(0.3) { 0.05 } else { 0.0 },
        },
        frozen: false,
        nested: false,
        // Clocks differ by twice as much.
        skew: *[0, 0, 5_000].choose(random).unwrap(),
    };
    if plan.torn {
        // Who takes a change over must see its lanes: a lease of 10 s outlasts the difference and a commit that is half
        // readable.
        plan.skew = plan.skew.min(4_000);
    }
    plan
}

pub(crate) async fn run(
    engine: &mut Engine,
    seed: u64,
    mutant: Option<Lie>,
    traced: bool,
) -> Report {
    let chooser = Chooser::Random(Habits::draw(seed));
    play(
        engine,
        &wide::plan(seed),
        |cast| wide::scripts(seed, cast),
        chooser,
        seed,
        mutant,
        traced,
    )
    .await
}

pub(crate) fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test]
async fn by_seed() {
    let mut engine = Engine::default();
    if let Some(seed) = setting("SIMULATE_SEED") {
        let report = run(&mut engine, seed, None, true).await;
        println!("{:#?}\n{}", wide::plan(seed), report.trace);
        assert_eq!(report.wrong, None, "seed {seed}");
        return;
    }
    let calls = setting("SIMULATE_CALLS").map_or(CALLS, |calls| usize::try_from(calls).unwrap());
    let first = setting("SIMULATE_FROM").unwrap_or(0);
    let (mut tally, mut seed, began) = (Tally::default(), first, std::time::Instant::now());
    while tally.calls < calls {
        let report = run(&mut engine, seed, None, false).await;
        tally.add(report.tally);
        if let Some(wrong) = report.wrong {
            let again = run(&mut Engine::default(), seed, None, true).await;
            println!("{:#?}\n{}", wide::plan(seed), again.trace);
            panic!(
                "{wrong}\nplay it again: SIMULATE_SEED={seed} cargo test --test simulation by_seed"
            );
        }
        seed += 1;
    }
    println!("{tally}, in {} runs, {:?}", seed - first, began.elapsed());
    tally.assert_full();
}
