//! What a check found, for people and for scripts.

use std::fmt;

use serde_json::{Value, json};

use super::Repair;
use super::facts::Facts;
use super::fault::Fault;
use super::rules::Waiting;
use crate::store::keys::TenantScope;

/// What there is, what waits for a pass, and what is wrong.
#[derive(Debug, Default)]
pub struct Report {
    pub users: u64,
    pub groups: u64,
    pub memberships: u64,
    pub aliases: u64,
    pub outbox: u64,
    pub waiting: Waiting,
    pub findings: Vec<Finding>,
    /// What may be nothing: an index that is late.
    pub warnings: Vec<String>,
    /// Every tenant, and whether something waits in it.
    pub(super) tenants: Vec<(TenantScope, Waiting)>,
}

/// One thing that is wrong, seen three times.
#[derive(Debug)]
pub struct Finding {
    /// The tenant's name, or its id where it has none; empty for what belongs to no tenant.
    pub tenant: String,
    pub(super) scope: Option<TenantScope>,
    pub(super) fault: Fault,
}

impl Finding {
    /// What kind of thing is wrong, for scripts.
    pub fn kind(&self) -> &'static str {
        self.fault.kind()
    }

    /// Whether a repair knows what to do.
    pub fn is_repairable(&self) -> bool {
        self.fault.is_repairable()
    }

    fn to_json(&self) -> Value {
        json!({
            "tenant": self.tenant,
            "kind": self.kind(),
            "resource": self.fault.resource().map(|id| id.to_string()),
            "attribute": self.fault.attribute(),
            "text": self.fault.to_string(),
            "repairable": self.is_repairable(),
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tenant.as_str() {
            "" => self.fault.fmt(out),
            tenant => write!(out, "{tenant}: {}", self.fault),
        }
    }
}

impl Report {
    /// 0 where everything is sound, 1 with findings.
    pub fn exit_status(&self) -> u8 {
        u8::from(!self.findings.is_empty())
    }

    pub fn to_json(&self) -> Value {
        json!({
            "tenants": self.tenants.len(),
            "users": self.users,
            "groups": self.groups,
            "memberships": self.memberships,
            "aliases": self.aliases,
            "outbox": self.outbox,
            "waiting": {
                "rows": self.waiting.rows,
                "edges": self.waiting.edges,
                "lanes": self.waiting.lanes,
            },
            "findings": self.findings.iter().map(Finding::to_json).collect::<Vec<_>>(),
            "warnings": self.warnings,
            "exitStatus": self.exit_status(),
        })
    }

    /// The same after repairs. What could not be repaired may be nothing that a check finds, such as rows that wait for a
    /// pass: a sound table does not excuse it.
    pub fn to_json_after(&self, repairs: &[Repair]) -> Value {
        let told =
            |Repair { finding, failed }: &Repair| json!({ "finding": finding, "failed": failed });
        let failed = repairs.iter().any(|repair| repair.failed.is_some());
        let mut report = self.to_json();
        if let Value::Object(report) = &mut report {
            let status = self.exit_status().max(u8::from(failed));
            report.insert("exitStatus".to_owned(), status.into());
            report.insert("repairs".to_owned(), repairs.iter().map(told).collect());
        }
        report
    }

    /// Items that belong to no tenant.
    pub(super) fn strays(&mut self, faults: Vec<Fault>) {
        let finding = |fault| Finding {
            tenant: String::new(),
            scope: None,
            fault,
        };
        self.findings.extend(faults.into_iter().map(finding));
    }

    /// Counts what a tenant has.
    pub(super) fn tenant(
        &mut self,
        scope: &TenantScope,
        facts: &Facts,
        waiting: Waiting,
        memberships: u64,
    ) {
        let users = facts
            .resources
            .keys()
            .filter(|id| id.resource_type() == 0)
            .count() as u64;
        self.users += users;
        self.groups += facts.resources.len() as u64 - users;
        self.memberships += memberships;
        self.aliases += facts.claims.settled;
        self.outbox += facts.outbox;
        self.waiting.rows += waiting.rows;
        self.waiting.edges += waiting.edges;
        self.waiting.lanes += waiting.lanes;
        self.tenants.push((scope.clone(), waiting));
    }

    pub(super) fn findings(&mut self, scope: &TenantScope, facts: &Facts, faults: Vec<Fault>) {
        let finding = |fault| Finding {
            tenant: name(scope, facts),
            scope: Some(scope.clone()),
            fault,
        };
        self.findings.extend(faults.into_iter().map(finding));
    }

    pub(super) fn warn(&mut self, scope: &TenantScope, facts: &Facts, text: &str) {
        self.warnings
            .push(format!("{}: {text}", name(scope, facts)));
    }
}

fn name(scope: &TenantScope, facts: &Facts) -> String {
    let known = &facts.identity;
    let name = known.config.as_ref().or(known.registry.as_ref());
    name.map_or_else(|| scope.to_string(), String::clone)
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            let by_hand = if finding.is_repairable() {
                ""
            } else {
                " (not repairable here)"
            };
            writeln!(out, "{finding}{by_hand}")?;
        }
        for warning in &self.warnings {
            writeln!(out, "Warning: {warning}")?;
        }
        if !(self.findings.is_empty() && self.warnings.is_empty()) {
            writeln!(out)?;
        }
        let rows = [
            ("tenants", self.tenants.len() as u64),
            ("users", self.users),
            ("groups", self.groups),
            ("memberships", self.memberships),
            ("aliases", self.aliases),
            ("outbox", self.outbox),
            ("waiting for a pass", self.waiting.rows),
            ("findings", self.findings.len() as u64),
        ];
        for (what, count) in rows {
            writeln!(out, "{what:18} {count:>12}")?;
        }
        out.write_str(if self.findings.is_empty() {
            "The table is sound."
        } else {
            "The table is not sound."
        })
    }
}
