//! A client in an account of its own: it works, keeps its ledger, and compares the two.

use std::{fmt::Debug, future::Future, sync::Arc, time::Instant};

use aws_sdk_kms::{
    config::Credentials,
    error::{ProvideErrorMetadata, SdkError},
    primitives::Blob,
};
use tokio::{sync::watch, time::sleep};

use crate::{
    PATIENCE, PAUSE,
    ledger::{Is, Ledger, Subject},
    random::Random,
    run::{Run, Stage},
    traffic::{Sdk, Tally, Wire},
};

/// The codes of throttles, which are injected.
const THROTTLES: [&str; 2] = ["Throttling", "ThrottlingException"];
/// The codes for what is not there.
const ABSENT: [&str; 2] = ["NotFoundException", "NoSuchEntity"];

/// One of the clients.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) account: String,
    pub(crate) wire: Wire,
    pub(crate) sdk: Sdk,
    pub(crate) random: Random,
    pub(crate) ledger: Ledger,
    /// What was sealed, and by which key.
    pub(crate) sealed: Vec<Sealed>,
    /// So that no two values are the same.
    made: u64,
    /// How far it is with what happened to all.
    stage: Stage,
}

#[derive(Clone, Debug)]
pub(crate) struct Sealed {
    pub(crate) key: String,
    pub(crate) blob: Blob,
    pub(crate) plaintext: String,
}

/// What came of a call.
#[derive(Debug)]
pub(crate) enum Outcome<T> {
    Done(T),
    /// It is certain that nothing was done.
    Not,
    /// The answer was lost, or an earlier one and this is the refusal of a retry.
    Unknown,
}

impl Client {
    pub(crate) fn new(account: String, credentials: &Credentials, wire: Wire, random: Random) -> Self {
        let sdk = wire.sdk(credentials);
        let (ledger, stage) = (Ledger::default(), Stage::default());
        Self { account, wire, sdk, random, ledger, sealed: Vec::new(), made: 0, stage }
    }

    /// Works until the run is over; compares whenever the embedded AWS was started, and at the end.
    pub(crate) async fn work(mut self, run: Arc<Run>, stages: watch::Receiver<Stage>) {
        loop {
            let _goes_on = run.goes_on().await;
            let now = *stages.borrow();
            if now.days > self.stage.days {
                self.keys_that_waited_are_gone();
            }
            let was_started = now.starts > self.stage.starts;
            self.stage = now;
            if was_started || now.is_over {
                self.compare().await;
                run.compared();
            }
            if now.is_over {
                return;
            }
            self.act(&stages).await;
        }
    }

    async fn act(&mut self, stages: &watch::Receiver<Stage>) {
        match self.random.below(20) {
            0..10 => self.act_on_keys(stages).await,
            10..18 => self.act_on_identities().await,
            _ => self.act_as_a_session().await,
        }
    }

    /// Everything that is known is there, and nothing else.
    async fn compare(&mut self) {
        for subject in self.ledger.subjects() {
            let is = self.read(&subject).await;
            self.ledger.saw(subject, is, "compared after a start");
        }
        self.compare_keys().await;
        self.compare_identities().await;
        self.ledger.forget_what_is_gone();
    }

    /// A value that was never there.
    pub(crate) fn new_value(&mut self, prefix: &str) -> String {
        self.made += 1;
        format!("{prefix}{}", self.made)
    }

    /// Whether the embedded AWS may have forgotten what it keeps in memory only.
    pub(crate) fn was_ended_since(&self, stages: &watch::Receiver<Stage>) -> bool {
        stages.borrow().ends > self.stage.ends
    }

    /// Makes a call that changes something, with the SDK's retries; says what came of it and what was sent.
    pub(crate) async fn attempt<T, E>(
        &self,
        what: &str,
        call: impl Future<Output = Result<T, SdkError<E>>>,
    ) -> (Outcome<T>, Tally)
    where
        E: ProvideErrorMetadata + Debug,
    {
        let before = self.wire.own.tally();
        let outcome = call.await;
        let sent = self.wire.own.tally().since(before);
        let outcome = match outcome.map_err(|error| (refusal(&error), error)) {
            Ok(answer) => Outcome::Done(answer),
            Err((Some(_), _)) if sent.unsure() > 0 => Outcome::Unknown,
            Err((Some(code), _)) if THROTTLES.contains(&&*code) => Outcome::Not,
            Err((Some(_), error)) => panic!("{}: {what} was refused: {error:?}", self.account),
            Err((None, _)) => Outcome::Unknown,
        };
        (outcome, sent)
    }

    /// Makes a call that makes a subject something, and keeps the ledger. Gives the answer, if there was one.
    pub(crate) async fn write<T, E>(
        &mut self,
        subject: Subject,
        to: Option<&str>,
        what: &str,
        call: impl Future<Output = Result<T, SdkError<E>>>,
    ) -> Option<T>
    where
        E: ProvideErrorMetadata + Debug,
    {
        let to = to.map(str::to_owned);
        let (outcome, sent) = self.attempt(what, call).await;
        let answer = match outcome {
            Outcome::Not => return None,
            Outcome::Done(answer) => {
                self.ledger.did(subject.clone(), to);
                Some(answer)
            }
            Outcome::Unknown => {
                self.ledger.tried(subject.clone(), to);
                None
            }
        };
        // What was sent more than once must be as if it had been sent once.
        if answer.is_none() || sent.unsure() > 0 {
            self.look(subject, what).await;
        }
        answer
    }

    /// Reads a subject, which must be what is known.
    pub(crate) async fn look(&mut self, subject: Subject, when: &str) -> Is {
        let is = self.read(&subject).await;
        self.ledger.saw(subject, is.clone(), when);
        is
    }

    /// Asks until there is an answer; gives none where there is no such thing.
    pub(crate) async fn ask<T, E, F>(&self, what: &str, mut call: impl FnMut() -> F) -> Option<T>
    where
        F: Future<Output = Result<T, SdkError<E>>>,
        E: ProvideErrorMetadata + Debug,
    {
        let started = Instant::now();
        loop {
            let error = match call().await {
                Ok(answer) => return Some(answer),
                Err(error) => error,
            };
            match refusal(&error) {
                Some(code) if ABSENT.contains(&&*code) => return None,
                Some(code) if THROTTLES.contains(&&*code) => {}
                Some(_) => panic!("{}: {what} was refused: {error:?}", self.account),
                None => {}
            }
            assert!(started.elapsed() < PATIENCE, "{}: {what} is not answered: {error:?}", self.account);
            sleep(PAUSE).await;
        }
    }
}

/// The code of an answer that is not the service's own failure.
fn refusal<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Option<String> {
    let SdkError::ServiceError(answered) = error else { return None };
    let code = answered.err().meta().code().unwrap_or_default();
    (!answered.raw().status().is_server_error()).then(|| code.to_owned())
}
