//! The newest events, as many as fit.

use std::{collections::VecDeque, sync::Arc};

use aws_model::AccountId;

use super::call::Call;

/// An event of one account.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// Later events have greater numbers; no number comes twice.
    pub(crate) number: u64,
    /// Whose event it is.
    pub(crate) recipient: AccountId,
    pub(crate) call: Arc<Call>,
}

impl Record {
    /// Whether it is that of the caller's account.
    pub(crate) fn is_own(&self) -> bool {
        self.recipient == self.call.account()
    }
}

/// Oldest first, without gaps in the numbers.
#[derive(Debug)]
pub(super) struct Ring {
    records: VecDeque<Record>,
    next: u64,
    bytes: usize,
    most: usize,
    /// The first event that no file has yet, where there are files.
    undelivered: Option<Undelivered>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Undelivered {
    from: u64,
    bytes: usize,
}

impl Ring {
    pub(super) fn new(most: usize, is_delivered: bool) -> Self {
        let undelivered = is_delivered.then(Undelivered::default);
        Self { records: VecDeque::new(), next: 0, bytes: 0, most, undelivered }
    }

    /// Adds the newest event and lets go of the oldest ones that do not fit any more.
    pub(super) fn push(&mut self, recipient: AccountId, call: Arc<Call>) {
        self.bytes += size(&call);
        if let Some(undelivered) = &mut self.undelivered {
            undelivered.bytes += size(&call);
        }
        self.records.push_back(Record { number: self.next, recipient, call });
        self.next += 1;
        while self.bytes > self.most {
            let Some(oldest) = self.records.pop_front() else { break };
            self.bytes -= size(&oldest.call);
            self.leaves(&oldest);
        }
    }

    /// The oldest events that no file has yet, in order, and how many were let go of before a file had them.
    pub(super) fn undelivered(&self, most: usize) -> (Vec<Record>, u64) {
        let Some(Undelivered { from, .. }) = self.undelivered else { return (Vec::new(), 0) };
        let first = self.records.front().map_or(self.next, |record| record.number);
        let skipped = usize::try_from(from.saturating_sub(first)).unwrap_or(usize::MAX);
        (self.records.iter().skip(skipped).take(most).cloned().collect(), first.saturating_sub(from))
    }

    /// Files have the events up to and with this one, or never will.
    pub(super) fn delivered(&mut self, last: u64) {
        let Some(Undelivered { from, mut bytes }) = self.undelivered else { return };
        let first = self.records.front().map_or(self.next, |record| record.number);
        let before = |number: u64| usize::try_from(number.saturating_sub(first)).unwrap_or(usize::MAX);
        let done = before(last + 1).saturating_sub(before(from));
        bytes -= self.records.iter().skip(before(from)).take(done).map(|record| size(&record.call)).sum::<usize>();
        self.undelivered = Some(Undelivered { from: last + 1, bytes });
    }

    /// Whether files are so far behind that events would soon be let go of before a file has them.
    pub(super) fn is_behind(&self) -> bool {
        self.undelivered.is_some_and(|undelivered| undelivered.bytes > self.most / 2)
    }

    /// Whether there is enough for files that it should not wait any longer.
    pub(super) fn is_due(&self) -> bool {
        self.undelivered.is_some_and(|undelivered| undelivered.bytes > self.most / 8)
    }

    fn leaves(&mut self, oldest: &Record) {
        if let Some(undelivered) = self.undelivered.as_mut().filter(|undelivered| undelivered.from <= oldest.number) {
            undelivered.bytes -= size(&oldest.call);
        }
    }

    /// At most `most` events with numbers below `before`, newest first.
    pub(super) fn older(&self, before: u64, most: usize) -> Vec<Record> {
        let newer = usize::try_from(self.next.saturating_sub(before)).unwrap_or(usize::MAX);
        self.records.iter().rev().skip(newer).take(most).cloned().collect()
    }
}

/// What an event takes up. One of two accounts is counted for each of them: more than it is, never less.
fn size(call: &Call) -> usize {
    call.bytes() + size_of::<Record>()
}
