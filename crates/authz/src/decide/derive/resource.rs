//! Keys that tell of the resource and of how the call came.

use crate::matching::Lookup;

use super::{ABSENT, Facts, UNKNOWN, flag, known, many, one, principal::tag};

impl<'a> Facts<'a> {
    /// Source: IAM User Guide, "AWS global condition context keys" > "Properties of the request", "Properties of the
    /// resource"; "Forward access sessions" for the keys of the services on the way.
    pub(super) fn of_call(&'a self, name: &str) -> Option<Lookup<'a>> {
        match name {
            "requestedregion" => match &self.request.region {
                Some(region) => one(region.as_str()),
                None => self.region_of_key().and_then(one),
            },
            "resourceaccount" => match &self.target.owner {
                Some(owner) => one(owner.as_str()),
                None => UNKNOWN,
            },
            "viaawsservice" => flag(!self.request.through.is_empty()),
            "calledvia" => many(self.called_via()),
            "calledviafirst" => known(self.called_via().next()),
            "calledvialast" => known(self.called_via().next_back()),
            "sourceip" if self.is_called_by_ec2() && self.assumptions.iam_key_source_ip_forwarded => ABSENT,
            _ => None,
        }
    }

    /// The services that `aws:CalledVia` tells. Whether EC2 is one of those that set it, nobody has published.
    fn called_via(&'a self) -> impl DoubleEndedIterator<Item = &'a str> {
        let tells_ec2 = self.assumptions.iam_key_called_via_ec2;
        let services = self.request.through.iter().map(|service| &**service);
        services.filter(move |service| tells_ec2 || !is_ec2(service))
    }

    fn is_called_by_ec2(&self) -> bool {
        self.request.through.last().is_some_and(|service| is_ec2(service))
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

fn is_ec2(service: &str) -> bool {
    service.starts_with("ec2.")
}
