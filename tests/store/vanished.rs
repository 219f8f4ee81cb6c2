//! A group that is deleted while somebody looks at it, and a change that its head has lost.

use serverless_scim::schema::GROUP;
use serverless_scim::table::{Key, Table as _, Update, Write};

use crate::big::{Stage, adding, removing, stage};
use crate::meanwhile::{Meanwhile, Other, When};

/// The deletion takes the lanes of an open change away before they are applied: what they would have removed still has
/// its edge, and is a member no more.
#[tokio::test]
async fn who_was_leaving_a_group_that_goes_is_not_its_member() {
    let stage = stage(70).await;
    let (team, ids) = (stage.team, &stage.users);
    stage.bench.members(team, adding(ids)).await.unwrap();
    stage.leave_open(&removing(&ids[..60])).await;
    let meanwhile = Meanwhile::new(stage.table.clone(), When::Lanes);
    let bench = stage.bench.over(meanwhile.clone());
    // Who deletes dies before the edges are swept: reading, deleting, looking for lanes, two of them and their row.
    let other = stage.dying_after(3 + 2 + 1);
    assert!(meanwhile.other.set((other, team, Other::Delete)).is_ok());
    let probe = format!("id eq \"{team}\" and members eq \"{}\"", ids[0]);
    assert_eq!(bench.search(&GROUP, &probe).await.total, Some(0));
    let lanes = stage.items(&format!("O#{}", Stage::key(team))).await;
    let edges = stage.items(&format!("V#{}", Stage::key(ids[0]))).await;
    assert_eq!((lanes, edges), (0, 1), "the lanes went and the edge stayed");
}

/// A restore may cut a head off from its change: the lanes prove that it was acknowledged, and a pass is no repair.
#[tokio::test]
async fn lanes_that_no_head_names_outlive_the_passes() {
    let stage = stage(70).await;
    stage.leave_open(&adding(&stage.users)).await;
    let scope = stage.bench.tenant().scope().clone();
    let team = Stage::key(stage.team);
    let key = Key {
        pk: format!("T#{scope}#R#{}", team.split_at(8).0),
        sk: team.clone(),
    };
    let forget = Update {
        remove: vec!["pend", "pu", "pl"],
        ..Update::default()
    };
    let forget = Write::update(key, forget);
    stage.table.write(&forget).await.unwrap();
    let lanes = stage.items(&format!("O#{team}")).await;
    for _ in 0..3 {
        stage.bench.host.advance(90_000);
        stage.bench.tenant().pass(100).await.unwrap();
    }
    assert_eq!(stage.items(&format!("O#{team}")).await, lanes);
    assert_eq!(stage.items("D").await, 1);
}
