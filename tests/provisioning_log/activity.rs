//! First and latest use of a connection and its tokens: of what went well, and to the hour.

use serde_json::{Value, json};
use serverless_scim::store::{Connection, Host as _};

use crate::desk::{Desk, send};

const HOUR_MS: i64 = 3_600_000;

async fn connection(desk: &Desk) -> Connection {
    let found = desk.store.connection(&desk.tenant, &desk.connection).await;
    found.unwrap()
}

/// When the connection was first used, when lately, and when its token was.
async fn uses(desk: &Desk) -> [Option<i64>; 3] {
    let tokens = desk.store.tokens(&desk.tenant, &desk.connection).await;
    let known = connection(desk).await;
    [
        known.active_since,
        known.last_used,
        tokens.unwrap()[0].last_used,
    ]
}

#[tokio::test]
async fn a_connection_is_active_since_its_first_request_that_went_well() {
    let desk = Desk::new().await;
    for (method, path) in [
        ("GET", "/Users/none"),
        ("GET", "/Users?filter=no"),
        ("POST", "/Users"),
        ("GET", "/t/contoso/scim/v2/Users"),
    ] {
        let (status, ..) = desk.send(method, path, json!({})).await;
        assert!(status >= 400, "{method} {path}");
    }
    assert_eq!(uses(&desk).await, [None; 3]);
    desk.host.advance(HOUR_MS);
    // As a Test Connection asks: nobody has this name.
    let path = "/Users?filter=userName+eq+%22nobody%22";
    let (status, ..) = desk.send("GET", path, Value::Null).await;
    assert_eq!(status, 200);
    assert_eq!(uses(&desk).await, [Some(desk.host.now_ms()); 3]);
}

#[tokio::test]
async fn the_latest_use_is_noted_to_the_hour() {
    let desk = Desk::new().await;
    let first = desk.host.now_ms();
    let mut noted = vec![];
    for minutes in [0, 1, 58, 1, 1, 59, 1] {
        desk.host.advance(minutes * 60_000);
        // Whoever serves it, an instance or another.
        for app in [&desk.app, &desk.anew()] {
            let (status, ..) = send(app, &desk.token, "GET", "/Users", Value::Null).await;
            assert_eq!(status, 200);
        }
        let [since, connection, token] = uses(&desk).await;
        assert_eq!((since, connection), (Some(first), token));
        noted.push((connection.unwrap() - first) / 60_000);
    }
    assert_eq!(noted, [0, 0, 0, 60, 60, 120, 120]);
}
