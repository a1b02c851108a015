//! Grants that nothing in the state has yet, or any more.

use crate::ec2::{
    Ec2,
    call::Call,
    records::{GrantMade, Volume},
    state::Change,
};

/// Grants that were made for something that is still in the making. They end with it, unless it comes to be: whether a
/// later call is refused, somebody else was faster, who asked hung up, or the process was killed.
#[must_use = "the grants end when this is dropped"]
pub(in crate::ec2) struct Held<'c> {
    ec2: &'c Ec2,
    grants: Vec<GrantMade>,
    /// The volume that the file says to be in the making.
    making: Option<String>,
}

impl<'c> Held<'c> {
    pub(in crate::ec2) fn none(ec2: &'c Ec2) -> Self {
        Self { ec2, grants: Vec::new(), making: None }
    }

    /// Grants of a volume that are to be made now.
    pub(super) fn begin(call: &Call<'c>, volume: &str) -> Self {
        let mut change = call.change();
        change.making(volume);
        change.commit();
        Self { ec2: call.ec2, grants: Vec::new(), making: Some(volume.to_owned()) }
    }

    /// Takes the grants from a volume. They end when this is dropped, which must be after the change is made.
    pub(in crate::ec2) fn taken(call: &Call<'c>, change: &mut Change<'_>, volume: &mut Volume) -> Self {
        let grants = std::mem::take(&mut volume.grants);
        if grants.is_empty() {
            return Self::none(call.ec2);
        }
        change.making(&volume.id);
        Self { ec2: call.ec2, grants, making: Some(volume.id.clone()) }
    }

    pub(super) fn is_begun(&self) -> bool {
        self.making.is_some()
    }

    pub(super) fn add(&mut self, grant: GrantMade) {
        self.grants.push(grant);
    }

    /// The grants, for the row of what they were made for.
    pub(in crate::ec2) fn grants(&self) -> Vec<GrantMade> {
        self.grants.clone()
    }

    /// What they were made for comes to be with this change.
    pub(in crate::ec2) fn kept(mut self, change: &mut Change<'_>) {
        self.grants.clear();
        if let Some(volume) = self.making.take() {
            change.made(&volume);
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if !self.grants.is_empty() {
            self.ec2.kms.end_grants(self.grants.iter().map(|grant| (&grant.key, grant.id.as_str())));
        }
        if let Some(volume) = self.making.take() {
            self.ec2.state.settled(volume);
        }
    }
}
