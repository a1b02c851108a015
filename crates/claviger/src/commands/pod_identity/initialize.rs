//! `claviger pod-identity initialize`.

use std::{fmt, net::IpAddr};

use clap::Args;
use pod_identity::agent::{LinkKind, SetUp, SetUpError};
use serde::Serialize;

use super::super::block_on_this_thread;
use crate::{
    exit::Exit,
    failure::Failure,
    logging::LogOptions,
    printer::{Format, Printer},
};

const EXAMPLES: &str = "\
Examples:
  As an init container, or by systemd before the agent:
    claviger pod-identity initialize";

/// Set up the link-local addresses that AWS's SDKs call: 169.254.170.23 and fd00:ec2::23, on the link pod-id-link0
///
/// The link is a dummy link where the kernel has that kind, else one of a veth pair, else `lo`. What is there is left as it
/// is. A family that the kernel does not have is told, and no error. Takes CAP_NET_ADMIN.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Initialize {
    /// As --log
    #[arg(
        short,
        long,
        value_name = "LEVEL",
        default_value = "info",
        hide_default_value = true,
        help_heading = "Also taken from eks-pod-identity-agent"
    )]
    verbosity: String,

    /// The form of what is printed
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

/// What was set up.
#[derive(Serialize)]
struct Told {
    event: &'static str,
    link: String,
    kind: &'static str,
    addresses: Vec<IpAddr>,
    missing: Vec<IpAddr>,
}

impl Initialize {
    pub(crate) fn run(self, log: &LogOptions) -> Result<Exit, Failure> {
        log.start(if self.verbosity == "info" { "info" } else { "warn" })?;
        block_on_this_thread(async {
            let SetUp { link, kind, addresses, missing } = set_up().await?;
            let missing = missing.into_iter().map(|(address, _)| address).collect();
            let told = Told { event: "initialized", link, kind: name(kind), addresses, missing };
            Printer::new(self.output).say(&told)?;
            Ok(Exit::Done)
        })
    }
}

/// Sets the addresses up, and tells those that are missing.
pub(super) async fn set_up() -> Result<SetUp, Failure> {
    let set_up = pod_identity::agent::set_up().await.map_err(|error| match error {
        SetUpError::NotPermitted(_) => Failure::from(error).help("give it CAP_NET_ADMIN, or run it as root"),
        error => Failure::from(error),
    })?;
    for (address, reason) in &set_up.missing {
        tracing::warn!(%address, reason, "this kernel does not give the address: done without");
    }
    tracing::info!(link = set_up.link, kind = name(set_up.kind), addresses = ?set_up.addresses, "addresses set up");
    Ok(set_up)
}

fn name(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::Existing => "existing",
        LinkKind::Dummy => "dummy",
        LinkKind::Veth => "veth",
        LinkKind::Loopback => "loopback",
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |addresses: &[IpAddr]| addresses.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(" and ");
        write!(f, "{} on the link {} ({})", list(&self.addresses), self.link, self.kind)?;
        if !self.missing.is_empty() {
            write!(f, "; without {}, which this kernel does not give", list(&self.missing))?;
        }
        Ok(())
    }
}
