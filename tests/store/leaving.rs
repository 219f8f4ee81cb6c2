//! A user of more groups than can be left in the time of one request is deleted: at once for everybody, and in the end
//! without a trace.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use serverless_scim::store::seed::user_id;

use crate::hall::Hall;

/// More than are left in that time.
const GROUPS: usize = 150;
/// Edges beside them, of groups that are gone.
const LEFT_OVER: u32 = 50;
const EDGES: usize = GROUPS + LEFT_OVER as usize;
/// A DELETE sweeps for a second, which is so many calls of the table.
const CALL_MS: i64 = 20;

#[tokio::test]
async fn a_deletion_is_answered_before_its_sweep_ends_and_leaves_no_trace() {
    let hall = Hall::new(2, &vec![0..2; GROUPS]).await;
    let (ada, mei) = (user_id(0), user_id(1));
    hall.leave_over(LEFT_OVER, ada).await;
    assert_eq!(hall.edges_of(ada).await.len(), EDGES);

    hall.timed.takes.store(CALL_MS, Ordering::SeqCst);
    hall.timed.calls.store(0, Ordering::SeqCst);
    let path = format!("/Users/{ada}");
    assert_eq!(hall.send("DELETE", &path, None).await.status, 204);
    let calls = hall.timed.calls.load(Ordering::SeqCst);
    hall.timed.takes.store(0, Ordering::SeqCst);
    assert!(
        calls < 100,
        "answered after a second's sweep: {calls} calls"
    );
    let left = hall.edges_of(ada).await;
    assert!(left.len() < EDGES, "it has begun");
    assert!(left.len() > EDGES - 50, "{} are left", left.len());

    assert_eq!(hall.send("GET", &path, None).await.status, 404);
    for filter in [
        format!("members eq \"{ada}\""),
        format!("members.value eq \"{ada}\""),
    ] {
        assert_eq!(hall.total(&format!("/Groups?filter={filter}")).await, 0);
    }
    // Some that she has left and some whose edge still stands: no reader can tell.
    let others = json!([mei.to_string()]);
    for group in hall.groups.iter().step_by(15) {
        let shown = hall.get(&format!("/Groups/{group}")).await;
        assert_eq!(values(&shown), others, "{shown}");
        let one = format!("id eq \"{group}\" and members eq \"{ada}\"");
        assert_eq!(hall.total(&format!("/Groups?filter={one}")).await, 0);
    }
    let page = hall.get("/Groups?startIndex=51&count=100").await;
    assert_eq!(page["totalResults"], GROUPS);
    for group in page["Resources"].as_array().unwrap() {
        assert_eq!(values(group), others, "{group}");
    }

    hall.is_sound_in_the_end().await;
    assert_eq!(hall.edges_of(ada).await, []);
    assert_eq!(hall.edges_of(mei).await.len(), GROUPS);
}

/// The ids of the members shown.
fn values(group: &Value) -> Value {
    let members = group["members"].as_array().expect("members");
    members
        .iter()
        .map(|member| member["value"].clone())
        .collect()
}
