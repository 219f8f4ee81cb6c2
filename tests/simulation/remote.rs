//! An actor's side of the scheduler: a table and a host whose every answer has to be granted.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use async_trait::async_trait;
use rand::rngs::StdRng;
use rand::{RngCore as _, SeedableRng as _};
use serverless_scim::store::Host;
use serverless_scim::table::{
    Consistency, Cursor, Index, Item, Key, Page, Query, Table, TableError, Transaction, Write,
};

use crate::call::{Answer, Call};

/// Where one answer arrives.
#[derive(Debug, Default)]
pub(crate) struct Slot(Mutex<(Option<Answer>, Option<Waker>)>);

impl Slot {
    pub(crate) fn fill(&self, answer: Answer) {
        let (place, waker) = &mut *self.0.lock().unwrap();
        *place = Some(answer);
        if let Some(waker) = waker.take() {
            waker.wake();
        }
    }

    async fn wait(&self) -> Answer {
        poll_fn(|context| {
            let (place, waker) = &mut *self.0.lock().unwrap();
            if let Some(answer) = place.take() {
                return Poll::Ready(answer);
            }
            *waker = Some(context.waker().clone());
            Poll::Pending
        })
        .await
    }
}

/// The calls an actor has made and the scheduler has not seen.
#[derive(Debug, Default)]
pub(crate) struct Port(Mutex<VecDeque<(Call, Arc<Slot>)>>);

impl Port {
    pub(crate) fn next(&self) -> Option<(Call, Arc<Slot>)> {
        self.0.lock().unwrap().pop_front()
    }

    async fn call(&self, call: Call) -> Answer {
        let slot = Arc::<Slot>::default();
        self.0.lock().unwrap().push_back((call, Arc::clone(&slot)));
        slot.wait().await
    }
}

/// The table as an actor reaches it.
#[derive(Debug)]
pub(crate) struct Remote(pub(crate) Arc<Port>);

impl Remote {
    async fn page(&self, call: Call) -> Result<Page, TableError> {
        match self.0.call(call).await {
            Answer::Page(page) => page,
            other => panic!("{other:?}"),
        }
    }

    async fn done(&self, call: Call) -> Result<(), TableError> {
        match self.0.call(call).await {
            Answer::Done(done) => done,
            other => panic!("{other:?}"),
        }
    }
}

#[async_trait]
impl Table for Remote {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        match self.0.call(Call::Get(key.clone())).await {
            Answer::Item(item) => item,
            other => panic!("{other:?}"),
        }
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<(Vec<Item>, Vec<Key>), TableError> {
        // Whoever asks may have had them in a hash map, whose order changes from run to run.
        let mut keys = keys.to_vec();
        keys.sort();
        match self.0.call(Call::BatchGet(keys)).await {
            Answer::Batch(batch) => batch,
            other => panic!("{other:?}"),
        }
    }

    async fn query(&self, query: &Query, consistency: Consistency) -> Result<Page, TableError> {
        self.page(Call::Query(query.clone(), consistency)).await
    }

    async fn query_index(&self, index: Index, query: &Query) -> Result<Page, TableError> {
        self.page(Call::QueryIndex(index, query.clone())).await
    }

    async fn scan(&self, after: Option<&Cursor>) -> Result<Page, TableError> {
        self.page(Call::Scan(after.cloned())).await
    }

    async fn transact(&self, transaction: &Transaction) -> Result<(), TableError> {
        self.done(Call::Transact(transaction.clone())).await
    }

    async fn write(&self, write: &Write) -> Result<(), TableError> {
        self.done(Call::Write(write.clone())).await
    }
}

/// An actor's machine: everybody's clock, a little off, and chance of its own.
#[derive(Debug)]
pub(crate) struct Machine {
    clock: Arc<AtomicI64>,
    skew: i64,
    random: Mutex<StdRng>,
    /// Where it asks for time; without one it has passed at once.
    port: Option<Arc<Port>>,
}

impl Machine {
    pub(crate) fn new(
        clock: Arc<AtomicI64>,
        skew: i64,
        seed: u64,
        port: Option<Arc<Port>>,
    ) -> Self {
        Self {
            clock,
            skew,
            random: Mutex::new(StdRng::seed_from_u64(seed)),
            port,
        }
    }
}

#[async_trait]
impl Host for Machine {
    fn now_ms(&self) -> i64 {
        self.clock.load(Ordering::SeqCst) + self.skew
    }

    fn random(&self, bytes: &mut [u8]) {
        self.random.lock().unwrap().fill_bytes(bytes);
    }

    async fn sleep_ms(&self, ms: u64) {
        match &self.port {
            Some(port) => drop(port.call(Call::Sleep(ms)).await),
            None => drop(
                self.clock
                    .fetch_add(i64::try_from(ms).unwrap(), Ordering::SeqCst),
            ),
        }
    }
}
