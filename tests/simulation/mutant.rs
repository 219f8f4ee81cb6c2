//! Tables that lie, each as if one rule of the design had been left out of the store.

use std::sync::Arc;

use serverless_scim::table::Table;

use crate::liar::Liar;
use crate::op::Op;
use crate::shadow::hex;

/// The rule that is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// A step does not ask where its lane stands, the last one not even whether it is there.
    Fence,
    /// An edge is written without a look at the member's document.
    Guard,
    /// Readers do not leave out the dying.
    Dying,
    /// Readers read the dying after lanes and edges.
    DyingLast,
    /// Readers of members do not look at the dying again.
    DyingOnce,
    /// Readers of members do not read the head again.
    SecondHead,
    /// Who asks for one member does not read the head again.
    OneHead,
    /// Rows of the dying can go at once.
    Grace,
    /// Rows of the dying can go while a change is open that may hold them.
    Held,
    /// Readers read edges before lanes.
    LanesFirst,
    /// Heads are put as a whole.
    Update,
    /// Heads are updated whether they exist or not.
    Exists,
    /// Sending again is another transaction.
    Token,
    /// Members become a new generation while a change is open.
    FlipAlone,
    /// The lanes of a deleted group stay.
    LanesOfTheDead,
    /// A name is looked for in the index.
    Index,
    /// A resource is changed whatever its version.
    Version,
    /// Nobody notes that there are groups in groups.
    Nesting,
    /// Readers do not leave out groups that are deleted.
    DeadGroup,
    /// That a plan was stale is noticed last.
    StaleFirst,
    /// Who asks for the groups that hold a member does not look whether it is there.
    Unlooked,
    /// A list of groups does not read the heads again.
    ListOnce,
    /// A list of groups reads the dying after lanes and edges.
    ListDyingLast,
    /// A page of a group's members does not read the head again.
    PageOnce,
    /// Who sweeps takes edges away that are of a newer generation by now.
    Newer,
    /// No change is ever made, for want of time.
    Idle,
}

pub(crate) const ALL: [Mutant; 26] = [
    Mutant::Fence,
    Mutant::Guard,
    Mutant::Dying,
    Mutant::DyingLast,
    Mutant::DyingOnce,
    Mutant::SecondHead,
    Mutant::OneHead,
    Mutant::Grace,
    Mutant::Held,
    Mutant::LanesFirst,
    Mutant::Update,
    Mutant::Exists,
    Mutant::Token,
    Mutant::FlipAlone,
    Mutant::LanesOfTheDead,
    Mutant::Index,
    Mutant::Version,
    Mutant::Nesting,
    Mutant::DeadGroup,
    Mutant::StaleFirst,
    Mutant::Unlooked,
    Mutant::ListOnce,
    Mutant::ListDyingLast,
    Mutant::PageOnce,
    Mutant::Newer,
    Mutant::Idle,
];

/// A store without one rule, or one that makes the same calls and lies about nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lie {
    pub mutant: Mutant,
    pub honest: bool,
}

impl Mutant {
    /// Whether the lie is about requests of this kind.
    fn concerns(self, op: &Op) -> bool {
        match self {
            Self::Dying
            | Self::DyingLast
            | Self::DyingOnce
            | Self::SecondHead
            | Self::LanesFirst
            | Self::DeadGroup => {
                matches!(op, Op::Read(_))
            }
            Self::Index => matches!(op, Op::Find(_)),
            Self::OneHead => matches!(op, Op::IsMember(..)),
            Self::Held => matches!(op, Op::Pass | Op::Tick),
            Self::LanesOfTheDead => matches!(op, Op::Delete { .. } | Op::Pass | Op::Tick),
            Self::Unlooked => matches!(op, Op::With(_)),
            Self::ListOnce | Self::ListDyingLast => matches!(op, Op::List),
            Self::PageOnce => matches!(op, Op::Roster(..)),
            Self::Newer => matches!(op, Op::Delete { .. }),
            _ => true,
        }
    }

    /// Whether it takes calls that the store does not make.
    pub(crate) fn asks_more(self) -> bool {
        matches!(
            self,
            Self::LanesFirst
                | Self::DyingLast
                | Self::ListDyingLast
                | Self::LanesOfTheDead
                | Self::Index
        )
    }
}

impl Lie {
    /// The table as one request of such a store would use it.
    pub(crate) fn over(self, table: Arc<dyn Table>, op: &Op) -> Arc<dyn Table> {
        if !self.mutant.concerns(op) {
            return table;
        }
        let about = match op {
            Op::With(id) => Some(hex(*id)),
            _ => None,
        };
        Arc::new(Liar::new(table, self, about))
    }
}
