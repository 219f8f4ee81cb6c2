//! Tables that lie, each as if one rule of the design had been left out of the store.

use std::sync::Arc;

use serverless_scim::table::Table;

use crate::liar::Liar;
use crate::op::Op;

/// The rule that is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// A step does not ask where its lane stands.
    Fence,
    /// An edge is written without a look at the member's document.
    Guard,
    /// Readers do not leave out the dying.
    Dying,
    /// Readers read the dying after the edges.
    DyingFirst,
    /// Readers of members do not read the head again.
    SecondHead,
    /// Who asks for one member does not read the head again.
    OneHead,
    /// Rows of the dying can go at once.
    Grace,
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
}

pub(crate) const ALL: [Mutant; 18] = [
    Mutant::Fence,
    Mutant::Guard,
    Mutant::Dying,
    Mutant::DyingFirst,
    Mutant::SecondHead,
    Mutant::OneHead,
    Mutant::Grace,
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
];

impl Mutant {
    /// The table as one request of such a store would use it.
    pub(crate) fn over(self, table: Arc<dyn Table>, op: &Op) -> Arc<dyn Table> {
        let reads = match self {
            Self::Dying | Self::DyingFirst | Self::SecondHead | Self::LanesFirst => {
                matches!(op, Op::Read(_))
            }
            Self::DeadGroup => matches!(op, Op::Read(_)),
            Self::Index => matches!(op, Op::Find(_)),
            Self::OneHead => matches!(op, Op::IsMember(..)),
            Self::LanesOfTheDead => matches!(op, Op::Delete { .. } | Op::Pass | Op::Tick),
            _ => true,
        };
        if !reads {
            return table;
        }
        let group = match op {
            Op::Read(id) => Some(crate::shadow::hex(*id)),
            _ => None,
        };
        Arc::new(Liar::new(table, self, group))
    }
}
