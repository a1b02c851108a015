//! `claviger addons plan` and `apply`.

use std::{collections::BTreeMap, fmt, time::Duration};

use aws_client::Aws;
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{
    apply::Applying,
    connection::Connection,
    facts::Facts,
    finding::Finding,
    observe::{Asked, Named, Observer},
    plan::{Plan, To, Wanted},
    service_accounts::ServiceAccounts,
    steps::Step,
    trust::Only,
};
use crate::{
    commands::block_on_this_thread,
    exit::Exit,
    failure::Failure,
    printer::{Printer, note},
};

#[derive(Args, Debug)]
pub(super) struct Planned {
    /// The add-ons, with the versions that they are to have; one that the cluster has not is installed [default: all that it has]
    #[arg(value_name = "ADD-ON[=VERSION]")]
    addons: Vec<Named>,

    /// The cluster
    #[arg(long, value_name = "NAME")]
    cluster: String,

    /// How roles are to come to the add-ons
    #[arg(long, value_name = "WAY", default_value = "pod-identity")]
    to: To,

    /// Which clusters the trust policies that are written let in
    #[arg(long, value_name = "WHICH", default_value = "any")]
    trust: Only,

    /// Let a role that is there, and does not trust EKS, trust it, too
    #[arg(long)]
    mend_trust: bool,

    /// The cluster has a Pod Identity agent that is no add-on of EKS
    #[arg(long)]
    own_agent: bool,

    /// A role to use for a service account, in place of the one that AWS recommends
    #[arg(long = "role", value_name = "SERVICE_ACCOUNT=ARN", value_parser = role)]
    roles: Vec<(String, String)>,

    #[command(flatten)]
    service_accounts: ServiceAccounts,

    #[command(flatten)]
    connection: Connection,
}

#[derive(Args, Debug)]
pub(super) struct Apply {
    #[command(flatten)]
    planned: Planned,

    /// Do nothing: print what would do it
    #[arg(long = "as", value_name = "WHAT")]
    form: Option<As>,

    /// How many seconds an add-on may take to become active
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    patience: u64,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum As {
    /// Commands of the `aws` CLI
    Commands,
}

fn role(text: &str) -> Result<(String, String), String> {
    let named = text.split_once('=').filter(|(account, arn)| !account.is_empty() && arn.contains(":role/"));
    let (account, arn) = named.ok_or_else(|| "this is no SERVICE_ACCOUNT=ARN of a role".to_owned())?;
    Ok((account.to_owned(), arn.to_owned()))
}

/// What is to be done.
#[derive(Serialize)]
struct Told<'a> {
    event: &'static str,
    cluster: &'a str,
    steps: &'a [Step],
    findings: &'a [Finding],
}

/// What was done.
#[derive(Serialize)]
struct Outcome<'a> {
    event: &'static str,
    cluster: &'a str,
    done: &'a [Step],
    /// What was not, as something stopped it.
    left: &'a [Step],
    findings: &'a [Finding],
}

impl Planned {
    async fn facts(
        &self,
        aws: &Aws,
        annotated: BTreeMap<(String, String), String>,
    ) -> Result<(Observer, Facts), Failure> {
        let observer = Observer::new(aws)?;
        let (cluster, named, roles) = (&*self.cluster, &*self.addons, &*self.roles);
        let of_irsa = self.to == To::Irsa;
        let facts = observer.facts(Asked { cluster, named, roles, annotated, of_irsa }).await?;
        Ok((observer, facts))
    }

    fn wanted(&self) -> Wanted {
        Wanted {
            to: self.to,
            only: self.trust,
            mends_trust: self.mend_trust,
            has_own_agent: self.own_agent,
            roles: self.roles.iter().cloned().collect(),
        }
    }

    pub(super) fn run(&self, printer: Printer) -> Result<Exit, Failure> {
        let annotated = self.service_accounts.read()?;
        let plan = block_on_this_thread(async {
            let (_, facts) = self.facts(&self.connection.aws().await, annotated).await?;
            Ok(Plan::of(&facts, &self.wanted()))
        })?;
        let Plan { steps, findings } = &plan;
        printer.say(&Told { event: "planned", cluster: &self.cluster, steps, findings })?;
        Ok(plan.exit(!steps.is_empty()))
    }
}

impl Plan {
    fn exit(&self, has_differences: bool) -> Exit {
        let is_blocked = self.findings.iter().any(|finding| finding.kind.blocks());
        if has_differences || is_blocked { Exit::Findings } else { Exit::Done }
    }
}

impl Apply {
    pub(super) fn run(&self, printer: Printer) -> Result<Exit, Failure> {
        let annotated = self.planned.service_accounts.read()?;
        block_on_this_thread(async {
            let (observer, facts) = self.planned.facts(&self.planned.connection.aws().await, annotated).await?;
            let plan = Plan::of(&facts, &self.planned.wanted());
            if let Some(As::Commands) = self.form {
                let more = self.planned.connection.flags(&facts.cluster.region);
                for command in plan.steps.iter().flat_map(|step| step.commands(&facts.cluster, &more)) {
                    printer.raw(format!("{command}\n").as_bytes())?;
                }
                plan.findings.iter().for_each(note);
                return Ok(plan.exit(false));
            }
            let patience = Duration::from_secs(self.patience);
            let applying = Applying { observer: &observer, cluster: &facts.cluster, patience };
            let (done, stopped) = applying.all(&plan.steps).await;
            let (done, left) = plan.steps.split_at_checked(done).unwrap_or((&plan.steps, &[]));
            let event = if stopped.is_some() { "stopped" } else { "applied" };
            let cluster = &*facts.cluster.name;
            printer.say(&Outcome { event, cluster, done, left, findings: &plan.findings })?;
            match stopped {
                None => Ok(plan.exit(false)),
                Some(stopped) => Err(Failure::new(stopped).help(
                    "what was done stays, and is told above; once that is mended, apply goes on where it stopped",
                )),
            }
        })
    }
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = self.steps.iter().enumerate().map(|(at, step)| format!("{}. {step}", at + 1));
        let findings = self.findings.iter().map(|finding| format!("! {finding}"));
        let lines: Vec<_> = steps.chain(findings).collect();
        f.write_str(&if self.steps.is_empty() {
            [vec!["nothing to do".to_owned()], lines].concat().join("\n")
        } else {
            lines.join("\n")
        })
    }
}

impl fmt::Display for Outcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = self.done.iter().map(|step| format!("done: {step}"));
        let left = self.left.iter().map(|step| format!("not done: {step}"));
        let findings = self.findings.iter().map(|finding| format!("! {finding}"));
        let lines: Vec<_> = done.chain(left).chain(findings).collect();
        if lines.is_empty() { f.write_str("nothing to do") } else { f.write_str(&lines.join("\n")) }
    }
}
