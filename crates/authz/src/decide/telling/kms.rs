//! Rules about keys and grants beyond who is let in: what kind of key it is, grants on other keys, grants that are made.

use std::collections::HashSet;

use aws_model::{AccountId, Arn};

use crate::{
    policy::{Effect, Policy, PrincipalPattern, Statement},
    rules::{self, Rule},
    world::{GrantPrincipal, Key},
};

use super::{
    super::{caller::friendly_name, derive::Facts, gates::Gates, kms, relation::Relation, target::TargetKind},
    keys::chosen,
};

/// How the service-linked roles are called, maybe with a suffix, whose policies are known to hold nothing of KMS.
const WITHOUT_KMS: [&str; 3] =
    ["AWSServiceRoleForAutoScaling", "AWSServiceRoleForEC2Spot", "AWSServiceRoleForEC2Fleet"];

impl Facts<'_> {
    pub(super) fn about_kms(&self, relation: Relation, gates: &Gates) -> Vec<&'static Rule> {
        if self.request.action.service() != kms::SERVICE {
            return Vec::new();
        }
        let is = |action: &str| self.request.action.lower() == action;
        match &self.target.kind {
            TargetKind::Key { key, .. } => {
                let mut told = chosen([
                    (is("kms:createalias") || is("kms:deletealias"), &rules::KMS_ALIAS_BOTH),
                    (is("kms:updatealias"), &rules::KMS_ALIAS_UPDATE),
                    (!self.request.kms.grant_tokens.is_empty(), &rules::KMS_GRANT_TOKEN_OPERATIONS),
                    (self.is_without_kms(), &rules::SLR_NO_KMS),
                ]);
                if let Some(key) = key {
                    told.extend(self.about_policy_of(key, relation, gates));
                    told.extend(self.about_grants_of(key));
                }
                told.extend(self.about_new_grant(relation));
                told
            }
            TargetKind::UnknownKey => Vec::new(),
            _ => chosen([(is("kms:tagresource"), &rules::KMS_CREATE_KEY_TAGS)]),
        }
    }

    fn is_without_kms(&self) -> bool {
        let name = self.caller.session().map(|session| friendly_name(&session.role)).unwrap_or_default();
        self.caller.is_service_linked() && WITHOUT_KMS.iter().any(|known| name.starts_with(known))
    }

    fn about_policy_of(&self, key: &Key, relation: Relation, gates: &Gates) -> Vec<&'static Rule> {
        let policy = &key.policy.policy;
        let names_account = policy.statements().iter().any(|statement| self.is_for_account(statement, key));
        let is_account_asked = relation == Relation::Within && !gates.identity.allows.is_false();
        chosen([
            (self.is_default(policy, key), &rules::KMS_DEFAULT_POLICY),
            (names_account && is_account_asked, &rules::KMS_KEY_POLICY_ACCOUNT_WITHIN),
            (key.aliases.contains("alias/aws/ebs"), &rules::KMS_EBS_KEY),
        ])
    }

    /// Whether a statement allows the key's account something.
    fn is_for_account(&self, statement: &Statement, key: &Key) -> bool {
        let is_account = |pattern: &PrincipalPattern| *pattern == PrincipalPattern::Account(key.arn.account());
        let principals = statement.principals.as_ref().filter(|principals| !principals.negated);
        statement.effect.value == Effect::Allow
            && principals.is_some_and(|principals| principals.patterns.iter().any(|one| is_account(&one.value)))
    }

    /// Whether a policy is what a key has that was made without one.
    fn is_default(&self, policy: &Policy, key: &Key) -> bool {
        let [statement] = policy.statements() else { return false };
        let is_everything = matches!(&*statement.actions.patterns, [action] if action.value.as_str() == "kms:*");
        let is_for_one = statement.principals.as_ref().is_some_and(|principals| principals.patterns.len() == 1);
        let is_plain = !statement.actions.negated && statement.conditions.is_empty();
        self.is_for_account(statement, key) && is_for_one && is_everything && is_plain
    }

    fn about_grants_of(&self, key: &Key) -> Vec<&'static Rule> {
        let asked = &self.request.kms;
        // Of many tokens and many grants, each is looked at once.
        let told_tokens: HashSet<&str> = asked.grant_tokens.iter().map(|token| &**token).collect();
        let tokens = key.grants.iter().filter_map(|grant| grant.token.as_deref());
        let known_tokens: HashSet<&str> = tokens.filter(|token| told_tokens.contains(token)).collect();
        let is_gone = known_tokens.len() < told_tokens.len()
            || asked.grant_id.as_ref().is_some_and(|id| key.grants.get(id).is_none());
        let grantees: Vec<_> = self.grantees().collect();
        let own = grantees.iter().flat_map(|grantee| key.grants.of(grantee));
        let issuers = own.filter_map(|grant| grant.issuing_account).filter(|issuer| *issuer != key.arn.account());
        let outlives = is_any_not_named(&key.policy.policy, issuers.collect());
        let elsewhere: Vec<_> = self.keys_granted().filter(|other| other.arn != key.arn).collect();
        chosen([
            (is_gone, &rules::KMS_GRANT_GONE),
            (outlives, &rules::KMS_GRANT_NO_CHECK_LATER),
            (!elsewhere.is_empty(), &rules::KMS_GRANT_ONE_KEY),
            (elsewhere.iter().any(|other| is_twin(other, key)), &rules::KMS_REGIONAL),
        ])
    }

    /// The keys on which the caller has a grant.
    fn keys_granted(&self) -> impl Iterator<Item = &Key> {
        let grantees: Vec<_> = self.grantees().collect();
        let keys = self.world.accounts().flat_map(|(_, account)| account.keys());
        keys.filter(move |key| grantees.iter().any(|grantee| !key.grants.of(grantee).is_empty()))
    }

    fn about_new_grant(&self, relation: Relation) -> Vec<&'static Rule> {
        let own_service_role = |grantee: &GrantPrincipal| match grantee {
            GrantPrincipal::Role(role) => {
                role.resource().starts_with("role/aws-service-role/autoscaling.amazonaws.com/")
                    && self.caller.account.is_some_and(|account| account.as_str() == role.account())
            }
            _ => false,
        };
        let is_for_group = self.request.kms.new_grant.as_ref().is_some_and(|grant| own_service_role(&grant.grantee));
        chosen([(relation == Relation::Foreign && is_for_group, &rules::KMS_GRANT_FROM_GROUP_ACCOUNT)])
    }

    /// The ARN of the key that is asked about, were it of the region that a pattern names.
    pub(super) fn arn_in_region_of(&self, pattern: &str) -> Option<String> {
        let TargetKind::Key { arn, .. } = &self.target.kind else { return None };
        let region = pattern.parse::<Arn>().ok()?;
        let there = arn.as_str().replacen(arn.region().as_str(), region.region(), 1);
        (there != arn.as_str()).then_some(there)
    }
}

/// Whether two keys differ only in their regions.
fn is_twin(one: &Key, other: &Key) -> bool {
    one.arn.key_id() == other.arn.key_id() && one.arn.account() == other.arn.account()
}

/// Whether a policy names, of some accounts, one neither itself nor by anybody of it.
fn is_any_not_named(policy: &Policy, mut accounts: HashSet<AccountId>) -> bool {
    for pattern in policy.principals() {
        match &pattern.value {
            PrincipalPattern::Account(named) => {
                accounts.remove(named);
            }
            PrincipalPattern::Role(arn)
            | PrincipalPattern::User(arn)
            | PrincipalPattern::RoleSession(arn)
            | PrincipalPattern::FederatedUser(arn) => {
                if let Ok(named) = arn.account().parse::<AccountId>() {
                    accounts.remove(&named);
                }
            }
            PrincipalPattern::Anyone => return false,
            _ => {}
        }
    }
    !accounts.is_empty()
}
