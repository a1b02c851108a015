//! Policies that are larger than where they are attached lets them, with the place where they become so.

use std::fmt;

use super::{SizeQuota, TooLarge};
use crate::text::{Place, SourceText, Span};

/// Whose the white space of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhiteSpace {
    /// It is as somebody wrote it.
    Written,
    /// What stands between the values is ours: the policy was told otherwise than as a text, so nobody knows how much
    /// of it AWS will be given. None of it is counted.
    Ours,
}

/// The room that policies have together where they are attached.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    quota: SizeQuota,
    limit: usize,
    taken: usize,
}

/// A policy that is larger than where it is attached lets it.
#[derive(Clone, Debug, PartialEq)]
pub struct Oversized(Box<Report>);

#[derive(Clone, Debug, PartialEq)]
struct Report {
    source: SourceText,
    span: Span,
    too_large: TooLarge,
}

impl SizeQuota {
    /// Checks the one policy that counts for this quota.
    ///
    /// # Errors
    ///
    /// [`Oversized`], at the first character that is too many.
    pub fn check_policy(self, source: &SourceText) -> Result<(), Oversized> {
        Room::of(self).take(source, WhiteSpace::Written)
    }
}

impl Room {
    /// For what AWS bounds otherwise, or not at all.
    pub(crate) const fn unbounded() -> Self {
        Self::up_to(SizeQuota::Managed, usize::MAX)
    }

    /// All that AWS gives by default.
    pub(crate) const fn of(quota: SizeQuota) -> Self {
        Self::up_to(quota, quota.limit())
    }

    /// Another limit, where AWS raised it.
    pub(crate) const fn up_to(quota: SizeQuota, limit: usize) -> Self {
        Self { quota, limit, taken: 0 }
    }

    /// How much of it is taken.
    pub(crate) const fn taken(&self) -> usize {
        self.taken
    }

    /// Puts a policy where others may already be.
    pub(crate) fn take(&mut self, source: &SourceText, white_space: WhiteSpace) -> Result<(), Oversized> {
        let mut first_beyond = None;
        for (at, character, counts) in self.quota.counted(source.text(), white_space) {
            self.taken += counts;
            if self.taken > self.limit && first_beyond.is_none() {
                first_beyond = Some(Span::from(at..at + character.len_utf8()));
            }
        }
        match first_beyond {
            None => Ok(()),
            Some(span) => {
                let too_large = TooLarge { quota: self.quota, limit: self.limit, size: self.taken };
                Err(Oversized(Box::new(Report { source: source.clone(), span, too_large })))
            }
        }
    }
}

impl Oversized {
    /// By which quota, and by how much.
    #[must_use]
    pub fn too_large(&self) -> TooLarge {
        self.0.too_large
    }

    /// The text that has no room, and its name.
    #[must_use]
    pub fn policy_text(&self) -> &SourceText {
        &self.0.source
    }

    /// The first character that is too many.
    #[must_use]
    pub fn span(&self) -> Span {
        self.0.span
    }

    /// Where that is.
    #[must_use]
    pub fn place(&self) -> Place {
        self.0.source.place(self.0.span)
    }
}

/// As a compiler would: the place from which on it is too much, what bounds it, the line, the help.
impl fmt::Display for Oversized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { source, span, too_large } = &*self.0;
        let (place, excerpt, help) = (self.place(), source.excerpt(*span), too_large.help());
        write!(f, "{}:{place}: {too_large}\n{excerpt}\n  help: {help}", source.name())
    }
}

impl std::error::Error for Oversized {}
