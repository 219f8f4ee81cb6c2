//! Plans and their commit: one transaction, retried until its outcome is known.

use std::collections::BTreeSet;

use super::aliases::{self, Indexed};
use super::host::random_u64;
use super::id::Id;
use super::{Host, Policies, StoreError, Tenant, UnknownMembers};
use crate::table::{
    Attr, Condition, Item, Key, Reason, Table, TableError, Transaction, Update, Write,
};

/// How much fits one transaction, and how finely a big change is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Writes of one transaction.
    pub writes: usize,
    /// Parts of a big change that are applied side by side.
    pub lanes: usize,
    /// Present members that are compared with a new list; beyond, the list replaces them as a whole.
    pub compared: usize,
}

impl Default for Sizes {
    /// What DynamoDB allows. The lanes leave room for the other writes of the commit record.
    fn default() -> Self {
        Self {
            writes: 100,
            lanes: 90,
            compared: 100_000,
        }
    }
}
/// A request's writes are given up this long after it began.
pub(super) const DEADLINE_MS: i64 = 3_000;
/// Full jitter between tries.
const JITTER_MS: std::ops::Range<u64> = 10..160;

/// Which part of a change a write is, so that its failed condition has a meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    /// The resource itself.
    Own,
    /// A value that must be unique, or a claim to its single slot.
    Alias(&'static Indexed),
    /// The document of a member that is being added.
    Member(Id),
    /// The edge to a member that is being added or removed.
    Edge(Id),
    /// A lane that must be gone before its change is closed.
    Lane,
    /// The directory bucket a new resource is counted in.
    Directory,
    /// What the tenant's config item notes for good: a group in a group, twins.
    Note,
    Other,
}

/// The writes of one change, each with its role.
#[derive(Debug)]
pub(super) struct Plan {
    roles: Vec<Role>,
    transaction: Transaction,
}

/// Which conditions did not hold; the transaction did not happen.
#[derive(Debug, Default)]
pub(super) struct Failed {
    /// The resource changed or went: re-read and plan again. It goes before all else: a stale plan's other failures mean nothing.
    pub own: bool,
    /// Values that another resource holds.
    pub aliases: Vec<(&'static Indexed, Option<Item>)>,
    /// Members to be added that do not exist.
    pub members: Vec<Id>,
    /// Edges that are there already, or gone already.
    pub edges: BTreeSet<Id>,
    /// Whether the resource was not looked at for want of peace: the plan may be stale.
    pub unsure: bool,
    /// Edges that were not looked at.
    pub unseen: BTreeSet<Id>,
    /// The bucket is full.
    pub directory: bool,
}

impl Failed {
    fn not_seen(&mut self, role: &Role) {
        match role {
            Role::Own => self.unsure = true,
            Role::Edge(id) => drop(self.unseen.insert(*id)),
            _ => {}
        }
    }

    /// What the failures mean to the client, for a plan that was not stale. A single slot that another holds is
    /// noted in `twins` where the attribute may have several holders.
    pub(super) fn refusal(
        &self,
        twins: &mut BTreeSet<String>,
        policies: &Policies,
    ) -> Result<(), StoreError> {
        for (indexed, item) in &self.aliases {
            if indexed.has_twins(policies) {
                twins.insert(indexed.name.to_owned());
            } else if let Some(holder) = item.as_ref().and_then(aliases::holder) {
                return Err(StoreError::Taken {
                    attribute: indexed.name,
                    holder,
                });
            }
        }
        match self.members.first() {
            Some(member) if policies.unknown_members == UnknownMembers::Refuse => {
                Err(StoreError::UnknownMember(member.to_string()))
            }
            _ => Ok(()),
        }
    }
}

/// How a commit ended, when the table could tell.
#[derive(Debug)]
pub(super) enum Outcome {
    Done,
    Failed(Failed),
}

impl Plan {
    /// `token` names the change; it is the id of its outbox item.
    pub(super) fn new(token: String) -> Self {
        Self {
            roles: vec![],
            transaction: Transaction {
                token,
                writes: vec![],
            },
        }
    }

    pub(super) fn push(&mut self, role: Role, write: Write) {
        self.roles.push(role);
        self.transaction.writes.push(write);
    }

    /// Notes something for good in the tenant's item `config`: all notes of a plan are one write.
    pub(super) fn note(&mut self, config: Key, flag: &'static str) {
        let noted = self.roles.iter().position(|role| *role == Role::Note);
        let noted = noted.and_then(|at| self.transaction.writes.get_mut(at));
        if let Some(Write::Update { update, .. }) = noted {
            update.set.insert(flag, Attr::N(1));
            return;
        }
        let update = Update::set([(flag, Attr::N(1))]);
        self.push(
            Role::Note,
            Write::update(config, update).when(Condition::Exists),
        );
    }

    /// The writes so far.
    pub(super) fn len(&self) -> usize {
        self.roles.len()
    }

    fn failed(&self, reasons: Vec<Reason>) -> Failed {
        let mut failed = Failed::default();
        for (role, reason) in self.roles.iter().zip(reasons) {
            let item = match reason {
                Reason::Condition(item) => item,
                Reason::Invalid => None,
                Reason::None => continue,
                Reason::Conflict | Reason::Throttled => {
                    failed.not_seen(role);
                    continue;
                }
            };
            match role {
                Role::Own | Role::Note | Role::Other => failed.own = true,
                Role::Alias(indexed) => failed.aliases.push((indexed, item)),
                Role::Member(id) => failed.members.push(*id),
                Role::Edge(id) => {
                    failed.edges.insert(*id);
                }
                Role::Directory => failed.directory = true,
                // The only one that fails beside the resource itself: what is not closed is looked at again.
                Role::Lane => {}
            }
        }
        failed
    }
}

impl Tenant {
    /// Sends the plan until its outcome is known or the request's deadline has passed.
    pub(super) async fn commit(&self, plan: &Plan) -> Result<Outcome, StoreError> {
        let transaction = &plan.transaction;
        let settled = settle(self.table(), self.host(), transaction, self.deadline);
        if let Some(reasons) = settled.await? {
            return Ok(Outcome::Failed(plan.failed(reasons)));
        }
        if plan.roles.contains(&Role::Note) {
            // What this instance remembers of the tenant's tokens does not know of it. Others remember that up to
            // 30 s longer.
            self.store.shared.credentials.forget(&self.scope);
        }
        Ok(Outcome::Done)
    }

    /// Whether the request has used up its time for writing.
    pub(super) fn past_deadline(&self) -> bool {
        self.host().now_ms() >= self.deadline
    }

    /// The same request with more time.
    pub(super) fn until(&self, deadline: i64) -> Self {
        Self {
            deadline,
            ..self.clone()
        }
    }

    pub(super) async fn pause(&self) {
        pause(self.host()).await;
    }
}

/// Sends the transaction until its outcome is known or the deadline has passed; gives the reasons where a condition
/// did not hold.
///
/// An unknown outcome is settled by sending the identical transaction: its token makes a second effect impossible,
/// where a read could miss a first request that commits later.
pub(super) async fn settle(
    table: &dyn Table,
    host: &dyn Host,
    transaction: &Transaction,
    deadline: i64,
) -> Result<Option<Vec<Reason>>, StoreError> {
    let mut unknown = false;
    loop {
        match table.transact(transaction).await {
            Ok(()) => return Ok(None),
            Err(TableError::Cancelled(reasons)) if decided(&reasons) => return Ok(Some(reasons)),
            Err(TableError::Cancelled(_) | TableError::Busy) => {}
            Err(TableError::Unknown(_)) => unknown = true,
            Err(error) => return Err(StoreError::Table(error)),
        }
        if host.now_ms() < deadline {
            pause(host).await;
        }
        // Asked again after the pause: a process that is held up in it may go on minutes later, and what keeps a big
        // change from naming the dead is that it is not sent then.
        if host.now_ms() >= deadline {
            return Err(if unknown {
                StoreError::Unavailable(None)
            } else {
                StoreError::Busy
            });
        }
    }
}

/// Waits a random moment, so that writers that met do not meet again.
pub(super) async fn pause(host: &dyn Host) {
    let span = JITTER_MS.end - JITTER_MS.start;
    host.sleep_ms(JITTER_MS.start + random_u64(host) % span)
        .await;
}

/// Whether a condition failed, rather than only the moment being bad.
fn decided(reasons: &[Reason]) -> bool {
    reasons
        .iter()
        .any(|reason| matches!(reason, Reason::Condition(_) | Reason::Invalid))
}
