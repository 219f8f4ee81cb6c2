//! Lists: every resource of a type, or those a filter matches. RFC 7644 §3.4.2, §3.4.3.

use std::collections::HashMap;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;

use super::cursor::Question;
use super::query::Parameters;
use super::render::{self, Derived, View};
use super::resource::{groups, view};
use super::{Answer, Exchange, ScimError};
use crate::schema::{ResourceType, Scope};
use crate::store::{Id, Paging, Position, Record, Start, Tenant, position};

/// A page of users with more rows leaves their groups out; a list shows at most this many members of a group.
const LISTED_MAX: usize = 100;
/// Rows completed side by side.
const PARALLEL: usize = 16;
/// Bytes of the rows of a page as Lambda carries them; an answer may have 6 MB there, and what is around the rows is small.
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// The rows of a page, which ends where it would outgrow an answer, but never before its first row.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub shown: Vec<Value>,
    last: Option<Id>,
    bytes: usize,
    pub is_cut: bool,
}

/// `POST /Users/.search`: a list whose parameters stand in the body.
pub(super) async fn search(
    tenant: &Tenant,
    kind: &ResourceType,
    exchange: &mut Exchange<'_>,
) -> Result<Answer, ScimError> {
    let parameters = Parameters::of_body(&exchange.json()?)?;
    list(tenant, kind, &parameters, exchange).await
}

/// One page, its total exact and its rows complete.
pub(super) async fn list(
    tenant: &Tenant,
    kind: &ResourceType,
    parameters: &Parameters,
    exchange: &mut Exchange<'_>,
) -> Result<Answer, ScimError> {
    let view = &view(kind, parameters, exchange)?;
    let filter = parameters.filter(Scope::Resource(kind), &mut exchange.quirks)?;
    let sort = parameters.sort(Scope::Resource(kind), &mut exchange.quirks)?;
    let (filter, sort) = (filter.as_ref(), sort.as_ref());
    let question = Question::new(tenant.scope().to_string(), kind.endpoint, filter, sort);
    let now_ms = exchange.request.started;
    let paging = parameters.paging(&question, now_ms)?;
    if let (Start::After(from), 0) = (&paging.start, paging.count) {
        // Only the total is wanted, which is there for whoever asks by index; the walk goes on from where it stands.
        let counted = Paging {
            start: Start::Index(1),
            count: 0,
        };
        let total = tenant.search(kind, filter, None, &counted).await?.total;
        let next = question.cursor(from.clone(), now_ms);
        return Ok(render::page(total, &paging, Some(next), vec![]));
    }
    let page = tenant.search(kind, filter, sort, &paging).await?;
    // A row that changes before it is complete keeps the place where it was found: the cursor leads on from there.
    let place = |record: &Record| (record.id, position(kind, sort, record));
    let places: HashMap<Id, Position> = match paging.start {
        Start::After(_) => page.records.iter().map(place).collect(),
        Start::Index(_) => HashMap::new(),
    };
    let mut rows = Rows::default();
    rows.extend(complete(tenant, view, page.records).await?);
    let next = match rows.last {
        Some(last) if rows.is_cut => places.get(&last).cloned(),
        _ => page.next,
    };
    let next = next.map(|position| question.cursor(Some(position), now_ms));
    Ok(render::page(page.total, &paging, next, rows.shown))
}

impl Rows {
    pub(super) fn extend(&mut self, rows: Vec<(Record, Value)>) {
        for (record, row) in rows {
            self.bytes += carried(&row);
            self.is_cut |= self.bytes > BYTES_MAX && !self.shown.is_empty();
            if self.is_cut {
                return;
            }
            self.shown.push(row);
            self.last = Some(record.id);
        }
    }
}

/// The bytes of a row in Lambda's answer, which carries the body as text within JSON and so escapes it once more.
fn carried(row: &Value) -> usize {
    let text = row.to_string();
    let escaped = text.bytes().filter(|byte| matches!(byte, b'"' | b'\\'));
    text.len() + escaped.count()
}

/// The records with their complete rows; what was deleted since it was found is left out.
pub(super) async fn complete(
    tenant: &Tenant,
    view: &View<'_>,
    records: Vec<Record>,
) -> Result<Vec<(Record, Value)>, ScimError> {
    let row = |record: Record, derived| {
        let row = view.document(&record, derived);
        (record, row)
    };
    if view.shows_members() {
        let groups = tenant.with_members(records, LISTED_MAX).await?;
        let row = |(group, members)| row(group, Derived::Members(members));
        return Ok(groups.into_iter().map(row).collect());
    }
    if !view.shows_groups() || records.len() > LISTED_MAX {
        let row = |record| row(record, Derived::None);
        return Ok(records.into_iter().map(row).collect());
    }
    let row = |record: Record| async move {
        let groups = groups(tenant, view, record.id).await?;
        Ok::<_, ScimError>(row(record, groups))
    };
    stream::iter(records)
        .map(row)
        .buffered(PARALLEL)
        .try_collect()
        .await
}
