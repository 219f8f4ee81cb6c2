//! A bulk request that runs out of time, on a clock of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Value, json};
use serverless_scim::api::{App, Call};
use serverless_scim::store::{Host, Store};
use serverless_scim::table::embedded;

use super::{statuses, user};

/// Every look at the clock takes a tenth of a second.
#[derive(Debug)]
struct Slow(AtomicI64, AtomicU64);

#[async_trait]
impl Host for Slow {
    fn now_ms(&self) -> i64 {
        self.0.fetch_add(100, Ordering::Relaxed)
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

#[tokio::test]
async fn what_was_not_begun_in_time_can_be_sent_again() {
    let host = Slow(AtomicI64::new(1_790_000_000_000), AtomicU64::new(7));
    let store = Store::new(Arc::new(embedded::memory().await.unwrap()), Arc::new(host));
    let tenant = store.create_tenant("fabrikam").await.unwrap();
    let secret = store.connect(&tenant, "").await.unwrap();
    let app = App::new(store, None);
    let users = (0..200).map(|number| user(&format!("u{number}"), &format!("user{number}")));
    let mut open: Vec<Value> = users.collect();
    let mut rounds = 0;
    while !open.is_empty() {
        let results = bulk(&app, secret.reveal(), &open).await;
        assert_eq!(results.len(), open.len());
        let statuses = statuses(&results);
        let done = statuses.iter().filter(|status| **status == "201").count();
        assert!(done > 0);
        assert!(statuses[..done].iter().all(|status| *status == "201"));
        assert!(statuses[done..].iter().all(|status| *status == "429"));
        open.drain(..done);
        rounds += 1;
    }
    assert!(rounds > 1);
}
