//! The laptop's schedule: what Lambda does every hour, `serve` does every minute.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::log_tick;
use crate::store::Store;

/// Soon after the start, so that what a killed process left behind does not wait.
const FIRST_TICK: Duration = Duration::from_secs(1);
const TICK_EVERY: Duration = Duration::from_mins(1);

/// Ticks for ever, one after the other; a failure waits for the next.
pub(super) async fn tick(store: Store) {
    let mut due = interval_at(Instant::now() + FIRST_TICK, TICK_EVERY);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let longest = i64::try_from(TICK_EVERY.as_millis()).unwrap_or(i64::MAX);
    loop {
        due.tick().await;
        let until = store.host().now_ms().saturating_add(longest);
        match store.tick(until).await {
            Ok(ticked) => log_tick(&ticked),
            Err(error) => {
                let error = crate::api::chain(&error);
                tracing::warn!(error, "the tick failed; the next one is due in a minute");
            }
        }
    }
}
