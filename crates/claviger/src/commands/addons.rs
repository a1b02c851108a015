//! `claviger addons`: what the add-ons of EKS need of IAM, and what they have.
//!
//! ```text
//!   observe   EKS and IAM are asked            refresh   EKS's catalogue, as a file
//!      |                                          |
//!   facts     what is known: pure              live, changes
//!      |  \
//!      |   today   what each service account has      (list, show: looking)
//!      v
//!   plan      the difference, as steps: pure; trust: whom a role lets
//!      |
//!   apply     the steps done, or (steps) printed as `aws` commands      (plan, apply: changing)
//! ```

mod apply;
mod changes;
mod changing;
mod connection;
mod facts;
mod finding;
mod live;
mod looking;
mod observe;
mod plan;
mod refresh;
mod service_accounts;
mod steps;
mod table;
mod today;
mod trust;

use clap::{Args, Subcommand};

use crate::{
    exit::Exit,
    failure::Failure,
    printer::{Format, Printer},
};

const EXAMPLES: &str = "\
Examples:
  What the add-ons of a cluster need of IAM, and what they have:
    claviger addons list --cluster demo
    claviger addons show vpc-cni --cluster demo

  Which roles and associations are missing, then make them:
    claviger addons plan --cluster demo
    claviger addons apply --cluster demo

  The same, by commands that somebody else runs:
    claviger addons apply --cluster demo --as commands

  An add-on with its role, installed if it is not there:
    claviger addons apply aws-ebs-csi-driver=default --cluster demo

  What EKS has in a region, and an embedded AWS that has it, too:
    claviger addons refresh addons.json --region eu-central-1
    claviger local-aws --addons addons.json";

/// What the add-ons of EKS need of IAM, and give it to them by Pod Identity
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES, disable_help_subcommand = true, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Addons {
    #[command(subcommand)]
    action: Action,

    /// The form of what is printed
    #[arg(short, long, global = true, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Tell what a cluster's add-ons need of IAM, and what they have today
    #[command(after_long_help = LIST_EXAMPLES)]
    List(looking::List),
    /// Tell all of one add-on: its service accounts, their roles and policies, and which versions need permissions
    #[command(after_long_help = LIST_EXAMPLES)]
    Show(looking::Show),
    /// Tell what is missing for add-ons to have their roles; exit code 2 where something is
    ///
    /// Roles that are there and trust EKS are used. One that trusts somebody else is told, and its add-on is left as it is.
    #[command(after_long_help = PLAN_EXAMPLES)]
    Plan(changing::Planned),
    /// Make what `plan` tells: roles with AWS's names and the policies that AWS recommends, and the associations with them
    ///
    /// A role by IRSA is moved without a gap: it comes to trust both, is associated, and is taken from the add-on's IRSA only
    /// once the add-on is active; `--to irsa` is the way back. What is there already is not made again: done twice, it changes
    /// nothing.
    #[command(after_long_help = PLAN_EXAMPLES)]
    Apply(changing::Apply),
    /// Ask EKS for its add-ons, versions and what they need of IAM, write them to a file, and tell what has changed
    ///
    /// It takes eks:DescribeAddonVersions and eks:DescribeAddonConfiguration. What EKS does not tell stays as the file, or
    /// what is part of this program, has it: from which version on an add-on takes roles by Pod Identity, where none of
    /// its versions says otherwise. Each entry names its source and date. The file is replaced at once, or stays as it was.
    #[command(after_long_help = REFRESH_EXAMPLES)]
    Refresh(refresh::Refresh),
}

const LIST_EXAMPLES: &str = "\
Examples:
  A table, or one JSON object for a program:
    claviger addons list --cluster demo
    claviger addons list --cluster demo -o json

  With the roles that service accounts are annotated with, which EKS does not know:
    kubectl get serviceaccounts -A -o json | claviger addons list --cluster demo --service-accounts -

  An add-on that is not installed, in a version:
    claviger addons show vpc-cni=v1.19.0-eksbuild.1 --cluster demo";

const PLAN_EXAMPLES: &str = "\
Examples:
  All add-ons of a cluster:
    claviger addons plan --cluster demo
    claviger addons apply --cluster demo

  Two of them, one to be installed; roles that only this cluster may lend:
    claviger addons apply vpc-cni aws-ebs-csi-driver=default --cluster demo --trust cluster

  A role of one's own, for an add-on for which AWS recommends no policy:
    claviger addons apply aws-mountpoint-s3-csi-driver --cluster demo \\
      --role s3-csi-driver-sa=arn:aws:iam::111122223333:role/buckets

  Back to IAM roles for service accounts:
    claviger addons apply vpc-cni --cluster demo --to irsa

  A script for somebody else:
    claviger addons apply --cluster demo --as commands > addons.sh";

const REFRESH_EXAMPLES: &str = "\
Examples:
  What EKS has in the region of the profile, with its credentials:
    claviger addons refresh addons.json

  Another region, then an embedded AWS that has what EKS has there:
    claviger addons refresh addons.json --region eu-central-1
    claviger local-aws --addons addons.json

  What has changed since, for a program:
    claviger addons refresh addons.json -o json";

impl Addons {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let printer = Printer::new(self.output);
        match &self.action {
            Action::List(list) => list.run(printer),
            Action::Show(show) => show.run(printer),
            Action::Plan(plan) => plan.run(printer),
            Action::Apply(apply) => apply.run(printer),
            Action::Refresh(refresh) => refresh.run(printer),
        }
    }
}
