//! The body of a PATCH as operations: names in any case, path-less values taken apart. RFC 7644 §3.5.2.

use serde_json::Value;

use super::place::{self, Found};
use super::resolve::Request;
use super::{Op, Operation, PatchError, PatchErrorKind, Place};
use crate::schema::{Document, Quirk, Quirks, ResourceType, Violation, ViolationKind};

/// The most operations one request may hold.
pub const OPERATIONS_MAX: usize = 1_000;

/// Reads `body` against the schemas of `resource_type`.
///
/// What needs no document to be refused is refused here.
pub fn parse(
    resource_type: &ResourceType,
    body: &Value,
    quirks: &mut Quirks,
) -> Result<Vec<Operation>, PatchError> {
    let refused = |kind| PatchError {
        index: None,
        op: None,
        path: None,
        kind,
    };
    let list = envelope(body).map_err(refused)?;
    let mut operations = vec![];
    for (position, item) in list.iter().enumerate() {
        let mut reader = Reader {
            resource_type,
            quirks,
            index: position + 1,
            operations: &mut operations,
        };
        reader.operation(item)?;
    }
    Ok(operations)
}

fn envelope(body: &Value) -> Result<&[Value], PatchErrorKind> {
    let body = body.as_object().ok_or(PatchErrorKind::Syntax(
        "the body must be a JSON object with Operations",
    ))?;
    match member(body, "operations")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    {
        None | Some([]) => Err(PatchErrorKind::Syntax(
            "Operations must be a list of at least one operation",
        )),
        Some(list) if list.len() > OPERATIONS_MAX => Err(PatchErrorKind::TooManyOperations),
        Some(list) => Ok(list),
    }
}

/// The member called `name` in any case; the last one, should there be several.
fn member<'v>(object: &'v Document, name: &str) -> Option<&'v Value> {
    object
        .iter()
        .rev()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

struct Reader<'r, 'q> {
    resource_type: &'r ResourceType,
    quirks: &'q mut Quirks,
    index: usize,
    operations: &'q mut Vec<Operation>,
}

impl Reader<'_, '_> {
    fn operation(&mut self, item: &Value) -> Result<(), PatchError> {
        let Some(item) = item.as_object() else {
            return Err(self.error(
                None,
                "",
                PatchErrorKind::Syntax("each operation must be a JSON object"),
            ));
        };
        let op = member(item, "op")
            .and_then(Value::as_str)
            .and_then(|text| self.op(text));
        let Some(op) = op else {
            return Err(self.error(
                None,
                "",
                PatchErrorKind::Syntax("op must be add, remove or replace"),
            ));
        };
        let value = member(item, "value");
        let path = match member(item, "path") {
            None | Some(Value::Null) => "",
            Some(Value::String(text)) => text.trim(),
            Some(_) => {
                return Err(self.error(
                    Some(op),
                    "",
                    PatchErrorKind::PathShape("path must be text"),
                ));
            }
        };
        if path.is_empty() {
            return self.whole(op, "", value);
        }
        match place::find(self.resource_type, path, self.quirks) {
            Err(kind) => Err(self.error(Some(op), path, kind)),
            Ok(Found::Resource) => self.whole(op, path, value),
            Ok(_) if value.is_none() && op != Op::Remove => {
                let kind =
                    PatchErrorKind::Value("value is missing; send null to unassign the attribute");
                Err(self.error(Some(op), path, kind))
            }
            Ok(found) => {
                let request = Request {
                    op,
                    value: value.unwrap_or(&Value::Null),
                    is_key: false,
                };
                self.assign(request, path, found)
            }
        }
    }

    fn op(&mut self, text: &str) -> Option<Op> {
        let ops = [
            ("add", Op::Add),
            ("remove", Op::Remove),
            ("replace", Op::Replace),
        ];
        let (name, op) = ops
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(text))?;
        if name != text {
            self.quirks.met(Quirk::OpCase);
        }
        Some(op)
    }

    /// An operation on the resource itself, `path` being empty or the URN of its schema.
    fn whole(&mut self, op: Op, path: &str, value: Option<&Value>) -> Result<(), PatchError> {
        let kind = match value {
            _ if op == Op::Remove => PatchErrorKind::NoTarget("remove needs a path"),
            Some(Value::Object(object)) => return self.explode(op, path, object),
            _ => PatchErrorKind::Value(
                "without a path, value must be an object that names attributes",
            ),
        };
        Err(self.error(Some(op), path, kind))
    }

    /// Each key of `object` is a path, seen from the schema `prefix`.
    fn explode(&mut self, op: Op, prefix: &str, object: &Document) -> Result<(), PatchError> {
        for (key, value) in object {
            let path = if prefix.is_empty() {
                key.trim().to_owned()
            } else {
                format!("{prefix}:{}", key.trim())
            };
            match place::find(self.resource_type, &path, self.quirks) {
                Err(PatchErrorKind::Path(_)) => self.quirks.met(Quirk::UnknownName),
                Err(kind) => return Err(self.error(Some(op), &path, kind)),
                Ok(Found::Resource) => match value {
                    // Under a prefix no key can be a bare URN, so this goes one level down.
                    Value::Object(object) => self.explode(op, &path, object)?,
                    _ => self.quirks.met(Quirk::UnknownName),
                },
                Ok(found) => {
                    if key.contains(['.', ':', '['])
                        && !matches!(found, Found::Place(Place::Extension(_)))
                    {
                        self.quirks.met(Quirk::FlatKeys);
                    }
                    self.assign(
                        Request {
                            op,
                            value,
                            is_key: true,
                        },
                        &path,
                        found,
                    )?;
                }
            }
        }
        Ok(())
    }

    fn assign(&mut self, request: Request<'_>, path: &str, found: Found) -> Result<(), PatchError> {
        let place = match found {
            Found::Place(place) => place,
            Found::Password => {
                self.quirks.met(Quirk::PasswordIgnored);
                return Ok(());
            }
            Found::Foreign | Found::Resource => {
                self.quirks.met(Quirk::UnknownName);
                return Ok(());
            }
        };
        if let (Place::Extension(schema), Op::Add | Op::Replace) = (&place, request.op) {
            match request.value {
                Value::Object(object) => return self.explode(request.op, &schema.id, object),
                empty if is_empty(empty) => {}
                _ => {
                    let kind = ViolationKind::Type {
                        expected: "an object",
                    };
                    let violation = Violation::new(schema.id.as_ref(), kind);
                    return Err(self.error(Some(request.op), path, violation.into()));
                }
            }
        }
        let change = request.resolve(self.resource_type, &place, self.quirks);
        let change = change.map_err(|kind| self.error(Some(request.op), path, kind))?;
        self.operations.extend(change.map(|change| Operation {
            index: self.index,
            op: request.op,
            label: place::label(path),
            place,
            change,
        }));
        Ok(())
    }

    fn error(&self, op: Option<Op>, path: &str, kind: PatchErrorKind) -> PatchError {
        PatchError {
            index: Some(self.index),
            op,
            path: Some(place::label(path)),
            kind,
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}
