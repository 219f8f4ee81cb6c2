//! Few runs of what costs more: the real sizes, and the engine by way of the SDK.

use std::sync::Arc;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serverless_scim::patch::MemberChange;
use serverless_scim::store::{Sizes, Store};
use serverless_scim::table::embedded;

use crate::choose::{Chooser, Habits};
use crate::op::Op;
use crate::random::{plan, run, setting};
use crate::remote::Machine;
use crate::scripts::{remove_all, some};
use crate::world::{Cast, Engine, Scripts, play};

/// The engine by its own functions, and by way of the SDK: the same steps and answers. Also, a seed is a seed, and what
/// three of them leave behind is sound.
#[tokio::test]
async fn the_way_to_the_engine_makes_no_difference() {
    let table = Arc::new(embedded::memory().await.unwrap());
    let mut engine = Engine::over(table.clone());
    for seed in [3, 5, 8] {
        let direct = run(&mut Engine::default(), seed, None, true).await;
        let sdk = run(&mut engine, seed, None, true).await;
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
    // Each run looked at what it wrote; this looks at everything, as the SDK shows it.
    let machine = Machine::new(Arc::default(), 0, 1, None);
    let store = Store::new(table, Arc::new(machine));
    let report = store.check(None, |_| ()).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    assert!(report.users > 10 && report.groups > 2, "{report:?}");
}

/// The sizes of DynamoDB: 33 and 97 members, and 1,000 where `SIMULATE_ROUNDS` asks for so many of each.
#[tokio::test]
async fn at_the_real_sizes() {
    let mut engine = Engine::default();
    let rounds = setting("SIMULATE_ROUNDS");
    // A thousand take ten seconds to be born.
    let sizes = [33, 97, 1_000];
    let sizes = &sizes[..if rounds.is_some() { 3 } else { 2 }];
    let rounds = rounds.unwrap_or(2);
    for (seed, users) in
        (0..rounds).flat_map(|round| sizes.iter().map(move |users| (round, *users)))
    {
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
            "{users} members, seed {seed}: {}, {:?}",
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
        for (n, id) in users {
            if n % 7 == leave {
                change.remove(&id.to_string());
            } else {
                change.add(&id.to_string());
            }
        }
        members(change)
    };
    let few = some(random, cast, 5);
    let mut opposite = MemberChange::default();
    remove_all(&mut opposite, &few);
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
