//! From flags to what can be started. Everything that is wrong is told at once.

mod changeable;
mod file;
mod keys;
mod sockets;

use std::{fmt, time::Duration};

use daemon::{
    http::{ListenAddress, Routes},
    unix_socket::{Options, WhenLive},
};

use kms_plugin::{audit::AuditTarget, server::Limits};

pub(crate) use self::{changeable::Changeable, file::SettingsFile, sockets::Socket};

use super::flags::Flags;
use crate::failure::{Failure, Problem};

/// What the plugin runs with.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Each socket with its key.
    pub(crate) sockets: Vec<Socket>,
    /// How the sockets are bound.
    pub(crate) socket_options: Options,
    /// What a peer may ask for.
    pub(crate) limits: Limits,
    /// Where health and metrics are answered.
    pub(crate) side_port: Option<ListenAddress>,
    /// The side port's paths.
    pub(crate) routes: Routes,
    /// What may change, as it is at first.
    pub(crate) changeable: Changeable,
    /// Where changes of it come from.
    pub(crate) file: Option<SettingsFile>,
    /// Where audit records go.
    pub(crate) audit: Option<AuditTarget>,
    /// How long calls may go on after SIGTERM.
    pub(crate) drain_timeout: Duration,
}

/// What has been found wrong so far.
#[derive(Debug, Default)]
struct Problems(Vec<Problem>);

impl Problems {
    /// Keeps the value, or the reason why there is none.
    fn check<T, E: fmt::Display>(&mut self, flag: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.add(Problem::new(format_args!("{flag}: {error}")))).ok()
    }

    /// Said once, also where several keys share it.
    fn add(&mut self, problem: Problem) {
        if !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }
}

impl Settings {
    /// Checks every flag, and the settings file.
    ///
    /// # Errors
    /// All that is wrong, in the order of the help text.
    pub(crate) fn from_flags(flags: &Flags) -> Result<Self, Failure> {
        let mut problems = Problems::default();
        let endpoints = sockets::endpoints(flags, &mut problems);
        let keys = keys::sources(flags, &mut problems);
        let sockets = sockets::pair(flags, endpoints, keys, &mut problems);
        let side_port = side_port(flags, &mut problems);
        for (flag, path) in [
            ("--livez-path", &flags.livez_path),
            ("--readyz-path", &flags.readyz_path),
            ("--healthz-path", &flags.healthz_path),
            ("--metrics-path", &flags.metrics_path),
        ] {
            if !path.starts_with('/') {
                problems.add(Problem::new(format_args!("{flag}: `{path}` is no path: it begins with `/`")));
            }
        }
        for (flag, time) in [("--probe-interval", flags.probe_interval), ("--call-timeout", flags.call_timeout)] {
            if time.is_zero() {
                problems.add(Problem::new(format_args!("{flag}: no time at all is too little")));
            }
        }
        if flags.call_timeout > Changeable::longest_call() {
            let longest = humantime::format_duration(Changeable::longest_call());
            problems.add(Problem::new(format_args!("--call-timeout: the longest is {longest}")));
        }
        for (flag, limit) in [
            ("--max-connections", flags.max_connections),
            ("--max-streams", flags.max_streams as usize),
            ("--max-calls", flags.max_calls),
        ] {
            if limit == 0 {
                problems.add(Problem::new(format_args!("{flag}: 0 would let nobody in")));
            }
        }
        let mut changeable = Changeable::of(flags);
        if changeable.lacks_burst() {
            problems.add(Problem::new("--qps-limit needs a --burst-limit above 0"));
        }
        let file = flags.settings.clone().map(|path| SettingsFile::new(path, changeable.clone()));
        match file.as_ref().map(SettingsFile::read) {
            Some(Ok(settings)) => changeable = settings,
            Some(Err(wrong)) => wrong.into_iter().for_each(|problem| problems.add(Problem::new(problem))),
            None => (),
        }
        if !problems.0.is_empty() {
            return Err(Failure::usage(problems.0));
        }
        Ok(Self {
            sockets,
            socket_options: Options {
                allowed: changeable.allowed(),
                when_live: if flags.take_over { WhenLive::TakeOver } else { WhenLive::Refuse },
            },
            side_port,
            routes: Routes {
                livez: flags.livez_path.clone(),
                readyz: flags.readyz_path.clone(),
                healthz: flags.healthz_path.clone(),
                metrics: flags.metrics_path.clone(),
            },
            limits: Limits {
                max_connections: flags.max_connections,
                max_streams: flags.max_streams,
                ..Limits::default()
            },
            changeable,
            file,
            drain_timeout: flags.drain_timeout,
            audit: flags.audit_log.as_ref().map(|path| match path.as_os_str() == "-" {
                true => AuditTarget::Stdout,
                false => AuditTarget::File(path.clone()),
            }),
        })
    }
}

fn side_port(flags: &Flags, problems: &mut Problems) -> Option<ListenAddress> {
    match flags.health_listen.as_str() {
        "none" => None,
        address => problems.check("--health-listen", address.parse()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    #[cfg(feature = "aws-kms")]
    use kms_plugin::engine::Rate;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        flags: Flags,
    }

    fn settings(arguments: &[&str]) -> Result<Settings, String> {
        let line = Line::try_parse_from(["kms-plugin"].iter().chain(arguments)).map_err(|error| error.to_string())?;
        Settings::from_flags(&line.flags).map_err(|failure| format!("{failure:?}"))
    }

    #[cfg(feature = "aws-kms")]
    #[test]
    fn every_flag_of_the_peer_is_taken_in_each_of_its_forms() {
        let arguments = [
            "--health-port=:9090",
            "--healthz-path=/h",
            "--livez-path=/l",
            "--listen=/run/a.sock,/run/b.sock",
            "--key=arn:aws:kms:us-west-2:111122223333:key/a",
            "--key=alias/b",
            "--health-kms-version=v2",
            "--region=us-west-2",
            "--kms-endpoint=http://127.0.0.1:4566",
            "--qps-limit=10",
            "--burst-limit=20",
            "--retry-token-capacity=100",
            "--encryption-context=a=b,c=d",
            "--encryption-context=e=f",
            "--source-arn=arn:aws:eks:us-west-2:111122223333:cluster/demo",
            "--debug=true",
        ];
        let line = Line::try_parse_from(["kms-plugin"].iter().chain(&arguments)).unwrap();
        assert!(line.flags.debug);
        assert_eq!(line.flags.health_kms_version, "v2");
        let settings = Settings::from_flags(&line.flags).unwrap();
        let Routes { livez, healthz, .. } = settings.routes;
        assert_eq!((livez.as_str(), healthz.as_str()), ("/l", "/h"));
        assert_eq!(settings.changeable.rate(), Some(Rate { per_second: 10.0, burst: 20.0 }));
        // What each says of its key, `keys` tests.
        assert_eq!(settings.side_port.unwrap().to_string(), ":9090");
        let served: Vec<_> = settings.sockets.iter().map(|s| (s.endpoint.to_string(), s.key.to_string())).collect();
        let first = "arn:aws:kms:us-west-2:111122223333:key/a".to_owned();
        assert_eq!(served, [("unix:///run/a.sock".to_owned(), first), ("unix:///run/b.sock".into(), "alias/b".into())]);
    }

    #[cfg(feature = "aws-kms")]
    #[test]
    fn a_flag_that_is_empty_as_the_peers_defaults_are_is_not_given() {
        let empty = ["--region=", "--kms-endpoint=", "--source-arn=", "--encryption-context=", "--profile="];
        let settings = settings(&[&["--key=alias/a"], &empty[..]].concat()).unwrap();
        assert_eq!(settings.changeable.rate(), None);
    }

    #[test]
    fn debug_is_taken_bare_and_with_a_value() {
        for (argument, is_debug) in [("--debug", true), ("--debug=true", true), ("--debug=false", false)] {
            let line = Line::try_parse_from(["kms-plugin", "--keyring=/k", argument]).unwrap();
            assert_eq!(line.flags.debug, is_debug, "{argument}");
        }
    }

    #[test]
    fn keys_and_sockets_that_do_not_pair_are_both_named() {
        let failure = settings(&["--listen", "/a,/b", "--keyring", "/k"]).unwrap_err();
        assert!(failure.contains("1 key (0 of --key, 1 of --keyring) and 2 sockets"), "{failure}");
    }

    #[test]
    fn all_that_is_wrong_is_told_together() {
        let failure = settings(&[
            "--listen=tcp://x",
            "--keyring=/k",
            "--health-listen=nowhere",
            "--livez-path=livez",
            "--call-timeout=0s",
            "--max-connections=0",
        ])
        .unwrap_err();
        for told in ["tcp://x", "nowhere", "`livez`", "--call-timeout", "--max-connections"] {
            assert!(failure.contains(told), "{told} is missing in {failure}");
        }
    }

    #[test]
    fn a_call_takes_no_longer_than_the_server_waits() {
        let failure = settings(&["--keyring=/k", "--call-timeout=31s"]).unwrap_err();
        assert!(failure.contains("--call-timeout: the longest is 30s"), "{failure}");
        assert!(settings(&["--keyring=/k", "--call-timeout=30s"]).is_ok());
    }

    #[test]
    fn one_socket_serves_one_key() {
        let failure = settings(&["--listen=/a,unix:///a", "--keyring=/k", "--keyring=/l"]).unwrap_err();
        assert!(failure.contains("named twice"), "{failure}");
    }
}
