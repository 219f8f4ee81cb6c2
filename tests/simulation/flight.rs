//! What becomes of an actor's calls: carried out, answered, lost; and of its answer when it has one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use rand::seq::IteratorRandom as _;
use serverless_scim::table::{Reason, TableError};

use crate::call::{Answer, Call};
use crate::choose::Chooser;
use crate::judge::{Case, Torn};
use crate::op::{Answered, Op, Outcome};
use crate::schedule::{Flight, Schedule, State, TORN_MS};
use crate::shadow::head_of;

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Whether it tells that a condition did not hold.
fn is_final(reason: &Reason) -> bool {
    matches!(reason, Reason::Condition(_) | Reason::Invalid)
}

impl Schedule {
    pub(crate) async fn advance(&mut self, at: usize) {
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
    pub(crate) async fn go_on(&mut self, at: usize) {
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
        let new = self.flights.len();
        while let Some((call, slot)) = actor.port.next() {
            let state = if let Call::Sleep(ms) = &call {
                let now = self.clock.load(Ordering::SeqCst);
                State::Asleep(now + i64::try_from(*ms).unwrap())
            } else {
                State::Waiting
            };
            self.flights.push(Flight {
                actor: at,
                call,
                slot,
                state,
            });
        }
        let waits = |at: &usize| matches!(self.flights[*at].state, State::Waiting);
        let calls: Vec<usize> = (new..self.flights.len()).filter(waits).collect();
        // Calls made side by side arrive in any order.
        let first = match &mut self.chooser {
            Chooser::Random(habits) => calls.iter().choose(habits.random()),
            Chooser::Path { .. } => calls.first(),
        };
        if let Some(first) = first {
            self.carry_out(*first).await;
        }
    }

    pub(crate) async fn carry_out(&mut self, at: usize) {
        let flight = &mut self.flights[at];
        let actor = &mut self.actors[flight.actor];
        self.tally.calls += 1;
        if let Call::Get(key) = &flight.call
            && let (Some(group), Some(running)) = (head_of(key), &mut actor.running)
        {
            *running.heads.entry(group).or_default() += 1;
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
        if let (Answer::Done(Err(TableError::Cancelled(reasons))), Call::Transact(now)) =
            (&answer, &flight.call)
            && reasons.iter().any(is_final)
        {
            // Its first sending arrived with this one, else what is decided now could be otherwise when that comes.
            let same =
                |call: &Call| matches!(call, Call::Transact(then) if then.token == now.token);
            self.late.retain(|(_, call)| !same(call));
        }
        flight.state = State::Answered(answer);
        let call = flight.call.clone();
        self.committed(&call);
    }

    /// Takes note of a commit that is not readable as a whole.
    pub(crate) fn committed(&mut self, call: &Call) {
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
        self.tally.end(&running.op, outcome);
        let clock = self.clock.load(Ordering::SeqCst);
        let calm = self.tally.faults + self.tally.crashes + self.tally.late == 0;
        self.trace
            .note(|| format!("{} ends: {outcome:?}", running.request));
        let now = oracle.now();
        let case = Case {
            op: &running.op,
            outcome,
            window: &oracle.moments[running.begun..=now],
            begun: running.begun,
            effect: oracle.effect(&running.request),
            pages: actor.pages,
            heads: running.heads,
            torn: Torn::of(open),
            writes: self.sizes.writes,
            calm,
            took: clock - running.since,
            jumped: self.tally.jumps > running.jumps,
        };
        let fault = if running.op.finishes() {
            None
        } else {
            case.fault()
        };
        if let Some(fault) = fault {
            oracle.fail(format!("{}: {fault}", running.request));
        }
        if let Op::Exact { id, known, .. } = &running.op {
            let known = known.lock().unwrap().as_ref().map(|known| known.version);
            let stale = matches!(outcome, Ok(Answered::Stale));
            self.tally.stale += usize::from(stale);
            self.tally.exact += usize::from(oracle.effect(&running.request).is_some());
            if stale && oracle.shadow.version(*id) == known {
                oracle.fail(format!("{}: {known:?} is the version", running.request));
            }
        }
    }
}
