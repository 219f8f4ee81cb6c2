//! Literals typed as the schema types the attribute they are compared with. RFC 7643 §2.3, RFC 7644 §3.4.2.2.

use serde_json::{Number, Value};

use super::{CompareOp, Filter, FilterErrorKind};
use crate::schema::{AttrPath, AttributeType, Quirk, Quirks, instant};

/// A value as it stands in the text: in quotes, or a bare number, `true`, `false`, `null` or word.
#[derive(Debug)]
pub(super) enum Literal<'t> {
    Quoted(String),
    Bare(&'t str),
}

/// The part of a comparison that an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Path,
    Operator,
    Literal,
}

type BindError = (Part, FilterErrorKind);

/// The node that compares `path` with `literal`; `null` makes it one of presence.
pub(super) fn compare(
    path: AttrPath,
    op: CompareOp,
    literal: Literal<'_>,
    quirks: &mut Quirks,
) -> Result<Filter, BindError> {
    if let Literal::Bare(text) = literal
        && text.eq_ignore_ascii_case("null")
    {
        return match op {
            CompareOp::Eq => Ok(Filter::Not(Box::new(Filter::Present(path)))),
            CompareOp::Ne => Ok(Filter::Present(path)),
            _ => Err((Part::Operator, FilterErrorKind::NullOperator)),
        };
    }
    let path = path.with_default_sub();
    if !path.is_shown() {
        let hidden = FilterErrorKind::NeverReturned(path.to_string());
        return Err((Part::Path, hidden));
    }
    check_operator(&path, op)?;
    let value = typed(&path, op, literal, quirks)?;
    Ok(Filter::Compare(path, op, value))
}

fn check_operator(path: &AttrPath, op: CompareOp) -> Result<(), BindError> {
    use AttributeType::{Binary, Boolean, Complex, Decimal, Integer};
    use CompareOp::{Co, Ew, Ge, Gt, Le, Lt, Sw};

    let attribute = path.to_string();
    let kind = match (path.leaf().kind, op) {
        (Boolean, Co | Sw | Ew | Gt | Ge | Lt | Le) => "a boolean",
        (Integer | Decimal, Co | Sw | Ew) => "a number",
        (Binary, Gt | Ge | Lt | Le) => "binary",
        (Complex, _) => {
            let example = path.leaf().sub_attributes.first();
            let example = example.map_or_else(String::new, |sub| sub.name.clone());
            let needs = FilterErrorKind::NeedsSubAttribute { attribute, example };
            return Err((Part::Path, needs));
        }
        _ => return Ok(()),
    };
    Err((
        Part::Operator,
        FilterErrorKind::Operator {
            attribute,
            op,
            kind,
        },
    ))
}

fn typed(
    path: &AttrPath,
    op: CompareOp,
    literal: Literal<'_>,
    quirks: &mut Quirks,
) -> Result<Value, BindError> {
    let mismatch = |wanted| {
        let attribute = path.to_string();
        (
            Part::Literal,
            FilterErrorKind::Literal { attribute, wanted },
        )
    };
    match path.leaf().kind {
        AttributeType::Boolean => {
            boolean(&literal, quirks).ok_or_else(|| mismatch("true or false"))
        }
        AttributeType::Integer | AttributeType::Decimal => {
            number(&literal).ok_or_else(|| mismatch("a number"))
        }
        AttributeType::DateTime => {
            let value = text(literal, quirks);
            let is_text = matches!(op, CompareOp::Co | CompareOp::Sw | CompareOp::Ew);
            if is_text || instant(&value).is_some() {
                return Ok(Value::String(value));
            }
            Err(mismatch("a date and time such as 2026-01-31T08:00:00Z"))
        }
        AttributeType::String
        | AttributeType::Reference
        | AttributeType::Binary
        | AttributeType::Complex => Ok(Value::String(text(literal, quirks))),
    }
}

fn boolean(literal: &Literal<'_>, quirks: &mut Quirks) -> Option<Value> {
    let text = match literal {
        Literal::Quoted(text) => {
            quirks.met(Quirk::BooleanText);
            text
        }
        Literal::Bare(text) => *text,
    };
    let is = |name| text.eq_ignore_ascii_case(name);
    (is("true") || is("false")).then(|| Value::Bool(is("true")))
}

fn number(literal: &Literal<'_>) -> Option<Value> {
    let text = match literal {
        Literal::Quoted(text) => text,
        Literal::Bare(text) => *text,
    };
    serde_json::from_str::<Number>(text).ok().map(Value::Number)
}

fn text(literal: Literal<'_>, quirks: &mut Quirks) -> String {
    match literal {
        Literal::Quoted(text) => text,
        Literal::Bare(text) => {
            quirks.met(Quirk::BareLiteral);
            text.to_owned()
        }
    }
}
