//! A client's provisioning cycles: look up, create, change, delete, move members (RFC 7644 §3; Entra docs, how provisioning works).

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, stream};
use indicatif::ProgressBar;
use serde_json::Value;

use super::directory::{Directory, Event, Person, Team};
use super::exchange::{Ask, Exchange};
use super::ledger::Rule;
use super::session::Session;
use super::{Client, IN_FLIGHT, dialect, rules};

/// Members in one PATCH. What Entra puts into one is not public; servers limit it, AWS to 100.
const MEMBERS_PER_PATCH: usize = 20;

/// A user as the server has confirmed it.
#[derive(Debug)]
pub(super) struct HeldUser {
    pub(super) id: String,
    pub(super) person: Person,
    pub(super) manager: Option<String>,
}

/// A group as the server has confirmed it.
#[derive(Debug)]
pub(super) struct HeldGroup {
    pub(super) id: String,
    pub(super) team: Team,
    pub(super) members: BTreeSet<String>,
}

/// What a client knows of the server: by place in the directory, `None` where a creation failed.
#[derive(Debug)]
pub(super) struct Sync<'a> {
    pub(super) session: &'a Session,
    pub(super) bar: &'a ProgressBar,
    pub(super) users: Vec<Option<HeldUser>>,
    pub(super) groups: Vec<Option<HeldGroup>>,
    /// Ids that were deleted.
    pub(super) deleted: BTreeSet<String>,
    /// Names that nobody may have any more.
    pub(super) freed: Vec<String>,
}

impl<'a> Sync<'a> {
    pub(super) fn new(session: &'a Session, bar: &'a ProgressBar) -> Self {
        Self {
            session,
            bar,
            users: vec![],
            groups: vec![],
            deleted: BTreeSet::new(),
            freed: vec![],
        }
    }

    fn client(&self) -> Client {
        self.session.client()
    }

    /// The first cycle: everybody and everything is new. Without groups where the server has none.
    pub(super) async fn first(&mut self, directory: &Directory) {
        let (session, bar) = (self.session, self.bar);
        let creating = directory.people.iter().map(|person| async move {
            let made = create_user(session, person).await;
            bar.inc(1);
            made
        });
        let users = stream::iter(creating).buffered(IN_FLIGHT).collect().await;
        let creating = directory.teams.iter().map(|team| async move {
            let made = create_group(session, team).await;
            bar.inc(1);
            made
        });
        let groups = stream::iter(creating).buffered(IN_FLIGHT).collect().await;
        (self.users, self.groups) = (users, groups);
        self.members(directory).await;
        self.managers(directory).await;
    }

    /// A later cycle: what befell the people and groups since.
    pub(super) async fn later(&mut self, directory: &Directory, events: &[(usize, Event)]) {
        let mut due = vec![];
        for (number, event) in events {
            let held = self.users.get_mut(*number).and_then(Option::take);
            if let (Some(held), Some(person)) = (held, directory.people.get(*number)) {
                due.push((*number, held, *event, person));
            }
        }
        let (session, bar) = (self.session, self.bar);
        let changing = due
            .into_iter()
            .map(|(number, held, event, person)| async move {
                let change = change_user(session, held, event, person).await;
                bar.inc(1);
                (number, change)
            });
        let changes: Vec<(usize, Change)> = stream::iter(changing)
            .buffer_unordered(IN_FLIGHT)
            .collect()
            .await;
        for (number, change) in changes {
            self.deleted.extend(change.deleted);
            self.freed.extend(change.freed);
            if let Some(place) = self.users.get_mut(number) {
                *place = change.held;
            }
        }
        let renaming = self.groups.iter_mut().zip(&directory.teams);
        let renaming = renaming.filter_map(|(held, team)| Some((held.as_mut()?, team)));
        let renaming = renaming.map(|(held, team)| rename_group(session, held, team));
        stream::iter(renaming)
            .buffer_unordered(IN_FLIGHT)
            .collect::<()>()
            .await;
        self.members(directory).await;
        self.managers(directory).await;
    }

    /// Moves members until every group has those of the directory. Requests for one group run side by side, as Entra's do.
    async fn members(&mut self, directory: &Directory) {
        let client = self.client();
        let mut requests = vec![];
        for (number, (held, team)) in self.groups.iter_mut().zip(&directory.teams).enumerate() {
            let Some(held) = held else { continue };
            held.members.retain(|id| !self.deleted.contains(id));
            let user = |place: &usize| Some(self.users.get(*place)?.as_ref()?.id.clone());
            let wanted: BTreeSet<String> = team.members.iter().filter_map(user).collect();
            let added: Vec<String> = wanted.difference(&held.members).cloned().collect();
            let removed: Vec<String> = held.members.difference(&wanted).cloned().collect();
            let path = format!("/Groups/{}", held.id);
            for ids in added.chunks(MEMBERS_PER_PATCH) {
                let ask = Ask::json("PATCH", path.clone(), &dialect::add_members(client, ids));
                requests.push((number, ids.to_vec(), true, ask));
            }
            for ids in removed.chunks(MEMBERS_PER_PATCH) {
                let ask = Ask::json("PATCH", path.clone(), &dialect::remove_members(client, ids));
                requests.push((number, ids.to_vec(), false, ask));
            }
        }
        let session = self.session;
        let sending = requests
            .into_iter()
            .map(|(number, ids, add, ask)| async move {
                let rule = if add {
                    &rules::ADD_MEMBERS
                } else {
                    &rules::REMOVE_MEMBERS
                };
                let done = write(session, rule, ask, &[200, 204]).await;
                done.then_some((number, ids, add))
            });
        let done: Vec<Option<_>> = stream::iter(sending)
            .buffer_unordered(IN_FLIGHT)
            .collect()
            .await;
        for (number, ids, add) in done.into_iter().flatten() {
            let held = self.groups.get_mut(number).and_then(Option::as_mut);
            let Some(held) = held else { continue };
            if add {
                held.members.extend(ids);
            } else {
                held.members.retain(|id| !ids.contains(id));
            }
        }
    }

    /// References come last, when both ends exist. Okta sends none.
    async fn managers(&mut self, directory: &Directory) {
        let client = self.client();
        if client == Client::Okta {
            return;
        }
        let id = |place: usize| Some(self.users.get(place)?.as_ref()?.id.clone());
        let wanted: Vec<Option<String>> = directory
            .people
            .iter()
            .map(|person| person.manager.and_then(id))
            .collect();
        let session = self.session;
        let due = self.users.iter_mut().zip(wanted);
        let due = due.filter_map(|(held, wanted)| Some((held.as_mut()?, wanted)));
        let due = due.filter(|(held, wanted)| held.manager != *wanted);
        let sending = due.map(|(held, wanted)| async move {
            let body = dialect::set_manager(client, wanted.as_deref());
            let ask = Ask::json("PATCH", format!("/Users/{}", held.id), &body);
            if write(session, &rules::MANAGER, ask, &[200, 204]).await {
                held.manager = wanted;
            }
        });
        stream::iter(sending)
            .buffer_unordered(IN_FLIGHT)
            .collect::<()>()
            .await;
    }
}

/// What became of one user in a later cycle.
#[derive(Debug, Default)]
struct Change {
    held: Option<HeldUser>,
    deleted: Vec<String>,
    freed: Vec<String>,
}

/// Sends a write and notes whether it was accepted.
async fn write(session: &Session, rule: &Rule, ask: Ask, statuses: &[u16]) -> bool {
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
pub(super) async fn look_up(session: &Session, ask: Ask, wanted: &[&str]) -> bool {
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

async fn create_user(session: &Session, person: &Person) -> Option<HeldUser> {
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

async fn create_group(session: &Session, team: &Team) -> Option<HeldGroup> {
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

async fn change_user(
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

async fn rename_group(session: &Session, held: &mut HeldGroup, team: &Team) {
    if held.team.display_name == team.display_name {
        return;
    }
    let body = dialect::rename_group(session.client(), &held.id, team);
    let ask = Ask::json("PATCH", format!("/Groups/{}", held.id), &body);
    if write(session, &rules::RENAME_GROUP, ask, &[200, 204]).await {
        held.team.display_name.clone_from(&team.display_name);
    }
}
