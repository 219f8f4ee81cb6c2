//! What a vendor agrees with one customer: policies of a connection, each with a default that changes nothing.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::filter::{self, Filter, FilterErrorKind};
use crate::schema::{Mutability, PathError, Quirks, ResourceType, Scope, USER};

/// Attributes that a connection can require.
pub const REQUIRED_MAX: usize = 20;
/// Requests per second that can be agreed; the gateway's fuse is lower.
pub const RATE_MAX: u32 = 1_000;
/// Seats that can be agreed.
pub const SEATS_MAX: u64 = 10_000_000;

/// What a connection may and must do. JSON as the admin API takes and shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Policies {
    /// Attributes that every user must have, as paths: `emails[type eq "work"].value`.
    pub required_attributes: Vec<String>,
    /// Active users that the tenant may have; a user beyond is not created and not activated.
    pub seat_limit: Option<u64>,
    /// Two groups may have one displayName.
    pub display_name_twins: bool,
    /// No two users, and no two groups, may have one externalId.
    pub unique_external_id: bool,
    pub unknown_members: UnknownMembers,
    pub on_delete: OnDelete,
    /// What the connection may change; without it, everything.
    pub allowed_verbs: Option<BTreeSet<Verb>>,
    /// Requests per second, over all instances.
    pub requests_per_second: Option<u32>,
}

/// A member that does not exist.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnknownMembers {
    /// 400, and nothing changes.
    #[default]
    Refuse,
    /// The others are added.
    Skip,
}

/// What becomes of a user whom the client deletes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnDelete {
    /// Nothing is left.
    #[default]
    Remove,
    /// The vendor keeps the record, deactivated; SCIM says 404 and the names are free.
    Keep,
}

/// A kind of change, such as `create:users`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Verb {
    #[serde(rename = "create:users")]
    CreateUsers,
    #[serde(rename = "update:users")]
    UpdateUsers,
    #[serde(rename = "delete:users")]
    DeleteUsers,
    #[serde(rename = "create:groups")]
    CreateGroups,
    #[serde(rename = "update:groups")]
    UpdateGroups,
    #[serde(rename = "delete:groups")]
    DeleteGroups,
}

/// A policy that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    #[error(
        "requiredAttributes: \"{0}\" is no attribute of a user; write it as in a mapping, for example emails[type eq \"work\"].value"
    )]
    Required(String),
    #[error("requiredAttributes: at most {REQUIRED_MAX}")]
    TooManyRequired,
    #[error("seatLimit: 1 to {SEATS_MAX}")]
    Seats,
    #[error("requestsPerSecond: 1 to {RATE_MAX}")]
    Rate,
}

impl Policies {
    /// Whether the policies are such that they can be kept.
    pub fn check(&self) -> Result<(), PolicyError> {
        if self.required_attributes.len() > REQUIRED_MAX {
            return Err(PolicyError::TooManyRequired);
        }
        let mut required = self.required_attributes.iter();
        if let Some(path) = required.find(|path| !can_be_required(path)) {
            return Err(PolicyError::Required(path.clone()));
        }
        if self
            .seat_limit
            .is_some_and(|seats| !(1..=SEATS_MAX).contains(&seats))
        {
            return Err(PolicyError::Seats);
        }
        let rate = self.requests_per_second;
        if rate.is_some_and(|rate| !(1..=RATE_MAX).contains(&rate)) {
            return Err(PolicyError::Rate);
        }
        Ok(())
    }
}

/// What a document must match that has a value at the path; `None` where the path is none of the type's attributes, or
/// more than a path.
pub fn presence(kind: &ResourceType, path: &str) -> Option<Filter> {
    parsed(kind, path).ok().flatten()
}

/// Whether the attribute is one that a client gives users, as far as can be told without the tenant's own schemas.
fn can_be_required(path: &str) -> bool {
    match parsed(&USER, path) {
        Ok(filter) => filter.is_some(),
        // One word, or a filter between brackets.
        Err(FilterErrorKind::Path(PathError::UnknownSchema(_))) => {
            path.contains('[') || !path.contains(char::is_whitespace)
        }
        Err(_) => false,
    }
}

fn parsed(kind: &ResourceType, path: &str) -> Result<Option<Filter>, FilterErrorKind> {
    let text = format!("{path} pr");
    let filter = filter::parse(Scope::Resource(kind), &text, &mut Quirks::default());
    let filter = filter.map_err(|error| error.kind)?;
    let attribute = match &filter {
        Filter::Present(path) => path,
        Filter::ValuePath(path, inner)
            if matches!(inner.conjuncts().last(), Some(Filter::Present(_))) =>
        {
            path
        }
        _ => return Ok(None),
    };
    // What clients cannot write no document has.
    let written = attribute.leaf().mutability != Mutability::ReadOnly
        && attribute.attribute.mutability != Mutability::ReadOnly;
    Ok(written.then_some(filter))
}
