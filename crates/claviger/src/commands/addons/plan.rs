//! The difference between what a cluster's add-ons have of IAM and what they should have, as steps; and what no step mends.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::{
    facts::{AGENT, Addon, Association, Cluster, Facts, Installed, Needs, Role, recommended_role, role_name},
    finding::{Finding, Kind},
    steps::{Given, Step},
    trust::{self, By, Only, Pods},
};

/// What is wanted.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) to: To,
    pub(super) only: Only,
    /// Whether a role that trusts somebody else may come to trust EKS, too.
    pub(super) mends_trust: bool,
    /// Whether the agent is there in some other way.
    pub(super) has_own_agent: bool,
    /// Roles that are to be used, by service account.
    pub(super) roles: BTreeMap<String, String>,
}

/// How roles are to come to add-ons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum To {
    /// By EKS Pod Identity
    #[default]
    PodIdentity,
    /// By IAM roles for service accounts, through the cluster's OpenID Connect issuer
    Irsa,
}

/// What is to be done, in this order, and what is not.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    pub(super) findings: Vec<Finding>,
}

impl Plan {
    pub(super) fn of(facts: &Facts, wanted: &Wanted) -> Self {
        let mut plan = Self::default();
        // Several add-ons may share a role: each adds to what the one before it made of the trust policy.
        let mut trusts = BTreeMap::new();
        for addon in &facts.addons {
            let (steps, findings) = (Vec::new(), Vec::new());
            let mut one = One { facts, wanted, addon, steps, findings, trusts: trusts.clone() };
            match wanted.to {
                To::PodIdentity => one.by_pod_identity(),
                To::Irsa => one.by_irsa(),
            }
            // What is made for an add-on that cannot go on would be of no use.
            if !one.findings.iter().any(|finding| finding.kind.blocks()) {
                trusts = one.trusts;
                for step in one.steps {
                    if !plan.steps.contains(&step) {
                        plan.steps.push(step);
                    }
                }
            }
            plan.findings.extend(one.findings);
        }
        plan.agent_first(facts, wanted);
        plan
    }

    /// Roles reach no pod by Pod Identity without the agent.
    fn agent_first(&mut self, facts: &Facts, wanted: &Wanted) {
        let lends = |step: &Step| match step {
            Step::CreateAddon { associations, .. } => !associations.is_empty(),
            Step::UpdateAddon { associations, .. } => associations.as_ref().is_some_and(|all| !all.is_empty()),
            _ => false,
        };
        let is_made = |step: &Step| matches!(step, Step::CreateAddon { addon, .. } if addon == AGENT);
        let is_other = facts.cluster.is_auto || wanted.has_own_agent;
        if is_other || wanted.to == To::Irsa || !self.steps.iter().any(lends) {
            return;
        }
        match facts.agent.as_deref() {
            None => {}
            Some("ACTIVE") => return,
            // Pods that have credentials now would lose them to an agent that is not there.
            Some(status) => {
                return self.without_agent(format!(
                    "the Pod Identity agent is {status}: mend the add-on first, or give --own-agent where another answers"
                ));
            }
        }
        if let Some(at) = self.steps.iter().position(is_made) {
            let agent = self.steps.remove(at);
            return self.steps.insert(0, agent);
        }
        match &facts.agent_version {
            Some(version) => {
                let (addon, version) = (AGENT.to_owned(), version.clone());
                self.steps.insert(0, Step::CreateAddon { addon, version, associations: Vec::new() });
            }
            None => self.without_agent("the cluster has no Pod Identity agent, and EKS offers none for it".to_owned()),
        }
    }

    fn without_agent(&mut self, text: String) {
        self.steps.clear();
        self.findings.push(Finding { addon: AGENT.to_owned(), kind: Kind::Blocked, text });
    }
}

/// One add-on.
struct One<'a> {
    facts: &'a Facts,
    wanted: &'a Wanted,
    addon: &'a Addon,
    steps: Vec<Step>,
    findings: Vec<Finding>,
    /// What the trust policies of roles come to be, by the roles' names.
    trusts: BTreeMap<String, String>,
}

impl<'a> One<'a> {
    fn cluster(&self) -> &'a Cluster {
        &self.facts.cluster
    }

    fn tell(&mut self, kind: Kind, text: String) {
        self.findings.push(Finding { addon: self.addon.name.clone(), kind, text });
    }

    fn pods(&self, service_account: &'a str) -> Pods<'a> {
        Pods { cluster: self.cluster(), namespace: &self.addon.namespace, service_account }
    }

    fn association(&self, service_account: &str) -> Option<&'a Association> {
        self.facts.association(&self.addon.namespace, service_account)
    }

    /// Whether it is to have another version than it has.
    fn other_version(&self) -> Option<String> {
        let installed = self.addon.installed.as_ref()?;
        (installed.version != self.addon.version).then(|| self.addon.version.clone())
    }

    /// What is done whoever needs nothing of IAM.
    fn plain(&mut self) {
        let (addon, version) = (self.addon.name.clone(), self.addon.version.clone());
        match &self.addon.installed {
            None => self.steps.push(Step::CreateAddon { addon, version, associations: Vec::new() }),
            Some(installed) if installed.version != version => {
                let reason = format!("version {version}");
                let step = update(&addon, installed, reason, None, installed.irsa_role.clone());
                self.steps.push(with_version(step, Some(version)));
            }
            Some(_) => {}
        }
    }

    fn by_pod_identity(&mut self) {
        let addon = self.addon;
        if let Some(installed) = addon.installed.as_ref().filter(|installed| !installed.is_settled()) {
            return self.tell(Kind::Blocked, format!("EKS is at work on it ({}): ask again later", installed.status));
        }
        if addon.needs.is_empty() {
            if addon.requires_iam == Some(true) {
                let text = format!("version {} needs permissions, and takes no role by Pod Identity", addon.version);
                return self.tell(Kind::Blocked, text);
            }
            return self.plain();
        }
        let (mut kept, mut new) = (Vec::new(), Vec::new());
        for needs in &addon.needs {
            match self.association(&needs.service_account) {
                Some(known) => {
                    self.check(needs, &known.role);
                    if addon.installed.as_ref().is_some_and(|installed| known.owner.as_ref() == Some(&installed.arn)) {
                        kept.push(given(needs, &known.role));
                    }
                }
                None => {
                    let Some(role) = self.role_for(needs) else { continue };
                    new.push(given(needs, &role));
                }
            }
        }
        self.associate(kept, new);
    }

    fn associate(&mut self, kept: Vec<Given>, new: Vec<Given>) {
        let (name, version) = (self.addon.name.clone(), self.addon.version.clone());
        let Some(installed) = &self.addon.installed else {
            return self.steps.push(Step::CreateAddon { addon: name, version, associations: new });
        };
        let other_version = self.other_version();
        if !new.is_empty() {
            let roles =
                new.iter().map(|given| format!("{} gets {}", given.service_account, role_name(&given.role_arn)));
            let reason = roles.collect::<Vec<_>>().join(", ");
            // Whoever owns associations and is given others loses those that it is not given again.
            let all = kept.into_iter().chain(new).collect();
            let step = update(&name, installed, reason, Some(all), installed.irsa_role.clone());
            self.steps.push(with_version(step, other_version));
        } else if other_version.is_some() {
            let step = update(&name, installed, format!("version {version}"), None, installed.irsa_role.clone());
            self.steps.push(with_version(step, other_version));
        }
        if let Some(role) = &installed.irsa_role {
            let reason = format!("{} is no longer its role by IRSA", role_name(role));
            self.steps.push(update(&name, installed, reason, None, None));
        }
    }

    /// What is wrong with a role that is associated today.
    fn check(&mut self, needs: &'a Needs, role: &str) {
        let Some(known) = self.facts.role(role) else {
            return self.tell(Kind::Blocked, format!("the role {role} of {} is not there", needs.service_account));
        };
        self.trust(needs, known, false);
        self.policies(needs, known);
    }

    /// The role that a service account without one is to have; steps make it what it must be.
    fn role_for(&mut self, needs: &'a Needs) -> Option<String> {
        let account = &needs.service_account;
        let of_irsa = self.addon.installed.as_ref().and_then(|installed| installed.irsa_role.as_ref());
        let annotated = self.facts.annotated.get(&(self.addon.namespace.clone(), account.clone()));
        let is_its = |role: &&String| {
            let trusts = self.facts.role(role).map(|known| self.pods(account).may_have(&known.trust, By::Irsa));
            self.addon.needs.len() == 1 || trusts == Some(true)
        };
        let moved = annotated.or(of_irsa.filter(is_its));
        if let Some(arn) = self.wanted.roles.get(account).or(moved) {
            let Some(known) = self.facts.role(arn) else {
                self.tell(Kind::Blocked, format!("the role {arn} for {account} is not there"));
                return None;
            };
            self.trust(needs, known, Some(arn) == moved);
            self.policies(needs, known);
            return Some(arn.clone());
        }
        let name = recommended_role(&self.addon.name, account);
        if let Some(known) = self.facts.roles.get(&name) {
            self.trust(needs, known, false);
            self.policies(needs, known);
            return Some(known.arn.clone());
        }
        self.make(needs, name)
    }

    fn make(&mut self, needs: &Needs, role: String) -> Option<String> {
        let (account, cluster) = (&needs.service_account, self.cluster());
        let is_own_policy = self.addon.name == "vpc-cni" && cluster.is_ipv6;
        if is_own_policy || needs.recommended_managed_policies.is_empty() {
            // Source: Amazon EKS User Guide, "Configure Amazon VPC CNI plugin to use IRSA" (IPv6 takes a policy of one's own).
            let why =
                if is_own_policy { "IPv6 takes a policy of your own" } else { "AWS recommends no managed policy" };
            self.tell(
                Kind::Blocked,
                format!("{account} has no role, and {why}: make one, and give --role {account}=ARN"),
            );
            return None;
        }
        let statement = trust::pod_identity(cluster, self.wanted.only);
        let description =
            format!("Allows the {account} service account of the EKS add-on {} its calls", self.addon.name);
        let trust = trust::document(vec![statement]);
        self.steps.push(Step::CreateRole { role: role.clone(), description, trust });
        for policy in &needs.recommended_managed_policies {
            self.steps.push(Step::AttachPolicy { role: role.clone(), policy: policy.clone() });
        }
        Some(cluster.role_arn(&role))
    }

    /// Lets EKS lend a role, if it may not yet. `moves`: the role was lent by IRSA, and is to be lent by both.
    fn trust(&mut self, needs: &'a Needs, role: &Role, moves: bool) {
        let name = role_name(&role.arn);
        if self.pods(&needs.service_account).may_have(self.trust_of(role), By::PodIdentity) {
            return;
        }
        if !moves && !self.wanted.mends_trust {
            let account = &needs.service_account;
            let text = format!(
                "the role {name} does not trust pods.eks.amazonaws.com for {account} of this cluster, and is left as it is: \
                 mend it, or give --mend-trust"
            );
            return self.tell(Kind::Blocked, text);
        }
        let statement = trust::pod_identity(self.cluster(), self.wanted.only);
        self.change_trust(
            role,
            statement,
            "pods.eks.amazonaws.com, too",
            self.pods(&needs.service_account),
            By::PodIdentity,
        );
    }

    /// The trust policy of a role, with the steps done.
    fn trust_of<'r>(&'r self, role: &'r Role) -> &'r str {
        self.trusts.get(role_name(&role.arn)).unwrap_or(&role.trust)
    }

    fn change_trust(&mut self, role: &Role, statement: Value, reason: &str, pods: Pods<'_>, by: By) {
        let name = role_name(&role.arn).to_owned();
        let Some(trust) = trust::with(self.trust_of(role), statement) else {
            return self.tell(Kind::Blocked, format!("the trust policy of {name} does not read"));
        };
        if !pods.may_have(&trust.to_string(), by) {
            let text =
                format!("the trust policy of {name} denies {} what it would be allowed: mend it", pods.service_account);
            return self.tell(Kind::Blocked, text);
        }
        let former = serde_json::from_str(self.trust_of(role)).unwrap_or_default();
        self.trusts.insert(name.clone(), trust.to_string());
        self.steps.push(Step::UpdateTrust { role: name, reason: reason.to_owned(), trust, former });
    }

    /// Gives AWS's role the policies that it lacks, and tells what a role has beyond, or lacks.
    fn policies(&mut self, needs: &Needs, role: &Role) {
        let name = role_name(&role.arn);
        let recommended = &needs.recommended_managed_policies;
        let is_recommended_role = name == recommended_role(&self.addon.name, &needs.service_account);
        for policy in recommended.iter().filter(|policy| !role.attached.contains(policy)) {
            if is_recommended_role {
                self.steps.push(Step::AttachPolicy { role: name.to_owned(), policy: policy.clone() });
            } else {
                let text =
                    format!("the role {name} of {} has not {policy}, which AWS recommends", needs.service_account);
                self.tell(Kind::PolicyMissing, text);
            }
        }
        let beyond = role.attached.iter().filter(|policy| !recommended.contains(policy));
        let beyond: Vec<_> = beyond.chain(&role.inline).map(String::as_str).collect();
        if !recommended.is_empty() && !beyond.is_empty() {
            let text = format!(
                "the role {name} of {} has more than AWS recommends: {}",
                needs.service_account,
                beyond.join(", ")
            );
            self.tell(Kind::TooWide, text);
        }
    }

    fn by_irsa(&mut self) {
        let addon = self.addon;
        let Some(installed) = &addon.installed else {
            return self.tell(Kind::Blocked, "it is not installed: only what is there is moved to IRSA".to_owned());
        };
        if !installed.is_settled() {
            return self.tell(Kind::Blocked, format!("EKS is at work on it ({}): ask again later", installed.status));
        }
        let associated: Vec<_> =
            addon.needs.iter().filter_map(|needs| self.association(&needs.service_account)).collect();
        if associated.is_empty() {
            return;
        }
        let Some(url) = self.cluster().issuer.as_ref().filter(|_| self.cluster().provider().is_some()) else {
            return self.tell(Kind::Blocked, "the cluster has no OpenID Connect issuer".to_owned());
        };
        let Some(role) = self.one_role(installed, &associated) else { return };
        if !self.facts.has_provider {
            self.steps.push(Step::CreateProvider { url: url.clone() });
        }
        for needs in &addon.needs {
            let pods = self.pods(&needs.service_account);
            let may_have = pods.may_have(self.trust_of(role), By::Irsa);
            if let Some(statement) = pods.irsa().filter(|_| !may_have) {
                self.change_trust(role, statement, "the cluster's issuer, too", pods, By::Irsa);
            }
        }
        let name = &addon.name;
        if installed.irsa_role.as_ref() != Some(&role.arn) {
            let reason = format!("{} is its role by IRSA", role_name(&role.arn));
            self.steps.push(update(name, installed, reason, None, Some(role.arn.clone())));
        }
        if associated.iter().any(|known| known.owner.as_ref() == Some(&installed.arn)) {
            let reason = "it has no role by Pod Identity any more".to_owned();
            self.steps.push(update(name, installed, reason, Some(Vec::new()), Some(role.arn.clone())));
        }
        for foreign in associated.iter().filter(|known| known.owner.as_ref() != Some(&installed.arn)) {
            let (addon, association) = (name.clone(), foreign.id.clone());
            self.steps.push(Step::DeleteAssociation { addon, association });
        }
    }

    /// An add-on has one role by IRSA.
    fn one_role(&mut self, installed: &Installed, associated: &[&Association]) -> Option<&'a Role> {
        let mut arns: Vec<&String> = associated.iter().map(|known| &known.role).chain(&installed.irsa_role).collect();
        arns.sort();
        arns.dedup();
        let [arn] = arns.as_slice() else {
            let all = arns.iter().map(|arn| role_name(arn)).collect::<Vec<_>>().join(", ");
            self.tell(Kind::Blocked, format!("by IRSA it has one role, and it has several now: {all}"));
            return None;
        };
        let known = self.facts.role(arn);
        if known.is_none() {
            self.tell(Kind::Blocked, format!("the role {arn} is not there"));
        }
        known
    }
}

fn given(needs: &Needs, role: &str) -> Given {
    Given { service_account: needs.service_account.clone(), role_arn: role.to_owned() }
}

fn update(
    addon: &str,
    installed: &Installed,
    reason: String,
    associations: Option<Vec<Given>>,
    irsa_role: Option<String>,
) -> Step {
    let (addon, configuration) = (addon.to_owned(), installed.configuration.clone());
    Step::UpdateAddon { addon, reason, version: None, associations, irsa_role, configuration }
}

fn with_version(step: Step, other: Option<String>) -> Step {
    match step {
        Step::UpdateAddon { addon, reason, associations, irsa_role, configuration, .. } => {
            Step::UpdateAddon { addon, reason, version: other, associations, irsa_role, configuration }
        }
        step => step,
    }
}

#[cfg(test)]
mod tests;
