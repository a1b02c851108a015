//! Whether a launch would work: its calls, decided one after the other, each in the world that the former left.

use aws_model::{Arn, KeyArn};

use super::{Call, Launch, NoSteps, Obstacle, ServiceLinked, Step, Symptom};
use crate::{
    decision::{Explanation, Verdict},
    formula::Formula,
    phrase::AccessDenied,
    rules::{self, Assumptions},
    world::{ChangeError, Grant, GrantPrincipal, KeyManager, World},
};

/// What would become of a launch.
#[derive(Clone, Debug)]
pub struct Forecast {
    /// Every call up to the first that surely fails.
    pub steps: Vec<StepForecast>,
    /// What stops it; `None` if nothing surely does.
    pub obstacle: Option<Obstacle>,
    /// What people see of it, in their order.
    pub symptoms: Vec<Symptom>,
}

/// What would become of one call.
#[derive(Clone, Debug)]
pub struct StepForecast {
    /// The call.
    pub step: Step,
    /// Whether it is let through, and why.
    pub explanation: Explanation,
}

/// Whether it works.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It does, whatever is unknown.
    Works,
    /// It does not, whatever is unknown.
    Fails,
    /// It does exactly if this holds.
    WorksIff(Formula),
}

/// Why there is no forecast.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoForecast {
    /// The launch is not told fully.
    #[error(transparent)]
    Steps(#[from] NoSteps),
    /// The world does not take what the launch does to it.
    #[error("the world does not take what the launch would change: {0}")]
    Change(#[from] ChangeError),
}

impl Forecast {
    /// Whether the launch works, as far as permissions and key states decide.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        if self.obstacle.is_some() {
            return Outcome::Fails;
        }
        let residuals = self.steps.iter().filter_map(|step| match &step.explanation.verdict {
            Verdict::AllowedIff(residual) => Some(residual.clone()),
            Verdict::Allowed | Verdict::Denied(_) => None,
        });
        match Formula::all(residuals) {
            Formula::True => Outcome::Works,
            residual => Outcome::WorksIff(residual),
        }
    }

    /// The call that fails, if one does.
    #[must_use]
    pub fn failing(&self) -> Option<&StepForecast> {
        matches!(self.obstacle, Some(Obstacle::Denied | Obstacle::KeyState(_))).then(|| self.steps.last()).flatten()
    }

    /// KMS's own error for the call that fails, as CloudTrail has it: it tells a denial from a key's state, which EC2's
    /// codes do not.
    #[must_use]
    pub fn kms_error(&self, assumptions: &Assumptions) -> Option<&'static str> {
        match &self.obstacle {
            Some(Obstacle::KeyState(state)) => state.error,
            _ => self.denial(assumptions)?.code.map(|code| code.name),
        }
    }

    /// What KMS says to the call that is denied, in AWS's own words: the `errorMessage` of CloudTrail's record.
    #[must_use]
    pub fn denial(&self, assumptions: &Assumptions) -> Option<AccessDenied> {
        let failing = self.failing()?;
        match &failing.explanation.verdict {
            Verdict::Denied(denial) => Some(denial.error(&failing.step.request, assumptions)),
            Verdict::Allowed | Verdict::AllowedIff(_) => None,
        }
    }
}

impl Launch {
    /// Decides each call, in the world that the calls before it left: what CreateGrant makes, Decrypt relies on.
    ///
    /// # Errors
    ///
    /// [`NoForecast`].
    pub fn forecast(&self, world: &World, assumptions: &Assumptions) -> Result<Forecast, NoForecast> {
        let steps = self.steps(assumptions)?;
        let caller = self.caller(assumptions).map_err(NoSteps::from)?;
        let obstacle = Obstacle::before(self, &caller, world);
        let mut forecast = Forecast { steps: Vec::new(), obstacle, symptoms: Vec::new() };
        if forecast.obstacle.is_some() {
            return Ok(forecast);
        }
        let mut world = world.clone();
        if let (false, Some((which, role))) = (assumptions.launch_fleet_grantee_path, &caller.service_linked) {
            take_pathless_grantees(&mut world, &steps, which, role)?;
        }
        for mut step in steps {
            let explanation = world.explain(&step.request, assumptions);
            forecast.obstacle = Obstacle::of(&explanation);
            if forecast.obstacle.is_none() && step.call == Call::CreateGrant {
                make_grant(&mut world, &step, forecast.steps.len())?;
            }
            if self.launcher.is_group() && key_of(&step, &world).is_some_and(|key| key.manager == KeyManager::Aws) {
                step.rules.push(&rules::LAUNCH_AWS_MANAGED_NEEDS_NOTHING);
            }
            forecast.steps.push(StepForecast { step, explanation });
            if forecast.obstacle.is_some() {
                break;
            }
        }
        forecast.symptoms = forecast.symptoms(self, assumptions);
        Ok(forecast)
    }
}

fn key_of<'w>(step: &Step, world: &'w World) -> Option<&'w crate::world::Key> {
    world.key(&step.request.resource.arn.parse::<KeyArn>().ok()?)
}

/// Adds the grant that a CreateGrant makes, if the key is known.
fn make_grant(world: &mut World, step: &Step, number: usize) -> Result<(), ChangeError> {
    let (Some(new), Some(key)) = (&step.request.kms.new_grant, key_of(step, world)) else { return Ok(()) };
    let key = key.arn.clone();
    let grant = Grant {
        id: format!("made by step {} of the launch", number + 1).into(),
        token: None,
        name: None,
        grantee: new.grantee.clone(),
        grantee_unique_id: None,
        retiring: new.retiring.clone(),
        issuing_account: step.request.principal.account(),
        operations: new.operations,
        constraints: new.constraints.clone(),
    };
    world.put_grant(&key, grant)
}

/// Lets grants be for a fleet's or Spot's service-linked role that name it without its path, as EC2's guide writes it.
/// Only where `launch-fleet-grantee-path` is switched off.
fn take_pathless_grantees(
    world: &mut World,
    steps: &[Step],
    which: &ServiceLinked,
    role: &Arn,
) -> Result<(), ChangeError> {
    if matches!(which, ServiceLinked::AutoScaling(_)) {
        return Ok(());
    }
    let pathless = format!("arn:{}:iam::{}:role/{}", role.partition(), role.account(), which.role_name());
    for step in steps {
        let Some(key) = key_of(step, world) else { continue };
        let meant: Vec<Grant> = key
            .grants
            .iter()
            .filter(|grant| matches!(&grant.grantee, GrantPrincipal::Role(arn) if arn.as_str() == pathless))
            .map(|grant| Grant {
                grantee: GrantPrincipal::Role(role.clone()),
                grantee_unique_id: None,
                ..Grant::clone(grant)
            })
            .collect();
        let key = key.arn.clone();
        for grant in meant {
            world.put_grant(&key, grant)?;
        }
    }
    Ok(())
}
