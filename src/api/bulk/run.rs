//! Running the operations of a bulk request, several side by side. RFC 7644 §3.7.

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use http::Uri;
use http::header::IF_MATCH;
use serde_json::Value;

use super::progress::Progress;
use super::read::{Entry, Task};
use crate::api::refusal::{self, Asked};
use crate::api::route::Endpoint;
use crate::api::{Answer, Call, Exchange, ScimError, log, permit, resource};
use crate::schema::Quirks;
use crate::store::{Credential, Request, Store, Tenant};

/// Operations that run side by side.
const PARALLEL: usize = 8;
/// No operation begins later than this after the request: the answer has to leave before the gateway gives up.
const BEGIN_MS: i64 = 20_000;
/// Answers leave no trace but their status, so what costs reads of its own is left out of them.
const QUERY: &str = "/?excludedAttributes=groups,members";

/// Who sent the bulk request, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller<'a> {
    pub store: &'a Store,
    pub credential: &'a Credential,
    pub exchange: &'a Exchange<'a>,
}

impl Caller<'_> {
    /// Runs operations until `fail_on_errors` of them have failed; reports on those that were begun, and on those for
    /// which there was no time.
    pub(super) async fn run(
        self,
        entries: Vec<Entry>,
        fail_on_errors: usize,
    ) -> (Vec<Value>, Quirks) {
        let mut progress = Progress::new(entries);
        let mut quirks = Quirks::default();
        let mut running = FuturesUnordered::new();
        loop {
            // What runs may fail as well, and nothing may run that one after another would not have been begun.
            while running.len() < PARALLEL
                && progress.errors + running.len() < fail_on_errors
                && self.has_time()
            {
                let Some((position, task)) = progress.begin() else {
                    break;
                };
                running.push(async move {
                    let mut met = Quirks::default();
                    let result = match task {
                        Ok(task) => self.perform(task, &mut met).await,
                        Err(error) => {
                            self.note(self.exchange.asked(), &error).await;
                            Err(error)
                        }
                    };
                    (position, result, met)
                });
            }
            let Some((position, result, met)) = running.next().await else {
                break;
            };
            quirks.extend(met);
            if let Err(error) = &result {
                log::failure(&self.exchange.request.id, error);
            }
            progress.end(position, result);
        }
        if progress.errors < fail_on_errors {
            progress.give_up();
        }
        (progress.results(), quirks)
    }

    fn has_time(self) -> bool {
        self.store.host().now_ms() < self.exchange.request.started + BEGIN_MS
    }

    /// Runs one operation as an ordinary request with a deadline of its own.
    async fn perform(self, task: Task, quirks: &mut Quirks) -> Result<Answer, ScimError> {
        let mut parts = http::Request::new(()).into_parts().0;
        parts.method = task.method;
        parts.uri = Uri::from_static(QUERY);
        parts
            .headers
            .extend(task.version.map(|version| (IF_MATCH, version)));
        let call = Call {
            parts,
            body: Some(Bytes::from(task.data.to_string())),
            origin: self.exchange.call.origin.clone(),
        };
        let request = Request {
            id: self.exchange.request.id.clone(),
            started: self.store.host().now_ms(),
        };
        let tenant = self.store.tenant(self.credential, request.clone());
        let tenant = tenant.within(&self.exchange.request);
        let mut exchange = Exchange {
            call: &call,
            route: task.route,
            group_body_max: self.exchange.group_body_max,
            request,
            quirks: Quirks::default(),
            credential: None,
            holder: None,
        };
        let result = self.answer(&tenant, &mut exchange).await;
        if let Err(error) = &result {
            self.note(exchange.asked(), error).await;
        }
        quirks.extend(exchange.quirks);
        result
    }

    /// An operation that is refused stands in the log like a request of its own.
    async fn note(self, asked: Asked<'_>, error: &ScimError) {
        refusal::note(self.store, &self.credential.holder(), asked, error).await;
    }

    async fn answer(
        self,
        tenant: &Tenant,
        exchange: &mut Exchange<'_>,
    ) -> Result<Answer, ScimError> {
        self.store.admit(self.credential).await?;
        let (types, method) = (&self.credential.types, &exchange.call.parts.method);
        exchange.route.allows(method)?;
        permit::permitted(self.credential, &exchange.route, method)?;
        match exchange.route.endpoint.clone() {
            Endpoint::Collection(base) => {
                resource::collection(tenant, types.of(base), exchange).await
            }
            Endpoint::Resource(base, id) => {
                resource::single(tenant, types.of(base), &id, exchange).await
            }
            _ => Err(ScimError::not_found(
                "there is no such endpoint for operations; their paths begin with /Users or /Groups",
            )),
        }
    }
}
