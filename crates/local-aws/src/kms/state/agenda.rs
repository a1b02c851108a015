//! What happens by itself, and when.

use std::collections::{BTreeSet, HashMap};

use aws_model::KeyArn;
use jiff::Timestamp;

/// Deletions, rotations and expiries to come, in the order of their times. Its lock is the one that orders all changes.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    due: BTreeSet<(Timestamp, Event)>,
    at: HashMap<Event, Timestamp>,
}

/// What happens to a key by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Event {
    /// The waiting period is over.
    Delete(KeyArn),
    /// The rotation period is over. Named after the primary key.
    Rotate(KeyArn),
    /// Imported material expires.
    Expire(KeyArn),
}

impl Agenda {
    /// Puts an event at a time instead of any earlier one, or takes it off.
    pub(super) fn put(&mut self, event: Event, at: Option<Timestamp>) {
        let before = match at {
            Some(at) => self.at.insert(event.clone(), at),
            None => self.at.remove(&event),
        };
        if let Some(before) = before {
            self.due.remove(&(before, event.clone()));
        }
        if let Some(at) = at {
            self.due.insert((at, event));
        }
    }

    /// Takes the earliest event off, if it is due.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<(Timestamp, Event)> {
        let (at, event) = self.due.first().filter(|(at, _)| *at <= now)?.clone();
        self.put(event.clone(), None);
        Some((at, event))
    }

    /// The second of the earliest event; the end of time without one.
    pub(super) fn next_second(&self) -> i64 {
        self.due.first().map_or(i64::MAX, |(at, _)| at.as_second())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str) -> KeyArn {
        format!("arn:aws:kms:us-east-1:111122223333:key/{id}").parse().unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn events_come_in_order_and_only_when_due() {
        let mut agenda = Agenda::default();
        agenda.put(Event::Delete(key("a")), Some(at(20)));
        agenda.put(Event::Rotate(key("a")), Some(at(10)));
        assert_eq!(agenda.next_second(), 10);
        assert_eq!(agenda.take_due(at(9)), None);
        assert_eq!(agenda.take_due(at(30)), Some((at(10), Event::Rotate(key("a")))));
        assert_eq!(agenda.take_due(at(30)), Some((at(20), Event::Delete(key("a")))));
        assert_eq!(agenda.take_due(at(30)), None);
        assert_eq!(agenda.next_second(), i64::MAX);
    }

    #[test]
    fn an_event_has_one_time_and_can_be_taken_off() {
        let mut agenda = Agenda::default();
        agenda.put(Event::Delete(key("a")), Some(at(20)));
        agenda.put(Event::Delete(key("a")), Some(at(40)));
        assert_eq!(agenda.take_due(at(30)), None);
        agenda.put(Event::Delete(key("a")), None);
        assert_eq!(agenda.take_due(at(50)), None);
    }
}
