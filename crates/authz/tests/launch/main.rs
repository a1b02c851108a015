//! Launches: which calls to KMS they make, as whom, what becomes of them and what people see.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failing test says where")]

mod callers;
mod fixture;
mod forecast;
mod keys;
mod page;
mod proof;
mod properties;
mod steps;
mod switches;

use authz::{
    file::{NoFiles, world},
    launch::{Forecast, Launch, Step},
    principal::Principal,
    rules::Assumptions,
    text::SourceText,
    world::World,
};

/// Reads a world as people write it.
fn a_world(yaml: &str) -> World {
    let read = world::read(&SourceText::new("world", yaml.to_owned()), &NoFiles);
    read.unwrap_or_else(|wrong| panic!("{wrong}\n{yaml}"))
}

/// Each step as `CALL on KEY as CALLER`: the key by its account, the caller by its role's or user's name.
fn told(steps: &[Step]) -> Vec<String> {
    steps
        .iter()
        .map(|step| {
            let call = step.call.action().trim_start_matches("kms:");
            let key = fixture::key(&step.request.resource.arn);
            let name = match key.as_str() {
                fixture::FOREIGN => "foreign",
                fixture::OWN => "own",
                fixture::MANAGED => "aws/ebs",
                other => other,
            };
            format!("{call} on {name} as {}", caller(step))
        })
        .collect()
}

fn caller(step: &Step) -> String {
    let arn = match &step.request.principal {
        Principal::Session(session) => &session.role,
        Principal::User(arn) => arn,
        other => panic!("a launch does not call as {other:?}"),
    };
    arn.resource().rsplit('/').next().unwrap().to_owned()
}

fn steps(launch: &Launch) -> Vec<Step> {
    steps_if(launch, &Assumptions::default())
}

fn steps_if(launch: &Launch, assumptions: &Assumptions) -> Vec<Step> {
    launch.steps(assumptions).unwrap()
}

fn forecast(launch: &Launch, world: &World) -> Forecast {
    launch.forecast(world, &Assumptions::default()).unwrap()
}
