//! Text to tree, by hand, one function per rule. RFC 7644 §3.4.2.2 with errata 4690 and 7319.
//!
//! ```text
//! filter    = andExp *( "or" andExp )
//! andExp    = term *( "and" term )
//! term      = "not" group / group / attrExp
//! group     = "(" filter ")"
//! attrExp   = attrPath "pr" / attrPath compareOp compValue / valuePath
//! valuePath = attrPath "[" filter "]" [ "." attrExp ]
//! compareOp = "eq" / "ne" / "co" / "sw" / "ew" / "gt" / "ge" / "lt" / "le"
//! compValue = string / number / "true" / "false" / "null" / bareWord
//! ```
//!
//! Keywords are read in any case, spaces may be left out beside brackets and quotes. Inside `[...]` no second
//! valuePath may stand. A comparison after `]` is one more condition on the same element, and a bareWord a string:
//! both are no part of the RFC's grammar, but are sent.

use std::sync::Arc;

use super::bind::{self, Literal, Part};
use super::lexer::Lexer;
use super::{CompareOp, Expected, Filter, FilterError, FilterErrorKind};
use crate::schema::{AttrPath, Quirks, Scope};

/// The longest filter read, in characters.
pub const TEXT_MAX: usize = 2_048;
/// How deep round and square brackets may be nested.
pub const DEPTH_MAX: usize = 32;
/// How many nodes the tree of a filter may have.
pub const NODES_MAX: usize = 100;

/// Reads `text` as a filter on `scope`, a resource or an element.
pub fn parse(scope: Scope<'_>, text: &str, quirks: &mut Quirks) -> Result<Filter, FilterError> {
    let mut parser = Parser::new(text, quirks)?;
    let filter = parser.filter(scope)?;
    if parser.lexer.rest().is_empty() {
        return Ok(filter);
    }
    Err(parser.expected(Expected::End))
}

/// Reads the `emails[type eq "work"]` that `text` starts with; gives the attribute, the filter on its elements, and
/// the text after `]`.
pub fn parse_value_path<'t>(
    scope: Scope<'_>,
    text: &'t str,
    quirks: &mut Quirks,
) -> Result<(AttrPath, Filter, &'t str), FilterError> {
    let mut parser = Parser::new(text, quirks)?;
    parser.lexer.skip_space();
    let path = parser.attr_path(scope)?;
    if !parser.lexer.next_is('[') {
        return Err(parser.expected(Expected::ValuePath));
    }
    let inner = parser.brackets(scope, &path)?;
    Ok((path, inner, parser.lexer.rest()))
}

struct Parser<'t, 'q> {
    lexer: Lexer<'t>,
    depth: usize,
    nodes: usize,
    quirks: &'q mut Quirks,
}

type Parsed = Result<Filter, FilterError>;

impl<'t, 'q> Parser<'t, 'q> {
    fn new(text: &'t str, quirks: &'q mut Quirks) -> Result<Self, FilterError> {
        if text.chars().count() > TEXT_MAX {
            return Err(FilterError {
                column: TEXT_MAX + 1,
                kind: FilterErrorKind::TooLong,
            });
        }
        Ok(Self {
            lexer: Lexer::new(text),
            depth: 0,
            nodes: 0,
            quirks,
        })
    }

    fn filter(&mut self, scope: Scope<'_>) -> Parsed {
        let mut left = self.and_exp(scope)?;
        while self.lexer.take_keyword("or") {
            let right = self.and_exp(scope)?;
            left = self.node(Filter::Or(Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    fn and_exp(&mut self, scope: Scope<'_>) -> Parsed {
        let mut left = self.term(scope)?;
        while self.lexer.take_keyword("and") {
            let right = self.term(scope)?;
            left = self.node(Filter::And(Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    /// Reads a term and the space around it.
    fn term(&mut self, scope: Scope<'_>) -> Parsed {
        self.lexer.skip_space();
        let term = if self.lexer.take_keyword("not") {
            self.lexer.skip_space();
            if !self.lexer.next_is('(') {
                return Err(self.expected(Expected::OpeningParenthesis));
            }
            let inner = self.group(scope)?;
            self.node(Filter::Not(Box::new(inner)))?
        } else if self.lexer.next_is('(') {
            self.group(scope)?
        } else {
            self.attr_exp(scope)?
        };
        self.lexer.skip_space();
        Ok(term)
    }

    fn group(&mut self, scope: Scope<'_>) -> Parsed {
        self.nested('(', ')', Expected::ClosingParenthesis, scope)
    }

    fn attr_exp(&mut self, scope: Scope<'_>) -> Parsed {
        let start = self.lexer;
        let path = self.attr_path(scope)?;
        if !path.is_shown() {
            let hidden = FilterErrorKind::NeverReturned(path.to_string());
            return Err(error(start, hidden));
        }
        if path.is_address() {
            return Err(error(start, FilterErrorKind::Address(path.to_string())));
        }
        if self.lexer.next_is('[') {
            self.value_path(scope, path)
        } else {
            self.comparison(start, path)
        }
    }

    /// Reads a path and the space after it.
    fn attr_path(&mut self, scope: Scope<'_>) -> Result<AttrPath, FilterError> {
        let start = self.lexer;
        let word = self.lexer.take_word();
        if word.is_empty() || is_conjunction(word) {
            return Err(error(start, FilterErrorKind::Expected(Expected::Attribute)));
        }
        self.lexer.skip_space();
        AttrPath::parse(scope, word, self.quirks).map_err(|kind| error(start, kind.into()))
    }

    fn value_path(&mut self, scope: Scope<'_>, path: AttrPath) -> Parsed {
        let mut inner = self.brackets(scope, &path)?;
        if self.lexer.take('.') {
            let attribute = Arc::clone(&path.attribute);
            let also = self.attr_exp(Scope::Element(&attribute))?;
            inner = self.node(Filter::And(Box::new(inner), Box::new(also)))?;
        }
        self.node(Filter::ValuePath(path, Box::new(inner)))
    }

    /// Reads the `[...]` after `path`.
    fn brackets(&mut self, scope: Scope<'_>, path: &AttrPath) -> Parsed {
        if matches!(scope, Scope::Element(_)) {
            return Err(error(self.lexer, FilterErrorKind::NestedValuePath));
        }
        if !path.leaf().is_complex() {
            return Err(error(
                self.lexer,
                FilterErrorKind::NotComplex(path.to_string()),
            ));
        }
        self.nested(
            '[',
            ']',
            Expected::ClosingBracket,
            Scope::Element(&path.attribute),
        )
    }

    fn comparison(&mut self, start: Lexer<'t>, path: AttrPath) -> Parsed {
        let operator = self.lexer;
        let word = self.lexer.take_word();
        if word.eq_ignore_ascii_case("pr") {
            return self.node(Filter::Present(path));
        }
        let Some(op) = compare_op(word) else {
            return Err(error(
                operator,
                FilterErrorKind::Expected(Expected::Operator),
            ));
        };
        self.lexer.skip_space();
        let value = self.lexer;
        let literal = self.comp_value()?;
        let filter = bind::compare(path, op, literal, self.quirks).map_err(|(part, kind)| {
            let place = match part {
                Part::Path => start,
                Part::Operator => operator,
                Part::Literal => value,
            };
            error(place, kind)
        })?;
        match filter {
            // Comparing with null makes two nodes.
            Filter::Not(inner) => {
                let inner = self.node(*inner)?;
                self.node(Filter::Not(Box::new(inner)))
            }
            single => self.node(single),
        }
    }

    fn comp_value(&mut self) -> Result<Literal<'t>, FilterError> {
        let start = self.lexer;
        if start.next_is('"') {
            let text = self.lexer.take_string();
            return text
                .map(Literal::Quoted)
                .map_err(|_| error(start, FilterErrorKind::BadString));
        }
        let word = self.lexer.take_word();
        // Quotes of another kind are a mistake to report: taken as part of the value they would match nobody.
        let is_value = |c: char| c.is_alphanumeric() || matches!(c, '-' | '+' | '_' | '/');
        if word.starts_with(is_value) && !is_conjunction(word) {
            return Ok(Literal::Bare(word));
        }
        Err(error(start, FilterErrorKind::Expected(Expected::Value)))
    }

    /// Reads a filter between brackets that are counted.
    fn nested(&mut self, open: char, close: char, missing: Expected, scope: Scope<'_>) -> Parsed {
        if self.depth == DEPTH_MAX {
            return Err(error(self.lexer, FilterErrorKind::TooDeep));
        }
        self.depth += 1;
        self.lexer.take(open);
        let filter = self.filter(scope)?;
        if !self.lexer.take(close) {
            return Err(self.expected(missing));
        }
        self.depth -= 1;
        Ok(filter)
    }

    /// Counts a node as it is made.
    fn node(&mut self, filter: Filter) -> Parsed {
        if self.nodes == NODES_MAX {
            return Err(error(self.lexer, FilterErrorKind::TooManyNodes));
        }
        self.nodes += 1;
        Ok(filter)
    }

    fn expected(&self, wanted: Expected) -> FilterError {
        error(self.lexer, FilterErrorKind::Expected(wanted))
    }
}

fn error(place: Lexer<'_>, kind: FilterErrorKind) -> FilterError {
    FilterError {
        column: place.column(),
        kind,
    }
}

fn compare_op(word: &str) -> Option<CompareOp> {
    CompareOp::ALL
        .into_iter()
        .find(|op| op.keyword().eq_ignore_ascii_case(word))
}

fn is_conjunction(word: &str) -> bool {
    word.eq_ignore_ascii_case("and") || word.eq_ignore_ascii_case("or")
}
