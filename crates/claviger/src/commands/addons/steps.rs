//! What is done to give an add-on its roles, one change of AWS after the other; for people, for programs, and as `aws` commands.

use std::{borrow::Cow, fmt};

use serde::Serialize;
use serde_json::Value;

use super::facts::Cluster;

/// A change.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "step", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Step {
    /// A role, with its trust policy.
    CreateRole {
        role: String,
        description: String,
        trust: Value,
    },
    AttachPolicy {
        role: String,
        policy: String,
    },
    /// Another trust policy: the one that is there and a statement more.
    UpdateTrust {
        role: String,
        reason: String,
        trust: Value,
        /// What was there when this was planned: of another, nobody looked at what it says.
        #[serde(skip)]
        former: Value,
    },
    /// IAM comes to know the cluster's issuer.
    CreateProvider {
        url: String,
    },
    /// An add-on; done when it is active.
    CreateAddon {
        addon: String,
        version: String,
        associations: Vec<Given>,
    },
    /// What is not given stays, but for the role of IRSA: without one it is taken away. Done when it is active.
    ///
    /// Source: hashicorp/terraform-provider-aws #19402 ("updates version and reverts service role arn") and #19403.
    UpdateAddon {
        addon: String,
        reason: String,
        version: Option<String>,
        associations: Option<Vec<Given>>,
        irsa_role: Option<String>,
        #[serde(skip)]
        configuration: Option<String>,
    },
    DeleteAssociation {
        addon: String,
        association: String,
    },
}

/// A role for a service account, as EKS takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Given {
    pub(super) service_account: String,
    pub(super) role_arn: String,
}

impl Step {
    /// The add-on that is to be active afterwards.
    pub(super) fn awaited(&self) -> Option<&str> {
        match self {
            Self::CreateAddon { addon, .. } | Self::UpdateAddon { addon, .. } => Some(addon),
            _ => None,
        }
    }

    /// The role that exists, or trusts somebody, only since this step.
    pub(super) fn changed_role(&self) -> Option<&str> {
        match self {
            Self::CreateRole { role, .. } | Self::UpdateTrust { role, .. } => Some(role),
            _ => None,
        }
    }

    /// The `aws` commands that do it, `more` behind each.
    pub(super) fn commands(&self, cluster: &Cluster, more: &[String]) -> Vec<String> {
        let name = &*cluster.name;
        let command = |words: Vec<Cow<'_, str>>| {
            let words = words.iter().map(|word| quoted(word)).chain(more.iter().map(|word| quoted(word)));
            format!("aws {}", words.collect::<Vec<_>>().join(" "))
        };
        let of = |words: &[&str]| words.iter().map(|word| Cow::Owned((*word).to_owned())).collect::<Vec<_>>();
        let mut all = match self {
            Self::CreateRole { role, description, trust } => {
                let trust = trust.to_string();
                let made = ["--role-name", role, "--description", description, "--assume-role-policy-document", &trust];
                vec![command(of(&[&["iam", "create-role"][..], &made].concat()))]
            }
            Self::AttachPolicy { role, policy } => {
                vec![command(of(&["iam", "attach-role-policy", "--role-name", role, "--policy-arn", policy]))]
            }
            Self::UpdateTrust { role, trust, .. } => {
                let trust = trust.to_string();
                let named = ["iam", "update-assume-role-policy", "--role-name", role, "--policy-document", &trust];
                vec![command(of(&named))]
            }
            Self::CreateProvider { url } => {
                let named = ["--url", url, "--client-id-list", "sts.amazonaws.com"];
                vec![command(of(&[&["iam", "create-open-id-connect-provider"][..], &named].concat()))]
            }
            Self::CreateAddon { addon, version, associations } => {
                let mut words = of(&["eks", "create-addon", "--cluster-name", name, "--addon-name", addon]);
                words.extend(of(&["--addon-version", version]));
                if !associations.is_empty() {
                    words.extend(of(&["--pod-identity-associations", &json(associations)]));
                }
                vec![command(words)]
            }
            Self::UpdateAddon { addon, version, associations, irsa_role, configuration, .. } => {
                let mut words = of(&["eks", "update-addon", "--cluster-name", name, "--addon-name", addon]);
                words.extend(of(&["--resolve-conflicts", "PRESERVE"]));
                for (flag, value) in [
                    ("--addon-version", version.clone()),
                    ("--service-account-role-arn", irsa_role.clone()),
                    ("--configuration-values", configuration.clone()),
                    ("--pod-identity-associations", associations.as_ref().map(|all| json(all))),
                ] {
                    words.extend(value.iter().flat_map(|value| of(&[flag, value])));
                }
                vec![command(words)]
            }
            Self::DeleteAssociation { association, .. } => {
                let named = ["--cluster-name", name, "--association-id", association];
                vec![command(of(&[&["eks", "delete-pod-identity-association"][..], &named].concat()))]
            }
        };
        if let Some(addon) = self.awaited() {
            all.push(command(of(&["eks", "wait", "addon-active", "--cluster-name", name, "--addon-name", addon])));
        }
        if let Self::CreateRole { role, .. } = self {
            all.push(command(of(&["iam", "wait", "role-exists", "--role-name", role])));
        }
        all
    }
}

fn json(given: &[Given]) -> String {
    serde_json::to_string(given).unwrap_or_default()
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,@".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateRole { role, .. } => write!(f, "create the role {role}"),
            Self::AttachPolicy { role, policy } => write!(f, "attach {policy} to {role}"),
            Self::UpdateTrust { role, reason, .. } => write!(f, "change whom {role} trusts: {reason}"),
            Self::CreateProvider { url } => write!(f, "make {url} an identity provider of IAM"),
            Self::CreateAddon { addon, version, associations } => {
                write!(f, "create the add-on {addon} {version}{}", roles(associations))
            }
            Self::UpdateAddon { addon, reason, .. } => write!(f, "update the add-on {addon}: {reason}"),
            Self::DeleteAssociation { addon, association } => {
                write!(f, "delete the association {association} of {addon}'s service account")
            }
        }
    }
}

fn roles(given: &[Given]) -> String {
    let all = given.iter().map(|given| format!("{} for {}", given.role_arn, given.service_account));
    let all = all.collect::<Vec<_>>().join(", ");
    if all.is_empty() { all } else { format!(", with {all}") }
}
