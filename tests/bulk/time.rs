//! A bulk request that runs out of time, on a clock of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Value, json};
use serverless_scim::api::{App, Call};
use serverless_scim::store::{Host, Sizes, Store};
use serverless_scim::table::embedded;

use super::{group, statuses, user};

/// What was begun ends when its request is so old, and is told soon after.
const ENDS_MS: std::ops::Range<i64> = 20_000..21_000;

/// Every look at the clock takes so long, as if nothing else did. Eight operations look side by side: what they still
/// do when their time is over must not add up to much.
const LOOK_MS: i64 = 25;

#[derive(Debug)]
struct Slow(AtomicI64, AtomicU64);

#[async_trait]
impl Host for Slow {
    fn now_ms(&self) -> i64 {
        self.0.fetch_add(LOOK_MS, Ordering::Relaxed)
    }

    fn random(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let next = self.1.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            *byte = (next ^ (next >> 29)).to_be_bytes()[0];
        }
    }

    async fn sleep_ms(&self, _: u64) {}
}

async fn bulk(app: &App, token: &str, operations: &[Value]) -> Vec<Value> {
    let parts = http::Request::post("/scim/v2/Bulk")
        .header("authorization", format!("Bearer {token}"))
        .body(())
        .unwrap()
        .into_parts()
        .0;
    let call = Call {
        parts,
        body: Some(Bytes::from(json!({ "Operations": operations }).to_string())),
        origin: "https://scim.fabrikam.example".to_owned(),
    };
    let answer = app.handle(call).await;
    assert_eq!(answer.status(), 200);
    let body: Value = serde_json::from_slice(answer.body()).unwrap();
    body["Operations"].as_array().unwrap().clone()
}

/// The service, a tenant's token, and the clock.
async fn service(sizes: Sizes) -> (App, String, Arc<Slow>) {
    let host = Arc::new(Slow(AtomicI64::new(1_790_000_000_000), AtomicU64::new(7)));
    let table = Arc::new(embedded::memory().await.unwrap());
    let store = Store::with_sizes(table, host.clone(), sizes);
    let tenant = store.create_tenant("fabrikam").await.unwrap();
    let secret = store.connect(&tenant, "").await.unwrap();
    (App::new(store, None), secret.reveal().to_owned(), host)
}

/// Sends the operations, and those again for which there was no time; the results, and the requests it took.
async fn all(app: &App, token: &str, operations: &[Value]) -> (Vec<Value>, usize) {
    let (mut results, mut rounds) = (vec![], 0);
    while results.len() < operations.len() {
        let open = &operations[results.len()..];
        let mut found = bulk(app, token, open).await;
        assert_eq!(found.len(), open.len());
        let statuses = statuses(&found);
        let done = statuses.iter().filter(|status| **status == "201").count();
        assert!(done > 0);
        assert!(statuses[..done].iter().all(|status| *status == "201"));
        assert!(statuses[done..].iter().all(|status| *status == "429"));
        found.truncate(done);
        results.append(&mut found);
        rounds += 1;
    }
    (results, rounds)
}

#[tokio::test]
async fn what_was_not_begun_in_time_can_be_sent_again() {
    let (app, token, _) = service(Sizes::default()).await;
    let users = (0..200).map(|number| user(&format!("u{number}"), &format!("user{number}")));
    let (_, rounds) = all(&app, &token, &users.collect::<Vec<_>>()).await;
    assert!(rounds > 1);
}

#[tokio::test]
async fn big_changes_share_the_time_of_their_request() {
    let sizes = Sizes {
        writes: 8,
        lanes: 1,
        ..Sizes::default()
    };
    let (app, token, host) = service(sizes).await;
    let users = (0..240).map(|number| user(&format!("u{number}"), &format!("user{number}")));
    let (users, _) = all(&app, &token, &users.collect::<Vec<_>>()).await;
    let members: Vec<&str> = (users.iter())
        .map(|user| {
            user["location"]
                .as_str()
                .unwrap()
                .rsplit('/')
                .next()
                .unwrap()
        })
        .collect();
    // Applying all members of eight such groups side by side takes longer than one of them may.
    let groups = (0..60).map(|number| {
        let name = format!("g{number}");
        group(&name, &name, &members)
    });
    let begun = host.0.load(Ordering::Relaxed);
    let results = bulk(&app, &token, &groups.collect::<Vec<_>>()).await;
    let took = host.0.load(Ordering::Relaxed) - begun;
    let statuses = statuses(&results);
    assert_eq!((statuses[0], statuses[59]), ("201", "429"));
    assert!(ENDS_MS.contains(&took), "{took} ms");
}
