//! The policy simulator: what the authorization model says of requests that nobody makes.
//!
//! As on AWS, what is simulated are the policies of an identity: its own, its boundary and the organization's. The policy of
//! a resource takes part where it is given.
//!
//! Source: IAM API Reference, "SimulatePrincipalPolicy", "SimulateCustomPolicy"; IAM User Guide, "IAM policy testing
//! with the IAM policy simulator".

mod asked;
mod context_keys;
mod given;
mod result;
mod work;

use authz::{
    policy::{Policy, PolicyKind},
    principal::{Principal, RoleSession},
    rules::Assumptions,
    world::World,
};
use aws_catalog::access::IamKind;
use aws_model::Arn;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

use self::{
    asked::{Asked, Simulation},
    given::Given,
    result::told,
    work::{Budget, Documents},
};
use super::{
    call::{Call, input},
    documents::read,
    fault,
    paging::Page,
    records::told::path_and_name,
};
use crate::ServiceError;

pub(super) use context_keys::{of_custom, of_principal};

/// What a simulated user and boundary are called, which IAM makes none of.
const SIMULATED: &str = "(simulated)";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simulate {
    policy_source_arn: Option<String>,
    #[serde(default)]
    policy_input_list: Vec<String>,
    #[serde(default)]
    permissions_boundary_policy_input_list: Vec<String>,
    #[serde(flatten)]
    given: Given,
    #[serde(flatten)]
    asked: Asked,
    #[serde(flatten)]
    page: Page,
}

/// Source: the members that ask for what is not answered here.
const REFUSED: [&str; 2] = ["PolicyExclusionList", "ResourceHandlingOption"];

pub(super) fn simulate(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    if let Some(member) = REFUSED.iter().find(|member| value.get(*member).is_some()) {
        return Err(fault::invalid_input(format!("{member} is not supported by the embedded AWS's policy simulator.")));
    }
    let input: Simulate = input(value)?;
    let mut budget = Budget::new();
    let boundaries = &input.permissions_boundary_policy_input_list;
    budget.read(input.policy_input_list.iter().chain(boundaries).chain(input.given.documents()))?;
    let (mut world, principal) = match &input.policy_source_arn {
        Some(arn) => of_source(call, arn)?,
        None => nobody(call)?,
    };
    let principal = input.given.caller(&mut world, principal)?;
    let carrier = match &principal {
        Principal::Session(session) => session.role.clone(),
        Principal::User(arn) => arn.clone(),
        _ => return Err(fault::invalid_input("Only users, groups and roles can be simulated.")),
    };
    for (at, document) in (1..).zip(&input.policy_input_list) {
        let name = format!("PolicyInputList.{at}");
        let policy = parsed(&name, document)?;
        world.put_inline_policy(&carrier, &name, policy).map_err(|refused| refused_by_model(&refused))?;
    }
    if let [boundary, more @ ..] = boundaries.as_slice() {
        if !more.is_empty() {
            return Err(fault::invalid_input("A principal has one permissions boundary at most."));
        }
        let arn = call.arn(IamKind::Policy, "/", SIMULATED)?;
        let policy = parsed("PermissionsBoundaryPolicyInputList.1", boundary)?;
        let put = world.put_managed_policy(&arn, policy).and_then(|()| world.set_boundary(&carrier, Some(&arn)));
        put.map_err(|refused| refused_by_model(&refused))?;
    }
    input.given.organization(call, &mut world)?;
    let owner = input.given.resource_policy(call, &mut world, &carrier, input.asked.resources())?;
    let assumptions = call.state.authorizer().assumptions();
    let documents = Documents::of(&world, &carrier);
    let documents = input.given.resource_document().map_or(documents, |document| documents.with(document));
    let asked = &input.asked;
    let simulation = Simulation { world: &world, assumptions, principal: &principal, owner, asked, documents };
    // What is not on the page is not simulated.
    let entries = (0..).zip(asked.actions()?).map(|(at, action): (u32, _)| (format!("{at:06}"), action));
    input.page.try_of("EvaluationResults", entries, |(name, action)| {
        simulation.of_action(name, &action, &mut budget).map(|result| told(&result))
    })
}

/// The facts, and a user, role or member of a group that is there.
fn of_source(call: &Call<'_>, text: &str) -> Result<(World, Principal), ServiceError> {
    let refuse = || fault::invalid_arn(text);
    let arn: Arn = text.parse().map_err(|_| refuse())?;
    let (_, name) = path_and_name(&arn);
    let realm = call.realm();
    let kind = [IamKind::User, IamKind::Role, IamKind::Group]
        .into_iter()
        .find(|kind| arn.resource().starts_with(&format!("{}/", kind.name())))
        .ok_or_else(refuse)?;
    realm.carried(kind, &name)?;
    let mut world = call.state.authorizer().world().clone();
    let principal = match kind {
        IamKind::Role => Principal::Session(Box::new(RoleSession::of(arn, None))),
        IamKind::Group => {
            let member = call.arn(IamKind::User, "/", SIMULATED)?;
            let joined = world.put_user(&member, SIMULATED).and_then(|()| world.add_to_group(&member, &arn));
            joined.map_err(|refused| refused_by_model(&refused))?;
            Principal::User(member)
        }
        _ => Principal::User(arn),
    };
    Ok((world, principal))
}

/// No facts but a user without policies.
fn nobody(call: &Call<'_>) -> Result<(World, Principal), ServiceError> {
    let user = call.arn(IamKind::User, "/", SIMULATED)?;
    let mut world = World::new();
    world.put_user(&user, SIMULATED).map_err(|refused| refused_by_model(&refused))?;
    Ok((world, Principal::User(user)))
}

fn parsed(name: &str, document: &str) -> Result<Arc<Policy>, ServiceError> {
    let read = read(name, document, PolicyKind::Identity, &Assumptions::default());
    read.map(Arc::new).map_err(|malformed| fault::invalid_input(malformed.message()))
}

fn refused_by_model(refused: &authz::world::ChangeError) -> ServiceError {
    fault::invalid_input(refused.to_string())
}
