//! The calls to KMS, in their order.

mod of_volume;

use aws_model::KeyArn;

use crate::{
    request::Request,
    rules::{self, Assumptions, Rule},
};

use self::of_volume::OfVolume;
pub use self::of_volume::{CONTEXT_KEY, NEW_INSTANCE, NEW_VOLUME};
use super::{Launch, NoDefaultKey};

/// One call to KMS.
#[derive(Clone, Debug)]
pub struct Step {
    /// The device of the volume that it is for.
    pub device: Box<str>,
    /// Making the volume, or attaching it.
    pub phase: Phase,
    /// What is called.
    pub call: Call,
    /// The call, as KMS gets it.
    pub request: Request,
    /// Keys on which the call would do as well: a snapshot can be read by any of those associated with it.
    pub or_keys: Vec<KeyArn>,
    /// Why it is made, why so, and why by this caller.
    pub rules: Vec<&'static Rule>,
}

/// What is being done when a call is made. A failure in either ends the launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The volume is made.
    Create,
    /// The volume is attached.
    Attach,
}

/// The operations that EBS calls, or is told by its guides to need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// A data key for the volume.
    GenerateDataKeyWithoutPlaintext,
    /// The grant by which EC2's infrastructure decrypts.
    CreateGrant,
    /// The data key is decrypted.
    Decrypt,
    /// The snapshot's data key leaves its key.
    ReEncryptFrom,
    /// The snapshot's data key comes under the volume's key.
    ReEncryptTo,
    /// The key is looked at. No published launch does.
    DescribeKey,
    /// Something is encrypted. No published launch does.
    Encrypt,
    /// A data key in the open. No published launch does.
    GenerateDataKey,
}

/// What keeps a launch from being told as calls.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSteps {
    /// A volume is under a key that nobody told.
    #[error(transparent)]
    NoDefaultKey(#[from] NoDefaultKey),
    /// A name makes no ARN.
    #[error("the launch cannot be told as calls to KMS, for its account, region or suffix makes no ARN: {0}")]
    Arn(#[from] aws_model::InvalidArn),
    /// A call makes no action.
    #[error(transparent)]
    Action(#[from] crate::request::InvalidAction),
}

impl Call {
    /// The IAM action.
    #[must_use]
    pub const fn action(self) -> &'static str {
        match self {
            Self::GenerateDataKeyWithoutPlaintext => "kms:GenerateDataKeyWithoutPlaintext",
            Self::CreateGrant => "kms:CreateGrant",
            Self::Decrypt => "kms:Decrypt",
            Self::ReEncryptFrom => "kms:ReEncryptFrom",
            Self::ReEncryptTo => "kms:ReEncryptTo",
            Self::DescribeKey => "kms:DescribeKey",
            Self::Encrypt => "kms:Encrypt",
            Self::GenerateDataKey => "kms:GenerateDataKey",
        }
    }
}

impl Step {
    /// The same call on another key.
    #[must_use]
    pub(super) fn on(&self, key: &KeyArn) -> Self {
        let mut other = self.clone();
        other.request.resource.arn = key.as_str().into();
        other
    }
}

impl Launch {
    /// Every call to KMS, in order; none for plain volumes.
    ///
    /// # Errors
    ///
    /// [`NoSteps`].
    pub fn steps(&self, assumptions: &Assumptions) -> Result<Vec<Step>, NoSteps> {
        let mut steps = Vec::new();
        for volume in &self.volumes {
            if let Some(encryption) = self.key_of(volume)? {
                OfVolume::new(self, volume, encryption, assumptions)?.push_to(&mut steps)?;
            }
        }
        Ok(steps)
    }

    /// Every call to KMS that a dry run of the launch makes (`DryRun: true`, as Karpenter does to try a NodeClass): none,
    /// as far as that is assumed, so that it passes whatever the key.
    ///
    /// # Errors
    ///
    /// [`NoSteps`].
    pub fn steps_of_dry_run(&self, assumptions: &Assumptions) -> Result<Vec<Step>, NoSteps> {
        if assumptions.launch_dry_run_without_kms {
            return Ok(Vec::new());
        }
        let mut steps = self.steps(assumptions)?;
        for step in &mut steps {
            step.rules.push(&rules::LAUNCH_DRY_RUN_WITHOUT_KMS);
        }
        Ok(steps)
    }
}
