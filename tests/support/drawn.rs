//! What property tests draw: the same in every run, so that a rare counterexample fails no build that did not bring it.
//!
//! `PROPTEST_RNG_SEED=<number>` draws others; the number that found something finds it again.

use proptest::test_runner::{Config, RngSeed};

/// The cases of a property that costs little.
pub(crate) fn drawn() -> Config {
    let mut config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(1);
    }
    config
}
