//! The store over the embedded engine: what it costs, and what it keeps when the table makes trouble.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

#[path = "store/addresses.rs"]
mod addresses;
#[path = "store/bench.rs"]
mod bench;
#[path = "store/big.rs"]
mod big;
#[path = "store/costs.rs"]
mod costs;
#[path = "store/costs_of_groups.rs"]
mod costs_of_groups;
#[path = "store/gone.rs"]
mod gone;
#[path = "store/hall.rs"]
mod hall;
#[path = "store/house.rs"]
mod house;
#[path = "store/identity.rs"]
mod identity;
#[path = "store/large.rs"]
mod large;
#[path = "store/leaving.rs"]
mod leaving;
#[path = "store/meanwhile.rs"]
mod meanwhile;
#[path = "store/nested.rs"]
mod nested;
#[path = "store/open.rs"]
mod open;
#[path = "store/planner.rs"]
mod planner;
#[path = "store/roster.rs"]
mod roster;
#[path = "store/suspended.rs"]
mod suspended;
#[path = "store/sweep.rs"]
mod sweep;
#[path = "store/tick.rs"]
mod tick;
#[path = "store/trouble.rs"]
mod trouble;
#[path = "store/vanished.rs"]
mod vanished;
#[path = "store/wide.rs"]
mod wide;
