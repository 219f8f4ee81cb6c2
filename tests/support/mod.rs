//! What the tests against running processes share: the process, a client, and the matching of answers.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "every test file takes this module whole and uses its own part of it"
)]

pub mod client;
pub mod expect;
pub mod process;

pub use client::{Client, Reply};
pub use process::Server;
