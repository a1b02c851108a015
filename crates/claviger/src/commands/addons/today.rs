//! What an add-on's service accounts have today.

use std::fmt;

use serde::Serialize;

use super::{
    facts::{Addon, Facts, Needs, role_name},
    finding::Kind,
    table::Table,
    trust::{By, Pods},
};

/// An add-on.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Today {
    pub(super) addon: String,
    version: String,
    /// `None`: it is not installed.
    status: Option<String>,
    namespace: String,
    requires_iam_permissions: Option<bool>,
    service_accounts: Vec<Account>,
}

/// A service account of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Account {
    service_account: Option<String>,
    recommended_managed_policies: Vec<String>,
    by: Way,
    role_arn: Option<String>,
    association_id: Option<String>,
    is_owned_by_addon: bool,
    attached_policies: Vec<String>,
    inline_policies: Vec<String>,
    findings: Vec<Kind>,
}

/// How a role comes to it.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
enum Way {
    PodIdentity,
    Irsa,
    /// Its pods have what the role of their node has.
    Node,
}

impl Today {
    pub(super) fn of(facts: &Facts, addon: &Addon) -> Self {
        let mut accounts: Vec<Account> = addon.needs.iter().map(|needs| account(facts, addon, needs)).collect();
        if accounts.is_empty() && addon.requires_iam == Some(true) {
            accounts.push(untold(facts, addon));
        }
        Self {
            addon: addon.name.clone(),
            version: addon.version.clone(),
            status: addon.installed.as_ref().map(|installed| installed.status.clone()),
            namespace: addon.namespace.clone(),
            requires_iam_permissions: addon.requires_iam,
            service_accounts: accounts,
        }
    }

    /// The rows of a table.
    pub(super) fn rows(all: &[Self]) -> Table {
        let mut table =
            Table::new(["ADD-ON", "VERSION", "STATUS", "NEEDS IAM", "SERVICE ACCOUNT", "BY", "ROLE", "FINDINGS"]);
        for today in all {
            let needs = match today.requires_iam_permissions {
                Some(true) => "yes",
                Some(false) => "no",
                None => "unknown",
            };
            let status = today.status.as_deref().unwrap_or("not installed");
            let row = |account: [String; 4]| {
                let own = [&*today.addon, &*today.version, status, needs].map(str::to_owned);
                own.into_iter().chain(account).collect()
            };
            if today.service_accounts.is_empty() {
                table.push(row(["-", "-", "-", "-"].map(str::to_owned)));
            }
            for account in &today.service_accounts {
                let findings = account.findings.iter().map(|kind| kind.word()).collect::<Vec<_>>().join(", ");
                table.push(row([
                    account.service_account.clone().unwrap_or_else(|| "?".to_owned()),
                    account.by.to_string(),
                    account.role_arn.as_deref().map_or("-", role_name).to_owned(),
                    if findings.is_empty() { "-".to_owned() } else { findings },
                ]));
            }
        }
        table
    }
}

fn account(facts: &Facts, addon: &Addon, needs: &Needs) -> Account {
    let pods = Pods { cluster: &facts.cluster, namespace: &addon.namespace, service_account: &needs.service_account };
    let association = facts.association(&addon.namespace, &needs.service_account);
    let of_addon = addon.installed.as_ref().and_then(|installed| installed.irsa_role.as_ref());
    let irsa = facts.annotated.get(&(addon.namespace.clone(), needs.service_account.clone())).or(of_addon);
    let (by, role_arn) = match (association, irsa) {
        (Some(association), _) => (Way::PodIdentity, Some(&association.role)),
        (None, Some(role)) => (Way::Irsa, Some(role)),
        (None, None) => (Way::Node, None),
    };
    let mut findings = Vec::new();
    if irsa.is_some() {
        findings.push(Kind::Irsa);
    }
    if addon.installed.is_some() && role_arn.is_none() {
        findings.push(Kind::Missing);
    }
    let role = role_arn.and_then(|arn| facts.role(arn));
    let asked = if association.is_some() { By::PodIdentity } else { By::Irsa };
    if role_arn.is_some() && !role.is_some_and(|role| pods.may_have(&role.trust, asked)) {
        findings.push(Kind::Untrusting);
    }
    let recommended = &needs.recommended_managed_policies;
    if let Some(role) = role.filter(|_| !recommended.is_empty()) {
        if recommended.iter().any(|policy| !role.attached.contains(policy)) {
            findings.push(Kind::PolicyMissing);
        }
        if !role.inline.is_empty() || role.attached.iter().any(|policy| !recommended.contains(policy)) {
            findings.push(Kind::TooWide);
        }
    }
    let owner = association.and_then(|association| association.owner.as_ref());
    Account {
        service_account: Some(needs.service_account.clone()),
        recommended_managed_policies: recommended.clone(),
        by,
        role_arn: role_arn.cloned(),
        association_id: association.map(|association| association.id.clone()),
        is_owned_by_addon: owner.is_some() && owner == addon.installed.as_ref().map(|installed| &installed.arn),
        attached_policies: role.map(|role| role.attached.clone()).unwrap_or_default(),
        inline_policies: role.map(|role| role.inline.clone()).unwrap_or_default(),
        findings,
    }
}

/// A version that needs permissions, and of which EKS does not tell for which service accounts.
fn untold(facts: &Facts, addon: &Addon) -> Account {
    let role_arn = addon.installed.as_ref().and_then(|installed| installed.irsa_role.clone());
    let role = role_arn.as_ref().and_then(|arn| facts.role(arn));
    let missing = if addon.installed.is_some() { vec![Kind::Missing] } else { Vec::new() };
    Account {
        service_account: None,
        recommended_managed_policies: Vec::new(),
        by: if role_arn.is_some() { Way::Irsa } else { Way::Node },
        findings: if role_arn.is_some() { vec![Kind::Irsa] } else { missing },
        association_id: None,
        is_owned_by_addon: false,
        attached_policies: role.map(|role| role.attached.clone()).unwrap_or_default(),
        inline_policies: role.map(|role| role.inline.clone()).unwrap_or_default(),
        role_arn,
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PodIdentity => "Pod Identity",
            Self::Irsa => "IRSA",
            Self::Node => "node",
        })
    }
}

impl fmt::Display for Today {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for account in &self.service_accounts {
            let name = account.service_account.as_deref().unwrap_or("?");
            writeln!(f, "\nservice account {}/{name}", self.namespace)?;
            let list = |all: &[String]| if all.is_empty() { "none".to_owned() } else { all.join(", ") };
            writeln!(f, "  recommended: {}", list(&account.recommended_managed_policies))?;
            let Some(role) = &account.role_arn else {
                writeln!(f, "  today: what the role of its node has")?;
                continue;
            };
            writeln!(f, "  today: {role}, by {}", account.by)?;
            writeln!(f, "  attached: {}", list(&account.attached_policies))?;
            writeln!(f, "  inline: {}", list(&account.inline_policies))?;
        }
        Ok(())
    }
}
