//! How much of what STS packs a session's tags may take: an estimate.
//!
//! AWS does not publish how STS packs ("difficult to determine", re:Post, "How can I avoid getting a PackedPolicyTooLarge error"), so
//! nothing is refused by this. It stands on what users have published:
//!
//! - aws-actions/configure-aws-credentials#1898, of 2026-07-21: nine tags with keys of 2 and values of 250 characters, all the
//!   same letter, took 498 %. So 2,268 characters, which nothing compressed, are 498 %: some 455 are all there is room for.
//! - aws/containers-roadmap#2413: EKS's six took 74 % (at that rate 337 characters), an application's own 37 %, both 112 %: they add
//!   up, and a session that another one begins has the other's, too.
//!
//! How policies pack has no such figures, so that they are told beside it and not counted.

use std::fmt;

use crate::{Association, Assumption, Tag};

/// The characters of keys and values that fill the room.
const ROOM: usize = 455;
/// What EKS's six took where somebody measured it, in percent.
const SIX: usize = 74;

/// What a session may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    percent: usize,
    /// Whether the six are counted as they were measured elsewhere.
    has_usual_six: bool,
    /// Tags and their characters, the longest first.
    tags: Vec<(String, usize)>,
    /// The characters of its policy.
    policy: usize,
}

impl Packed {
    /// What sessions of an association may take, before any pod asks.
    #[must_use]
    pub fn foreseen(association: &Association) -> Self {
        let six = if association.session_tags { SIX } else { 0 };
        Self::new(six, association.tags.iter(), association.policy.as_deref())
    }

    /// What a session may take whose tags are known.
    #[must_use]
    pub fn of(wanted: &Assumption<'_>) -> Self {
        Self::new(0, wanted.tags.iter().map(|Tag { key, value }| (*key, value.as_str())), wanted.policy)
    }

    fn new<'t>(six: usize, tags: impl Iterator<Item = (&'t str, &'t str)>, policy: Option<&str>) -> Self {
        let length = |text: &str| text.chars().count();
        let mut tags: Vec<_> = tags.map(|(key, value)| (key.to_owned(), length(key) + length(value))).collect();
        tags.sort_by_key(|(_, length)| std::cmp::Reverse(*length));
        let characters: usize = tags.iter().map(|(_, length)| length).sum();
        Self {
            percent: six + (characters * 100).div_ceil(ROOM),
            has_usual_six: six > 0,
            tags,
            policy: policy.map_or(0, length),
        }
    }

    /// Whether STS may refuse the session.
    #[must_use]
    pub fn may_be_refused(&self) -> bool {
        self.percent > 100
    }

    /// In percent.
    #[must_use]
    pub fn percent(&self) -> usize {
        self.percent
    }

    /// What helps.
    pub const HELP: &'static str = "give it fewer or shorter tags, leave EKS's six away (disableSessionTags), or let the role's own \
                                    policies say what a session policy says";
}

impl fmt::Display for Packed {
    /// As a sentence, without its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { percent, has_usual_six, tags, policy } = self;
        write!(
            f,
            "its sessions' tags may take some {percent} % of what STS packs (an estimate: STS does not tell how it packs)"
        )?;
        let mut separator = ": ";
        if *has_usual_six {
            write!(f, "{separator}EKS's six {SIX} %")?;
            separator = ", ";
        }
        for (key, length) in tags {
            write!(f, "{separator}{key} {length} characters")?;
            separator = ", ";
        }
        if *policy > 0 {
            write!(f, "; its session policy of {policy} characters comes to that")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NamePattern, SessionTags};

    fn with_tags(six: bool, tags: &[(&str, usize)]) -> Packed {
        let name = || NamePattern::exact("api");
        let role = "arn:aws:iam::111122223333:role/api".parse().unwrap();
        let mut association = Association::new("a-1".to_owned(), name(), name(), role);
        association.session_tags = six;
        let tags = tags.iter().map(|(key, length)| ((*key).to_owned(), "a".repeat(*length)));
        association.tags = SessionTags::new(tags).unwrap();
        Packed::foreseen(&association)
    }

    #[test]
    fn it_says_what_was_measured() {
        let keys = ["T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9"].map(|key| (key, 250));
        assert!(with_tags(false, &keys).percent().abs_diff(498) <= 1);
        assert_eq!(with_tags(true, &[]).percent(), 74);
        // 37 % of own tags.
        let own = with_tags(true, &[("CostCentre", 74), ("Project", 74)]);
        assert!(own.percent().abs_diff(112) <= 1 && own.may_be_refused(), "{own}");
        assert!(!with_tags(false, &[("CostCentre", 74), ("Project", 74)]).may_be_refused());
    }
}
