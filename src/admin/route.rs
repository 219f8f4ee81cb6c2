//! Paths and methods: what is asked for, and where. `openapi.json` documents the same, and a test compares them.

mod table;

use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{AdminError, BASE};
pub(super) use table::Action;
use table::{DOCUMENT, ROUTES, Route};

/// Bytes of one segment of a path; no name, id or URN is longer.
const SEGMENT_MAX: usize = 256;
const OPENAPI: &str = include_str!("openapi.json");

/// A route that a path and a method lead to.
#[derive(Debug)]
pub(super) struct Found {
    /// With its variable parts left open.
    pub path: &'static str,
    pub action: Action,
    /// The variable parts, by name.
    pub parameters: Vec<(&'static str, String)>,
    /// Names that the query may have.
    pub query: &'static [&'static str],
}

/// What of a path stands below [`BASE`]; `None` where it stands elsewhere.
pub(super) fn below_base(path: &str) -> Option<String> {
    let rest = path.strip_prefix(BASE)?;
    (rest.is_empty() || rest.starts_with('/')).then(|| rest.to_owned())
}

/// Whether a path can be read without a key.
pub(super) fn is_open(path: &str) -> bool {
    path == DOCUMENT
}

/// The document that describes all of this.
pub(super) fn document() -> Value {
    serde_json::from_str(OPENAPI).unwrap_or_default()
}

/// 404 where nothing is, 405 where something is that does not take the method.
pub(super) fn find(method: &Method, path: &str) -> Result<Found, AdminError> {
    let path = path.split('?').next().unwrap_or_default();
    let segments = segments(path).ok_or_else(AdminError::no_such_path)?;
    let fit = |route: &'static Route| Some((route, parameters(route.path, &segments)?));
    let (route, parameters) = ROUTES
        .iter()
        .find_map(fit)
        .ok_or_else(AdminError::no_such_path)?;
    let verb = route
        .verbs
        .iter()
        .find(|verb| verb.method == method.as_str())
        .ok_or_else(|| AdminError::method_not_allowed(route.allowed))?;
    Ok(Found {
        path: route.path,
        action: verb.action,
        parameters,
        query: verb.query,
    })
}

/// The decoded segments of a path; a trailing slash does not count. `None` where one is no text, or too long.
fn segments(path: &str) -> Option<Vec<String>> {
    let decoded = |segment: &str| {
        let text = percent_decode_str(segment).decode_utf8().ok()?;
        (text.len() <= SEGMENT_MAX).then(|| text.into_owned())
    };
    path.split('/')
        .filter(|segment| !segment.is_empty())
        .map(decoded)
        .collect()
}

fn parameters(route: &'static str, segments: &[String]) -> Option<Vec<(&'static str, String)>> {
    let mut parameters = vec![];
    let mut given = segments.iter();
    for wanted in route.split('/').skip(1) {
        let given = given.next()?;
        match wanted
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
        {
            Some(name) => parameters.push((name, given.clone())),
            None if wanted == given => {}
            None => return None,
        }
    }
    given.next().is_none().then_some(parameters)
}

#[cfg(test)]
mod tests;
