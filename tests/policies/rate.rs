//! Requests per second, on a clock of the test's own.

use std::sync::Arc;

use serde_json::json;
use serverless_scim::store::{BURST_S, WINDOW_S};
use serverless_scim::table::Attr;

use crate::bed::{Bed, Customer, instance, user};

const RATE: usize = 5;
const BURST: usize = RATE * BURST_S as usize;

/// How many requests are let through before one is refused, and what the refusal says of waiting.
async fn until_refused(customer: &Customer) -> (usize, String) {
    for passed in 0..10 * RATE * 10 {
        let answer = customer.get("/Users?count=0").await;
        if answer.status == 429 {
            let detail = answer.body["detail"].as_str().unwrap();
            assert!(detail.contains("more requests per second than agreed"));
            let wait = answer.headers["retry-after"].to_str().unwrap();
            return (passed, wait.to_owned());
        }
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    panic!("never refused");
}

/// The clock stands at the begin of a window.
fn to_window(bed: &Bed) {
    use serverless_scim::store::Host as _;
    let window = WINDOW_S * 1_000;
    bed.host.advance(window - bed.host.now_ms() % window);
}

#[tokio::test]
async fn a_burst_passes_and_then_the_rate() {
    let bed = Bed::new().await;
    let bound = bed.customer(json!({ "requestsPerSecond": RATE })).await;
    to_window(&bed);
    assert_eq!(until_refused(&bound).await, (BURST, "1".to_owned()));
    bed.host.advance(199);
    assert_eq!(until_refused(&bound).await.0, 0);
    bed.host.advance(1);
    assert_eq!(until_refused(&bound).await.0, 1);
    bed.host.advance(1_000);
    assert_eq!(until_refused(&bound).await.0, RATE);
    bed.host.advance(60_000);
    assert_eq!(until_refused(&bound).await.0, BURST);
}

#[tokio::test]
async fn instances_share_what_a_window_holds() {
    let bed = Bed::new().await;
    let bound = bed.customer(json!({ "requestsPerSecond": RATE })).await;
    let others = [(); 4].map(|()| Customer {
        app: instance(bed.table.clone(), bed.host.clone()),
        token: bound.token.clone(),
    });
    let all = RATE * WINDOW_S as usize;
    for window in 0..2 {
        to_window(&bed);
        let mut passed = 0;
        for second in 0..WINDOW_S {
            for instance in &others {
                let (more, wait) = until_refused(instance).await;
                passed += more;
                if passed == all {
                    let left = (WINDOW_S - second).to_string();
                    assert!(wait == "1" || wait == left, "{wait} at {second}");
                }
            }
            bed.host.advance(1_000);
        }
        assert_eq!(passed, all, "window {window}");
    }
    let counts = bed.items("W").await;
    assert_eq!(counts.len(), 2);
    let leased = i64::try_from(all).unwrap();
    assert!(counts.iter().all(|item| item.attrs["n"] == Attr::N(leased)));
    assert!(counts.iter().all(|item| item.attrs.contains_key("exp")));
    assert_eq!(bed.findings().await, Vec::<String>::new());
}

#[tokio::test]
async fn each_operation_of_a_bulk_request_counts() {
    let bed = Bed::new().await;
    let bound = bed.customer(json!({ "requestsPerSecond": RATE })).await;
    let operation = |number: usize| json!({ "method": "POST", "path": "/Users", "bulkId": number.to_string(), "data": user(&number.to_string()) });
    let operations: Vec<_> = (0..2 * BURST).map(operation).collect();
    let results = bound.bulk(&operations).await;
    let of = |status: &str| {
        results
            .iter()
            .filter(|result| result["status"] == status)
            .count()
    };
    // The request itself is one as well.
    assert_eq!((of("201"), of("429")), (BURST - 1, BURST + 1));
    bed.host.advance(60_000);
    assert_eq!(bound.total("/Users").await, (BURST - 1) as u64);
}

#[tokio::test]
async fn connections_do_not_share_and_without_a_rate_nothing_is_counted() {
    let bed = Bed::new().await;
    let free = bed.customer(json!({})).await;
    for _ in 0..4 * BURST {
        assert_eq!(free.get("/Users?count=0").await.status, 200);
    }
    assert_eq!(bed.items("W").await, vec![]);
    let policies = json!({ "requestsPerSecond": RATE });
    let (one, other) = (
        bed.customer(policies.clone()).await,
        bed.customer(policies).await,
    );
    assert_eq!(until_refused(&one).await.0, BURST);
    assert_eq!(until_refused(&other).await.0, BURST);
    assert_eq!(free.get("/Users?count=0").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_at_once_lease_no_more_than_they_use() {
    let bed = Arc::new(Bed::new().await);
    let bound = bed.customer(json!({ "requestsPerSecond": RATE })).await;
    to_window(&bed);
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..8 * BURST {
        let bound = bound.clone();
        running.spawn(async move { bound.get("/ServiceProviderConfig").await.status });
    }
    let statuses = running.join_all().await;
    let passed = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!(passed, BURST);
    let leased = i64::try_from(BURST).unwrap();
    assert_eq!(bed.items("W").await[0].attrs["n"], Attr::N(leased));
}
