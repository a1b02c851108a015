//! Probes: calls of the `aws` command that decide an assumption at AWS, as text that is read once.
//!
//! ```text
//! given A: an administrator of an account
//!
//! key = A: aws kms create-key --query KeyMetadata.Arn
//! r = A: aws sts assume-role --role-arn <role> --role-session-name s
//!
//! look for whether the call is allowed
//! r: aws kms describe-key --key-id <key>
//! holds if it succeeds
//! does not if it fails with AccessDeniedException
//! ```
//!
//! Below a call that makes something lasting stands what takes it away again:
//!
//! ```text
//! key = A: aws kms create-key --query KeyMetadata.Arn
//!   undone by A: aws kms schedule-key-deletion --key-id <key> --pending-window-in-days 7
//! ```
//!
//! What is `given` is told by whoever runs it: a name in capitals calls, and stands in the text for the id of its account;
//! any other name stands for its text. What a call with `--query` answers is kept by the name before it, as text;
//! without, the name is who calls with the credentials that it answers. Above `look for` stands the setting up, whose
//! calls all succeed; below it the calls that tell, of which the last one decides. At the end, and when a call answered what
//! it must not, all that succeeded is undone, the last of it first.

mod read;
mod run;

use std::fmt;

pub use read::ProbeError;
pub use run::{Asked, LeftBehind, Missing, Next, Outcome, Run, Verdict};

/// What would decide an assumption at AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// What whoever runs it has to tell.
    pub givens: Vec<Given>,
    /// Makes what the probe is about.
    pub set_up: Vec<Step>,
    /// What the answer to the last call tells.
    pub look_for: String,
    /// The calls that tell, at least one.
    pub calls: Vec<Step>,
    /// The answer to the last call under which the rule's sentence holds.
    pub holds: Answer,
    /// The one under which it does not. Any other leaves it open, and so does one that fits both: `holds` goes first.
    pub otherwise: Answer,
}

/// Something that is not the probe's to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// By what the calls name it.
    pub name: String,
    /// What it is.
    pub is: String,
}

/// One step of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A call.
    Call(Call),
    /// What AWS does after it has answered, and has no waiter for, takes so many minutes.
    Wait(u8),
}

/// One call of the `aws` command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Who calls.
    pub by: String,
    /// The words behind `aws`, with names in `<>`.
    pub words: Vec<String>,
    /// By which name its answer is kept.
    pub kept: Option<String>,
    /// What it has to answer, for the last one to tell anything.
    pub must: Answer,
    /// What takes away again what it made, in order.
    pub undone_by: Vec<Self>,
    /// As it is written.
    pub text: String,
}

/// What a call answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It succeeds.
    Succeeds,
    /// It fails with this code.
    FailsWith(String),
    /// What it prints holds this.
    Reads(String),
    /// What it prints ends so.
    EndsIn(String),
}

impl Given {
    /// Whether it calls, and stands for the id of its account.
    #[must_use]
    pub fn is_caller(&self) -> bool {
        self.name.chars().all(|letter| letter.is_ascii_uppercase())
    }
}

impl Call {
    /// The service, as the `aws` command names it.
    #[must_use]
    pub fn service(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// The operation, as the `aws` command names it.
    #[must_use]
    pub fn operation(&self) -> &str {
        self.words.get(1).map_or("", String::as_str)
    }

    /// Whether its answer is a text that is kept, not credentials.
    #[must_use]
    pub fn is_queried(&self) -> bool {
        self.words.iter().any(|word| word == "--query")
    }
}

impl Probe {
    /// All steps, in order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.set_up.iter().chain(&self.calls)
    }

    /// All calls, each with those that undo it behind it.
    pub fn all_calls(&self) -> impl Iterator<Item = &Call> {
        let calls = self.steps().filter_map(|step| match step {
            Step::Call(call) => Some(call),
            Step::Wait(_) => None,
        });
        calls.flat_map(|call| std::iter::once(call).chain(&call.undone_by))
    }
}

/// Behind a noun: `it ..`.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Succeeds => f.write_str("succeeds"),
            Self::FailsWith(code) => write!(f, "fails with `{code}`"),
            Self::Reads(text) => write!(f, "reads `{text}`"),
            Self::EndsIn(text) => write!(f, "ends in `{text}`"),
        }
    }
}
