//! The provisioning log: who did what by which request, what was refused and why, and nothing that anybody sent.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

#[path = "provisioning_log/activity.rs"]
mod activity;
#[allow(dead_code, reason = "made for the store's own tests")]
#[path = "store/bench.rs"]
mod bench;
#[path = "provisioning_log/changes.rs"]
mod changes;
#[path = "provisioning_log/desk.rs"]
mod desk;
#[path = "provisioning_log/follow.rs"]
mod follow;
#[path = "provisioning_log/refusals.rs"]
mod refusals;
