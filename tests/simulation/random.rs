//! Larger worlds by seed.
//!
//! `SIMULATE_SEED=123 cargo test --test simulation by_seed` plays one seed and tells of every step;
//! `SIMULATE_CALLS=1000000` goes on until so many calls were made, `SIMULATE_FROM` says with which seed to begin.

use std::collections::BTreeSet;
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, IteratorRandom as _};
use rand::{Rng, SeedableRng};
use serverless_scim::patch::MemberChange;
use serverless_scim::store::{Id, Sizes};
use serverless_scim::table::embedded;
use serverless_scim::table::wrappers::Trouble;

use crate::choose::{Chooser, Habits};
use crate::mutant::Mutant;
use crate::op::Op;
use crate::schedule::{Mishaps, Tally};
use crate::world::{Cast, Engine, Plan, Report, Scripts, play};

/// Calls of a short run.
const CALLS: usize = 20_000;

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
    Plan {
        users,
        groups,
        sizes: Sizes {
            writes: *[8, 8, 11, 14, 100].choose(random).unwrap(),
            lanes: *[1, 2, 3].choose(random).unwrap(),
        },
        torn: random.random_bool(0.3),
        trouble,
        mishaps: Mishaps {
            crashes: random.random_range(0..3),
            jumps: random.random_range(0..6),
            late: if random.random_bool(0.3) { 0.05 } else { 0.0 },
        },
        skew: *[0, 0, 4_000].choose(random).unwrap(),
    }
}

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
    all.iter().for_each(|id| big.add(&id.to_string()));
    let rest = cast
        .users
        .iter()
        .filter(|id| !all.contains(id) && random.random_bool(0.5));
    rest.for_each(|id| big.remove(&id.to_string()));
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
                _ => some(random, cast, 8)
                    .iter()
                    .for_each(|id| change.add(&id.to_string())),
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

fn some(random: &mut StdRng, cast: &Cast, most: usize) -> BTreeSet<Id> {
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
        0..5 => some(random, cast, 1)
            .iter()
            .for_each(|id| change.add(&id.to_string())),
        5..8 => some(random, cast, 2)
            .iter()
            .for_each(|id| change.remove(&id.to_string())),
        8..13 => {
            some(random, cast, 6)
                .iter()
                .for_each(|id| change.add(&id.to_string()));
            some(random, cast, 4)
                .iter()
                .for_each(|id| change.remove(&id.to_string()));
        }
        13 => change.clear(),
        14..16 => {
            change.clear();
            some(random, cast, 6)
                .iter()
                .for_each(|id| change.add(&id.to_string()));
        }
        16 => {
            name = Some(format!("Team {}", random.random_range(0..4)));
            some(random, cast, 2)
                .iter()
                .for_each(|id| change.add(&id.to_string()));
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

pub(crate) async fn run(
    engine: &mut Engine,
    seed: u64,
    mutant: Option<Mutant>,
    traced: bool,
) -> Report {
    let chooser = Chooser::Random(Habits::draw(seed));
    play(
        engine,
        &plan(seed),
        |cast| scripts(seed, cast),
        chooser,
        seed,
        mutant,
        traced,
    )
    .await
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.faults += other.faults;
        self.reads += other.reads;
        self.crashes += other.crashes;
        self.late += other.late;
        self.jumps += other.jumps;
    }
}

#[tokio::test]
async fn by_seed() {
    let mut engine = Engine::default();
    if let Some(seed) = setting("SIMULATE_SEED") {
        let report = run(&mut engine, seed, None, true).await;
        println!("{:#?}\n{}", plan(seed), report.trace);
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
            println!("{:#?}\n{}", plan(seed), again.trace);
            panic!(
                "{wrong}\nplay it again: SIMULATE_SEED={seed} cargo test --test simulation by_seed"
            );
        }
        seed += 1;
    }
    println!("{tally:?} in {} runs, {:?}", seed - first, began.elapsed());
}

/// The engine by its own functions, and by way of the SDK: the same steps and answers. Also, a seed is a seed.
#[tokio::test]
async fn the_way_to_the_engine_makes_no_difference() {
    for seed in [3, 5, 8] {
        let direct = run(&mut Engine::default(), seed, None, true).await;
        let sdk = Arc::new(embedded::memory().await.unwrap());
        let sdk = run(&mut Engine::over(sdk), seed, None, true).await;
        assert_eq!((direct.wrong, sdk.wrong), (None, None), "seed {seed}");
        // Only the tenant has another name.
        let plain = |trace: &str| -> Vec<String> {
            let lines = trace.lines().filter(|line| !line.contains("out: T#"));
            lines
                .map(|line| line.split("T#").next().unwrap().to_owned())
                .collect()
        };
        assert_eq!(plain(&direct.trace), plain(&sdk.trace), "seed {seed}");
    }
}

/// The sizes of DynamoDB: 33, 97 and 1,000 members, with everybody at work.
#[tokio::test]
async fn at_the_real_sizes() {
    let mut engine = Engine::default();
    let rounds = setting("SIMULATE_ROUNDS").unwrap_or(1);
    for (seed, users) in (0..rounds).flat_map(|round| [33, 97, 1_000].map(|users| (round, users))) {
        let mut plan = plan(seed);
        plan.users = users;
        plan.groups = vec![(0..users).step_by(10).collect()];
        plan.sizes = Sizes::default();
        plan.trouble.short_page = 0.0;
        let chooser = Chooser::Random(Habits::draw(seed));
        let began = std::time::Instant::now();
        let report = play(
            &mut engine,
            &plan,
            |cast| large(seed, cast),
            chooser,
            seed,
            None,
            false,
        )
        .await;
        assert_eq!(report.wrong, None, "{users} members, seed {seed}");
        println!(
            "{users} members, seed {seed}: {:?}, {:?}",
            report.tally,
            began.elapsed()
        );
    }
}

fn large(seed: u64, cast: &Cast) -> Scripts {
    let random = &mut StdRng::seed_from_u64(seed);
    let group = cast.groups[0];
    let members = |change| Op::Members {
        group,
        change,
        name: None,
    };
    let all = |leave: usize| {
        let mut change = MemberChange::default();
        let users = cast.users.iter().enumerate();
        users.for_each(|(n, id)| match n % 7 == leave {
            true => change.remove(&id.to_string()),
            false => change.add(&id.to_string()),
        });
        members(change)
    };
    let few = some(random, cast, 5);
    let mut opposite = MemberChange::default();
    few.iter().for_each(|id| opposite.remove(&id.to_string()));
    vec![
        ("owner", vec![all(0), all(1)]),
        ("writer", vec![members(opposite)]),
        (
            "deleter",
            vec![Op::Delete {
                id: *few.first().unwrap(),
            }],
        ),
        ("pass", vec![Op::Pass, Op::Pass]),
        ("reader", vec![Op::Read(group); 6]),
        (
            "reader",
            few.iter().map(|id| Op::IsMember(group, *id)).collect(),
        ),
    ]
}
