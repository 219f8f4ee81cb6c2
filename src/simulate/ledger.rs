//! What was checked: every rule with how often it was kept, how often it was broken, and where first.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::exchange::Exchange;

/// What a server must do, and who says so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rule {
    /// Short and stable, for machines.
    pub(super) id: Cow<'static, str>,
    pub(super) must: Cow<'static, str>,
    /// The section of an RFC, or the client that was seen to need it.
    pub(super) source: Cow<'static, str>,
}

impl Rule {
    pub(super) const fn new(id: &'static str, must: &'static str, source: &'static str) -> Self {
        Self {
            id: Cow::Borrowed(id),
            must: Cow::Borrowed(must),
            source: Cow::Borrowed(source),
        }
    }
}

/// How a rule fared.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pub(super) kept: usize,
    pub(super) broken: usize,
    pub(super) first: Option<Breach>,
}

/// One departure from a rule.
#[derive(Debug, Clone)]
pub(super) struct Breach {
    pub(super) fault: String,
    pub(super) exchange: Option<Box<Exchange>>,
}

/// Something that was not looked at, and why.
#[derive(Debug, Clone)]
pub(super) struct Skipped {
    pub(super) what: String,
    pub(super) why: String,
}

#[derive(Debug, Default)]
pub(super) struct Ledger {
    tallies: BTreeMap<Rule, Tally>,
    pub(super) skipped: Vec<Skipped>,
}

impl Ledger {
    pub(super) fn kept(&mut self, rule: &Rule) {
        self.tally(rule).kept += 1;
    }

    pub(super) fn broken(&mut self, rule: &Rule, fault: String, exchange: Option<&Exchange>) {
        let tally = self.tally(rule);
        tally.broken += 1;
        tally.first.get_or_insert_with(|| Breach {
            fault,
            exchange: exchange.cloned().map(Box::new),
        });
    }

    pub(super) fn skip(&mut self, what: impl Into<String>, why: impl Into<String>) {
        let (what, why) = (what.into(), why.into());
        self.skipped.push(Skipped { what, why });
    }

    fn tally(&mut self, rule: &Rule) -> &mut Tally {
        self.tallies.entry(rule.clone()).or_default()
    }

    pub(super) fn passed(&self) -> impl Iterator<Item = (&Rule, &Tally)> {
        self.tallies.iter().filter(|(_, tally)| tally.broken == 0)
    }

    pub(super) fn failed(&self) -> impl Iterator<Item = (&Rule, &Tally, &Breach)> {
        let breach = |(rule, tally): (_, _)| {
            let tally: &Tally = tally;
            Some((rule, tally, tally.first.as_ref()?))
        };
        self.tallies.iter().filter_map(breach)
    }
}
