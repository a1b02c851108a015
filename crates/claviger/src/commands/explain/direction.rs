//! The other directions of a question: who may do something, what somebody may do.

use std::collections::BTreeSet;

use authz::{
    policy::Effect,
    principal::Principal,
    query::{ActsOn, Asked, Circumstances},
    render::{MayDo, Theme, WhoMay},
    request::Request,
    rules::Assumptions,
    world::World,
};
use aws_catalog::authorization::{Action, ActionResource, Service};

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

/// The published actions of the services, told or found in the principal's policies, each with what it acts on.
fn actions(world: &World, principal: &Principal, told: &[String]) -> Result<Vec<Asked>, Failure> {
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
    let all = services.into_iter().flat_map(|service| service.actions().iter().map(move |action| (service, action)));
    // What is published reads.
    let asked = all.filter_map(|(service, action)| {
        Some(Asked { action: action.full_name().parse().ok()?, acts_on: Some(acts_on(service, action)) })
    });
    Ok(asked.collect())
}

/// What an action acts on, as AWS publishes it.
fn acts_on(service: &Service, action: &Action) -> ActsOn {
    let named = action.resource_types().iter();
    let types = named.filter_map(|named| service.resource_type(named.name()));
    ActsOn {
        forms: types.map(|known| form(known.arn()).into()).collect(),
        nothing: !action.resource_types().iter().any(ActionResource::is_required),
    }
}

/// The form of ARNs, with `*` in place of each `${Name}`.
fn form(published: &str) -> String {
    let mut parts = published.split("${");
    let start = parts.next().unwrap_or_default().to_owned();
    parts.fold(start, |form, part| form + "*" + part.split_once('}').map_or(part, |(_, rest)| rest))
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
