//! One call for identical Decrypts that are under way at the same time: after a restart an apiserver, or three of
//! them, ask for the same seed once for each watch they set up.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use key_service::{KeyServiceError, Opened};
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

/// What a flight brings home. The plaintext is wiped when the last holder lets go.
pub(crate) type Outcome = Result<Opened, KeyServiceError>;

/// The flights in the air, by ciphertext.
#[derive(Debug, Default)]
pub(crate) struct Flights(Arc<Mutex<HashMap<Arc<[u8]>, Flight>>>);

#[derive(Clone, Debug)]
struct Flight {
    outcome: Arc<OnceLock<Outcome>>,
    /// Closes when the flight has landed, or crashed.
    landed: watch::Receiver<()>,
}

/// A seat on a flight.
#[derive(Debug)]
pub(crate) struct Seat {
    flight: Flight,
    /// Whether another caller's call is shared.
    pub(crate) shared: bool,
}

/// A flight that did not come home while its passenger waited.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Missed {
    OutOfTime,
    Crashed,
}

/// A flight that came home. INVARIANT: its outcome is set.
#[derive(Debug)]
pub(crate) struct Landed(Arc<OnceLock<Outcome>>);

impl Flights {
    /// Joins the flight for `ciphertext`, or starts one: `call` then runs on a task of its own, so that a caller
    /// that gives up takes nobody with it.
    pub(crate) fn board<F>(&self, ciphertext: &[u8], call: impl FnOnce(Arc<[u8]>) -> F) -> Seat
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get(ciphertext) {
            return Seat { flight: flight.clone(), shared: true };
        }
        let ciphertext: Arc<[u8]> = ciphertext.into();
        let (landing, landed) = watch::channel(());
        let flight = Flight { outcome: Arc::default(), landed };
        let clearance = Clearance { flights: self.0.clone(), ciphertext: ciphertext.clone(), _landing: landing };
        let outcome = flight.outcome.clone();
        flights.insert(ciphertext.clone(), flight.clone());
        drop(flights);

        let call = call(ciphertext);
        tokio::spawn(async move {
            let result = call.await;
            // Set once: nobody else has this cell to write to.
            let _ = outcome.set(result);
            // Before the landing is seen, so that the only passenger of a flight owns what it brought.
            drop(outcome);
            drop(clearance);
        });
        Seat { flight, shared: false }
    }
}

impl Seat {
    /// Waits for the landing.
    pub(crate) async fn landing(mut self, deadline: Instant) -> Result<Landed, Missed> {
        // That the sender has gone is the landing.
        let ended = timeout_at(deadline, self.flight.landed.changed()).await.is_ok();
        match self.flight.outcome.get() {
            Some(_) => Ok(Landed(self.flight.outcome)),
            None if ended => Err(Missed::Crashed),
            None => Err(Missed::OutOfTime),
        }
    }
}

impl Landed {
    /// What went wrong, if something did.
    pub(crate) fn error(&self) -> Option<&KeyServiceError> {
        self.0.get().and_then(|outcome| outcome.as_ref().err())
    }

    /// The passenger's own copy; the last one takes the original.
    pub(crate) fn into_opened(self) -> Option<Opened> {
        match Arc::try_unwrap(self.0) {
            Ok(cell) => cell.into_inner()?.ok(),
            Err(shared) => {
                let Opened { plaintext, version } = shared.get()?.as_ref().ok()?;
                Some(Opened { plaintext: plaintext.clone(), version: version.clone() })
            }
        }
    }
}

/// Takes the flight off the board, then wakes its passengers, also when the call panicked.
struct Clearance {
    flights: Arc<Mutex<HashMap<Arc<[u8]>, Flight>>>,
    ciphertext: Arc<[u8]>,
    _landing: watch::Sender<()>,
}

impl Drop for Clearance {
    fn drop(&mut self) {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.ciphertext);
    }
}
