//! A line of a text with a part of it underlined.

use std::fmt;

use super::{SourceText, Span};

/// The line in which a span begins, the span underlined, as [`SourceText::excerpt`] shows it. A long line (policies
/// often are one) is cut around the span.
#[derive(Clone, Debug)]
pub struct Excerpt {
    number: usize,
    line: String,
    indent: usize,
    width: usize,
}

/// So many characters of the line are shown before the span, and from its beginning.
const BEFORE: usize = 40;
const FROM: usize = 60;

const ELLIPSIS: &str = "...";

impl Excerpt {
    pub(super) fn new(source: &SourceText, span: Span) -> Self {
        let (before, after) = source.text().split_at_checked(span.start as usize).unwrap_or((source.text(), ""));
        let before = before.rsplit('\n').next().unwrap_or_default();
        let after = after.lines().next().unwrap_or_default();
        let width = source.slice(span).lines().next().unwrap_or_default().chars().count();

        let hidden = before.chars().count().saturating_sub(BEFORE);
        let mut line = String::new();
        if hidden > 0 {
            line.push_str(ELLIPSIS);
        }
        line.extend(before.chars().skip(hidden).map(printable));
        let indent = line.chars().count();
        line.extend(after.chars().take(FROM).map(printable));
        if after.chars().nth(FROM).is_some() {
            line.push_str(ELLIPSIS);
        }
        Self { number: source.place(span).line, line, indent, width: width.clamp(1, FROM) }
    }
}

/// Nothing of a hostile text may steer a terminal, and a tab would move the underline.
fn printable(character: char) -> char {
    match character {
        '\t' => ' ',
        _ if character.is_control() => char::REPLACEMENT_CHARACTER,
        _ => character,
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.number.to_string();
        let gutter = number.len();
        writeln!(f, "  {number} | {}", self.line)?;
        write!(f, "  {:gutter$} | {:indent$}{}", "", "", "^".repeat(self.width), indent = self.indent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(text: &str, part: &str) -> String {
        let start = text.find(part).unwrap();
        let span = Span { start: u32::try_from(start).unwrap(), end: u32::try_from(start + part.len()).unwrap() };
        SourceText::new("p.json", text).excerpt(span).to_string()
    }

    #[test]
    fn the_part_is_underlined() {
        assert_eq!(
            excerpt("{\n\t\"Sid\": \"für\", \"x\": 1\n}", "\"x\""),
            "  2 |  \"Sid\": \"für\", \"x\": 1\n    |                ^^^"
        );
        assert_eq!(excerpt("{", "{"), "  1 | {\n    | ^");
        assert_eq!(excerpt("", ""), "  1 | \n    | ^");
    }

    #[test]
    fn what_spans_lines_is_underlined_to_the_end_of_the_first() {
        assert_eq!(excerpt("[{\r\n1}]", "{\r\n1}"), "  1 | [{\n    |  ^");
    }

    #[test]
    fn long_lines_are_cut_around_it() {
        let long = format!("{}\u{1b}HERE{}", "a".repeat(1000), "b".repeat(1000));
        let shown = excerpt(&long, "HERE");
        assert!(shown.lines().all(|line| line.chars().count() < 120), "{shown}");
        assert!(shown.contains("aaa\u{fffd}HEREbbb") && !shown.contains('\u{1b}'), "{shown}");
    }
}
