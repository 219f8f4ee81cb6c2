//! Seats: how many users are active, counted in the directory, and a limit that holds for writers at once.
//!
//! Whoever takes a seat under a limit passes the gate, one item of the tenant, in the same transaction: of those who
//! saw the same free seat one passes. Giving a seat back asks nobody.

use super::commit::{Plan, Role};
use super::directory::{ACTIVE, row_of};
use super::{Record, StoreError, Tenant, keys};
use crate::schema::USER;
use crate::table::{Attr, Attrs, Condition, Item, Range, Update, Write};

/// In the gate: how many have passed it so far; in a directory row: the number of the latest who is counted in it.
const PASSED: &str = "g";
/// In the gate: the row that counts the latest, and when that was, in milliseconds since 1970.
const ROW: &str = "row";
const SINCE: &str = "at";
/// What was committed so long ago is readable as a whole.
const WHOLE_MS: i64 = 60_000;

/// The gate as it was seen with a seat left behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gate {
    passed: i64,
}

impl Gate {
    /// What the row says that counts the one who passes now.
    pub(super) fn mark(self) -> (&'static str, Attr) {
        (PASSED, Attr::N(self.passed + 1))
    }
}

/// Whether the resource takes a seat: a user who is not switched off.
pub(super) fn takes_seat(record: &Record) -> bool {
    let active = record.document.get("active");
    record.id.resource_type() == USER.number
        && active.and_then(serde_json::Value::as_bool) != Some(false)
}

impl Tenant {
    /// The gate, where the change takes a seat and seats are limited; refuses where none is left.
    pub(super) async fn gate(
        &self,
        old: Option<&Record>,
        new: &Record,
    ) -> Result<Option<Gate>, StoreError> {
        let Some(limit) = self.policies().seat_limit else {
            return Ok(None);
        };
        if !takes_seat(new) || old.is_some_and(takes_seat) {
            return Ok(None);
        }
        let directory = self.scope.directory(USER.number);
        loop {
            // The gate first: whoever passed before it was read is counted in what is read after it...
            let gate = self.table().get(&self.scope.seat_gate()).await?;
            let rows = self.query_all(directory.clone(), Range::All).await?;
            let passed = gate.as_ref().map_or(0, |gate| number(gate, PASSED));
            // ...once the whole of that transaction is readable.
            if gate.is_none_or(|gate| self.is_whole(&gate, &rows)) {
                let taken: i64 = rows.iter().map(|row| number(row, ACTIVE)).sum();
                let full = u64::try_from(taken).is_ok_and(|taken| taken >= limit);
                return if full {
                    Err(StoreError::SeatsTaken(limit))
                } else {
                    Ok(Some(Gate { passed }))
                };
            }
            if self.past_deadline() {
                return Err(StoreError::Busy);
            }
            self.pause().await;
        }
    }

    /// Whether the rows count the latest who passed.
    fn is_whole(&self, gate: &Item, rows: &[Item]) -> bool {
        let latest =
            |row: &&Item| keys::row_number(&row.key.sk).map(i64::from) == Some(number(gate, ROW));
        let row = rows.iter().find(latest);
        row.is_some_and(|row| number(row, PASSED) >= number(gate, PASSED))
            || number(gate, SINCE) + WHOLE_MS <= self.host().now_ms()
    }

    /// Passes the gate, if nobody did since it was seen.
    pub(super) fn plan_gate(&self, plan: &mut Plan, gate: Gate, new: &Record) {
        let seen = match gate.passed {
            0 => Condition::Lacks(PASSED),
            passed => Condition::Equals(PASSED, Attr::N(passed)),
        };
        let set = Attrs::from([
            gate.mark(),
            (ROW, Attr::N(row_of(new.id.bucket()).into())),
            (SINCE, Attr::N(self.host().now_ms())),
        ]);
        plan.push(
            Role::Own,
            Write::update(self.scope.seat_gate(), Update::set(set)).when(seen),
        );
    }

    /// Counts a user who was switched on or off.
    pub(super) fn plan_switch(
        &self,
        plan: &mut Plan,
        old: &Record,
        new: &Record,
        gate: Option<Gate>,
    ) {
        let seats = i64::from(takes_seat(new)) - i64::from(takes_seat(old));
        if seats != 0 {
            let count = self.count(new.id, [0, seats], gate, Condition::Exists);
            plan.push(Role::Other, count);
        }
        if let Some(gate) = gate {
            self.plan_gate(plan, gate, new);
        }
    }
}

/// What is not there was never counted.
fn number(item: &Item, name: &str) -> i64 {
    item.number(name).unwrap_or(0)
}
