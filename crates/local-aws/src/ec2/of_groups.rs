//! What Auto Scaling asks of EC2 beside its operations.

use std::collections::BTreeMap;

use authz::launch::Launcher;
use aws_model::{AccountId, Region};
use jiff::Timestamp;
use serde_json::Value;

use super::{Ec2, network::Subnet, records::InstanceState};

/// What a service of AWS launches for itself.
#[derive(Debug)]
pub(crate) struct Behalf {
    pub(crate) launcher: Launcher,
    /// AWS's own tags of what is launched.
    pub(crate) tags: BTreeMap<String, String>,
}

/// How an instance is.
#[derive(Debug)]
pub(crate) enum Standing {
    /// Until then.
    Pending(Timestamp),
    Running,
    /// It is stopped, or will be.
    Stopped,
    /// It is being terminated, until then.
    Ending(Timestamp),
    /// It is terminated, because of this; nothing is told of one that is forgotten.
    Over(Option<String>),
}

/// What a group's instance is.
#[derive(Debug)]
pub(crate) struct InGroup {
    pub(crate) kind: String,
    pub(crate) zone: String,
    pub(crate) subnet: String,
    /// When it is pending no longer.
    pub(crate) settles: Timestamp,
}

impl Ec2 {
    /// The id and the name of the launch template that one of them names.
    pub(crate) fn template(
        &self,
        (account, region): (AccountId, &Region),
        id: Option<&str>,
        name: Option<&str>,
    ) -> Option<(String, String)> {
        let realm = self.state.read();
        let mut own = realm.templates.of(&(account, region.clone()));
        let found = own.find(|template| match (id, name) {
            (Some(id), _) => template.id == id,
            (None, name) => Some(template.name.as_str()) == name,
        })?;
        Some((found.id.clone(), found.name.clone()))
    }

    /// What a version of a launch template says.
    pub(crate) fn template_data(&self, template: &str, version: &str) -> Option<Value> {
        let realm = self.state.read();
        realm.templates.get(template)?.version(version).map(|version| Value::clone(&version.data))
    }

    /// The number of a version of a launch template.
    pub(crate) fn version(&self, template: &str, version: &str) -> Option<u64> {
        let realm = self.state.read();
        realm.templates.get(template)?.version(version).map(|version| version.number)
    }

    pub(crate) fn standing(&self, instance: &str, now: Timestamp) -> Standing {
        let realm = self.state.read();
        let Some(instance) = realm.instances.get(instance) else { return Standing::Over(None) };
        match (instance.state(now), &instance.termination) {
            (InstanceState::Pending, _) => Standing::Pending(instance.settles),
            (InstanceState::Running, _) => Standing::Running,
            (InstanceState::ShuttingDown, Some(termination)) => Standing::Ending(termination.done),
            (InstanceState::Stopping | InstanceState::Stopped, _) => Standing::Stopped,
            (InstanceState::ShuttingDown | InstanceState::Terminated, _) => {
                Standing::Over(instance.reason(now).map(|reason| reason.message.clone()))
            }
        }
    }

    pub(crate) fn in_group(&self, instance: &str) -> Option<InGroup> {
        let realm = self.state.read();
        let instance = realm.instances.get(instance)?;
        Some(InGroup {
            kind: instance.kind.clone(),
            zone: instance.zone.clone(),
            subnet: instance.subnet.clone(),
            settles: instance.settles,
        })
    }

    /// The subnets of an account, each with its zone.
    pub(crate) fn subnets(account: AccountId, region: &Region) -> Vec<(String, String)> {
        Subnet::all(account, region).into_iter().map(|subnet| (subnet.id, subnet.zone)).collect()
    }
}
