//! The command line: which command, and what every command has.

use std::{ffi::OsString, path::Path};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::{commands, environment, exit::Exit, failure::Failure, logging::LogOptions};

/// The names under which the binary behaves as one of its commands, so that it can stand in for a peer.
const DROP_INS: &[(&str, &[&str])] = &[
    #[cfg(feature = "kms-plugin")]
    ("aws-encryption-provider", &["kms-plugin"]),
    #[cfg(feature = "pod-identity")]
    ("eks-pod-identity-agent", &["pod-identity"]),
    #[cfg(feature = "kubernetes")]
    ("amazon-eks-pod-identity-webhook", &["pod-identity", "webhook"]),
];

/// Claviger carries the keys of a Kubernetes cluster on AWS.
///
/// It seals what the cluster stores, under keys that never leave their key service. One binary; no AWS account is
/// needed to try any of it.
#[derive(Debug, Parser)]
#[command(
    name = "claviger",
    version,
    max_term_width = 110,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    log: LogOptions,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[cfg(feature = "up")]
    Up(Box<commands::up::Up>),
    #[cfg(feature = "kms-plugin")]
    KmsPlugin(Box<commands::kms_plugin::KmsPlugin>),
    #[cfg(feature = "pod-identity")]
    PodIdentity(Box<commands::pod_identity::PodIdentity>),
    #[cfg(feature = "local-aws")]
    LocalAws(Box<commands::local_aws::LocalAws>),
    #[cfg(feature = "addons")]
    Addons(commands::addons::Addons),
    #[cfg(feature = "kms-plugin")]
    Keyring(commands::keyring::Keyring),
    #[cfg(feature = "diagnose")]
    Diagnose(Box<commands::diagnose::Diagnose>),
    #[cfg(feature = "explain")]
    Explain(Box<commands::explain::Explain>),
    Completions(commands::completions::Completions),
    Man(commands::man::Man),
}

/// Does what `arguments` (the program's name first) ask for.
pub(crate) fn run(arguments: impl Iterator<Item = OsString>) -> Exit {
    let cli = match definition().try_get_matches_from(as_claviger(arguments.collect())) {
        Ok(matches) => Cli::from_arg_matches(&matches),
        Err(error) => Err(error),
    };
    let cli = match cli {
        Ok(cli) => cli,
        Err(error) => {
            // Help goes to stdout, errors to stderr; there is nowhere to tell that neither could be written.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Done };
        }
    };
    match cli.command.run(&cli.log) {
        Ok(exit) => exit,
        Err(failure) => failure.report(),
    }
}

/// The whole command line, for parsing, completions and man pages.
pub(crate) fn definition() -> clap::Command {
    Cli::command().after_long_help(format!(
        "Environment:\n{}\n\nExit codes: 0 done; 1 error; 2 something is not as it should be; 3 bad usage.",
        environment::help()
    ))
}

impl Command {
    fn run(self, log: &LogOptions) -> Result<Exit, Failure> {
        match self {
            #[cfg(feature = "up")]
            Self::Up(command) => command.run(log),
            #[cfg(feature = "kms-plugin")]
            Self::KmsPlugin(command) => command.run(log),
            #[cfg(feature = "pod-identity")]
            Self::PodIdentity(command) => command.run(log),
            #[cfg(feature = "local-aws")]
            Self::LocalAws(command) => command.run(log),
            #[cfg(feature = "addons")]
            Self::Addons(command) => command.run(),
            #[cfg(feature = "kms-plugin")]
            Self::Keyring(command) => command.run(),
            #[cfg(feature = "diagnose")]
            Self::Diagnose(command) => command.run(),
            #[cfg(feature = "explain")]
            Self::Explain(command) => command.run(),
            Self::Completions(command) => command.run(),
            Self::Man(command) => command.run(),
        }
    }
}

/// Puts the subcommand in where the program's name already says it.
fn as_claviger(arguments: Vec<OsString>) -> Vec<OsString> {
    let name = arguments.first().and_then(|name| Path::new(name).file_name());
    if let Some((_, command)) = DROP_INS.iter().find(|(drop_in, _)| name.is_some_and(|name| name == *drop_in)) {
        let rest = arguments.into_iter().skip(1);
        return ["claviger"].iter().chain(*command).map(OsString::from).chain(rest).collect();
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        definition().debug_assert();
    }

    #[cfg(feature = "kms-plugin")]
    #[test]
    fn under_its_peers_name_it_is_the_plugin() {
        let asked = as_claviger(vec!["/usr/bin/aws-encryption-provider".into(), "--debug".into()]);
        assert_eq!(asked, ["claviger", "kms-plugin", "--debug"]);
        let asked = as_claviger(vec!["/usr/bin/claviger".into(), "man".into()]);
        assert_eq!(asked, ["/usr/bin/claviger", "man"]);
    }

    #[cfg(feature = "pod-identity")]
    #[test]
    fn under_the_agents_name_it_is_the_agent() {
        let asked = as_claviger(vec!["/eks-pod-identity-agent".into(), "server".into(), "--port".into(), "80".into()]);
        assert_eq!(asked, ["claviger", "pod-identity", "server", "--port", "80"]);
    }

    /// Source: eks-pod-identity-agent, `cmd/server.go`, `cmd/root.go`, `cmd/init.go` and the arguments of its chart's
    /// `templates/daemonset.yaml`.
    #[cfg(feature = "pod-identity")]
    #[test]
    fn what_its_chart_and_its_users_give_the_agent_is_read() {
        let of_chart = "server --port 80 --cluster-name demo --probe-port 2703 --metrics-port 2705";
        let of_hybrid_nodes = "server --port 80 --cluster-name demo --probe-port 2703 --rotate-credentials true";
        let short = "server -c demo -p 8080 -b 127.0.0.1 -b [::1] -v trace";
        let all = "server --cluster-name=demo --port=80 --probe-port=2703 --metrics-address=0.0.0.0 --metrics-port=2705 \
                   --max-credential-retention-before-renewal=3h0m0s --max-cache-size=0 --max-service-qps=3 \
                   --bind-hosts=169.254.170.23 --bind-hosts=[fd00:ec2::23] --endpoint=https://eks-auth.example.com \
                   --rotate-credentials --verbosity=error";
        for line in [of_chart, of_hybrid_nodes, short, all, "initialize", "initialize -v error"] {
            let words = ["/eks-pod-identity-agent"].into_iter().chain(line.split_whitespace()).map(OsString::from);
            if let Err(error) = definition().try_get_matches_from(as_claviger(words.collect())) {
                panic!("{line}: {error}");
            }
        }
    }

    #[cfg(feature = "kubernetes")]
    #[test]
    fn under_the_webhooks_name_it_is_the_webhook() {
        let asked = as_claviger(vec!["amazon-eks-pod-identity-webhook".into(), "--port=8443".into()]);
        assert_eq!(asked, ["claviger", "pod-identity", "webhook", "--port=8443"]);
    }
}
