//! Trees of filters, ours and those of the vectors, in one spelling.

use serde_json::{Value, json};
use serverless_scim::filter::Filter;
use serverless_scim::schema::{AttrPath, Quirks, Scope};

/// Our tree as the vectors spell theirs, with `and` and `or` of any length.
pub(crate) fn tree(filter: &Filter) -> Value {
    match filter {
        Filter::Present(path) => json!({"op": "pr", "path": path.to_string()}),
        Filter::Compare(path, op, value) => {
            json!({"op": op.to_string(), "path": path.to_string(), "value": plain(value)})
        }
        Filter::ValuePath(path, inner) => {
            json!({"op": "[]", "path": path.to_string(), "inner": tree(inner)})
        }
        Filter::Not(inner) => json!({"op": "not", "inner": tree(inner)}),
        Filter::And(left, right) => joined("and", [tree(left), tree(right)]),
        Filter::Or(left, right) => joined("or", [tree(left), tree(right)]),
    }
}

/// Their tree, its names spelled and its bare lists compared by `value` as ours are.
pub(crate) fn meant(scope: Scope<'_>, ast: &Value) -> Value {
    let op = ast["op"].as_str().unwrap();
    let path = || {
        let text = ast["attrPath"].as_str().unwrap();
        AttrPath::parse(scope, text, &mut Quirks::default()).unwrap()
    };
    match op {
        "and" | "or" => {
            let parts = ast["filters"].as_array().unwrap();
            joined(op, parts.iter().map(|part| meant(scope, part)))
        }
        "not" => json!({"op": op, "inner": meant(scope, &ast["filter"])}),
        "pr" => json!({"op": op, "path": path().to_string()}),
        "[]" => {
            let path = path();
            let inner = meant(Scope::Element(&path.attribute), &ast["valFilter"]);
            json!({"op": op, "path": path.to_string(), "inner": inner})
        }
        _ => {
            let path = path().with_default_sub().to_string();
            json!({"op": op, "path": path, "value": plain(&ast["compValue"])})
        }
    }
}

fn joined(op: &str, parts: impl IntoIterator<Item = Value>) -> Value {
    let mut flat = vec![];
    for part in parts {
        match part {
            Value::Object(mut part) if part.get("op") == Some(&json!(op)) => {
                if let Some(Value::Array(inner)) = part.remove("parts") {
                    flat.extend(inner);
                }
            }
            other => flat.push(other),
        }
    }
    json!({"op": op, "parts": flat})
}

/// Numbers by their value.
fn plain(value: &Value) -> Value {
    value.as_f64().map_or_else(|| value.clone(), Value::from)
}
