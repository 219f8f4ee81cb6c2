//! Schemas and attributes: those we publish, and those that tenants add, from registration to every verb.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "this is a test; its helpers may panic"
)]

#[path = "schemas/command.rs"]
mod command;
#[path = "support/drawn.rs"]
mod drawn;
#[path = "schemas/lists.rs"]
mod lists;
#[path = "schemas/published.rs"]
mod published;
#[path = "schemas/registry.rs"]
mod registry;
#[path = "schemas/tenant.rs"]
mod tenant;
#[path = "schemas/verbs.rs"]
mod verbs;
