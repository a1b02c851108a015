//! Running a probe: what to call next, and what the answers say. Who runs it makes the calls.

use std::collections::BTreeMap;

use super::{Answer, Call, Probe, Step};

/// A probe that is being run.
#[derive(Clone, Debug)]
pub struct Run<'p> {
    probe: &'p Probe,
    /// What the names stand for: texts, and for who calls with credentials that a call answered, that answer.
    known: BTreeMap<String, String>,
    done: usize,
    verdict: Option<Verdict>,
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// To make this call, and to tell what it answered.
    Call(Asked),
    /// To wait for so many minutes.
    Wait(u8),
    /// Nothing: this is what was found.
    Done(Verdict),
}

/// A call to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Who is given by this name calls, or, where there are credentials, who holds them.
    pub by: String,
    /// The answer of AssumeRole or CreateAccessKey, in JSON, that has the credentials.
    pub credentials: Option<String>,
    /// The words behind `aws`. One of `fileb://` and base64 is for a file of those bytes.
    pub words: Vec<String>,
}

/// What a call answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whether the command ended well.
    pub succeeded: bool,
    /// What it printed, of an error too.
    pub printed: String,
}

/// What a probe found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The rule's sentence holds.
    Holds,
    /// Its opposite does.
    DoesNotHold,
    /// It cannot be told: this call answered what was not awaited of it.
    Open {
        /// The call, as the probe has it.
        call: String,
        /// What it printed.
        printed: String,
    },
}

/// What a probe takes was not given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the probe takes `{name}`: {is}")]
pub struct Missing {
    /// By which name.
    pub name: String,
    /// What it is.
    pub is: String,
}

impl<'p> Run<'p> {
    /// Begins, with what is given: of who calls the account's id.
    ///
    /// # Errors
    ///
    /// [`Missing`], if not all is.
    pub fn new(probe: &'p Probe, given: BTreeMap<String, String>) -> Result<Self, Missing> {
        match probe.givens.iter().find(|wanted| !given.contains_key(&wanted.name)) {
            Some(wanted) => Err(Missing { name: wanted.name.clone(), is: wanted.is.clone() }),
            None => Ok(Self { probe, known: given, done: 0, verdict: None }),
        }
    }

    /// What is to be done next. A wait is over when it is asked for what comes behind it.
    pub fn next_step(&mut self) -> Next {
        if let Some(verdict) = &self.verdict {
            return Next::Done(verdict.clone());
        }
        match self.probe.steps().nth(self.done) {
            Some(Step::Call(call)) => Next::Call(self.asked(call)),
            Some(Step::Wait(minutes)) => {
                self.done += 1;
                Next::Wait(*minutes)
            }
            // The last step is a call, and its answer is a verdict.
            None => Next::Done(Verdict::Open { call: String::new(), printed: String::new() }),
        }
    }

    /// Tells what the call that was to be made answered.
    pub fn answered(&mut self, outcome: &Outcome) {
        let Some(Step::Call(call)) = self.probe.steps().nth(self.done) else { return };
        self.done += 1;
        let open = || Verdict::Open { call: call.text.clone(), printed: outcome.printed.clone() };
        if self.probe.steps().nth(self.done).is_none() {
            self.verdict = Some(match () {
                () if self.is_told(&self.probe.holds, outcome) => Verdict::Holds,
                () if self.is_told(&self.probe.otherwise, outcome) => Verdict::DoesNotHold,
                () => open(),
            });
        } else if !self.is_told(&call.must, outcome) {
            self.verdict = Some(open());
        } else if let Some(name) = &call.kept {
            self.known.insert(name.clone(), outcome.printed.trim().to_owned());
        }
    }

    fn asked(&self, call: &Call) -> Asked {
        let is_given = self.probe.givens.iter().any(|given| given.name == call.by);
        let credentials = if is_given { None } else { self.known.get(&call.by).cloned() };
        let mut words: Vec<_> = call.words.iter().map(|word| self.filled(word)).collect();
        if call.is_queried() {
            words.extend(["--output".to_owned(), "text".to_owned()]);
        }
        Asked { by: call.by.clone(), credentials, words }
    }

    fn is_told(&self, answer: &Answer, Outcome { succeeded, printed }: &Outcome) -> bool {
        match answer {
            Answer::Succeeds => *succeeded,
            Answer::FailsWith(code) => !succeeded && printed.contains(&format!("({code})")),
            Answer::Reads(text) => printed.contains(&self.filled(text)),
            Answer::EndsIn(text) => printed.trim_end().ends_with(&self.filled(text)),
        }
    }

    /// A text with what its names stand for.
    fn filled(&self, text: &str) -> String {
        let fill =
            |text: String, (name, stands_for): (&String, &String)| text.replace(&format!("<{name}>"), stands_for);
        self.known.iter().fold(text.to_owned(), fill)
    }
}
