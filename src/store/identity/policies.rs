//! What a vendor agrees with one customer: policies of a connection, each with a default that changes nothing.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

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
