//! Reading the log page by page, and following it: nothing is missed, however late it was committed.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use serverless_scim::store::{LogCursor, LogCursorError, LogQuery, NewToken};
use serverless_scim::table::Attr;
use ulid::Ulid;

use crate::desk::{Desk, send};

/// After so long nothing turns up any more.
const SETTLED_MS: i64 = 90_000;
const DAY_MS: i64 = 86_400_000;

fn query(limit: usize) -> LogQuery {
    LogQuery {
        limit,
        ..LogQuery::default()
    }
}

#[tokio::test]
async fn pages_hold_changes_and_refusals_in_their_order() {
    let desk = Desk::new().await;
    let mut expected = vec![];
    for n in 0..12 {
        let name = json!({ "userName": format!("u{}", n / 3) });
        let (status, request, _) = desk.send("POST", "/Users", name).await;
        assert_eq!(status, if n % 3 == 0 { 201 } else { 409 });
        expected.push(request);
        desk.host.advance(500);
    }
    desk.host.advance(SETTLED_MS);
    for limit in [1, 2, 5, 12, 1_000] {
        let (mut of, mut seen) = (query(limit), vec![]);
        loop {
            let page = desk.page(&of).await;
            assert!(page.entries.len() <= limit);
            seen.extend(page.entries.into_iter().map(|entry| entry.request));
            if page.next == of.after {
                break;
            }
            of.after = page.next.to_string().parse().unwrap();
        }
        assert_eq!(seen, expected, "by {limit}");
    }
    for text in [
        "",
        "x",
        "01k00000000000000000000000",
        "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
    ] {
        assert_eq!(text.parse::<LogCursor>(), Err(LogCursorError), "{text}");
    }
}

#[tokio::test]
async fn a_change_that_is_committed_late_is_not_missed() {
    let desk = Desk::new().await;
    desk.user("early").await;
    desk.host.advance(SETTLED_MS);
    desk.table.holds.store(true, Ordering::SeqCst);
    let (app, token) = (desk.app.clone(), desk.token.clone());
    let late = tokio::spawn(async move {
        let body = json!({ "userName": "late" });
        send(&app, &token, "POST", "/Users", body).await
    });
    desk.table.held.notified().await;
    let (mut of, mut seen) = (query(100), BTreeSet::new());
    let mut polled = vec![];
    for seconds in [0, 1, 30, 44, 100, 200] {
        if seconds == 44 {
            desk.table.released.notify_one();
        }
        let name = format!("after {seconds}");
        desk.user(&name).await;
        if seconds == 44 {
            while !late.is_finished() {
                tokio::task::yield_now().await;
            }
        }
        let page = desk.page(&of).await;
        let new = page
            .entries
            .iter()
            .filter(|entry| seen.insert(entry.id.clone()));
        polled.push(new.count());
        of.after = page.next;
        desk.host.advance(1_000 * (seconds + 1));
    }
    assert_eq!(late.await.unwrap().0, 201);
    assert_eq!(polled, [2, 1, 1, 2, 1, 1], "new entries of each poll");
    assert_eq!(desk.log().await.len(), 8);
}

#[tokio::test]
async fn the_cursor_stays_behind_what_is_young_and_moves_on() {
    let desk = Desk::new().await;
    desk.user("ada").await;
    let page = desk.page(&query(10)).await;
    assert_eq!((page.entries.len(), &page.next), (1, &LogCursor::default()));
    desk.host.advance(SETTLED_MS - 1_000);
    assert_eq!(desk.page(&query(10)).await.next, LogCursor::default());
    desk.host.advance(1_000);
    let page = desk.page(&query(10)).await;
    assert_ne!(page.next, LogCursor::default());
    let of = LogQuery {
        after: page.next.clone(),
        ..query(10)
    };
    let again = desk.page(&of).await;
    assert_eq!((again.entries.len(), again.next), (0, page.next));
}

#[tokio::test]
async fn one_connections_entries_are_found_among_others() {
    let desk = Desk::new().await;
    let new = desk.other_connection();
    let second = desk
        .store
        .create_connection(&desk.tenant, &new)
        .await
        .unwrap();
    let new = NewToken::default();
    let made = desk.store.create_token(&desk.tenant, &second.id, &new);
    let token = made.await.unwrap().0;
    for n in 0..6 {
        desk.user(&format!("u{n}")).await;
    }
    desk.host.advance(1);
    send(
        &desk.app,
        token.reveal(),
        "POST",
        "/Users",
        json!({ "userName": "mei" }),
    )
    .await;
    desk.host.advance(1);
    send(
        &desk.app,
        token.reveal(),
        "POST",
        "/Users",
        json!({ "userName": "mei" }),
    )
    .await;
    let of = LogQuery {
        connection: Some(second.id.clone()),
        ..query(3)
    };
    let page = desk.page(&of).await;
    let told: Vec<Value> = page
        .entries
        .iter()
        .map(|entry| entry.to_json()["operation"].clone())
        .collect();
    assert_eq!(told, ["created", "refused"]);
    assert!(
        page.entries
            .iter()
            .all(|entry| entry.connection == Some(second.id.clone()))
    );
}

#[tokio::test]
async fn what_has_expired_is_not_told_though_it_is_there() {
    let desk = Desk::new().await;
    desk.user("ada").await;
    desk.send("POST", "/Users", json!({ "userName": "ada" }))
        .await;
    desk.host.advance(31 * DAY_MS);
    let log = desk.log().await;
    assert_eq!((log.len(), &log[0]["operation"]), (1, &json!("created")));
    assert_eq!(desk.items("E").await.len(), 1);
    desk.host.advance(60 * DAY_MS);
    assert_eq!(desk.log().await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_page_that_is_cut_passes_nothing_over() {
    let desk = Desk::new().await;
    desk.user("ada").await;
    let whole = desk.items("X").await.remove(0);
    let at = |ms: u64, n: u128| Ulid::from_parts(1_790_000_000_000 + ms, n).to_string();
    // So many parts of a big change that the page ends among them, then a change, then refusals.
    for n in 0..300 {
        let mut part = whole.clone();
        part.key.sk = at(1, n);
        part.attrs.insert("part".to_owned(), Attr::N(1));
        desk.put(part).await;
    }
    let mut late = whole.clone();
    late.key.sk = at(2, 0);
    desk.put(late).await;
    desk.host.advance(3);
    for _ in 0..6 {
        desk.send("POST", "/Users", json!({})).await;
    }
    desk.host.advance(SETTLED_MS);
    let (mut of, mut seen) = (query(5), vec![]);
    loop {
        let page = desk.page(&of).await;
        seen.extend(page.entries.into_iter().map(|entry| entry.id));
        if page.next == of.after {
            break;
        }
        of.after = page.next;
    }
    assert_eq!(
        (seen.len(), &seen[0], &seen[1]),
        (8, &whole.key.sk, &at(2, 0))
    );
    assert!(seen.is_sorted());
}
