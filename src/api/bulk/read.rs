//! The body of a bulk request as operations; what is wrong with one operation is its own error. RFC 7644 §3.7.

use std::collections::BTreeSet;
use std::sync::Arc;

use http::{HeaderValue, Method};
use serde_json::Value;

use super::OPERATIONS_MAX;
use super::reference;
use crate::api::route::{Endpoint, Route};
use crate::api::{Exchange, ScimError};
use crate::schema::{Attribute, Document, Quirk, ResourceType, Uniqueness, norm};

/// One operation: what its answer repeats, and what is to be done or why it cannot be.
#[derive(Debug)]
pub(super) struct Entry {
    /// As the answer names it: in capitals, and also where it is no method of ours.
    pub method: Option<String>,
    pub bulk_id: Option<String>,
    /// The URL of the resource that the path names; a bulkId may stand in it.
    pub location: Option<String>,
    pub task: Result<Task, ScimError>,
}

/// What one operation does.
#[derive(Debug)]
pub(super) struct Task {
    pub method: Method,
    pub route: Route,
    pub version: Option<HeaderValue>,
    /// Null for DELETE.
    pub data: Value,
    /// The bulkIds that path and data refer to.
    pub references: BTreeSet<String>,
}

impl Entry {
    /// The bulkId of a creation.
    pub(super) fn creates(&self) -> Option<&str> {
        let creates = self.method.as_deref() == Some("POST");
        self.bulk_id.as_deref().filter(|_| creates)
    }
}

impl Task {
    pub(super) fn resource_type(&self) -> Option<&'static ResourceType> {
        match self.route.endpoint {
            Endpoint::Collection(kind) | Endpoint::Resource(kind, _) => Some(kind),
            _ => None,
        }
    }

    /// The id in the path, or the reference that stands for it.
    pub(super) fn target(&self) -> Option<&str> {
        match &self.route.endpoint {
            Endpoint::Resource(_, id) => Some(id),
            _ => None,
        }
    }

    /// The value that no two resources of the type may share, in normal form, where the data states it.
    pub(super) fn unique_name(&self) -> Option<String> {
        let unique = self.unique()?;
        let value = member(self.data.as_object()?, &unique.name)?.as_str()?;
        Some(norm(value, unique.case_exact))
    }

    /// What a tenant may have made unique as well, in normal form.
    pub(super) fn external_id(&self) -> Option<String> {
        let value = member(self.data.as_object()?, "externalId")?.as_str()?;
        Some(norm(value, true)).filter(|value| !value.is_empty())
    }

    /// The attribute of the type that no two resources may share.
    pub(super) fn unique(&self) -> Option<&'static Attribute> {
        let attributes = &self.resource_type()?.schema.attributes;
        let is_unique = |one: &&Arc<Attribute>| one.uniqueness == Uniqueness::Server;
        attributes.iter().find(is_unique).map(Arc::as_ref)
    }
}

/// `failOnErrors` (as good as infinite where it is not given) and the operations.
pub(super) fn envelope(body: Value) -> Result<(usize, Vec<Value>), ScimError> {
    let Value::Object(mut body) = body else {
        return Err(ScimError::not_an_object());
    };
    let fail_on_errors = match member(&body, "failOnErrors") {
        None | Some(Value::Null) => 0,
        Some(value) => value.as_u64().ok_or_else(|| {
            ScimError::invalid_value("failOnErrors must be a whole number of errors")
        })?,
    };
    // To accept no errors at all would be to begin nothing: clients send 0 for "never stop".
    let fail_on_errors = match usize::try_from(fail_on_errors) {
        Ok(0) | Err(_) => usize::MAX,
        Ok(number) => number,
    };
    match member_mut(&mut body, "Operations").map(Value::take) {
        Some(Value::Array(list)) if list.len() > OPERATIONS_MAX => {
            Err(ScimError::too_many_operations(OPERATIONS_MAX))
        }
        Some(Value::Array(list)) if !list.is_empty() => Ok((fail_on_errors, list)),
        _ => Err(ScimError::invalid_syntax(
            "Operations must be a list of at least one operation",
        )),
    }
}

/// One element of `Operations`.
pub(super) fn entry(item: Value, exchange: &mut Exchange<'_>) -> Entry {
    let mut item = match item {
        Value::Object(item) => item,
        _ => Document::new(),
    };
    let method = text(&item, "method").map(|sent| {
        let method = sent.to_ascii_uppercase();
        if method != sent {
            exchange.quirks.met(Quirk::BulkSpelling);
        }
        method
    });
    let bulk_id = text(&item, "bulkId").map(str::to_owned);
    let route = text(&item, "path").map(|path| route(path, exchange));
    let location = route.as_ref().and_then(|route| location(route, exchange));
    let task = task(&mut item, method.as_deref(), bulk_id.as_deref(), route);
    Entry {
        method,
        bulk_id,
        location,
        task,
    }
}

fn task(
    item: &mut Document,
    method: Option<&str>,
    bulk_id: Option<&str>,
    route: Option<Route>,
) -> Result<Task, ScimError> {
    let method = match method {
        Some("POST") => Method::POST,
        Some("PUT") => Method::PUT,
        Some("PATCH") => Method::PATCH,
        Some("DELETE") => Method::DELETE,
        _ => {
            return Err(ScimError::invalid_syntax(
                "method must be POST, PUT, PATCH or DELETE",
            ));
        }
    };
    let route = route.ok_or_else(|| {
        ScimError::invalid_syntax("path must name an endpoint or a resource, such as /Users")
    })?;
    if method == Method::POST && bulk_id.is_none() {
        return Err(ScimError::invalid_syntax(
            "a POST operation needs a bulkId, which names it in the answer",
        ));
    }
    let version = version(item)?;
    let data = match member_mut(item, "data").map(Value::take) {
        _ if method == Method::DELETE => Value::Null,
        Some(data @ Value::Object(_)) => data,
        _ => {
            return Err(ScimError::invalid_syntax(format!(
                "data must be the body of the {method} request, a JSON object"
            )));
        }
    };
    let mut task = Task {
        method,
        route,
        version,
        data,
        references: BTreeSet::new(),
    };
    let mut references = reference::within(&task.data);
    references.extend(task.target().and_then(reference::name).map(str::to_owned));
    task.references = references;
    Ok(task)
}

/// The version that the resource must have: what is none would leave the change unguarded.
fn version(item: &Document) -> Result<Option<HeaderValue>, ScimError> {
    let no_version = "version must be a version as meta.version shows it";
    match member(item, "version") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => HeaderValue::from_str(text)
            .map(Some)
            .map_err(|_| ScimError::invalid_value(no_version)),
        Some(_) => Err(ScimError::invalid_value(no_version)),
    }
}

/// The path of an operation; a query has no meaning here.
fn route(path: &str, exchange: &mut Exchange<'_>) -> Route {
    let path = path.split(['?', '#']).next().unwrap_or_default().trim();
    let relative = path.strip_prefix(&exchange.call.origin).unwrap_or(path);
    let route = exchange.route.relative(relative);
    let usual = match &route.endpoint {
        Endpoint::Collection(kind) | Endpoint::Resource(kind, _) => path.starts_with(kind.endpoint),
        _ => true,
    };
    if !usual {
        exchange.quirks.met(Quirk::BulkSpelling);
    }
    route
}

fn location(route: &Route, exchange: &Exchange<'_>) -> Option<String> {
    match &route.endpoint {
        Endpoint::Resource(kind, id) => Some(format!("{}{}/{id}", exchange.base(), kind.endpoint)),
        _ => None,
    }
}

/// The member called `name` in any case; the last one, should there be several.
fn member<'v>(object: &'v Document, name: &str) -> Option<&'v Value> {
    let mut members = object.iter().rev();
    members
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

fn member_mut<'v>(object: &'v mut Document, name: &str) -> Option<&'v mut Value> {
    let mut members = object.iter_mut().rev();
    members
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// A member that is text and not empty.
fn text<'v>(object: &'v Document, name: &str) -> Option<&'v str> {
    member(object, name)?
        .as_str()
        .filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
