//! Calls that fail before or after they took effect, by seed.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::lock;
use crate::table::{
    Consistency, Cursor, Index, Item, Key, Page, Query, Reason, Table, TableError, Transaction,
    Write,
};

/// How likely each trouble is, from 0 to 1 and per call.
#[derive(Debug, Clone, Copy, Default)]
pub struct Trouble {
    /// A write meets another one, or a transaction is refused for the rate of one of its items; also where conditions
    /// failed, one of which may go untold then.
    pub conflict: f64,
    /// A call is refused for its rate.
    pub throttle: f64,
    /// A call is not carried out, and not answered.
    pub lost_before: f64,
    /// A call is carried out, and not answered.
    pub lost_after: f64,
    /// A batch leaves keys unread.
    pub unprocessed: f64,
    /// A page ends after its first item.
    pub short_page: f64,
    /// This call, counted from 1, is carried out but not answered, and no later one reaches the table.
    pub crash_after: Option<u64>,
}

/// A table that makes trouble, the same for the same seed and sequence of calls.
#[derive(Debug)]
pub struct Unreliable {
    inner: Arc<dyn Table>,
    trouble: Trouble,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    random: StdRng,
    calls: u64,
}

/// What befalls one call.
enum Fate {
    Answered,
    LostAfter,
    Failed(TableError),
}

impl Unreliable {
    pub fn new(inner: Arc<dyn Table>, seed: u64, trouble: Trouble) -> Self {
        let random = StdRng::seed_from_u64(seed);
        let state = Mutex::new(State { random, calls: 0 });
        Self {
            inner,
            trouble,
            state,
        }
    }

    fn chance(&self, chance: f64) -> bool {
        lock(&self.state).random.random_bool(chance)
    }

    fn fate(&self) -> Fate {
        let call = {
            let mut state = lock(&self.state);
            state.calls += 1;
            state.calls
        };
        match self.trouble.crash_after {
            Some(last) if call > last => return Fate::Failed(unknown()),
            Some(last) if call == last => return Fate::LostAfter,
            _ => {}
        }
        if self.chance(self.trouble.throttle) {
            Fate::Failed(TableError::Busy)
        } else if self.chance(self.trouble.lost_before) {
            Fate::Failed(unknown())
        } else if self.chance(self.trouble.lost_after) {
            Fate::LostAfter
        } else {
            Fate::Answered
        }
    }

    async fn call<T>(
        &self,
        carried_out: impl Future<Output = Result<T, TableError>> + Send,
    ) -> Result<T, TableError> {
        match self.fate() {
            Fate::Answered => carried_out.await,
            Fate::LostAfter => carried_out.await.and(Err(unknown())),
            Fate::Failed(error) => Err(error),
        }
    }

    /// The reasons of a conflict at one of `writes` positions, if there is one.
    fn conflict(&self, writes: usize) -> Option<Vec<Reason>> {
        if writes == 0 || !self.chance(self.trouble.conflict) {
            return None;
        }
        Some(self.hindered(vec![Reason::None; writes]))
    }

    /// The reasons with one that is a matter of the moment.
    fn hindered(&self, mut reasons: Vec<Reason>) -> Vec<Reason> {
        let random = &mut lock(&self.state).random;
        let at = random.random_range(0..reasons.len());
        let reason = if random.random_bool(0.5) {
            Reason::Conflict
        } else {
            Reason::Throttled
        };
        reasons.splice(at..=at, [reason]);
        reasons
    }

    fn cut(&self, query: &Query) -> Query {
        let mut query = query.clone();
        if self.chance(self.trouble.short_page) {
            query.limit = Some(1);
        }
        query
    }
}

fn unknown() -> TableError {
    TableError::Unknown("no answer came".into())
}

#[async_trait]
impl Table for Unreliable {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        self.call(self.inner.get(key)).await
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<(Vec<Item>, Vec<Key>), TableError> {
        let short = self.chance(self.trouble.unprocessed);
        let (left, asked): (Vec<_>, Vec<_>) = keys
            .iter()
            .cloned()
            .partition(|_| short && self.chance(0.5));
        let (items, mut unread) = self.call(self.inner.batch_get(&asked)).await?;
        unread.extend(left);
        Ok((items, unread))
    }

    async fn query(&self, query: &Query, consistency: Consistency) -> Result<Page, TableError> {
        let query = self.cut(query);
        self.call(self.inner.query(&query, consistency)).await
    }

    async fn query_index(&self, index: Index, query: &Query) -> Result<Page, TableError> {
        let query = self.cut(query);
        self.call(self.inner.query_index(index, &query)).await
    }

    async fn scan(&self, after: Option<&Cursor>) -> Result<Page, TableError> {
        self.call(self.inner.scan(after)).await
    }

    async fn transact(&self, transaction: &Transaction) -> Result<(), TableError> {
        let conflict = self.conflict(transaction.writes.len());
        self.call(async {
            match conflict {
                Some(reasons) => Err(TableError::Cancelled(reasons)),
                None => match self.inner.transact(transaction).await {
                    Err(TableError::Cancelled(reasons)) if self.chance(self.trouble.conflict) => {
                        Err(TableError::Cancelled(self.hindered(reasons)))
                    }
                    outcome => outcome,
                },
            }
        })
        .await
    }

    async fn write(&self, write: &Write) -> Result<(), TableError> {
        let conflict = self.conflict(1);
        self.call(async {
            match conflict {
                Some(_) => Err(TableError::Busy),
                None => self.inner.write(write).await,
            }
        })
        .await
    }
}
