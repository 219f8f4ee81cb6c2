//! What every answer must look like, whatever was asked (RFC 7644 §3.1, §3.4.2, §3.12; RFC 7643 §3).

use serde_json::Value;

use super::Client;
use super::exchange::{Answer, Exchange, segments};
use super::ledger::{Ledger, Rule};

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

const NO_FAILURE: Rule = Rule::new(
    "answer.no-5xx",
    "No request makes the server fail; a refusal is a 4xx",
    "RFC 7644 §3.12; Entra counts 5xx towards quarantine",
);
const MEDIA: Rule = Rule::new(
    "answer.media-type",
    "Bodies are application/scim+json",
    "RFC 7644 §3.1, §8.1; Entra requires it of every answer",
);
const BODY: Rule = Rule::new(
    "answer.body",
    "A body is one JSON object; a 204 or 304 has none, any other answer has one",
    "RFC 7644 §3.1; Entra and Okta fail on a success without a body",
);
const ERROR_BODY: Rule = Rule::new(
    "error.body",
    "An error is a SCIM Error: its schema, and the status as a string",
    "RFC 7644 §3.12",
);
const ERROR_DETAIL: Rule = Rule::new(
    "error.detail",
    "An error says in detail what is wrong",
    "Okta SCIM 2.0 SPEC test; RFC 7644 §3.12",
);
const CHALLENGE: Rule = Rule::new(
    "error.www-authenticate",
    "A 401 names the scheme in WWW-Authenticate",
    "RFC 9110 §11.6.1; RFC 6750 §3",
);
const LIST_BODY: Rule = Rule::new(
    "list.body",
    "A list is a ListResponse: its schema, totalResults as a number, Resources as a list",
    "RFC 7644 §3.4.2",
);
const LIST_COUNTS: Rule = Rule::new(
    "list.counts",
    "totalResults is at least the number of Resources, and itemsPerPage is that number",
    "RFC 7644 §3.4.2; Okta QA, Entra gallery pagination test",
);
const RESOURCE: Rule = Rule::new(
    "resource.common",
    "A resource has its id as non-empty text and its schemas",
    "RFC 7643 §3, §3.1",
);
const ACTIVE: Rule = Rule::new(
    "resource.active",
    "active is a JSON boolean",
    "RFC 7643 §4.1.1; Entra reads neither 1 nor \"True\"",
);
const CREATED: Rule = Rule::new(
    "create.location",
    "A 201 has a Location header, the same as meta.location",
    "RFC 7644 §3.3",
);

/// Notes for each of these rules whether the answer keeps it.
pub(super) fn judge(ledger: &mut Ledger, client: Client, exchange: &Exchange) {
    let Ok(answer) = &exchange.answer else { return };
    let mut note = |rule: &Rule, fault: Option<String>| match fault {
        None => ledger.kept(rule),
        Some(fault) => ledger.broken(rule, fault, Some(exchange)),
    };
    let failed = answer.status >= 500 && answer.status != 501;
    note(
        &NO_FAILURE,
        failed.then(|| format!("status {}", answer.status)),
    );
    note(&BODY, body(answer));
    if !answer.text.is_empty() {
        note(&MEDIA, media(answer));
    }
    match answer.status {
        200..=203 if answer.body.is_object() => success(&mut note, exchange, answer),
        400.. => error(&mut note, client, answer),
        _ => {}
    }
}

fn body(answer: &Answer) -> Option<String> {
    let empty = answer.text.is_empty();
    match answer.status {
        204 | 304 if empty => None,
        204 | 304 => Some(format!("a {} with a body", answer.status)),
        300..400 => None,
        status if empty => Some(format!("a {status} without a body")),
        _ if answer.body.is_object() => None,
        _ => Some("the body is not a JSON object".to_owned()),
    }
}

fn media(answer: &Answer) -> Option<String> {
    let Some(media) = answer.header("content-type") else {
        return Some("no Content-Type".to_owned());
    };
    let essence = media.split(';').next().unwrap_or_default().trim();
    (!essence.eq_ignore_ascii_case("application/scim+json"))
        .then(|| format!("Content-Type is {media}"))
}

fn error(note: &mut impl FnMut(&Rule, Option<String>), client: Client, answer: &Answer) {
    let has = has_schema(&answer.body, ERROR);
    let status = answer.body.get("status");
    let fault = if has {
        (status != Some(&Value::from(answer.status.to_string()))).then(|| match status {
            Some(found) => format!("status is {found}, not \"{}\"", answer.status),
            None => "no status".to_owned(),
        })
    } else {
        Some("schemas does not name the Error schema".to_owned())
    };
    note(&ERROR_BODY, fault);
    if client == Client::Okta {
        let detail = answer.body.get("detail").and_then(Value::as_str);
        let missing = detail.is_none_or(str::is_empty);
        note(&ERROR_DETAIL, missing.then(|| "no detail".to_owned()));
    }
    if answer.status == 401 {
        let missing = answer.header("www-authenticate").is_none();
        note(&CHALLENGE, missing.then(|| "no such header".to_owned()));
    }
}

fn success(note: &mut impl FnMut(&Rule, Option<String>), exchange: &Exchange, answer: &Answer) {
    let collection = matches!(segments(&exchange.ask.path)[..], ["Users" | "Groups"]);
    match exchange.ask.method.as_str() {
        "GET" if collection => list(note, answer),
        "POST" if collection => {
            resource(note, &answer.body);
            if answer.status == 201 {
                note(&CREATED, location(answer));
            }
        }
        "GET" | "PUT" | "PATCH"
            if matches!(segments(&exchange.ask.path)[..], ["Users" | "Groups", _]) =>
        {
            resource(note, &answer.body);
        }
        _ => {}
    }
}

fn list(note: &mut impl FnMut(&Rule, Option<String>), answer: &Answer) {
    let body = &answer.body;
    let total = body.get("totalResults").and_then(Value::as_u64);
    let rows = body.get("Resources").and_then(Value::as_array);
    let fault = if !has_schema(body, LIST) {
        Some("schemas does not name ListResponse")
    } else if total.is_none() {
        Some("totalResults is missing or no number")
    } else if rows.is_none() && body.get("Resources").is_some() {
        Some("Resources is no list")
    } else {
        None
    };
    note(&LIST_BODY, fault.map(str::to_owned));
    let count = rows.map_or(0, Vec::len) as u64;
    let per_page = body.get("itemsPerPage");
    let fault = if total.is_some_and(|total| total < count) {
        Some(format!("totalResults is below the {count} Resources"))
    } else {
        per_page
            .filter(|found| found.as_u64() != Some(count))
            .map(|found| format!("itemsPerPage is {found} with {count} Resources"))
    };
    note(&LIST_COUNTS, fault);
    for row in rows.into_iter().flatten() {
        resource(note, row);
    }
}

fn resource(note: &mut impl FnMut(&Rule, Option<String>), resource: &Value) {
    let id = resource.get("id");
    let schemas = resource.get("schemas").and_then(Value::as_array);
    let fault = match id.and_then(Value::as_str) {
        None => Some("id is missing or no text"),
        Some("") => Some("id is empty"),
        Some(_) if schemas.is_none_or(Vec::is_empty) => Some("schemas is missing or empty"),
        Some(_) => None,
    };
    note(&RESOURCE, fault.map(str::to_owned));
    if let Some(active) = resource.get("active") {
        let wrong = !active.is_boolean() && !active.is_null();
        note(&ACTIVE, wrong.then(|| format!("active is {active}")));
    }
}

fn location(answer: &Answer) -> Option<String> {
    let header = answer.header("location");
    let meta = answer.body.pointer("/meta/location");
    match (header, meta.and_then(Value::as_str)) {
        (None, _) => Some("no Location header".to_owned()),
        (Some(_), None) => Some("no meta.location".to_owned()),
        (Some(header), Some(meta)) if header != meta => {
            Some(format!("Location is {header}, meta.location is {meta}"))
        }
        _ => None,
    }
}

pub(super) fn has_schema(body: &Value, wanted: &str) -> bool {
    let schemas = body.get("schemas").and_then(Value::as_array);
    schemas.is_some_and(|list| list.iter().any(|schema| schema == wanted))
}

#[cfg(test)]
mod tests;
