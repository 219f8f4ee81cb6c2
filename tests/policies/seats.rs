//! Active users of a tenant, counted exactly, and a limit that holds for clients at once.

use std::sync::Arc;

use serde_json::{Value, json};
use serverless_scim::api::App;
use serverless_scim::home::SystemHost;
use serverless_scim::store::{Host, Store};
use serverless_scim::table::wrappers::Torn;
use serverless_scim::table::{Attr, Table, Update, Write};
use tokio::task::JoinSet;

use crate::bed::{Bed, Customer, instance, patch, user};
use crate::bench::TestHost;

const FULL: &str = "all 2 seats are taken; deactivate somebody or ask the vendor for more";

/// Active users as the directory counts them.
async fn counted(bed: &Bed) -> i64 {
    let rows = bed.items("B#0").await;
    let active = rows.iter().map(|row| match row.attrs.get("a") {
        Some(Attr::N(active)) => *active,
        _ => 0,
    });
    active.sum()
}

#[tokio::test]
async fn nobody_is_created_or_switched_on_beyond_the_last_seat() {
    let bed = Bed::new().await;
    let bound = bed.customer(json!({ "seatLimit": 2 })).await;
    let ada = bound.user("ada").await;
    let mei = bound.user("mei").await;
    let refused = bound.refused("POST", "/Users", Some(&user("bea"))).await;
    assert_eq!(refused, (400, FULL.to_owned()));
    let off = json!({ "userName": "bea@fabrikam.example", "active": false });
    let bea = bound.post("/Users", &off).await;
    assert_eq!(bea.status, 201, "who is switched off takes no seat");
    let bea = format!("/Users/{}", bea.body["id"].as_str().unwrap());
    for (method, body) in [
        ("PATCH", patch("active", json!(true))),
        // Absent counts as active.
        ("PATCH", patch("active", Value::Null)),
        (
            "PUT",
            json!({ "userName": "bea@fabrikam.example", "active": true }),
        ),
    ] {
        let refused = bound.refused(method, &bea, Some(&body)).await;
        assert_eq!(refused, (400, FULL.to_owned()), "{method}");
    }
    assert_eq!(bound.get(&bea).await.body["meta"]["version"], "W/\"1\"");
    for (path, name, value) in [
        (&ada, "title", json!("Lead")),
        (&ada, "active", json!(true)),
        (&bea, "title", json!("Lead")),
    ] {
        assert_eq!(
            bound.set(path, name, value).await.status,
            200,
            "{path} {name}"
        );
    }
    assert_eq!(counted(&bed).await, 2);
    assert_eq!(bound.set(&ada, "active", json!(false)).await.status, 200);
    assert_eq!(counted(&bed).await, 1);
    assert_eq!(bound.set(&bea, "active", Value::Null).await.status, 200);
    assert_eq!(
        bound.refused("POST", "/Users", Some(&user("cy"))).await.0,
        400
    );
    assert_eq!(bound.delete(&mei).await.status, 204);
    bound.user("cy").await;
    assert_eq!(counted(&bed).await, 2);
    assert_eq!(bed.findings().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_lower_limit_binds_who_comes_and_nobody_who_is_there() {
    let bed = Bed::new().await;
    let (free, bound) = (
        bed.customer(json!({})).await,
        bed.customer(json!({ "seatLimit": 2 })).await,
    );
    let mut users = vec![];
    for name in ["ada", "mei", "bea"] {
        users.push(free.user(name).await);
    }
    assert_eq!(
        bound.set(&users[0], "title", json!("Lead")).await.status,
        200
    );
    for path in &users {
        assert_eq!(
            bound.refused("POST", "/Users", Some(&user("cy"))).await.0,
            400,
            "{path}"
        );
        assert_eq!(bound.set(path, "active", json!("False")).await.status, 200);
        if counted(&bed).await < 2 {
            break;
        }
    }
    assert_eq!(counted(&bed).await, 1);
    bound.user("cy").await;
    assert_eq!(free.post("/Users", &user("dan")).await.status, 201);
    assert_eq!(bed.items("G").await.len(), 1);
}

#[tokio::test]
async fn without_a_limit_no_gate_is_passed() {
    let bed = Bed::new().await;
    let free = bed.customer(json!({})).await;
    let ada = free.user("ada").await;
    free.set(&ada, "active", json!(false)).await;
    free.set(&ada, "active", json!(true)).await;
    assert_eq!(bed.items("G").await, vec![]);
    assert_eq!(counted(&bed).await, 1);
}

/// The same client at another instance of the service.
fn beside(customer: &Customer, app: App) -> Customer {
    Customer {
        app,
        token: customer.token.clone(),
    }
}

/// What becomes of all requests, those that met too many others sent again.
async fn at_once(requests: Vec<(Customer, &'static str, String, Value)>) -> Vec<u16> {
    let mut running = JoinSet::new();
    for (customer, method, path, body) in requests {
        running.spawn(async move {
            loop {
                let answer = customer.send(method, &path, Some(&body)).await;
                if answer.status != 429 {
                    break answer.status;
                }
            }
        });
    }
    let mut statuses = running.join_all().await;
    statuses.sort_unstable();
    statuses
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn thirty_clients_take_ten_seats() {
    let bed = Bed::new().await;
    let bound = bed.customer(json!({ "seatLimit": 10 })).await;
    let host: Arc<dyn Host> = Arc::new(SystemHost);
    let instances = [(); 3].map(|()| instance(bed.table.clone(), host.clone()));
    let requests = (0..30).map(|number| {
        let customer = beside(&bound, instances[number % 3].clone());
        let body = user(&format!("u{number}"));
        (customer, "POST", "/Users".to_owned(), body)
    });
    let statuses = at_once(requests.collect()).await;
    let mut expected = vec![201; 10];
    expected.resize(30, 400);
    assert_eq!(statuses, expected);
    assert_eq!((bound.total("/Users").await, counted(&bed).await), (10, 10));
    assert_eq!(bed.findings().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn thirty_who_were_switched_off_take_ten_seats() {
    let bed = Bed::new().await;
    let free = bed.customer(json!({})).await;
    let bound = bed.customer(json!({ "seatLimit": 10 })).await;
    let app = instance(bed.table.clone(), Arc::new(SystemHost));
    let mut requests = vec![];
    for number in 0..30 {
        let off = json!({ "userName": format!("u{number}"), "active": false });
        let made = free.post("/Users", &off).await;
        let path = format!("/Users/{}", made.body["id"].as_str().unwrap());
        let on = patch("active", json!(true));
        requests.push((beside(&bound, app.clone()), "PATCH", path, on));
    }
    let statuses = at_once(requests).await;
    let mut expected = vec![200; 10];
    expected.resize(30, 400);
    assert_eq!(statuses, expected);
    assert_eq!(counted(&bed).await, 10);
    assert_eq!(bed.findings().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_seat_changes_hands_within_one_request() {
    let bed = Bed::new().await;
    let bound = bed.customer(json!({ "seatLimit": 1 })).await;
    let ada = bound.user("ada").await;
    let off = json!({ "userName": "mei@fabrikam.example", "active": false });
    let mei = bound.post("/Users", &off).await;
    let mei = format!("/Users/{}", mei.body["id"].as_str().unwrap());
    for (leaves, comes) in [(&ada, &mei), (&mei, &ada)] {
        let change = |path: &str, active: bool| json!({ "method": "PATCH", "path": path, "data": patch("active", json!(active)) });
        let operations = [change(leaves, false), change(comes, true)];
        for result in bound.bulk(&operations).await {
            assert_eq!(result["status"], "200", "{result}");
        }
    }
}

/// The gate may be readable before the row that counts who passed it.
#[tokio::test]
async fn the_limit_holds_while_commits_become_readable_piece_by_piece() {
    for seed in 0..12 {
        let bed = Bed::new().await;
        let bound = bed.customer(json!({ "seatLimit": 4 })).await;
        let torn: Arc<dyn Table> = Arc::new(Torn::new(bed.table.clone(), seed));
        let host = TestHost::new(seed);
        let app = App::new(Store::new(torn, host), None);
        let requests = (0..8).map(|number| {
            let body = user(&format!("u{number}"));
            (
                beside(&bound, app.clone()),
                "POST",
                "/Users".to_owned(),
                body,
            )
        });
        let statuses = at_once(requests.collect()).await;
        let created = statuses.iter().filter(|status| **status == 201).count();
        assert_eq!(
            (created, counted(&bed).await),
            (4, 4),
            "seed {seed}: {statuses:?}"
        );
    }
}

#[tokio::test]
async fn who_passed_the_gate_and_is_not_counted_yet_is_waited_for() {
    let bed = Bed::new().await;
    let bound = bed.customer(json!({ "seatLimit": 1 })).await;
    let torn = Arc::new(Torn::steered(bed.table.clone()));
    let bound = beside(&bound, instance(torn.clone(), bed.host.clone()));
    let first = bound.post("/Users", &user("ada")).await;
    assert_eq!(first.status, 201);
    let gate = torn.held().into_iter().find(|key| key.pk.ends_with("#G"));
    torn.release(&gate.unwrap());
    // Several, for some would meet the row that is not readable yet.
    for number in 0..10 {
        let more = bound.post("/Users", &user(&format!("u{number}"))).await;
        assert_eq!(more.status, 429, "{more:?}");
    }
    for key in torn.held() {
        torn.release(&key);
    }
    assert_eq!(bound.post("/Users", &user("mei")).await.status, 400);
}

/// A row that lost its mark, as a restored or repaired table may have it, keeps nobody out for long.
#[tokio::test]
async fn a_row_without_the_mark_is_believed_after_a_minute() {
    let bed = Bed::new().await;
    let bound = bed.customer(json!({ "seatLimit": 2 })).await;
    bound.user("ada").await;
    let row = bed.items("B#0").await.remove(0);
    let write = Write::Update {
        key: row.key,
        update: Update {
            remove: vec!["g"],
            ..Update::default()
        },
        condition: None,
    };
    bed.table.write(&write).await.unwrap();
    assert_eq!(bound.post("/Users", &user("mei")).await.status, 429);
    bed.host.advance(60_000);
    bound.user("mei").await;
    assert_eq!(bound.post("/Users", &user("bea")).await.status, 400);
}
