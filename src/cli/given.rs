//! What stands on the command line and becomes part of a request: names, times, documents, pages.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use clap::Args;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::failure::Failure;

/// What a segment of a path may hold as it is. RFC 3986 §2.3.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// Bytes of a document that are read; what the service takes is less.
const DOCUMENT_MAX: u64 = 1024 * 1024;

/// The identity providers that a connection can be for.
pub(super) const PROVIDERS: [&str; 5] = ["entra", "okta", "onelogin", "jumpcloud", "other"];

/// One segment of a path.
pub(super) fn segment(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// How much of a list.
#[derive(Debug, Args)]
pub(super) struct Page {
    /// So many at most.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
    /// Go on after this cursor of an earlier list.
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
}

impl Page {
    /// The path of this page of a list.
    pub(super) fn of(&self, path: &str) -> String {
        let after = self.after.as_deref().map(segment);
        let after = after.map_or_else(String::new, |after| format!("&after={after}"));
        format!("{path}?limit={}{after}", self.limit)
    }

    /// Begins here where nothing was said.
    pub(super) fn begin(&mut self, place: &str) {
        self.after.get_or_insert_with(|| place.to_owned());
    }

    pub(super) fn limit(&self) -> usize {
        self.limit as usize
    }

    /// Moves on to what follows this cursor; says whether that is another place.
    pub(super) fn go_on(&mut self, next: &str) -> bool {
        let moved = !next.is_empty() && self.after.as_deref() != Some(next);
        if moved {
            self.after = Some(next.to_owned());
        }
        moved
    }
}

/// A member that is a text; empty where it is not.
pub(super) fn text(answer: &Value, name: &str) -> String {
    let text = answer.get(name).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

/// The JSON in a file, or in standard input where the file is called `-`.
pub(super) fn document(file: &Path) -> Result<Value, Failure> {
    let refused = |why: String| Failure::Unasked(format!("{}: {why}", file.display()));
    let mut text = String::new();
    let mut read = |source: &mut dyn Read| source.take(DOCUMENT_MAX + 1).read_to_string(&mut text);
    let length = if file.as_os_str() == "-" {
        read(&mut std::io::stdin().lock())
    } else {
        File::open(file).and_then(|mut file| read(&mut file))
    };
    if length.map_err(|error| refused(error.to_string()))? as u64 > DOCUMENT_MAX {
        return Err(refused(format!("it has more than {DOCUMENT_MAX} bytes")));
    }
    serde_json::from_str(&text).map_err(|error| refused(format!("not valid JSON: {error}")))
}

/// The body without what was not given.
pub(super) fn given(mut body: Value) -> Value {
    if let Value::Object(members) = &mut body {
        members.retain(|_, value| !value.is_null());
    }
    body
}

/// A name or an id on the command line. A dot or two would climb in a path.
pub(super) fn name(text: &str) -> Result<String, String> {
    if matches!(text, "" | "." | "..") {
        return Err("that names nothing".to_owned());
    }
    Ok(text.to_owned())
}

/// A time that may be without an end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit(pub(super) Option<i64>);

/// A time on the command line, or `none`.
pub(super) fn seconds_or_none(text: &str) -> Result<Limit, String> {
    match text {
        "none" => Ok(Limit(None)),
        text => Ok(Limit(Some(seconds(text)?))),
    }
}

/// What may stand behind the number of a time, and its seconds.
const UNITS: [(char, i64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// A time on the command line, in seconds: `90d`, `12h`, `15m`, `900s` or `900`.
pub(super) fn seconds(text: &str) -> Result<i64, String> {
    let unit = UNITS
        .into_iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)));
    let (digits, unit) = unit.unwrap_or((text, 1));
    let number = digits.parse::<u32>().ok().map(i64::from);
    number
        .and_then(|number| number.checked_mul(unit))
        .ok_or_else(|| "write a number and a unit: 90d, 12h, 15m or 900s".to_owned())
}

/// Seconds as they are written on the command line.
pub(super) fn time(seconds: i64) -> String {
    let mut units = UNITS.into_iter();
    let whole = units.find(|(_, unit)| seconds >= *unit && seconds % unit == 0);
    let (unit, of) = whole.unwrap_or(('s', 1));
    format!("{}{unit}", seconds / of)
}
