//! The log, on stderr.

use std::{
    io::{self, IsTerminal as _},
    str::FromStr,
};

use clap::{Args, ValueEnum};
use tracing_subscriber::{
    EnvFilter,
    filter::{LevelFilter, ParseError},
};

use crate::{
    environment,
    failure::{Failure, Problem},
};

/// What is logged and how.
#[derive(Args, Clone, Debug)]
pub(crate) struct LogOptions {
    /// What to log: off, error, warn, info, debug, trace, or tracing's directives [default: the command's own]
    #[arg(long = "log", global = true, env = environment::LOG, hide_env = true, value_name = "LEVEL", help_heading = "Log")]
    level: Option<String>,

    /// The form of the log
    #[arg(long, global = true, env = environment::LOG_FORMAT, hide_env = true, default_value = "text", value_name = "FORMAT", help_heading = "Log")]
    log_format: LogFormat,
}

/// The form of the log.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// What is logged: a level, or directives, that are known to make sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter(String);

/// The text is no filter.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidFilter {
    #[error("`{0}` is no level, and a target needs one, as in `{0}=debug`")]
    NoLevel(String),
    #[error(transparent)]
    Directive(#[from] ParseError),
}

impl FromStr for Filter {
    type Err = InvalidFilter;

    fn from_str(text: &str) -> Result<Self, InvalidFilter> {
        // tracing takes a word that is no level for a target, and logs that one alone: a slip of the pen would silence
        // the log.
        let is_target = |directive: &&str| !directive.contains('=') && directive.parse::<LevelFilter>().is_err();
        // A `[` begins a span, whose fields may have commas between them: those are tracing's to judge.
        let mut directives = text.split(',').take_while(|directive| !directive.contains('['));
        if let Some(target) = directives.find(is_target) {
            return Err(InvalidFilter::NoLevel(target.to_owned()));
        }
        EnvFilter::try_new(text)?;
        Ok(Self(text.to_owned()))
    }
}

impl Filter {
    fn build(&self) -> EnvFilter {
        EnvFilter::new(&self.0)
    }
}

/// Puts another filter in force.
type Put = Box<dyn Fn(EnvFilter)>;

/// The log of the process, whose filter can change.
#[cfg(feature = "kms-plugin")]
pub(crate) struct ChangeableLog {
    asked: Filter,
    put: Put,
}

#[cfg(feature = "kms-plugin")]
impl ChangeableLog {
    /// Logs by `filter` from now on, or by what the user asked for on the command line.
    pub(crate) fn change(&self, filter: Option<&Filter>) {
        (self.put)(filter.unwrap_or(&self.asked).build());
    }
}

impl LogOptions {
    /// Starts the log of the process, at `default` where the user asked for nothing.
    ///
    /// # Errors
    /// When what the user asked for is no filter.
    #[cfg(any(feature = "local-aws", feature = "pod-identity"))]
    pub(crate) fn start(&self, default: &str) -> Result<(), Failure> {
        self.init(default).map(drop)
    }

    /// The same, for a command that takes up another filter while it runs.
    ///
    /// # Errors
    /// When what the user asked for is no filter.
    #[cfg(feature = "kms-plugin")]
    pub(crate) fn start_changeable(&self, default: &str) -> Result<ChangeableLog, Failure> {
        self.init(default).map(|(asked, put)| ChangeableLog { asked, put })
    }

    fn init(&self, default: &str) -> Result<(Filter, Put), Failure> {
        let asked = self.level.as_deref().unwrap_or(default);
        let filter: Filter = asked.parse().map_err(|error| {
            Failure::usage(vec![
                Problem::new(format_args!("`{asked}` says nothing about logging: {error}"))
                    .help("use a level such as `--log debug`, or directives such as `--log warn,kms_plugin=debug`"),
            ])
        })?;
        let colours =
            io::stderr().is_terminal() && anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
        let log = tracing_subscriber::fmt().with_env_filter(filter.build()).with_writer(io::stderr).with_ansi(colours);
        // A second call would leave the first log in place, and there is none; it stays as long as the process.
        let put: Put = match self.log_format {
            LogFormat::Text => {
                let log = log.with_filter_reloading();
                let handle = log.reload_handle();
                let _ = log.try_init();
                Box::new(move |filter| drop(handle.reload(filter)))
            }
            LogFormat::Json => {
                let log = log.json().flatten_event(true).with_filter_reloading();
                let handle = log.reload_handle();
                let _ = log.try_init();
                Box::new(move |filter| drop(handle.reload(filter)))
            }
        };
        Ok((filter, put))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_levels_and_directives() {
        for right in ["off", "INFO", "warn,kms_plugin=debug", "debug,[request]=trace", "a[b{c=d}]=info"] {
            assert!(right.parse::<Filter>().is_ok(), "{right}");
        }
        for wrong in ["degub", "info,kms_plugin", "a=b=c"] {
            assert!(wrong.parse::<Filter>().is_err(), "{wrong}");
        }
    }
}
