//! What actors do, each as one request of a tenant.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use serverless_scim::filter::{self, Filter};
use serverless_scim::patch::MemberChange;
use serverless_scim::schema::{Document, GROUP, Quirks, ResourceType, Scope, USER};
use serverless_scim::store::{
    COUNT_MAX, Change, Id, MEMBERS_SHOWN_MAX, Membership, Paging, Record, Start, StoreError, Tenant,
};

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
    Pass,
    /// The group with its members.
    Read(Id),
    /// Whether the group has this member.
    IsMember(Id, Id),
    /// The groups of a member.
    GroupsOf(Id),
    /// The groups that hold a member, by filter.
    With(Id),
    /// Who has this userName.
    Find(String),
}

/// What the request answered.
#[derive(Debug)]
pub(crate) enum Answered {
    Wrote,
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
        )
    }

    /// The request as a store carries it out.
    pub(crate) async fn run(self, tenant: Tenant) -> Outcome {
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
            Self::Pass => tenant.pass(100).await.map(|_| done),
            Self::Read(group) => {
                let (_, members) = tenant.get_with_members(group, MEMBERS_SHOWN_MAX).await?;
                match members {
                    Membership::Shown(ids) => Ok(Answered::Members(ids)),
                    Membership::TooMany => Err(StoreError::TooMany),
                }
            }
            Self::IsMember(group, member) => {
                let text = format!("id eq \"{group}\" and members eq \"{member}\"");
                search(&tenant, &GROUP, &text).await
            }
            Self::GroupsOf(member) => {
                let groups = tenant.groups_of(member).await?;
                Ok(Answered::Ids(groups.iter().map(|group| group.id).collect()))
            }
            Self::With(member) => {
                search(&tenant, &GROUP, &format!("members eq \"{member}\"")).await
            }
            Self::Find(name) => search(&tenant, &USER, &format!("userName eq \"{name}\"")).await,
        }
    }
}

async fn modify(
    tenant: &Tenant,
    id: Id,
    name: Option<String>,
    members: MemberChange,
) -> Result<Record, StoreError> {
    let attribute = if id.resource_type() == 0 {
        "userName"
    } else {
        "displayName"
    };
    let decide = |old: &Record| {
        let mut document = old.document.clone();
        if let Some(name) = &name {
            document.insert(attribute.to_owned(), Value::String(name.clone()));
        }
        Ok(Change {
            document,
            members: members.clone(),
            exact: name.is_some(),
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
