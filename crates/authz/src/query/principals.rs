//! Everybody whom the world knows and who may have to do with a resource.

use std::collections::BTreeMap;

use aws_model::{Arn, KeyArn};

use crate::{
    decide::bucket_of,
    policy::{Effect, PrincipalPattern},
    principal::{FederatedUser, Principal, RoleSession},
    world::{GrantPrincipal, ResourcePolicy, World},
};

/// Every user, role and root user of the world, and whoever the policy of a resource or a grant on it names besides:
/// services, sessions, identity providers, principals of accounts that are not known. By name, each once; a role stands
/// for every plain session of it.
pub(crate) fn principals_around(world: &World, resource: &str) -> Vec<Principal> {
    let mut found = BTreeMap::new();
    let mut add = |principal: Principal| {
        found.entry(principal.to_string()).or_insert(principal);
    };
    for (id, account) in world.accounts() {
        add(Principal::Root(id));
        account.users().for_each(|user| add(Principal::User(user.identity.arn.clone())));
        account.roles().for_each(|role| add(session_of(role.identity.arn.clone())));
    }
    let statements = policy_of(world, resource).into_iter().flat_map(|policy| policy.policy.statements());
    let allowing = statements.filter(|statement| statement.effect.value == Effect::Allow);
    let named = allowing.filter_map(|statement| statement.principals.as_ref()).filter(|element| !element.negated);
    named.flat_map(|element| &element.patterns).filter_map(|pattern| of_pattern(&pattern.value)).for_each(&mut add);
    if let Some(key) = resource.parse::<KeyArn>().ok().and_then(|arn| world.key(&arn)) {
        key.grants.iter().filter_map(|grant| of_grantee(&grant.grantee)).for_each(&mut add);
    }
    found.into_values().collect()
}

/// A plain session of a role.
fn session_of(role: Arn) -> Principal {
    Principal::Session(Box::new(RoleSession::of(role, None)))
}

/// A resource's own policy.
fn policy_of<'a>(world: &'a World, resource: &str) -> Option<&'a ResourcePolicy> {
    if let Ok(arn) = resource.parse::<KeyArn>() {
        return world.key(&arn).map(|key| &key.policy);
    }
    let arn = resource.parse::<Arn>().ok()?;
    if let Some(role) = world.role(&arn) {
        return Some(&role.trust);
    }
    let owner = arn.account().parse().ok().and_then(|owner| world.account(owner)?.resource(resource));
    owner.or_else(|| Some(world.resource_of_anybody(bucket_of(resource).unwrap_or(resource))?.1))?.policy.as_ref()
}

fn of_pattern(pattern: &PrincipalPattern) -> Option<Principal> {
    match pattern {
        PrincipalPattern::Account(account) => Some(Principal::Root(*account)),
        PrincipalPattern::User(arn) => Some(Principal::User(arn.clone())),
        PrincipalPattern::Role(arn) => Some(session_of(arn.clone())),
        PrincipalPattern::RoleSession(arn) | PrincipalPattern::FederatedUser(arn) => of_session(arn),
        PrincipalPattern::Service(service) => Some(Principal::Service(service.clone())),
        PrincipalPattern::Federated(provider) => Some(Principal::Federated { provider: provider.clone() }),
        PrincipalPattern::Anyone => Some(Principal::Anonymous),
        PrincipalPattern::UniqueId(_) | PrincipalPattern::CanonicalUser(_) => None,
    }
}

fn of_grantee(grantee: &GrantPrincipal) -> Option<Principal> {
    match grantee {
        GrantPrincipal::Account(account) => Some(Principal::Root(*account)),
        GrantPrincipal::User(arn) => Some(Principal::User(arn.clone())),
        GrantPrincipal::Role(arn) => Some(session_of(arn.clone())),
        GrantPrincipal::RoleSession(arn) | GrantPrincipal::FederatedUser(arn) => of_session(arn),
        GrantPrincipal::Service(service) => Some(Principal::Service(service.clone())),
    }
}

/// The principal of a session's ARN, which leaves out the role's path: a role at the root of all paths.
fn of_session(arn: &Arn) -> Option<Principal> {
    let (kind, name) = arn.resource().split_once('/')?;
    if kind == "federated-user" {
        let account = arn.account().parse().ok()?;
        return Some(Principal::FederatedUser(Box::new(FederatedUser {
            account,
            name: name.to_owned(),
            parent: None,
            policies: Vec::new(),
            tags: BTreeMap::new(),
        })));
    }
    let (role, session) = name.split_once('/')?;
    let role = format!("arn:{}:iam::{}:role/{role}", arn.partition(), arn.account()).parse().ok()?;
    Some(Principal::Session(Box::new(RoleSession::of(role, Some(session.to_owned())))))
}
