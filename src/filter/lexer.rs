//! The tokens of a filter: words, texts in quotes and single characters. RFC 7644 §3.4.2.2, RFC 8259 §7.

/// A place in a filter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    offset: usize,
}

/// A text in quotes that ends too late, never, or holds a wrong escape.
#[derive(Debug)]
pub(super) struct BadString;

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, offset: 0 }
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.offset..).unwrap_or_default()
    }

    /// The column of the next character, from 1.
    pub(super) fn column(&self) -> usize {
        self.text.chars().count() - self.rest().chars().count() + 1
    }

    pub(super) fn skip_space(&mut self) {
        let rest = self.rest();
        self.offset += rest.len() - rest.trim_ascii_start().len();
    }

    pub(super) fn next_is(&self, wanted: char) -> bool {
        self.rest().starts_with(wanted)
    }

    /// Takes `wanted` if it comes next.
    pub(super) fn take(&mut self, wanted: char) -> bool {
        let found = self.next_is(wanted);
        if found {
            self.offset += wanted.len_utf8();
        }
        found
    }

    /// What stands before the next space, bracket or quote; may be empty.
    pub(super) fn peek_word(&self) -> &'t str {
        let ends = |c: char| c.is_ascii_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '"');
        self.rest().split(ends).next().unwrap_or_default()
    }

    pub(super) fn take_word(&mut self) -> &'t str {
        let word = self.peek_word();
        self.offset += word.len();
        word
    }

    /// Takes `keyword`, in any case, if it is the next word.
    pub(super) fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = self.peek_word().eq_ignore_ascii_case(keyword);
        if found {
            self.offset += keyword.len();
        }
        found
    }

    /// Takes a JSON string, whose opening quote comes next.
    pub(super) fn take_string(&mut self) -> Result<String, BadString> {
        let rest = self.rest();
        let mut escaped = false;
        let closing = |&(_, c): &(usize, char)| {
            let closes = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        };
        let (end, _) = rest.char_indices().skip(1).find(closing).ok_or(BadString)?;
        let quoted = rest.get(..=end).ok_or(BadString)?;
        self.offset += quoted.len();
        serde_json::from_str(quoted).map_err(|_| BadString)
    }
}
