//! Lists: every resource of a type, or those a filter matches. RFC 7644 §3.4.2, §3.4.3.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;

use super::query::Parameters;
use super::render::{self, Derived, View};
use super::resource::{groups, view};
use super::{Answer, Exchange, ScimError};
use crate::schema::{ResourceType, Scope};
use crate::store::{Record, Tenant};

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

/// The records as complete rows; what was deleted since it was found is left out.
pub(super) async fn rows(
    tenant: &Tenant,
    view: &View<'_>,
    records: Vec<Record>,
) -> Result<Vec<Value>, ScimError> {
    if view.shows_members() {
        let groups = tenant.with_members(records, LISTED_MAX).await?;
        let row = |(group, members)| view.document(&group, Derived::Members(members));
        return Ok(groups.into_iter().map(row).collect());
    }
    if !view.shows_groups() || records.len() > LISTED_MAX {
        let row = |record: Record| view.document(&record, Derived::None);
        return Ok(records.into_iter().map(row).collect());
    }
    let row = |record: Record| async move {
        let groups = groups(tenant, view, record.id).await?;
        Ok::<_, ScimError>(view.document(&record, groups))
    };
    stream::iter(records)
        .map(row)
        .buffered(PARALLEL)
        .try_collect()
        .await
}
