//! What EKS asks of Auto Scaling beside its operations.

use aws_model::{AccountId, Region};
use jiff::Timestamp;

use super::{
    AutoScaling,
    records::{Lifecycle, Status},
    state::Place,
};

/// How a group is.
#[derive(Debug)]
pub(crate) struct GroupNow {
    pub(crate) desired: i64,
    pub(crate) in_service: i64,
    /// Whether instances are on their way.
    pub(crate) is_pending: bool,
    pub(crate) is_going: bool,
    /// The launches that came to nothing since one came to something, the newest first.
    pub(crate) failures: Vec<LaunchFailure>,
}

/// A launch that came to nothing.
#[derive(Debug)]
pub(crate) struct LaunchFailure {
    /// The instance, where there was one.
    pub(crate) instance: Option<String>,
    pub(crate) begun: Timestamp,
    pub(crate) message: String,
}

/// How activities that launch begin.
const LAUNCHING: &str = "Launching a new EC2 instance";

impl AutoScaling {
    /// A group as it is now, if it is there.
    pub(crate) fn group_now(&self, account: AccountId, region: &Region, name: &str) -> Option<GroupNow> {
        let (realm, place) = (self.0.state.read(), Place::of(account, region));
        let group = realm.group(&place, name).ok()?;
        let launches = realm.activities(&place).rev();
        let launches = launches.filter(|activity| activity.group == group.arn && activity.what.starts_with(LAUNCHING));
        let came_to_nothing = launches.take_while(|activity| activity.status != Status::Successful);
        let failures = came_to_nothing.filter_map(|activity| {
            let instance = activity.what.strip_prefix(LAUNCHING).and_then(|rest| rest.strip_prefix(": "));
            let (instance, message) = (instance.map(str::to_owned), activity.message.clone()?);
            Some(LaunchFailure { instance, begun: activity.begun, message })
        });
        let in_service = group.members.iter().filter(|member| member.state == Lifecycle::InService);
        Some(GroupNow {
            desired: group.desired,
            in_service: in_service.map(|member| member.units()).sum(),
            is_pending: group.members.iter().any(|member| member.state == Lifecycle::Pending),
            is_going: group.is_going,
            failures: failures.collect(),
        })
    }

    /// The instances of a group that other versions of its launch template launched.
    pub(crate) fn launched_by_others(
        &self,
        account: AccountId,
        region: &Region,
        name: &str,
        version: &str,
    ) -> Vec<String> {
        let realm = self.0.state.read();
        let group = realm.group(&Place::of(account, region), name).ok();
        let members = group.into_iter().flat_map(|group| &group.members).filter(|member| member.counts());
        let others = members.filter(|member| member.template.2.to_string() != version);
        others.map(|member| member.id.clone()).collect()
    }
}
