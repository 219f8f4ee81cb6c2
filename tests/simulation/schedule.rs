//! The scheduler: one call at a time, and between any two of them everything else may happen.
//!
//! An actor waits after each of its calls, not before: what the store checks of the clock and the call that follows are
//! one step. A real request can stop between the two as well, but no longer than its function lives; here it may sleep
//! for minutes, and a deadline that was checked just before a commit would mean nothing. Of calls made side by side
//! only the first is carried out at once.

use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use serverless_scim::store::{Credential, Id, Request, Sizes, Store};
use serverless_scim::table::wrappers::{FrozenIndexes, Torn};
use serverless_scim::table::{Key, Table};

use crate::call::{Answer, Call};
use crate::choose::{Chooser, Event};
use crate::mutant::Lie;
use crate::op::{Op, Outcome};
use crate::oracle::Oracle;
use crate::remote::{Machine, Port, Remote, Slot};
use crate::tally::Tally;
use crate::trace::Trace;

/// A run does not take longer; one that would goes round in circles.
const STEPS_MAX: usize = 20_000;
/// A commit is not half readable for longer: helpers take a change over 10 s after its commit, by clocks that differ by
/// up to 8 s here, and would find no lane while none is out.
pub(crate) const TORN_MS: i64 = 1_000;
/// Reads of the head after which a reader has given up on one version.
pub(crate) const LAST_LOOK: usize = 6;

pub(crate) struct Actor {
    pub name: String,
    pub script: VecDeque<Op>,
    /// The table behind the actor's own troubles.
    pub table: Arc<dyn Table>,
    pub machine: Arc<Machine>,
    pub port: Arc<Port>,
    /// Its dying rows may come over several pages.
    pub pages: bool,
    pub requests: usize,
    pub running: Option<Running>,
}

pub(crate) struct Running {
    pub future: Pin<Box<dyn Future<Output = Outcome> + Send>>,
    pub op: Op,
    pub request: String,
    pub begun: usize,
    /// When, by everybody's clock.
    pub since: i64,
    /// How often time had jumped by then.
    pub jumps: usize,
    /// Items that had come out by then.
    pub released: usize,
    /// How often it has read the head of each group.
    pub heads: BTreeMap<Id, usize>,
}

pub(crate) struct Flight {
    pub actor: usize,
    pub call: Call,
    pub slot: Arc<Slot>,
    pub state: State,
}

pub(crate) enum State {
    Waiting,
    Answered(Answer),
    Asleep(i64),
}

/// What may happen in one run beside the actors' own steps.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mishaps {
    pub crashes: usize,
    pub jumps: usize,
    pub late: f64,
}

pub(crate) struct Schedule {
    pub clock: Arc<AtomicI64>,
    pub oracle: Arc<Mutex<Oracle>>,
    pub torn: Option<Arc<Torn>>,
    pub actors: Vec<Actor>,
    pub credential: Credential,
    pub sizes: Sizes,
    pub mutant: Option<Lie>,
    /// Indexes that catch up now and then.
    pub indexes: Option<Arc<FrozenIndexes>>,
    pub chooser: Chooser,
    pub mishaps: Mishaps,
    pub tally: Tally,
    pub trace: Trace,
    pub flights: Vec<Flight>,
    pub late: Vec<(usize, Call)>,
    /// Which moment held the first state of what is not out yet, by token.
    pub torn_since: BTreeMap<String, usize>,
    /// When the oldest of them was decided.
    pub torn_from: Option<i64>,
    pub last: Option<usize>,
}

impl Schedule {
    #[allow(clippy::too_many_arguments, reason = "the parts of a world")]
    pub(crate) fn new(
        clock: Arc<AtomicI64>,
        oracle: Arc<Mutex<Oracle>>,
        torn: Option<Arc<Torn>>,
        actors: Vec<Actor>,
        credential: Credential,
        sizes: Sizes,
        chooser: Chooser,
        trace: Trace,
    ) -> Self {
        Self {
            clock,
            oracle,
            torn,
            actors,
            credential,
            sizes,
            mutant: None,
            indexes: None,
            chooser,
            mishaps: Mishaps::default(),
            tally: Tally::default(),
            trace,
            flights: vec![],
            late: vec![],
            torn_since: BTreeMap::new(),
            torn_from: None,
            last: None,
        }
    }

    /// Lets everybody come to their end. `Err` says what went wrong first.
    pub(crate) async fn run(&mut self) -> Result<(), String> {
        for _ in 0..STEPS_MAX {
            let events = self.events();
            if events.is_empty() {
                return Ok(());
            }
            let event = events[self.chooser.choose(self.last, &events)];
            self.happen(event).await;
            if let Some(wrong) = self.oracle.lock().unwrap().violation.clone() {
                return Err(wrong);
            }
        }
        Err("it does not end".to_owned())
    }

    fn events(&self) -> Vec<Event> {
        let mut events: Vec<Event> = vec![];
        let first = self.last.into_iter();
        let others = (0..self.actors.len()).filter(|actor| Some(*actor) != self.last);
        for actor in first.chain(others) {
            let ready = self
                .flights
                .iter()
                .enumerate()
                .filter(|(_, flight)| flight.actor == actor && self.can_go_on(flight));
            events.extend(ready.map(|(at, _)| Event::Advance(actor, at)));
            let found = &self.actors[actor];
            if found.running.is_none() && !found.script.is_empty() {
                events.push(Event::Start(actor));
            }
        }
        events.extend((0..self.held().len()).map(Event::Release));
        events.extend((0..self.late.len()).map(Event::Late));
        if events.is_empty() {
            return events;
        }
        let running = self.actors.iter().enumerate().filter(|(_, actor)| {
            actor
                .running
                .as_ref()
                .is_some_and(|r| r.op.changes() || r.op.finishes())
        });
        if self.tally.crashes < self.mishaps.crashes {
            events.extend(running.map(|(at, _)| Event::Crash(at)));
        }
        if self.tally.jumps < self.mishaps.jumps {
            events.extend([Event::Jump(11), Event::Jump(61)]);
        }
        events.extend(self.indexes.iter().map(|_| Event::Index));
        events
    }

    fn held(&self) -> Vec<Key> {
        self.torn
            .as_ref()
            .map(|torn| torn.held())
            .unwrap_or_default()
    }

    fn can_go_on(&self, flight: &Flight) -> bool {
        match (&flight.state, &flight.call, &self.torn) {
            (State::Answered(Answer::Done(Ok(()))), Call::Transact(transaction), Some(torn)) => {
                torn.is_out(&transaction.token)
            }
            _ => true,
        }
    }

    async fn happen(&mut self, event: Event) {
        match event {
            Event::Start(actor) => {
                self.last = Some(actor);
                self.start(actor);
                self.go_on(actor).await;
            }
            Event::Advance(actor, at) => {
                self.last = Some(actor);
                self.advance(at).await;
            }
            Event::Crash(actor) => {
                self.tally.crashes += 1;
                self.flights.retain(|flight| flight.actor != actor);
                let found = &mut self.actors[actor];
                let gone = found.running.take();
                let name = gone.map(|running| running.request).unwrap_or_default();
                self.trace.note(|| format!("{name} is gone"));
            }
            Event::Release(at) => self.release(at),
            Event::Late(at) => {
                let (actor, call) = self.late.remove(at);
                let answer = call.perform(self.actors[actor].table.as_ref()).await;
                self.trace.note(|| {
                    format!(
                        "late, of {}: {call}\n        -> {answer}",
                        self.actors[actor].name
                    )
                });
                self.committed(&call);
            }
            Event::Jump(seconds) => self.jump(seconds),
            Event::Index => {
                self.trace.note(|| "the indexes catch up".to_owned());
                self.indexes.iter().for_each(|indexes| indexes.freeze());
            }
        }
    }

    fn release(&mut self, at: usize) {
        let key = self.held()[at].clone();
        self.trace.note(|| format!("out: {}/{}", key.pk, key.sk));
        if let Some(torn) = &self.torn {
            torn.release(&key);
            self.oracle.lock().unwrap().released.push(key);
            self.torn_since.retain(|token, _| !torn.is_out(token));
            if self.torn_since.is_empty() {
                self.torn_from = None;
            }
        }
    }

    pub(crate) fn release_all(&mut self) {
        while !self.held().is_empty() {
            self.release(0);
        }
    }

    /// So much later everything decided is readable. What has not arrived may still do so, but for the commit record of
    /// a big change, which nothing but time keeps from naming the dead: it is sent within 45 s of its request's begin, a
    /// row of the dying stays for 60 s, and how late it arrives and how far clocks differ share the rest.
    fn jump(&mut self, seconds: i64) {
        self.release_all();
        self.late.retain(|(_, call)| !call.opens_change());
        self.tally.jumps += 1;
        self.clock.fetch_add(seconds * 1_000, Ordering::SeqCst);
        self.trace.note(|| format!("{seconds} s pass"));
    }

    fn start(&mut self, at: usize) {
        let begun = {
            let now = self.oracle.lock().unwrap().now();
            self.torn_since.values().copied().min().unwrap_or(now)
        };
        let actor = &mut self.actors[at];
        let Some(op) = actor.script.pop_front() else {
            return;
        };
        actor.requests += 1;
        let request = format!("{}.{}", actor.name, actor.requests);
        self.oracle.lock().unwrap().expect(&request, &op);
        self.trace.note(|| format!("{request} begins: {op:?}"));
        let remote: Arc<dyn Table> = Arc::new(Remote(Arc::clone(&actor.port)));
        let table = match self.mutant {
            Some(mutant) => mutant.over(remote, &op),
            None => remote,
        };
        let store = Store::with_sizes(table, actor.machine.clone(), self.sizes);
        let started = serverless_scim::store::Host::now_ms(actor.machine.as_ref());
        let tenant = store.tenant(
            &self.credential,
            Request {
                id: request.clone(),
                started,
            },
        );
        let future = Box::pin(op.clone().run(store, tenant, self.oracle.clone()));
        let released = self.oracle.lock().unwrap().released.len();
        actor.running = Some(Running {
            future,
            op,
            request,
            begun,
            since: self.clock.load(Ordering::SeqCst),
            jumps: self.tally.jumps,
            released,
            heads: BTreeMap::new(),
        });
    }
}
