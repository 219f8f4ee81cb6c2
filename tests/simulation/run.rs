//! How a store carries out what actors do.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use serverless_scim::filter::{self, Filter};
use serverless_scim::patch::MemberChange;
use serverless_scim::schema::{Document, GROUP, Quirks, ResourceType, Scope, USER};
use serverless_scim::store::{
    COUNT_MAX, Change, Holds, Id, MEMBERS_SHOWN_MAX, Membership, Paging, Position, Record, Start,
    Store, StoreError, Tenant,
};

use crate::op::{Answered, Known, Leaf, Op, Outcome, Shown};
use crate::oracle::Oracle;

/// What a tick may take.
const TICK_MS: i64 = 60_000;

impl Op {
    /// The request as a store carries it out.
    pub(crate) async fn run(
        self,
        store: Store,
        tenant: Tenant,
        oracle: Arc<Mutex<Oracle>>,
    ) -> Outcome {
        let done = |record: Record| Answered::Wrote(Some((record.id, record.version)));
        match self {
            Self::CreateUser { name } => {
                let document = object(json!({ "userName": name }));
                let none = BTreeSet::new();
                tenant.create(&USER, document, &none).await.map(done)
            }
            Self::CreateGroup { name, members } => {
                let members = members.iter().map(Id::to_string).collect();
                let document = object(json!({ "displayName": name }));
                tenant.create(&GROUP, document, &members).await.map(done)
            }
            Self::Rename { id, name } => {
                let none = MemberChange::default();
                modify(&tenant, id, Some(name), none).await.map(done)
            }
            Self::Members {
                group,
                change,
                name,
            } => modify(&tenant, group, name, change).await.map(done),
            Self::Delete { id } => {
                let deleted = tenant.delete(id, |_| Ok(())).await;
                deleted.map(|()| Answered::Wrote(None))
            }
            Self::Exact { ref known, id, .. } => {
                let seen = read(&tenant, id).await?;
                *known.lock().unwrap() = Some(seen.clone());
                exact(&tenant, id, seen.version, self.plain()).await
            }
            Self::Tick => {
                let until = store.host().now_ms() + TICK_MS;
                store.tick(until).await.map(|_| Answered::Wrote(None))
            }
            Self::Pass => tenant.pass(100).await.map(|_| Answered::Wrote(None)),
            Self::Read(group) => {
                let found = tenant.get_with_members(group, MEMBERS_SHOWN_MAX).await?;
                shown(found).map(Answered::Members)
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
            Self::List => list(&tenant).await,
            Self::Roster(group, count) => roster(&tenant, group, count, &oracle).await,
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
        Ok(record) => Ok(Answered::Wrote(Some((record.id, record.version)))),
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

fn shown((record, members): (Record, Membership)) -> Result<Shown, StoreError> {
    match members {
        Membership::Shown(members) => Ok(Shown {
            group: record.id,
            version: record.version,
            members,
        }),
        Membership::TooMany => Err(StoreError::TooMany(MEMBERS_SHOWN_MAX as u64)),
    }
}

async fn list(tenant: &Tenant) -> Outcome {
    let paging = Paging {
        start: Start::Index(1),
        count: COUNT_MAX,
    };
    let page = tenant.search(&GROUP, None, None, &paging).await?;
    let groups = tenant.with_members(page.records, MEMBERS_SHOWN_MAX).await?;
    let groups: Result<_, StoreError> = groups.into_iter().map(shown).collect();
    groups.map(Answered::List)
}

async fn roster(tenant: &Tenant, group: Id, count: u64, oracle: &Mutex<Oracle>) -> Outcome {
    let filter = parse(&USER, &format!("groups.value eq \"{group}\""));
    let (mut pages, mut position, mut after) = (vec![], None, None);
    loop {
        let from = oracle.lock().unwrap().now();
        let paging = Paging {
            start: Start::After(position),
            count,
        };
        let page = tenant.search(&USER, Some(&filter), None, &paging).await?;
        let next = page.next.as_ref().map(place);
        pages.push(Leaf {
            after,
            ids: page.records.iter().map(|record| record.id).collect(),
            next,
            moments: (from, oracle.lock().unwrap().now()),
        });
        (position, after) = (page.next, next);
        if position.is_none() {
            return Ok(Answered::Pages(pages));
        }
    }
}

/// Behind whom a cursor leads on.
fn place(position: &Position) -> Id {
    let told = serde_json::to_value(position).expect("a position");
    let id = told["id"].as_str().and_then(Id::parse);
    id.expect("the id of a position")
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
