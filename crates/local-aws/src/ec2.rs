//! The embedded AWS's EC2: volumes, snapshots, images, launch templates and instances, as far as a launch goes.
//!
//! ```text
//!   call ------> volumes, snapshots, images, templates, launch, instances, ...    one file for each family of operations
//!     |             |                                      |
//!     |          authorize      who may                  keys      what a volume asks of KMS, as `authz::launch` tells
//!     |             |                                      |        it: decided by KMS, written to the trail
//!     +--------> state                                    kms
//!                   |
//!                 store
//! ```
//!
//! Nothing boots. What a launch leads to follows from the time: an instance is pending, then it runs, or it is terminated
//! because KMS refused a call.

mod attachments;
mod authorize;
mod call;
mod copies;
mod encryption;
mod fault;
mod filters;
mod fleets;
mod images;
mod instance_types;
mod instances;
mod keys;
mod launch;
mod machine;
mod market;
mod narrow;
mod network;
mod of_groups;
mod public_images;
mod records;
mod recovery;
mod regions;
mod service_roles;
mod snapshots;
mod spot;
mod state;
mod stopping;
mod tags;
mod templates;
mod volumes;

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Mutex;

use crate::{
    CallContext, ServiceError, accounts::Accounts, authorization::Authorizer, iam::Iam, kms::Kms, operations::Lacks,
    trail::Trail,
};

use call::Call;
pub(crate) use machine::Machine;
pub(crate) use of_groups::{Behalf, Standing};
pub(crate) use public_images::id as public_image_id;
pub(crate) use state::{State, TABLES};

/// EC2, as every account sees it. Clones share their state.
#[derive(Clone, Debug)]
pub(crate) struct Ec2 {
    state: Arc<State>,
    authorizer: Arc<Authorizer>,
    accounts: Arc<Accounts>,
    iam: Iam,
    kms: Kms,
    trail: Arc<Trail>,
    /// Held by who brings a fleet to its size, from what it has seen of it to what it makes of it.
    filling: Arc<Mutex<()>>,
}

impl Ec2 {
    /// The EC2 of a state, with all that it asks.
    pub(crate) fn new(
        state: State,
        authorizer: Arc<Authorizer>,
        accounts: Arc<Accounts>,
        iam: Iam,
        kms: Kms,
        trail: Arc<Trail>,
    ) -> Self {
        let filling = Arc::default();
        let ec2 = Self { state: Arc::new(state), authorizer, accounts, iam, kms, trail, filling };
        ec2.recover();
        ec2
    }

    /// Answers one operation. `input` was decoded and validated.
    pub(crate) async fn call(
        &self,
        ctx: &CallContext<'_>,
        operation: &str,
        input: Value,
    ) -> Result<Value, ServiceError> {
        self.call_for(ctx, None, operation, input).await
    }

    /// Answers one operation of who calls for itself, or of a service that launches.
    pub(crate) async fn call_for(
        &self,
        ctx: &CallContext<'_>,
        behalf: Option<&Behalf>,
        operation: &str,
        input: Value,
    ) -> Result<Value, ServiceError> {
        let call = Call { ctx, ec2: self, behalf };
        fleets::catch_up(&call).await;
        let answer = match operation {
            // These ask for permission themselves, when they know what for.
            "AttachVolume" => attachments::attach(&call, input).await,
            "CopyImage" => copies::copy_image(&call, input).await,
            "CopySnapshot" => copies::copy_snapshot(&call, input).await,
            "CreateVolume" => volumes::create(&call, input).await,
            "DeleteFleets" => fleets::delete(&call, input).await,
            "CreateFleet" => launch::create_fleet(&call, input).await,
            "ModifyFleet" => fleets::modify(&call, input).await,
            "RequestSpotInstances" => spot::request(&call, input).await,
            "StartInstances" => stopping::start(&call, input).await,
            "RunInstances" => launch::run_instances(&call, input).await,
            _ => {
                // What is yet to be made has no id, though there be one of the name.
                let is_of_old = operation != "CreateLaunchTemplate";
                let input = if is_of_old { templates::with_id(&call, input) } else { input };
                match authorize::authorize(&call, operation, &input) {
                    Ok(()) => self.at_once(&call, operation, input),
                    Err(denied) => Err(denied),
                }
            }
        };
        // What was seen is told when it would survive a kill.
        self.state.store().durable(self.state.newest()).await.map_err(|_| fault::internal())?;
        answer
    }
}

/// The operations that are answered, by what, and what of them is not there. Those without a handler wait for KMS.
macro_rules! operations {
    ($($name:literal $(=> $handler:path)?, $(lacks $lacks:literal,)?)*) => {
        impl Ec2 {
            /// The names of the operations that [`call`](Self::call) answers.
            pub(crate) const OPERATIONS: &'static [&'static str] = &[$($name),*];

            /// What of them is not there, as `docs/reference/operations.md` tells it.
            pub(crate) const LACKS: Lacks = &[$($(($name, $lacks),)?)*];

            fn at_once(&self, call: &Call<'_>, operation: &str, input: Value) -> Result<Value, ServiceError> {
                match operation {
                    $($($name => $handler(call, input),)?)*
                    other => Err(fault::unsupported(format!("{other} is not supported by the embedded AWS."))),
                }
            }
        }
    };
}

operations! {
    "AttachVolume",
        lacks "multi-attach; a bound of the volumes of an instance",
    "CancelSpotInstanceRequests" => spot::cancel,
    "CopyImage",
        lacks "time that it takes: a copy is available, or has failed, at once; outposts, local zones, images of AWS's own",
    "CopySnapshot",
        lacks "time that it takes: a copy is complete, or in error, at once; outposts, local zones",
    "CreateFleet",
        lacks "prices, so that overrides are taken by their priority; weights; `ValidUntil`; instance requirements",
    "CreateLaunchTemplate" => templates::create,
        lacks "`Operator`",
    "CreateLaunchTemplateVersion" => templates::create_version,
        lacks "`ResolveAlias`",
    "CreateSnapshot" => snapshots::create,
        lacks "time that it takes: a snapshot is complete at once",
    "CreateTags" => tags::create,
    "CreateVolume",
        lacks "multi-attach, outposts, initialization rates; the bounds of each type's size and IOPS",
    "DeleteFleets",
    "DeleteLaunchTemplate" => templates::delete,
    "DeleteSnapshot" => snapshots::delete,
    "DeleteTags" => tags::delete,
    "DeleteVolume" => volumes::delete,
    "DeregisterImage" => images::deregister,
        lacks "`DeleteAssociatedSnapshots`",
    "DescribeAvailabilityZones" => network::describe_availability_zones,
        lacks "zones but availability zones, of which a region has at most three",
    "DescribeCapacityReservations" => market::describe_capacity_reservations,
        lacks "reservations: nobody can make one",
    "DescribeFleetHistory" => fleets::describe_history,
    "DescribeFleetInstances" => fleets::describe_instances,
        lacks "filters",
    "DescribeFleets" => fleets::describe,
    "DescribeImageAttribute" => images::describe_attribute,
        lacks "attributes but `launchPermission`, `description` and `blockDeviceMapping`",
    "DescribeImages" => images::describe,
        lacks "AWS's own images but the newest for EKS, of Bottlerocket and of Amazon Linux 2023, whose snapshots nobody sees",
    "DescribeInstanceStatus" => instances::describe_status,
        lacks "events, and instances that fail their checks",
    "DescribeInstanceTypeOfferings" => instance_types::describe_offerings,
        lacks "types of other families than m, c, r, t, i and g; what regions outside of the partition `aws` offer, where everything is; Outposts",
    "DescribeInstanceTypes" => instance_types::describe,
        lacks "types of other families than m, c, r, t, i and g; what regions outside of the partition `aws` offer, where everything is",
    "DescribeInstances" => instances::describe,
    "DescribeLaunchTemplateVersions" => templates::describe_versions,
        lacks "filters",
    "DescribeLaunchTemplates" => templates::describe,
    "DescribePlacementGroups" => market::describe_placement_groups,
        lacks "groups: nobody can make one",
    "DescribeRegions" => regions::describe,
        lacks "regions that an account has not opted into; `Geography`",
    "DescribeSecurityGroups" => network::describe_security_groups,
        lacks "groups but the default one of the default VPC",
    "DescribeSnapshotAttribute" => snapshots::describe_attribute,
    "DescribeSnapshots" => snapshots::describe,
    "DescribeSpotPriceHistory" => market::describe_spot_price_history,
        lacks "prices: the market makes them, and nobody publishes them under a licence that lets them be told",
    "DescribeSpotInstanceRequests" => spot::describe,
    "DescribeSubnets" => network::describe_subnets,
        lacks "subnets but the default ones of the default VPC",
    "DescribeTags" => tags::describe,
    "DescribeVolumes" => volumes::describe,
    "DescribeVpcs" => network::describe_vpcs,
        lacks "VPCs but the default one",
    "DetachVolume" => attachments::detach,
    "DisableEbsEncryptionByDefault" => encryption::disable,
    "EnableEbsEncryptionByDefault" => encryption::enable,
    "GetEbsDefaultKmsKeyId" => encryption::get_key,
    "GetEbsEncryptionByDefault" => encryption::get,
    "ModifyEbsDefaultKmsKeyId" => encryption::modify_key,
        lacks "a look at the key's state",
    "ModifyFleet",
    "ModifyImageAttribute" => images::modify_attribute,
        lacks "attributes but `launchPermission` and `description`; organizations",
    "ModifySnapshotAttribute" => snapshots::modify_attribute,
    "RegisterImage" => images::register,
        lacks "images of an instance store, and what is said of their boot",
    "RequestSpotInstances",
        lacks "persistent requests, prices that are too low, capacity that is not there, interruptions",
    "ResetEbsDefaultKmsKeyId" => encryption::reset_key,
    "RunInstances",
        lacks "capacity that can run out; addresses and interfaces but one; placement, CPU, credit, licence and capacity options",
    "StartInstances",
    "StopInstances" => stopping::stop,
        lacks "hibernation; Spot Instances of persistent requests",
    "TerminateInstances" => instances::terminate,
        lacks "termination protection; the event of the grants' end",
}
