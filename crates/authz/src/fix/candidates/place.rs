//! Where a policy is, whether anybody can change it, and the change once its new text reads.

use std::sync::Arc;

use crate::{
    decide::{TargetKind, bucket_of},
    decision::Gate,
    policy::{Policy, PolicyKind, limits::SizeQuota},
    principal::Principal,
    text::{SourceText, Span},
    world::{Account, KeyManager, PolicyOrigin},
};

use super::{
    super::{Edit, How, Obstacle, PolicyEdit, PolicyPlace, RequestEdit},
    Candidates,
};

/// Where a policy is.
#[derive(Clone, Debug)]
pub(super) enum Where {
    /// In the world.
    World(PolicyPlace),
    /// Among the policies of the caller's session.
    Session(usize),
}

/// A new text for a policy.
pub(super) struct Draw<'p> {
    pub(super) how: How,
    pub(super) before: Option<&'p Arc<Policy>>,
    pub(super) text: SourceText,
    pub(super) kind: PolicyKind,
    /// The statement that was added or changed: its place among the statements of the new text.
    pub(super) statement: Option<usize>,
}

impl Candidates<'_> {
    /// Where a policy of a gate is.
    ///
    /// # Errors
    /// Why nobody can change it.
    pub(super) fn place(
        &self,
        gate: Gate,
        policy: &Arc<Policy>,
        origin: Option<&PolicyOrigin>,
    ) -> Result<Where, Obstacle> {
        match gate {
            Gate::Resource(_) | Gate::Grants => self.place_of_resource().map(Where::World),
            Gate::Session => Ok(Where::Session(self.session_index(policy))),
            Gate::Identity | Gate::Boundary => self.place_of_identity(origin).map(Where::World),
            Gate::ServiceControl | Gate::ResourceControl => self.place_in_organization(origin).map(Where::World),
        }
    }

    /// Where the resource's own policy is.
    pub(super) fn place_of_resource(&self) -> Result<PolicyPlace, Obstacle> {
        let arn = &self.facts.request.resource.arn;
        let unknown = || Obstacle::UnknownResource(arn.clone());
        match &self.facts.target.kind {
            TargetKind::Key { key: Some(key), .. } if key.manager == KeyManager::Aws => {
                Err(Obstacle::AwsManagedKey(key.arn.clone()))
            }
            TargetKind::Key { key: Some(key), .. } => Ok(PolicyPlace::Key(key.arn.clone())),
            TargetKind::Role(Some(role)) if role.is_service_linked() => {
                Err(Obstacle::ServiceLinkedRole(role.identity.arn.clone()))
            }
            TargetKind::Role(Some(role)) => Ok(PolicyPlace::Trust(role.identity.arn.clone())),
            TargetKind::Role(None) => Err(arn.parse().map_or_else(|_| unknown(), Obstacle::NoSuchIdentity)),
            TargetKind::Other(_) if !self.facts.target.policy_is_unknown() => {
                let owner = self.facts.target.owner.ok_or_else(unknown)?;
                Ok(PolicyPlace::Resource { owner, arn: bucket_of(arn).unwrap_or(arn).into() })
            }
            TargetKind::Key { key: None, .. }
            | TargetKind::UnknownKey
            | TargetKind::UnknownRole
            | TargetKind::Other(_) => Err(unknown()),
        }
    }

    fn place_of_identity(&self, origin: Option<&PolicyOrigin>) -> Result<PolicyPlace, Obstacle> {
        let Some(identity) = self.facts.caller.identity() else {
            return Err(Obstacle::UnknownResource("the caller".into()));
        };
        if self.facts.caller.is_service_linked() {
            return Err(Obstacle::ServiceLinkedRole(identity.arn.clone()));
        }
        let name = origin.map_or("", PolicyOrigin::name);
        match origin {
            Some(PolicyOrigin::Managed(arn) | PolicyOrigin::GroupManaged { arn, .. }) => match arn.parse() {
                Ok(arn) if is_of_customer(&arn) => Ok(PolicyPlace::Managed(arn)),
                _ => Err(Obstacle::AwsManagedPolicy(arn.clone())),
            },
            Some(PolicyOrigin::GroupInline { group, .. }) => {
                let account = self.facts.caller.account.and_then(|id| self.facts.world.account(id));
                let found = account.into_iter().flat_map(Account::groups).find(|known| known.name() == &**group);
                let group = found.ok_or_else(|| Obstacle::UnknownResource(group.clone()))?;
                Ok(PolicyPlace::Inline { identity: group.arn.clone(), name: name.into() })
            }
            Some(PolicyOrigin::Inline(_)) | None => {
                Ok(PolicyPlace::Inline { identity: identity.arn.clone(), name: name.into() })
            }
        }
    }

    fn session_index(&self, policy: &Arc<Policy>) -> usize {
        let policies = self.session_policies();
        policies.iter().position(|own| Arc::ptr_eq(own, policy)).unwrap_or_default()
    }

    pub(super) fn session_policies(&self) -> &[Arc<Policy>] {
        match &self.facts.request.principal {
            Principal::Session(session) => &session.policies,
            Principal::FederatedUser(federated) => &federated.policies,
            _ => &[],
        }
    }

    /// A change to a policy, if its new text reads and has room where it is.
    pub(super) fn draw(&mut self, place: Where, drawn: Draw<'_>) -> Option<Edit> {
        let Draw { how, before, text, kind, statement } = drawn;
        let after = Arc::new(Policy::parse(text, kind).ok()?);
        if let Some(obstacle) = self.no_room(&place, &after) {
            self.note(obstacle);
            return None;
        }
        let span = |index: usize| after.statements().get(index).map(|statement| statement.span);
        let statement: Option<Span> = statement.and_then(span);
        Some(match place {
            Where::World(place) => Edit::Policy(PolicyEdit { place, how, before: before.cloned(), after, statement }),
            Where::Session(index) => Edit::Request(RequestEdit::SessionPolicy { index, how, after, statement }),
        })
    }

    /// Whether AWS would refuse the policy for its size.
    fn no_room(&self, place: &Where, after: &Policy) -> Option<Obstacle> {
        let quota = match place {
            Where::Session(_) => SizeQuota::Session,
            Where::World(PolicyPlace::Inline { identity, .. }) => SizeQuota::of_inline(identity),
            Where::World(PolicyPlace::Managed(_)) => SizeQuota::Managed,
            Where::World(PolicyPlace::Trust(_)) => SizeQuota::Trust,
            Where::World(PolicyPlace::Key(_)) => SizeQuota::Key,
            Where::World(PolicyPlace::Resource { .. }) => return None,
            Where::World(PolicyPlace::Organization { .. }) => SizeQuota::of_organization(after.kind()),
        };
        let size = quota.size_of(after.source().text()) + self.size_beside(place, quota);
        let why = quota.check_up_to(size, self.most(place, quota)).err()?;
        Some(Obstacle::TooLarge { policy: after.source().name().into(), why })
    }

    /// What AWS lets in the account that the policy is of.
    fn most(&self, place: &Where, quota: SizeQuota) -> usize {
        let Where::World(PolicyPlace::Trust(role)) = place else { return quota.limit() };
        let account = role.account().parse().ok().and_then(|id| self.facts.world.account(id));
        account.map_or(quota.limit(), Account::role_trust_policy_length)
    }

    /// The size of the other inline policies, all of which count together.
    fn size_beside(&self, place: &Where, quota: SizeQuota) -> usize {
        let Where::World(PolicyPlace::Inline { identity, name }) = place else { return 0 };
        let account = identity.account().parse().ok().and_then(|id| self.facts.world.account(id));
        let group = account.and_then(|account| account.group(identity.as_str())).map(|group| &group.policies);
        let own = self.facts.world.identity(identity).map(|identity| &identity.policies);
        let others = own
            .or(group)
            .into_iter()
            .flatten()
            .filter(|attached| matches!(&attached.origin, PolicyOrigin::Inline(other) if other != name));
        others.map(|attached| quota.size_of(attached.policy.source().text())).sum()
    }
}

/// Whether a managed policy is a customer's, not AWS's own.
fn is_of_customer(arn: &aws_model::Arn) -> bool {
    arn.account() != "aws"
}
