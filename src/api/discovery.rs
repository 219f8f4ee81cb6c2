//! What this service provider offers. RFC 7644 §4, RFC 7643 §5 to §7.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};

use super::bulk::OPERATIONS_MAX;
use super::cursor::LIFETIME_MS;
use super::query::{COUNT_DEFAULT, Parameters};
use super::route::Discovery;
use super::{Answer, BODY_MAX, Exchange, ScimError, render};
use crate::schema::{Attribute, ResourceType, ResourceTypes, Schema, TRUNCATED};
use crate::store::COUNT_MAX;

const CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";

/// The discovery document as it is for a tenant with these resource types.
pub(super) fn answer(
    document: Discovery,
    types: &ResourceTypes,
    exchange: &Exchange<'_>,
) -> Result<Answer, ScimError> {
    let base = exchange.base();
    let schemas = types.iter().flat_map(ResourceType::schemas);
    let mut schemas = schemas.chain([&*TRUNCATED]);
    if Parameters::of_query(exchange)?.has_filter() {
        return Err(match document {
            // Not 403, for which Entra would stop the job.
            Discovery::Base => ScimError::invalid_filter(
                "filter: search all resources by POST /.search, or one kind at /Users or /Groups",
            ),
            _ => ScimError::forbidden("discovery", "the discovery endpoints cannot be filtered"),
        });
    }
    let one = |body: Option<Value>| match body {
        Some(body) => Ok(Answer::new(StatusCode::OK, Some(body))),
        None => Err(ScimError::not_found(
            "there is no such schema or resource type",
        )),
    };
    match document {
        Discovery::Base | Discovery::ServiceProviderConfig => one(Some(config(&base))),
        Discovery::ResourceTypes => {
            let found: Vec<Value> = types
                .iter()
                .map(|kind| resource_type(kind, &base))
                .collect();
            Ok(render::list(found))
        }
        Discovery::ResourceType(name) => one(types
            .iter()
            .find(|kind| kind.name == name)
            .map(|kind| resource_type(kind, &base))),
        Discovery::Schemas => {
            let found: Vec<Value> = schemas.map(|found| schema(found, &base)).collect();
            Ok(render::list(found))
        }
        Discovery::Schema(urn) => one(schemas
            .find(|found| found.id.eq_ignore_ascii_case(&urn))
            .map(|found| schema(found, &base))),
    }
}

fn schema(schema: &Schema, base: &str) -> Value {
    let mut document = schema.document.clone();
    if let Some(shown) = document.get_mut("attributes") {
        complete(shown, &schema.attributes);
    }
    document.insert("schemas".to_owned(), json!([SCHEMA]));
    document.insert(
        "meta".to_owned(),
        json!({ "resourceType": "Schema", "location": format!("{base}/Schemas/{}", schema.id) }),
    );
    Value::Object(document)
}

/// Says of attributes what their document left out (RFC 7643 §2.2).
fn complete(shown: &mut Value, attributes: &[Arc<Attribute>]) {
    let shown = shown.as_array_mut().into_iter().flatten();
    for (shown, attribute) in shown.zip(attributes) {
        let Some(shown) = shown.as_object_mut() else {
            continue;
        };
        for (name, holds) in [
            ("type", json!(attribute.kind)),
            ("multiValued", json!(attribute.multi_valued)),
            ("required", json!(attribute.required)),
            ("caseExact", json!(attribute.case_exact)),
            ("mutability", json!(attribute.mutability)),
            ("returned", json!(attribute.returned)),
            ("uniqueness", json!(attribute.uniqueness)),
        ] {
            shown.entry(name).or_insert(holds);
        }
        if let Some(parts) = shown.get_mut("subAttributes") {
            complete(parts, &attribute.sub_attributes);
        }
    }
}

fn resource_type(kind: &ResourceType, base: &str) -> Value {
    let shown = kind.is_group().then_some(&*TRUNCATED);
    let extensions: Vec<Value> = (kind.extensions.iter().chain(shown))
        .map(|extension| json!({ "schema": extension.id, "required": false }))
        .collect();
    json!({
        "schemas": [RESOURCE_TYPE],
        "id": kind.name,
        "name": kind.name,
        "description": format!("{} resources", kind.name),
        "endpoint": kind.endpoint,
        "schema": kind.schema.id,
        "schemaExtensions": extensions,
        "meta": { "resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{}", kind.name) },
    })
}

fn config(base: &str) -> Value {
    json!({
        "schemas": [CONFIG],
        "patch": { "supported": true },
        "bulk": { "supported": true, "maxOperations": OPERATIONS_MAX, "maxPayloadSize": BODY_MAX },
        "filter": { "supported": true, "maxResults": COUNT_MAX },
        "changePassword": { "supported": false },
        "sort": { "supported": true },
        "etag": { "supported": true },
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": COUNT_DEFAULT,
            "maxPageSize": COUNT_MAX,
            "cursorTimeout": LIFETIME_MS / 1_000,
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Secret Token",
            "description": "The Secret Token as a bearer token.",
            "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
            "primary": true,
        }],
        "meta": { "resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig") },
    })
}
