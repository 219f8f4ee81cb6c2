//! Answers of the admin API as people read them.

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

use super::out::say;

/// What a column is called, and the member of an item that stands in it.
pub(super) type Columns = &'static [(&'static str, &'static str)];

/// The members that hold a time.
const TIMES: [&str; 6] = [
    "created",
    "activeSince",
    "lastUsed",
    "expiresAt",
    "revokedAt",
    "deletedAt",
];
/// The one of a log, in which much happens within a minute.
const MOMENT: &str = "time";
/// How many scopes there are: whoever has them all may do everything.
const SCOPES: usize = 10;
/// How times are shown: to the minute, in a log to the second.
const MINUTE: usize = "2026-01-31T12:34".len();
const SECOND: usize = "2026-01-31T12:34:56".len();

/// The items of a list as a table.
pub(super) fn list(answer: &Value, columns: Columns, none: &str) {
    let items = answer.get("items").and_then(Value::as_array);
    let items = items.map(Vec::as_slice).unwrap_or_default();
    if items.is_empty() {
        say(none);
        return;
    }
    let mut table = plain();
    table.set_header(columns.iter().map(|(title, _)| *title));
    for item in items {
        table.add_row(columns.iter().map(|(_, name)| cell(item, name)));
    }
    print(table);
}

/// One item on one line, as it comes.
pub(super) fn line(item: &Value, columns: Columns) -> String {
    let cells = columns.iter().map(|(_, name)| cell(item, name));
    cells.collect::<Vec<_>>().join("  ")
}

/// Members of one answer, a line each; those it has not are left out.
pub(super) fn fields(answer: &Value, members: &[(&str, &str)]) {
    for (title, name) in members {
        if answer.get(*name).is_some_and(|value| !value.is_null()) {
            field(title, &cell(answer, name));
        }
    }
}

/// One line of a name and what it is.
pub(super) fn field(title: &str, text: &str) {
    say(format_args!("{title:12}  {text}"));
}

/// A secret, and that nobody will show it again.
pub(super) fn secret(title: &str, answer: &Value, name: &str) {
    field(
        title,
        answer.get(name).and_then(Value::as_str).unwrap_or_default(),
    );
    say("It is shown this once, and only its hash is stored.");
}

/// Every member of an object as a table of two columns.
pub(super) fn members(answer: &Value) {
    let mut table = plain();
    for (name, value) in answer.as_object().into_iter().flatten() {
        // Of a policy an empty list is something else than no list.
        let is_empty = value.as_array().is_some_and(Vec::is_empty);
        let words = if is_empty {
            "none".to_owned()
        } else {
            cell(answer, name)
        };
        table.add_row([name.clone(), words]);
    }
    print(table);
}

fn plain() -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    table
}

/// Columns begin where the longest cell before them ends: what stands in a row can be copied whole.
fn print(mut table: Table) {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    say(table.trim_fmt());
}

/// A member of an item in words; `-` where there is none.
fn cell(item: &Value, name: &str) -> String {
    let value = item.get(name).unwrap_or(&Value::Null);
    match value {
        Value::String(text) if TIMES.contains(&name) => cut(text, MINUTE),
        Value::String(text) if name == MOMENT => cut(text, SECOND),
        // How a client proves itself; with what is in its own answer.
        Value::Object(method) if name == "method" => {
            method.keys().cloned().collect::<Vec<_>>().join(", ")
        }
        value => words(value),
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => safe(text),
        Value::Array(values) if values.is_empty() => "-".to_owned(),
        Value::Array(values) if values.len() == SCOPES && is_scope(values.first()) => {
            "all".to_owned()
        }
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(words).collect();
            values.join(", ")
        }
        Value::Object(members) => {
            let said = members.iter().filter(|(_, value)| says_something(value));
            let said: Vec<String> = said
                .map(|(name, value)| format!("{name}: {}", words(value)))
                .collect();
            said.join(", ")
        }
        Value::Number(number) => number.to_string(),
    }
}

fn is_scope(value: Option<&Value>) -> bool {
    value
        .and_then(Value::as_str)
        .is_some_and(|text| text.ends_with(":users") || text.ends_with(":groups"))
}

fn says_something(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false))
        && value.as_array().is_none_or(|list| !list.is_empty())
}

/// Nothing that a terminal would take for an order.
pub(super) fn safe(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

/// The beginning of a time of RFC 3339: `2026-01-31 12:34Z`.
fn cut(text: &str, length: usize) -> String {
    match text.get(..length) {
        Some(start) if text.ends_with('Z') => format!("{}Z", start.replace('T', " ")),
        _ => safe(text),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_words() {
        let item = json!({
            "created": "2026-01-31T12:34:56.789Z", "time": "2026-01-31T12:34:56.789Z", "label": "two\u{1b}[31m", "scopes": ["get:users", "get:groups"],
            "none": [], "on": true, "lastUsed": null,
        });
        let shown = |name| cell(&item, name);
        assert_eq!(shown("created"), "2026-01-31 12:34Z");
        assert_eq!(shown("time"), "2026-01-31 12:34:56Z");
        assert_eq!(shown("label"), "two\u{fffd}[31m");
        assert_eq!(shown("scopes"), "get:users, get:groups");
        assert_eq!(
            [
                shown("none"),
                shown("on"),
                shown("lastUsed"),
                shown("nowhere")
            ],
            ["-", "yes", "-", "-"]
        );
    }
}
