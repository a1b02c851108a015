//! A cluster's account, the account that holds its keys, and launches of the one with keys of the other.

use authz::launch::{Capacity, GroupTemplate, Image, Launch, Launcher, Snapshot, Volume, VolumeKey};
use aws_model::{AccountId, Arn, KeyArn};

/// The account of the cluster.
pub(crate) const CLUSTER: &str = "111122223333";
/// The account of the keys.
pub(crate) const KEYS: &str = "444455556666";
/// The key that both seeds and issues are about.
pub(crate) const FOREIGN: &str = "arn:aws:kms:us-west-2:444455556666:key/1a2b3c4d-5e6f-1a2b-3c4d-5e6f1a2b3c4d";
/// A customer managed key of the cluster's account.
pub(crate) const OWN: &str = "arn:aws:kms:us-west-2:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321";
/// `aws/ebs` of the cluster's account.
pub(crate) const MANAGED: &str = "arn:aws:kms:us-west-2:111122223333:key/eb5eb5eb-09fe-87dc-65ba-ab0987654321";

pub(crate) const CONTROLLER: &str = "arn:aws:iam::111122223333:role/KarpenterController";
pub(crate) const NODE: &str = "arn:aws:iam::111122223333:role/AmazonEKSNodeRole";
pub(crate) const AUTO_SCALING: &str =
    "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
pub(crate) const SPOT: &str =
    "arn:aws:iam::111122223333:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot";

/// Which image and which key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// An image of the own account whose snapshot is under the foreign key, no key named.
    OwnImage,
    /// An image that the keys' account shared, its snapshot under the foreign key, no key named.
    SharedImage,
    /// The same with a key of the own account named for the volume.
    OtherKey,
    /// A plain image with the foreign key named.
    PlainImage,
    /// A plain image, encrypted under the account's default key, `aws/ebs`.
    DefaultKey,
    /// A volume of no snapshot with the foreign key named, as the EBS CSI driver makes for a new claim.
    EmptyVolume,
}

impl Case {
    pub(crate) const ALL: [Self; 6] =
        [Self::OwnImage, Self::SharedImage, Self::OtherKey, Self::PlainImage, Self::DefaultKey, Self::EmptyVolume];
    /// Those whose volume is of a snapshot, as every root volume is.
    pub(crate) const OF_IMAGES: [Self; 5] =
        [Self::OwnImage, Self::SharedImage, Self::OtherKey, Self::PlainImage, Self::DefaultKey];

    /// As the pages tell it.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::OwnImage => "an image of the own account, its snapshot under the foreign key, no key named",
            Self::SharedImage => {
                "an image that the keys' account shared, its snapshot under the foreign key, no key named: the volume is under `aws/ebs`"
            }
            Self::OtherKey => "the same shared image, with a key of the own account named for the volume",
            Self::PlainImage => "a plain image, with the foreign key named for the volume",
            Self::DefaultKey => "a plain image, the volume under the account's default key, `aws/ebs`",
            Self::EmptyVolume => {
                "no image: a volume of no snapshot, with the foreign key named, as the EBS CSI driver makes for a new claim"
            }
        }
    }

    /// In few words.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::OwnImage => "own image",
            Self::SharedImage => "shared image",
            Self::OtherKey => "shared image, other key",
            Self::PlainImage => "plain image",
            Self::DefaultKey => "default key",
            Self::EmptyVolume => "empty volume",
        }
    }

    fn volume(self) -> Volume {
        let (owner, key, named) = match self {
            Self::OwnImage => (CLUSTER, Some(FOREIGN), VolumeKey::Unsaid),
            Self::SharedImage => (KEYS, Some(FOREIGN), VolumeKey::Unsaid),
            Self::OtherKey => (KEYS, Some(FOREIGN), VolumeKey::Named(key(OWN))),
            Self::PlainImage => (CLUSTER, None, VolumeKey::Named(key(FOREIGN))),
            Self::DefaultKey => (CLUSTER, None, VolumeKey::Default),
            Self::EmptyVolume => {
                return Volume { device: "/dev/xvdb".into(), snapshot: None, key: VolumeKey::Named(key(FOREIGN)) };
            }
        };
        let snapshot = Snapshot { owner: account(owner), key: key_if(key), associated_keys: Vec::new(), shared: None };
        Volume { device: "/dev/xvda".into(), snapshot: Some(snapshot), key: named }
    }

    /// A launch of this image in the cluster's account.
    pub(crate) fn launched_by(self, launcher: Launcher) -> Launch {
        let volume = self.volume();
        let owner = volume.snapshot.as_ref().map_or(account(CLUSTER), |snapshot| snapshot.owner);
        Launch {
            account: account(CLUSTER),
            region: "us-west-2".parse().unwrap(),
            launcher,
            image: Some(Image { owner, shared: Some(true) }),
            volumes: vec![volume],
            default_key: Some(key(MANAGED)),
            encrypts_by_default: false,
            node_role: Some(arn(NODE)),
        }
    }
}

fn key_if(text: Option<&str>) -> Option<KeyArn> {
    text.map(key)
}

pub(crate) fn key(text: &str) -> KeyArn {
    text.parse().unwrap()
}

pub(crate) fn arn(text: &str) -> Arn {
    text.parse().unwrap()
}

pub(crate) fn account(text: &str) -> AccountId {
    text.parse().unwrap()
}

pub(crate) fn karpenter(capacity: Capacity) -> Launcher {
    Launcher::Karpenter { controller: arn(CONTROLLER), capacity }
}

pub(crate) fn group() -> Launcher {
    Launcher::AutoScaling { suffix: None, from: GroupTemplate::LaunchTemplate, capacity: Capacity::OnDemand }
}
