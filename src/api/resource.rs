//! Users and groups: create, read, list, search, replace, modify, delete. RFC 7644 §3.3 to §3.6.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::{Method, StatusCode};
use serde_json::Value;

use super::query::Parameters;
use super::render::{self, Derived, View};
use super::{Answer, Exchange, ScimError, etag};
use crate::patch::{self, MemberChange};
use crate::schema::{self, Document, GROUP, Quirks, ResourceType};
use crate::store::{Change, Id, Membership, Page, Paging, Record, StoreError, Tenant};

/// A page of users with more rows leaves their groups out; a list shows this many members of a group.
const LISTED_MAX: usize = 100;
/// Rows completed side by side.
const PARALLEL: usize = 16;

/// `/Users`, `/Groups`.
pub(super) async fn collection(
    tenant: &Tenant,
    kind: &ResourceType,
    exchange: &mut Exchange<'_>,
) -> Result<Answer, ScimError> {
    let parameters = Parameters::of_query(exchange);
    if exchange.call.parts.method == Method::POST {
        return create(tenant, kind, &parameters, exchange).await;
    }
    list(tenant, kind, &parameters, exchange).await
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

/// `/Users/{id}`, `/Groups/{id}`.
pub(super) async fn single(
    tenant: &Tenant,
    kind: &ResourceType,
    id: &str,
    exchange: &mut Exchange<'_>,
) -> Result<Answer, ScimError> {
    // What is no id of this type names nothing.
    let id = Id::parse(id)
        .filter(|id| id.resource_type() == kind.number)
        .ok_or(StoreError::NotFound);
    let parameters = Parameters::of_query(exchange);
    let view = view(kind, &parameters, exchange)?;
    match exchange.call.parts.method {
        Method::GET => read(tenant, &view, id?, exchange).await,
        Method::PUT => replace(tenant, &view, id, exchange).await,
        Method::PATCH => {
            modify(
                tenant,
                &view,
                id,
                parameters.asks_for_attributes(),
                exchange,
            )
            .await
        }
        _ => {
            tenant
                .delete(id?, |record| {
                    etag::check(&exchange.call.parts.headers, record)
                })
                .await?;
            Ok(Answer::new(StatusCode::NO_CONTENT, None))
        }
    }
}

fn view<'a>(
    kind: &'a ResourceType,
    parameters: &Parameters,
    exchange: &Exchange<'_>,
) -> Result<View<'a>, ScimError> {
    Ok(View {
        resource_type: kind,
        base: exchange.base(),
        projection: parameters.projection(kind)?,
    })
}

async fn create(
    tenant: &Tenant,
    kind: &ResourceType,
    parameters: &Parameters,
    exchange: &mut Exchange<'_>,
) -> Result<Answer, ScimError> {
    let view = view(kind, parameters, exchange)?;
    let mut document = document(kind, exchange)?;
    let members = members_in(&mut document).unwrap_or_default();
    if kind.number != GROUP.number {
        document.entry("active").or_insert(Value::Bool(true));
    }
    let record = tenant
        .create(kind, document, &members.verbs.into_keys().collect())
        .await?;
    let derived = match kind.number {
        number if number == GROUP.number => derived(tenant, &view, &record).await?.1,
        _ => Derived::None,
    };
    Ok(view.answer(StatusCode::CREATED, &record, derived))
}

async fn read(
    tenant: &Tenant,
    view: &View<'_>,
    id: Id,
    exchange: &Exchange<'_>,
) -> Result<Answer, ScimError> {
    let record = tenant.get(id).await?;
    if etag::is_known(&exchange.call.parts.headers, &record) {
        return Ok(render::not_modified(&record));
    }
    let (record, derived) = derived(tenant, view, &record).await?;
    Ok(view.answer(StatusCode::OK, &record, derived))
}

/// PUT: the body is the resource from now on, but for what it may leave out (`active`, a group's members).
async fn replace(
    tenant: &Tenant,
    view: &View<'_>,
    id: Result<Id, StoreError>,
    exchange: &mut Exchange<'_>,
) -> Result<Answer, ScimError> {
    let kind = view.resource_type;
    let mut body = document(kind, exchange)?;
    let members = members_in(&mut body).unwrap_or_default();
    let headers = &exchange.call.parts.headers;
    let record = tenant
        .modify(id?, |old| {
            etag::check(headers, old)?;
            let mut document = body.clone();
            if let (Some(active), false) =
                (old.document.get("active"), document.contains_key("active"))
            {
                document.insert("active".to_owned(), active.clone());
            }
            Ok::<_, ScimError>(Change {
                document,
                members: members.clone(),
            })
        })
        .await?;
    let (record, derived) = derived(tenant, view, &record).await?;
    Ok(view.answer(StatusCode::OK, &record, derived))
}

/// PATCH: a user is answered with its representation, a group with 204 unless `attributes` asks for a body.
async fn modify(
    tenant: &Tenant,
    view: &View<'_>,
    id: Result<Id, StoreError>,
    attributes: bool,
    exchange: &mut Exchange<'_>,
) -> Result<Answer, ScimError> {
    let kind = view.resource_type;
    let body = exchange.json()?;
    let operations = patch::parse(kind, &body, &mut exchange.quirks)?;
    let headers = &exchange.call.parts.headers;
    let quirks = std::sync::Mutex::new(Quirks::default());
    let record = tenant
        .modify(id?, |old| {
            etag::check(headers, old)?;
            let mut met = Quirks::default();
            let mut document = old.document.clone();
            document.insert("id".to_owned(), old.id.to_string().into());
            let mut patched = patch::apply(kind, &document, &operations, &mut met)?;
            patched.document.shift_remove("id");
            *quirks
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner) = met;
            Ok::<_, ScimError>(Change {
                document: patched.document,
                members: patched.members,
            })
        })
        .await?;
    exchange
        .quirks
        .extend(quirks.into_inner().unwrap_or_default());
    if kind.number == GROUP.number && !attributes {
        return Ok(Answer::new(StatusCode::NO_CONTENT, None));
    }
    let (record, derived) = derived(tenant, view, &record).await?;
    Ok(view.answer(StatusCode::OK, &record, derived))
}

async fn list(
    tenant: &Tenant,
    kind: &ResourceType,
    parameters: &Parameters,
    exchange: &mut Exchange<'_>,
) -> Result<Answer, ScimError> {
    let view = view(kind, parameters, exchange)?;
    let paging: Paging = parameters.paging()?;
    let Page { total, records } = match parameters.filter(kind, &mut exchange.quirks)? {
        Some(filter) => tenant.search(kind, &filter, paging).await?,
        None => tenant.list(kind, paging).await?,
    };
    let many = records.len() > LISTED_MAX;
    let row = |record: Record| {
        let view = &view;
        async move {
            if many && kind.number != GROUP.number {
                return Ok(Some(view.document(&record, Derived::None)));
            }
            match derived(tenant, view, &record).await {
                Ok((record, derived)) => Ok(Some(view.document(&record, shortened(derived)))),
                // Deleted since it was found.
                Err(ScimError {
                    status: StatusCode::NOT_FOUND,
                    ..
                }) => Ok(None),
                Err(error) => Err(error),
            }
        }
    };
    let rows: Vec<Option<Value>> = stream::iter(records)
        .map(row)
        .buffered(PARALLEL)
        .try_collect()
        .await?;
    Ok(render::list(
        total,
        paging.start_index,
        rows.into_iter().flatten().collect(),
    ))
}

/// The record with what its representation shows beside the document, read only if it is shown.
async fn derived(
    tenant: &Tenant,
    view: &View<'_>,
    record: &Record,
) -> Result<(Record, Derived), ScimError> {
    if view.resource_type.number == GROUP.number {
        if !view.projection.wants("members") {
            return Ok((record.clone(), Derived::None));
        }
        let (record, members) = tenant.get_with_members(record.id).await?;
        return Ok((record, Derived::Members(members)));
    }
    if !view.projection.wants("groups") {
        return Ok((record.clone(), Derived::None));
    }
    Ok((
        record.clone(),
        Derived::Groups(tenant.groups_of(record.id).await?),
    ))
}

/// In a list a large group shows no members.
fn shortened(derived: Derived) -> Derived {
    match derived {
        Derived::Members(Membership::Shown(ids)) if ids.len() > LISTED_MAX => {
            Derived::Members(Membership::TooMany)
        }
        other => other,
    }
}

/// The body as a document in canonical names and types.
fn document(kind: &ResourceType, exchange: &mut Exchange<'_>) -> Result<Document, ScimError> {
    let body = exchange.json()?;
    let body = body.as_object().ok_or_else(ScimError::not_an_object)?;
    Ok(schema::normalize(kind, body, &mut exchange.quirks)?)
}

/// Takes a group's members out of its document: they are edges, not attributes. `None` where the body does not name them.
fn members_in(document: &mut Document) -> Option<MemberChange> {
    let list = document.shift_remove("members")?;
    let mut change = MemberChange::default();
    change.clear();
    let ids = list
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|member| member.get("value")?.as_str());
    ids.for_each(|id| change.add(id));
    Some(change)
}
