//! What can be mended without a guess: each repair is one conditional transaction on what the finding is about.

use std::collections::HashSet;
use std::fmt;

use super::fault::{Broken, Fault};
use super::report::{Finding, Report};
use crate::store::keys::TenantScope;
use crate::store::{State, Store, StoreError};

/// Passes of one repair; so many that use up their time take an hour.
const PASSES_MAX: usize = 200;

/// What became of a finding.
#[derive(Debug)]
pub struct Repair {
    /// The finding in words.
    pub finding: String,
    /// Why nothing was done, if so.
    pub failed: Option<String>,
}

impl fmt::Display for Repair {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.failed {
            None => write!(out, "Repaired: {}", self.finding),
            Some(why) => write!(out, "Not repaired, {why}: {}", self.finding),
        }
    }
}

impl Store {
    /// Mends what is repairable of the report, then works off what waits. A second check tells what is left.
    pub async fn repair(&self, report: &Report) -> Vec<Repair> {
        let (mut repairs, mut unsafe_rows) = (vec![], HashSet::new());
        for finding in &report.findings {
            if let Some(scope) = finding.scope.as_ref().filter(|_| finding.is_repairable()) {
                let repair = self.mend(scope, finding).await;
                let misleads = matches!(
                    finding.fault,
                    Fault::Work(_) | Fault::Document(_, Broken::Waits)
                );
                if repair.failed.is_some() && misleads {
                    unsafe_rows.insert(scope);
                }
                repairs.push(repair);
            }
        }
        for (scope, waiting) in &report.tenants {
            let mended = report
                .findings
                .iter()
                .any(|finding| finding.scope.as_ref() == Some(scope));
            // A pass would do to the living what such a row says, and give up the change that such a head only names.
            if (waiting.rows > 0 || mended) && !unsafe_rows.contains(scope) {
                repairs.extend(self.passes(scope).await);
            }
        }
        repairs
    }

    /// Passes as long as they bring something forward; says if one fails, or if they do not end.
    async fn passes(&self, scope: &TenantScope) -> Option<Repair> {
        let failed = |why| {
            Some(Repair {
                finding: format!("{scope}: what waits for a pass"),
                failed: Some(why),
            })
        };
        for _ in 0..PASSES_MAX {
            match self.work_off(scope).await {
                Ok(false) => return None,
                Ok(true) => {}
                Err(error) => return failed(error.to_string()),
            }
        }
        failed(format!("{PASSES_MAX} passes were not enough"))
    }

    /// Whether another pass may bring something forward.
    async fn work_off(&self, scope: &TenantScope) -> Result<bool, StoreError> {
        let tenant = self.checker(scope);
        if self.state(scope).await? == State::Erasing {
            let erased = self.erase_pass(scope, tenant.deadline).await?;
            return Ok(!erased.done && erased.removed > 0);
        }
        Ok(tenant.pass(usize::MAX).await? > 0)
    }

    async fn mend(&self, scope: &TenantScope, finding: &Finding) -> Repair {
        let failed = match self.checker(scope).mend(&finding.fault).await {
            Ok(true) => None,
            Ok(false) => Some("it changed meanwhile".to_owned()),
            Err(error) => Some(error.to_string()),
        };
        Repair {
            finding: finding.to_string(),
            failed,
        }
    }
}
