//! Requests that were refused, for whoever sets up the client: one plain item each, beside the outbox.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::identity::Holder;
use super::outbox::{self, attr};
use super::{Id, Store, StoreError};
use crate::schema::Quirks;
use crate::table::{Attr, Attrs, Write};

/// How long a refusal is kept.
const KEPT_DAYS: i64 = 30;
const DAY_SECONDS: i64 = 86_400;
/// Refusals of one connection that one instance notes within a second. A client gone wild stands in the log lines
/// alone, or it would be a bill.
pub const REFUSALS_PER_SECOND: u32 = 10;
/// Connections counted by one instance.
const COUNTED_MAX: usize = 10_000;

pub(super) const METHOD: &str = "m";
pub(super) const ROUTE: &str = "rt";
pub(super) const ERROR: &str = "er";

/// What is told of a request that was refused: names and numbers of ours, nothing that the client sent.
#[derive(Debug)]
pub struct Refusal<'a> {
    pub method: &'a str,
    /// With its variable parts left open.
    pub route: &'a str,
    pub status: u16,
    /// A code of ours for what was wrong.
    pub error: &'a str,
    /// The id in the route, if it is one.
    pub resource: Option<Id>,
    pub request: &'a str,
    pub quirks: &'a Quirks,
}

/// How many refusals each connection had noted in which second.
#[derive(Debug, Default)]
pub(super) struct Noise(Mutex<HashMap<String, (i64, u32)>>);

impl Noise {
    /// Whether one more is noted.
    fn admits(&self, connection: &str, second: i64) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= COUNTED_MAX {
            counts.retain(|_, (counted, _)| *counted == second);
        }
        if counts.len() >= COUNTED_MAX {
            return false;
        }
        let (counted, count) = counts.entry(connection.to_owned()).or_default();
        if *counted != second {
            (*counted, *count) = (second, 0);
        }
        *count += 1;
        *count <= REFUSALS_PER_SECOND
    }
}

impl Store {
    /// Notes a refusal in the log of the tenant that was refused; `false` where there were too many of late.
    pub async fn note_refusal(
        &self,
        holder: &Holder,
        refusal: &Refusal<'_>,
    ) -> Result<bool, StoreError> {
        let second = self.host().now_ms() / 1_000;
        if !self.shared.noise.admits(&holder.connection, second) {
            return Ok(false);
        }
        let text = |text: &str| Attr::S(text.to_owned());
        let mut attrs = Attrs::from([
            (METHOD, text(refusal.method)),
            (ROUTE, text(refusal.route)),
            (attr::STATUS, Attr::N(refusal.status.into())),
            (ERROR, text(refusal.error)),
            (attr::ACTOR, text(&holder.actor)),
            (attr::CONNECTION, text(&holder.connection)),
            (attr::REQUEST, text(refusal.request)),
            (attr::EXPIRES, Attr::N(second + KEPT_DAYS * DAY_SECONDS)),
        ]);
        attrs.extend(outbox::quirks(refusal.quirks));
        attrs.extend(
            refusal
                .resource
                .map(|id| (attr::RESOURCE, Attr::S(id.key()))),
        );
        let put = Write::put(holder.scope.refusal(&outbox::draw_ulid(self.host())), attrs);
        self.fenced(&holder.scope).write(&put).await?;
        Ok(true)
    }
}
