//! How long a commit waits for more to come along.
//!
//! Who waits for one commit asks again as soon as it is done. Were the next commit begun with the first of them, the others
//! would wait for it and for the one after: everyone for two, half of them in each. So it waits a moment for as many as are
//! about. One who writes alone is never waited with.

use std::time::Duration;

/// How much of the time that a commit takes is waited at most.
const SHARE: u32 = 4;
/// The most that is waited, however slow the disk is.
const MOST: Duration = Duration::from_millis(2);

/// What the last commit tells about the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Gathering {
    /// How many are expected.
    pub(super) expected: usize,
    /// How long they are waited for, from the first one on.
    pub(super) patience: Duration,
}

impl Gathering {
    /// After a commit of so many changes, which took so long, while others came.
    pub(super) fn after(committed: usize, came: usize, took: Duration) -> Self {
        Self { expected: committed + came, patience: (took / SHARE).min(MOST) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: Duration = Duration::from_millis(4);

    #[test]
    fn one_who_writes_alone_is_not_waited_with() {
        // One is there: as many as are expected.
        assert_eq!(Gathering::after(1, 0, COMMIT).expected, 1);
    }

    #[test]
    fn sixteen_of_whom_one_was_first_go_together_from_then_on() {
        let first = Gathering::after(1, 15, COMMIT);
        assert_eq!(first, Gathering { expected: 16, patience: Duration::from_millis(1) });
        assert_eq!(Gathering::after(first.expected, 0, COMMIT).expected, 16);
    }

    #[test]
    fn a_disk_that_stalls_is_not_waited_for_in_addition() {
        assert_eq!(Gathering::after(16, 0, Duration::from_secs(10)).patience, MOST);
    }
}
