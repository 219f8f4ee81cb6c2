//! Users and groups: create, read, replace, modify, delete. RFC 7644 §3.3 to §3.6.

use std::collections::BTreeSet;

use http::header::ETAG;
use http::{Method, StatusCode};
use serde_json::Value;

use super::list::list;
use super::query::Parameters;
use super::render::{self, Derived, View};
use super::{Answer, Exchange, ScimError, etag, log, permit};
use crate::patch::{self, MemberChange, Operation};
use crate::schema::{self, Document, ResourceType};
use crate::store::{
    Change, Holds, Id, MEMBERS_SHOWN_MAX, Membership, Record, StoreError, Tenant, UnknownMembers,
};

/// `/Users`, `/Groups`.
pub(super) async fn collection(
    tenant: &Tenant,
    kind: &ResourceType,
    exchange: &mut Exchange<'_>,
) -> Result<Answer, ScimError> {
    let parameters = Parameters::of_query(exchange)?;
    if exchange.call.parts.method == Method::POST {
        return create(tenant, kind, &parameters, exchange).await;
    }
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
        .ok_or(StoreError::NotFound)?;
    let parameters = Parameters::of_query(exchange)?;
    let view = view(kind, &parameters, exchange)?;
    match exchange.call.parts.method {
        Method::GET => read(tenant, &view, id, exchange).await,
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
            tenant.note(&exchange.quirks, StatusCode::NO_CONTENT.as_u16());
            tenant
                .delete(id, |record| {
                    etag::check(&exchange.call.parts.headers, record).map(drop)
                })
                .await?;
            Ok(Answer::new(StatusCode::NO_CONTENT, None))
        }
    }
}

pub(super) fn view<'a>(
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
    if !kind.is_group() {
        document.entry("active").or_insert(Value::Bool(true));
    }
    permit::required(tenant.policies(), kind, None, &document)?;
    let members: BTreeSet<String> = members.verbs.into_keys().collect();
    tenant.note(&exchange.quirks, StatusCode::CREATED.as_u16());
    let record = tenant.create(kind, document, &members).await?;
    let skips = tenant.policies().unknown_members == UnknownMembers::Skip && !members.is_empty();
    if skips && view.shows_members() {
        let (record, derived) = load_changed(tenant, &view, record).await;
        return Ok(view.answer(StatusCode::CREATED, &record, derived));
    }
    let derived = if !view.shows_members() {
        Derived::None
    } else if members.len() > MEMBERS_SHOWN_MAX {
        Derived::Members(Membership::TooMany)
    } else {
        let ids = members.iter().filter_map(|id| Id::parse(id));
        Derived::Members(Membership::Shown(ids.collect()))
    };
    Ok(view.answer(StatusCode::CREATED, &record, derived))
}

async fn read(
    tenant: &Tenant,
    view: &View<'_>,
    id: Id,
    exchange: &Exchange<'_>,
) -> Result<Answer, ScimError> {
    let (record, derived) = load(tenant, view, id).await?;
    if etag::is_known(&exchange.call.parts.headers, &record) {
        return Ok(render::not_modified(&record));
    }
    Ok(view.answer(StatusCode::OK, &record, derived))
}

/// PUT: the body is the resource from now on, but for what it may leave out (`active`, a group's members).
async fn replace(
    tenant: &Tenant,
    view: &View<'_>,
    id: Id,
    exchange: &mut Exchange<'_>,
) -> Result<Answer, ScimError> {
    let kind = view.resource_type;
    let mut body = document(kind, exchange)?;
    let members = members_in(&mut body).unwrap_or_default();
    tenant.note(&exchange.quirks, StatusCode::OK.as_u16());
    let headers = &exchange.call.parts.headers;
    let replaced = tenant.modify(id, |old| {
        etag::check(headers, old)?;
        let mut document = body.clone();
        if let (Some(active), false) = (old.document.get("active"), document.contains_key("active"))
        {
            document.insert("active".to_owned(), active.clone());
        }
        schema::keep(kind, &old.document, &mut document);
        schema::unchanged(kind, &old.document, &document)?;
        permit::required(tenant.policies(), kind, Some(&old.document), &document)?;
        Ok::<_, ScimError>(Change {
            document,
            members: members.clone(),
            holds: Holds::Version,
        })
    });
    changed(tenant, view, id, replaced).await
}

/// PATCH: a user is answered with its representation, a group with 204 unless `attributes` asks for a body.
async fn modify(
    tenant: &Tenant,
    view: &View<'_>,
    id: Id,
    attributes: bool,
    exchange: &mut Exchange<'_>,
) -> Result<Answer, ScimError> {
    let kind = view.resource_type;
    let body = exchange.json()?;
    let operations = patch::parse(kind, &body, &mut exchange.quirks)?;
    let (headers, quirks) = (&exchange.call.parts.headers, &mut exchange.quirks);
    let attributes_too = operations.iter().any(Operation::is_beyond_members);
    let bodiless = kind.is_group() && !attributes;
    let status = if bodiless {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::OK
    };
    let modified = tenant.modify(id, |old| {
        let exact = etag::check(headers, old)?;
        let mut document = old.document.clone();
        document.insert("id".to_owned(), old.id.to_string().into());
        let mut patched = patch::apply(kind, &document, &operations, quirks)?;
        tenant.note(quirks, status.as_u16());
        patched.document.shift_remove("id");
        permit::required(
            tenant.policies(),
            kind,
            Some(&old.document),
            &patched.document,
        )?;
        Ok::<_, ScimError>(Change {
            document: patched.document,
            members: patched.members,
            holds: match () {
                () if exact => Holds::Version,
                () if attributes_too => Holds::Document,
                () => Holds::Nothing,
            },
        })
    });
    if bodiless {
        let record = modified.await?;
        let answer = Answer::new(status, None);
        return Ok(answer.header(ETAG, &record.etag()));
    }
    changed(tenant, view, id, modified).await
}

/// The answer to a change that has a body. A user's groups do not depend on the change, so they are read beside it.
/// What was changed is told as done, though it cannot be read back: then it is shown without members or groups.
async fn changed(
    tenant: &Tenant,
    view: &View<'_>,
    id: Id,
    change: impl Future<Output = Result<Record, ScimError>>,
) -> Result<Answer, ScimError> {
    let (record, derived) = if view.shows_members() {
        load_changed(tenant, view, change.await?).await
    } else {
        // Side by side, but the change is not given up where the groups do not read.
        let (record, groups) = tokio::join!(change, groups(tenant, view, id));
        let lacking = |error| {
            log::lacking(tenant.request_id(), &error);
            Derived::None
        };
        (record?, groups.unwrap_or_else(lacking))
    };
    Ok(view.answer(StatusCode::OK, &record, derived))
}

/// What [`load`] finds after a change; the change is told as done, though that be nothing.
async fn load_changed(tenant: &Tenant, view: &View<'_>, record: Record) -> (Record, Derived) {
    load(tenant, view, record.id).await.unwrap_or_else(|error| {
        log::lacking(tenant.request_id(), &error);
        // To the client as where there are too many of them: left out, and flagged.
        (record, Derived::Members(Membership::TooMany))
    })
}

/// The resource with what its representation shows beside the document, read only if it is shown.
async fn load(tenant: &Tenant, view: &View<'_>, id: Id) -> Result<(Record, Derived), StoreError> {
    if view.shows_members() {
        let (record, members) = tenant.get_with_members(id, MEMBERS_SHOWN_MAX).await?;
        return Ok((record, Derived::Members(members)));
    }
    tokio::try_join!(tenant.get(id), groups(tenant, view, id))
}

/// The groups of a user, through other groups too, if they are shown.
pub(super) async fn groups(
    tenant: &Tenant,
    view: &View<'_>,
    id: Id,
) -> Result<Derived, StoreError> {
    if !view.shows_groups() {
        return Ok(Derived::None);
    }
    Ok(Derived::Groups(tenant.all_groups_of(id).await?))
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
