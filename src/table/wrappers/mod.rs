//! Tables in front of a table: what DynamoDB may do to us and an emulator never does, and what it would cost.

mod frozen_indexes;
mod metered;
mod torn;
mod unreliable;

pub use frozen_indexes::FrozenIndexes;
pub use metered::{Metered, Usage};
pub use torn::Torn;
pub use unreliable::{Trouble, Unreliable};

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Range;

/// What a panicking test left half done is of no use to anyone, so its poison is ignored.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Range {
    fn contains(&self, sk: &str) -> bool {
        match self {
            Self::All => true,
            Self::BeginsWith(prefix) => sk.starts_with(prefix.as_str()),
            Self::Between(low, high) => (low.as_str()..=high.as_str()).contains(&sk),
            Self::LessOrEqual(key) => sk <= key.as_str(),
            Self::Greater(key) => sk > key.as_str(),
            Self::GreaterOrEqual(key) => sk >= key.as_str(),
        }
    }
}
