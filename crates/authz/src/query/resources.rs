//! What a principal could act on, as far as the world and its own policies tell.

use std::collections::{BTreeMap, BTreeSet};

use aws_model::{Arn, KeyArn};

use crate::{
    decide::is_on_key,
    policy::{Effect, Statement},
    principal::Principal,
    request::Action,
    world::World,
};

/// What there is, and what the principal's policies name.
pub(super) struct Resources<'a> {
    /// The ARNs of what the world knows, by service.
    known: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// The statements that allow, of the principal's own policies.
    statements: Vec<&'a Statement>,
}

/// On nothing in particular.
const NOTHING: &str = "*";

impl<'a> Resources<'a> {
    pub(super) fn of(world: &'a World, principal: &Principal) -> Self {
        let mut known: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for (_, account) in world.accounts() {
            known.entry("kms").or_default().extend(account.keys().map(|key| key.arn.as_str()));
            let roles = || account.roles().map(|role| role.identity.arn.as_str());
            known.entry("sts").or_default().extend(roles());
            known.entry("iam").or_default().extend(roles());
            known.entry("iam").or_default().extend(account.users().map(|user| user.identity.arn.as_str()));
            for (arn, _) in account.resources() {
                known.entry(arn.split(':').nth(2).unwrap_or_default()).or_default().insert(arn);
            }
        }
        let arn: Option<&Arn> = match principal {
            Principal::User(arn) => Some(arn),
            Principal::Session(session) => Some(&session.role),
            Principal::FederatedUser(federated) => federated.parent.as_ref(),
            _ => None,
        };
        let policies = arn.and_then(|arn| world.identity(arn)).map(|identity| &identity.policies);
        let statements = policies
            .into_iter()
            .flatten()
            .flat_map(|attached| attached.policy.statements())
            .filter(|statement| statement.effect.value == Effect::Allow)
            .collect();
        Self { known, statements }
    }

    /// What an action could be about, by name.
    pub(super) fn around(&self, action: &Action) -> BTreeSet<String> {
        let known = self.known.get(action.service()).into_iter().flatten().copied();
        let about = self.statements.iter().filter(|statement| statement.actions.covers(action.lower()));
        let resources = about.filter_map(|statement| statement.resources.as_ref()).filter(|element| !element.negated);
        let named = resources.flat_map(|element| &element.patterns).map(|pattern| pattern.value.as_str());
        // A pattern of another service's resources is not about this action.
        let is_of_service = |pattern: &&str| match pattern.split(':').nth(2) {
            Some(service) => service == action.service() || matches!((service, action.service()), ("iam", "sts")),
            None => false,
        };
        // What is done to keys is asked of keys: a pattern is none, and neither is nothing in particular.
        let could_be = |resource: &&str| !is_on_key(action) || resource.parse::<KeyArn>().is_ok();
        known.chain(named.filter(is_of_service)).chain([NOTHING]).filter(could_be).map(str::to_owned).collect()
    }
}
