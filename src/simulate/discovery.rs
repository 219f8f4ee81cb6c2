//! What the server says it can do: the three discovery endpoints (RFC 7644 §4, RFC 7643 §5-7).

use std::collections::BTreeSet;

use serde_json::Value;

use super::Client;
use super::dialect::{GROUP, USER};
use super::exchange::{Ask, Exchange};
use super::ledger::Rule;
use super::manners::has_schema;
use super::session::Session;

const CONFIG: Rule = Rule::new(
    "discovery.service-provider-config",
    "ServiceProviderConfig says for patch, bulk, filter, changePassword, sort and etag whether they are supported, and how to authenticate",
    "RFC 7643 §5; RFC 7644 §4",
);
const TYPES: Rule = Rule::new(
    "discovery.resource-types",
    "ResourceTypes is a list in which every type has name, endpoint and schema, User among them",
    "RFC 7643 §6; RFC 7644 §4",
);
const SCHEMAS: Rule = Rule::new(
    "discovery.schemas",
    "Schemas is a list with the schema of every resource type, and every attribute has a name and a type",
    "RFC 7643 §7; RFC 7644 §4",
);
const ONE_SCHEMA: Rule = Rule::new(
    "discovery.schema-by-id",
    "A schema can be read alone, by its URN",
    "RFC 7644 §4",
);
const NO_FILTER: Rule = Rule::new(
    "discovery.filter-refused",
    "A filter on a discovery endpoint is refused with 403",
    "RFC 7644 §4",
);
const EXTERNAL_ID: Rule = Rule::new(
    "discovery.external-id-listed",
    "Schemas lists externalId where a job maps it",
    "Microsoft gallery validation, Schema_Discoverability; needed for a gallery listing only",
);

const FEATURES: [&str; 6] = ["patch", "bulk", "filter", "changePassword", "sort", "etag"];

/// What the server offers. What it does not speak about counts as offered.
#[derive(Debug)]
pub(super) struct Offer {
    refused: BTreeSet<String>,
    pub(super) groups: bool,
}

impl Offer {
    pub(super) fn has(&self, feature: &str) -> bool {
        !self.refused.contains(feature)
    }
}

/// Reads and judges the three discovery endpoints.
pub(super) async fn discover(session: &Session) -> Offer {
    let config = session.send(Ask::get("/ServiceProviderConfig")).await;
    session.judge(&CONFIG, config_fault(&config), &config);
    let types = session.send(Ask::get("/ResourceTypes")).await;
    session.judge(&TYPES, types_fault(&types), &types);
    let schemas = session.send(Ask::get("/Schemas")).await;
    let fault = schemas_fault(&schemas, &types);
    if session.judge(&SCHEMAS, fault, &schemas) {
        let one = session.send(Ask::get(format!("/Schemas/{USER}"))).await;
        let fault = one.departs(&[200]).or_else(|| {
            (one.id() != Some(USER)).then(|| "its id is not the URN asked for".to_owned())
        });
        session.judge(&ONE_SCHEMA, fault, &one);
    }
    match session.client() {
        Client::Rfc => {
            let refused = session.send(Ask::get("/Schemas?filter=id%20pr")).await;
            session.judge(&NO_FILTER, refused.departs(&[403]), &refused);
        }
        Client::Entra | Client::EntraLegacy if schemas.is(&[200]) => {
            session.judge(&EXTERNAL_ID, external_id_fault(&schemas), &schemas);
        }
        _ => {}
    }
    offer(&config, &types)
}

fn offer(config: &Exchange, types: &Exchange) -> Offer {
    let refused = FEATURES
        .into_iter()
        .filter(|feature| {
            let flag = config.body().pointer(&format!("/{feature}/supported"));
            flag == Some(&Value::Bool(false))
        })
        .map(str::to_owned);
    let named = |row: &Value| row.get("schema").and_then(Value::as_str) == Some(GROUP);
    Offer {
        refused: refused.collect(),
        groups: rows(types).is_empty() || rows(types).iter().any(named),
    }
}

fn rows(list: &Exchange) -> &[Value] {
    let rows = list.body().get("Resources").and_then(Value::as_array);
    rows.map_or(&[], Vec::as_slice)
}

fn config_fault(config: &Exchange) -> Option<String> {
    if let Some(fault) = config.departs(&[200]) {
        return Some(fault);
    }
    let body = config.body();
    for feature in FEATURES {
        let flag = body.pointer(&format!("/{feature}/supported"));
        if !flag.is_some_and(Value::is_boolean) {
            return Some(format!("{feature}.supported is missing or no boolean"));
        }
    }
    let schemes = body.get("authenticationSchemes");
    (!schemes.is_some_and(Value::is_array))
        .then(|| "authenticationSchemes is missing or no list".to_owned())
}

fn types_fault(types: &Exchange) -> Option<String> {
    if let Some(fault) = types.departs(&[200]) {
        return Some(fault);
    }
    for row in rows(types) {
        for name in ["name", "endpoint", "schema"] {
            if !row.get(name).is_some_and(Value::is_string) {
                return Some(format!("a resource type has no {name}"));
            }
        }
    }
    let user = rows(types)
        .iter()
        .any(|row| row.get("schema").and_then(Value::as_str) == Some(USER));
    (!user).then(|| format!("no resource type has the schema {USER}"))
}

fn schemas_fault(schemas: &Exchange, types: &Exchange) -> Option<String> {
    if let Some(fault) = schemas.departs(&[200]) {
        return Some(fault);
    }
    let list = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
    if !has_schema(schemas.body(), list) {
        return Some("the answer is no ListResponse".to_owned());
    }
    let ids: Vec<&str> = rows(schemas)
        .iter()
        .filter_map(|row| row.get("id")?.as_str())
        .collect();
    let wanted = rows(types).iter().filter_map(|row| row.get("schema"));
    for schema in wanted.filter_map(Value::as_str).chain([USER]) {
        if !ids.contains(&schema) {
            return Some(format!("{schema} is not in the list"));
        }
    }
    rows(schemas).iter().find_map(|schema| {
        let id = schema.get("id").and_then(Value::as_str).unwrap_or("?");
        let attributes = schema.get("attributes").and_then(Value::as_array);
        let Some(attributes) = attributes else {
            return Some(format!("{id} has no attributes"));
        };
        let whole = |attribute: &Value| {
            ["name", "type"]
                .iter()
                .all(|key| attribute.get(*key).is_some_and(Value::is_string))
        };
        (!attributes.iter().all(whole))
            .then(|| format!("{id} has an attribute without name or type"))
    })
}

fn external_id_fault(schemas: &Exchange) -> Option<String> {
    let user = rows(schemas)
        .iter()
        .find(|row| row.get("id").and_then(Value::as_str) == Some(USER));
    let attributes = user?.get("attributes")?.as_array()?;
    let named = |attribute: &Value| {
        let name = attribute.get("name").and_then(Value::as_str);
        name.is_some_and(|name| name.eq_ignore_ascii_case("externalId"))
    };
    (!attributes.iter().any(named)).then(|| format!("{USER} has no attribute externalId"))
}
