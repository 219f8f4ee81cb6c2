//! The fuzz targets' entry points on bounded random input: the seeds, mutated.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

#[path = "support/drawn.rs"]
mod drawn;
#[path = "fuzz/entry.rs"]
mod entry;

use std::path::Path;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree as _;

/// The committed seeds of a target.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let files = std::fs::read_dir(folder).unwrap();
    let seeds: Vec<Vec<u8>> = files
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    assert!(!seeds.is_empty());
    seeds
}

/// A seed with a few bytes replaced, inserted or cut, or joined to another one.
fn mutated(target: &str) -> impl Strategy<Value = Vec<u8>> + use<> {
    let edits = proptest::collection::vec((any::<Index>(), 0..4_u8, any::<u8>()), 0..6);
    (select(seeds(target)), select(seeds(target)), edits).prop_map(|(mut seed, other, edits)| {
        for (at, edit, byte) in edits {
            let at = at.index(seed.len() + 1);
            match edit {
                0 => seed.insert(at, byte % 128),
                1 => drop(seed.drain(at..)),
                2 => drop(seed.splice(at.., other.iter().copied().skip(at / 2))),
                _ => seed
                    .iter_mut()
                    .skip(at)
                    .take(1)
                    .for_each(|old| *old = byte % 128),
            }
        }
        seed
    })
}

proptest! {
    #![proptest_config(crate::drawn::drawn())]

    #[test]
    fn filter(data in mutated("filter")) {
        entry::filter(&data);
    }

    #[test]
    fn path(data in mutated("path")) {
        entry::path(&data);
    }

    #[test]
    fn patch(data in mutated("patch")) {
        entry::patch(&data);
    }
}

#[test]
fn request() {
    let mut service = entry::Service::new(false);
    let mut runner = proptest::test_runner::TestRunner::new(drawn::drawn());
    for seed in seeds("request") {
        service.request(&seed);
    }
    let strategy = mutated("request");
    for _ in 0..300 {
        service.request(&strategy.new_tree(&mut runner).unwrap().current());
    }
}
