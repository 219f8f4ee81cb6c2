//! Two large changes of one group at a time, asked for over HTTP.

use std::sync::atomic::Ordering;

use serde_json::json;
use serverless_scim::store::seed::user_id;
use serverless_scim::store::{Host as _, Id};
use serverless_scim::table::Attr;

use crate::hall::{Hall, key};

/// A call of the table: in the eight seconds that its maker applies a change it makes five of them.
const CALL_MS: i64 = 1_500;
/// Its maker has a change to itself for so long.
const LEASE_MS: i64 = 10_000;
/// A request waits so long for another one's change.
const PATIENCE_MS: i64 = 3_000;

#[tokio::test]
async fn a_second_large_change_waits_and_then_finishes_the_first() {
    let hall = Hall::new(420, &[]).await;
    let team = json!({ "displayName": "Everybody" });
    let team = hall.send("POST", "/Groups", Some(&team)).await;
    let team = team.body["id"].as_str().unwrap();
    let mut ids: Vec<Id> = (0..420).map(user_id).collect();
    ids.sort();
    hall.timed.takes.store(CALL_MS, Ordering::SeqCst);
    let first = hall.members(team, &[("add", &ids[..300])]).await;
    hall.timed.takes.store(0, Ordering::SeqCst);
    assert_eq!(first.status, 204, "it is durable: {first:?}");
    let lanes = format!("O#{}", key(team));
    assert!(!hall.items(&lanes).await.is_empty(), "and not applied");
    // As if it had been committed this moment.
    let until = hall.host.now_ms() + LEASE_MS;
    hall.set(team, "pu", Attr::N(until)).await;

    let second = [("remove", &ids[..60]), ("add", &ids[300..])];
    let began = hall.host.now_ms();
    let busy = hall.members(team, &second).await;
    let waited = hall.host.now_ms() - began;
    assert_eq!(busy.status, 429, "{busy:?}");
    assert_eq!(busy.retry_after.as_deref(), Some("1"));
    assert!(
        (PATIENCE_MS..PATIENCE_MS + 500).contains(&waited),
        "{waited} ms"
    );
    assert_eq!(
        hall.members_of(team).await,
        ids[..300].iter().copied().collect()
    );

    hall.host.advance(LEASE_MS);
    let done = hall.members(team, &second).await;
    assert_eq!(done.status, 204, "{done:?}");
    assert_eq!(
        hall.members_of(team).await,
        ids[60..].iter().copied().collect()
    );
    assert_eq!(hall.items(&lanes).await, []);
    assert_eq!(hall.edges_of(ids[0]).await, []);
    for id in [ids[60], ids[299], ids[300], ids[419]] {
        assert_eq!(hall.edges_of(id).await.len(), 1);
    }
    hall.is_sound_in_the_end().await;
}
