//! A SCIM 2.0 service provider (RFC 7643, 7644) on one DynamoDB table.
//!
//! Modules stand in dependency order: each uses only those above it, and a test holds them to that.
//!
//! | module   | does                                                                                      |
//! |----------|-------------------------------------------------------------------------------------------|
//! | `schema` | schema documents, attribute paths, the shape of values, what a response shows, quirks      |
//! | `filter` | filter text to tree, tree against a document                                              |
//! | `patch`  | PATCH body to operations, operations to a changed document and a change of members        |
//! | `table`  | the slice of DynamoDB we stand on; on a laptop the same over an engine in the process     |
//! | `store`  | keys, aliases, edges, the counted directory, outbox: every change is one transaction      |
//! | `jose`   | signed assertions: key sets of issuers, and what a token must say                         |
//! | `api`    | requests in, responses out: routes, tokens, representations, the one table of errors      |
//! | `oauth`  | the token endpoint                                                                        |
//! | `admin`  | the vendor's side: tenants, connections, credentials, policies, the provisioning log      |
//! | `home`   | Lambda and laptop: environment, clock, HTTP front                                         |
//! | `simulate` | a client that proves any SCIM server over HTTP; knows nothing of the modules above      |
//!
//! How a PATCH travels: `home` makes a `Call`; `api` finds route and tenant and lets `patch::parse` read the body;
//! `store` reads the resource strongly, `patch::apply` makes the changed document, `store` plans the items that
//! differ and commits them in one transaction, and begins anew if somebody was faster; `api` renders what is now.
//!
//! What is nowhere else: only `store/keys.rs` spells a key, only the `error.rs` of `api`, `oauth` and `admin` knows which
//! status an error becomes, only `table` names the DynamoDB SDK, only `home` and the binaries read clock or environment
//! (but `simulate` measures). No write is built from a truncated read, no value or secret is logged, and no request can
//! reach a panic.

#[cfg(test)]
#[path = "../tests/support/drawn.rs"]
mod drawn;

pub mod schema;

pub mod filter;

pub mod patch;

pub mod table;

pub mod store;

pub mod jose;

pub mod api;

pub mod oauth;

pub mod admin;

pub mod home;

#[cfg(feature = "local")]
pub mod simulate;
