//! What is measured: one kind of request at one size.

use std::time::Duration;

use serde_json::{Value, json};
use serverless_scim::store::Id;
use serverless_scim::store::seed::{user_id, user_name};

use crate::home::{Failed, Home, Tenant, patch};

/// The first users are in no group, to be added and removed again.
pub(crate) const SPARE_USERS: u64 = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    AddMember,
    RemoveMember,
    Rename,
    GetGroup,
    CreateUser,
    FindUser,
    LastPage,
}

impl Operation {
    pub(crate) const OF_GROUPS: [Self; 4] = [
        Self::AddMember,
        Self::RemoveMember,
        Self::Rename,
        Self::GetGroup,
    ];
    pub(crate) const OF_USERS: [Self; 3] = [Self::CreateUser, Self::FindUser, Self::LastPage];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AddMember => "add one member",
            Self::RemoveMember => "remove one member",
            Self::Rename => "rename the group",
            Self::GetGroup => "GET group without members",
            Self::CreateUser => "create a user",
            Self::FindUser => "find a user by userName",
            Self::LastPage => "last page of 100 users",
        }
    }
}

/// One operation at one size, and what was measured of it.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) operation: Operation,
    pub(crate) size: u64,
    pub(crate) times: Vec<Duration>,
    tenant: Tenant,
    group: Option<Id>,
}

impl Case {
    pub(crate) fn new(operation: Operation, size: u64, tenant: &Tenant, group: Option<Id>) -> Self {
        Self {
            operation,
            size,
            times: vec![],
            tenant: tenant.clone(),
            group,
        }
    }

    /// Sends the request of this round.
    pub(crate) async fn ask(&mut self, home: &Home, round: u64) -> Result<Duration, Failed> {
        let (method, path, body) = self.request(round);
        let (took, _) = home.send(&self.tenant, method, &path, body).await?;
        Ok(took)
    }

    fn request(&mut self, round: u64) -> (&'static str, String, Option<Value>) {
        let group = self
            .group
            .map(|id| format!("/Groups/{id}"))
            .unwrap_or_default();
        let spare = user_id(round % SPARE_USERS).to_string();
        match self.operation {
            Operation::AddMember => {
                let body = patch("add", "members", &json!([{ "value": spare }]));
                ("PATCH", group, Some(body))
            }
            Operation::RemoveMember => {
                let body = patch("remove", "members", &json!([{ "value": spare }]));
                ("PATCH", group, Some(body))
            }
            Operation::Rename => {
                let name = format!("Group of {}, {round}", self.size);
                (
                    "PATCH",
                    group,
                    Some(patch("replace", "displayName", &json!(name))),
                )
            }
            Operation::GetGroup => ("GET", format!("{group}?excludedAttributes=members"), None),
            Operation::CreateUser => ("POST", "/Users".to_owned(), Some(new_user(round))),
            Operation::FindUser => {
                // A prime step visits users all over the directory.
                let name = user_name(round * 7919 % self.size);
                (
                    "GET",
                    format!("/Users?filter=userName%20eq%20%22{name}%22"),
                    None,
                )
            }
            Operation::LastPage => {
                let start = (self.size + round + 1).saturating_sub(99);
                ("GET", format!("/Users?startIndex={start}&count=100"), None)
            }
        }
    }
}

fn new_user(round: u64) -> Value {
    let name = format!("new{round}@fabrikam.example");
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": name,
        "externalId": format!("{round:016}"),
        "displayName": format!("New user {round}"),
        "name": { "givenName": "New", "familyName": round.to_string() },
        "emails": [{ "type": "work", "value": name, "primary": true }],
        "active": true,
    })
}
