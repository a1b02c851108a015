//! The log, on stderr.

use std::io::{self, IsTerminal as _};

use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;

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

impl LogOptions {
    /// Starts the log of the process, at `default` where the user asked for nothing.
    ///
    /// # Errors
    /// When what the user asked for is no filter.
    pub(crate) fn start(&self, default: &str) -> Result<(), Failure> {
        let asked = self.level.as_deref().unwrap_or(default);
        let filter = EnvFilter::try_new(asked).map_err(|error| {
            Failure::usage(vec![
                Problem::new(format_args!("`{asked}` says nothing about logging: {error}"))
                    .help("use a level such as `--log debug`, or directives such as `--log warn,kms_plugin=debug`"),
            ])
        })?;
        let colours =
            io::stderr().is_terminal() && anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(colours);
        // A second call would leave the first log in place, and there is none.
        let _ = match self.log_format {
            LogFormat::Text => log.try_init(),
            LogFormat::Json => log.json().flatten_event(true).try_init(),
        };
        Ok(())
    }
}
