//! What can be mended without a guess: each repair is one conditional transaction on what the finding is about.

use std::collections::HashSet;
use std::fmt;

use super::fault::{Alias, Amiss, Broken, Edge, Fault, Loose};
use super::report::{Finding, Report};
use super::shape;
use crate::store::commit::{Outcome, Plan, Role};
use crate::store::directory::COUNT;
use crate::store::keys::{TenantScope, Work};
use crate::store::record::{attr, generation};
use crate::store::sweep::SINCE;
use crate::store::{Id, Record, Store, StoreError, Tenant, aliases, outbox};
use crate::table::{Attr, BY_EXTERNAL_ID, BY_NAME, Condition, Key, Range, Update, Write};

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
                if repair.failed.is_some() && matches!(finding.fault, Fault::Work(_)) {
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
            // A pass would do to the living what such a row says.
            if (waiting.rows > 0 || mended) && !unsafe_rows.contains(scope) {
                repairs.extend(self.passes(scope).await);
            }
        }
        repairs
    }

    /// Passes as long as they bring something forward; says if one fails.
    async fn passes(&self, scope: &TenantScope) -> Option<Repair> {
        loop {
            let tenant = self.checker(scope);
            match tenant.pass(usize::MAX).await {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => {
                    return Some(Repair {
                        finding: format!("{scope}: what waits for a pass"),
                        failed: Some(error.to_string()),
                    });
                }
            }
        }
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

impl Tenant {
    /// Whether the fault was there to be mended.
    async fn mend(&self, fault: &Fault) -> Result<bool, StoreError> {
        match fault {
            Fault::Document(id, Broken::Indexed) => self.mend_indexed(*id).await,
            Fault::Alias(alias) => self.mend_alias(alias).await,
            Fault::Count {
                resource_type,
                bucket,
                ..
            } => self.mend_count(*resource_type, *bucket).await,
            Fault::Edge(edge, amiss) => self.mend_edge(*edge, *amiss).await,
            Fault::Work(work) => self.mend_row(work).await,
            Fault::Change(group, op, loose) => self.mend_change(*group, op, *loose).await,
            Fault::Tenant(_) | Fault::Stray(_) | Fault::Unreadable(..) | Fault::Document(..) => {
                Ok(false)
            }
        }
    }

    /// All writes or none; `false` where a condition did not hold.
    async fn all(&self, writes: Vec<Write>) -> Result<bool, StoreError> {
        let mut plan = Plan::new(outbox::draw_generation(self.host()));
        for write in writes {
            plan.push(Role::Own, write);
        }
        Ok(matches!(self.commit(&plan).await?, Outcome::Done))
    }

    async fn mend_indexed(&self, id: Id) -> Result<bool, StoreError> {
        let record = self.get(id).await?;
        let mut set = record.attrs(&self.scope)?;
        let names = [BY_NAME.pk, BY_NAME.sk, BY_EXTERNAL_ID.pk, BY_EXTERNAL_ID.sk];
        set.retain(|name, _| names.contains(name));
        let remove = names
            .into_iter()
            .filter(|name| !set.contains_key(name))
            .collect();
        let update = Update {
            set,
            remove,
            ..Update::default()
        };
        let condition = Some(as_read(Some(&record)));
        let key = self.scope.resource(id);
        self.all(vec![Write::Update {
            key,
            update,
            condition,
        }])
        .await
    }

    /// The alias follows the documents, if they are still as they were read.
    async fn mend_alias(&self, alias: &Alias) -> Result<bool, StoreError> {
        let key = alias.key.clone();
        let mut writes = vec![];
        for id in alias.wanted.iter().chain(&alias.held) {
            let record = self.find(*id).await?;
            let wants = match &record {
                Some(Record {
                    document, twins, ..
                }) => aliases::keys(&self.scope, *id, document, twins)?.contains_key(&key),
                None => false,
            };
            if wants != alias.wanted.contains(id) {
                return Ok(false);
            }
            writes.push(Write::Check {
                key: self.scope.resource(*id),
                condition: as_read(record.as_ref()),
            });
        }
        let condition = Some(alias.held.map_or(Condition::NotExists, aliases::mine));
        writes.push(match alias.wanted.as_slice() {
            [] => Write::Delete { key, condition },
            [one] => Write::Put {
                key,
                attrs: [(aliases::HOLDER, Attr::S(one.key()))].into(),
                condition,
            },
            _ => return Ok(false),
        });
        self.all(writes).await
    }

    async fn mend_count(&self, resource_type: u8, bucket: u32) -> Result<bool, StoreError> {
        let key = self.scope.directory_row(resource_type, bucket);
        // The row before what it counts: whoever comes between changes the row.
        let row = self.table().get(&key).await?;
        let held = self.scope.resources_of(resource_type, bucket);
        let held = self.query_all(held, Range::All).await?.len();
        let held = i64::try_from(held).unwrap_or(i64::MAX);
        let condition = match &row {
            None => Condition::NotExists,
            Some(row) => match shape::count(row) {
                Some(count) => Condition::Equals(COUNT, Attr::N(count)),
                None => return Ok(false),
            },
        };
        let update = Update {
            set: [(COUNT, Attr::N(held))].into(),
            ..Update::default()
        };
        let condition = Some(condition);
        self.all(vec![Write::Update {
            key,
            update,
            condition,
        }])
        .await
    }

    async fn mend_edge(&self, edge: Edge, amiss: Amiss) -> Result<bool, StoreError> {
        let (forward, reverse) = (edge.forward(&self.scope), edge.reverse(&self.scope));
        let generation = Attr::S(edge.generation());
        let of_edge = Condition::Equals(attr::GENERATION, generation.clone());
        let check = |key, condition| Write::Check { key, condition };
        let head = |condition| check(self.scope.resource(edge.group), condition);
        let member = |condition| check(self.scope.resource(edge.member), condition);
        match amiss {
            Amiss::OnlyForward => {
                self.all(vec![
                    head(of_edge),
                    member(Condition::Exists),
                    check(forward, Condition::Exists),
                    Write::Put {
                        key: reverse,
                        attrs: [(attr::GENERATION, generation)].into(),
                        condition: None,
                    },
                ])
                .await
            }
            Amiss::OnlyReverse => {
                self.all(vec![
                    head(of_edge.clone()),
                    check(forward, Condition::NotExists),
                    Write::Delete {
                        key: reverse,
                        condition: Some(of_edge),
                    },
                ])
                .await
            }
            Amiss::MemberGone => {
                // An ordinary removal moves the group's version, as its readers expect.
                self.take_out(edge.group, edge.member).await?;
                self.drop_sides(edge, member(Condition::NotExists)).await
            }
            Amiss::GroupGone | Amiss::GenerationGone => {
                let gone = head(Condition::Not(Box::new(of_edge)));
                self.drop_sides(edge, gone).await
            }
        }
    }

    /// Deletes what is there of an edge, if `dead` holds.
    async fn drop_sides(&self, edge: Edge, dead: Write) -> Result<bool, StoreError> {
        let reverse = edge.reverse(&self.scope);
        let mut writes = vec![dead];
        writes.push(Write::Delete {
            key: edge.forward(&self.scope),
            condition: None,
        });
        let found = self.table().get(&reverse).await?;
        let of_edge = edge.generation();
        // It may belong to a newer generation.
        if found.as_ref().and_then(generation) == Some(of_edge.as_str()) {
            writes.push(Write::Delete {
                key: reverse,
                condition: Some(Condition::Equals(attr::GENERATION, Attr::S(of_edge))),
            });
        }
        self.all(writes).await
    }

    /// A row that names the living goes.
    async fn mend_row(&self, work: &Work) -> Result<bool, StoreError> {
        let id = match work {
            Work::Deleted(id) | Work::Generation(id, _) | Work::Change(id, _) => *id,
        };
        self.all(vec![
            Write::Check {
                key: self.scope.resource(id),
                condition: Condition::Exists,
            },
            Write::Delete {
                key: work.key(&self.scope),
                condition: Some(Condition::Exists),
            },
        ])
        .await
    }

    /// The head decides: what it waits for gets a row again, what it does not wait for goes.
    async fn mend_change(&self, group: Id, op: &str, loose: Loose) -> Result<bool, StoreError> {
        let waits = Condition::Equals(attr::PENDING, Attr::S(op.to_owned()));
        let row = self.scope.work_change(group, op);
        let key = self.scope.resource(group);
        let (condition, mut writes) = match loose {
            Loose::Head => {
                let put = Write::Put {
                    key: row,
                    attrs: [(SINCE, Attr::N(self.host().now_ms()))].into(),
                    condition: Some(Condition::NotExists),
                };
                (waits, vec![put])
            }
            Loose::Row => (Condition::Not(Box::new(waits)), vec![delete(row)]),
            Loose::Lanes => {
                let lanes = self.lane_items(group, op).await?;
                let lanes = lanes.into_iter().map(|lane| delete(lane.key));
                (Condition::Not(Box::new(waits)), lanes.collect())
            }
        };
        writes.push(Write::Check { key, condition });
        self.all(writes).await
    }
}

fn delete(key: Key) -> Write {
    Write::Delete {
        key,
        condition: None,
    }
}

/// The document is as it was read, or as gone.
fn as_read(record: Option<&Record>) -> Condition {
    match record {
        Some(record) => Condition::Equals(attr::VERSION, Attr::N(record.version)),
        None => Condition::NotExists,
    }
}
