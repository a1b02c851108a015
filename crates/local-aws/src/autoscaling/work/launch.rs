//! Instances that are missing.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    autoscaling::{
        config,
        groups::at,
        records::{Choice, Lifecycle, Member, Status, Template},
        role,
        work::{Work, fleet},
    },
    ec2::Behalf,
};

/// How many instances are launched for a group before others have their turn.
const MOST_AT_ONCE: usize = 100;

/// How long a group waits after its first launch that came to nothing; twice as long after each further one.
///
/// AWS does not tell; people see six cancelled launches of a group of two within three minutes. Assumed.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(60);
/// How long it waits at most. Assumed.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(30);

/// Where an instance is launched.
struct Spot {
    zone: String,
    subnet: Option<String>,
}

impl Work<'_> {
    /// Launches what is missing; false where more is to be launched at once.
    pub(super) async fn launch(&mut self) -> bool {
        let (size, desired) = (self.group.size(), self.group.desired);
        if size < desired && self.group.retry.is_some_and(|retry| self.now < retry) {
            return true;
        }
        self.group.retry = None;
        if size >= desired {
            return true;
        }
        let replaces = std::mem::take(&mut self.group.replaces);
        let started = at(
            self.now,
            &format!(
                "an instance was started in response to a difference between desired and actual capacity, increasing the \
                 capacity from {size} to {desired}."
            ),
        );
        let started = self.group.why.take().map_or_else(|| started.clone(), |why| format!("{why}  {started}"));
        let replaced =
            at(self.now, "an instance was launched in response to an unhealthy instance needing to be replaced.");
        for index in 0..MOST_AT_ONCE {
            if self.group.size() >= desired {
                return true;
            }
            let cause = if index < replaces { &replaced } else { &started };
            if !self.one(cause.clone()).await {
                self.failed();
                return true;
            }
        }
        false
    }

    /// A launch came to nothing: the next one waits.
    pub(super) fn failed(&mut self) {
        // Many that come to nothing together are one.
        if !std::mem::replace(&mut self.has_failed, true) {
            let doubled = 1_i32.checked_shl(self.group.failures.min(10)).unwrap_or(1);
            let wait = (FIRST_WAIT * doubled).min(LONGEST_WAIT);
            self.group.retry = self.now.checked_add(wait).ok();
            self.group.failures = self.group.failures.saturating_add(1);
        }
    }

    /// Launches one instance; false where EC2 refused all that can be launched.
    async fn one(&mut self, cause: String) -> bool {
        let spot = self.spot();
        let is_spot = self.is_next_spot();
        let key = self.begin_activity("Launching a new EC2 instance".to_owned(), cause);
        let choices = self.group.template.choices();
        let asked = match self.group.template {
            Template::Single(_) => self.ask(&choices, &spot).await,
            Template::Mixed { .. } => self.ask_for_fleet(&choices, &spot, is_spot).await,
        };
        let refused = match asked {
            Ok(member) => {
                let id = member.id.clone();
                let at = (member.subnet.clone(), member.zone.clone());
                self.group.members.push(Member { activity: key.clone(), ..member });
                self.edit_activity(&key, |activity| {
                    activity.what = format!("Launching a new EC2 instance: {id}");
                    (activity.subnet, activity.zone) = (Some(at.0), Some(at.1));
                });
                return true;
            }
            Err(why) => why,
        };
        let message = format!("{refused} Launching EC2 instance failed.");
        let now = self.now;
        self.edit_activity(&key, |activity| {
            (activity.subnet, activity.zone) = (spot.subnet, Some(spot.zone));
            activity.end(Status::Failed, Some(message), now);
        });
        false
    }

    /// Asks EC2 for an instance.
    async fn ask(&mut self, choices: &[Choice], spot: &Spot) -> Result<Member, String> {
        let group = &self.group;
        let choice = choices.first().ok_or_else(|| "Internal error.".to_owned())?;
        let run = config::run(group, choice, spot.subnet.as_deref(), Some(&spot.zone));
        let answer = self.ask_ec2("RunInstances", run, false).await?;
        self.group.asked += 1;
        let id = answer.pointer("/Instances/0/InstanceId").and_then(Value::as_str).unwrap_or_default();
        self.member(id, choice, false)
    }

    /// The same, of all that a mixed instances policy lets it be.
    async fn ask_for_fleet(&mut self, choices: &[Choice], spot: &Spot, is_spot: bool) -> Result<Member, String> {
        let input = fleet::input(&self.group, choices, spot.subnet.as_deref(), &spot.zone, is_spot);
        let answer = self.ask_ec2("CreateFleet", input, is_spot).await?;
        // A fleet that came to nothing is a fleet: the next one is another.
        self.group.asked += 1;
        let (id, choice) = fleet::launched(&answer)?;
        let choice = choices.get(choice).or(choices.first()).ok_or_else(|| "Internal error.".to_owned())?;
        self.member(&id, choice, is_spot)
    }

    async fn ask_ec2(&self, operation: &str, mut input: Value, is_spot: bool) -> Result<Value, String> {
        let group = &self.group;
        if !role::is_there(self.all, &group.role) {
            return Err(format!("The service-linked role {} does not exist.", group.role));
        }
        if let Some(members) = input.as_object_mut() {
            // What was launched before a crash is not launched again.
            members.insert("ClientToken".to_owned(), json!(format!("{}-{}", group.id(), group.asked)));
        }
        let tags = BTreeMap::from([("aws:autoscaling:groupName".to_owned(), group.name().to_owned())]);
        let behalf = Behalf { launcher: role::launcher(&group.role, is_spot), tags };
        let answer = role::ask_ec2(self.all, group, self.now, Some(&behalf), operation, input).await;
        answer.map_err(|refused| refused.message().to_owned())
    }

    /// An instance that was launched, as a member of the group.
    fn member(&self, id: &str, choice: &Choice, is_spot: bool) -> Result<Member, String> {
        let made = self.all.ec2.in_group(id).ok_or_else(|| "Internal error.".to_owned())?;
        let version = self.all.ec2.version(&choice.specification.id, &choice.specification.version);
        Ok(Member {
            id: id.to_owned(),
            kind: made.kind,
            zone: made.zone,
            subnet: made.subnet,
            template: (choice.specification.id.clone(), choice.specification.name.clone(), version.unwrap_or_default()),
            is_spot,
            weight: choice.weight,
            is_protected: self.group.settings.protects_new,
            is_unhealthy: false,
            launched: self.now,
            settles: made.settles,
            state: Lifecycle::Pending,
            activity: String::new(),
        })
    }

    /// The zone with the fewest instances.
    ///
    /// Source: Amazon EC2 Auto Scaling User Guide, "Auto Scaling benefits for application architecture" > "Instance
    /// distribution".
    fn spot(&self) -> Spot {
        let group = &self.group;
        let of_zone = |zone: &str| group.members.iter().filter(|member| member.counts() && member.zone == zone).count();
        let zone = group.zones.iter().min_by_key(|zone| of_zone(zone)).cloned().unwrap_or_default();
        let subnets = crate::ec2::Ec2::subnets(group.account, &group.region);
        let in_zone = |id: &&String| subnets.iter().any(|(known, of)| known == *id && *of == zone);
        let subnet = group.subnets.iter().find(in_zone).cloned();
        Spot { zone, subnet }
    }

    /// Whether the next instance is one of Spot, as the mixed instances policy shares them.
    fn is_next_spot(&self) -> bool {
        let group = &self.group;
        let on_demand = group.members.iter().filter(|member| member.counts() && !member.is_spot);
        let units: i64 = on_demand.map(Member::units).sum();
        units >= group.template.on_demand(group.desired)
    }
}
