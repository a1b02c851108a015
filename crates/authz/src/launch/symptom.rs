//! What people see of a launch that fails by its key.

use super::{Forecast, Launch, Launcher, Obstacle, Phase};
use crate::rules::{self, Assumptions, Rule};

/// One thing that is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symptom {
    /// Where.
    pub shown: Shown,
    /// AWS's code for it; `None` where no code comes, only words.
    pub code: Option<&'static str>,
    /// The words.
    pub text: &'static str,
    /// Who says so.
    pub rule: &'static Rule,
}

/// Where something is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shown {
    /// In the answer to the call that launches or makes a volume.
    Answer,
    /// In `StateReason` of the instance (`aws ec2 describe-instances`).
    StateReason,
    /// In `StatusMessage` of the group's activity (`aws autoscaling describe-scaling-activities`).
    ScalingActivity,
    /// In the answer to `aws ec2 describe-volumes` of the volume.
    DescribeVolumes,
    /// In the answer to `AttachVolume`.
    AttachVolume,
}

const CHECKED_LATER: Symptom = Symptom {
    shown: Shown::Answer,
    code: None,
    text: "success, for the key is looked at afterwards",
    rule: &rules::LAUNCH_KEY_CHECKED_LATER,
};
const STATE_REASON: Symptom = Symptom {
    shown: Shown::StateReason,
    code: Some("Client.InvalidKMSKey.InvalidState"),
    text: "The KMS key provided is in an incorrect state",
    rule: &rules::LAUNCH_FAILS_INVALID_STATE,
};
const GROUP: Symptom = Symptom {
    shown: Shown::ScalingActivity,
    code: Some("Client.InternalError"),
    text: "Client error on launch",
    rule: &rules::LAUNCH_FAILS_AUTO_SCALING,
};
const INACCESSIBLE: Symptom = Symptom {
    shown: Shown::ScalingActivity,
    code: None,
    text: "encrypted with an inaccessible AWS KMS key",
    rule: &rules::LAUNCH_FAILS_INACCESSIBLE,
};
const VOLUME: Symptom = Symptom {
    shown: Shown::DescribeVolumes,
    code: Some("InvalidVolume.NotFound"),
    text: "the volume does not exist any more",
    rule: &rules::LAUNCH_FAILS_VOLUME,
};
const ATTACH: Symptom = Symptom {
    shown: Shown::AttachVolume,
    code: Some("CustomerKeyHasBeenRevoked"),
    text: "the key cannot be used to attach the volume",
    rule: &rules::LAUNCH_FAILS_ATTACH,
};

impl Forecast {
    /// What people see of the failure, as far as it is published: nothing for a launch that nothing surely stops, or that
    /// stops before KMS is asked.
    pub(super) fn symptoms(&self, launch: &Launch, assumptions: &Assumptions) -> Vec<Symptom> {
        let (Some(obstacle @ (Obstacle::Denied | Obstacle::KeyState(_))), Some(last)) =
            (&self.obstacle, self.steps.last())
        else {
            return Vec::new();
        };
        let is_denied = *obstacle == Obstacle::Denied;
        let mut seen = Vec::new();
        match (&launch.launcher, last.step.phase) {
            (Launcher::EbsCsi { .. }, Phase::Create) => {
                seen.push(CHECKED_LATER);
                // Of a key in another state the guide tells nothing.
                seen.extend(is_denied.then_some(VOLUME));
            }
            (Launcher::EbsCsi { .. }, Phase::Attach) => seen.push(ATTACH),
            (launcher, _) => {
                seen.extend([CHECKED_LATER, STATE_REASON]);
                seen.extend(launcher.is_group().then_some(GROUP));
                let is_of_image = launch
                    .volumes
                    .iter()
                    .filter_map(|volume| volume.snapshot_key())
                    .any(|key| key.as_str() == &*last.step.request.resource.arn);
                let is_quoted =
                    launcher.is_group() && is_denied && is_of_image && assumptions.launch_fails_inaccessible;
                seen.extend(is_quoted.then_some(INACCESSIBLE));
            }
        }
        seen
    }
}
