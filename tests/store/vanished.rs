//! A group that is deleted while somebody looks at it.

use serverless_scim::schema::GROUP;

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
