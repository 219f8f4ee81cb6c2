//! The small worlds of which every schedule is played.

use std::collections::BTreeSet;

use serverless_scim::patch::{MemberChange, Verb};
use serverless_scim::store::{Id, Sizes};
use serverless_scim::table::wrappers::Trouble;

use crate::op::Op;
use crate::schedule::Mishaps;
use crate::small::Small;
use crate::world::{Cast, Plan, Scripts};

fn small(name: &'static str, plan: Plan, scripts: fn(&Cast) -> Scripts) -> Small {
    Small {
        name,
        plan,
        scripts,
        bound: 1,
    }
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

pub(crate) fn few() -> Vec<Small> {
    vec![
        small("big-deleted", world(4, &[3], 0, 0, false), |cast| {
            vec![
                ("owner", vec![change(cast, &[0, 1, 2], &[3], false)]),
                ("deleter", vec![Op::Delete { id: cast.users[1] }]),
                ("reader", vec![Op::Read(cast.groups[0])]),
            ]
        }),
        small("big-crashed", world(3, &[], 1, 1, false), |cast| {
            vec![
                ("owner", vec![add(cast, &[0, 1, 2])]),
                ("helper", vec![change(cast, &[], &[0], false)]),
                ("reader", vec![Op::Read(cast.groups[0])]),
            ]
        }),
        small("one-replaced", world(3, &[0, 1], 0, 0, false), |cast| {
            vec![
                ("owner", vec![change(cast, &[1, 2], &[], true)]),
                (
                    "emptier",
                    vec![change(cast, &[], &[], true), add(cast, &[0])],
                ),
                ("reader", vec![Op::IsMember(cast.groups[0], cast.users[1])]),
            ]
        }),
        Small {
            bound: 2,
            ..small("one-name", world(1, &[], 0, 0, false), |_| {
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
            })
        },
    ]
}

/// Those that take longer.
pub(crate) fn more() -> Vec<Small> {
    vec![
        small("group-deleted", world(3, &[0], 0, 1, false), |cast| {
            vec![
                ("owner", vec![add(cast, &[0, 1, 2])]),
                ("deleter", vec![Op::Delete { id: cast.groups[0] }]),
                (
                    "reader",
                    vec![Op::Read(cast.groups[0]), Op::GroupsOf(cast.users[1])],
                ),
            ]
        }),
        small("born-big", world(3, &[], 1, 1, false), |cast| {
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
        }),
        small("torn-delete", world(1, &[], 0, 0, true), |cast| {
            vec![
                ("writer", vec![add(cast, &[0])]),
                ("deleter", vec![Op::Delete { id: cast.users[0] }]),
                ("reader", vec![Op::Read(cast.groups[0])]),
            ]
        }),
    ]
}

/// Those of clients, of groups in groups and of ticks.
pub(crate) fn others() -> Vec<Small> {
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
        small("one-version", world(3, &[0], 0, 0, false), |cast| {
            let (group, users) = (cast.groups[0], &cast.users);
            let exact = |user: usize, verb| Op::exact(group, None, Some((users[user], verb)));
            vec![
                ("client", vec![exact(1, Verb::Add)]),
                ("client", vec![exact(0, Verb::Remove)]),
                ("deleter", vec![Op::Delete { id: users[0] }]),
                ("writer", vec![change(cast, &[2], &[], false)]),
            ]
        }),
        small("inner-deleted", two(&[0], 0, 1), |cast| {
            let (outer, inner) = (cast.groups[0], cast.groups[1]);
            vec![
                ("nester", vec![nest(cast)]),
                ("deleter", vec![Op::Delete { id: inner }]),
                (
                    "reader",
                    vec![Op::Read(outer), Op::AllGroupsOf(cast.users[2], false)],
                ),
            ]
        }),
        small("ticked", two(&[], 1, 1), |cast| {
            vec![
                ("owner", vec![add(cast, &[0, 1, 2])]),
                ("deleter", vec![Op::Delete { id: cast.users[1] }]),
                ("tick", vec![Op::Tick]),
                ("tick", vec![Op::Tick]),
            ]
        }),
        small("listed", list.clone(), |cast| {
            vec![
                ("owner", vec![change(cast, &[1, 2], &[], true)]),
                ("deleter", vec![Op::Delete { id: cast.users[1] }]),
                ("reader", vec![Op::List]),
                ("reader", vec![Op::Roster(cast.groups[0], 1)]),
            ]
        }),
        small("still-there", list, |cast| {
            vec![
                ("owner", vec![change(cast, &[0, 1], &[], true)]),
                ("reader", vec![Op::GroupsOf(cast.users[0])]),
                ("reader", vec![Op::With(cast.users[0])]),
                ("reader", vec![Op::AllGroupsOf(cast.users[0], false)]),
            ]
        }),
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
