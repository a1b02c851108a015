//! Running a probe: what to call next, and what the answers say. Who runs it makes the calls.

use std::collections::{BTreeMap, VecDeque};

use super::{Answer, Call, Probe, Step};

/// A probe that is being run.
#[derive(Clone, Debug)]
pub struct Run<'p> {
    probe: &'p Probe,
    /// What the names stand for: texts, and for who calls with credentials that a call answered, that answer.
    known: BTreeMap<String, String>,
    done: usize,
    /// What succeeded.
    made: Vec<&'p Call>,
    verdict: Option<Verdict>,
    /// With the verdict: what is to be undone, each as the calls that do, the next one first.
    to_undo: VecDeque<VecDeque<&'p Call>>,
    left_behind: Vec<LeftBehind>,
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// To make this call, and to tell what it answered.
    Call(Asked),
    /// To wait for so many minutes.
    Wait(u8),
    /// Nothing: this is what was found. What could not be undone is told by [`Run::left_behind`].
    Done(Verdict),
}

/// Something that a probe made and that is still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftBehind {
    /// The call that should have undone it, as the probe has it.
    pub call: String,
    /// What it printed.
    pub printed: String,
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
            None => Ok(Self {
                probe,
                known: given,
                done: 0,
                made: Vec::new(),
                verdict: None,
                to_undo: VecDeque::new(),
                left_behind: Vec::new(),
            }),
        }
    }

    /// What the probe made and could not undo.
    #[must_use]
    pub fn left_behind(&self) -> &[LeftBehind] {
        &self.left_behind
    }

    /// What is to be done next. A wait is over when it is asked for what comes behind it.
    pub fn next_step(&mut self) -> Next {
        if let Some(verdict) = &self.verdict {
            return match self.to_undo.front().and_then(VecDeque::front) {
                Some(undo) => Next::Call(self.asked(undo)),
                None => Next::Done(verdict.clone()),
            };
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
        if self.verdict.is_some() {
            return self.undone(outcome);
        }
        let Some(Step::Call(call)) = self.probe.steps().nth(self.done) else { return };
        self.done += 1;
        if outcome.succeeded {
            self.made.push(call);
            self.keep(call, outcome);
        }
        let open = || Verdict::Open { call: call.text.clone(), printed: outcome.printed.clone() };
        let verdict = if self.probe.steps().nth(self.done).is_none() {
            Some(match () {
                () if self.is_told(&self.probe.holds, outcome) => Verdict::Holds,
                () if self.is_told(&self.probe.otherwise, outcome) => Verdict::DoesNotHold,
                () => open(),
            })
        } else {
            (!self.is_told(&call.must, outcome)).then(open)
        };
        if verdict.is_some() {
            let undone_by = |call: &&'p Call| call.undone_by.iter().collect::<VecDeque<_>>();
            self.to_undo = self.made.iter().rev().map(undone_by).filter(|calls| !calls.is_empty()).collect();
            self.verdict = verdict;
        }
    }

    /// Goes on with what is to be undone. Where one call fails, those behind it that undo the same would, too.
    fn undone(&mut self, outcome: &Outcome) {
        let Some(calls) = self.to_undo.front_mut() else { return };
        let Some(call) = calls.pop_front() else { return };
        if calls.is_empty() || !outcome.succeeded {
            self.to_undo.pop_front();
        }
        if outcome.succeeded {
            self.keep(call, outcome);
        } else if !outcome.says_that_it_is_gone() {
            self.left_behind.push(LeftBehind { call: call.text.clone(), printed: outcome.printed.clone() });
        }
    }

    fn keep(&mut self, call: &Call, outcome: &Outcome) {
        if let Some(name) = &call.kept {
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

impl Outcome {
    /// Whether what the call was about is not there: a probe may have taken away itself what it made.
    ///
    /// Sources: the errors of IAM's and KMS's operations in their API references; Amazon EC2 API Reference, "Error codes"
    /// (`InvalidVolume.NotFound` and its like).
    fn says_that_it_is_gone(&self) -> bool {
        ["(NoSuchEntity)", "(NotFoundException)", ".NotFound)"].iter().any(|code| self.printed.contains(code))
    }
}
