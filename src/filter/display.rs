//! Tree to text: the canonical spelling, which parses to the same tree. RFC 7644 §3.4.2.2.

use std::fmt;

use super::{CompareOp, Filter};

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Present(path) => write!(f, "{path} pr"),
            Self::Compare(path, op, value) => write!(f, "{path} {op} {value}"),
            Self::ValuePath(path, inner) => write!(f, "{path}[{inner}]"),
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::And(left, right) => {
                write!(
                    f,
                    "{} and {}",
                    Operand(left, Binding::Or),
                    Operand(right, Binding::And)
                )
            }
            // `or` groups to the left, so another one needs its parentheses only on the right.
            Self::Or(left, right) => write!(f, "{left} or {}", Operand(right, Binding::Or)),
        }
    }
}

/// How loosely the parts of a filter hang together.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Binding {
    Tight,
    And,
    Or,
}

/// A filter beside `and` or `or`, in parentheses if it binds as loosely as this or looser.
struct Operand<'a>(&'a Filter, Binding);

impl fmt::Display for Operand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(filter, loosest) = self;
        let binding = match filter {
            Filter::And(..) => Binding::And,
            Filter::Or(..) => Binding::Or,
            _ => Binding::Tight,
        };
        if binding >= *loosest {
            write!(f, "({filter})")
        } else {
            write!(f, "{filter}")
        }
    }
}

impl fmt::Display for CompareOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.keyword())
    }
}
