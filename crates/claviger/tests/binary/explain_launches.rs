//! `claviger explain` on the corpus's cases of launches: each call to KMS that a launch makes, asked as a user would ask
//! it, in the world that the calls before it left.

use std::{collections::HashSet, path::Path};

use authz::{
    file::{
        case::{LaunchCase, LaunchQuestion},
        world,
    },
    launch::{Call, Step},
    principal::Principal,
    request::{NewGrant, Request},
    rules::{self, Assumptions, Rule, Turns},
    world::{ContextConstraint, Grant, World},
};
use serde_json::{Value, json};

use crate::explain::{asked, corpus, differences};

/// A call as a request file.
fn request_file(request: &Request) -> Value {
    let (principal, session) = match &request.principal {
        Principal::Session(session) => (session.role.to_string(), json!({ "name": session.name })),
        Principal::User(arn) => (arn.to_string(), Value::Null),
        other => panic!("no launch of the corpus is by {other:?}"),
    };
    let context = |pairs: &aws_model::EncryptionContext| -> Value {
        pairs.pairs().map(|(key, value)| (key.to_owned(), Value::from(value))).collect::<serde_json::Map<_, _>>().into()
    };
    let new_grant = |new: &NewGrant| {
        let constraint = match new.constraints.encryption_context.as_ref().unwrap() {
            ContextConstraint::Equals(pairs) => json!({ "encryptionContextEquals": context(pairs) }),
            ContextConstraint::Subset(pairs) => json!({ "encryptionContextSubset": context(pairs) }),
        };
        let operations: Vec<_> = new.operations.iter().map(|operation| operation.as_str()).collect();
        json!({ "grantee": new.grantee.to_string(), "operations": operations, "constraints": constraint })
    };
    let told = request.context.mentioned().map(|(key, told)| {
        let authz::context::Told::Values(values) = told else { panic!("a launch tells what it does not know: {key}") };
        (key.as_str().to_owned(), json!(values))
    });
    json!({
        "principal": principal,
        "session": session,
        "via": request.through,
        "action": request.action.as_str(),
        "resource": &*request.resource.arn,
        "region": request.region.as_ref().map(|region| region.as_str()),
        "encryptionContext": context(&request.kms.encryption_context),
        "encryptionContextIsPartial": request.kms.encryption_context_is_partial,
        "newGrant": request.kms.new_grant.as_ref().map(new_grant),
        "context": told.collect::<serde_json::Map<_, _>>(),
    })
}

/// The grant that the call makes, as KMS would list it afterwards.
fn make_grant(world: &mut World, step: &Step, number: usize) {
    let (new, key) = (step.request.kms.new_grant.as_ref().unwrap(), step.request.resource.arn.parse().unwrap());
    if world.key(&key).is_none() {
        return;
    }
    let grant = Grant {
        id: format!("made-by-step-{number}").into(),
        token: None,
        propagated: Some(true),
        name: None,
        grantee: new.grantee.clone(),
        grantee_unique_id: None,
        retiring: None,
        issuing_account: step.request.principal.account(),
        operations: new.operations,
        constraints: new.constraints.clone(),
    };
    world.put_grant(&key, grant).unwrap();
}

/// As this is off, a launch takes the grants of the world for others than those they name: no world file says so.
const CHANGES_GRANTS: &str = "launch-fleet-grantee-path";

/// What the command was asked already: launches have many calls in common.
type Asked = HashSet<(String, String, Vec<String>)>;

/// Everything in which the command and the forecast differ.
fn wrong(case: &LaunchCase, question: &LaunchQuestion, directory: &Path, asked_already: &mut Asked) -> Vec<String> {
    let assumptions = case.about.off.iter().fold(Assumptions::default(), |all, id| all.with(id, false).unwrap());
    let (Ok(launch), mut world) = (&question.launch, question.world.clone()) else { return Vec::new() };
    let Ok(forecast) = launch.forecast(&world, &assumptions) else { return Vec::new() };
    // The others turn which calls there are, and are none of the command's.
    let decides = |id: &&String| rules::rule(id).and_then(Rule::turns) == Some(Turns::Decisions);
    let off: Vec<_> = case.about.off.iter().filter(decides).cloned().collect();
    let mut wrong = Vec::new();
    for (number, of) in forecast.steps.iter().enumerate() {
        let (world_file, request_file) =
            (world::write(&world, 1_000_000).unwrap(), request_file(&of.step.request).to_string());
        if asked_already.insert((world_file.clone(), request_file.clone(), off.clone())) {
            let (exit, answer) = asked(directory, &world_file, &request_file, &off);
            let call = of.step.call.action();
            let differences = differences(&answer, exit, &of.explanation).into_iter();
            wrong.extend(differences.map(|one| format!("{}: step {number} {call}: {one}", case.about.name)));
        }
        if of.step.call == Call::CreateGrant {
            make_grant(&mut world, &of.step, number);
        }
    }
    wrong
}

#[test]
fn each_call_of_every_launch_of_the_corpus_is_explained_as_the_forecast_decides_it() {
    let directory = tempfile::tempdir().unwrap();
    let cases = corpus().launches;
    let questions = cases.iter().flat_map(|case| {
        let mutant = case.mutant.iter().map(move |mutant| (case, mutant));
        std::iter::once((case, &case.question)).chain(mutant)
    });
    let mut asked = Asked::new();
    let questions = questions.filter(|(case, _)| !case.about.off.iter().any(|off| off == CHANGES_GRANTS));
    let failed = questions.flat_map(|(case, question)| wrong(case, question, directory.path(), &mut asked));
    let failed: Vec<_> = failed.collect();
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), asked.len(), failed.join("\n"));
    assert!(asked.len() > 150, "{} calls were asked", asked.len());
}
