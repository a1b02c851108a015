//! Keys that tell of a call to KMS.

use aws_model::EncryptionContext;

use crate::{
    context::Others,
    matching::Lookup,
    request::NewGrant,
    world::{ContextConstraint, GrantOperation, GrantPrincipal, Key, KeyUsage},
};

use super::{
    super::{
        kms::{SERVICE, is_property},
        target::TargetKind,
    },
    ABSENT, Facts, UNKNOWN, flag, known, many, one, owned,
};

const SYMMETRIC_DEFAULT: &str = "SYMMETRIC_DEFAULT";

impl<'a> Facts<'a> {
    /// Source: AWS KMS Developer Guide, "AWS KMS condition keys", each key's own paragraph.
    pub(super) fn of_kms(&'a self, name: &str) -> Option<Lookup<'a>> {
        if self.request.action.service() != SERVICE {
            return None;
        }
        let is_untold_grant = self.request.action.lower() == "kms:creategrant" && self.request.kms.new_grant.is_none();
        let takes_constraint = is_untold_grant && self.assumptions.kms_cond_context_create_grant;
        if let Some(pair) = name.strip_prefix("encryptioncontext:") {
            return if takes_constraint { None } else { self.encryption_context_value(pair) };
        }
        match name {
            "calleraccount" => known(self.caller.account.as_ref().map(aws_model::AccountId::as_str)),
            "viaservice" => self.via_service(),
            "encryptioncontextkeys" if takes_constraint => None,
            "encryptioncontextkeys" => self.encryption_context_keys(),
            "grantisforawsresource" => self.grant_is_for_aws_resource(),
            "encryptionalgorithm" => self.encryption_algorithm(),
            "requestalias" => known(self.request.kms.request_alias.as_deref()),
            "granteeprincipal"
            | "granteeserviceprincipal"
            | "retiringprincipal"
            | "retiringserviceprincipal"
            | "grantoperations"
            | "grantconstrainttype"
            | "grantconstraintsourcearn" => match &self.request.kms.new_grant {
                Some(grant) => self.of_new_grant(grant, name),
                None if is_untold_grant => None,
                None => ABSENT,
            },
            _ => match &self.target.kind {
                TargetKind::Key { key: Some(key), arn } => of_key(key, arn.is_multi_region(), name),
                TargetKind::Key { key: None, .. } | TargetKind::UnknownKey => None,
                _ if !is_property(name) => None,
                // What a key that is to be made will be like is in the request.
                _ if self.request.action.lower() == "kms:createkey" => self.of_key_to_make(name),
                _ => ABSENT,
            },
        }
    }

    /// `ec2.us-west-2.amazonaws.com` for `ec2.amazonaws.com`: the service that makes the call, in the key's region, in
    /// every partition.
    fn via_service(&'a self) -> Option<Lookup<'a>> {
        let is_ec2 = self.caller.is_infrastructure() && !self.assumptions.kms_cond_via_infrastructure;
        let service = self.request.through.last().map_or(if is_ec2 { "ec2.amazonaws.com" } else { "" }, |last| last);
        if service.is_empty() {
            return ABSENT;
        }
        let region = self.request.region.as_ref().map(aws_model::Region::as_str).or_else(|| self.region_of_key());
        match (service.find(".amazonaws.com"), region) {
            (Some(end), Some(region)) => {
                let name = service.get(..end).unwrap_or_default();
                // Some services call under the name of their region already.
                let name = name.strip_suffix(region).and_then(|name| name.strip_suffix('.')).unwrap_or(name);
                owned(format!("{name}.{region}.amazonaws.com"))
            }
            (Some(_), None) => UNKNOWN,
            (None, _) => one(service),
        }
    }

    /// True only when a service calls for the principal.
    fn grant_is_for_aws_resource(&'a self) -> Option<Lookup<'a>> {
        let is_there = matches!(self.request.action.lower(), "kms:creategrant" | "kms:listgrants" | "kms:revokegrant");
        match (is_there, self.request.through.is_empty()) {
            (false, _) => ABSENT,
            (true, false) => flag(true),
            (true, true) if self.assumptions.kms_cond_for_aws_resource_false => flag(false),
            (true, true) => ABSENT,
        }
    }

    pub(super) fn region_of_key(&'a self) -> Option<&'a str> {
        match &self.target.kind {
            TargetKind::Key { arn, .. } => Some(arn.region().as_str()),
            _ => None,
        }
    }

    /// The encryption context of a cryptographic operation; for `CreateGrant` that of the grant's constraint.
    fn encryption_context(&'a self) -> &'a EncryptionContext {
        let constraint =
            self.request.kms.new_grant.as_ref().and_then(|grant| grant.constraints.encryption_context.as_ref());
        match constraint {
            Some(ContextConstraint::Equals(pairs) | ContextConstraint::Subset(pairs))
                if self.assumptions.kms_cond_context_create_grant =>
            {
                pairs
            }
            _ => &self.request.kms.encryption_context,
        }
    }

    /// Keys of pairs are compared without case here; who wants the case asks `kms:EncryptionContextKeys`.
    fn encryption_context_value(&'a self, lower_case_key: &str) -> Option<Lookup<'a>> {
        let found = self.encryption_context().pairs().find(|(key, _)| key.to_ascii_lowercase() == lower_case_key);
        match found {
            Some((_, value)) => one(value),
            None if self.request.kms.encryption_context_is_partial => UNKNOWN,
            None => ABSENT,
        }
    }

    fn encryption_context_keys(&'a self) -> Option<Lookup<'a>> {
        if self.request.kms.encryption_context_is_partial {
            return UNKNOWN;
        }
        many(self.encryption_context().pairs().map(|(key, _)| key))
    }

    /// Symmetric keys and data keys know one algorithm.
    ///
    /// Source: AWS KMS Developer Guide, "AWS KMS condition keys" > "kms:EncryptionAlgorithm".
    fn encryption_algorithm(&'a self) -> Option<Lookup<'a>> {
        let is_symmetric = matches!(&self.target.kind, TargetKind::Key { key: Some(key), .. }
            if key.usage == KeyUsage::SymmetricEncryption);
        match self.request.action.lower().strip_prefix("kms:").unwrap_or_default() {
            name if name.starts_with("generatedatakey") => one(SYMMETRIC_DEFAULT),
            "decrypt" | "encrypt" | "reencryptfrom" | "reencryptto" if is_symmetric => one(SYMMETRIC_DEFAULT),
            "decrypt" | "encrypt" | "reencryptfrom" | "reencryptto" => self.left_out(SYMMETRIC_DEFAULT),
            _ => ABSENT,
        }
    }

    /// Source: AWS KMS API Reference, "CreateKey", each parameter's default.
    fn of_key_to_make(&'a self, name: &str) -> Option<Lookup<'a>> {
        match name {
            "keyspec" | "customermasterkeyspec" => self.left_out(SYMMETRIC_DEFAULT),
            "keyusage" | "customermasterkeyusage" => self.left_out(usage(KeyUsage::SymmetricEncryption)),
            "keyorigin" => self.left_out("AWS_KMS"),
            "multiregion" => self.left_out("false"),
            _ => None,
        }
    }

    /// A parameter that was not told: where nothing else is in the request, it has its default.
    fn left_out(&'a self, default: &'static str) -> Option<Lookup<'a>> {
        match self.request.context.others() {
            Others::Absent => one(default),
            Others::Unknown => None,
        }
    }

    fn of_new_grant(&'a self, grant: &'a NewGrant, name: &str) -> Option<Lookup<'a>> {
        match name {
            "granteeprincipal" => self.grant_principal(Some(&grant.grantee)),
            "granteeserviceprincipal" => grant_service(Some(&grant.grantee)),
            "retiringprincipal" => self.grant_principal(grant.retiring.as_ref()),
            "retiringserviceprincipal" => grant_service(grant.retiring.as_ref()),
            "grantoperations" => many(grant.operations.iter().map(GrantOperation::as_str)),
            "grantconstrainttype" => match &grant.constraints.encryption_context {
                Some(ContextConstraint::Equals(_)) => one("EncryptionContextEquals"),
                Some(ContextConstraint::Subset(_)) => one("EncryptionContextSubset"),
                None => ABSENT,
            },
            _ => known(grant.constraints.source_arn.as_deref()),
        }
    }

    fn grant_principal(&'a self, principal: Option<&'a GrantPrincipal>) -> Option<Lookup<'a>> {
        match principal {
            Some(GrantPrincipal::Account(account)) => owned(format!("arn:{}:iam::{account}:root", self.partition())),
            Some(
                GrantPrincipal::User(arn)
                | GrantPrincipal::Role(arn)
                | GrantPrincipal::RoleSession(arn)
                | GrantPrincipal::FederatedUser(arn),
            ) => one(arn.as_str()),
            Some(GrantPrincipal::Service(_)) | None => ABSENT,
        }
    }
}

fn grant_service(principal: Option<&GrantPrincipal>) -> Option<Lookup<'_>> {
    match principal {
        Some(GrantPrincipal::Service(service)) => one(service),
        _ => ABSENT,
    }
}

fn of_key<'a>(key: &'a Key, is_multi_region: bool, name: &str) -> Option<Lookup<'a>> {
    match name {
        "resourcealiases" if key.untold.aliases => UNKNOWN,
        "resourcealiases" => many(key.aliases.iter().map(|alias| &**alias)),
        "multiregion" => flag(is_multi_region),
        _ => match key.attributes.iter().find(|(attribute, _)| attribute.strip_prefix("kms:") == Some(name)) {
            Some((_, value)) => one(value),
            None if name == "keyusage" => one(usage(key.usage)),
            None => None,
        },
    }
}

const fn usage(usage: KeyUsage) -> &'static str {
    match usage {
        KeyUsage::SymmetricEncryption | KeyUsage::AsymmetricEncryption => "ENCRYPT_DECRYPT",
        KeyUsage::Signing => "SIGN_VERIFY",
        KeyUsage::Mac => "GENERATE_VERIFY_MAC",
        KeyUsage::KeyAgreement => "KEY_AGREEMENT",
        KeyUsage::KeyEncapsulation => "ENCAPSULATE_DECAPSULATE",
    }
}
