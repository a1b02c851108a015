//! Whether a text fits a pattern.
//!
//! Only the last run that was passed is ever widened: whatever an earlier one could take instead, the last one can
//! take as well. So the time is at most the pattern's length times the text's, and never exponential. (In
//! [`Manner::Parts`], where a run that is confined to its part may follow one that is not, both are widened, and the
//! text's length counts twice.)

use std::borrow::Cow;

use super::{Pattern, Piece, Syntax, ValuesAre, Variable};

/// How texts are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Manner {
    /// Character by character; wildcards stand for any character.
    Plain,
    /// Without case.
    IgnoreCase,
    /// As an ARN: each of the first five fields by itself, so that wildcards in them stand for no colon.
    ///
    /// Source: IAM User Guide, "IAM JSON policy elements: Condition operators", section "Amazon Resource Name (ARN)
    /// condition operators".
    Arn,
    /// As an ARN, but that a run at the end of a field also stands for colons.
    Parts,
}

/// What a variable stands for in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Resolved<'v> {
    /// This text.
    Text(Cow<'v, str>),
    /// Nothing: no text fits the pattern.
    ///
    /// Source: IAM User Guide, "IAM policy elements: Variables and tags", section "Policy variables with no value".
    Nothing,
    /// Nobody told.
    Unknown,
}

/// Whether a text fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit<'p> {
    Yes,
    /// Whatever unknown variables stand for.
    No,
    /// It could, depending on what this unknown variable stands for, and perhaps on others.
    Perhaps(&'p Variable),
}

/// How many colons separate the fields of an ARN.
const ARN_COLONS: usize = 5;

impl Pattern {
    /// Whether a text fits. Allocates nothing, unless `resolve` does.
    pub(crate) fn fits<'p, 'v>(
        &'p self,
        text: &str,
        manner: Manner,
        resolve: impl Fn(&'p Variable) -> Resolved<'v>,
    ) -> Fit<'p> {
        match (&*self.pieces, manner) {
            ([Piece::Run], _) => Fit::Yes,
            ([Piece::Text(whole)], Manner::Plain | Manner::Arn | Manner::Parts) => yes_or_no(**whole == *text),
            ([Piece::Text(whole)], Manner::IgnoreCase) if whole.eq_ignore_ascii_case(text) => Fit::Yes,
            ([Piece::Text(start), Piece::Run], Manner::Plain) => yes_or_no(text.starts_with(&**start)),
            _ => search(&self.pieces, text, manner, resolve),
        }
    }

    /// The same where wildcards in the values of variables are wildcards.
    pub(crate) fn fits_with_patterns_as_values<'p, 'v>(
        &'p self,
        text: &str,
        manner: Manner,
        resolve: impl Fn(&Variable) -> Resolved<'v>,
    ) -> Fit<'p> {
        let expanded = self.expanded(ValuesAre::Patterns, &resolve);
        let syntax = Syntax { wildcards: self.wildcards, variables: true };
        match Self::read(&expanded, syntax).fits(text, manner, &resolve) {
            Fit::Yes => Fit::Yes,
            Fit::No => Fit::No,
            Fit::Perhaps(_) => {
                self.variables().find(|variable| resolve(variable) == Resolved::Unknown).map_or(Fit::No, Fit::Perhaps)
            }
        }
    }
}

#[cfg(test)]
thread_local! {
    /// How many pieces were compared on this thread.
    pub(super) static STEPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

const fn yes_or_no<'p>(fits: bool) -> Fit<'p> {
    if fits { Fit::Yes } else { Fit::No }
}

/// Where in pattern and text the comparison is.
#[derive(Clone, Copy)]
struct Cursor<'p, 't> {
    /// What is left of the pattern.
    pieces: &'p [Piece],
    /// What is left of the text.
    rest: &'t str,
    /// Colons ahead that wildcards must not take.
    walls: usize,
}

/// What comparing one piece comes to.
enum Step<'p, 't> {
    /// It fits.
    On(Cursor<'p, 't>),
    /// It takes as much of the text as need be, so far nothing; colons, too, if it crosses them.
    Run { after: Cursor<'p, 't>, crosses: bool },
    /// It does not fit here.
    Stuck,
}

fn search<'p, 'v>(
    pieces: &'p [Piece],
    text: &str,
    manner: Manner,
    resolve: impl Fn(&'p Variable) -> Resolved<'v>,
) -> Fit<'p> {
    let walls = match manner {
        Manner::Arn | Manner::Parts => ARN_COLONS,
        Manner::Plain | Manner::IgnoreCase => 0,
    };
    let mut at = Cursor { pieces, rest: text, walls };
    let mut last_crossing_run: Option<Cursor<'p, '_>> = None;
    let mut last_confined_run: Option<Cursor<'p, '_>> = None;
    let mut unknown: Option<&'p Variable> = None;
    loop {
        #[cfg(test)]
        STEPS.set(STEPS.get() + 1);
        let step = match at.pieces.split_first() {
            None if at.rest.is_empty() => break,
            None => Step::Stuck,
            Some((piece, pieces)) => {
                let after = Cursor { pieces, ..at };
                match piece {
                    Piece::Text(expected) => after.take(expected, manner),
                    Piece::One => after.take_one(),
                    Piece::Run => Step::Run { after, crosses: after.walls == 0 || after.is_crossed(manner) },
                    Piece::Variable(variable) => match resolve(variable) {
                        Resolved::Text(expected) => after.take(&expected, manner),
                        Resolved::Nothing => return Fit::No,
                        Resolved::Unknown => {
                            unknown = unknown.or(Some(variable));
                            // It may stand for colons, too, so it is open in which field the next piece is.
                            Step::Run { after: Cursor { walls: 0, ..after }, crosses: true }
                        }
                    },
                }
            }
        };
        at = match step {
            Step::On(next) => next,
            Step::Run { after, crosses: true } if after.pieces.is_empty() => break,
            Step::Run { after, crosses: true } => {
                (last_crossing_run, last_confined_run) = (Some(after), None);
                after
            }
            Step::Run { after, crosses: false } => {
                last_confined_run = Some(after);
                after
            }
            Step::Stuck => {
                if let Some(next) = last_confined_run.as_mut().and_then(|run| run.widen(manner, true)) {
                    next
                } else if let Some(next) = last_crossing_run.as_mut().and_then(|run| run.widen(manner, false)) {
                    last_confined_run = None;
                    next
                } else {
                    return Fit::No;
                }
            }
        };
    }
    unknown.map_or(Fit::Yes, Fit::Perhaps)
}

impl<'p, 't> Cursor<'p, 't> {
    fn take(self, expected: &str, manner: Manner) -> Step<'p, 't> {
        let rest = match manner {
            Manner::Plain | Manner::Arn | Manner::Parts => self.rest.strip_prefix(expected),
            Manner::IgnoreCase => strip_prefix_ignoring_case(self.rest, expected),
        };
        let passed = if self.walls == 0 { 0 } else { expected.bytes().filter(|byte| *byte == b':').count() };
        rest.map_or(Step::Stuck, |rest| Step::On(Self { rest, walls: self.walls.saturating_sub(passed), ..self }))
    }

    fn take_one(self) -> Step<'p, 't> {
        let mut characters = self.rest.chars();
        match characters.next() {
            Some(':') if self.walls > 0 => Step::Stuck,
            Some(_) => Step::On(Self { rest: characters.as_str(), ..self }),
            None => Step::Stuck,
        }
    }

    /// Whether the run before this cursor ends its field, and may stand for colons for that.
    fn is_crossed(&self, manner: Manner) -> bool {
        let ends_field = match self.pieces.first() {
            None => true,
            Some(Piece::Text(text)) => text.starts_with(':'),
            Some(Piece::One | Piece::Run | Piece::Variable(_)) => false,
        };
        manner == Manner::Parts && ends_field
    }

    /// Lets the run before this cursor take one more character, or as many as it takes until the text behind it can
    /// begin. A confined one takes no colons.
    fn widen(&mut self, manner: Manner, confined: bool) -> Option<Self> {
        let mut characters = self.rest.chars();
        if characters.next()? == ':' && confined {
            return None;
        }
        self.rest = characters.as_str();
        if let (Some(Piece::Text(expected)), Manner::Plain | Manner::Arn | Manner::Parts) =
            (self.pieces.first(), manner)
        {
            self.rest = skip_to(expected, self.rest, confined)?;
        }
        Some(*self)
    }
}

/// What is left of a text from where this part of it begins, if, where that matters, no colon comes before. The texts
/// are short, so that preparing a faster search would take longer than this one.
fn skip_to<'t>(expected: &str, text: &'t str, confined: bool) -> Option<&'t str> {
    let first = expected.bytes().next()?;
    let mut rest = text;
    loop {
        // A character's first byte is never inside of another character.
        let skipped = rest.bytes().position(|byte| byte == first || (byte == b':' && confined))?;
        rest = rest.get(skipped..)?;
        if rest.starts_with(expected) {
            return Some(rest);
        }
        let mut characters = rest.chars();
        if characters.next() == Some(':') && confined {
            return None;
        }
        rest = characters.as_str();
    }
}

/// What follows a beginning that is the expected one but for case.
fn strip_prefix_ignoring_case<'t>(text: &'t str, expected: &str) -> Option<&'t str> {
    let mut characters = text.chars();
    for wanted in expected.chars() {
        let found = characters.next()?;
        let is_same = found == wanted
            || (found.is_ascii() && found.eq_ignore_ascii_case(&wanted))
            || found.to_lowercase().eq(wanted.to_lowercase());
        if !is_same {
            return None;
        }
    }
    Some(characters.as_str())
}
