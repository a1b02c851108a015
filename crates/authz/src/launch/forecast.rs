//! Whether a launch would work: its calls, decided one after the other, each in the world that the former left.

mod grants;

use std::{collections::BTreeSet, sync::Arc};

use aws_model::KeyArn;

use self::grants::{make_grant, take_pathless_grantees};
use super::{Call, Launch, Launcher, NoSteps, Obstacle, Step, Symptom};
use crate::{
    context::ContextKey,
    decision::{Explanation, Verdict},
    formula::{Asks, Atom, Formula},
    phrase::AccessDenied,
    rules::{self, Assumptions, Rule},
    world::{ChangeError, Key, KeyManager, World},
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
    /// Rules about the launch as a whole that had a say.
    rules: Vec<&'static Rule>,
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
        match Formula::all(residuals).and(self.of_unknown_states()) {
            Formula::True => Outcome::Works,
            residual => Outcome::WorksIff(residual),
        }
    }

    /// That the keys whose states nobody told are in one for what is asked of them.
    fn of_unknown_states(&self) -> Formula {
        let is_unknown =
            |step: &&StepForecast| step.explanation.key_state.as_ref().is_some_and(|state| state.state.is_none());
        let keys: BTreeSet<&str> =
            self.steps.iter().filter(is_unknown).map(|step| &*step.step.request.resource.arn).collect();
        Formula::all(keys.into_iter().map(|key| {
            let asks = Asks::Fact(format!("the key {key} is enabled").into());
            Formula::Atom(Arc::new(Atom { key: ContextKey::new("kms:KeyState"), asks }))
        }))
    }

    /// Every rule that had a say, sorted by id: of the launch, its calls, their verdicts, the obstacle and what is seen.
    #[must_use]
    pub fn rules(&self) -> Vec<&'static Rule> {
        let of_steps = self.steps.iter().flat_map(|step| step.step.rules.iter().chain(&step.explanation.rules));
        let seen = self.symptoms.iter().map(|symptom| symptom.rule);
        let obstacle = self.obstacle.as_ref().and_then(Obstacle::rule);
        let mut all: Vec<_> = self.rules.iter().chain(of_steps).copied().chain(seen).chain(obstacle).collect();
        all.sort_unstable_by_key(|rule| rule.id);
        all.dedup_by_key(|rule| rule.id);
        all
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
        let mut forecast = Forecast { steps: Vec::new(), obstacle, symptoms: Vec::new(), rules: self.rules() };
        if forecast.obstacle.is_some() {
            return Ok(forecast);
        }
        let mut world = world.clone();
        if let (false, Some((which, role))) = (assumptions.launch_fleet_grantee_path, &caller.service_linked) {
            take_pathless_grantees(&mut world, &steps, which, role)?;
        }
        for step in steps {
            let StepForecast { mut step, explanation } = decided(step, &world, assumptions);
            forecast.obstacle = Obstacle::of(&explanation, assumptions);
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

impl Launch {
    /// Rules that show in no call: by some of them a call is not made.
    fn rules(&self) -> Vec<&'static Rule> {
        let mut rules: Vec<&'static Rule> =
            vec![&rules::LAUNCH_NO_DESCRIBE_KEY, &rules::LAUNCH_NO_ENCRYPT, &rules::LAUNCH_SAME_KEY_NO_RE_ENCRYPT];
        if self.node_role.is_some() {
            rules.push(&rules::LAUNCH_NOT_NODE_ROLE);
        }
        let is_of_image = !matches!(self.launcher, Launcher::EbsCsi { .. });
        for volume in &self.volumes {
            let is_kept_back = volume.snapshot.as_ref().is_some_and(|snapshot| snapshot.shared == Some(false));
            if is_of_image && is_kept_back {
                rules.push(&rules::LAUNCH_SNAPSHOT_NOT_SHARED);
            }
            if volume.snapshot.is_some() && volume.snapshot_key().is_none() {
                rules.push(&rules::LAUNCH_PLAIN_SNAPSHOT);
            }
        }
        rules
    }
}

/// The call, on that of the keys it can be made on which lets it through best; on the first if none does.
fn decided(step: Step, world: &World, assumptions: &Assumptions) -> StepForecast {
    let others: Vec<Step> = step.or_keys.iter().map(|key| step.on(key)).collect();
    let explained = |step: Step| StepForecast { explanation: world.explain(&step.request, assumptions), step };
    let mut best = explained(step);
    for other in others.into_iter().map(explained) {
        if hindrance(&other, assumptions) < hindrance(&best, assumptions) {
            best = other;
        }
    }
    best
}

/// 0 for what is surely let through, 1 for what may be, 2 for what surely is not.
fn hindrance(step: &StepForecast, assumptions: &Assumptions) -> u8 {
    match (Obstacle::of(&step.explanation, assumptions), &step.explanation.verdict) {
        (Some(_), _) => 2,
        (None, Verdict::Allowed) => 0,
        (None, Verdict::Denied(_) | Verdict::AllowedIff(_)) => 1,
    }
}

fn key_of<'w>(step: &Step, world: &'w World) -> Option<&'w Key> {
    world.key(&step.request.resource.arn.parse::<KeyArn>().ok()?)
}
