//! What of a session's tags and policy takes how much of what STS packs.
//!
//! How STS packs them is not published: it compresses tags and policies together, and answers a percentage. So the percentage
//! is STS's, and the characters below are ours, which say where to save.

use std::fmt;

use eks_auth::Assumption;

/// From this percentage on it is told, while it still works: names of pods grow, and so does what they take.
pub(super) const NEARLY_FULL: u32 = 85;

/// The characters of a session's policy and of each of its tags, the largest first.
pub(super) struct Breakdown<'a> {
    policy: usize,
    tags: Vec<(&'a str, usize)>,
}

impl<'a> Breakdown<'a> {
    pub(super) fn of(wanted: &Assumption<'a>) -> Self {
        let length = |text: &str| text.chars().count();
        let tags = wanted.tags.iter().map(|tag| (tag.key, length(tag.key) + length(&tag.value)));
        let mut tags: Vec<_> = tags.collect();
        tags.sort_by_key(|(_, length)| std::cmp::Reverse(*length));
        Self { policy: wanted.policy.map_or(0, length), tags }
    }
}

impl fmt::Display for Breakdown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: usize = self.tags.iter().map(|(_, length)| length).sum();
        write!(f, "its session policy has {} characters, its {} session tags {all}", self.policy, self.tags.len())?;
        for (number, (key, length)) in self.tags.iter().enumerate() {
            write!(f, "{}{key} {length}", if number == 0 { " (" } else { ", " })?;
        }
        if self.tags.is_empty() { Ok(()) } else { f.write_str(")") }
    }
}
