//! Rules about single context keys.

use crate::{
    matching::{ContextView, Lookup},
    policy::{Condition, PolicyKind},
    principal::Principal,
    request::Request,
    rules::{self, Rule},
};

use super::super::{derive::Facts, kms, observer::Observer, target::TargetKind};

/// A key as AWS writes it (with the `/` or `:` before a part of one's own), and the rule that tells of it.
type Row = (&'static str, &'static Rule);

const ROWS: [Row; 52] = [
    ("aws:PrincipalArn", &rules::IAM_KEY_PRINCIPAL_ARN),
    ("aws:PrincipalAccount", &rules::IAM_KEY_PRINCIPAL_ACCOUNT),
    ("aws:PrincipalOrgID", &rules::IAM_KEY_PRINCIPAL_ORG_ID),
    ("aws:PrincipalOrgPaths", &rules::IAM_KEY_PRINCIPAL_ORG_PATHS),
    ("aws:PrincipalType", &rules::IAM_KEY_PRINCIPAL_TYPE),
    ("aws:username", &rules::IAM_KEY_USERNAME),
    ("aws:userid", &rules::IAM_KEY_USERID),
    ("aws:PrincipalTag/", &rules::IAM_KEY_PRINCIPAL_TAG),
    ("aws:PrincipalIsAWSService", &rules::IAM_KEY_IS_AWS_SERVICE),
    ("aws:PrincipalServiceName", &rules::IAM_KEY_SERVICE_NAME),
    ("aws:ViaAWSService", &rules::IAM_KEY_VIA_AWS_SERVICE),
    ("aws:CalledVia", &rules::IAM_KEY_CALLED_VIA),
    ("aws:CalledViaFirst", &rules::IAM_KEY_CALLED_VIA),
    ("aws:CalledViaLast", &rules::IAM_KEY_CALLED_VIA),
    ("aws:SourceArn", &rules::IAM_KEY_SOURCE_ARN),
    ("aws:SourceAccount", &rules::IAM_KEY_SOURCE_ARN),
    ("aws:SourceOrgID", &rules::IAM_KEY_SOURCE_ARN),
    ("aws:TokenIssueTime", &rules::IAM_KEY_TOKEN_ISSUE_TIME),
    ("aws:MultiFactorAuthPresent", &rules::IAM_KEY_MFA),
    ("aws:MultiFactorAuthAge", &rules::IAM_KEY_MFA),
    ("aws:SourceIdentity", &rules::IAM_KEY_SOURCE_IDENTITY),
    ("aws:ResourceTag/", &rules::IAM_KEY_RESOURCE_TAG),
    ("aws:RequestTag/", &rules::IAM_KEY_REQUEST_TAG),
    ("aws:TagKeys", &rules::IAM_KEY_TAG_KEYS),
    ("aws:RequestedRegion", &rules::IAM_KEY_REQUESTED_REGION),
    ("aws:ResourceAccount", &rules::IAM_KEY_RESOURCE_ACCOUNT),
    ("aws:ResourceOrgID", &rules::IAM_KEY_RESOURCE_ACCOUNT),
    ("aws:CurrentTime", &rules::IAM_KEY_CURRENT_TIME),
    ("aws:EpochTime", &rules::IAM_KEY_CURRENT_TIME),
    ("aws:SecureTransport", &rules::IAM_KEY_SECURE_TRANSPORT),
    ("aws:SourceIp", &rules::IAM_KEY_SOURCE_IP),
    ("sts:ExternalId", &rules::TRUST_EXTERNAL_ID),
    ("sts:RoleSessionName", &rules::TRUST_SESSION_NAME),
    ("sts:TransitiveTagKeys", &rules::TRUST_TAG_CONDITIONS),
    ("iam:PassedToService", &rules::PASS_ROLE_TO_SERVICE),
    ("kms:CallerAccount", &rules::KMS_COND_CALLER_ACCOUNT),
    ("kms:ViaService", &rules::KMS_COND_VIA_SERVICE),
    ("kms:GrantIsForAWSResource", &rules::KMS_COND_FOR_AWS_RESOURCE),
    ("kms:GrantOperations", &rules::KMS_COND_GRANT_OPERATIONS),
    ("kms:GranteePrincipal", &rules::KMS_COND_GRANTEE),
    ("kms:GranteeServicePrincipal", &rules::KMS_COND_GRANTEE_SERVICE),
    ("kms:RetiringServicePrincipal", &rules::KMS_COND_GRANTEE_SERVICE),
    ("kms:RetiringPrincipal", &rules::KMS_COND_RETIRING),
    ("kms:GrantConstraintType", &rules::KMS_COND_CONSTRAINT_TYPE),
    ("kms:GrantConstraintSourceArn", &rules::KMS_COND_CONSTRAINT_SOURCE),
    ("kms:EncryptionContext:", &rules::KMS_COND_CONTEXT),
    ("kms:EncryptionContextKeys", &rules::KMS_COND_CONTEXT_KEYS),
    ("kms:EncryptionAlgorithm", &rules::KMS_COND_ALGORITHM),
    ("kms:RequestAlias", &rules::KMS_COND_REQUEST_ALIAS),
    ("kms:ResourceAliases", &rules::KMS_COND_RESOURCE_ALIASES),
    ("kms:ReEncryptOnSameKey", &rules::KMS_COND_RE_ENCRYPT_SAME),
    ("kms:BypassPolicyLockoutSafetyCheck", &rules::KMS_COND_BYPASS),
];

fn row(lower_case_key: &str) -> Option<Row> {
    ROWS.into_iter().find(|(canonical, _)| {
        let is_family = canonical.ends_with(['/', ':']);
        let prefix = lower_case_key.get(..canonical.len());
        (is_family || lower_case_key.len() == canonical.len())
            && prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case(canonical))
    })
}

/// A key, or what is fixed of it, as AWS writes it.
pub(super) fn canonical(lower_case_key: &str) -> Option<&'static str> {
    row(lower_case_key).map(|(canonical, _)| canonical)
}

impl Facts<'_> {
    /// Tells of the key that a condition asks.
    pub(super) fn tell_of_key<O: Observer>(
        &self,
        condition: &Condition,
        is_denial: bool,
        kind: PolicyKind,
        observer: &mut O,
    ) {
        let key = condition.key.value.as_str();
        if let Some((_, rule)) = row(key) {
            observer.rule(rule);
        }
        let is_absent = matches!(self.look_up(key), Lookup::Absent);
        let is_negated = condition.operator.value.comparison.negates().is_some();
        let told = match key {
            "kms:viaservice" => self.about_via_service(is_absent, is_denial && is_negated),
            "kms:grantisforawsresource" => self.about_aws_resource(is_absent),
            _ if key.strip_prefix("kms:").is_some_and(kms::is_property) => match self.target.kind {
                TargetKind::Key { .. } | TargetKind::UnknownKey => vec![&rules::KMS_COND_KEY_PROPERTIES],
                _ if self.request.action.lower() == "kms:createkey" => vec![&rules::KMS_COND_KEY_PROPERTIES],
                _ => vec![&rules::KMS_COND_KEY_PROPERTIES_ELSEWHERE],
            },
            _ => self.about_others(key, kind),
        };
        for rule in told {
            observer.rule(rule);
        }
        if self.is_parameter(key) && self.request.context.told(key).is_none() {
            observer.rule(&rules::KMS_COND_DEFAULT_PARAMETER);
        }
    }

    /// Whether a key stands for a parameter of the request that has a default.
    fn is_parameter(&self, key: &str) -> bool {
        let name = key.strip_prefix("kms:").unwrap_or_default();
        match self.request.action.lower() {
            "kms:createkey" => kms::is_property(name),
            "kms:decrypt" | "kms:encrypt" | "kms:reencryptfrom" | "kms:reencryptto" => name == "encryptionalgorithm",
            _ => false,
        }
    }

    fn about_via_service(&self, is_absent: bool, is_denial_unless: bool) -> Vec<&'static Rule> {
        let Request { through, principal, .. } = self.request;
        let is_of_service = matches!(principal, Principal::Service(_)) || self.caller.is_service_linked();
        let is_ec2 = through.last().is_some_and(|service| service.starts_with("ec2."));
        chosen([
            (!is_absent, &rules::KMS_COND_VIA_SERVICE_REGION),
            (is_ec2, &rules::KMS_COND_VIA_EC2),
            (is_absent && is_of_service, &rules::KMS_COND_VIA_SERVICE_ROLE),
            (is_absent && !is_of_service, &rules::KMS_COND_VIA_SERVICE_DIRECT),
            (is_absent && is_denial_unless, &rules::KMS_COND_VIA_SERVICE_ABSENT_DENY),
            (self.caller.is_infrastructure(), &rules::KMS_COND_VIA_INFRASTRUCTURE),
        ])
    }

    fn about_aws_resource(&self, is_absent: bool) -> Vec<&'static Rule> {
        let is_there = matches!(self.request.action.lower(), "kms:creategrant" | "kms:listgrants" | "kms:revokegrant");
        let is_direct = self.request.through.is_empty();
        chosen([
            (is_absent && !is_there, &rules::KMS_COND_FOR_AWS_RESOURCE_OPERATIONS),
            (is_there && is_direct, &rules::KMS_COND_FOR_AWS_RESOURCE_FALSE),
        ])
    }

    fn about_others(&self, key: &str, kind: PolicyKind) -> Vec<&'static Rule> {
        let is_trust = kind == PolicyKind::Trust;
        let is_kms = self.request.action.service() == kms::SERVICE;
        let is_through_ec2 = self.request.through.iter().any(|service| service.starts_with("ec2."));
        let overrides = |prefix: &str| {
            let tag = key.strip_prefix(prefix)?;
            let has = |known: &String| known.eq_ignore_ascii_case(tag);
            self.caller.identity()?.tags.keys().find(|known| has(known))?;
            match self.caller.principal {
                Principal::Session(session) => session.tags.keys().any(has).then_some(&rules::TRUST_TAGS_OVER_ROLE),
                Principal::FederatedUser(federated) => {
                    federated.tags.keys().any(has).then_some(&rules::STS_FEDERATION_TAGS)
                }
                _ => None,
            }
        };
        let mut told = chosen([
            (key == "aws:principalarn", &rules::IAM_PRINCIPAL_ARN_CONDITION),
            (key.starts_with("aws:calledvia") && is_through_ec2, &rules::IAM_KEY_CALLED_VIA_EC2),
            (key.starts_with("aws:multifactorauth") && is_trust, &rules::TRUST_MFA),
            ((key.starts_with("aws:requesttag/") || key == "aws:tagkeys") && is_trust, &rules::TRUST_TAG_CONDITIONS),
            (key.starts_with("aws:resourcetag/") && is_kms, &rules::KMS_COND_RESOURCE_TAG),
            (key.starts_with("aws:resourcetag/") && self.request.kms.new_grant.is_some(), &rules::KMS_GRANT_NO_TAGS),
            (
                key.starts_with("aws:resourcetag/") && self.request.action.lower() == "iam:passrole",
                &rules::PASS_ROLE_NO_TAGS,
            ),
            (key == "aws:sourceip" && is_through_ec2, &rules::IAM_KEY_SOURCE_IP_FORWARDED),
            (
                key.starts_with("kms:encryptioncontext") && self.request.action.lower() == "kms:creategrant",
                &rules::KMS_COND_CONTEXT_CREATE_GRANT,
            ),
        ]);
        told.extend(overrides("aws:principaltag/"));
        told
    }
}

/// The rules that are chosen.
pub(super) fn chosen<const N: usize>(rows: [(bool, &'static Rule); N]) -> Vec<&'static Rule> {
    rows.into_iter().filter(|(holds, _)| *holds).map(|(_, rule)| rule).collect()
}
