//! Reading back: whether the server holds what it confirmed (RFC 7644 §3.4.1).

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use super::dialect::{self, ENTERPRISE};
use super::directory::Person;
use super::exchange::{Ask, Exchange};
use super::session::Session;
use super::sync::{HeldGroup, HeldUser, Sync, look_up};
use super::{IN_FLIGHT, rules};

impl Sync<'_> {
    /// Reads every user and group, and looks for what must be gone.
    pub(super) async fn verify(&self) {
        let session = self.session;
        let users = self.users.iter().flatten().map(|held| async move {
            verify_user(session, held).await;
            self.bar.inc(1);
        });
        at_once(users).await;
        let groups = self.groups.iter().flatten().map(|held| async move {
            verify_group(session, held, &self.deleted).await;
            self.bar.inc(1);
        });
        at_once(groups).await;
        at_once(self.deleted.iter().map(|id| async move {
            let read = session.send(Ask::get(format!("/Users/{id}"))).await;
            session.judge(&rules::READ_DELETED, read.departs(&[404]), &read);
        }))
        .await;
        at_once(self.freed.iter().map(|name| async move {
            look_up(session, dialect::look_up_user(session.client(), name), &[]).await;
        }))
        .await;
    }
}

async fn at_once(work: impl Iterator<Item = impl Future<Output = ()>>) {
    stream::iter(work)
        .buffer_unordered(IN_FLIGHT)
        .collect::<()>()
        .await;
}

async fn verify_user(session: &Session, held: &HeldUser) {
    let read = session.send(Ask::get(format!("/Users/{}", held.id))).await;
    let fault = read.departs(&[200]).or_else(|| {
        let found = differences(&held.person, held.manager.as_deref(), read.body());
        (!found.is_empty()).then(|| found.join("; "))
    });
    session.judge(&rules::READ_USER, fault, &read);
}

async fn verify_group(session: &Session, held: &HeldGroup, deleted: &BTreeSet<String>) {
    let read = session.send(Ask::get(format!("/Groups/{}", held.id))).await;
    let name = read.body().get("displayName").and_then(Value::as_str);
    let fault = read.departs(&[200]).or_else(|| {
        let wanted = held.team.display_name.as_str();
        (name != Some(wanted)).then(|| format!("displayName is {name:?}, not {wanted:?}"))
    });
    if session.judge(&rules::READ_GROUP, fault, &read) {
        let fault = members_fault(&read, &held.members, deleted);
        session.judge(&rules::READ_MEMBERS, fault, &read);
    }
}

/// Whether users that were deleted stay listed is left to the server.
fn members_fault(
    read: &Exchange,
    wanted: &BTreeSet<String>,
    deleted: &BTreeSet<String>,
) -> Option<String> {
    let members = read.body().get("members").and_then(Value::as_array);
    let mut found = BTreeSet::new();
    let mut twice = 0;
    for id in members
        .into_iter()
        .flatten()
        .filter_map(|member| member.get("value")?.as_str())
    {
        if !deleted.contains(id) && !found.insert(id.to_owned()) {
            twice += 1;
        }
    }
    let missing = wanted.difference(&found).count();
    let extra = found.difference(wanted).count();
    (missing + extra + twice > 0).then(|| {
        let wanted = wanted.len();
        format!("of {wanted} members {missing} are missing, {extra} should not be there, {twice} are listed twice")
    })
}

/// Where a user's representation departs from what was written.
fn differences(person: &Person, manager: Option<&str>, body: &Value) -> Vec<String> {
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
    let element = |list: &str, kind: &str| {
        let rows = body.get(list)?.as_array()?;
        let of_kind = |row: &&Value| {
            let found = row.get("type").and_then(Value::as_str);
            found.is_some_and(|found| found.eq_ignore_ascii_case(kind))
        };
        rows.iter().find(of_kind)?.get("value")?.as_str()
    };
    let display_name = person.display_name();
    let manager_found = text(&format!("/{ENTERPRISE}/manager/value"));
    let wanted = [
        (
            "userName",
            Some(person.user_name.as_str()),
            text("/userName"),
        ),
        ("externalId", Some(&person.external_id), text("/externalId")),
        ("displayName", Some(&display_name), text("/displayName")),
        (
            "name.givenName",
            Some(&person.given_name),
            text("/name/givenName"),
        ),
        (
            "name.familyName",
            Some(&person.family_name),
            text("/name/familyName"),
        ),
        ("title", person.title.as_deref(), text("/title")),
        (
            "department",
            Some(&person.department),
            text(&format!("/{ENTERPRISE}/department")),
        ),
        (
            "emails[type eq \"work\"].value",
            Some(&person.user_name),
            element("emails", "work"),
        ),
        (
            "phoneNumbers[type eq \"mobile\"].value",
            person.phone.as_deref(),
            element("phoneNumbers", "mobile"),
        ),
        ("manager.value", manager, manager_found),
    ];
    let mut found: Vec<String> = wanted
        .into_iter()
        .filter(|(_, wanted, found)| *wanted != found.filter(|text| !text.is_empty()))
        .map(|(name, wanted, found)| match (wanted, found) {
            (Some(wanted), Some(found)) => format!("{name} is {found:?}, not {wanted:?}"),
            (Some(wanted), None) => format!("{name} is missing; {wanted:?} was written"),
            (None, found) => format!(
                "{name} is {:?} and was taken away",
                found.unwrap_or_default()
            ),
        })
        .collect();
    let active = body.get("active").and_then(Value::as_bool);
    if active.unwrap_or(true) != person.active {
        let wanted = person.active;
        found.push(format!("active is {active:?}, not {wanted}"));
    }
    found
}

#[cfg(test)]
mod tests;
