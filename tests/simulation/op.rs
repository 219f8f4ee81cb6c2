//! What actors do, each as one request of a tenant.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use serverless_scim::filter::{self, Filter};
use serverless_scim::patch::{MemberChange, Verb};
use serverless_scim::schema::{Document, GROUP, Quirks, ResourceType, Scope, USER};
use serverless_scim::store::{
    COUNT_MAX, Change, Holds, Id, MEMBERS_SHOWN_MAX, Membership, Paging, Record, Start, Store,
    StoreError, Tenant,
};

/// What a tick may take.
const TICK_MS: i64 = 60_000;

/// One request.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    CreateUser {
        name: String,
    },
    CreateGroup {
        name: String,
        members: BTreeSet<Id>,
    },
    Rename {
        id: Id,
        name: String,
    },
    Members {
        group: Id,
        change: MemberChange,
        name: Option<String>,
    },
    Delete {
        id: Id,
    },
    /// A client reads, and then changes what it has seen: with If-Match, and members as a whole list.
    Exact {
        id: Id,
        name: Option<String>,
        member: Option<(Id, Verb)>,
        known: Arc<Mutex<Option<Known>>>,
    },
    Pass,
    Tick,
    /// The group with its members.
    Read(Id),
    /// Whether the group has this member.
    IsMember(Id, Id),
    /// The groups of a member.
    GroupsOf(Id),
    /// The groups of a member and theirs; whether the client's instance knows of groups in groups.
    AllGroupsOf(Id, bool),
    /// The groups that hold a member, by filter.
    With(Id),
    /// Who has this userName.
    Find(String),
}

/// What a client knows of a resource when it names its version.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    pub version: i64,
    pub name: String,
    pub members: BTreeSet<Id>,
}

/// What the request answered.
#[derive(Debug)]
pub(crate) enum Answered {
    Wrote,
    /// The version that the client knows is not the present one.
    Stale,
    Members(BTreeSet<Id>),
    Ids(BTreeSet<Id>),
}

pub(crate) type Outcome = Result<Answered, StoreError>;

impl Op {
    pub(crate) fn changes(&self) -> bool {
        matches!(
            self,
            Self::CreateUser { .. }
                | Self::CreateGroup { .. }
                | Self::Rename { .. }
                | Self::Members { .. }
                | Self::Delete { .. }
                | Self::Exact { .. }
        )
    }

    /// Whether it finishes what others left.
    pub(crate) fn finishes(&self) -> bool {
        matches!(self, Self::Pass | Self::Tick)
    }

    pub(crate) fn exact(id: Id, name: Option<String>, member: Option<(Id, Verb)>) -> Self {
        Self::Exact {
            id,
            name,
            member,
            known: Arc::default(),
        }
    }

    /// The change as it is, without the version that was asked for.
    pub(crate) fn plain(&self) -> Self {
        let Self::Exact {
            id,
            name,
            member,
            known,
        } = self
        else {
            return self.clone();
        };
        let known = known.lock().unwrap().clone().unwrap_or_default();
        let mut change = MemberChange::default();
        if let Some((one, verb)) = member {
            let mut list = known.members;
            match verb {
                Verb::Add => list.insert(*one),
                Verb::Remove => list.remove(one),
            };
            change.clear();
            for id in &list {
                change.add(&id.to_string());
            }
        }
        match (id.resource_type(), name) {
            (0, Some(name)) => Self::Rename {
                id: *id,
                name: name.clone(),
            },
            _ => Self::Members {
                group: *id,
                change,
                name: name.clone(),
            },
        }
    }

    /// The request as a store carries it out.
    pub(crate) async fn run(self, store: Store, tenant: Tenant) -> Outcome {
        let done = Answered::Wrote;
        match self {
            Self::CreateUser { name } => {
                let document = object(json!({ "userName": name }));
                let none = BTreeSet::new();
                tenant.create(&USER, document, &none).await.map(|_| done)
            }
            Self::CreateGroup { name, members } => {
                let members = members.iter().map(Id::to_string).collect();
                let document = object(json!({ "displayName": name }));
                tenant
                    .create(&GROUP, document, &members)
                    .await
                    .map(|_| done)
            }
            Self::Rename { id, name } => {
                let none = MemberChange::default();
                modify(&tenant, id, Some(name), none).await.map(|_| done)
            }
            Self::Members {
                group,
                change,
                name,
            } => modify(&tenant, group, name, change).await.map(|_| done),
            Self::Delete { id } => tenant.delete(id, |_| Ok(())).await.map(|()| done),
            Self::Exact { ref known, id, .. } => {
                let seen = read(&tenant, id).await?;
                *known.lock().unwrap() = Some(seen.clone());
                exact(&tenant, id, seen.version, self.plain()).await
            }
            Self::Tick => {
                let until = store.host().now_ms() + TICK_MS;
                store.tick(until).await.map(|_| done)
            }
            Self::Pass => tenant.pass(100).await.map(|_| done),
            Self::Read(group) => {
                let (_, members) = tenant.get_with_members(group, MEMBERS_SHOWN_MAX).await?;
                match members {
                    Membership::Shown(ids) => Ok(Answered::Members(ids)),
                    Membership::TooMany => Err(StoreError::TooMany(MEMBERS_SHOWN_MAX as u64)),
                }
            }
            Self::IsMember(group, member) => {
                let text = format!("id eq \"{group}\" and members eq \"{member}\"");
                search(&tenant, &GROUP, &text).await
            }
            Self::GroupsOf(member) => {
                // As a representation is read: the resource beside its groups.
                let (_, groups) = tokio::try_join!(tenant.get(member), tenant.groups_of(member))?;
                Ok(Answered::Ids(groups.iter().map(|group| group.id).collect()))
            }
            Self::AllGroupsOf(member, _) => {
                let groups = tenant.all_groups_of(member);
                let (_, groups) = tokio::try_join!(tenant.get(member), groups)?;
                Ok(Answered::Ids(
                    groups.iter().map(|(group, _)| group.id).collect(),
                ))
            }
            Self::With(member) => {
                search(&tenant, &GROUP, &format!("members eq \"{member}\"")).await
            }
            Self::Find(name) => search(&tenant, &USER, &format!("userName eq \"{name}\"")).await,
        }
    }
}

/// Where the name of a resource stands.
fn named(id: Id) -> &'static str {
    if id.resource_type() == 0 {
        "userName"
    } else {
        "displayName"
    }
}

/// What a client learns of a resource.
async fn read(tenant: &Tenant, id: Id) -> Result<Known, StoreError> {
    let (record, members) = if id.resource_type() == 0 {
        (tenant.get(id).await?, BTreeSet::new())
    } else {
        match tenant.get_with_members(id, MEMBERS_SHOWN_MAX).await? {
            (record, Membership::Shown(ids)) => (record, ids),
            (_, Membership::TooMany) => return Err(StoreError::TooMany(MEMBERS_SHOWN_MAX as u64)),
        }
    };
    let name = record.document.get(named(id)).and_then(Value::as_str);
    Ok(Known {
        version: record.version,
        name: name.unwrap_or_default().to_owned(),
        members,
    })
}

/// Why a change with If-Match was not made.
enum Refused {
    Stale,
    Store(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

async fn exact(tenant: &Tenant, id: Id, version: i64, plain: Op) -> Outcome {
    let (name, members) = match plain {
        Op::Members { change, name, .. } => (name, change),
        Op::Rename { name, .. } => (Some(name), MemberChange::default()),
        _ => (None, MemberChange::default()),
    };
    let decide = |now: &Record| {
        if now.version != version {
            return Err(Refused::Stale);
        }
        let mut document = now.document.clone();
        if let Some(name) = &name {
            document.insert(named(id).to_owned(), Value::String(name.clone()));
        }
        Ok(Change {
            document,
            members: members.clone(),
            holds: Holds::Version,
        })
    };
    match tenant.modify(id, decide).await {
        Ok(_) => Ok(Answered::Wrote),
        Err(Refused::Stale) => Ok(Answered::Stale),
        Err(Refused::Store(error)) => Err(error),
    }
}

async fn modify(
    tenant: &Tenant,
    id: Id,
    name: Option<String>,
    members: MemberChange,
) -> Result<Record, StoreError> {
    let decide = |old: &Record| {
        let mut document = old.document.clone();
        if let Some(name) = &name {
            document.insert(named(id).to_owned(), Value::String(name.clone()));
        }
        Ok(Change {
            document,
            members: members.clone(),
            holds: match name {
                Some(_) => Holds::Document,
                None => Holds::Nothing,
            },
        })
    };
    tenant.modify(id, decide).await
}

async fn search(tenant: &Tenant, kind: &ResourceType, text: &str) -> Outcome {
    let filter = parse(kind, text);
    let paging = Paging {
        start: Start::Index(1),
        count: COUNT_MAX,
    };
    let page = tenant.search(kind, Some(&filter), None, &paging).await?;
    Ok(Answered::Ids(
        page.records.iter().map(|record| record.id).collect(),
    ))
}

fn parse(kind: &ResourceType, text: &str) -> Filter {
    filter::parse(Scope::Resource(kind), text, &mut Quirks::default()).expect("a filter")
}

fn object(value: Value) -> Document {
    serde_json::from_value(value).expect("an object")
}
