//! Rules about `Principal` elements, and about what those give that mean the caller.

use aws_model::Arn;

use crate::{
    policy::{Effect, PolicyKind, PrincipalPattern, Statement},
    principal::Principal,
    rules::{self, Rule},
};

use super::{
    super::{
        caller::friendly_name,
        derive::Facts,
        naming::{self, SavedIds},
        observer::Observer,
        relation::Relation,
    },
    Examined,
    keys::chosen,
};

impl Facts<'_> {
    pub(super) fn tell_of_principals<O: Observer>(&self, examined: &Examined<'_>, observer: &mut O) {
        let Examined { policy, statement, saved, report } = *examined;
        let Some(principals) = &statement.principals else { return };
        let is_denial = statement.effect.value == Effect::Deny;
        let mut told = Vec::new();
        if principals.negated {
            let has_boundary = self.caller.identity().is_some_and(|identity| identity.boundary.is_some());
            told.extend(chosen([
                (true, &rules::IAM_PRINCIPAL_NOT),
                (is_denial, &rules::IAM_PRINCIPAL_NOT_DENY),
                (is_denial && has_boundary, &rules::IAM_PRINCIPAL_NOT_BOUNDARY),
            ]));
        }
        // Also where it is assumed not to count.
        let kept = self.target.policy().map_or(saved, |policy| &policy.saved_ids);
        for pattern in &principals.patterns {
            told.extend(self.about_principal(&pattern.value, kept, policy.kind(), is_denial));
            let is_meant = !naming::one(&pattern.value, saved, &self.caller).is_nobody();
            let is_given = !is_denial && is_meant && !report.matches.is_false();
            if is_given && policy.kind() != PolicyKind::ResourceControl {
                told.extend(self.about_what_is_given(&pattern.value, statement));
            }
        }
        for rule in told {
            observer.rule(rule);
        }
    }

    fn about_principal(
        &self,
        pattern: &PrincipalPattern,
        saved: &SavedIds,
        kind: PolicyKind,
        is_denial: bool,
    ) -> Vec<&'static Rule> {
        let arn = self.request.principal.arn_in_iam();
        match (pattern, self.caller.principal) {
            (PrincipalPattern::Anyone, _) => vec![&rules::IAM_PRINCIPAL_STAR],
            (PrincipalPattern::Account(account), _) if self.caller.account == Some(*account) => {
                chosen([(true, &rules::IAM_PRINCIPAL_ACCOUNT), (is_denial, &rules::IAM_PRINCIPAL_DENY_ACCOUNT)])
            }
            (PrincipalPattern::Role(named) | PrincipalPattern::User(named), _) if arn == Some(named) => {
                let is_other = saved.get(named.as_str()).zip(self.caller.identity());
                let is_other = is_other.is_some_and(|(saved, identity)| *saved != identity.unique_id);
                let is_key = kind == PolicyKind::Key;
                chosen([
                    (matches!(pattern, PrincipalPattern::Role(_)), &rules::IAM_PRINCIPAL_ROLE),
                    (matches!(self.caller.principal, Principal::User(_)), &rules::IAM_PRINCIPAL_USER),
                    (
                        matches!(self.caller.principal, Principal::FederatedUser(_)),
                        &rules::IAM_PRINCIPAL_FEDERATED_PARENT,
                    ),
                    (is_other && is_key, &rules::IAM_PRINCIPAL_SAVED_ID_KEY),
                    (is_other && !is_key, &rules::IAM_PRINCIPAL_SAVED_ID),
                    (is_other && is_denial, &rules::IAM_PRINCIPAL_SAVED_ID_DENY),
                ])
            }
            (PrincipalPattern::Role(named), Principal::Session(session)) => {
                let is_of_other_path = friendly_name(named) == friendly_name(&session.role);
                chosen([(is_of_other_path, &rules::IAM_PRINCIPAL_ROLE_PATH)])
            }
            (PrincipalPattern::User(named), Principal::User(user)) => {
                chosen([(named.as_str().eq_ignore_ascii_case(user.as_str()), &rules::IAM_PRINCIPAL_USER)])
            }
            (PrincipalPattern::RoleSession(_), Principal::Session(_)) => vec![&rules::IAM_PRINCIPAL_SESSION],
            (PrincipalPattern::FederatedUser(_), Principal::FederatedUser(_)) => {
                vec![&rules::IAM_PRINCIPAL_FEDERATED_SESSION]
            }
            (PrincipalPattern::Service(service), _) => {
                let calls =
                    matches!(self.caller.principal, Principal::Service(_)) || self.request.through.contains(service);
                chosen([(calls, &rules::IAM_PRINCIPAL_SERVICE)])
            }
            (PrincipalPattern::Federated(_), Principal::Federated { .. }) => vec![&rules::IAM_PRINCIPAL_PROVIDER],
            _ => Vec::new(),
        }
    }

    /// What an Allow that matches gives by naming the caller so.
    fn about_what_is_given(&self, pattern: &PrincipalPattern, statement: &Statement) -> Vec<&'static Rule> {
        let is_key = self.target.policy_kind() == PolicyKind::Key;
        let is_within = self.relation() == Relation::Within;
        let is_foreign = self.relation() == Relation::Foreign;
        let has_caps = self.caller.identity().is_some_and(|identity| identity.boundary.is_some())
            || self.caller.session_policies().is_some();
        match pattern {
            PrincipalPattern::Anyone => {
                let by_arn = statement.conditions.iter().any(|one| one.key.value.as_str() == "aws:principalarn");
                chosen([
                    (is_foreign, &rules::XACCT_EVERYBODY),
                    (is_key && is_within, &rules::KMS_KEY_POLICY_EVERYBODY),
                    (is_within && has_caps && by_arn, &rules::IAM_EVAL_NAMES_PRINCIPAL_ARN),
                    (is_within && has_caps && !by_arn, &rules::IAM_EVAL_NAMES_EVERYBODY),
                ])
            }
            PrincipalPattern::Account(_) => chosen([(is_within && !is_key, &rules::IAM_EVAL_ACCOUNT_DELEGATES)]),
            PrincipalPattern::Role(_) => chosen([
                (is_within && has_caps, &rules::IAM_EVAL_NAMES_ROLE),
                (is_within && is_key && self.caller.is_service_linked(), &rules::SLR_OWN_KEY_POLICY),
                (is_foreign && self.caller.is_service_linked(), &rules::SLR_FOREIGN_KEY_POLICY),
                (is_foreign, &rules::XACCT_IDENTITY_REQUIRED),
            ]),
            PrincipalPattern::RoleSession(_) => chosen([
                (is_within, &rules::IAM_EVAL_NAMES_SESSION),
                (is_foreign, &rules::XACCT_IDENTITY_REQUIRED),
                (is_foreign && has_caps, &rules::XACCT_NAMES_SESSION),
            ]),
            PrincipalPattern::User(_) if matches!(self.caller.principal, Principal::FederatedUser(_)) => {
                chosen([(is_within, &rules::IAM_EVAL_NAMES_FEDERATED_PARENT)])
            }
            PrincipalPattern::User(_) => {
                chosen([(is_within, &rules::IAM_EVAL_NAMES_USER), (is_foreign, &rules::XACCT_IDENTITY_REQUIRED)])
            }
            PrincipalPattern::FederatedUser(_) => chosen([(is_within, &rules::IAM_EVAL_NAMES_FEDERATED)]),
            _ => Vec::new(),
        }
    }
}

impl Principal {
    /// The user or role whose policies are asked.
    fn arn_in_iam(&self) -> Option<&Arn> {
        match self {
            Self::User(arn) => Some(arn),
            Self::Session(session) => Some(&session.role),
            Self::FederatedUser(federated) => federated.parent.as_ref(),
            Self::Root(_) | Self::Federated { .. } | Self::Service(_) | Self::Anonymous => None,
        }
    }
}
