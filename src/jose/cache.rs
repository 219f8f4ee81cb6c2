//! The keys of issuers as one instance remembers them: a slow or broken issuer delays only its own tenants. RFC 7517 §5.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::fetch::{FETCH_TIME, Fetcher};
use super::{Hosts, KeySource, Keys, SourceError};

/// Keys are taken for good this long.
const FRESH_MS: i64 = 3_600_000;
/// And this long where the issuer cannot be reached.
const STALE_MS: i64 = 24 * 3_600_000;
/// A token with an unknown key makes us ask anew no more often than this.
const UNKNOWN_MS: i64 = 5 * 60_000;
/// A failure is not tried again for this long.
const FAILED_MS: i64 = 30_000;
/// Issuers remembered by one instance.
const ISSUERS_MAX: usize = 2_000;
/// Requests that wait for one issuer at a time, and for how long: a little longer than one asking takes.
const WAITING_MAX: usize = 100;
const WAITING_TIME: Duration = Duration::from_millis(3_500);

/// The keys of listed issuers, fetched over HTTPS and remembered.
#[derive(Debug)]
pub struct Issuers {
    fetcher: Fetcher,
    known: Mutex<HashMap<String, Arc<Issuer>>>,
}

#[derive(Debug, Default)]
struct Issuer {
    state: Mutex<State>,
    /// Held by the one who asks.
    asking: tokio::sync::Mutex<()>,
    waiting: AtomicUsize,
}

/// Times in milliseconds since 1970.
#[derive(Debug, Default)]
struct State {
    keys: Option<(Arc<Keys>, i64)>,
    failed: Option<(SourceError, i64)>,
    /// When an unknown key last made us ask.
    unknown: Option<i64>,
}

/// What to do about the keys.
enum Step {
    Done(Result<Arc<Keys>, SourceError>),
    /// Ask; these would do for the time being.
    Ask(Option<Arc<Keys>>),
}

impl State {
    fn step(&self, kid: Option<&str>, now: i64) -> Step {
        let age = |since: i64| now.saturating_sub(since);
        let failed = self.failed.filter(|(_, at)| age(*at) < FAILED_MS);
        let Some((keys, fetched)) = self.keys.as_ref().filter(|(_, at)| age(*at) < STALE_MS) else {
            return match failed {
                Some((error, _)) => Step::Done(Err(error)),
                None => Step::Ask(None),
            };
        };
        let asked = self.unknown.is_some_and(|at| age(at) < UNKNOWN_MS);
        let enough = if keys.has(kid) {
            age(*fetched) < FRESH_MS
        } else {
            asked
        };
        if enough || failed.is_some() {
            return Step::Done(Ok(Arc::clone(keys)));
        }
        Step::Ask(keys.has(kid).then(|| Arc::clone(keys)))
    }

    fn learn(&mut self, fetched: Result<Keys, SourceError>, kid: Option<&str>, now: i64) {
        let lacks = |keys: &Keys| !keys.has(kid);
        // Also where the key is there now: the next unknown one waits its time.
        if self.keys.as_ref().is_some_and(|(keys, _)| lacks(keys))
            || fetched.as_ref().is_ok_and(lacks)
        {
            self.unknown = Some(now);
        }
        match fetched {
            Ok(keys) => {
                self.keys = Some((Arc::new(keys), now));
                self.failed = None;
            }
            Err(error) => self.failed = Some((error, now)),
        }
    }
}

impl Issuers {
    pub fn new(hosts: Hosts) -> Self {
        Self::within(hosts, FETCH_TIME)
    }

    /// The same with another time for one asking: a test that waits for nobody has more, one that waits has less.
    pub fn within(hosts: Hosts, time: Duration) -> Self {
        Self {
            fetcher: Fetcher::new(hosts, time),
            known: Mutex::default(),
        }
    }

    fn issuer(&self, name: &str) -> Arc<Issuer> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= ISSUERS_MAX && !known.contains_key(name) {
            // They are asked again; issuers stand in settings, so that no stranger can make them many.
            known.clear();
        }
        Arc::clone(known.entry(name.to_owned()).or_default())
    }

    async fn ask(
        &self,
        issuer: &Issuer,
        name: &str,
        kid: Option<&str>,
        now: i64,
    ) -> Result<Arc<Keys>, SourceError> {
        let turn = tokio::time::timeout(WAITING_TIME, issuer.asking.lock()).await;
        let _turn = turn.map_err(|_| SourceError::Unreachable("others wait for it"))?;
        // Somebody else may have asked meanwhile.
        if let Step::Done(done) = issuer.step(kid, now) {
            return done;
        }
        let fetched = self.fetcher.keys(name).await;
        if let Err(error) = &fetched {
            tracing::warn!(error = %error, "an issuer's keys could not be fetched");
        }
        let mut state = issuer.state.lock().unwrap_or_else(PoisonError::into_inner);
        let error = fetched.as_ref().err().copied();
        state.learn(fetched, kid, now);
        let keys = state.keys.as_ref();
        match (
            keys.filter(|(_, at)| now.saturating_sub(*at) < STALE_MS),
            error,
        ) {
            (Some((keys, _)), _) => Ok(Arc::clone(keys)),
            (None, error) => Err(error.unwrap_or(SourceError::Unreachable("no answer"))),
        }
    }
}

impl Issuer {
    fn step(&self, kid: Option<&str>, now: i64) -> Step {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.step(kid, now)
    }
}

/// Counted while it lives.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Option<Self> {
        let waiting = Self(count);
        (count.fetch_add(1, Ordering::Relaxed) < WAITING_MAX).then_some(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[async_trait]
impl KeySource for Issuers {
    async fn keys(
        &self,
        issuer: &str,
        kid: Option<&str>,
        now_ms: i64,
    ) -> Result<Arc<Keys>, SourceError> {
        self.fetcher.discovery(issuer)?;
        let known = self.issuer(issuer);
        let present = match known.step(kid, now_ms) {
            Step::Done(done) => return done,
            Step::Ask(present) => present,
        };
        if let Some(keys) = present
            && known.asking.try_lock().is_err()
        {
            // One who asks is enough; nobody else need wait.
            return Ok(keys);
        }
        let waiting = Waiting::new(&known.waiting);
        if waiting.is_none() {
            return Err(SourceError::Unreachable("too many wait for it"));
        }
        self.ask(&known, issuer, kid, now_ms).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_790_000_000_000;
    const SECOND: i64 = 1_000;
    const MINUTE: i64 = 60 * SECOND;
    const HOUR: i64 = 60 * MINUTE;
    const DOWN: SourceError = SourceError::Unreachable("down");

    fn keys(kid: &str) -> Keys {
        let key =
            |kid: &str| json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": "A".repeat(43) });
        let set = json!({ "keys": [key(kid), key("other")] });
        Keys::published(set.to_string().as_bytes()).unwrap()
    }

    /// "keys", "error" or "ask" at this time for a token that names this key.
    fn step(state: &State, kid: &str, now: i64) -> &'static str {
        match state.step(Some(kid), now) {
            Step::Done(Ok(_)) => "keys",
            Step::Done(Err(_)) => "error",
            Step::Ask(_) => "ask",
        }
    }

    #[test]
    fn known_keys_are_good_for_an_hour() {
        let mut state = State::default();
        assert_eq!(step(&state, "a", NOW), "ask");
        state.learn(Ok(keys("a")), Some("a"), NOW);
        assert_eq!(step(&state, "a", NOW + HOUR - 1), "keys");
        assert_eq!(step(&state, "a", NOW + HOUR), "ask");
    }

    #[test]
    fn an_unknown_key_asks_at_once_and_then_every_five_minutes() {
        let mut state = State::default();
        state.learn(Ok(keys("a")), Some("a"), NOW);
        assert_eq!(step(&state, "b", NOW + SECOND), "ask");
        state.learn(Ok(keys("b")), Some("b"), NOW + SECOND);
        assert_eq!(step(&state, "b", NOW + SECOND), "keys");
        assert_eq!(step(&state, "c", NOW + 2 * SECOND), "keys");
        assert_eq!(step(&state, "c", NOW + SECOND + UNKNOWN_MS - 1), "keys");
        assert_eq!(step(&state, "c", NOW + SECOND + UNKNOWN_MS), "ask");
    }

    #[test]
    fn the_first_token_may_itself_name_an_unknown_key() {
        let mut state = State::default();
        state.learn(Ok(keys("a")), Some("x"), NOW);
        assert_eq!(step(&state, "x", NOW + SECOND), "keys");
        assert_eq!(step(&state, "y", NOW + UNKNOWN_MS - 1), "keys");
        assert_eq!(step(&state, "y", NOW + UNKNOWN_MS), "ask");
    }

    #[test]
    fn a_failure_is_remembered_for_half_a_minute_and_old_keys_stay_good_for_a_day() {
        let mut state = State::default();
        state.learn(Err(DOWN), Some("a"), NOW);
        assert_eq!(step(&state, "a", NOW + FAILED_MS - 1), "error");
        assert_eq!(step(&state, "a", NOW + FAILED_MS), "ask");
        state.learn(Ok(keys("a")), Some("a"), NOW);
        let later = NOW + 2 * HOUR;
        state.learn(Err(DOWN), Some("a"), later);
        assert_eq!(step(&state, "a", later + FAILED_MS - 1), "keys");
        assert_eq!(step(&state, "a", later + FAILED_MS), "ask");
        let last = NOW + STALE_MS;
        state.learn(Err(DOWN), Some("a"), last - 1);
        assert_eq!(step(&state, "a", last - 1), "keys");
        assert_eq!(step(&state, "a", last), "error");
    }
}
