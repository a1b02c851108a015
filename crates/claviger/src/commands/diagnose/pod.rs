//! `claviger diagnose pod`.

mod aws;
mod cluster;
mod injection;
mod told;
mod way;

use std::str::FromStr;

use authz::{
    request::{Action, Resource},
    rules::Assumptions,
};
use aws_model::Arn;
use clap::Args;
use diagnose::{
    chain::{Known, State},
    pod::{Facts, Upstream, Wish, diagnose},
};
use eks_auth::Cluster;

use self::{aws::AwsFlags, cluster::ClusterFlags};
use crate::{
    commands::block_on_this_thread,
    exit::Exit,
    failure::{Failure, Problem},
    printer::{Format, Printer},
};

pub(super) const EXAMPLES: &str = "\
Examples:
  Why does a pod of an EKS cluster get no credentials? (by the current kubeconfig and AWS profile)
    claviger diagnose pod payments/api-7d9f --cluster-name demo

  May it do something with them?
    claviger diagnose pod payments/api-7d9f --cluster-name demo --action s3:GetObject --resource arn:aws:s3:::books/1

  On a cluster outside EKS, whose broker is a role:
    claviger diagnose pod payments/api-7d9f --cluster-arn arn:aws:eks:us-west-2:111122223333:cluster/own \\
      --broker-identity arn:aws:iam::111122223333:role/broker

  Over what kubectl and aws printed, without asking anybody:
    kubectl get pods,serviceaccounts -A -o json > objects.json
    aws iam get-account-authorization-details > account.json
    claviger diagnose pod payments/api-7d9f --kubectl-output objects.json --aws-output 111122223333=account.json \\
      --cluster-arn arn:aws:eks:us-west-2:111122223333:cluster/demo

Exit codes: 0 each link holds; 2 one does not, or is not known; 1 an error; 3 bad usage.";

/// Follow a pod's AWS credentials from its service account to what they permit
///
/// Looks at the pod, its service account, the association, what was injected, the token, the agent on its node, whom the
/// agent asks and whether that answers, the role, its trust policy, the target role, and what the pod may do. Nothing is changed.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct DiagnosePod {
    /// The pod
    #[arg(value_name = "NAMESPACE/NAME")]
    pod: PodName,

    #[command(flatten)]
    cluster: ClusterFlags,

    #[command(flatten)]
    aws: AwsFlags,

    /// Something that the pod is to do: `s3:GetObject`
    #[arg(long, value_name = "SERVICE:NAME", requires = "resource")]
    action: Option<Action>,

    /// To what: an ARN, or `*` for nothing in particular
    #[arg(long, value_name = "ARN", requires = "action")]
    resource: Option<String>,

    /// The form of what is printed
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

/// A pod's namespace and name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PodName {
    namespace: String,
    name: String,
}

/// The text names no pod.
#[derive(Debug, thiserror::Error)]
#[error("write NAMESPACE/NAME, as in `payments/api-7d9f`")]
struct InvalidPodName;

impl FromStr for PodName {
    type Err = InvalidPodName;

    /// Names become a part of the path that the apiserver is asked for.
    ///
    /// Source: Kubernetes documentation, "Object Names and IDs" > "DNS Subdomain Names".
    fn from_str(text: &str) -> Result<Self, InvalidPodName> {
        let is_name = |name: &str| {
            let is_taken = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
            !name.is_empty() && name.len() <= 253 && name.chars().all(is_taken) && !name.starts_with('.')
        };
        let (namespace, name) = text.split_once('/').ok_or(InvalidPodName)?;
        let is_right = is_name(namespace) && is_name(name);
        if is_right { Ok(Self { namespace: namespace.into(), name: name.into() }) } else { Err(InvalidPodName) }
    }
}

impl DiagnosePod {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let told = self.aws.told_world()?;
        block_on_this_thread(async {
            let assumptions = Assumptions::default();
            let seen = self.cluster.look(&self.pod).await?;
            let aws = self.aws.look(&self.pod, &seen, told).await?;
            let cluster = &aws.cluster;
            let name = cluster.resource().strip_prefix("cluster/").unwrap_or_default();
            let way = way::look(seen.connection.as_ref(), &seen.agent, cluster).await;
            let is_broker = self.aws.broker_identity.is_some();
            let injection = injection::decided(&seen, &aws.associations, is_broker);
            let chain = diagnose(&Facts {
                pod: &seen.pod,
                service_account: seen.service_account.clone(),
                cluster: Cluster { arn: cluster, name },
                associations: aws.associations,
                injection,
                upstream: self.upstream(aws.node_role),
                agent: seen.agent.clone(),
                way,
                world: &aws.world,
                assumptions: &assumptions,
                wish: self.wish(cluster)?,
            });
            Printer::new(self.output).either(|| told::text(&chain), || told::json(&chain))?;
            Ok(if chain.state() == State::Ok { Exit::Done } else { Exit::Findings })
        })
    }

    fn upstream(&self, node_role: Known<Arn>) -> Upstream {
        match &self.aws.broker_identity {
            Some(identity) => Upstream::Broker { identity: Known::Is(identity.arn().clone()) },
            None => Upstream::EksAuth { node_role },
        }
    }

    fn wish(&self, cluster: &Arn) -> Result<Option<Wish>, Failure> {
        let (Some(action), Some(resource)) = (&self.action, &self.resource) else { return Ok(None) };
        let owner = match resource.as_str() {
            "*" => None,
            arn => match arn.parse::<Arn>() {
                // Buckets and the like do not say whose they are: most are the cluster's account's.
                Ok(arn) if arn.account().is_empty() => cluster.account().parse().ok(),
                Ok(_) => None,
                Err(invalid) => {
                    return Err(Failure::usage(vec![Problem::new(format_args!("--resource: {invalid}"))]));
                }
            },
        };
        let resource = Resource { arn: resource.as_str().into(), owner, tags: Default::default() };
        Ok(Some(Wish { action: action.clone(), resource }))
    }
}
