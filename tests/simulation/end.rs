//! When everybody has gone: passes until no work is left, then a look at everything there is.

use std::collections::{BTreeMap, BTreeSet};

use serverless_scim::store::{Host as _, Id, Waiting};
use serverless_scim::table::{Key, Write};

use crate::judge::{Case, Torn};
use crate::mutant::Lie;
use crate::op::Op;
use crate::shadow::{Shadow, hex, id_of, number, text};
use crate::world::{Engine, Plan, World};

/// Passes after which no work may be left.
const PASSES: usize = 8;

/// Lets passes work until nothing is left, and then looks.
pub(crate) async fn rest(world: &World, mutant: Option<Lie>) -> Result<(), String> {
    let store = world.store(mutant);
    for n in 0..PASSES {
        if leftovers(world).is_empty() {
            break;
        }
        world.advance(61_000);
        let request = format!("rest.{n}");
        // The tick goes to the tenants by itself.
        let passed = if n % 2 == 0 {
            world.tenant(&store, &request).pass(1_000).await.map(drop)
        } else {
            store.tick(world.machine.now_ms() + 60_000).await.map(drop)
        };
        passed.map_err(|error| format!("a pass failed: {error}"))?;
    }
    let left = leftovers(world);
    if !left.is_empty() {
        return Err(format!("work is left for ever: {left:?}"));
    }
    if let Some(wrong) = looks_wrong(world) {
        return Err(format!("at rest: {wrong}"));
    }
    check(world).await?;
    answers(world).await
}

/// The store's own check, of everything that the run wrote. It sees what is in the table; the shadow only what the
/// store meant to write.
async fn check(world: &World) -> Result<(), String> {
    let checked = world.store(None).check(None, |_| ()).await;
    let report = checked.map_err(|error| format!("a check failed: {error}"))?;
    let model = world.oracle.lock().unwrap().model();
    let groups = model.groups.len() as u64;
    let members: usize = model.groups.values().map(BTreeSet::len).sum();
    let there = (report.users, report.groups, report.memberships);
    let wanted = (model.live.len() as u64 - groups, groups, members as u64);
    if let Some(finding) = report.findings.first() {
        return Err(format!("the check finds: {finding}"));
    }
    if let Some(warning) = report.warnings.first() {
        return Err(format!("the check warns: {warning}"));
    }
    if there != wanted || report.waiting != Waiting::default() {
        return Err(format!("the check sees {report:?} instead of {wanted:?}"));
    }
    Ok(())
}

fn looks_wrong(world: &World) -> Option<String> {
    let oracle = world.oracle.lock().unwrap();
    let violation = oracle.violation.clone();
    violation.or_else(|| orphans(&oracle.shadow).or_else(|| counts(&oracle.shadow)))
}

fn leftovers(world: &World) -> Vec<String> {
    let oracle = world.oracle.lock().unwrap();
    let rows = oracle.shadow.partition("D").map(|(sk, _)| sk.to_owned());
    rows.collect()
}

/// A lane, an open change, an edge that leads nowhere or only one way, a ghost.
fn orphans(shadow: &Shadow) -> Option<String> {
    if let Some((pk, sk, _)) = shadow.under("O#").next() {
        return Some(format!("a lane stays: {pk}/{sk}"));
    }
    for (pk, sk, attrs) in shadow.under("R#") {
        if attrs.contains_key("pend") || attrs.contains_key("pu") {
            return Some(format!("a change stays open: {pk}/{sk}"));
        }
        if !attrs.contains_key("d") {
            return Some(format!("a ghost: {pk}/{sk}"));
        }
    }
    for (pk, sk, _) in shadow.under("M#") {
        let mut parts = pk.split('#').skip(1);
        let (group, generation) = (parts.next()?, parts.next()?);
        let head = id_of(group).and_then(|id| shadow.head(id));
        let back = shadow.item(&format!("V#{sk}"), group);
        let live = id_of(sk).is_some_and(|id| shadow.document(id).is_some());
        if head.is_none_or(|head| head.generation != generation) {
            return Some(format!("an edge of a dead generation stays: {pk}/{sk}"));
        }
        if !live || back.and_then(|back| text(back, "gen")) != Some(generation) {
            return Some(format!("an orphan or one-sided edge: {pk}/{sk}"));
        }
    }
    for (pk, sk, attrs) in shadow.under("V#") {
        let member = pk.split('#').nth(1)?;
        let generation = text(attrs, "gen")?;
        if shadow
            .item(&format!("M#{sk}#{generation}"), member)
            .is_none()
        {
            return Some(format!("a reverse edge without its other side: {pk}/{sk}"));
        }
    }
    None
}

/// The directory counts what is there, and every name leads to who bears it.
fn counts(shadow: &Shadow) -> Option<String> {
    for kind in 0..2 {
        let mut there: BTreeMap<u32, i64> = BTreeMap::new();
        for (pk, _, _) in shadow.under(&format!("R#{kind}")) {
            let bucket = u32::from_str_radix(pk.get(3..)?, 16).unwrap();
            *there.entry(bucket).or_default() += 1;
        }
        for (row, counts) in shadow.partition(&format!("B#{kind}")) {
            let row = u32::from_str_radix(row, 16).unwrap();
            for place in 0..16 {
                let bucket = row / 16 * 256 + place * 16 + row % 16;
                let counted = number(counts, &format!("n{place:x}")).unwrap_or(0);
                let held = there.remove(&bucket).unwrap_or(0);
                if counted != held {
                    return Some(format!(
                        "bucket {kind}/{bucket} counts {counted}, not {held}"
                    ));
                }
            }
        }
        if let Some((bucket, held)) = there.pop_first() {
            return Some(format!(
                "nobody counts the {held} of bucket {kind}/{bucket}"
            ));
        }
    }
    let mut named = BTreeSet::new();
    for (pk, sk, alias) in shadow.under("N#") {
        let id = text(alias, "id").and_then(id_of)?;
        if shadow.document(id).is_none() {
            return Some(format!("an alias of nobody: {pk}/{sk}"));
        }
        named.insert(hex(id));
    }
    let nameless = shadow.under("R#").find(|(_, sk, _)| !named.contains(*sk));
    nameless.map(|(_, sk, _)| format!("{sk} has no name"))
}

/// What the store answers now is what is true.
async fn answers(world: &World) -> Result<(), String> {
    let store = world.store(None);
    let model = world.oracle.lock().unwrap().model();
    let groups: BTreeSet<Id> = world
        .cast
        .groups
        .iter()
        .chain(model.groups.keys())
        .copied()
        .collect();
    let mut ops: Vec<Op> = groups.iter().copied().map(Op::Read).collect();
    ops.push(Op::List);
    ops.extend(world.cast.groups.iter().map(|id| Op::Roster(*id, 2)));
    let all = groups.iter().chain(&world.cast.users).step_by(groups.len());
    ops.extend(all.map(|id| Op::AllGroupsOf(*id, true)));
    let credential = world.credential_now().await;
    // Everybody in a small world, some of a large one.
    let some = world.cast.users.len().div_ceil(8);
    ops.extend(
        world
            .cast
            .users
            .iter()
            .step_by(some)
            .map(|id| Op::GroupsOf(*id)),
    );
    ops.extend(
        model
            .names
            .keys()
            .filter(|(kind, _)| *kind == 0)
            .take(8)
            .map(|(_, name)| Op::Find(name.clone())),
    );
    for op in ops {
        let outcome = op
            .clone()
            .run(
                store.clone(),
                world.tenant_of(&credential, &store, "rest"),
                world.oracle.clone(),
            )
            .await;
        let oracle = world.oracle.lock().unwrap();
        let window = &oracle.moments[oracle.now()..];
        let case = Case {
            op: &op,
            outcome: &outcome,
            window,
            begun: oracle.now(),
            effect: None,
            pages: false,
            heads: BTreeMap::new(),
            torn: Torn::default(),
            writes: world.sizes.writes,
            calm: true,
            took: 0,
            jumped: false,
        };
        if let Some(fault) = case.fault() {
            return Err(format!("at rest: {fault}"));
        }
    }
    Ok(())
}

/// What went past the oracle is seen by the check alone.
#[tokio::test]
async fn an_edge_that_is_taken_away_is_missed() {
    let plan = Plan {
        groups: vec![[0].into()],
        ..crate::random::plan(0)
    };
    let world = World::new(&mut Engine::default(), &plan, 0).await;
    assert_eq!(rest(&world, None).await, Ok(()));
    let edge = {
        let oracle = world.oracle.lock().unwrap();
        let mut edges = oracle.shadow.under("V#");
        edges
            .next()
            .map(|(pk, sk, _)| Key {
                pk: format!("T#{}#{pk}", world.credential.tenant_id()),
                sk: sk.to_owned(),
            })
            .unwrap()
    };
    let write = Write::Delete {
        key: edge,
        condition: None,
    };
    world.bare.write(&write).await.unwrap();
    let missed = rest(&world, None).await.unwrap_err();
    assert!(missed.contains("the check finds"), "{missed}");
}
