//! What the store takes from the machine it runs on: time, sleep and chance.

use async_trait::async_trait;
use std::fmt::Debug;

/// Passed in, so that a test can decide all three.
#[async_trait]
pub trait Host: Debug + Send + Sync {
    /// Milliseconds since 1970-01-01.
    fn now_ms(&self) -> i64;

    /// Fills `bytes` from a cryptographic source.
    fn random(&self, bytes: &mut [u8]);

    async fn sleep_ms(&self, ms: u64);
}

pub(super) fn random_u64(host: &dyn Host) -> u64 {
    let mut bytes = [0; 8];
    host.random(&mut bytes);
    u64::from_le_bytes(bytes)
}
