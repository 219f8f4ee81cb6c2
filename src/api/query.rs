//! The parameters of a read: in the query string, or in the body of a search request. RFC 7644 §3.4.2, §3.4.3, §3.9.

use serde_json::Value;

use super::cursor::Question;
use super::{Exchange, ScimError};
use crate::filter::{self, Filter};
use crate::schema::{AttrPath, Projection, Quirks, ResourceType, Scope};
use crate::store::{COUNT_MAX, Paging, Sort, Start};

/// Results on a page when the client does not say.
pub(super) const COUNT_DEFAULT: u64 = 100;

/// What a client can ask of a read. Unknown parameters are ignored (RFC 7644 §3.4.2).
#[derive(Debug, Default)]
pub(super) struct Parameters {
    filter: Option<String>,
    start_index: Option<String>,
    count: Option<String>,
    attributes: Option<Vec<String>>,
    excluded: Option<Vec<String>>,
    sort_by: Option<String>,
    sort_order: Option<String>,
    /// Present and empty on the first page of a cursor walk.
    cursor: Option<String>,
}

impl Parameters {
    /// Reads the query string: form encoding, decoded once, names in any case.
    pub(super) fn of_query(exchange: &Exchange<'_>) -> Self {
        let mut parameters = Self::default();
        let query = exchange.call.parts.uri.query().unwrap_or_default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if !value.trim().is_empty() || name.eq_ignore_ascii_case("cursor") {
                let names = || value.split(',').map(str::to_owned).collect();
                parameters.set(&name, &value, names);
            }
        }
        parameters
    }

    /// Reads the body of a search request.
    pub(super) fn of_body(body: &Value) -> Result<Self, ScimError> {
        let object = body.as_object().ok_or_else(ScimError::not_an_object)?;
        let mut parameters = Self::default();
        for (name, value) in object {
            let text = match value {
                Value::Null | Value::Object(_) => continue,
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let names = || match value {
                Value::Array(list) => list
                    .iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect(),
                _ => text.split(',').map(str::to_owned).collect(),
            };
            parameters.set(name, &text, names);
        }
        Ok(parameters)
    }

    fn set(&mut self, name: &str, value: &str, names: impl Fn() -> Vec<String>) {
        match name.to_ascii_lowercase().as_str() {
            "filter" => self.filter = Some(value.to_owned()),
            "startindex" => self.start_index = Some(value.to_owned()),
            "count" => self.count = Some(value.to_owned()),
            "attributes" => self.attributes = Some(names()),
            "excludedattributes" => self.excluded = Some(names()),
            "sortby" => self.sort_by = Some(value.to_owned()),
            "sortorder" => self.sort_order = Some(value.to_owned()),
            "cursor" => self.cursor = Some(value.to_owned()),
            _ => {}
        }
    }

    pub(super) fn has_filter(&self) -> bool {
        self.filter.is_some()
    }

    pub(super) fn filter(
        &self,
        scope: Scope<'_>,
        quirks: &mut Quirks,
    ) -> Result<Option<Filter>, ScimError> {
        let parse = |text: &String| filter::parse(scope, text, quirks);
        Ok(self.filter.as_ref().map(parse).transpose()?)
    }

    /// The order asked for (RFC 7644 §3.4.2.3).
    pub(super) fn sort(
        &self,
        scope: Scope<'_>,
        quirks: &mut Quirks,
    ) -> Result<Option<Sort>, ScimError> {
        let descending = match self
            .sort_order
            .as_deref()
            .map(str::to_ascii_lowercase)
            .as_deref()
        {
            None | Some("ascending") => false,
            Some("descending") => true,
            Some(_) => {
                return Err(ScimError::invalid_value(
                    "sortOrder is ascending or descending",
                ));
            }
        };
        let Some(text) = &self.sort_by else {
            return Ok(None);
        };
        let path = AttrPath::parse(scope, text.trim(), quirks)
            .map_err(|error| ScimError::invalid_path(format!("sortBy: {error}")))?
            .with_default_sub();
        if path.leaf().is_complex() {
            let detail = format!("sortBy: {path} has several parts; name one of them");
            return Err(ScimError::invalid_value(detail));
        }
        let derived = path.extension.is_none()
            && matches!(path.attribute.name.as_str(), "members" | "groups");
        if derived || path.is_address() || !path.is_shown() {
            return Err(ScimError::invalid_value(format!(
                "sortBy: {path} cannot be sorted by"
            )));
        }
        Ok(Some(Sort { path, descending }))
    }

    /// `startIndex` below 1 is 1, `count` below 0 is 0 (RFC 7644 §3.4.2.4).
    pub(super) fn paging(&self, question: &Question, now_ms: i64) -> Result<Paging, ScimError> {
        let count = number(self.count.as_deref());
        let count = |error: fn(String) -> ScimError| match count {
            Ok(count) => Ok(count.unwrap_or(COUNT_DEFAULT).min(COUNT_MAX)),
            Err(()) => Err(error("count must be a whole number".to_owned())),
        };
        if let Some(cursor) = &self.cursor {
            if self.start_index.is_some() {
                return Err(ScimError::invalid_cursor(
                    "cursor and startIndex exclude each other",
                ));
            }
            let position = question.position(cursor.trim(), now_ms)?;
            let start = Start::After(position);
            let count = count(ScimError::invalid_count)?;
            if count == 0 {
                // No page of a walk but the last is without a cursor to the next, and this one would lead nowhere.
                let detail = "count must be at least 1 where a cursor is given";
                return Err(ScimError::invalid_count(detail));
            }
            return Ok(Paging { start, count });
        }
        let start_index = number(self.start_index.as_deref())
            .map_err(|()| ScimError::invalid_value("startIndex must be a whole number"))?;
        let start = Start::Index(start_index.unwrap_or(1).max(1));
        Ok(Paging {
            start,
            count: count(ScimError::invalid_value)?,
        })
    }

    /// What a cursor of this request belongs to.
    pub(super) fn question(&self, tenant: String, endpoint: &str) -> Question {
        let part = |text: &'_ Option<String>| text.clone().unwrap_or_default();
        let (filter, by, order) = (
            part(&self.filter),
            part(&self.sort_by),
            part(&self.sort_order),
        );
        Question::new(tenant, [endpoint, &filter, &by, &order])
    }

    pub(super) fn projection(&self, resource_type: &ResourceType) -> Result<Projection, ScimError> {
        let (attributes, excluded) = (
            borrowed(self.attributes.as_ref()),
            borrowed(self.excluded.as_ref()),
        );
        Ok(Projection::parse(
            resource_type,
            attributes.as_deref(),
            excluded.as_deref(),
        )?)
    }

    /// Whether the client chose attributes, and so wants a body (RFC 7644 §3.5.2).
    pub(super) fn asks_for_attributes(&self) -> bool {
        self.attributes.is_some()
    }
}

fn borrowed(list: Option<&Vec<String>>) -> Option<Vec<&str>> {
    list.map(|list| list.iter().map(String::as_str).collect())
}

fn number(text: Option<&str>) -> Result<Option<u64>, ()> {
    let Some(text) = text else { return Ok(None) };
    let number: i128 = text.trim().parse().map_err(|_| ())?;
    Ok(Some(u64::try_from(number.max(0)).unwrap_or(u64::MAX)))
}
