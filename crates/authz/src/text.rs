//! Where in which text something stands, so that every refusal and every explanation can show the place.

mod excerpt;

use std::{fmt, ops::Range, sync::Arc};

pub use excerpt::Excerpt;

/// A text with a name that people know it by: a file, or "inline policy `ebs` of role/KarpenterController".
#[derive(Clone, PartialEq, Eq)]
pub struct SourceText {
    name: Arc<str>,
    text: Arc<str>,
}

/// A part of a text, in bytes, end excluded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// What was written.
    pub value: T,
    /// Where.
    pub span: Span,
}

/// A line and a column as people count them: from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
}

impl SourceText {
    /// Names a text.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// What people call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of a span; empty where the span is none of this text.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// The line in which a span begins, the span underlined.
    #[must_use]
    pub fn excerpt(&self, span: Span) -> Excerpt {
        Excerpt::new(self, span)
    }

    /// Where a span begins.
    #[must_use]
    pub fn place(&self, span: Span) -> Place {
        let before = self.text.get(..span.start as usize).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Place {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        }
    }
}

/// Of a range in bytes. What is beyond 4 GiB is no place that a span can tell, and becomes the last that it can.
impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        let bounded = |at| u32::try_from(at).unwrap_or(u32::MAX);
        Self { start: bounded(range.start), end: bounded(range.end) }
    }
}

/// A policy is long and is named by its source; its text would drown whatever prints it.
impl fmt::Debug for SourceText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SourceText({:?}, {} bytes)", self.name, self.text.len())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let text = SourceText::new("p.json", "{\n  \"Sid\": \"für\" }");
        let at = |needle: &str| {
            let start = u32::try_from(text.text().find(needle).unwrap()).unwrap();
            text.place(Span { start, end: start }).to_string()
        };
        assert_eq!(at("{"), "1:1");
        assert_eq!(at("\"Sid"), "2:3");
        assert_eq!(at("}"), "2:16");
        assert_eq!(text.place(Span { start: 999, end: 999 }).line, 2);
    }
}
