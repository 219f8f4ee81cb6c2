//! What has been done of a bulk request, what comes next, and the report on each operation. RFC 7644 §3.7, §3.7.3.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use http::HeaderName;
use http::header::{ETAG, LOCATION};
use serde_json::Value;

use super::order::{Order, order};
use super::read::{Entry, Task};
use super::reference;
use crate::api::route::Endpoint;
use crate::api::{Answer, ScimError};
use crate::schema::Document;

/// The operations of one request on their way.
#[derive(Debug)]
pub(super) struct Progress {
    /// By position; taken out when reported on.
    entries: BTreeMap<usize, Entry>,
    /// Only what has not begun is left in its sequence.
    order: Order,
    /// The ids of what was created, by bulkId.
    ids: HashMap<String, String>,
    results: BTreeMap<usize, Value>,
    pub errors: usize,
}

impl Progress {
    /// Operations that can be seen to fail do so in their turn, like all others.
    pub(super) fn new(mut entries: Vec<Entry>) -> Self {
        refuse_twins(&mut entries);
        refuse_strangers(&mut entries);
        let order = order(&entries);
        for (position, entry) in entries.iter_mut().enumerate() {
            if order.circular.contains(&position) {
                entry.task = Err(ScimError::conflict(
                    "these bulkIds refer to each other in a circle; create one without the reference and add it by a PATCH operation on its bulkId",
                ));
            }
        }
        Self {
            entries: entries.into_iter().enumerate().collect(),
            order,
            ids: HashMap::new(),
            results: BTreeMap::new(),
            errors: 0,
        }
    }

    /// The next operation that waits for nothing, with ids in the place of bulkIds; or why it fails.
    pub(super) fn begin(&mut self) -> Option<(usize, Result<Task, ScimError>)> {
        let waits = &self.order.waits;
        let is_free = |position: &usize| waits.get(*position).is_none_or(BTreeSet::is_empty);
        let next = self.order.sequence.iter().position(is_free)?;
        let position = self.order.sequence.remove(next);
        let entry = self.entries.get_mut(&position)?;
        let task = std::mem::replace(&mut entry.task, Err(ScimError::not_begun()));
        let task = task.and_then(|task| resolved(task, &self.ids));
        Some((position, task))
    }

    pub(super) fn end(&mut self, position: usize, result: Result<Answer, ScimError>) {
        for waits in &mut self.order.waits {
            waits.remove(&position);
        }
        let Some(entry) = self.entries.remove(&position) else {
            return;
        };
        match &result {
            Err(_) => self.errors += 1,
            Ok(answer) => {
                let id = answer.body.as_ref().and_then(|body| body.get("id"));
                if let (Some(bulk_id), Some(Value::String(id))) = (entry.creates(), id) {
                    self.ids.insert(bulk_id.to_owned(), id.clone());
                }
            }
        }
        self.results
            .insert(position, report(entry, result, &self.ids));
    }

    /// Reports on what has not begun and will not.
    pub(super) fn give_up(&mut self) {
        for position in std::mem::take(&mut self.order.sequence) {
            self.end(position, Err(ScimError::not_begun()));
        }
    }

    /// The reports in the order in which the operations were sent.
    pub(super) fn results(self) -> Vec<Value> {
        self.results.into_values().collect()
    }
}

/// A bulkId that several operations carry names none of them.
fn refuse_twins(entries: &mut [Entry]) {
    let mut times: HashMap<String, usize> = HashMap::new();
    for bulk_id in entries.iter().filter_map(|entry| entry.bulk_id.clone()) {
        *times.entry(bulk_id).or_default() += 1;
    }
    for entry in entries {
        let bulk_id = entry.bulk_id.as_ref();
        if let Some(bulk_id) = bulk_id.filter(|bulk_id| times.get(*bulk_id) > Some(&1)) {
            entry.task = Err(ScimError::invalid_value(format!(
                "several operations have the bulkId \"{bulk_id}\"; give each its own"
            )));
        }
    }
}

/// A bulkId that no creation carries leads nowhere.
fn refuse_strangers(entries: &mut [Entry]) {
    let known = entries.iter().filter_map(Entry::creates);
    let known: BTreeSet<String> = known.map(str::to_owned).collect();
    for entry in entries {
        let Ok(task) = &entry.task else { continue };
        if let Some(name) = task.references.iter().find(|name| !known.contains(*name)) {
            entry.task = Err(ScimError::invalid_value(format!(
                "no POST operation of this request has the bulkId \"{name}\""
            )));
        }
    }
}

/// The task with the ids of what it refers to.
fn resolved(mut task: Task, ids: &HashMap<String, String>) -> Result<Task, ScimError> {
    if let Some(name) = task.references.iter().find(|name| !ids.contains_key(*name)) {
        return Err(ScimError::conflict(format!(
            "the operation with the bulkId \"{name}\" failed, and this one refers to it"
        )));
    }
    reference::fill(&mut task.data, ids);
    if let Endpoint::Resource(_, id) = &mut task.route.endpoint
        && let Some(known) = reference::name(id).and_then(|name| ids.get(name))
    {
        id.clone_from(known);
    }
    Ok(task)
}

fn report(entry: Entry, result: Result<Answer, ScimError>, ids: &HashMap<String, String>) -> Value {
    let named = || reference::fill_url(&entry.location?, ids);
    let failed = result.is_err();
    let answer = result.unwrap_or_else(ScimError::into_answer);
    let header = |name: HeaderName| {
        let value = answer.headers.get(name)?.to_str().ok()?;
        Some(value.to_owned())
    };
    let members = [
        ("method", entry.method),
        ("bulkId", entry.bulk_id),
        ("version", header(ETAG)),
        ("location", header(LOCATION).or_else(named)),
        ("status", Some(answer.status.as_str().to_owned())),
    ];
    let mut report: Document = members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?))))
        .collect();
    if let (true, Some(body)) = (failed, answer.body) {
        report.insert("response".to_owned(), body);
    }
    Value::Object(report)
}
