//! How a command fails: told once, on stderr, with what can be done about it.

use std::{error::Error, fmt, io::Write as _};

use anstyle::{AnsiColor, Style};

use crate::exit::Exit;

/// One or more things that are wrong, and the exit code that they lead to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    problems: Vec<Problem>,
    exit: Exit,
}

/// One thing that is wrong. Its text is lower case, without a final period, with the user's input in backticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    message: String,
    help: Option<String>,
}

impl Failure {
    /// Everything that is wrong with what the user asked for.
    pub(crate) fn usage(problems: Vec<Problem>) -> Self {
        Self { problems, exit: Exit::Usage }
    }

    /// Something was looked at and is not as it should be.
    #[cfg(feature = "up")]
    pub(crate) fn finding(message: impl fmt::Display) -> Self {
        Self { exit: Exit::Findings, ..Self::new(message) }
    }

    /// Something could not be done.
    pub(crate) fn new(message: impl fmt::Display) -> Self {
        Self { problems: vec![Problem::new(message)], exit: Exit::Error }
    }

    /// The same with a way out, shown as a `help:` line.
    pub(crate) fn help(mut self, help: impl fmt::Display) -> Self {
        if let Some(last) = self.problems.last_mut() {
            last.help = Some(help.to_string());
        }
        self
    }

    /// Writes each problem to stderr. Says how to exit.
    pub(crate) fn report(&self) -> Exit {
        let mut stderr = anstream::stderr().lock();
        for problem in &self.problems {
            // Nothing is left to tell of a failure to tell.
            let _ = write!(stderr, "{problem}");
        }
        self.exit
    }
}

impl Problem {
    pub(crate) fn new(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), help: None }
    }

    pub(crate) fn help(mut self, help: impl fmt::Display) -> Self {
        self.help = Some(help.to_string());
        self
    }
}

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HELP: Style = AnsiColor::Cyan.on_default().bold();

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{ERROR}error:{ERROR:#} {}", self.message)?;
        match &self.help {
            Some(help) => writeln!(f, "{HELP}help:{HELP:#} {help}"),
            None => Ok(()),
        }
    }
}

impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(with_causes(&error))
    }
}

/// The error and what lies beneath, each said once: many of our errors tell their source themselves.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot read `a`")]
    struct Quiet(#[source] io::Error);

    #[derive(Debug, thiserror::Error)]
    #[error("cannot read `a`: {0}")]
    struct Telling(#[source] io::Error);

    #[test]
    fn a_cause_is_said_exactly_once() {
        let cause = || io::Error::other("no disk");
        assert_eq!(with_causes(&Quiet(cause())), "cannot read `a`: no disk");
        assert_eq!(with_causes(&Telling(cause())), "cannot read `a`: no disk");
    }
}
