//! `bulkId:` references: where they stand in the data of an operation, and the ids that take their place.
//! RFC 7644 §3.7.2.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

const PREFIX: &str = "bulkId:";

/// The bulkId that `text` refers to.
pub(super) fn name(text: &str) -> Option<&str> {
    text.strip_prefix(PREFIX).filter(|name| !name.is_empty())
}

/// The bulkIds that `data` refers to.
pub(super) fn within(data: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect("", data, &mut found);
    found
}

/// Puts ids in the place of references; those of unknown bulkIds stay.
pub(super) fn fill(data: &mut Value, ids: &HashMap<String, String>) {
    fill_under("", data, ids);
}

/// The URL with ids in the place of references, if all of them are known.
pub(super) fn fill_url(url: &str, ids: &HashMap<String, String>) -> Option<String> {
    let url = filled(url, &['/'], ids);
    let unknown = url.split('/').any(|part| name(part).is_some());
    (!unknown).then_some(url)
}

/// Where a reference may begin and end inside text: between the slashes of a `$ref`, between the quotes of a PATCH
/// path (`members[value eq "bulkId:q1"]`). Any other text is a reference as a whole or not at all.
fn separator(key: &str) -> &'static [char] {
    if key.eq_ignore_ascii_case("$ref") {
        &['/']
    } else if key.eq_ignore_ascii_case("path") {
        &['"']
    } else {
        &[]
    }
}

// The JSON parser has bounded how deep the data goes, and so this recursion and the next.
fn collect(key: &str, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let parts = text.split(separator(key));
            found.extend(parts.filter_map(name).map(str::to_owned));
        }
        Value::Array(list) => list.iter().for_each(|value| collect(key, value, found)),
        Value::Object(object) => object
            .iter()
            .for_each(|(key, value)| collect(key, value, found)),
        _ => {}
    }
}

fn fill_under(key: &str, value: &mut Value, ids: &HashMap<String, String>) {
    match value {
        Value::String(text) if text.contains(PREFIX) => {
            *text = filled(text, separator(key), ids);
        }
        Value::Array(list) => list
            .iter_mut()
            .for_each(|value| fill_under(key, value, ids)),
        Value::Object(object) => object
            .iter_mut()
            .for_each(|(key, value)| fill_under(key, value, ids)),
        _ => {}
    }
}

fn filled(text: &str, separator: &[char], ids: &HashMap<String, String>) -> String {
    let id = |part| name(part).and_then(|name| ids.get(name));
    let mut whole = String::with_capacity(text.len());
    for part in text.split_inclusive(separator) {
        let bare = part.trim_end_matches(separator);
        let end = part.strip_prefix(bare).unwrap_or_default();
        whole.push_str(id(bare).map_or(bare, String::as_str));
        whole.push_str(end);
    }
    whole
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(data: Value, references: &[&str], expected: &Value) {
        let ids = [("a", "1"), ("b", "2")];
        let ids = ids
            .map(|(name, id)| (name.to_owned(), id.to_owned()))
            .into();
        let found: Vec<String> = within(&data).into_iter().collect();
        assert_eq!(found, references, "{data}");
        let mut filled = data;
        fill(&mut filled, &ids);
        assert_eq!(filled, *expected);
    }

    #[test]
    fn references_stand_at_any_depth() {
        check(
            json!({ "members": [{ "value": "bulkId:a" }, { "value": "bulkId:b" }, { "value": "9" }] }),
            &["a", "b"],
            &json!({ "members": [{ "value": "1" }, { "value": "2" }, { "value": "9" }] }),
        );
        check(
            json!({ "urn:x": { "manager": { "value": "bulkId:b", "displayName": "Ada" } } }),
            &["b"],
            &json!({ "urn:x": { "manager": { "value": "2", "displayName": "Ada" } } }),
        );
        check(
            json!({ "manager": "bulkId:a", "list": [["bulkId:a"]] }),
            &["a"],
            &json!({ "manager": "1", "list": [["1"]] }),
        );
    }

    #[test]
    fn a_reference_is_the_whole_text() {
        let data = json!({ "displayName": "see bulkId:a", "title": "BULKID:a", "nickName": "bulkId:", "bulkId:a": 1 });
        check(data.clone(), &[], &data);
    }

    #[test]
    fn unknown_references_stay() {
        check(
            json!({ "value": "bulkId:nobody" }),
            &["nobody"],
            &json!({ "value": "bulkId:nobody" }),
        );
    }

    #[test]
    fn urls_and_patch_paths_hold_references() {
        check(
            json!({ "$ref": "https://scim.fabrikam.example/scim/v2/Users/bulkId:a" }),
            &["a"],
            &json!({ "$ref": "https://scim.fabrikam.example/scim/v2/Users/1" }),
        );
        check(
            json!({ "$ref": "bulkId:a" }),
            &["a"],
            &json!({ "$ref": "1" }),
        );
        check(
            json!({ "Operations": [{ "op": "remove", "path": "members[value eq \"bulkId:a\" or value eq \"bulkId:b\"]" }] }),
            &["a", "b"],
            &json!({ "Operations": [{ "op": "remove", "path": "members[value eq \"1\" or value eq \"2\"]" }] }),
        );
        let untouched = json!({ "$ref": "/Users//x/", "path": "emails[type eq \"\"].value" });
        check(untouched.clone(), &[], &untouched);
    }
}
