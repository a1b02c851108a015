//! Instances that are too many.
//!
//! Source: Amazon EC2 Auto Scaling User Guide, "Configure termination policies for Amazon EC2 Auto Scaling": of the zone with
//! the most instances, by the first policy; protected ones are left.

use std::collections::BTreeMap;

use crate::autoscaling::{
    groups::at,
    records::{Lifecycle, Member},
    work::Work,
};

impl Work<'_> {
    /// Terminates what is too much.
    pub(super) async fn shrink(&mut self) {
        let (size, desired) = (self.group.size(), self.group.desired);
        if size <= desired {
            return;
        }
        let why = self.group.why.take().map(|why| format!("{why}  ")).unwrap_or_default();
        let difference = at(
            self.now,
            &format!(
                "an instance was taken out of service in response to a difference between desired and actual capacity, \
                 shrinking the capacity from {size} to {desired}."
            ),
        );
        while self.group.size() > desired {
            let Some(id) = self.next_to_go() else { return };
            let selected = at(self.now, &format!("instance {id} was selected for termination."));
            self.terminate(&id, format!("{why}{difference}  {selected}")).await;
        }
    }

    /// The instance that goes next; none where all are protected, or the group would be too small without any of them.
    fn next_to_go(&self) -> Option<String> {
        let group = &self.group;
        let counted = || group.members.iter().filter(|member| member.counts());
        let mut zones: BTreeMap<&str, usize> = BTreeMap::new();
        counted().for_each(|member| *zones.entry(&member.zone).or_default() += 1);
        let too_much = group.size() - group.desired;
        let may_go = |member: &&Member| {
            group.is_going
                || (member.units() <= too_much && (!member.is_protected || member.state == Lifecycle::Pending))
        };
        let newest_first = group.settings.termination.first().is_some_and(|policy| policy == "NewestInstance");
        let crowd = |member: &Member| zones.get(member.zone.as_str()).copied().unwrap_or_default();
        let mut candidates: Vec<&Member> = counted().filter(may_go).collect();
        candidates.sort_by(|one, other| {
            let by_age = one.launched.cmp(&other.launched);
            let by_age = if newest_first { by_age.reverse() } else { by_age };
            crowd(other).cmp(&crowd(one)).then(by_age)
        });
        candidates.first().map(|member| member.id.clone())
    }
}
