//! What a simulation found, for people and for machines.

use std::fmt::{self, Write as _};

use serde_json::{Value, json};

use super::Options;
use super::cleanup::Cleaned;
use super::latency::{self, Latency, milliseconds};
use super::ledger::{Breach, Rule, Skipped, Tally};
use super::session::Session;

/// Everything about one run.
#[derive(Debug)]
pub struct Report {
    url: String,
    client: &'static str,
    marker: String,
    users: u32,
    groups: u32,
    churn: u8,
    seed: u64,
    passed: Vec<(Rule, Tally)>,
    failed: Vec<(Rule, Tally, Breach)>,
    skipped: Vec<Skipped>,
    latencies: Vec<Latency>,
    pauses: u32,
    created: usize,
    left: Vec<String>,
    stopped: Option<String>,
}

pub(super) fn of(
    options: &Options,
    session: &Session,
    stopped: Option<String>,
    cleaned: Cleaned,
) -> Report {
    let state = session.state();
    let ledger = &state.ledger;
    let passed = ledger.passed();
    let failed = ledger.failed();
    Report {
        url: session.base().to_owned(),
        client: session.client().name(),
        marker: session.marker().to_owned(),
        users: options.users,
        groups: options.groups,
        churn: options.churn,
        seed: options.seed,
        passed: passed
            .map(|(rule, tally)| (rule.clone(), tally.clone()))
            .collect(),
        failed: failed
            .map(|(rule, tally, breach)| (rule.clone(), tally.clone(), breach.clone()))
            .collect(),
        skipped: ledger.skipped.clone(),
        latencies: latency::summary(&state.latencies),
        pauses: state.pauses,
        created: cleaned.created,
        left: cleaned.left,
        stopped,
    }
}

impl Report {
    /// 0 when everything passed and nothing is left, 1 with findings, 2 when it did not run to its end.
    pub fn exit_status(&self) -> u8 {
        match (&self.stopped, self.failed.is_empty(), self.left.is_empty()) {
            (Some(_), _, _) => 2,
            (None, true, true) => 0,
            (None, _, _) => 1,
        }
    }

    pub fn to_json(&self) -> Value {
        let passed = self.passed.iter().map(|(rule, tally)| {
            let Rule { id, must, source } = rule;
            json!({ "id": id, "must": must, "source": source, "times": tally.kept })
        });
        let failed = self.failed.iter().map(|(rule, tally, breach)| {
            let Rule { id, must, source } = rule;
            let shown = breach.exchange.as_ref().map(|exchange| exchange.to_json());
            let shown = shown.unwrap_or_default();
            json!({
                "id": id,
                "must": must,
                "source": source,
                "times": tally.broken,
                "outOf": tally.broken + tally.kept,
                "fault": breach.fault,
                "request": shown.get("request"),
                "answer": shown.get("answer"),
            })
        });
        let skipped = self.skipped.iter();
        let skipped = skipped.map(|skipped| json!({ "what": skipped.what, "why": skipped.why }));
        json!({
            "url": self.url,
            "as": self.client,
            "run": self.marker,
            "users": self.users,
            "groups": self.groups,
            "churn": self.churn,
            "seed": self.seed,
            "stopped": self.stopped,
            "exitStatus": self.exit_status(),
            "passed": passed.collect::<Vec<_>>(),
            "findings": failed.collect::<Vec<_>>(),
            "skipped": skipped.collect::<Vec<_>>(),
            "latency": self.latencies.iter().map(Latency::to_json).collect::<Vec<_>>(),
            "askedToWait": self.pauses,
            "created": self.created,
            "leftBehind": self.left,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            url,
            client,
            marker,
            users,
            groups,
            churn,
            seed,
            ..
        } = self;
        writeln!(out, "{url} as {client}")?;
        writeln!(
            out,
            "run {marker}: {users} users, {groups} groups, {churn} % churn, seed {seed}"
        )?;
        writeln!(out, "\nPassed")?;
        for (rule, tally) in &self.passed {
            writeln!(
                out,
                "  {:>6} x  {}  [{}]",
                tally.kept, rule.must, rule.source
            )?;
        }
        if !self.skipped.is_empty() {
            writeln!(out, "\nLeft out")?;
        }
        for Skipped { what, why } in &self.skipped {
            writeln!(out, "  {what}: {why}")?;
        }
        if !self.failed.is_empty() {
            writeln!(out, "\nFindings")?;
        }
        for (number, (rule, tally, breach)) in self.failed.iter().enumerate() {
            finding(out, number + 1, rule, tally, breach)?;
        }
        self.latency(out)?;
        self.ending(out)
    }
}

fn finding(
    out: &mut fmt::Formatter<'_>,
    number: usize,
    rule: &Rule,
    tally: &Tally,
    breach: &Breach,
) -> fmt::Result {
    writeln!(out, "\n{number:>4}. {}", rule.must)?;
    writeln!(out, "      rule     {} ({})", rule.source, rule.id)?;
    writeln!(out, "      found    {}", breach.fault)?;
    if let Some(exchange) = &breach.exchange {
        writeln!(out, "      request  {}", indented(&exchange.request_text()))?;
        writeln!(out, "      answer   {}", indented(&exchange.answer_text()))?;
    }
    let all = tally.broken + tally.kept;
    if all > 1 {
        writeln!(
            out,
            "      times    {} of {all}; the first is shown",
            tally.broken
        )?;
    }
    Ok(())
}

/// Lines after the first stand below it; control characters of a stranger's answer do not reach the terminal.
fn indented(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\n               "),
            control if control.is_control() => {
                let _ = write!(shown, "{}", control.escape_unicode());
            }
            other => shown.push(other),
        }
    }
    shown
}

impl Report {
    fn latency(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.latencies.iter().map(|row| row.kind.len()).max();
        let width = width.unwrap_or(0);
        writeln!(
            out,
            "\n{:width$}    count   p50 ms   p99 ms   max ms",
            "Answers after"
        )?;
        for row in &self.latencies {
            let [p50, p99, max] = [row.p50, row.p99, row.max].map(milliseconds);
            let Latency { kind, count, .. } = row;
            writeln!(out, "{kind:width$} {count:>8} {p50:>8} {p99:>8} {max:>8}")?;
        }
        if self.pauses > 0 {
            writeln!(out, "{} answers asked to come again later", self.pauses)?;
        }
        Ok(())
    }

    fn ending(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gone = self.created.saturating_sub(self.left.len());
        writeln!(
            out,
            "\nCleaned up: {gone} of {} created resources are gone",
            self.created
        )?;
        for left in &self.left {
            writeln!(out, "  left behind: {left}")?;
        }
        if let Some(stopped) = &self.stopped {
            writeln!(out, "Not run to the end: {stopped}")?;
        }
        let (passed, failed) = (self.passed.len(), self.failed.len());
        let skipped = self.skipped.len();
        write!(
            out,
            "{passed} rules kept, {failed} broken, {skipped} left out"
        )
    }
}
