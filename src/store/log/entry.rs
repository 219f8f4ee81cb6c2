//! Entries of the provisioning log: read from their items, and shown.

use serde_json::{Value, json};
use ulid::Ulid;

use crate::schema::{GROUP, USER, timestamp};
use crate::store::Id;
use crate::store::outbox::{Kind, attr};
use crate::store::refusals::{ERROR, METHOD, ROUTE};
use crate::table::Item;

/// One change or one refusal: names, never values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    pub id: String,
    /// Milliseconds since 1970.
    pub time: i64,
    /// `None` where nobody asked: what deletions leave is removed by ourselves.
    pub connection: Option<String>,
    /// The credential's id.
    pub credential: String,
    pub request: String,
    pub event: LogEvent,
    pub resource: Option<Id>,
    /// The answer; of a change that was made by nobody's request none.
    pub status: Option<i64>,
    /// Codes of the quirk catalogue.
    pub quirks: Vec<String>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogEvent {
    Changed {
        /// `created`, `updated`, `deleted` or `members`.
        operation: &'static str,
        version: i64,
        /// Names of attributes.
        attributes: Vec<String>,
        /// Members added or removed by name.
        members: u64,
    },
    Refused {
        method: String,
        route: String,
        error: String,
    },
}

impl LogEntry {
    pub fn to_json(&self) -> Value {
        let resource_type = self.resource.map(|id| match id.resource_type() {
            0 => USER.name,
            _ => GROUP.name,
        });
        let mut entry = json!({
            "id": self.id,
            "time": timestamp(self.time),
            "connection": self.connection,
            "credential": self.credential,
            "requestId": self.request,
            "resourceType": resource_type,
            "resourceId": self.resource.map(|id| id.to_string()),
            "status": self.status,
            "quirks": self.quirks,
        });
        let (event, of_event) = match &self.event {
            LogEvent::Changed {
                operation,
                version,
                attributes,
                members,
            } => (
                *operation,
                json!({ "version": version, "changed": attributes, "members": members }),
            ),
            LogEvent::Refused {
                method,
                route,
                error,
            } => (
                "refused",
                json!({ "method": method, "route": route, "error": error }),
            ),
        };
        if let (Value::Object(entry), Value::Object(of_event)) = (&mut entry, of_event) {
            entry.insert("operation".to_owned(), event.into());
            entry.extend(of_event);
        }
        entry
    }
}

/// The entry, or `None` where the item does not read.
pub(in crate::store) fn read(item: &Item) -> Option<LogEntry> {
    let resource = item.text(attr::RESOURCE);
    item.number(attr::EXPIRES)?;
    Some(LogEntry {
        id: item.key.sk.clone(),
        time: time(item)?,
        connection: item.text(attr::CONNECTION).map(str::to_owned),
        credential: item.text(attr::ACTOR)?.to_owned(),
        request: item.text(attr::REQUEST)?.to_owned(),
        event: event(item)?,
        resource: match resource {
            Some(key) => Some(Id::from_key(key)?),
            None => None,
        },
        status: item.number(attr::STATUS),
        quirks: item.texts(attr::QUIRKS).unwrap_or_default().to_vec(),
    })
}

/// When the entry was named; milliseconds since 1970.
pub(super) fn time(item: &Item) -> Option<i64> {
    let ulid = Ulid::from_string(&item.key.sk).ok()?;
    i64::try_from(ulid.timestamp_ms()).ok()
}

fn event(item: &Item) -> Option<LogEvent> {
    let Some(kind) = item.text(attr::KIND) else {
        return Some(LogEvent::Refused {
            method: item.text(METHOD)?.to_owned(),
            route: item.text(ROUTE)?.to_owned(),
            error: item.text(ERROR)?.to_owned(),
        });
    };
    let packed = item.bytes(attr::MEMBERS).unwrap_or_default().len() as u64 / 16;
    let of_parts = item.number(attr::COUNT).unwrap_or_default();
    item.text(attr::RESOURCE)?;
    Some(LogEvent::Changed {
        operation: Kind::of(kind)?,
        version: item.number(attr::VERSION)?,
        attributes: item.texts(attr::CHANGED).unwrap_or_default().to_vec(),
        members: packed + u64::try_from(of_parts).unwrap_or_default(),
    })
}
