//! AWS's own words for a denial, one phrase for each policy type.
//!
//! Sources: IAM User Guide, "Troubleshoot access denied error messages"; AWS Security Blog, "Enhanced access denied error
//! messages with policy ARNs". Where services depart from them, the ledger's `denial-*` rules say so.

use std::fmt::{self, Display, Formatter};

use aws_model::Arn;

use crate::{
    decision::{Denial, DenialEffect, Gate},
    policy::PolicyKind,
    principal::Principal,
    request::Request,
    rules::{self, Assumptions, Rule},
};

/// What AWS answers to who is denied.
#[derive(Clone, Debug, PartialEq)]
pub struct AccessDenied {
    /// The error's code and HTTP status; `None` for services whose code the ledger does not know.
    pub code: Option<ErrorCode>,
    /// The message.
    pub message: String,
    /// The rules that it follows.
    pub rules: Vec<&'static Rule>,
}

/// The code of an error of AWS's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// `AccessDeniedException`, ...
    pub name: &'static str,
    /// The HTTP status that comes with it.
    pub status: u16,
}

impl Denial {
    /// What AWS answers to the request that this denies.
    #[must_use]
    pub fn error(&self, request: &Request, assumptions: &Assumptions) -> AccessDenied {
        let code = code(request.action.service());
        let (message, mut rules) = match refused_by_sts(self, request) {
            Some(message) => (message, Vec::new()),
            None => self.message(request, assumptions),
        };
        rules.extend(code.map(|(_, rule)| rule));
        AccessDenied { code: code.map(|(code, _)| code), message, rules }
    }

    fn message(&self, request: &Request, assumptions: &Assumptions) -> (String, Vec<&'static Rule>) {
        let (action, arn) = (&request.action, &request.resource.arn);
        let caller = Caller(&request.principal);
        let may_end_in_role = ends_in_role(self, request);
        if may_end_in_role && assumptions.denial_sts_policy_type {
            let message = format!("User: {caller} is not authorized to perform: {action} on resource: {arn}");
            return (message, vec![&rules::DENIAL_FORMAT, &rules::DENIAL_STS_POLICY_TYPE]);
        }
        let (because, mut rules) = self.because(request, assumptions);
        if may_end_in_role {
            rules.push(&rules::DENIAL_STS_POLICY_TYPE);
        }
        let is_foreign_key = action.service() == "kms" && self.is_of_another_account(request);
        let is_by_key = matches!(self.gate, Gate::Resource(PolicyKind::Key) | Gate::Grants);
        let is_ciphertext = is_foreign_key && action.lower() == "kms:decrypt";
        if is_ciphertext {
            rules.push(&rules::DENIAL_CIPHERTEXT);
        }
        let is_ciphertext = is_ciphertext && assumptions.denial_ciphertext;
        let is_other_foreign = is_foreign_key && is_by_key && !is_ciphertext;
        if is_other_foreign {
            rules.push(&rules::DENIAL_FOREIGN_KEY);
        }
        // Nothing else that kms:TagResource is asked of is without an ARN.
        let is_new_key = action.lower() == "kms:tagresource" && **arn == *"*";
        if is_new_key {
            rules.push(&rules::DENIAL_TAG_NEW_KEY);
        }
        let on = if is_ciphertext {
            " on the resource associated with this ciphertext".to_owned()
        } else if is_other_foreign && assumptions.denial_foreign_key {
            " on this resource".to_owned()
        } else if is_new_key && assumptions.denial_tag_new_key {
            String::new()
        } else {
            format!(" on resource: {arn}")
        };
        let because = if is_by_key && !on.ends_with(&**arn) { CONCEALED.to_owned() } else { because };
        let before = if action.service() == "ec2" { "You are not authorized to perform this operation. " } else { "" };
        rules.push(&rules::DENIAL_FORMAT);
        (format!("{before}User: {caller} is not authorized to perform: {action}{on} {because}"), rules)
    }

    /// The part of the message that names the policy type.
    fn because(&self, request: &Request, assumptions: &Assumptions) -> (String, Vec<&'static Rule>) {
        let mut rules = Vec::new();
        let mut gate = self.gate;
        let mut effect = self.effect;
        if effect == DenialEffect::Implicit && matches!(gate, Gate::Resource(PolicyKind::Key) | Gate::Grants) {
            rules.push(&rules::DENIAL_KEY_POLICY_BOTH);
            if !assumptions.denial_key_policy_both {
                gate = Gate::Identity;
            }
        }
        if (effect, gate) == (DenialEffect::Implicit, Gate::ServiceControl) {
            rules.push(&rules::DENIAL_SCP_IMPLICIT_OF_SERVICE);
            if !assumptions.denial_scp_implicit_of_service {
                effect = DenialEffect::Explicit;
            }
        }
        let (article, name, rule) = policy_type(gate, effect);
        rules.extend(rule);
        if self.policy.is_some() {
            rules.push(&rules::DENIAL_POLICY_ARN);
        }
        let phrase = match effect {
            DenialEffect::Explicit => match &self.policy {
                Some(arn) if assumptions.denial_policy_arn => {
                    format!("with an explicit deny in {article} {name}: {arn}")
                }
                _ => format!("with an explicit deny in {article} {name}"),
            },
            DenialEffect::Implicit => format!("because no {name} allows the {} action", request.action),
        };
        (phrase, rules)
    }

    fn is_of_another_account(&self, request: &Request) -> bool {
        let owner = request.resource.arn.parse::<Arn>().ok().and_then(|arn| arn.account().parse().ok());
        owner.is_some() && owner != request.principal.account()
    }
}

/// What KMS says of keys of other accounts, so that nobody learns which there are.
const CONCEALED: &str = "because the resource does not exist in this Region, no resource-based policies allow access, \
                         or a resource-based policy explicitly denies access";

/// A policy type in AWS's words, with its article.
const fn policy_type(gate: Gate, effect: DenialEffect) -> (&'static str, &'static str, Option<&'static Rule>) {
    use DenialEffect::{Explicit, Implicit};
    match (gate, effect) {
        (Gate::ServiceControl, Implicit) => ("a", "service control policy", Some(&rules::DENIAL_SCP_IMPLICIT)),
        (Gate::ServiceControl, Explicit) => ("a", "service control policy", Some(&rules::DENIAL_SCP_EXPLICIT)),
        (Gate::ResourceControl, Explicit) => ("a", "resource control policy", Some(&rules::DENIAL_RCP_EXPLICIT)),
        // An RCP always has AWS's full access attached, which cannot be detached: the guide shows no phrase for this.
        (Gate::ResourceControl, Implicit) => ("a", "resource control policy", None),
        (Gate::Resource(PolicyKind::Trust), Implicit) => {
            ("the", "role trust policy", Some(&rules::DENIAL_TRUST_IMPLICIT))
        }
        (Gate::Resource(PolicyKind::Trust), Explicit) => {
            ("the", "role trust policy", Some(&rules::DENIAL_TRUST_EXPLICIT))
        }
        (Gate::Resource(_) | Gate::Grants, Implicit) => {
            ("a", "resource-based policy", Some(&rules::DENIAL_RESOURCE_IMPLICIT))
        }
        (Gate::Resource(_) | Gate::Grants, Explicit) => {
            ("a", "resource-based policy", Some(&rules::DENIAL_RESOURCE_EXPLICIT))
        }
        (Gate::Identity, Implicit) => ("an", "identity-based policy", Some(&rules::DENIAL_IDENTITY_IMPLICIT)),
        (Gate::Identity, Explicit) => ("an", "identity-based policy", Some(&rules::DENIAL_IDENTITY_EXPLICIT)),
        (Gate::Boundary, Implicit) => ("a", "permissions boundary", Some(&rules::DENIAL_BOUNDARY_IMPLICIT)),
        (Gate::Boundary, Explicit) => ("a", "permissions boundary", Some(&rules::DENIAL_BOUNDARY_EXPLICIT)),
        (Gate::Session, Implicit) => ("a", "session policy", Some(&rules::DENIAL_SESSION_IMPLICIT)),
        (Gate::Session, Explicit) => ("a", "session policy", Some(&rules::DENIAL_SESSION_EXPLICIT)),
    }
}

fn code(service: &str) -> Option<(ErrorCode, &'static Rule)> {
    match service {
        "kms" => Some((ErrorCode { name: "AccessDeniedException", status: 400 }, &rules::DENIAL_CODE_KMS)),
        "sts" => Some((ErrorCode { name: "AccessDenied", status: 403 }, &rules::DENIAL_CODE_STS)),
        "ec2" => Some((ErrorCode { name: "UnauthorizedOperation", status: 403 }, &rules::DENIAL_CODE_EC2)),
        _ => None,
    }
}

/// Whether what is denied is what [`rules::DENIAL_STS_POLICY_TYPE`] is about.
pub(crate) fn ends_in_role(denial: &Denial, request: &Request) -> bool {
    const ON_ROLES: [&str; 3] = ["sts:assumerole", "sts:tagsession", "sts:setsourceidentity"];
    denial.effect == DenialEffect::Implicit && ON_ROLES.contains(&request.action.lower())
}

/// STS has words of its own for calls that no policy could allow, and names nobody whom it does not know yet. Users
/// quote them; AWS's pages do not.
fn refused_by_sts(denial: &Denial, request: &Request) -> Option<String> {
    let name = request.action.name();
    match (request.action.lower(), &request.principal) {
        ("sts:assumerolewithwebidentity" | "sts:assumerolewithsaml", Principal::Federated { .. }) => {
            Some(format!("Not authorized to perform sts:{name}"))
        }
        ("sts:assumerole", Principal::Root(_)) if denial.gate == Gate::Identity => {
            Some("Roles may not be assumed by root accounts.".to_owned())
        }
        ("sts:getsessiontoken" | "sts:getfederationtoken", caller)
            if denial.gate == Gate::Identity
                && (matches!(caller, Principal::Session(_)) || request.is_by_session_token()) =>
        {
            Some(format!("Cannot call {name} with session credentials"))
        }
        _ => None,
    }
}

/// The caller as AWS's messages and `sts:GetCallerIdentity` name it. A session's name that nobody told is `<session>`.
pub(crate) struct Caller<'a>(pub(crate) &'a Principal);

impl Display for Caller<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Principal::Session(session) if session.name.is_none() => f.write_str(&session.arn_named("<session>")),
            other => Display::fmt(other, f),
        }
    }
}
