//! Stored records as the representations clients see. RFC 7643 §3, RFC 7644 §3.4.2.

use std::collections::BTreeSet;

use http::header::{ETAG, LOCATION};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::Answer;
use crate::schema::{
    self, Document, GROUP, Projection, ResourceType, TRUNCATED, USER, schemas_of, timestamp,
};
use crate::store::{Id, Membership, Paging, Record, Start};

pub(super) const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// What a representation shows beside the stored document.
#[derive(Debug)]
pub(super) enum Derived {
    None,
    /// Each with whether it holds the user directly.
    Groups(Vec<(Record, bool)>),
    Members(Membership),
}

/// Everything that turns a record into its representation.
#[derive(Debug)]
pub(super) struct View<'a> {
    pub resource_type: &'a ResourceType,
    pub base: String,
    pub projection: Projection,
}

impl View<'_> {
    pub(super) fn location(&self, id: Id) -> String {
        location(&self.base, id)
    }

    /// Whether the representation holds a group's members.
    pub(super) fn shows_members(&self) -> bool {
        self.resource_type.is_group() && self.projection.wants("members")
    }

    /// Whether the representation holds a user's groups.
    pub(super) fn shows_groups(&self) -> bool {
        !self.resource_type.is_group() && self.projection.wants("groups")
    }

    /// The representation as the projection leaves it.
    pub(super) fn document(&self, record: &Record, derived: Derived) -> Value {
        let mut shown = Document::new();
        let stored = schema::known(self.resource_type, &record.document);
        let mut schemas = schemas_of(self.resource_type, &stored);
        if matches!(derived, Derived::Members(Membership::TooMany)) {
            schemas.push(&TRUNCATED.id);
        }
        shown.insert("schemas".to_owned(), json!(schemas));
        shown.insert("id".to_owned(), json!(record.id.to_string()));
        shown.extend(stored);
        match derived {
            Derived::Groups(groups) if !groups.is_empty() => {
                shown.insert(
                    "groups".to_owned(),
                    groups
                        .iter()
                        .map(|(group, direct)| self.group(group, *direct))
                        .collect(),
                );
            }
            Derived::Members(Membership::Shown(ids)) if !ids.is_empty() => {
                shown.insert("members".to_owned(), self.members(&ids));
            }
            Derived::Members(Membership::TooMany) => {
                shown.insert(TRUNCATED.id.to_string(), json!({ "members": true }));
            }
            _ => {}
        }
        let meta = json!({
            "resourceType": self.resource_type.name,
            "created": timestamp(record.created),
            "lastModified": timestamp(record.modified),
            "location": self.location(record.id),
            "version": record.etag(),
        });
        shown.insert("meta".to_owned(), meta);
        self.projection.apply(&mut shown);
        Value::Object(shown)
    }

    /// The resource as an answer of its own, with its version and place.
    pub(super) fn answer(&self, status: StatusCode, record: &Record, derived: Derived) -> Answer {
        Answer::new(status, Some(self.document(record, derived)))
            .header(ETAG, &record.etag())
            .header(LOCATION, &self.location(record.id))
    }

    fn members(&self, ids: &BTreeSet<Id>) -> Value {
        let member = |id: &Id| json!({ "value": id.to_string(), "$ref": self.location(*id), "type": type_of(*id).name });
        ids.iter().map(member).collect()
    }

    fn group(&self, group: &Record, direct: bool) -> Value {
        json!({
            "value": group.id.to_string(),
            "$ref": self.location(group.id),
            "display": group.document.get("displayName"),
            "type": if direct { "direct" } else { "indirect" },
        })
    }
}

fn type_of(id: Id) -> &'static ResourceType {
    if id.resource_type() == USER.number {
        &USER
    } else {
        &GROUP
    }
}

fn location(base: &str, id: Id) -> String {
    format!("{base}{}/{id}", type_of(id).endpoint)
}

/// A `ListResponse` of a whole collection.
pub(super) fn list(resources: Vec<Value>) -> Answer {
    let paging = Paging {
        start: Start::Index(1),
        count: 0,
    };
    page(Some(resources.len() as u64), &paging, None, resources)
}

/// A `ListResponse`: `itemsPerPage` is what is on this page; by cursor there is no `startIndex`.
pub(super) fn page(
    total: Option<u64>,
    paging: &Paging,
    next: Option<String>,
    resources: Vec<Value>,
) -> Answer {
    let mut body = Document::new();
    body.insert("schemas".to_owned(), json!([LIST_RESPONSE]));
    if let Some(total) = total {
        body.insert("totalResults".to_owned(), json!(total));
    }
    if let Start::Index(index) = paging.start {
        body.insert("startIndex".to_owned(), json!(index));
    }
    body.insert("itemsPerPage".to_owned(), json!(resources.len()));
    if let Some(next) = next {
        body.insert("nextCursor".to_owned(), json!(next));
    }
    body.insert("Resources".to_owned(), Value::Array(resources));
    Answer::new(StatusCode::OK, Some(Value::Object(body)))
}

/// 304: the client has this version.
pub(super) fn not_modified(record: &Record) -> Answer {
    let mut answer = Answer::new(StatusCode::NOT_MODIFIED, None);
    if let Ok(tag) = HeaderValue::from_str(&record.etag()) {
        answer.headers.insert(ETAG, tag);
    }
    answer
}
