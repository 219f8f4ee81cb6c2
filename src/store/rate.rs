//! Requests per second of a connection: a bucket of each instance, in front of a count that all instances share.
//!
//! The bucket evens out bursts without asking anybody. What it lets through, the instance has leased before, a
//! second's worth at a time, from what the connection may have in a window. Connections without the policy cost nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Connection, Credential, Store, TenantScope};
use crate::table::{Attr, Condition, TableError, Update, Write};

/// So many seconds' worth of requests may come at once.
pub const BURST_S: i64 = 2;
/// The shared count begins anew after so long.
pub const WINDOW_S: i64 = 10;
/// Seconds' worth of requests that one lease holds.
const LOT_S: i64 = 1;
/// A window's count is kept for so long after its end.
const KEPT_S: i64 = 3_600;
/// Connections remembered by one instance.
const REMEMBERED_MAX: usize = 10_000;
/// Parts of a request in which the bucket counts: what flows in within a millisecond must not be lost.
const WHOLE: i64 = 1_000;

/// In a window's item: requests leased so far.
const LEASED: &str = "n";
const TTL: &str = "exp";

/// The request is one too many; how many seconds to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooFast {
    pub retry_after_s: i64,
}

/// What one instance knows of each connection's rate.
#[derive(Debug, Default)]
pub(super) struct Rates(Mutex<HashMap<(TenantScope, String), Shared>>);

/// One at a time asks for a lease; the others wait for what comes of it.
type Shared = Arc<tokio::sync::Mutex<Rate>>;

#[derive(Debug)]
struct Rate {
    /// Thousandths of requests that the bucket holds, and when that was; milliseconds since 1970.
    level: i64,
    at: i64,
    window: i64,
    /// What is left of the lease in this window.
    leased: i64,
    /// The window has nothing more to lease.
    spent: bool,
}

impl Rates {
    fn of(&self, scope: &TenantScope, connection: &str, rate: i64, now: i64) -> Shared {
        let mut rates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if rates.len() >= REMEMBERED_MAX {
            rates.clear();
        }
        let key = (scope.clone(), connection.to_owned());
        let full = || {
            Arc::new(tokio::sync::Mutex::new(Rate {
                level: rate * BURST_S * WHOLE,
                at: now,
                window: 0,
                leased: 0,
                spent: false,
            }))
        };
        Arc::clone(rates.entry(key).or_insert_with(full))
    }
}

impl Rate {
    /// Lets the time since the last look flow into the bucket.
    fn fill(&mut self, rate: i64, now: i64) {
        // A second fills a request for each of `rate`: a millisecond a thousandth of that.
        let passed = (now - self.at).clamp(0, BURST_S * 1_000);
        self.level = (self.level + passed * rate).min(rate * BURST_S * WHOLE);
        self.at = self.at.max(now);
        let window = now.div_euclid(WINDOW_S * 1_000);
        if window != self.window {
            (self.window, self.leased, self.spent) = (window, 0, false);
        }
    }

    /// Seconds until the bucket holds a request, or until the window ends.
    fn wait(&self, rate: i64, now: i64) -> Option<TooFast> {
        let wait_ms = if self.spent && self.leased == 0 {
            (self.window + 1) * WINDOW_S * 1_000 - now
        } else if self.level < WHOLE {
            (WHOLE - self.level + rate - 1) / rate
        } else {
            return None;
        };
        let retry_after_s = (wait_ms + 999).div_euclid(1_000).max(1);
        Some(TooFast { retry_after_s })
    }
}

impl Store {
    /// Counts a request of the credential's connection, or says that it is one too many.
    pub async fn admit(&self, credential: &Credential) -> Result<(), TooFast> {
        let Connection { id, policies, .. } = credential.connection.as_ref();
        let Some(rate) = policies.requests_per_second.map(i64::from) else {
            return Ok(());
        };
        let now = self.host().now_ms();
        let shared = self.shared.rates.of(&credential.scope, id, rate, now);
        let mut known = shared.lock().await;
        let now = self.host().now_ms();
        known.fill(rate, now);
        if let Some(too_fast) = known.wait(rate, now) {
            return Err(too_fast);
        }
        if known.leased == 0 {
            known.leased = self.lease(credential, known.window, rate).await;
            known.spent = known.leased == 0;
            if let Some(too_fast) = known.wait(rate, now) {
                return Err(too_fast);
            }
        }
        known.leased -= 1;
        known.level -= WHOLE;
        Ok(())
    }

    /// A lot of what the window holds; 0 where that is spent.
    async fn lease(&self, credential: &Credential, window: i64, rate: i64) -> i64 {
        let lot = rate * LOT_S;
        let room = vec![
            Condition::Lacks(LEASED),
            Condition::Less(LEASED, rate * WINDOW_S - lot + 1),
        ];
        let end = (window + 1) * WINDOW_S;
        let write = Write::update(
            credential.scope.window(&credential.connection.id, window),
            Update {
                set: [(TTL, Attr::N(end + KEPT_S))].into(),
                add: [(LEASED, lot)].into(),
                ..Update::default()
            },
        )
        .when(Condition::Or(room));
        match self.fenced(&credential.scope).write(&write).await {
            Ok(()) => lot,
            Err(TableError::Condition(_)) => 0,
            // A table that hiccups must not make this instance refuse: its bucket goes on.
            Err(error) => {
                tracing::warn!(tenant = %credential.scope, %error, "requests go uncounted");
                lot
            }
        }
    }
}
