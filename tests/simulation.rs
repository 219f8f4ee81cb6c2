//! The store over the embedded engine, every call to the table a point where anything else may happen.

#![cfg(feature = "local")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it expects, and what it did"
)]

#[path = "simulation/call.rs"]
mod call;
#[path = "simulation/choose.rs"]
mod choose;
#[path = "simulation/direct.rs"]
mod direct;
#[path = "simulation/end.rs"]
mod end;
#[path = "simulation/flight.rs"]
mod flight;
#[path = "simulation/judge.rs"]
mod judge;
#[path = "simulation/large.rs"]
mod large;
#[path = "simulation/late.rs"]
mod late;
#[path = "simulation/liar.rs"]
mod liar;
#[path = "simulation/lies.rs"]
mod lies;
#[path = "simulation/matters.rs"]
mod matters;
#[path = "simulation/members.rs"]
mod members;
#[path = "simulation/model.rs"]
mod model;
#[path = "simulation/mutant.rs"]
mod mutant;
#[path = "simulation/op.rs"]
mod op;
#[path = "simulation/oracle.rs"]
mod oracle;
#[path = "simulation/own.rs"]
mod own;
#[path = "simulation/pages.rs"]
mod pages;
#[path = "simulation/proof.rs"]
mod proof;
#[path = "simulation/random.rs"]
mod random;
#[path = "simulation/remote.rs"]
mod remote;
#[path = "simulation/reverse.rs"]
mod reverse;
#[path = "simulation/run.rs"]
mod run;
#[path = "simulation/schedule.rs"]
mod schedule;
#[path = "simulation/scripts.rs"]
mod scripts;
#[path = "simulation/shadow.rs"]
mod shadow;
#[path = "simulation/small.rs"]
mod small;
#[path = "simulation/tally.rs"]
mod tally;
#[path = "simulation/trace.rs"]
mod trace;
#[path = "simulation/watch.rs"]
mod watch;
#[path = "simulation/wide.rs"]
mod wide;
#[path = "simulation/wire.rs"]
mod wire;
#[path = "simulation/world.rs"]
mod world;
#[path = "simulation/worlds.rs"]
mod worlds;
