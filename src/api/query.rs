//! The parameters of a read: in the query string, or in the body of a search request. RFC 7644 §3.4.2, §3.4.3, §3.9.

use serde_json::Value;

use super::cursor::Question;
use super::{Exchange, ScimError};
use crate::filter::{self, Filter};
use crate::schema::{AttrPath, Projection, Quirks, ResourceType, Scope};
use crate::store::{COUNT_MAX, Paging, Sort, Start};

/// Results on a page when the client does not say.
pub(super) const COUNT_DEFAULT: u64 = 100;

/// The parameters there are (RFC 7644 §3.4.2, RFC 9865 §2).
const KNOWN: [&str; 8] = [
    "filter",
    "startIndex",
    "count",
    "attributes",
    "excludedAttributes",
    "sortBy",
    "sortOrder",
    "cursor",
];

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
    pub(super) fn of_query(exchange: &Exchange<'_>) -> Result<Self, ScimError> {
        let mut parameters = Self::default();
        let query = exchange.call.parts.uri.query().unwrap_or_default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let names = || Some(value.split(',').map(str::to_owned).collect());
            // A blank cursor begins a walk; a blank filter is one that was lost.
            let counts = |known: &str| name.eq_ignore_ascii_case(known);
            if !value.trim().is_empty() || counts("filter") || counts("cursor") {
                parameters.set(&name, &value, names)?;
            }
        }
        Ok(parameters)
    }

    /// Reads the body of a search request.
    pub(super) fn of_body(body: &Value) -> Result<Self, ScimError> {
        let object = body.as_object().ok_or_else(ScimError::not_an_object)?;
        let mut parameters = Self::default();
        for (name, value) in object {
            let text = match value {
                Value::Null => continue,
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let of_list = |list: &[Value]| {
                let name = |name: &Value| name.as_str().map(str::to_owned);
                list.iter().map(name).collect()
            };
            let names = || match value {
                Value::String(text) => Some(text.split(',').map(str::to_owned).collect()),
                Value::Array(list) => of_list(list),
                _ => None,
            };
            parameters.set(name, &text, names)?;
        }
        Ok(parameters)
    }

    /// `names` are those of a list, or `None` where the value is none.
    fn set(
        &mut self,
        name: &str,
        value: &str,
        names: impl Fn() -> Option<Vec<String>>,
    ) -> Result<(), ScimError> {
        let Some(known) = KNOWN.iter().find(|known| known.eq_ignore_ascii_case(name)) else {
            return Ok(());
        };
        let value = || value.to_owned();
        let names = || {
            let what = format!("{known}: a list of attribute names, or one text with commas");
            names().ok_or_else(|| ScimError::invalid_value(what))
        };
        let repeated = match *known {
            "filter" => self.filter.replace(value()).is_some(),
            "startIndex" => self.start_index.replace(value()).is_some(),
            "count" => self.count.replace(value()).is_some(),
            "attributes" => self.attributes.replace(names()?).is_some(),
            "excludedAttributes" => self.excluded.replace(names()?).is_some(),
            "sortBy" => self.sort_by.replace(value()).is_some(),
            "sortOrder" => self.sort_order.replace(value()).is_some(),
            _ => self.cursor.replace(value()).is_some(),
        };
        match *known {
            // Whichever of them counted, the answer would be to another question.
            "filter" if repeated => Err(ScimError::invalid_filter("filter: send it once")),
            name if repeated => Err(ScimError::invalid_value(format!("{name}: send it once"))),
            _ => Ok(()),
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
