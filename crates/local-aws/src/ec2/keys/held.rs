//! Grants that nothing in the state has yet.

use crate::ec2::{Ec2, records::GrantMade};

/// Grants that were made for something that is still in the making. They end with it, unless it comes to be: whether a
/// later call is refused, somebody else was faster, or who asked hung up.
pub(in crate::ec2) struct Held<'c> {
    ec2: &'c Ec2,
    grants: Vec<GrantMade>,
}

impl<'c> Held<'c> {
    pub(in crate::ec2) fn none(ec2: &'c Ec2) -> Self {
        Self { ec2, grants: Vec::new() }
    }

    pub(super) fn add(&mut self, grant: GrantMade) {
        self.grants.push(grant);
    }

    /// The grants, for the row of what they were made for.
    pub(in crate::ec2) fn grants(&self) -> Vec<GrantMade> {
        self.grants.clone()
    }

    /// What they were made for is there.
    pub(in crate::ec2) fn kept(mut self) {
        self.grants.clear();
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        end(self.ec2, &self.grants);
    }
}

pub(super) fn end(ec2: &Ec2, grants: &[GrantMade]) {
    if !grants.is_empty() {
        ec2.kms.end_grants(grants.iter().map(|grant| (&grant.key, grant.id.as_str())));
    }
}
