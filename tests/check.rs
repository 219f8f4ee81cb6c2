//! `check`: a sound table has no findings, each kind of damage is told and mended, and a look changes nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

#[path = "check/afar.rs"]
mod afar;
#[path = "check/bed.rs"]
mod bed;
#[allow(dead_code, reason = "made for the store's own tests")]
#[path = "store/bench.rs"]
mod bench;
#[path = "check/cases.rs"]
mod cases;
#[path = "check/changes.rs"]
mod changes;
#[path = "check/command.rs"]
mod command;
#[path = "check/damage.rs"]
mod damage;
#[path = "check/halves.rs"]
mod halves;
#[path = "check/harm.rs"]
mod harm;
#[path = "check/live.rs"]
mod live;
#[path = "check/odd.rs"]
mod odd;
#[path = "check/sound.rs"]
mod sound;
mod support;
