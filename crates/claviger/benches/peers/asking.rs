//! Connections that ask one thing after the other, and count what they are answered.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use super::connection::Connection;

/// How many requests were granted, and how many held back because there were too many.
#[derive(Debug, Default)]
pub(crate) struct Answered {
    granted: AtomicUsize,
    held_back: AtomicUsize,
}

impl Answered {
    pub(crate) fn granted(&self) -> usize {
        self.granted.load(Ordering::Relaxed)
    }

    pub(crate) fn held_back(&self) -> usize {
        self.held_back.load(Ordering::Relaxed)
    }

    pub(crate) fn all(&self) -> usize {
        self.granted() + self.held_back()
    }
}

/// One connection.
pub(crate) struct Asking {
    connection: Connection,
    requests: Arc<[Arc<[u8]>]>,
    next: usize,
    /// What an answer that grants holds.
    marker: &'static str,
    answered: Arc<Answered>,
}

impl Asking {
    /// The connection with this number, which begins with the request of that number.
    pub(crate) fn new(
        connection: Connection,
        number: usize,
        requests: &Arc<[Arc<[u8]>]>,
        marker: &'static str,
        answered: &Arc<Answered>,
    ) -> Self {
        let next = number * requests.len() / CONNECTIONS;
        Self { connection, requests: Arc::clone(requests), next, marker, answered: Arc::clone(answered) }
    }

    /// One call.
    pub(crate) async fn call(mut self) -> Self {
        let request = Arc::clone(&self.requests[self.next % self.requests.len()]);
        self.next += 1;
        self.connection = self.connection.asking(request);
        let answer = self.connection.call().await.unwrap();
        if answer.holds(self.marker) {
            self.answered.granted.fetch_add(1, Ordering::Relaxed);
        } else {
            assert_eq!(answer.status(), 429, "{}", String::from_utf8_lossy(answer.body()));
            self.answered.held_back.fetch_add(1, Ordering::Relaxed);
        }
        self
    }
}

/// How many there are in a load.
pub(crate) const CONNECTIONS: usize = 16;
