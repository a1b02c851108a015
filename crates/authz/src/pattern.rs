//! Texts with wildcards and variables, as policies write them, compiled once.
//!
//! ```text
//!   arn:aws:s3:::home/${aws:username}/*      Text, Variable, Text, Run
//! ```

mod fits;
mod read;
#[cfg(test)]
mod tests;

pub(crate) use fits::{Fit, Manner, Resolved};

use crate::context::ContextKey;

/// A text with wildcards and variables. Two texts never follow each other, and neither do two runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pattern {
    pieces: Box<[Piece]>,
    /// Whether it may have wildcards.
    wildcards: bool,
}

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Piece {
    /// This text; never empty.
    Text(Box<str>),
    /// `?`: one character.
    One,
    /// `*`: any characters, also none.
    Run,
    /// `${key}`: the value of a context key, which is taken literally.
    Variable(Variable),
}

/// A policy variable.
///
/// Source: IAM User Guide, "IAM policy elements: Variables and tags".
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Variable {
    /// The key whose value it stands for.
    pub(crate) key: ContextKey,
    /// What it stands for where the key is not in the request: `${key, 'default'}`.
    pub(crate) default: Option<Box<str>>,
}

/// What a text may hold besides itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Syntax {
    /// Whether `*` and `?` are wildcards.
    pub(crate) wildcards: bool,
    /// Whether `${...}` is a variable.
    pub(crate) variables: bool,
}

impl Pattern {
    /// Whether every text fits: nothing is left beside wildcards once the variables have their values.
    pub(crate) fn fits_everything<'p, 'v>(
        &'p self,
        values: ValuesAre,
        resolve: impl Fn(&'p Variable) -> Resolved<'v>,
    ) -> bool {
        let mut has_run = false;
        for piece in &self.pieces {
            match piece {
                Piece::Run => has_run = true,
                Piece::Variable(variable) => match resolve(variable) {
                    Resolved::Text(text) if text.is_empty() => {}
                    Resolved::Text(text) if values == ValuesAre::Patterns && self.wildcards && is_all_stars(&text) => {
                        has_run = true;
                    }
                    _ => return false,
                },
                Piece::Text(_) | Piece::One => return false,
            }
        }
        has_run
    }

    /// Its variables, in their order.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable(variable) => Some(variable),
            Piece::Text(_) | Piece::One | Piece::Run => None,
        })
    }

    /// The pattern as a policy of version `2012-10-17` writes it, with the variables replaced that `resolve` knows.
    pub(crate) fn expanded<'p, 'v>(
        &'p self,
        values: ValuesAre,
        resolve: impl Fn(&'p Variable) -> Resolved<'v>,
    ) -> String {
        let mut written = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => push(&mut written, text, &['*', '?', '$']),
                Piece::One => written.push('?'),
                Piece::Run => written.push('*'),
                Piece::Variable(variable) => match (resolve(variable), values) {
                    (Resolved::Text(text), ValuesAre::Patterns) if self.wildcards => push(&mut written, &text, &['$']),
                    (Resolved::Text(text), _) => push(&mut written, &text, &['*', '?', '$']),
                    (Resolved::Nothing | Resolved::Unknown, _) => written.push_str(&variable.to_string()),
                },
            }
        }
        written
    }
}

/// How the values of variables are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValuesAre {
    /// Letter by letter.
    Texts,
    /// With wildcards, where the pattern may have some.
    Patterns,
}

fn is_all_stars(text: &str) -> bool {
    text.bytes().all(|octet| octet == b'*')
}

/// Appends a text such that these characters of it read as themselves.
fn push(written: &mut String, text: &str, special: &[char]) {
    for character in text.chars() {
        if special.contains(&character) {
            written.extend(['$', '{', character, '}']);
        } else {
            written.push(character);
        }
    }
}

impl std::fmt::Display for Variable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.default {
            Some(default) => write!(f, "${{{}, '{default}'}}", self.key),
            None => write!(f, "${{{}}}", self.key),
        }
    }
}
