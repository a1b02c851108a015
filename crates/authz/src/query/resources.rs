//! What a principal could act on, as far as the world and its own policies tell.

use std::collections::{BTreeMap, BTreeSet};

use aws_model::{Arn, KeyArn};

use super::{ActsOn, Asked};
use crate::{
    decide::{is_about_trust, is_on_key},
    pattern::{Fit, Manner, Pattern, Resolved, Syntax},
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
    pub(super) fn around(&self, asked: &Asked) -> BTreeSet<String> {
        let Asked { action, acts_on } = asked;
        let forms = acts_on.as_ref().map(Forms::of);
        let known = self.known.get(action.service()).into_iter().flatten();
        let known =
            known.filter_map(|arn| forms.as_ref().map_or_else(|| Some((*arn).to_owned()), |forms| forms.of_it(arn)));
        let about = self.statements.iter().filter(|statement| statement.actions.covers(action.lower()));
        let resources = about.filter_map(|statement| statement.resources.as_ref()).filter(|element| !element.negated);
        let named = resources.flat_map(|element| &element.patterns).map(|pattern| pattern.value.as_str());
        // A pattern of another service's resources is not about this action.
        let is_of_service = |pattern: &&str| match pattern.split(':').nth(2) {
            Some(service) => service == action.service() || matches!((service, action.service()), ("iam", "sts")),
            None => false,
        };
        let is_of_form = |arn: &&str| is_pattern(arn) || forms.as_ref().is_none_or(|forms| forms.fit(arn));
        let named = named.filter(is_of_service).filter(is_of_form).map(str::to_owned);
        let mut around: BTreeSet<String> = known.chain(named).collect();
        // Of what nobody tells what there is, it is at least told whether it is allowed on everything.
        if around.is_empty() || acts_on.as_ref().is_none_or(|acts_on| acts_on.nothing) {
            around.insert(NOTHING.to_owned());
        }
        around.retain(|resource| could_be(action, resource));
        around
    }
}

/// What is done to keys is asked of keys, what trust policies decide of roles: a pattern is neither, and nor is nothing
/// in particular.
fn could_be(action: &Action, resource: &str) -> bool {
    if is_on_key(action) {
        return resource.parse::<KeyArn>().is_ok();
    }
    !is_about_trust(action) || (resource.contains(":role/") && !is_pattern(resource))
}

fn is_pattern(resource: &str) -> bool {
    resource.contains(['*', '?', '$'])
}

/// The forms of the ARNs that an action acts on, compiled.
struct Forms(Vec<Pattern>);

impl Forms {
    fn of(acts_on: &ActsOn) -> Self {
        let syntax = Syntax { wildcards: true, variables: false };
        Self(acts_on.forms.iter().map(|form| Pattern::read(form, syntax)).collect())
    }

    fn fit(&self, arn: &str) -> bool {
        self.0.iter().any(|form| form.fits(arn, Manner::Plain, |_| Resolved::Nothing) == Fit::Yes)
    }

    /// What of a known resource the action acts on: itself, or what is in it, as objects are in a bucket.
    fn of_it(&self, arn: &str) -> Option<String> {
        let within = || Some(format!("{arn}/*")).filter(|within| self.fit(within));
        if self.fit(arn) { Some(arn.to_owned()) } else { within() }
    }
}
