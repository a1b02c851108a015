//! What a diagnosis says: a chain, of which every link must hold.

use std::fmt;

use serde::Serialize;

/// Links in the order in which what they stand for happens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Chain {
    /// The links.
    pub links: Vec<Link>,
}

/// One link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// What it is: `trust policy`.
    pub name: &'static str,
    /// Whether it holds.
    pub state: State,
    /// What was seen, in a sentence.
    pub says: String,
    /// More of that, a line each.
    pub details: Vec<String>,
    /// How to mend it, a step each.
    pub help: Vec<Help>,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Help {
    /// What to do.
    pub text: String,
    /// The commands that do it, where there are any.
    pub commands: Vec<String>,
}

/// Whether a link holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// It does.
    Ok,
    /// It hangs on a link before that does not hold, or is none of this chain.
    Skipped,
    /// Too little is known to tell.
    Unknown,
    /// It does not.
    Broken,
}

/// Something that may not be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known<T> {
    /// It is there.
    Is(T),
    /// It is surely not there.
    Absent,
    /// It could not be looked at, for this reason.
    Unknown(String),
}

impl Chain {
    /// The worst of its links.
    #[must_use]
    pub fn state(&self) -> State {
        self.links.iter().map(|link| link.state).filter(|state| *state != State::Skipped).max().unwrap_or(State::Ok)
    }

    /// The first link that does not hold: what comes after it may only follow from that.
    #[must_use]
    pub fn broken(&self) -> Option<&Link> {
        self.links.iter().find(|link| link.state == State::Broken)
    }
}

impl Link {
    pub(crate) fn new(name: &'static str, state: State, says: impl fmt::Display) -> Self {
        Self { name, state, says: says.to_string(), details: Vec::new(), help: Vec::new() }
    }

    pub(crate) fn ok(name: &'static str, says: impl fmt::Display) -> Self {
        Self::new(name, State::Ok, says)
    }

    pub(crate) fn broken(name: &'static str, says: impl fmt::Display) -> Self {
        Self::new(name, State::Broken, says)
    }

    pub(crate) fn unknown(name: &'static str, says: impl fmt::Display) -> Self {
        Self::new(name, State::Unknown, says)
    }

    pub(crate) fn skipped(name: &'static str, says: impl fmt::Display) -> Self {
        Self::new(name, State::Skipped, says)
    }

    pub(crate) fn detail(mut self, detail: impl fmt::Display) -> Self {
        self.details.push(detail.to_string());
        self
    }

    pub(crate) fn help(mut self, text: impl fmt::Display, commands: impl IntoIterator<Item = String>) -> Self {
        self.help.push(Help { text: text.to_string(), commands: commands.into_iter().collect() });
        self
    }
}

impl State {
    /// Its name in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Skipped => "skipped",
            Self::Unknown => "unknown",
            Self::Broken => "broken",
        }
    }
}
