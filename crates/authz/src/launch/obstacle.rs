//! What surely stops a launch.

use std::fmt;

use aws_model::{AccountId, KeyArn};

use super::{Caller, Launch, Launcher, NoCaller, Volume};
use crate::{
    decision::{Explanation, KeyStateVerdict, Verdict},
    rules::{self, Assumptions, Rule},
    world::{KeyManager, KeyUsage, World},
};

/// What surely stops a launch. Nobody being allowed and a key being in no state for it are obstacles of their own,
/// though EC2 tells both by one code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The image is another account's, which did not share it.
    ImageNotShared(AccountId),
    /// The snapshot is another account's, which did not share it, and is not that of an image.
    SnapshotNotShared(AccountId),
    /// A foreign image or snapshot is under an AWS managed key, which nobody else can use.
    ManagedKeyNotShared(KeyArn),
    /// A volume's key is of another region.
    OtherRegion(KeyArn),
    /// A volume's key is no symmetric encryption key.
    NotSymmetric(KeyArn),
    /// The service-linked role that would call is not there.
    NoCaller(NoCaller),
    /// The last of the steps is denied.
    Denied,
    /// The last of the steps is not surely denied, but its key is in no state for it.
    KeyState(KeyStateVerdict),
}

impl Obstacle {
    /// What stands in the way before KMS is asked at all.
    pub(super) fn before(launch: &Launch, caller: &Caller, world: &World) -> Option<Self> {
        launch
            .unshared_image()
            .or_else(|| launch.volumes.iter().find_map(|volume| launch.hindered(volume, world)))
            .or_else(|| caller.in_world(world).err().map(Self::NoCaller))
    }

    /// What a decided call shows to be in the way.
    pub(super) fn of(explanation: &Explanation, assumptions: &Assumptions) -> Option<Self> {
        let of_state = explanation.key_state.as_ref().filter(|state| state.error.is_some());
        match (&explanation.verdict, of_state) {
            (Verdict::Denied(_), Some(state)) if !assumptions.kms_state_after_denial => {
                Some(Self::KeyState(state.clone()))
            }
            (Verdict::Denied(_), _) => Some(Self::Denied),
            (_, state) => state.cloned().map(Self::KeyState),
        }
    }

    /// The rule by which it is one; `None` for what the step's own explanation tells.
    #[must_use]
    pub const fn rule(&self) -> Option<&'static Rule> {
        Some(match self {
            Self::ImageNotShared(_) => &rules::LAUNCH_IMAGE_SHARED,
            Self::SnapshotNotShared(_) => &rules::LAUNCH_VOLUME_SNAPSHOT_SHARED,
            Self::ManagedKeyNotShared(_) => &rules::LAUNCH_AWS_MANAGED_NOT_SHARED,
            Self::OtherRegion(_) => &rules::KMS_REGIONAL,
            Self::NotSymmetric(_) => &rules::LAUNCH_SYMMETRIC_ONLY,
            Self::NoCaller(_) => &rules::SLR_EXISTS_FIRST,
            Self::Denied | Self::KeyState(_) => return None,
        })
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ImageNotShared(owner) => write!(
                f,
                "account {owner} did not share the image: `aws ec2 modify-image-attribute --launch-permission`, there"
            ),
            Self::SnapshotNotShared(owner) => {
                write!(f, "account {owner} did not share the snapshot: `aws ec2 modify-snapshot-attribute`, there")
            }
            Self::ManagedKeyNotShared(key) => write!(
                f,
                "{key} is an AWS managed key of account {}, which no other account can use: copy the image or snapshot \
                 under a customer managed key there, and share that",
                key.account()
            ),
            Self::OtherRegion(key) => {
                write!(f, "{key} is of {}, and the volume of another region: name a key of its own", key.region())
            }
            Self::NotSymmetric(key) => {
                write!(f, "{key} is no symmetric encryption key, which volumes need: name one that is")
            }
            Self::NoCaller(missing) => missing.fmt(f),
            Self::Denied => f.write_str("KMS denies the call"),
            Self::KeyState(verdict) => match verdict.error {
                Some(error) => write!(f, "KMS refuses the call for the key's state, whoever makes it: {error}"),
                None => f.write_str("the key's state is not known"),
            },
        }
    }
}

impl Launch {
    fn unshared_image(&self) -> Option<Obstacle> {
        let image = self.image.as_ref()?;
        let is_kept_back = image.owner != self.account && image.shared == Some(false);
        is_kept_back.then_some(Obstacle::ImageNotShared(image.owner))
    }

    fn hindered(&self, volume: &Volume, world: &World) -> Option<Obstacle> {
        let is_of_image = !matches!(self.launcher, Launcher::EbsCsi { .. });
        if let Some(snapshot) = volume.snapshot.as_ref().filter(|snapshot| snapshot.owner != self.account) {
            if !is_of_image && snapshot.shared == Some(false) {
                return Some(Obstacle::SnapshotNotShared(snapshot.owner));
            }
            let managed = snapshot.key.as_ref().filter(|key| is_managed_by_aws(key, world));
            if let Some(key) = managed {
                return Some(Obstacle::ManagedKeyNotShared(key.clone()));
            }
        }
        let key = self.key_of(volume).ok().flatten()?.key;
        if *key.region() != self.region {
            return Some(Obstacle::OtherRegion(key.clone()));
        }
        let is_other_usage = world.key(key).is_some_and(|key| key.usage != KeyUsage::SymmetricEncryption);
        is_other_usage.then(|| Obstacle::NotSymmetric(key.clone()))
    }
}

fn is_managed_by_aws(key: &KeyArn, world: &World) -> bool {
    world.key(key).is_some_and(|key| key.manager == KeyManager::Aws)
}
