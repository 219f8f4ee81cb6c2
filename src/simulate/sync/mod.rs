//! A client's provisioning cycles: look up, create, change, delete, move members (RFC 7644 §3; Entra docs, how provisioning works).

mod steps;

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, stream};
use indicatif::ProgressBar;

use super::directory::{Directory, Event, Person, Team};
use super::exchange::Ask;
use super::session::Session;
use super::{Client, IN_FLIGHT, dialect, rules};

pub(super) use steps::look_up;
use steps::{Change, change_user, create_group, create_user, rename_group, write};

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
