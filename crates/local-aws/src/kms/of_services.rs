//! What other services of AWS need of KMS beside its operations.

use aws_model::{AccountId, Arn, KeyArn, Region};
use jiff::Timestamp;

use super::{
    Kms,
    key::KeyRecord,
    key_id::KeyId,
    key_policy::KeyPolicy,
    kind::KeyKind,
    material,
    state::{Alias, Change},
};
use crate::ServiceError;

/// A key that a service of AWS has in every account and region, and what its description says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ManagedKey {
    pub(crate) alias: &'static str,
    pub(crate) service: &'static str,
    pub(crate) description: &'static str,
}

impl Kms {
    /// The key that an account means in a region, by its id, its alias, or the ARN of either. Whether a key is there is
    /// told of aliases alone: who calls KMS with the rest is told by KMS.
    pub(crate) fn key_named(&self, account: AccountId, region: &Region, text: &str) -> Option<KeyArn> {
        let alias = |owner, name: &str| self.state.alias(owner, region, name).map(|alias| alias.target);
        if text.starts_with("alias/") {
            return alias(account, text);
        }
        match text.parse::<Arn>() {
            Ok(arn) if arn.resource().starts_with("alias/") => alias(arn.account().parse().ok()?, arn.resource()),
            Ok(_) => text.parse().ok(),
            Err(_) => KeyArn::new(region, account, text).ok(),
        }
    }

    /// The key of a service, made when it is first needed.
    ///
    /// Source: AWS KMS Developer Guide, "AWS managed keys"; the policy is that which the console shows for `aws/ebs`.
    pub(crate) fn managed_key(
        &self,
        account: AccountId,
        region: &Region,
        of: ManagedKey,
        now: Timestamp,
    ) -> Result<KeyArn, ServiceError> {
        let state = &*self.state;
        // Under the lock that orders all changes, so that it is made once.
        let mut change = Change::begin(state);
        if let Some(alias) = state.alias(account, region, of.alias) {
            return Ok(alias.target);
        }
        let failed = |why: &dyn std::fmt::Display| ServiceError::internal("KMSInternalException", why.to_string());
        let id = KeyId::new(false);
        let arn = KeyArn::new(region, account, &id.to_string()).map_err(|error| failed(&error))?;
        let policy = KeyPolicy::parse(&policy(account, region, of), state.authorizer().assumptions());
        let record = KeyRecord {
            arn: arn.clone(),
            created: now,
            description: of.description.to_owned(),
            enabled: true,
            deletion: None,
            passing: None,
            policy: policy.map_err(|error| failed(&error))?,
            tags: Default::default(),
            aws_managed: true,
            imports: Default::default(),
            awaits_import: false,
            unavailable: false,
        };
        let kind = KeyKind::default();
        change.new_key(id, record, kind, Some(material::generate(kind.spec)?))?;
        let alias = Alias { target: arn.clone(), created: now, updated: now, ticket: Default::default() };
        change.alias((account, region.clone()), of.alias, Some(alias));
        change.commit();
        Ok(arn)
    }

    /// The grants whose grantee is one of a service's: key, id, and what their context names by a key.
    pub(crate) fn grants_to(&self, is_grantee: impl Fn(&str) -> bool, name: &str) -> Vec<(KeyArn, String, String)> {
        let mut found = Vec::new();
        for key in self.state.keys() {
            for grant in key.grants().after(None).filter(|grant| is_grantee(&grant.grantee)) {
                let context = grant.constraints.encryption_context_subset.as_ref();
                if let Some((_, value)) = context.and_then(|context| context.pairs().find(|(key, _)| *key == name)) {
                    found.push((grant.key.clone(), grant.id.clone(), value.to_owned()));
                }
            }
        }
        found
    }

    /// Ends grants that a service has had made, as far as they are there.
    pub(crate) fn end_grants<'g>(&self, grants: impl IntoIterator<Item = (&'g KeyArn, &'g str)>) {
        let mut change = Change::begin(&self.state);
        for (key, id) in grants {
            if let Some(key) = self.state.key_at(key)
                && let Some(grant) = key.grants().get(id).cloned()
            {
                change.grant_gone(&key, grant);
            }
        }
        change.commit();
    }
}

fn policy(account: AccountId, region: &Region, of: ManagedKey) -> String {
    let (partition, service) = (region.partition(), of.service);
    let name = of.alias.rsplit('/').next().unwrap_or_default();
    let shown = name.to_uppercase();
    format!(
        r#"{{
  "Version" : "2012-10-17",
  "Id" : "auto-{name}-2",
  "Statement" : [ {{
    "Sid" : "Allow access through {shown} for all principals in the account that are authorized to use {shown}",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "*"
    }},
    "Action" : [ "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey" ],
    "Resource" : "*",
    "Condition" : {{
      "StringEquals" : {{
        "kms:CallerAccount" : "{account}",
        "kms:ViaService" : "{service}.{region}.amazonaws.com"
      }}
    }}
  }}, {{
    "Sid" : "Allow direct access to key metadata to the account",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "arn:{partition}:iam::{account}:root"
    }},
    "Action" : [ "kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant" ],
    "Resource" : "*"
  }} ]
}}"#
    )
}
