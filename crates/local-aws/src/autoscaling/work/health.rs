//! What EC2 has made of a group's instances.

use crate::{
    autoscaling::{
        groups::at,
        records::{Lifecycle, Member, Status},
        work::{HEALTH_EVERY, SOON, Work},
    },
    ec2::Standing,
};

/// Of an instance that was terminated before it ran.
///
/// Source: hashicorp/terraform-provider-aws#39904 and others, who quote it with `Client.InvalidKMSKey.InvalidState: The KMS
/// key provided is in an incorrect state`.
const UNHEALTHY: &str =
    "Instance became unhealthy while waiting for instance to be in InService state. Termination Reason: ";

const HEALTH_CHECK: &str = "an instance was taken out of service in response to an EC2 health check indicating it has been terminated or stopped.";

impl Work<'_> {
    /// Instances that run are in service, those that are gone leave.
    pub(super) fn look_after(&mut self) {
        for member in std::mem::take(&mut self.group.members) {
            let standing = self.all.ec2.standing(&member.id, self.now);
            if let Some(member) = self.look_at(member, standing) {
                self.group.members.push(member);
            }
        }
    }

    /// Instances that were stopped are terminated, and replaced.
    pub(super) async fn end_stopped(&mut self) {
        let is_stopped = |member: &&Member| member.state == Lifecycle::InService && member.is_unhealthy;
        let stopped: Vec<String> =
            self.group.members.iter().filter(is_stopped).map(|member| member.id.clone()).collect();
        for id in stopped {
            self.terminate(&id, at(self.now, HEALTH_CHECK)).await;
            self.group.replaces += 1;
        }
    }

    /// The instance as it is now, unless it is none any more.
    fn look_at(&mut self, member: Member, standing: Standing) -> Option<Member> {
        let now = self.now;
        match (member.state, standing) {
            (Lifecycle::Pending, Standing::Pending(settles)) => Some(Member { settles, ..member }),
            (Lifecycle::Pending, Standing::Running | Standing::Stopped) => {
                self.edit_activity(&member.activity, |activity| activity.end(Status::Successful, None, now));
                if !self.has_failed {
                    (self.group.failures, self.group.retry) = (0, None);
                }
                Some(Member { state: Lifecycle::InService, ..member })
            }
            (Lifecycle::Pending, Standing::Ending(_)) => Some(Member { settles: self.soon(), ..member }),
            (Lifecycle::Pending, Standing::Over(reason)) => {
                let message = format!("{UNHEALTHY}{}", reason.unwrap_or_default());
                self.edit_activity(&member.activity, |activity| {
                    activity.end(Status::Cancelled, Some(message), now);
                });
                self.failed();
                None
            }
            (Lifecycle::InService, Standing::Pending(_) | Standing::Running) => Some(member),
            (Lifecycle::InService, Standing::Stopped) => Some(Member { is_unhealthy: true, ..member }),
            (Lifecycle::InService, Standing::Ending(_) | Standing::Over(_)) => {
                let what = format!("Terminating EC2 instance: {}", member.id);
                let key = self.begin_activity(what, at(now, HEALTH_CHECK));
                self.edit_activity(&key, |activity| {
                    (activity.subnet, activity.zone) = (Some(member.subnet.clone()), Some(member.zone.clone()));
                });
                self.group.replaces += 1;
                let gone = Member { state: Lifecycle::Terminating, is_unhealthy: true, activity: key, ..member };
                let standing = self.all.ec2.standing(&gone.id, now);
                self.look_at(gone, standing)
            }
            (Lifecycle::Terminating, Standing::Ending(settles)) => Some(Member { settles, ..member }),
            (Lifecycle::Terminating, Standing::Pending(_) | Standing::Running | Standing::Stopped) => {
                // EC2 did not let go of it.
                Some(Member { settles: self.now.checked_add(HEALTH_EVERY).unwrap_or(self.now), ..member })
            }
            (Lifecycle::Terminating, Standing::Over(_)) => {
                self.edit_activity(&member.activity, |activity| {
                    if activity.status == Status::InProgress {
                        activity.end(Status::Successful, None, now);
                    }
                });
                None
            }
        }
    }

    fn soon(&self) -> jiff::Timestamp {
        self.now.checked_add(SOON).unwrap_or(self.now)
    }
}
