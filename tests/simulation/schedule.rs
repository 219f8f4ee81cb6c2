//! The scheduler: one call at a time, and between any two of them everything else may happen.
//!
//! An actor waits after each of its calls, not before: what the store checks of the clock and the call that follows are
//! one step. A real request can stop between the two as well, but no longer than its function lives; here it may sleep
//! for minutes, and a deadline that was checked just before a commit would mean nothing. Of calls made side by side
//! only the first is carried out at once.

use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use serverless_scim::store::{Credential, Request, Sizes, Store};
use serverless_scim::table::wrappers::Torn;
use serverless_scim::table::{Key, Table, TableError};

use crate::call::{Answer, Call};
use crate::choose::{Chooser, Event};
use crate::judge::{Case, Grade};
use crate::mutant::Mutant;
use crate::op::{Op, Outcome};
use crate::oracle::Oracle;
use crate::remote::{Machine, Port, Remote, Slot};
use crate::shadow::edge;
use crate::trace::Trace;

/// A run does not take longer; one that would goes round in circles.
const STEPS_MAX: usize = 20_000;
/// A commit is not half readable for longer: helpers take a change over 10 s after its commit, by clocks that differ by
/// up to 8 s here, and would find no lane while none is out.
const TORN_MS: i64 = 1_000;
/// Reads of the head after which a reader has given up on one version.
const LAST_LOOK: usize = 7;

/// What happened, in numbers.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Tally {
    pub calls: usize,
    pub faults: usize,
    pub reads: usize,
    pub crashes: usize,
    pub late: usize,
    pub jumps: usize,
}

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
    future: Pin<Box<dyn Future<Output = Outcome> + Send>>,
    op: Op,
    request: String,
    begun: usize,
    /// A commit was half readable meanwhile.
    torn: bool,
    /// Items that had come out by then.
    released: usize,
    heads: usize,
}

struct Flight {
    actor: usize,
    call: Call,
    slot: Arc<Slot>,
    state: State,
}

enum State {
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
    pub mutant: Option<Mutant>,
    pub chooser: Chooser,
    pub mishaps: Mishaps,
    pub tally: Tally,
    pub trace: Trace,
    flights: Vec<Flight>,
    late: Vec<(usize, Call)>,
    /// Which moment held the first state of what is not out yet, by token.
    torn_since: BTreeMap<String, usize>,
    /// When the oldest of them was decided.
    torn_from: Option<i64>,
    last: Option<usize>,
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
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
                .is_some_and(|r| r.op.changes() || matches!(r.op, Op::Pass))
        });
        if self.tally.crashes < self.mishaps.crashes {
            events.extend(running.map(|(at, _)| Event::Crash(at)));
        }
        if self.tally.jumps < self.mishaps.jumps {
            events.extend([Event::Jump(11), Event::Jump(61)]);
        }
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

    fn release_all(&mut self) {
        while !self.held().is_empty() {
            self.release(0);
        }
    }

    /// So much later everything decided is readable, and what has not arrived never will.
    fn jump(&mut self, seconds: i64) {
        self.release_all();
        self.late.clear();
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
        let future = Box::pin(op.clone().run(tenant));
        let torn = !self.torn_since.is_empty();
        let released = self.oracle.lock().unwrap().released.len();
        actor.running = Some(Running {
            future,
            op,
            request,
            begun,
            torn,
            released,
            heads: 0,
        });
    }

    async fn advance(&mut self, at: usize) {
        let actor = self.flights[at].actor;
        match std::mem::replace(&mut self.flights[at].state, State::Waiting) {
            State::Waiting => self.carry_out(at).await,
            State::Answered(answer) => {
                self.flights.remove(at).slot.fill(answer);
                self.go_on(actor).await;
            }
            State::Asleep(until) => {
                let now = self.clock.fetch_max(until, Ordering::SeqCst).max(until);
                if self.torn_from.is_some_and(|from| now > from + TORN_MS) {
                    self.release_all();
                }
                self.flights.remove(at).slot.fill(Answer::Done(Ok(())));
                self.go_on(actor).await;
            }
        }
    }

    /// Lets the actor compute until it waits, and carries out the first of its new calls.
    async fn go_on(&mut self, at: usize) {
        let actor = &mut self.actors[at];
        let Some(running) = &mut actor.running else {
            return;
        };
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&flag));
        while flag.0.swap(false, Ordering::SeqCst) {
            let polled = running
                .future
                .as_mut()
                .poll(&mut Context::from_waker(&waker));
            if let Poll::Ready(outcome) = polled {
                return self.end(at, &outcome);
            }
        }
        let mut first = None;
        while let Some((call, slot)) = actor.port.next() {
            let state = match &call {
                Call::Sleep(ms) => {
                    State::Asleep(self.clock.load(Ordering::SeqCst) + i64::try_from(*ms).unwrap())
                }
                _ => {
                    first = first.or(Some(self.flights.len()));
                    State::Waiting
                }
            };
            self.flights.push(Flight {
                actor: at,
                call,
                slot,
                state,
            });
        }
        if let Some(first) = first {
            self.carry_out(first).await;
        }
    }

    async fn carry_out(&mut self, at: usize) {
        let flight = &mut self.flights[at];
        let actor = &mut self.actors[flight.actor];
        self.tally.calls += 1;
        if let Call::Get(key) = &flight.call
            && key.pk.contains("#R#1")
            && let Some(running) = &mut actor.running
        {
            running.heads += 1;
        }
        let late = match &mut self.chooser {
            Chooser::Random(habits) if flight.call.writes() => {
                rand::Rng::random_bool(habits.random(), self.mishaps.late)
            }
            _ => false,
        };
        let answer = if late {
            self.tally.late += 1;
            self.late.push((flight.actor, flight.call.clone()));
            Answer::unknown()
        } else {
            flight.call.perform(actor.table.as_ref()).await
        };
        self.tally.faults += usize::from(answer.is_fault());
        self.trace
            .note(|| format!("{}: {}\n        -> {answer}", actor.name, flight.call));
        if let (Answer::Done(Err(TableError::Cancelled(_))), Call::Transact(now)) =
            (&answer, &flight.call)
        {
            // Its first sending arrived with this one.
            let same =
                |call: &Call| matches!(call, Call::Transact(then) if then.token == now.token);
            self.late.retain(|(_, call)| !same(call));
        }
        flight.state = State::Answered(answer);
        let call = flight.call.clone();
        self.committed(&call);
    }

    /// Takes note of a commit that is not readable as a whole.
    fn committed(&mut self, call: &Call) {
        let (Some(torn), Call::Transact(transaction)) = (&self.torn, call) else {
            return;
        };
        if torn.is_out(&transaction.token) || self.torn_since.contains_key(&transaction.token) {
            return;
        }
        let before = self.oracle.lock().unwrap().now().saturating_sub(1);
        self.torn_since.insert(transaction.token.clone(), before);
        let now = self.clock.load(Ordering::SeqCst);
        self.torn_from.get_or_insert(now);
        let running = self
            .actors
            .iter_mut()
            .filter_map(|actor| actor.running.as_mut());
        running.for_each(|running| running.torn = true);
    }

    fn end(&mut self, at: usize, outcome: &Outcome) {
        let actor = &mut self.actors[at];
        let Some(running) = actor.running.take() else {
            return;
        };
        self.flights.retain(|flight| flight.actor != at);
        let held = self
            .torn
            .as_ref()
            .map(|torn| torn.held())
            .unwrap_or_default();
        let mut oracle = self.oracle.lock().unwrap();
        let open = oracle.released.iter().skip(running.released).chain(&held);
        let open = open.filter_map(edge).collect();
        let grade = match () {
            () if running.torn || running.heads >= LAST_LOOK => Grade::Each,
            () if actor.pages => Grade::Paged,
            () => Grade::Exact,
        };
        self.tally.reads += usize::from(!running.op.changes());
        self.trace
            .note(|| format!("{} ends: {outcome:?}", running.request));
        let now = oracle.now();
        let case = Case {
            op: &running.op,
            outcome,
            window: &oracle.moments[running.begun..=now],
            committed: oracle.effect(&running.request).is_some(),
            grade,
            open,
        };
        if !matches!(running.op, Op::Pass)
            && let Some(fault) = case.fault()
        {
            oracle.fail(format!("{}: {fault}", running.request));
        }
    }
}
