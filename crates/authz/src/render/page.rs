//! A text for people, line by line: labels at the left, their matter beside them.

use std::fmt::{Display, Write as _};

use anstyle::{AnsiColor, Style};

use crate::text::Excerpt;

/// How a terminal shows what.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    /// What lets through.
    pub good: Style,
    /// What refuses or is missing.
    pub bad: Style,
    /// What is unknown.
    pub open: Style,
    /// What helps.
    pub help: Style,
    /// What had no say.
    pub faint: Style,
    /// What was asked.
    pub strong: Style,
}

impl Theme {
    /// No styles at all: for files, and for terminals that want none.
    pub const PLAIN: Self = Self {
        good: Style::new(),
        bad: Style::new(),
        open: Style::new(),
        help: Style::new(),
        faint: Style::new(),
        strong: Style::new(),
    };

    /// For a terminal of any colours: the eight that all have.
    pub const COLOUR: Self = Self {
        good: AnsiColor::Green.on_default().bold(),
        bad: AnsiColor::Red.on_default().bold(),
        open: AnsiColor::Yellow.on_default().bold(),
        help: AnsiColor::Cyan.on_default().bold(),
        faint: Style::new().dimmed(),
        strong: Style::new().bold(),
    };
}

/// How wide the column of labels is, and what is before it.
const LABEL: usize = 9;
const MARGIN: usize = 2;

/// A text that grows.
pub(super) struct Page {
    text: String,
    pub(super) theme: Theme,
}

impl Page {
    pub(super) const fn new(theme: Theme) -> Self {
        Self { text: String::new(), theme }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    /// `WORD: matter`, at the margin.
    pub(super) fn headline(&mut self, style: Style, word: &str, matter: impl Display) {
        let strong = self.theme.strong;
        let matter = clean(&matter.to_string());
        self.push(format_args!("{style}{word}:{style:#} {strong}{matter}{strong:#}\n"));
    }

    /// A label and the first line of its matter.
    pub(super) fn entry(&mut self, style: Style, label: &str, matter: impl Display) {
        let matter = clean(&matter.to_string());
        self.push(format_args!("{:MARGIN$}{style}{label}{style:#}{:gap$}{matter}\n", "", "", gap = gap(label)));
    }

    /// The same, all of it faint.
    pub(super) fn faint(&mut self, label: &str, matter: impl Display) {
        let (style, matter) = (self.theme.faint, clean(&matter.to_string()));
        self.push(format_args!("{:MARGIN$}{style}{label}{:gap$}{matter}{style:#}\n", "", "", gap = gap(label)));
    }

    /// One more line of matter.
    pub(super) fn more(&mut self, matter: impl Display) {
        let matter = clean(&matter.to_string());
        self.push(format_args!("{:indent$}{matter}\n", "", indent = MARGIN + LABEL));
    }

    /// Several lines of matter, as they are.
    pub(super) fn block(&mut self, lines: &str) {
        for line in lines.lines() {
            self.more(format_args!("   {line}"));
        }
    }

    /// A line of a policy with a part underlined, and what is to be said of the part.
    pub(super) fn excerpt(&mut self, style: Style, excerpt: &Excerpt, remark: &str) {
        let (indent, shown, remark) = (MARGIN + LABEL - 2, excerpt.to_string(), clean(remark));
        let (line, underline) = shown.split_once('\n').unwrap_or((&shown, ""));
        let (gutter, carets) = underline.split_once('|').unwrap_or(("", underline));
        self.push(format_args!("{:indent$}{line}\n{:indent$}{gutter}|{style}{carets}{style:#} {remark}\n", "", ""));
    }

    fn push(&mut self, line: std::fmt::Arguments<'_>) {
        // A string takes everything.
        let _ = self.text.write_fmt(line);
    }
}

fn gap(label: &str) -> usize {
    LABEL.saturating_sub(label.chars().count()).max(1)
}

/// Nothing that came from a file may steer a terminal.
fn clean(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { char::REPLACEMENT_CHARACTER } else { character }).collect()
}
