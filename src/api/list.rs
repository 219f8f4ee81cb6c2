//! Lists: every resource of a type, or those a filter matches. RFC 7644 §3.4.2, §3.4.3.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;

use super::query::Parameters;
use super::render::{self, Derived, View};
use super::resource::{groups, view};
use super::{Answer, Exchange, ScimError};
use crate::schema::{ResourceType, Scope};
use crate::store::{Record, StoreError, Tenant};

/// A page of users with more rows leaves their groups out; a list shows at most this many members of a group.
const LISTED_MAX: usize = 100;
/// Rows completed side by side.
const PARALLEL: usize = 16;

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
    let question = parameters.question(tenant.scope().to_string(), kind.endpoint);
    let now_ms = exchange.request.started;
    let paging = parameters.paging(&question, now_ms)?;
    let filter = parameters.filter(Scope::Resource(kind), &mut exchange.quirks)?;
    let sort = parameters.sort(Scope::Resource(kind), &mut exchange.quirks)?;
    let page = tenant
        .search(kind, filter.as_ref(), sort.as_ref(), &paging)
        .await?;
    let (total, records) = (page.total, page.records);
    let next = page.next.map(|position| question.cursor(position, now_ms));
    let rows = rows(tenant, view, records).await?;
    Ok(render::page(total, &paging, next, rows))
}

/// The records as complete rows.
pub(super) async fn rows(
    tenant: &Tenant,
    view: &View<'_>,
    records: Vec<Record>,
) -> Result<Vec<Value>, ScimError> {
    let derive = view.shows_members() || (view.shows_groups() && records.len() <= LISTED_MAX);
    let rows = stream::iter(records).map(|record| row(tenant, view, record, derive));
    let rows: Vec<Option<Value>> = rows.buffered(PARALLEL).try_collect().await?;
    Ok(rows.into_iter().flatten().collect())
}

/// One row; `None` where the resource was deleted since it was found.
async fn row(
    tenant: &Tenant,
    view: &View<'_>,
    record: Record,
    derive: bool,
) -> Result<Option<Value>, ScimError> {
    if !derive {
        return Ok(Some(view.document(&record, Derived::None)));
    }
    if !view.shows_members() {
        let groups = groups(tenant, view, record.id).await?;
        return Ok(Some(view.document(&record, groups)));
    }
    match tenant.get_with_members(record.id, LISTED_MAX).await {
        Ok((record, members)) => Ok(Some(view.document(&record, Derived::Members(members)))),
        Err(StoreError::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
