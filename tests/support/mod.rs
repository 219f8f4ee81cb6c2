//! What the tests against running processes share: the process, a client, and the playing of scenarios.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "every test file takes this module whole and uses its own part of it"
)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]

pub mod client;
pub mod dynamo;
pub mod process;
pub mod scenario;

pub use client::{Client, Reply};
pub use process::Server;
