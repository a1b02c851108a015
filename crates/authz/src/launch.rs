//! What starting an instance, making a volume or attaching one asks of KMS: each call, its caller, its order.
//!
//! ```text
//!   Launch { launcher, image, volumes } -- steps --> Step { request, .. } x n     (which calls, as whom)
//!                                       -- forecast, on a World ------> Forecast  (is each let through, what is seen)
//! ```
//!
//! Source: Amazon EBS User Guide, "How Amazon EBS encryption works"; AWS KMS Developer Guide, "Logging AWS KMS API
//! calls with AWS CloudTrail" > "Amazon EC2 example two". Who calls for each launcher stands at [`Launcher`]. What
//! nobody has published is a rule of the ledger with a switch, and the switch changes the steps.

mod caller;
mod forecast;
mod obstacle;
mod steps;
mod symptom;
mod volume;

use aws_model::{AccountId, Arn, KeyArn, Region};

use crate::principal::Principal;

pub use caller::{Caller, NoCaller, ServiceLinked};
pub use forecast::{Forecast, NoForecast, Outcome, StepForecast};
pub use obstacle::Obstacle;
pub use steps::{CONTEXT_KEY, Call, NEW_INSTANCE, NEW_VOLUME, NoSteps, Phase, Step};
pub use symptom::{Shown, Symptom};
pub use volume::{Encryption, KeyNeedsEncrypted, NoDefaultKey, Snapshot, Volume, VolumeKey};

/// A launch, or for [`Launcher::EbsCsi`] a volume for an instance that runs.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The account that the instance is launched in.
    pub account: AccountId,
    /// The region. Keys, grants and `kms:ViaService` are of one region.
    pub region: Region,
    /// Who launches.
    pub launcher: Launcher,
    /// The image; `None` for a volume that is of no image.
    pub image: Option<Image>,
    /// The volumes: the image's root volume and whatever else is mapped or made.
    pub volumes: Vec<Volume>,
    /// The key under which encrypted volumes are for which no key is named; `aws/ebs` of the account, or what
    /// `ModifyEbsDefaultKmsKeyId` set. `None` where it is not known.
    pub default_key: Option<KeyArn>,
    /// Whether the account encrypts new volumes by default, in this region.
    pub encrypts_by_default: bool,
    /// The role of the instance profile, where it is known. It takes no part, as far as that is assumed
    /// ([`LAUNCH_NOT_NODE_ROLE`](crate::rules::LAUNCH_NOT_NODE_ROLE)).
    pub node_role: Option<Arn>,
}

/// What an instance is launched from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Whose it is.
    pub owner: AccountId,
    /// Whether its owner shared it with the account of the launch; `None` where nobody told.
    pub shared: Option<bool>,
}

/// Who launches, which decides who calls KMS. Never the node's own role.
#[derive(Clone, Debug)]
pub enum Launcher {
    /// `RunInstances`, by whoever calls it.
    RunInstances(Principal),
    /// Karpenter: an instant fleet, launched by the controller's role.
    Karpenter {
        /// The controller's role.
        controller: Arn,
        /// On-demand or Spot.
        capacity: Capacity,
    },
    /// `CreateFleet`.
    Fleet(FleetKind),
    /// `RequestSpotInstances`.
    SpotRequest,
    /// An Auto Scaling group.
    AutoScaling {
        /// The suffix of the group's service-linked role, where it has one of its own.
        suffix: Option<Box<str>>,
        /// What the group launches by.
        from: GroupTemplate,
        /// On-demand or Spot.
        capacity: Capacity,
    },
    /// A managed node group of EKS, which is an Auto Scaling group with a launch template.
    NodeGroup,
    /// The EBS CSI driver: makes a volume and attaches it to an instance that runs.
    EbsCsi {
        /// The role of the driver's controller.
        controller: Arn,
    },
    /// EKS Auto Mode.
    AutoMode {
        /// The cluster's role.
        cluster_role: Arn,
    },
}

/// How an instance is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capacity {
    /// On demand.
    OnDemand,
    /// Spot.
    Spot,
}

/// What an Auto Scaling group launches by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupTemplate {
    /// A launch template.
    LaunchTemplate,
    /// A launch configuration, their predecessor.
    LaunchConfiguration,
}

/// The types of fleet.
#[derive(Clone, Debug)]
pub enum FleetKind {
    /// Answers with its instances to who calls; nothing goes on afterwards.
    Instant(Principal),
    /// Asked for once, filled in the background.
    Request,
    /// Kept at its size.
    Maintain,
}

impl Launcher {
    /// Whether an Auto Scaling group tells what became of the launch.
    #[must_use]
    pub const fn is_group(&self) -> bool {
        matches!(self, Self::AutoScaling { .. } | Self::NodeGroup)
    }
}
