//! A tenant's own schemas. RFC 7643 §7.

use serde_json::Value;

use super::asked::{Asked, made};
use super::{AdminAnswer, AdminError, page, view};
use crate::schema::{GROUP, ResourceType, TenantSchema, USER};

pub(super) async fn list(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let schemas = asked.store.schemas(&asked.tenant()?.scope).await?;
    page::of(
        asked,
        &schemas,
        |schema: &TenantSchema| (0, schema.schema.id.as_ref()),
        view::schema,
    )
}

pub(super) async fn add(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let scope = &asked.tenant()?.scope;
    let resource_type: Option<&'static ResourceType> = match asked.query("resourceType") {
        None => None,
        Some("User") => Some(&USER),
        Some("Group") => Some(&GROUP),
        Some(_) => return Err(AdminError::invalid("resourceType", "User or Group")),
    };
    let body = asked.request.body.as_ref();
    let body = body.ok_or_else(|| AdminError::invalid("body", "send the schema document"))?;
    let text = body.to_string();
    let added = asked.store.add_schema(scope, &text, resource_type).await?;
    let (schema, replaced) = added;
    let shown = view::with(view::schema(&schema), "replaced", replaced);
    Ok(AdminAnswer::new(made(replaced), Some(shown)))
}

pub(super) async fn show(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let urn = asked.parameter("schema")?;
    let schemas = asked.store.schemas(&asked.tenant()?.scope).await?;
    let found = schemas.iter().find(|schema| schema.is(urn));
    let schema = found.ok_or_else(|| AdminError::not_found("schema"))?;
    let document = Value::Object(schema.schema.document.clone());
    let shown = view::with(view::schema(schema), "document", document);
    Ok(AdminAnswer::ok(shown))
}

pub(super) async fn remove(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let (scope, urn) = (&asked.tenant()?.scope, asked.parameter("schema")?);
    if asked.store.remove_schema(scope, urn).await? {
        Ok(AdminAnswer::no_content())
    } else {
        Err(AdminError::not_found("schema"))
    }
}
