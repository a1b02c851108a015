//! `claviger pod-identity broker trust-policy`.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use clap::Args;
use pod_identity::broker::{
    BrokerPrincipal, ClusterArn, InvalidClusterArn, InvalidPrincipal, Policies, PolicyNote, read_associations,
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    exit::Exit,
    failure::{Failure, Problem},
    printer::{Format, Printer, note},
};

const EXAMPLES: &str = "\
Examples:
  What the roles of a file need, the broker being a role itself:
    claviger pod-identity broker trust-policy --broker arn:aws:iam::111122223333:role/broker \\
      --cluster-arn arn:aws:eks:eu-west-1:111122223333:cluster/demo --associations demo.yaml

  The trust policy of one role, for IAM:
    claviger pod-identity broker trust-policy --broker arn:aws:iam::111122223333:role/broker \\
      --cluster-arn arn:aws:eks:eu-west-1:111122223333:cluster/demo --associations demo.yaml \\
      --role arn:aws:iam::111122223333:role/pods > trust.json
    aws iam update-assume-role-policy --role-name pods --policy-document file://trust.json";

/// Write the trust policies that the roles of associations need: who may assume them, and for whom
///
/// The conditions are on the session tags: cluster, namespace and service account.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct TrustPolicy {
    /// Who assumes the roles: the ARN of the broker's own role or user
    #[arg(long, value_name = "ARN", value_parser = principal)]
    broker: BrokerPrincipal,

    /// The cluster's ARN, as the broker is given it
    #[arg(long, value_name = "ARN", value_parser = cluster)]
    cluster_arn: ClusterArn,

    /// The file of associations
    #[arg(long, value_name = "FILE")]
    associations: PathBuf,

    /// Write this role's trust policy alone
    #[arg(long, value_name = "ARN")]
    role: Option<String>,
}

/// Policies, all of them or one.
#[derive(Serialize)]
#[serde(untagged)]
enum Told {
    One(Value),
    #[serde(rename_all = "camelCase")]
    All {
        trust_policies: BTreeMap<String, Value>,
        permissions: BTreeMap<String, Value>,
        broker_permissions: Value,
    },
}

impl TrustPolicy {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let Self { broker, cluster_arn, associations, role } = self;
        let read = read_associations(&associations)
            .map_err(|invalid| Failure::usage(invalid.told().map(Problem::new).collect()))?;
        let Policies { mut trust, permissions, broker, notes } = Policies::of(&broker, &cluster_arn, &read);
        for PolicyNote { role: of, text } in notes {
            if role.is_none() || role == of {
                note(format_args!("note: {text}"));
            }
        }
        let told = match role {
            None => Told::All { trust_policies: trust, permissions, broker_permissions: broker },
            Some(role) => Told::One(trust.remove(&role).ok_or_else(|| {
                let problem = Problem::new(format_args!("no association has the role `{role}`"));
                let known = trust.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                Failure::usage(vec![problem.help(format_args!("the file has {known}"))])
            })?),
        };
        Printer::new(Format::Text).say(&told)?;
        Ok(Exit::Done)
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string_pretty(self).map_err(|_| fmt::Error)?)
    }
}

fn principal(text: &str) -> Result<BrokerPrincipal, InvalidPrincipal> {
    text.parse()
}

fn cluster(text: &str) -> Result<ClusterArn, InvalidClusterArn> {
    text.parse()
}
