//! What is acted on, as the world knows it: whose it is and which policy it has.

use std::collections::BTreeMap;

use aws_model::{AccountId, Arn, KeyArn};

use crate::{
    policy::PolicyKind,
    request::{Action, Request},
    world::{Key, KeyManager, ResourcePolicy, Role, World},
};

use super::{key_state, kms};

/// A resource, with what the world knows of it.
pub(crate) struct Target<'a> {
    /// Whose it is; `None` where neither its ARN, nor the request, nor the world tells.
    pub(crate) owner: Option<AccountId>,
    pub(crate) kind: TargetKind<'a>,
    /// The tags, where they are known.
    pub(crate) tags: Option<&'a BTreeMap<String, String>>,
}

/// What a resource's own policy is and how it takes part.
pub(crate) enum TargetKind<'a> {
    /// A role that is to be assumed; its trust policy must let the caller in. `None` where there is no such role.
    Role(Option<&'a Role>),
    /// A role of an account whose roles are not all known.
    UnknownRole,
    /// A KMS key; its key policy must let the caller in. `None` where the key is not known.
    Key { arn: KeyArn, key: Option<&'a Key> },
    /// A key, but nobody told which: all that is told of it is an alias, or nothing.
    UnknownKey,
    /// A resource whose policy, if it has one, is one of two ways in.
    Other(OtherPolicy<'a>),
}

/// The policy of a resource that is neither a role nor a key.
pub(crate) enum OtherPolicy<'a> {
    Known(&'a ResourcePolicy),
    /// There is none, or there are none of this kind.
    None,
    /// Nobody told.
    Unknown,
}

impl<'a> Target<'a> {
    pub(super) fn of(world: &'a World, request: &'a Request, caller_account: Option<AccountId>) -> Self {
        let text = &*request.resource.arn;
        let told_tags = (!request.resource.tags.is_empty()).then_some(&request.resource.tags);
        if request.action.service() == kms::SERVICE
            && let Ok(arn) = text.parse::<KeyArn>()
        {
            let key = world.key(&arn);
            let tags = key.filter(|key| !key.untold.tags).map(|key| &key.tags).or(told_tags);
            return Self { owner: Some(arn.account()), kind: TargetKind::Key { arn, key }, tags };
        }
        // What tags a key that is yet to be made is on no key.
        let is_of_new_key = text == "*" && request.action.lower() == "kms:tagresource";
        if key_state::is_on_key(&request.action) && !is_of_new_key {
            let told = text.parse::<Arn>().ok().and_then(|arn| arn.account().parse().ok());
            let owner = told.or(request.resource.owner).or(caller_account);
            return Self { owner, kind: TargetKind::UnknownKey, tags: told_tags };
        }
        let Ok(arn) = text.parse::<Arn>() else {
            // No resource in particular: the caller's account itself.
            let owner = request.resource.owner.or(caller_account);
            // Which role is to be assumed, nobody told.
            let is_some_role = request.action.lower().starts_with("sts:assumerole");
            let kind = if is_some_role { TargetKind::UnknownRole } else { TargetKind::Other(OtherPolicy::None) };
            return Self { owner, kind, tags: told_tags };
        };
        let owner = arn.account().parse().ok().or(request.resource.owner);
        if arn.service() == "iam" {
            return Self::in_iam(world, request, &arn, owner);
        }
        // Who answers for it may be told to be another than the account in its ARN.
        Self::elsewhere(world, request, request.resource.owner.or(owner))
    }

    /// IAM's own resources have no policies but roles' trust policies, which decide about nothing but assuming.
    fn in_iam(world: &'a World, request: &'a Request, arn: &Arn, owner: Option<AccountId>) -> Self {
        let account = owner.and_then(|id| world.account(id));
        let role = account.and_then(|account| account.role(arn.as_str()));
        let user = account.and_then(|account| account.user(arn.as_str()));
        let identity = role.map(|role| &role.identity).or(user.map(|user| &user.identity));
        let tags = identity.map(|identity| &identity.tags);
        let tags = tags.or_else(|| (!request.resource.tags.is_empty()).then_some(&request.resource.tags));
        let kind = if is_about_trust(&request.action) && arn.resource().starts_with("role/") {
            let is_known = account.is_some_and(|account| role.is_some() || !account.identities_are_partial);
            if is_known { TargetKind::Role(role) } else { TargetKind::UnknownRole }
        } else {
            TargetKind::Other(OtherPolicy::None)
        };
        Self { owner, kind, tags }
    }

    fn elsewhere(world: &'a World, request: &'a Request, owner: Option<AccountId>) -> Self {
        let text = &*request.resource.arn;
        // The ARN of a bucket names no account: whoever has it, has it.
        let known = |text: &str| match owner {
            Some(id) => world.account(id).and_then(|account| Some((id, account.resource(text)?))),
            None => world.resource_of_anybody(text),
        };
        let itself = known(text);
        let found = itself.or_else(|| known(bucket_of(text)?));
        let told_tags = (!request.resource.tags.is_empty()).then_some(&request.resource.tags);
        // An object has tags of its own.
        let tags = itself.map(|(_, resource)| &resource.tags).or(told_tags);
        let is_known_whole = owner.is_some_and(|id| world.account(id).is_some());
        let policy = match found {
            Some((_, resource)) => resource.policy.as_ref().map_or(OtherPolicy::None, OtherPolicy::Known),
            // Of a known account all policies are known; KMS has none but those of keys.
            None if is_known_whole || request.action.service() == kms::SERVICE => OtherPolicy::None,
            None => OtherPolicy::Unknown,
        };
        Self { owner: owner.or(found.map(|(id, _)| id)), kind: TargetKind::Other(policy), tags }
    }

    /// Whether it is a key that a service of AWS made and keeps.
    pub(super) fn is_aws_managed_key(&self) -> bool {
        matches!(&self.kind, TargetKind::Key { key: Some(key), .. } if key.manager == KeyManager::Aws)
    }

    /// The kind of the resource's own policy.
    pub(super) const fn policy_kind(&self) -> PolicyKind {
        match self.kind {
            TargetKind::Role(_) | TargetKind::UnknownRole => PolicyKind::Trust,
            TargetKind::Key { .. } | TargetKind::UnknownKey => PolicyKind::Key,
            TargetKind::Other(_) => PolicyKind::Resource,
        }
    }

    /// The resource's own policy, if it is known.
    pub(crate) const fn policy(&self) -> Option<&'a ResourcePolicy> {
        match &self.kind {
            TargetKind::Role(Some(role)) => Some(&role.trust),
            TargetKind::Key { key: Some(key), .. } => Some(&key.policy),
            TargetKind::Other(OtherPolicy::Known(policy)) => Some(policy),
            _ => None,
        }
    }

    /// Whether its policy is unknown, rather than not there.
    pub(crate) const fn policy_is_unknown(&self) -> bool {
        matches!(
            self.kind,
            TargetKind::UnknownRole
                | TargetKind::UnknownKey
                | TargetKind::Key { key: None, .. }
                | TargetKind::Other(OtherPolicy::Unknown)
        )
    }
}

/// Whether it is the trust policy that answers.
///
/// Source: IAM User Guide, "How to use trust policies with IAM roles"; AWS STS API Reference, "AssumeRole" (session
/// tags need `sts:TagSession`, source identities `sts:SetSourceIdentity` in the trust policy).
pub(crate) fn is_about_trust(action: &Action) -> bool {
    matches!(
        action.lower(),
        "sts:assumerole"
            | "sts:assumerolewithsaml"
            | "sts:assumerolewithwebidentity"
            | "sts:tagsession"
            | "sts:setsourceidentity"
            | "sts:setcontext"
    )
}

/// The bucket of an object, whose policy is about the objects in it, too.
///
/// Source: Amazon S3 User Guide, "Bucket policies for Amazon S3".
pub(crate) fn bucket_of(arn: &str) -> Option<&str> {
    let mut fields = arn.splitn(6, ':').skip(2);
    let (service, region, account, name) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let (bucket, _) = name.split_once('/').filter(|_| service == "s3" && region.is_empty() && account.is_empty())?;
    arn.get(..arn.len() - name.len() + bucket.len())
}
