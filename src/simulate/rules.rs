//! What a provisioning client relies on, and who says so.

use std::borrow::Cow;

use super::Client;
use super::ledger::Rule;

pub(super) const FIND_NOBODY: Rule = Rule::new(
    "sync.find-nobody",
    "A lookup without a match is answered with 200 and totalResults 0",
    "RFC 7644 §3.4.2; Entra, Test Connection",
);
pub(super) const FIND_ONE: Rule = Rule::new(
    "sync.find-one",
    "A lookup by name finds exactly the resource that has it, right after a write and also while it is disabled",
    "RFC 7644 §3.4.2.2; Entra takes every returned row for a match",
);
pub(super) const CREATE_USER: Rule = Rule::new(
    "sync.create-user",
    "A user is created: 201 and an id",
    "RFC 7644 §3.3",
);
pub(super) const CREATE_GROUP: Rule = Rule::new(
    "sync.create-group",
    "A group is created: 201 and an id",
    "RFC 7644 §3.3",
);
pub(super) const CHANGE_USER: Rule = Rule::new(
    "sync.change-user",
    "A PATCH of a user's attributes is accepted: 200 or 204",
    "RFC 7644 §3.5.2",
);
pub(super) const REPLACE_USER: Rule = Rule::new(
    "sync.replace-user",
    "A PUT of the user that was read, changed, is accepted: 200",
    "RFC 7644 §3.5.1",
);
pub(super) const DISABLE: Rule = Rule::new(
    "sync.disable",
    "A user is disabled: 200 or 204",
    "RFC 7644 §3.5.2; RFC 7643 §4.1.1",
);
pub(super) const RESTORE: Rule = Rule::new(
    "sync.restore",
    "A disabled user is enabled again: 200 or 204",
    "RFC 7644 §3.5.2; Entra docs, how provisioning works",
);
pub(super) const MANAGER: Rule = Rule::new(
    "sync.manager",
    "A manager is set or taken away: 200 or 204",
    "RFC 7644 §3.5.2; RFC 7643 §4.3",
);
pub(super) const RENAME_GROUP: Rule = Rule::new(
    "sync.rename-group",
    "A group is renamed: 200 or 204",
    "RFC 7644 §3.5.2",
);
pub(super) const ADD_MEMBERS: Rule = Rule::new(
    "sync.add-members",
    "Members are added: 200 or 204",
    "RFC 7644 §3.5.2.1",
);
pub(super) const REMOVE_MEMBERS: Rule = Rule::new(
    "sync.remove-members",
    "Members are taken away: 200 or 204",
    "RFC 7644 §3.5.2.2",
);
pub(super) const DELETE: Rule = Rule::new("sync.delete", "A user is deleted: 204", "RFC 7644 §3.6");
pub(super) const READ_USER: Rule = Rule::new(
    "state.user",
    "A user reads as it was written",
    "RFC 7644 §3.3, §3.5; Entra writes again whatever does not show",
);
pub(super) const READ_GROUP: Rule = Rule::new(
    "state.group",
    "A group has the name that was written",
    "RFC 7644 §3.3, §3.5",
);
pub(super) const READ_MEMBERS: Rule = Rule::new(
    "state.members",
    "A group has exactly the members that were added and not taken away, also when requests arrived side by side",
    "RFC 7644 §3.5.2.1-2; Entra and Okta change one group in parallel",
);
pub(super) const READ_DELETED: Rule = Rule::new(
    "state.deleted",
    "What was deleted is answered with 404",
    "RFC 7644 §3.6",
);
pub(super) const WITHOUT_TOKEN: Rule = Rule::new(
    "access.token",
    "A wrong token, or none, is answered with 401",
    "RFC 7644 §2; Okta SCIM 2.0 SPEC test",
);

impl Rule {
    /// The same rule where a request is written in the client's own way.
    pub(super) fn in_dialect(&self, client: Client) -> Self {
        Self {
            source: Cow::Owned(format!("{}; {}", self.source, client.documents())),
            ..self.clone()
        }
    }
}
