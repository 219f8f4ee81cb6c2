//! Erasing a tenant: whatever it had is gone, whoever came between and wherever a pass broke off.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

#[allow(dead_code, reason = "made for the store's own tests")]
#[path = "store/bench.rs"]
mod bench;
#[path = "erase/estate.rs"]
mod estate;
#[path = "erase/passes.rs"]
mod passes;
#[path = "erase/trouble.rs"]
mod trouble;
