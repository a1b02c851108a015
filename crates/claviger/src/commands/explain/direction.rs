//! The other directions of a question: who may do something, what somebody may do.

use std::collections::BTreeSet;

use authz::{
    policy::Effect,
    principal::Principal,
    query::Circumstances,
    render::{MayDo, Theme, WhoMay},
    request::{Action, Request},
    rules::Assumptions,
    world::World,
};
use aws_catalog::authorization::Service;

use crate::{
    failure::{Failure, Problem},
    printer::Printer,
};

/// The services that are always asked about: keys and roles have policies of their own, which let in whom they name.
const ALWAYS: [&str; 2] = ["kms", "sts"];

/// Who may do what the request does, whoever the request says.
pub(super) fn who_can(
    world: &World,
    request: &Request,
    assumptions: &Assumptions,
    printer: Printer,
) -> Result<(), Failure> {
    let Request { action, resource, .. } = request;
    let found = world.who_can(action, resource, &circumstances(request), assumptions);
    let answer = WhoMay { world, action, resource: &resource.arn, found: &found };
    Ok(printer.either(|| answer.text(Theme::COLOUR), || answer.json())?)
}

/// What the request's principal may do with the services of this list, or with those that its policies name.
pub(super) fn what_can(
    world: &World,
    request: &Request,
    services: &[String],
    assumptions: &Assumptions,
    printer: Printer,
) -> Result<(), Failure> {
    let actions = actions(world, &request.principal, services)?;
    let found = world.what_can(&request.principal, &actions, &circumstances(request), assumptions);
    let answer = MayDo { principal: &request.principal, found: &found };
    Ok(printer.either(|| answer.text(Theme::COLOUR), || answer.json())?)
}

fn circumstances(request: &Request) -> Circumstances {
    let mut kms = request.kms.clone();
    kms.encryption_context_is_partial |= kms.encryption_context.is_empty();
    Circumstances {
        through: request.through.clone(),
        region: request.region.clone(),
        kms,
        context: request.context.clone(),
    }
}

/// The published actions of the services, told or found in the principal's policies.
fn actions(world: &World, principal: &Principal, told: &[String]) -> Result<Vec<Action>, Failure> {
    let mut services = Vec::new();
    let mut problems = Vec::new();
    for name in told {
        match aws_catalog::service(name) {
            Some(service) => services.push(service),
            None => problems.push(Problem::new(format_args!("--service: there is no service `{name}`"))),
        }
    }
    if !problems.is_empty() {
        return Err(Failure::usage(problems));
    }
    if told.is_empty() {
        let named = ALWAYS.into_iter().map(str::to_owned).chain(named_services(world, principal));
        services = named.collect::<BTreeSet<_>>().iter().filter_map(|name| aws_catalog::service(name)).collect();
    }
    let names = services.into_iter().flat_map(Service::actions).map(aws_catalog::authorization::Action::full_name);
    // What is published reads.
    Ok(names.filter_map(|name| name.parse().ok()).collect())
}

/// The services whose actions the principal's own policies allow by name.
fn named_services(world: &World, principal: &Principal) -> BTreeSet<String> {
    let arn = match principal {
        Principal::Session(session) => Some(&session.role),
        Principal::User(arn) => Some(arn),
        _ => None,
    };
    let identity = arn.and_then(|arn| world.identity(arn));
    let statements = identity.into_iter().flat_map(|identity| &identity.policies).flat_map(|it| it.policy.statements());
    let allowing = statements.filter(|statement| statement.effect.value == Effect::Allow);
    let patterns = allowing.flat_map(|statement| &statement.actions.patterns);
    patterns.filter_map(|pattern| Some(pattern.value.as_str().split_once(':')?.0.to_ascii_lowercase())).collect()
}
