//! What was agreed with a customer is kept, by single requests and in bulk alike; and tokens stay within their scopes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "tests"
)]

#[path = "policies/bed.rs"]
mod bed;
#[allow(dead_code, reason = "made for the store's own tests")]
#[path = "store/bench.rs"]
mod bench;
#[path = "policies/kept.rs"]
mod kept;
#[path = "policies/members.rs"]
mod members;
#[path = "policies/rate.rs"]
mod rate;
#[path = "policies/required.rs"]
mod required;
#[path = "policies/scopes.rs"]
mod scopes;
#[path = "policies/seats.rs"]
mod seats;
#[path = "policies/twins.rs"]
mod twins;
#[path = "policies/verbs.rs"]
mod verbs;
