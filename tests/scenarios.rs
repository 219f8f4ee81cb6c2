//! Whole conversations over HTTP with a running `serve`: every file in `tests/scenarios/` is one; `support/scenario.rs` says how they are written.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]

use tempfile::TempDir;

mod support;

use support::{Server, process, scenario};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_scenario_goes_as_written() {
    let data = TempDir::new().expect("a folder");
    let server = Server::on(data.path());
    let failed = scenario::play_all(&server, data.path(), &server.client(), "q").await;
    assert!(
        failed.is_empty(),
        "{} failed\n\n{}",
        failed.len(),
        failed.join("\n")
    );
    process::sound(data.path());
}
