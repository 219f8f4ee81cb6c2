//! Small worlds, every schedule of them: depth first over all choices, the number of departures bounded.
//!
//! Going on with the same actor is free, as is any actor when that one has come to its end; every other choice (a
//! switch in the midst of a request, a crash, a jump of the clock, an item of a torn commit) is a departure.
//! `SIMULATE_BOUND=3` allows so many in every world or in that of `SIMULATE_WORLD`, `SIMULATE_PATH=<name>:0,0,1` plays one schedule and tells of every step.

use std::collections::BTreeSet;

use serverless_scim::patch::{MemberChange, Verb};
use serverless_scim::store::{Id, Sizes};
use serverless_scim::table::wrappers::Trouble;

use crate::choose::{Chooser, Path};
use crate::op::Op;
use crate::schedule::Mishaps;
use crate::tally::Tally;
use crate::world::{Cast, Engine, Plan, Report, Scripts, play};

/// One small world.
#[derive(Clone)]
pub(crate) struct Small {
    pub name: &'static str,
    plan: Plan,
    scripts: fn(&Cast) -> Scripts,
    /// Departures of a short run.
    bound: u32,
}

fn world(users: usize, members: &[usize], crashes: usize, jumps: usize, torn: bool) -> Plan {
    Plan {
        users,
        groups: vec![members.iter().copied().collect()],
        sizes: Sizes {
            writes: 8,
            lanes: 2,
            compared: 100_000,
        },
        torn,
        trouble: Trouble::default(),
        mishaps: Mishaps {
            crashes,
            jumps,
            late: 0.0,
        },
        frozen: false,
        nested: false,
        skew: 0,
    }
}

fn add(cast: &Cast, users: &[usize]) -> Op {
    change(cast, users, &[], false)
}

fn change(cast: &Cast, add: &[usize], remove: &[usize], clear: bool) -> Op {
    let mut change = MemberChange::default();
    if clear {
        change.clear();
    }
    for n in add {
        change.add(&cast.users[*n].to_string());
    }
    for n in remove {
        change.remove(&cast.users[*n].to_string());
    }
    Op::Members {
        group: cast.groups[0],
        change,
        name: None,
    }
}

fn few() -> Vec<Small> {
    vec![
        Small {
            name: "big-deleted",
            plan: world(4, &[3], 0, 0, false),
            scripts: |cast| {
                vec![
                    ("owner", vec![change(cast, &[0, 1, 2], &[3], false)]),
                    ("deleter", vec![Op::Delete { id: cast.users[1] }]),
                    ("reader", vec![Op::Read(cast.groups[0])]),
                ]
            },
            bound: 1,
        },
        Small {
            name: "big-crashed",
            plan: world(3, &[], 1, 1, false),
            scripts: |cast| {
                vec![
                    ("owner", vec![add(cast, &[0, 1, 2])]),
                    ("helper", vec![change(cast, &[], &[0], false)]),
                    ("reader", vec![Op::Read(cast.groups[0])]),
                ]
            },
            bound: 1,
        },
        Small {
            name: "one-replaced",
            plan: world(3, &[0, 1], 0, 0, false),
            scripts: |cast| {
                vec![
                    ("owner", vec![change(cast, &[1, 2], &[], true)]),
                    (
                        "emptier",
                        vec![change(cast, &[], &[], true), add(cast, &[0])],
                    ),
                    ("reader", vec![Op::IsMember(cast.groups[0], cast.users[1])]),
                ]
            },
            bound: 1,
        },
        Small {
            name: "one-name",
            plan: world(1, &[], 0, 0, false),
            scripts: |_| {
                let new = |name: &str| {
                    vec![
                        Op::CreateUser {
                            name: name.to_owned(),
                        },
                        Op::Find(name.to_owned()),
                    ]
                };
                vec![
                    ("racer", new("ada@fabrikam.example")),
                    ("racer", new("Ada@Fabrikam.example")),
                ]
            },
            bound: 2,
        },
    ]
}

/// Those that take longer.
fn more() -> Vec<Small> {
    vec![
        Small {
            name: "group-deleted",
            plan: world(3, &[0], 0, 1, false),
            scripts: |cast| {
                vec![
                    ("owner", vec![add(cast, &[0, 1, 2])]),
                    ("deleter", vec![Op::Delete { id: cast.groups[0] }]),
                    (
                        "reader",
                        vec![Op::Read(cast.groups[0]), Op::GroupsOf(cast.users[1])],
                    ),
                ]
            },
            bound: 1,
        },
        Small {
            name: "born-big",
            plan: world(3, &[], 1, 1, false),
            scripts: |cast| {
                vec![
                    (
                        "owner",
                        vec![Op::CreateGroup {
                            name: "New".to_owned(),
                            members: everybody(cast),
                        }],
                    ),
                    ("deleter", vec![Op::Delete { id: cast.users[2] }]),
                    ("reader", vec![Op::With(cast.users[0])]),
                ]
            },
            bound: 1,
        },
        Small {
            name: "torn-delete",
            plan: world(1, &[], 0, 0, true),
            scripts: |cast| {
                vec![
                    ("writer", vec![add(cast, &[0])]),
                    ("deleter", vec![Op::Delete { id: cast.users[0] }]),
                    ("reader", vec![Op::Read(cast.groups[0])]),
                ]
            },
            bound: 1,
        },
    ]
}

/// Those of clients, of groups in groups and of ticks.
fn others() -> Vec<Small> {
    let two = |members: &[usize], crashes, jumps| {
        let mut plan = world(3, members, crashes, jumps, false);
        plan.groups.push([2].into());
        plan
    };
    let list = Plan {
        sizes: Sizes {
            writes: 100,
            lanes: 2,
            compared: 2,
        },
        ..world(3, &[0, 1, 2], 0, 0, false)
    };
    vec![
        Small {
            name: "one-version",
            plan: world(3, &[0], 0, 0, false),
            scripts: |cast| {
                let (group, users) = (cast.groups[0], &cast.users);
                let exact = |user: usize, verb| Op::exact(group, None, Some((users[user], verb)));
                vec![
                    ("client", vec![exact(1, Verb::Add)]),
                    ("client", vec![exact(0, Verb::Remove)]),
                    ("deleter", vec![Op::Delete { id: users[0] }]),
                    ("writer", vec![change(cast, &[2], &[], false)]),
                ]
            },
            bound: 1,
        },
        Small {
            name: "inner-deleted",
            plan: two(&[0], 0, 1),
            scripts: |cast| {
                let (outer, inner) = (cast.groups[0], cast.groups[1]);
                vec![
                    ("nester", vec![nest(cast)]),
                    ("deleter", vec![Op::Delete { id: inner }]),
                    (
                        "reader",
                        vec![Op::Read(outer), Op::AllGroupsOf(cast.users[2], false)],
                    ),
                ]
            },
            bound: 1,
        },
        Small {
            name: "ticked",
            plan: two(&[], 1, 1),
            scripts: |cast| {
                vec![
                    ("owner", vec![add(cast, &[0, 1, 2])]),
                    ("deleter", vec![Op::Delete { id: cast.users[1] }]),
                    ("tick", vec![Op::Tick]),
                    ("tick", vec![Op::Tick]),
                ]
            },
            bound: 1,
        },
        Small {
            name: "listed",
            plan: list.clone(),
            scripts: |cast| {
                vec![
                    ("owner", vec![change(cast, &[1, 2], &[], true)]),
                    ("deleter", vec![Op::Delete { id: cast.users[1] }]),
                    ("reader", vec![Op::List]),
                    ("reader", vec![Op::Roster(cast.groups[0], 1)]),
                ]
            },
            bound: 1,
        },
        Small {
            name: "still-there",
            plan: list,
            scripts: |cast| {
                vec![
                    ("owner", vec![change(cast, &[0, 1], &[], true)]),
                    ("reader", vec![Op::GroupsOf(cast.users[0])]),
                    ("reader", vec![Op::With(cast.users[0])]),
                    ("reader", vec![Op::AllGroupsOf(cast.users[0], false)]),
                ]
            },
            bound: 1,
        },
    ]
}

fn nest(cast: &Cast) -> Op {
    let mut change = MemberChange::default();
    change.add(&cast.groups[1].to_string());
    Op::Members {
        group: cast.groups[0],
        change,
        name: None,
    }
}

fn everybody(cast: &Cast) -> BTreeSet<Id> {
    cast.users.iter().copied().collect()
}

impl Small {
    async fn play(&self, engine: &mut Engine, wanted: Path, traced: bool) -> Report {
        let chooser = Chooser::Path {
            wanted,
            taken: Path::default(),
        };
        play(engine, &self.plan, self.scripts, chooser, 7, None, traced).await
    }

    async fn explore(&self, bound: u32) -> (usize, Tally) {
        let (mut engine, mut path) = (Engine::default(), Path::default());
        let (mut schedules, mut tally) = (0, Tally::default());
        loop {
            let report = self.play(&mut engine, path, false).await;
            schedules += 1;
            tally.add(report.tally);
            if let Some(wrong) = report.wrong {
                let again = self
                    .play(&mut Engine::default(), report.path.clone(), true)
                    .await;
                let choices: Vec<String> =
                    report.path.0.iter().map(|(at, _)| at.to_string()).collect();
                println!("{}", again.trace);
                panic!(
                    "{wrong}\nplay it again: SIMULATE_PATH={}:{} cargo test --test simulation every_schedule",
                    self.name,
                    choices.join(",")
                );
            }
            match report.path.next(bound) {
                Some(next) => path = next,
                None => return (schedules, tally),
            }
        }
    }
}

/// The schedule that `SIMULATE_PATH` names.
async fn replay(text: &str) {
    let (name, choices) = text.split_once(':').expect("<name>:<choices>");
    let small = few()
        .into_iter()
        .chain(more())
        .chain(others())
        .find(|small| small.name == name)
        .expect("a small world");
    let choices = choices
        .split(',')
        .map(|at| (at.parse().expect("a number"), vec![]));
    let report = small
        .play(&mut Engine::default(), Path(choices.collect()), true)
        .await;
    println!("{}", report.trace);
    assert_eq!(report.wrong, None);
}

#[tokio::test]
async fn every_schedule() {
    if let Ok(text) = std::env::var("SIMULATE_PATH") {
        return replay(&text).await;
    }
    let bound = std::env::var("SIMULATE_BOUND")
        .ok()
        .and_then(|text| text.parse().ok());
    // Without a bound only a few, for their time.
    let more = bound.map_or_else(Vec::new, |_: u32| [more(), others()].concat());
    let only = std::env::var("SIMULATE_WORLD").ok();
    let wanted = |small: &Small| only.as_ref().is_none_or(|only| only == small.name);
    for small in few().into_iter().chain(more).filter(wanted) {
        let bound = bound.unwrap_or(small.bound);
        let began = std::time::Instant::now();
        let (schedules, tally) = small.explore(bound).await;
        println!(
            "{}: {schedules} schedules with up to {bound} departures, {tally}, {:?}",
            small.name,
            began.elapsed()
        );
    }
}
