//! What a cycle does to one user or group, each request judged.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::directory::{Event, Person, Team};
use super::super::exchange::{Ask, Exchange};
use super::super::ledger::Rule;
use super::super::session::Session;
use super::super::{Client, dialect, rules};
use super::{HeldGroup, HeldUser};

/// What became of one user in a later cycle.
#[derive(Debug, Default)]
pub(super) struct Change {
    pub(super) held: Option<HeldUser>,
    pub(super) deleted: Vec<String>,
    pub(super) freed: Vec<String>,
}

/// Sends a write and notes whether it was accepted.
pub(super) async fn write(session: &Session, rule: &Rule, ask: Ask, statuses: &[u16]) -> bool {
    let exchange = session.send(ask).await;
    let fault = exchange.departs(statuses);
    session.judge(&rule.in_dialect(session.client()), fault, &exchange)
}

/// A new resource's id.
async fn created(session: &Session, rule: &Rule, ask: Ask) -> Option<String> {
    let exchange = session.send(ask).await;
    let fault = exchange.departs(&[201]).or_else(|| {
        let none = exchange.id().is_none();
        none.then(|| "the answer has no id".to_owned())
    });
    session.judge(&rule.in_dialect(session.client()), fault, &exchange);
    let made = exchange.is(&[200, 201]);
    exchange.id().filter(|_| made).map(str::to_owned)
}

/// A lookup that must find exactly these ids.
pub(in crate::simulate) async fn look_up(session: &Session, ask: Ask, wanted: &[&str]) -> bool {
    let exchange = session.send(ask).await;
    let rule = if wanted.is_empty() {
        &rules::FIND_NOBODY
    } else {
        &rules::FIND_ONE
    };
    session.judge(rule, found_fault(&exchange, wanted), &exchange)
}

fn found_fault(exchange: &Exchange, wanted: &[&str]) -> Option<String> {
    if let Some(fault) = exchange.departs(&[200]) {
        return Some(fault);
    }
    let body = exchange.body();
    let total = body.get("totalResults").and_then(Value::as_u64);
    if total != Some(wanted.len() as u64) {
        let total = body.get("totalResults").unwrap_or(&Value::Null);
        return Some(format!("totalResults is {total}, not {}", wanted.len()));
    }
    let rows = body.get("Resources").and_then(Value::as_array);
    let rows = rows.map_or(&[][..], Vec::as_slice);
    let ids: Vec<&str> = rows
        .iter()
        .filter_map(|row| row.get("id")?.as_str())
        .collect();
    (ids != wanted).then(|| format!("found {ids:?} instead of {wanted:?}"))
}

pub(super) async fn create_user(session: &Session, person: &Person) -> Option<HeldUser> {
    let client = session.client();
    look_up(
        session,
        dialect::look_up_user(client, &person.user_name),
        &[],
    )
    .await;
    let body = dialect::create_user(client, person);
    let id = created(
        session,
        &rules::CREATE_USER,
        Ask::json("POST", "/Users", &body),
    )
    .await?;
    Some(HeldUser {
        id,
        person: person.clone(),
        manager: None,
    })
}

pub(super) async fn create_group(session: &Session, team: &Team) -> Option<HeldGroup> {
    let client = session.client();
    look_up(
        session,
        dialect::look_up_group(client, &team.display_name),
        &[],
    )
    .await;
    let body = dialect::create_group(client, team);
    let id = created(
        session,
        &rules::CREATE_GROUP,
        Ask::json("POST", "/Groups", &body),
    )
    .await?;
    Some(HeldGroup {
        id,
        team: team.clone(),
        members: BTreeSet::new(),
    })
}

pub(super) async fn change_user(
    session: &Session,
    mut held: HeldUser,
    event: Event,
    person: &Person,
) -> Change {
    let mut change = Change::default();
    let by_name = dialect::look_up_user(session.client(), &held.person.user_name);
    look_up(session, by_name, &[&held.id]).await;
    match event {
        Event::Deleted | Event::Recreated => {
            let name = held.person.user_name.clone();
            if !delete_user(session, &mut held, &mut change).await {
                change.held = Some(held);
            } else if event == Event::Recreated {
                change.held = create_user(session, person).await;
            } else {
                change.freed.push(name);
            }
        }
        Event::Restored => {
            if set_active(session, &mut held, false).await {
                let by_name = dialect::look_up_user(session.client(), &held.person.user_name);
                look_up(session, by_name, &[&held.id]).await;
                set_active(session, &mut held, true).await;
            }
            change.held = Some(held);
        }
        _ => {
            let old_name = held.person.user_name.clone();
            update_user(session, &mut held, person).await;
            if held.person.user_name != old_name {
                change.freed.push(old_name);
            }
            change.held = Some(held);
        }
    }
    change
}

/// Entra disables first and deletes later.
async fn delete_user(session: &Session, held: &mut HeldUser, change: &mut Change) -> bool {
    if session.client() != Client::Rfc {
        set_active(session, held, false).await;
    }
    let ask = Ask::new("DELETE", format!("/Users/{}", held.id));
    let deleted = write(session, &rules::DELETE, ask, &[204]).await;
    if deleted {
        change.deleted.push(held.id.clone());
    }
    deleted
}

async fn set_active(session: &Session, held: &mut HeldUser, active: bool) -> bool {
    let rule = if active {
        &rules::RESTORE
    } else {
        &rules::DISABLE
    };
    let body = dialect::set_active(session.client(), active);
    let ask = Ask::json("PATCH", format!("/Users/{}", held.id), &body);
    let done = write(session, rule, ask, &[200, 204]).await;
    if done {
        held.person.active = active;
    }
    done
}

async fn update_user(session: &Session, held: &mut HeldUser, person: &Person) {
    let client = session.client();
    let path = format!("/Users/{}", held.id);
    let Some(body) = dialect::change_user(client, &held.person, person) else {
        return;
    };
    let done = if client == Client::Okta {
        let read = session.send(Ask::get(path.clone())).await;
        let body = dialect::replace_user(client, read.body(), person);
        write(
            session,
            &rules::REPLACE_USER,
            Ask::json("PUT", path, &body),
            &[200],
        )
        .await
    } else {
        write(
            session,
            &rules::CHANGE_USER,
            Ask::json("PATCH", path, &body),
            &[200, 204],
        )
        .await
    };
    if done {
        held.person = person.clone();
    }
}

pub(super) async fn rename_group(session: &Session, held: &mut HeldGroup, team: &Team) {
    if held.team.display_name == team.display_name {
        return;
    }
    let body = dialect::rename_group(session.client(), &held.id, team);
    let ask = Ask::json("PATCH", format!("/Groups/{}", held.id), &body);
    if write(session, &rules::RENAME_GROUP, ask, &[200, 204]).await {
        held.team.display_name.clone_from(&team.display_name);
    }
}
