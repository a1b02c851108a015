//! Rules about whose caller and resource are, and about how the gates combine.

use crate::{
    matching::{ContextView, Lookup},
    policy::{PolicyKind, PrincipalPattern},
    principal::Principal,
    rules::{self, Rule},
    world::{GrantPrincipal, KeyManager, Role},
};

use super::{
    super::{
        derive::Facts, gates::Gates, kms, observer::Observer, relation::Relation, statements::Said, target::TargetKind,
    },
    keys::chosen,
};

impl Facts<'_> {
    pub(in super::super) fn tell_of_sides<O: Observer>(&self, relation: Relation, gates: &Gates, observer: &mut O) {
        let told = [
            self.about_caller(relation, gates),
            self.about_caps(relation, gates),
            self.about_both_sides(relation, gates),
            self.about_trust(relation, gates),
            self.about_key(relation, gates),
            self.about_grants(relation, gates),
            self.about_kms(relation, gates),
            self.about_roles(),
        ];
        for rule in told.into_iter().flatten() {
            observer.rule(rule);
        }
    }

    fn about_caller(&self, relation: Relation, gates: &Gates) -> Vec<&'static Rule> {
        let (principal, named) = (self.caller.principal, &gates.resource.allows);
        let is_other = self.target.policy_kind() == PolicyKind::Resource;
        let is_within = relation == Relation::Within;
        let policies = self.caller.identity().map_or(0, |identity| identity.policies.len());
        let federated = self.caller.federated_user();
        let (service, is_by_session_token) = (self.request.action.service(), self.request.is_by_session_token());
        let is_iam = service == "iam" && self.request.action.lower() != "iam:passrole";
        chosen([
            (matches!(principal, Principal::Root(_)) && is_within && is_other, &rules::IAM_EVAL_ROOT_USER),
            (matches!(principal, Principal::Anonymous), &rules::IAM_EVAL_ANONYMOUS),
            (policies > 1, &rules::IAM_EVAL_IDENTITY_UNION),
            (is_within && is_other && self.target.policy().is_some(), &rules::IAM_EVAL_RESOURCE_OR_IDENTITY),
            (
                is_within
                    && is_other
                    && !named.account.is_false()
                    && named.direct.is_false()
                    && named.behind.is_false(),
                &rules::IAM_EVAL_ACCOUNT_DELEGATES,
            ),
            (!self.request.through.is_empty(), &rules::IAM_EVAL_FORWARDED),
            (is_by_session_token, &rules::STS_SESSION_TOKEN_PERMISSIONS),
            (is_by_session_token && is_iam, &rules::STS_SESSION_TOKEN_IAM),
            (is_by_session_token && service == "sts", &rules::STS_SESSION_TOKEN_STS),
            (federated.is_some(), &rules::STS_FEDERATION_INTERSECTION),
            (federated.is_some_and(|user| user.policies.is_empty()), &rules::STS_FEDERATION_WITHOUT_POLICY),
            (self.caller.is_service_linked(), &rules::SLR_PATH),
            (matches!(principal, Principal::Session(_)), &rules::TRUST_ROLE_ALONE),
        ])
    }

    fn about_caps(&self, relation: Relation, gates: &Gates) -> Vec<&'static Rule> {
        let has_boundary = self.caller.identity().is_some_and(|identity| identity.boundary.is_some());
        let session = self.caller.session_policies();
        let is_session = matches!(self.caller.principal, Principal::Session(_));
        let is_denied = !gates.boundary.denies.is_false() || !gates.session.denies.is_false();
        let is_foreign = relation == Relation::Foreign;
        chosen([
            (has_boundary && gates.identity.allows.is_false(), &rules::IAM_EVAL_BOUNDARY_GRANTS_NOTHING),
            (is_session && session.is_none(), &rules::IAM_EVAL_SESSION_POLICY_ABSENT),
            (session.is_some_and(|policies| policies.len() > 1), &rules::IAM_EVAL_SESSION_POLICIES_UNION),
            (is_denied && !gates.resource.allows.direct.is_false(), &rules::IAM_EVAL_BOUNDARY_DENY),
            (is_foreign && has_boundary, &rules::XACCT_BOUNDARY),
            (is_foreign && session.is_some(), &rules::XACCT_SESSION_POLICY),
        ])
    }

    fn about_both_sides(&self, relation: Relation, gates: &Gates) -> Vec<&'static Rule> {
        let is_service = matches!(self.caller.principal, Principal::Service(_));
        if relation != Relation::Foreign {
            return chosen([(is_service, &rules::XACCT_SERVICE_PRINCIPAL)]);
        }
        let is_named = !gates.resource.allows.is_nobody();
        let is_root = matches!(self.caller.principal, Principal::Root(_));
        chosen([
            (true, &rules::XACCT_BOTH_SIDES),
            (!is_named, &rules::XACCT_RESOURCE_REQUIRED),
            (!is_named && !gates.identity.allows.is_false(), &rules::XACCT_ACTIONS_WITHIN),
            (!is_named && self.is_account_named(), &rules::XACCT_NAMES_ONE),
            (is_root, &rules::XACCT_ROOT_USER),
        ])
    }

    /// Whether the resource's policy names another principal of the caller's account.
    fn is_account_named(&self) -> bool {
        use PrincipalPattern as P;
        let mut named = self.target.policy().into_iter().flat_map(|policy| policy.policy.principals());
        named.any(|pattern| match &pattern.value {
            P::Role(arn) | P::User(arn) | P::RoleSession(arn) | P::FederatedUser(arn) => {
                self.caller.account.is_some_and(|account| account.as_str() == arn.account())
            }
            _ => false,
        })
    }

    fn about_trust(&self, relation: Relation, gates: &Gates) -> Vec<&'static Rule> {
        let (role, is_there) = match self.target.kind {
            TargetKind::Role(role) => (role, role.is_some()),
            // It may be there, for all that was told.
            TargetKind::UnknownRole => (None, true),
            _ => return Vec::new(),
        };
        let named = &gates.resource.allows;
        let is_within = relation == Relation::Within;
        let is_named = !(named.direct.is_false() && named.behind.is_false());
        let has_boundary = self.caller.identity().is_some_and(|identity| identity.boundary.is_some());
        let is_self = self.caller.session().zip(role).is_some_and(|(session, role)| session.role == role.identity.arn);
        let service = match self.caller.principal {
            Principal::Service(service) => Some(&**service),
            _ => None,
        };
        let action = self.request.action.lower();
        let is_provider = matches!(self.caller.principal, Principal::Federated { .. });
        let is_role = matches!(self.caller.principal, Principal::Session(_));
        let is_role_capped = role.is_some_and(|role| role.identity.boundary.is_some());
        let has_caps = has_boundary || self.caller.session_policies().is_some();
        chosen([
            (true, &rules::TRUST_REQUIRED),
            (is_within && is_named, &rules::TRUST_NAMED),
            (!named.account.is_false() && !is_named, &rules::TRUST_ACCOUNT),
            (relation == Relation::Foreign, &rules::TRUST_FOREIGN),
            (is_self, &rules::TRUST_SELF),
            (service.is_some(), &rules::TRUST_SERVICE),
            (service == Some("pods.eks.amazonaws.com"), &rules::TRUST_POD_IDENTITY),
            (is_provider, &rules::TRUST_WEB_IDENTITY),
            (action == "sts:tagsession", &rules::TRUST_TAG_SESSION),
            (action == "sts:setsourceidentity", &rules::TRUST_SOURCE_IDENTITY),
            (!is_there, &rules::TRUST_DENIED_OR_MISSING),
            (has_boundary || is_role_capped, &rules::TRUST_BOUNDARY_OF_CALLER),
            (has_caps && is_within && is_named && is_role, &rules::TRUST_NAMED_BOUNDARY),
            (has_boundary && is_within && is_named && !is_role, &rules::TRUST_NAMED_USER_BOUNDARY),
            (role.is_some_and(Role::is_service_linked), &rules::SLR_ASSUMED_BY_SERVICE),
        ])
    }

    fn about_key(&self, relation: Relation, gates: &Gates) -> Vec<&'static Rule> {
        if matches!(self.target.kind, TargetKind::UnknownKey) {
            return Vec::new();
        }
        let TargetKind::Key { key, .. } = &self.target.kind else {
            let is_alias = self.request.resource.arn.contains(":alias/");
            let is_kms = self.request.action.service() == kms::SERVICE;
            return chosen([
                (is_kms && !is_alias, &rules::KMS_IAM_ONLY),
                (is_kms && is_alias && self.request.action.lower() == "kms:updatealias", &rules::KMS_ALIAS_UPDATE),
                (is_kms && is_alias && self.request.action.lower() != "kms:updatealias", &rules::KMS_ALIAS_BOTH),
            ]);
        };
        let named = &gates.resource.allows;
        let is_within = relation == Relation::Within;
        let is_named = !(named.direct.is_false() && named.behind.is_false());
        let is_root = matches!(self.caller.principal, Principal::Root(_));
        let is_re_encrypt = self.request.action.lower().starts_with("kms:reencrypt");
        chosen([
            (is_within && is_named, &rules::KMS_KEY_POLICY_NAMES),
            (is_within && !named.account.is_false(), &rules::KMS_KEY_POLICY_ACCOUNT),
            (named.is_nobody() && gates.granted.is_nobody(), &rules::KMS_KEY_POLICY_REQUIRED),
            (is_within && named.account.is_false() && !is_named, &rules::KMS_KEY_POLICY_NO_ACCOUNT),
            (is_within && is_root, &rules::KMS_ROOT_USER),
            (
                relation == Relation::Foreign && kms::works_across_accounts(&self.request.action),
                &rules::KMS_FOREIGN_OPERATIONS,
            ),
            (is_re_encrypt, &rules::KMS_RE_ENCRYPT),
            (self.request.action.lower() == "kms:replicatekey", &rules::KMS_REPLICATE),
            (self.request.kms.request_alias.is_some(), &rules::KMS_ALIAS_NAMES_KEY),
            (key.is_some_and(|key| key.manager == KeyManager::Aws), &rules::KMS_AWS_MANAGED),
            (key.is_none() && relation == Relation::Foreign, &rules::KMS_DENIED_OR_MISSING),
        ])
    }

    fn about_grants(&self, relation: Relation, gates: &Gates) -> Vec<&'static Rule> {
        let TargetKind::Key { key: Some(key), .. } = &self.target.kind else { return Vec::new() };
        let is = |action: &str| self.request.action.lower() == action;
        let granted = &gates.granted;
        let is_holder = key.grants.iter().any(|grant| !self.granted_to(&grant.grantee).is_nobody());
        let is_foreign = relation == Relation::Foreign;
        let is_by_policy = is("kms:creategrant") && granted.is_nobody();
        let has_boundary = self.caller.identity().is_some_and(|identity| identity.boundary.is_some());
        let has_session = self.caller.session_policies().is_some();
        let new_grant = self.request.kms.new_grant.as_ref();
        let is_for_service_linked = new_grant.is_some_and(|new| match &new.grantee {
            GrantPrincipal::Role(role) => role.resource().starts_with("role/aws-service-role/"),
            _ => false,
        });
        let is_by_hand = self.request.through.is_empty() && is_for_service_linked;
        let refuses = |said: &Said| said.allows.is_false() || !said.denies.is_false();
        chosen([
            (is_holder, &rules::KMS_GRANT_ENOUGH),
            (is_holder, &rules::KMS_GRANT_ALLOWS_ONLY),
            (is_holder && is_foreign, &rules::KMS_GRANT_FOREIGN_ENOUGH),
            (is_holder && !gates.resource.denies.is_false(), &rules::KMS_GRANT_DENY_KEY_POLICY),
            (is_holder && !gates.identity.denies.is_false(), &rules::KMS_GRANT_DENY_IDENTITY),
            (is_holder && has_boundary, &rules::KMS_GRANT_BOUNDARY),
            (has_session && !granted.behind.is_false(), &rules::KMS_GRANT_SESSION_POLICY),
            (has_session && !granted.direct.is_false(), &rules::KMS_GRANT_SESSION_GRANTEE),
            (is_holder && refuses(&gates.service_control), &rules::KMS_GRANT_SCP),
            (is_holder && refuses(&gates.resource_control), &rules::KMS_GRANT_RCP),
            (is_by_policy, &rules::KMS_GRANT_BY_POLICY),
            (is_by_policy && is_foreign, &rules::KMS_GRANT_FROM_EITHER_ACCOUNT),
            (is_by_policy && is_foreign && is_by_hand, &rules::LAUNCH_FOREIGN_GRANT_MANUAL),
            (is("kms:revokegrant"), &rules::KMS_GRANT_REVOKE),
            (is("kms:listgrants"), &rules::KMS_GRANT_LIST),
            (is("kms:retiregrant") && granted.is_nobody(), &rules::KMS_GRANT_RETIRE_POLICY_ALONE),
            (is("kms:retiregrant") && !granted.account.is_false(), &rules::KMS_GRANT_RETIRE_DELEGATED),
            (is("kms:retiregrant") && !gates.identity.denies.is_false(), &rules::KMS_GRANT_RETIRE_DENY),
        ])
    }

    /// Rules about roles that are handed over or made.
    fn about_roles(&self) -> Vec<&'static Rule> {
        let action = self.request.action.lower();
        let passes = action == "iam:passrole";
        let to_ec2 = || match self.look_up("iam:passedtoservice") {
            Lookup::Values(values) => values.iter().any(|service| service == "ec2.amazonaws.com"),
            Lookup::Absent | Lookup::Unknown => false,
        };
        chosen([
            (passes, &rules::PASS_ROLE_REQUIRED),
            (passes, &rules::PASS_ROLE_SAME_ACCOUNT),
            (passes && to_ec2(), &rules::PASS_ROLE_INSTANCE_PROFILE),
            (action == "iam:createservicelinkedrole", &rules::SLR_CREATE),
        ])
    }
}
