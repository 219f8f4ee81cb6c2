//! One request and what came back for it.

use std::fmt::Write as _;

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

/// So much of a body is shown in a report.
const SHOWN_MAX: usize = 1_500;

/// A request as it is to be sent. The path is below the Tenant URL and may carry a query.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    pub method: String,
    pub path: String,
    /// Over the usual headers; `None` takes one away.
    pub headers: Vec<(String, Option<String>)>,
    pub body: Option<String>,
}

impl Ask {
    pub fn new(method: &str, path: impl Into<String>) -> Self {
        Self {
            method: method.to_owned(),
            path: path.into(),
            ..Self::default()
        }
    }

    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    pub fn json(method: &str, path: impl Into<String>, body: &Value) -> Self {
        Self {
            body: Some(body.to_string()),
            ..Self::new(method, path)
        }
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: Option<&str>) -> Self {
        self.headers
            .push((name.to_owned(), value.map(str::to_owned)));
        self
    }
}

/// A request with its answer, or with the reason why there is none.
#[derive(Debug, Clone)]
pub struct Exchange {
    pub ask: Ask,
    pub answer: Result<Answer, String>,
}

/// What a server answered; `body` is null where the text is no JSON.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    pub body: Value,
}

impl Exchange {
    pub fn status(&self) -> Option<u16> {
        self.answer.as_ref().ok().map(|answer| answer.status)
    }

    pub fn is(&self, statuses: &[u16]) -> bool {
        self.status()
            .is_some_and(|status| statuses.contains(&status))
    }

    /// The body as JSON; null where there is none.
    pub fn body(&self) -> &Value {
        const NONE: &Value = &Value::Null;
        self.answer.as_ref().map_or(NONE, |answer| &answer.body)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.answer.as_ref().ok()?.header(name)
    }

    pub fn id(&self) -> Option<&str> {
        self.body()
            .get("id")?
            .as_str()
            .filter(|text| !text.is_empty())
    }

    /// What departs from one of these statuses, if anything does.
    pub fn departs(&self, statuses: &[u16]) -> Option<String> {
        if self.is(statuses) {
            return None;
        }
        let wanted: Vec<String> = statuses.iter().map(u16::to_string).collect();
        let wanted = wanted.join(" or ");
        Some(match &self.answer {
            Ok(answer) => format!("status {} instead of {wanted}", answer.status),
            Err(reason) => format!("no answer ({reason}) instead of {wanted}"),
        })
    }

    /// Method and path without ids and query values: what latencies are grouped by.
    pub fn kind(&self) -> String {
        kind(&self.ask.method, &self.ask.path)
    }

    /// The request in two lines at most, without credentials.
    pub fn request_text(&self) -> String {
        let mut text = format!("{} {}", self.ask.method, self.ask.path);
        for (name, value) in &self.ask.headers {
            let shown = match value {
                _ if name.eq_ignore_ascii_case("authorization") => "(withheld)",
                Some(value) => value,
                None => "(left out)",
            };
            let _ = write!(text, "  {name}: {shown}");
        }
        if let Some(body) = &self.ask.body {
            let _ = write!(text, "\n{}", cut(body));
        }
        text
    }

    /// The answer in two lines at most.
    pub fn answer_text(&self) -> String {
        match &self.answer {
            Ok(answer) => {
                let media = answer.header(CONTENT_TYPE.as_str());
                let media = media.unwrap_or("no Content-Type");
                let mut text = format!("{} ({media})", answer.status);
                if !answer.text.is_empty() {
                    let _ = write!(text, "\n{}", cut(&answer.text));
                }
                text
            }
            Err(reason) => format!("none: {reason}"),
        }
    }

    pub fn to_json(&self) -> Value {
        let answer = match &self.answer {
            Ok(answer) => json!({
                "status": answer.status,
                "contentType": answer.header(CONTENT_TYPE.as_str()),
                "body": cut(&answer.text),
            }),
            Err(reason) => json!({ "none": reason }),
        };
        let ask = &self.ask;
        let body = ask.body.as_deref().map(cut);
        json!({
            "request": { "method": ask.method, "path": ask.path, "body": body },
            "answer": answer,
        })
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The segments of a path below the Tenant URL, without its query.
pub(super) fn segments(path: &str) -> Vec<&str> {
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    path.split('/')
        .filter(|segment| !segment.is_empty())
        .collect()
}

fn kind(method: &str, path: &str) -> String {
    let query = path.split_once('?').map_or("", |(_, query)| query);
    let shown = match segments(path).as_slice() {
        [] => "/".to_owned(),
        [root] => format!("/{root}"),
        [root, search] if search.starts_with('.') => format!("/{root}/{search}"),
        [root, ..] => format!("/{root}/{{id}}"),
    };
    let filtered = query.split('&').any(|part| part.starts_with("filter="));
    format!("{method} {shown}{}", if filtered { "?filter" } else { "" })
}

/// As much of the text as a reader wants to see.
fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => {
            let (shown, rest) = text.split_at(end);
            format!("{shown}... ({} more bytes)", rest.len())
        }
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_one_kind_are_grouped() {
        for (method, path, wanted) in [
            (
                "GET",
                "/Users?filter=userName+eq+%22a%22",
                "GET /Users?filter",
            ),
            ("GET", "//Users/?count=2", "GET /Users"),
            ("PATCH", "/Groups/17", "PATCH /Groups/{id}"),
            ("GET", "/Schemas/urn:x", "GET /Schemas/{id}"),
            ("POST", "/Users/.search", "POST /Users/.search"),
            ("GET", "", "GET /"),
        ] {
            assert_eq!(kind(method, path), wanted);
        }
    }

    #[test]
    fn a_report_shows_no_credentials_and_no_endless_bodies() {
        let exchange = Exchange {
            ask: Ask::json("POST", "/Users", &json!({ "title": "é".repeat(4_000) }))
                .header("authorization", Some("Bearer of-secrets")),
            answer: Err("timed out".to_owned()),
        };
        let text = exchange.request_text();
        assert!(!text.contains("of-secrets"), "{text}");
        assert!(text.len() < 4_000, "{}", text.len());
        assert!(!exchange.to_json().to_string().contains("of-secrets"));
        assert_eq!(exchange.answer_text(), "none: timed out");
    }
}
