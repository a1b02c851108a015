//! Keys that tell of the resource and of how the call came.

use crate::matching::Lookup;

use super::{ABSENT, Facts, UNKNOWN, flag, known, many, one, principal::tag};

impl<'a> Facts<'a> {
    /// Source: IAM User Guide, "AWS global condition context keys" > "Properties of the request", "Properties of the
    /// resource"; "Forward access sessions" for the keys of the services on the way.
    pub(super) fn of_call(&'a self, name: &str) -> Option<Lookup<'a>> {
        let through = &self.request.through;
        match name {
            "requestedregion" => match &self.request.region {
                Some(region) => one(region.as_str()),
                None => self.region_of_key().and_then(one),
            },
            "resourceaccount" => match &self.target.owner {
                Some(owner) => one(owner.as_str()),
                None => UNKNOWN,
            },
            "viaawsservice" => flag(!through.is_empty()),
            "calledvia" => many(through.iter().map(|service| &**service)),
            "calledviafirst" => known(through.first().map(|service| &**service)),
            "calledvialast" => known(through.last().map(|service| &**service)),
            _ => None,
        }
    }

    pub(super) fn resource_tag(&'a self, lower_case_tag: &str) -> Option<Lookup<'a>> {
        // Source: IAM User Guide, "Grant a user permissions to pass a role to an AWS service".
        if self.request.action.lower() == "iam:passrole" {
            return ABSENT;
        }
        match self.target.tags {
            Some(tags) => known(tag(tags, lower_case_tag)),
            None => None,
        }
    }
}
