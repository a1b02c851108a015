//! Does the steps of a plan, one after the other, and tells each.

use std::{collections::BTreeSet, time::Duration};

use aws_client::{CallError, Client};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};

use super::{facts::Cluster, observe::Observer, steps::Step};
use crate::printer::note;

/// The longest pause between two looks at an add-on.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long EKS may take to see a role that IAM has made.
///
/// Source: IAM User Guide, "Troubleshoot IAM" > "Changes that I make are not always immediately visible".
const SEEN_BY: Duration = Duration::from_secs(60);

/// A step that could not be done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stopped {
    #[error(transparent)]
    Refused(#[from] CallError),
    #[error("the add-on {addon} came to be {status}{}", told(.issues))]
    Failed { addon: String, status: String, issues: Vec<String> },
    #[error("the trust policy of {role} is no longer the one that was looked at: somebody has changed it since")]
    Changed { role: String },
    #[error("the add-on {addon} is still {status} after {after:?}")]
    Slow { addon: String, status: String, after: Duration },
}

fn told(all: &[String]) -> String {
    if all.is_empty() { String::new() } else { format!(": {}", all.join("; ")) }
}

pub(super) struct Applying<'a> {
    pub(super) observer: &'a Observer,
    pub(super) cluster: &'a Cluster,
    /// How long an add-on may take to become active.
    pub(super) patience: Duration,
}

impl Applying<'_> {
    /// Does them in their order. Answers how many were done, and what stopped the one behind them.
    pub(super) async fn all(&self, steps: &[Step]) -> (usize, Option<Stopped>) {
        let mut new_roles = BTreeSet::new();
        for (at, step) in steps.iter().enumerate() {
            note(format!("{}/{} {step}", at + 1, steps.len()));
            if let Err(stopped) = self.one(step, !new_roles.is_empty()).await {
                return (at, Some(stopped));
            }
            new_roles.extend(step.changed_role().map(str::to_owned));
        }
        (steps.len(), None)
    }

    async fn one(&self, step: &Step, has_new_roles: bool) -> Result<(), Stopped> {
        let Observer { eks, iam } = self.observer;
        let name = &self.cluster.name;
        match step {
            Step::CreateRole { role, description, trust } => {
                let trust = trust.to_string();
                let input = json!({ "RoleName": role, "Description": description, "AssumeRolePolicyDocument": trust });
                made(iam.call("CreateRole", input).await, "EntityAlreadyExists")?;
            }
            Step::AttachPolicy { role, policy } => {
                iam.call("AttachRolePolicy", json!({ "RoleName": role, "PolicyArn": policy })).await?;
            }
            Step::UpdateTrust { role, trust, former, .. } => {
                // The whole document is written: what somebody added since would be lost.
                if self.observer.trust(role).await?.as_ref() != Some(former) {
                    return Err(Stopped::Changed { role: role.clone() });
                }
                let input = json!({ "RoleName": role, "PolicyDocument": trust.to_string() });
                iam.call("UpdateAssumeRolePolicy", input).await?;
            }
            Step::CreateProvider { url } => {
                let input = json!({ "Url": url, "ClientIDList": ["sts.amazonaws.com"] });
                made(iam.call("CreateOpenIDConnectProvider", input).await, "EntityAlreadyExists")?;
            }
            Step::CreateAddon { addon, version, associations } => {
                let mut input = named(name, addon);
                input.insert("addonVersion".to_owned(), json!(version));
                if !associations.is_empty() {
                    input.insert("podIdentityAssociations".to_owned(), json!(associations));
                }
                seen(eks, "CreateAddon", input, has_new_roles).await?;
            }
            Step::UpdateAddon { addon, version, associations, irsa_role, configuration, .. } => {
                let mut input = named(name, addon);
                input.insert("resolveConflicts".to_owned(), json!("PRESERVE"));
                for (member, value) in [
                    ("addonVersion", version.as_ref().map(|version| json!(version))),
                    ("podIdentityAssociations", associations.as_ref().map(|all| json!(all))),
                    ("serviceAccountRoleArn", irsa_role.as_ref().map(|role| json!(role))),
                    ("configurationValues", configuration.as_ref().map(|values| json!(values))),
                ] {
                    input.extend(value.map(|value| (member.to_owned(), value)));
                }
                seen(eks, "UpdateAddon", input, has_new_roles).await?;
            }
            Step::DeleteAssociation { association, .. } => {
                let input = json!({ "clusterName": name, "associationId": association });
                made(eks.call("DeletePodIdentityAssociation", input).await, "ResourceNotFoundException")?;
            }
        }
        match step.awaited() {
            Some(addon) => self.active(addon).await,
            None => Ok(()),
        }
    }

    /// Waits until an add-on is active.
    async fn active(&self, addon: &str) -> Result<(), Stopped> {
        let (begun, mut pause) = (Instant::now(), Duration::from_millis(100));
        loop {
            let told = self.observer.eks.call("DescribeAddon", named(&self.cluster.name, addon).into()).await?;
            let text = |pointer: &str| told.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
            let (addon, status) = (addon.to_owned(), text("/addon/status"));
            match &*status {
                "ACTIVE" => return Ok(()),
                "CREATING" | "UPDATING" if begun.elapsed() < self.patience => {}
                "CREATING" | "UPDATING" => return Err(Stopped::Slow { addon, status, after: self.patience }),
                _ => {
                    let issues = told.pointer("/addon/health/issues").and_then(Value::as_array).into_iter().flatten();
                    let message = |issue: &Value| Some(issue.get("message")?.as_str()?.to_owned());
                    return Err(Stopped::Failed { addon, status, issues: issues.filter_map(message).collect() });
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// What is refused as done, when it was sent more than once, was done by an attempt whose answer was lost.
fn made(answer: Result<Value, CallError>, as_done: &str) -> Result<(), CallError> {
    match answer {
        Err(refused) if !(refused.attempts > 1 && refused.is(as_done)) => Err(refused),
        _ => Ok(()),
    }
}

/// A call that hands roles over. Where some are new, EKS may not see them yet.
async fn seen(eks: &Client, call: &str, input: Map<String, Value>, has_new_roles: bool) -> Result<(), CallError> {
    let (begun, mut pause) = (Instant::now(), Duration::from_millis(500));
    loop {
        let refused = match eks.call(call, input.clone().into()).await {
            Ok(_) => return Ok(()),
            Err(refused) => refused,
        };
        let is_unseen = refused.is("InvalidParameterException") && refused.to_string().to_lowercase().contains("role");
        if !has_new_roles || !is_unseen || begun.elapsed() >= SEEN_BY {
            return Err(refused);
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn named(cluster: &str, addon: &str) -> Map<String, Value> {
    Map::from_iter([("clusterName".to_owned(), json!(cluster)), ("addonName".to_owned(), json!(addon))])
}
