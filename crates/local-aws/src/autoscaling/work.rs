//! What is done for a group beside all calls: its instances are looked at, those that are missing launched, those that are
//! too many terminated.
//!
//! ```text
//!   members --health: what has EC2 made of them--> size --too few--> launch  --EC2, as the role--> members, activities
//!                                                       --too many-> shrink  --EC2, as the role--> members, activities
//! ```
//!
//! Nothing waits in it: a group tells when it is to be looked at next.

mod fleet;
mod health;
mod launch;
mod shrink;

use std::collections::BTreeMap;

use aws_model::Arn;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use uuid::Uuid;

use super::{
    Inner,
    records::{Activity, Group, Lifecycle, Status},
    role,
    state::{Place, Record as _},
};

/// How often instances that run are looked at. AWS does so "periodically" (Amazon EC2 Auto Scaling User Guide, "Health checks
/// for instances in an Auto Scaling group"); a terminated one is seen within a minute or two.
const HEALTH_EVERY: SignedDuration = SignedDuration::from_secs(30);

/// How long EC2 takes to shut down, as far as nothing else tells.
const SOON: SignedDuration = SignedDuration::from_secs(1);

/// How many activities are kept of an account in a region; then the oldest go.
const MOST_ACTIVITIES: usize = 1000;

/// How long activities are told.
///
/// Source: Amazon EC2 Auto Scaling API Reference, "DescribeScalingActivities".
const TOLD_FOR: SignedDuration = SignedDuration::from_hours(6 * 7 * 24);

/// Work on one group, of which nobody knows until it is committed.
pub(super) struct Work<'a> {
    all: &'a Inner,
    now: Timestamp,
    pub(super) group: Group,
    /// A launch came to nothing.
    has_failed: bool,
    /// What is new or has changed, by key.
    activities: BTreeMap<String, Activity>,
}

/// Does what is to be done for the group of this key by now.
pub(super) async fn on(all: &Inner, key: &str, now: Timestamp) {
    let known = all.state.read().group_at(key).cloned();
    let Some(known) = known else { return };
    let mut work = Work::begin(all, &known, now);
    work.look_after();
    work.end_stopped().await;
    work.shrink().await;
    let is_whole = work.launch().await;
    work.group.look = work.next_look(is_whole);
    work.commit();
}

impl<'a> Work<'a> {
    pub(super) fn begin(all: &'a Inner, group: &Group, now: Timestamp) -> Self {
        Self { all, now, group: group.clone(), has_failed: false, activities: BTreeMap::new() }
    }

    /// Makes it known. A group that is going is gone with its last instance.
    pub(super) fn commit(self) {
        let Self { all, now, group, activities, .. } = self;
        let mut change = all.state.change();
        let place = Place::of(group.account, &group.region);
        let added = activities.keys().filter(|key| change.activity(key).is_none()).count();
        let too_many = (change.activities(&place).count() + added).saturating_sub(MOST_ACTIVITIES);
        let gone: Vec<_> = change
            .activities(&place)
            .filter(|activity| activity.status != Status::InProgress)
            .enumerate()
            .take_while(|(index, activity)| *index < too_many || now.duration_since(activity.begun) > TOLD_FOR)
            .map(|(_, activity)| activity.clone())
            .collect();
        gone.iter().filter(|gone| !activities.contains_key(&gone.key())).for_each(|gone| change.remove(&**gone));
        activities.into_values().for_each(|activity| change.put(activity));
        if group.is_going && group.members.is_empty() {
            change.remove(&group);
        } else {
            change.put(group);
        }
        change.commit();
    }

    /// When something may have to be done again; later than now.
    fn next_look(&self, is_whole: bool) -> Option<Timestamp> {
        let group = &self.group;
        let after = |by: SignedDuration| self.now.checked_add(by).unwrap_or(Timestamp::MAX);
        let at_once = after(SignedDuration::from_millis(1));
        let settles = group.members.iter().map(|member| match member.state {
            Lifecycle::Pending | Lifecycle::Terminating => member.settles.max(at_once),
            Lifecycle::InService => after(HEALTH_EVERY),
        });
        let retry = group.retry.map(|retry| retry.max(at_once));
        settles.chain(retry).chain((!is_whole).then_some(at_once)).min()
    }

    /// Begins an activity. Its key is what it is known by.
    fn begin_activity(&mut self, what: String, cause: String) -> String {
        let activity = Activity {
            id: Uuid::new_v4().to_string(),
            group: Arn::clone(&self.group.arn),
            what,
            cause,
            begun: self.now,
            ended: None,
            status: Status::InProgress,
            message: None,
            subnet: None,
            zone: None,
        };
        let key = activity.key();
        self.activities.insert(key.clone(), activity);
        key
    }

    /// Changes an activity.
    fn edit_activity(&mut self, key: &str, edit: impl FnOnce(&mut Activity)) {
        let known = self.activities.remove(key);
        let known = known.or_else(|| self.all.state.read().activity(key).map(|activity| Activity::clone(activity)));
        if let Some(mut activity) = known {
            edit(&mut activity);
            self.activities.insert(key.to_owned(), activity);
        }
    }

    /// Has EC2 terminate an instance of the group, and tells the activity that does so.
    pub(super) async fn terminate(&mut self, id: &str, cause: String) -> Option<Activity> {
        let key = self.begin_activity(format!("Terminating EC2 instance: {id}"), cause);
        let input = json!({ "InstanceIds": [id] });
        let asked = role::ask_ec2(self.all, &self.group, self.now, None, "TerminateInstances", input).await;
        let (now, ends) = (self.now, self.now.checked_add(SOON).unwrap_or(self.now));
        let member = self.group.members.iter_mut().find(|member| member.id == id)?;
        let before = std::mem::replace(&mut member.activity, key.clone());
        let was_pending = member.state == Lifecycle::Pending;
        (member.state, member.settles) = (Lifecycle::Terminating, ends);
        let (subnet, zone) = (member.subnet.clone(), member.zone.clone());
        if was_pending {
            self.edit_activity(&before, |activity| activity.end(Status::Cancelled, None, now));
        }
        self.edit_activity(&key, |activity| {
            (activity.subnet, activity.zone) = (Some(subnet), Some(zone));
            if let Err(refused) = &asked {
                tracing::debug!(%refused, "EC2 does not terminate a group's instance");
                activity.end(Status::Failed, Some(refused.message().to_owned()), now);
            }
        });
        self.activities.get(&key).cloned()
    }
}
