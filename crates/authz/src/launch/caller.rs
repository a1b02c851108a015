//! Who calls KMS, for each way to launch.

use aws_model::{Arn, InvalidArn};

use super::{Capacity, FleetKind, GroupTemplate, Launch, Launcher};
use crate::{
    principal::{Principal, RoleSession},
    rules::{self, Assumptions, Rule},
    world::World,
};

/// Who calls KMS for a launch, and by which rules.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The caller. Sessions have no name: what services call theirs is not published.
    pub principal: Principal,
    /// Why this one.
    pub rules: Vec<&'static Rule>,
    /// The service-linked role that has to exist for it, if it is one.
    pub service_linked: Option<(ServiceLinked, Arn)>,
}

/// The service-linked roles that launch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceLinked {
    /// `AWSServiceRoleForAutoScaling`, or one of the suffix's.
    AutoScaling(Option<Box<str>>),
    /// `AWSServiceRoleForEC2Fleet`.
    Fleet,
    /// `AWSServiceRoleForEC2Spot`.
    Spot,
}

/// The service-linked role that launches does not exist in the account.
///
/// A grant cannot be made for it either: KMS refuses a grantee that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the service-linked role {role} does not exist, so nothing can be launched as it: `aws iam \
     create-service-linked-role --aws-service-name {service}`, in account {}", role.account()
)]
pub struct NoCaller {
    /// The role.
    pub role: Arn,
    /// The service that it belongs to.
    pub service: &'static str,
}

impl ServiceLinked {
    /// The service that assumes it.
    #[must_use]
    pub const fn service(&self) -> &'static str {
        match self {
            Self::AutoScaling(_) => "autoscaling.amazonaws.com",
            Self::Fleet => "ec2fleet.amazonaws.com",
            Self::Spot => "spot.amazonaws.com",
        }
    }

    /// Its name, behind the path.
    #[must_use]
    pub fn role_name(&self) -> String {
        match self {
            Self::AutoScaling(None) => "AWSServiceRoleForAutoScaling".to_owned(),
            Self::AutoScaling(Some(suffix)) => format!("AWSServiceRoleForAutoScaling_{suffix}"),
            Self::Fleet => "AWSServiceRoleForEC2Fleet".to_owned(),
            Self::Spot => "AWSServiceRoleForEC2Spot".to_owned(),
        }
    }
}

impl Launch {
    /// Who calls KMS.
    ///
    /// # Errors
    ///
    /// [`InvalidArn`], if the service-linked role's suffix makes no name of a role.
    pub fn caller(&self, assumptions: &Assumptions) -> Result<Caller, InvalidArn> {
        Ok(match &self.launcher {
            Launcher::RunInstances(caller) => Caller::of(caller.clone(), &rules::LAUNCH_RUN_INSTANCES_CALLER),
            Launcher::Karpenter { controller, capacity: Capacity::OnDemand } => {
                Caller::of_role(controller, &rules::LAUNCH_KARPENTER_CALLER)
            }
            Launcher::Karpenter { controller, capacity: Capacity::Spot } => {
                if assumptions.launch_karpenter_spot_caller {
                    Caller::of_role(controller, &rules::LAUNCH_KARPENTER_SPOT_CALLER)
                } else {
                    self.service_linked(ServiceLinked::Spot, &rules::LAUNCH_KARPENTER_SPOT_CALLER)?
                }
            }
            Launcher::Fleet(FleetKind::Instant(caller)) => {
                Caller::of(caller.clone(), &rules::LAUNCH_FLEET_INSTANT_CALLER)
            }
            Launcher::Fleet(FleetKind::Request | FleetKind::Maintain) => {
                self.service_linked(ServiceLinked::Fleet, &rules::LAUNCH_FLEET_CALLER)?
            }
            Launcher::SpotRequest => self.service_linked(ServiceLinked::Spot, &rules::LAUNCH_SPOT_REQUEST_CALLER)?,
            Launcher::AutoScaling { suffix, from, capacity } => self.group(suffix.as_deref(), *from, *capacity)?,
            Launcher::NodeGroup => {
                let mut caller = self.group(None, GroupTemplate::LaunchTemplate, Capacity::OnDemand)?;
                caller.rules.insert(0, &rules::LAUNCH_NODE_GROUP_CALLER);
                caller
            }
            Launcher::EbsCsi { controller } => Caller::of_role(controller, &rules::LAUNCH_EBS_CSI_CALLER),
            Launcher::AutoMode { cluster_role } => Caller::of_role(cluster_role, &rules::LAUNCH_AUTO_MODE_CALLER),
        })
    }

    fn group(&self, suffix: Option<&str>, from: GroupTemplate, capacity: Capacity) -> Result<Caller, InvalidArn> {
        let own = ServiceLinked::AutoScaling(suffix.map(Into::into));
        match (from, capacity) {
            (_, Capacity::OnDemand) => self.service_linked(own, &rules::LAUNCH_AUTO_SCALING_CALLER),
            (GroupTemplate::LaunchTemplate, Capacity::Spot) => {
                self.service_linked(own, &rules::LAUNCH_AUTO_SCALING_SPOT_CALLER)
            }
            (GroupTemplate::LaunchConfiguration, Capacity::Spot) => {
                self.service_linked(ServiceLinked::Spot, &rules::LAUNCH_AUTO_SCALING_SPOT_CALLER)
            }
        }
    }

    fn service_linked(&self, which: ServiceLinked, rule: &'static Rule) -> Result<Caller, InvalidArn> {
        let (partition, account) = (self.region.partition(), self.account);
        let (service, name) = (which.service(), which.role_name());
        let role: Arn = format!("arn:{partition}:iam::{account}:role/aws-service-role/{service}/{name}").parse()?;
        Ok(Caller { service_linked: Some((which, role.clone())), ..Caller::of_role(&role, rule) })
    }
}

impl Caller {
    fn of(principal: Principal, rule: &'static Rule) -> Self {
        Self { principal, rules: vec![rule], service_linked: None }
    }

    fn of_role(role: &Arn, rule: &'static Rule) -> Self {
        Self::of(Principal::Session(Box::new(RoleSession::of(role.clone(), None))), rule)
    }

    /// Whether the caller can exist in this world.
    ///
    /// # Errors
    ///
    /// [`NoCaller`], if it is a service-linked role which an account that is wholly known does not have.
    pub fn in_world(&self, world: &World) -> Result<(), NoCaller> {
        let Some((which, role)) = &self.service_linked else { return Ok(()) };
        let account = role.account().parse().ok().and_then(|id| world.account(id));
        match account {
            Some(account) if !account.identities_are_partial && account.role(role.as_str()).is_none() => {
                Err(NoCaller { role: role.clone(), service: which.service() })
            }
            _ => Ok(()),
        }
    }
}
