//! What was checked: every rule with how often it was kept, how often it was broken, and where first.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::exchange::Exchange;

/// What a server must do, and who says so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// Short and stable, for machines.
    pub id: Cow<'static, str>,
    pub must: Cow<'static, str>,
    /// The section of an RFC, or the client that was seen to need it.
    pub source: Cow<'static, str>,
}

impl Rule {
    pub const fn new(id: &'static str, must: &'static str, source: &'static str) -> Self {
        Self {
            id: Cow::Borrowed(id),
            must: Cow::Borrowed(must),
            source: Cow::Borrowed(source),
        }
    }
}

/// How a rule fared.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub kept: usize,
    pub broken: usize,
    pub first: Option<Breach>,
}

/// One departure from a rule.
#[derive(Debug, Clone)]
pub struct Breach {
    pub fault: String,
    pub exchange: Option<Box<Exchange>>,
}

/// Something that was not looked at, and why.
#[derive(Debug, Clone)]
pub struct Skipped {
    pub what: String,
    pub why: String,
}

#[derive(Debug, Default)]
pub struct Ledger {
    tallies: BTreeMap<Rule, Tally>,
    pub skipped: Vec<Skipped>,
}

impl Ledger {
    pub fn kept(&mut self, rule: &Rule) {
        self.tally(rule).kept += 1;
    }

    pub fn broken(&mut self, rule: &Rule, fault: String, exchange: Option<&Exchange>) {
        let tally = self.tally(rule);
        tally.broken += 1;
        tally.first.get_or_insert_with(|| Breach {
            fault,
            exchange: exchange.cloned().map(Box::new),
        });
    }

    pub fn skip(&mut self, what: impl Into<String>, why: impl Into<String>) {
        let (what, why) = (what.into(), why.into());
        self.skipped.push(Skipped { what, why });
    }

    fn tally(&mut self, rule: &Rule) -> &mut Tally {
        self.tallies.entry(rule.clone()).or_default()
    }

    pub fn passed(&self) -> impl Iterator<Item = (&Rule, &Tally)> {
        self.tallies.iter().filter(|(_, tally)| tally.broken == 0)
    }

    pub fn failed(&self) -> impl Iterator<Item = (&Rule, &Tally, &Breach)> {
        let breach = |(rule, tally): (_, _)| {
            let tally: &Tally = tally;
            Some((rule, tally, tally.first.as_ref()?))
        };
        self.tallies.iter().filter_map(breach)
    }
}
