//! Short forms for the ledger's sources.

use super::{Source, Turns};

/// A document that rules are taken from.
pub(super) struct Title(&'static str);

pub(super) const IAM: Title = Title("IAM User Guide");
pub(super) const KMS: Title = Title("AWS KMS Developer Guide");
pub(super) const KMS_API: Title = Title("AWS KMS API Reference");
pub(super) const STS_API: Title = Title("AWS STS API Reference");
pub(super) const ORGANIZATIONS: Title = Title("AWS Organizations User Guide");
pub(super) const EC2: Title = Title("Amazon EC2 User Guide");
pub(super) const EC2_API: Title = Title("Amazon EC2 API Reference");
pub(super) const EBS: Title = Title("Amazon EBS User Guide");
pub(super) const AUTO_SCALING: Title = Title("Amazon EC2 Auto Scaling User Guide");
pub(super) const EKS: Title = Title("Amazon EKS User Guide");
pub(super) const MANAGED_POLICIES: Title = Title("AWS Managed Policy Reference");
pub(super) const KNOWLEDGE_CENTER: Title = Title("AWS re:Post Knowledge Center");
pub(super) const SECURITY_BLOG: Title = Title("AWS Security Blog");
/// A user's record of what AWS did, with CloudTrail's words.
pub(super) const KARPENTER_4935: Title = Title("aws/karpenter-provider-aws issue 4935");
/// A user's record of a launch whose image is under another account's key.
pub(super) const BLUEPRINTS_2052: Title = Title("aws-ia/terraform-aws-eks-blueprints issue 2052");
pub(super) const EBS_CSI_DRIVER: Title = Title("kubernetes-sigs/aws-ebs-csi-driver");

impl Title {
    /// The section of the document, as `page > heading`.
    pub(super) const fn at(self, section: &'static str) -> Source {
        Source::Document { title: self.0, section }
    }
}

/// What speaks for an assumption that turns decisions, and what would decide it.
pub(super) const fn assumed(why: &'static str, probe: &'static str) -> Source {
    Source::Assumption { why, turns: Turns::Decisions, probe }
}

/// The same of one that turns which documents are taken.
pub(super) const fn assumed_of_policies(why: &'static str, probe: &'static str) -> Source {
    Source::Assumption { why, turns: Turns::Policies, probe }
}

/// The same of one that turns what launches do.
pub(super) const fn assumed_of_launches(why: &'static str, probe: &'static str) -> Source {
    Source::Assumption { why, turns: Turns::Launches, probe }
}

/// The same of one that turns what the embedded AWS does around its decisions.
pub(super) const fn assumed_of_embedded_aws(why: &'static str, probe: &'static str) -> Source {
    Source::Assumption { why, turns: Turns::EmbeddedAws, probe }
}

/// The same of one that turns what is told first of a key whose state refuses a call.
pub(super) const fn assumed_of_key_states(why: &'static str, probe: &'static str) -> Source {
    Source::Assumption { why, turns: Turns::KeyStates, probe }
}

/// The same of one that turns nothing, with the reason.
pub(super) const fn assumed_without_switch(why: &'static str, reason: &'static str, probe: &'static str) -> Source {
    Source::Assumption { why, turns: Turns::Nothing(reason), probe }
}
