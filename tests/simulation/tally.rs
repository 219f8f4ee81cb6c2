//! What happened, in numbers: a simulation in which nothing happens proves nothing.

use std::collections::BTreeMap;
use std::fmt;

use serverless_scim::store::StoreError;

use crate::op::{Answered, Op, Outcome};

/// What became of the requests of one kind.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Ends {
    /// Answered with what was asked for.
    pub done: usize,
    /// Answered with why not: a name is taken, nobody is there, another version.
    pub refused: usize,
    pub busy: usize,
    pub unavailable: usize,
}

#[derive(Debug, Default, Clone)]
pub(crate) struct Tally {
    pub calls: usize,
    pub faults: usize,
    pub crashes: usize,
    pub late: usize,
    pub jumps: usize,
    /// Changes with If-Match that were made, and that were refused.
    pub exact: usize,
    pub stale: usize,
    /// Commits of which the members were taken as they came, for they rest on what half of another showed.
    pub reordered: usize,
    pub ends: BTreeMap<&'static str, Ends>,
}

impl Tally {
    pub(crate) fn end(&mut self, op: &Op, outcome: &Outcome) {
        let ends = self.ends.entry(op.kind()).or_default();
        let count = match outcome {
            Ok(Answered::Stale) => &mut ends.refused,
            Ok(_) => &mut ends.done,
            Err(StoreError::Busy) => &mut ends.busy,
            Err(StoreError::Unavailable(_)) => &mut ends.unavailable,
            Err(_) => &mut ends.refused,
        };
        *count += 1;
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.faults += other.faults;
        self.crashes += other.crashes;
        self.late += other.late;
        self.jumps += other.jumps;
        self.exact += other.exact;
        self.stale += other.stale;
        self.reordered += other.reordered;
        for (kind, other) in other.ends {
            let ends = self.ends.entry(kind).or_default();
            ends.done += other.done;
            ends.refused += other.refused;
            ends.busy += other.busy;
            ends.unavailable += other.unavailable;
        }
    }

    /// Fails where so little happened in so many calls that finding nothing wrong means nothing.
    pub(crate) fn assert_full(&self) {
        let least = |what: &str, found: usize, per_10_000: usize| {
            let least = self.calls * per_10_000 / 10_000;
            assert!(found >= least, "{what}: {found} instead of {least}, {self}");
        };
        for kind in KINDS {
            let ends = self.ends.get(kind).copied().unwrap_or_default();
            least(kind, ends.done, 1);
            let all = ends.done + ends.refused + ends.busy + ends.unavailable;
            // Of a few, most may have met trouble.
            assert!(
                all < FEW || 2 * (ends.done + ends.refused) > all,
                "{kind}: {ends:?}"
            );
        }
        let counts = [
            ("changes by version", self.exact, 10),
            ("stale versions", self.stale, 4),
            ("crashes", self.crashes, 15),
            ("late calls", self.late, 2),
            ("jumps", self.jumps, 30),
            ("faults", self.faults, 200),
        ];
        for (what, found, per) in counts {
            least(what, found, per);
        }
    }
}

/// Requests of a kind that say nothing of it.
const FEW: usize = 20;
/// Every kind of request.
const KINDS: [&str; 16] = [
    "create user",
    "create group",
    "rename",
    "members",
    "delete",
    "exact",
    "pass",
    "tick",
    "read",
    "is member",
    "groups of",
    "all groups of",
    "with",
    "find",
    "list",
    "roster",
];

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} calls, {} faults, {} crashes, {} late, {} jumps, {} by version, {} stale, {} reordered",
            self.calls,
            self.faults,
            self.crashes,
            self.late,
            self.jumps,
            self.exact,
            self.stale,
            self.reordered
        )?;
        for (kind, ends) in &self.ends {
            let Ends {
                done,
                refused,
                busy,
                unavailable,
            } = ends;
            write!(f, "{kind} {done}/{refused}/{busy}/{unavailable}, ")?;
        }
        write!(f, "each done/refused/busy/unavailable")
    }
}
