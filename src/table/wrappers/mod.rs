//! Tables in front of a table: what DynamoDB may do to us and an emulator never does, and what it would cost.

mod frozen_indexes;
mod metered;
mod unreliable;

pub use frozen_indexes::FrozenIndexes;
pub use metered::{Metered, Usage};
pub use unreliable::{Trouble, Unreliable};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a panicking test left half done is of no use to anyone, so its poison is ignored.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
