//! What can go wrong in the store, by what the caller can say or do about it.

use super::id::Id;
use crate::table::TableError;

/// Never names an HTTP status; the API's error table does that.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("there is no such resource")]
    NotFound,
    /// The attribute must be unique and this other resource holds the value.
    #[error("{attribute} is already taken by {holder}")]
    Taken { attribute: &'static str, holder: Id },
    /// The name is made of characters that do not count.
    #[error("{0} holds no visible character")]
    Nameless(&'static str),
    /// A member to be added does not exist.
    #[error("members: no user or group has the id \"{0}\"")]
    UnknownMember(String),
    #[error("members: a group cannot be its own member")]
    SelfMember,
    /// The membership change names more members than one commit record holds.
    #[error("the change of members is too large")]
    TooManyMembers,
    #[error("a user can have at most {max} different e-mail addresses", max = super::EMAILS_MAX)]
    TooManyEmails,
    #[error("the resource is larger than {max} bytes or has more than {values} values", max = super::DOCUMENT_MAX, values = super::DOCUMENT_VALUES_MAX)]
    DocumentTooLarge,
    /// One more active user than agreed.
    #[error("all {0} seats are taken; deactivate somebody or ask the vendor for more")]
    SeatsTaken(u64),
    /// The filter would have to look at more resources than these.
    #[error("the filter would have to look at more than {0} resources")]
    TooMany(u64),
    /// The results would have to be sorted in memory.
    #[error("the results are too many to sort")]
    TooManySorted,
    /// Others kept changing the same items until the deadline; nothing was written.
    #[error("the resource is being changed by others")]
    Busy,
    /// The outcome was still unknown at the deadline.
    #[error("the table did not answer in time")]
    Unavailable(#[source] Option<TableError>),
    /// An item that the store did not write, or could not.
    #[error("broken data: {0}")]
    Broken(&'static str),
    #[error("the table failed")]
    Table(#[source] TableError),
}

impl From<TableError> for StoreError {
    /// For reads and token-less writes: what a caller may repeat, and what it may not.
    fn from(error: TableError) -> Self {
        match error {
            TableError::Busy => Self::Busy,
            unknown @ TableError::Unknown(_) => Self::Unavailable(Some(unknown)),
            other => Self::Table(other),
        }
    }
}
