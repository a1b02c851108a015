//! AWS's own managed policies: those that the world file tells, else as the catalog has them.
//!
//! Of a policy that the world file tells nobody told the dates. Unique ids follow from the ARNs, for the catalog has none.

use aws_catalog::managed_policies::{self as catalog, ManagedPolicy as Published};
use aws_model::{Arn, Partition};
use jiff::Timestamp;
use std::collections::BTreeSet;

use super::Head;
use crate::{
    accounts::unique_id,
    iam::{
        call::Call,
        records::{ManagedPolicy, Version, told::path_and_name},
        tags::Tags,
    },
};

/// The policy of this ARN.
pub(in crate::iam) fn find(call: &Call<'_>, arn: &str) -> Option<ManagedPolicy> {
    let told = call.state.authorizer().world().aws_managed_policies().find_map(|(told, policy)| {
        let version = Version { document: policy.source().text().to_owned(), created: Timestamp::UNIX_EPOCH };
        (told == arn).then_some((1, version))
    });
    let created = |policy: &Published| Timestamp::from_second(policy.created()).unwrap_or_default();
    let of_catalog = |policy: &Published| {
        let made = Timestamp::from_second(policy.updated()).unwrap_or_default();
        (policy.version(), Version { document: policy.document(), created: made })
    };
    let published = catalog::policy(arn).filter(|_| told.is_none());
    let (default, version) = told.or_else(|| published.map(of_catalog))?;
    let parsed: Arn = arn.parse().ok()?;
    let (path, name) = path_and_name(&parsed);
    Some(ManagedPolicy {
        id: id(arn),
        arn: parsed,
        path,
        name,
        description: None,
        created: published.map_or(Timestamp::UNIX_EPOCH, created),
        updated: version.created,
        versions: [(default, version)].into(),
        default,
        next: default + 1,
        tags: Tags::default(),
    })
}

/// Whether there is one of this ARN.
pub(in crate::iam) fn is_known(call: &Call<'_>, arn: &str) -> bool {
    arn.contains(":iam::aws:policy/") && call.state.authorizer().world().managed_policy(arn).is_some()
}

/// All of them.
pub(super) fn heads(call: &Call<'_>) -> Vec<Head<'static>> {
    let world = call.state.authorizer().world();
    let told: BTreeSet<&str> = world.aws_managed_policies().map(|(arn, _)| arn).collect();
    // AWS's other partitions have policies of their own, which the catalog has not.
    let is_published = call.ctx.region.partition() == Partition::Commercial;
    let published = catalog::all().iter().filter(|_| is_published).map(|policy| Head {
        arn: policy.arn().into(),
        id: None,
        default: policy.version(),
        created: policy.created(),
        updated: policy.updated(),
    });
    let mut heads: Vec<Head<'static>> = published.filter(|policy| !told.contains(&*policy.arn)).collect();
    heads.extend(told.into_iter().map(|arn| Head {
        arn: arn.to_owned().into(),
        id: None,
        default: 1,
        created: 0,
        updated: 0,
    }));
    heads
}

/// The unique id of a policy: the same for the same ARN.
pub(super) fn id(arn: &str) -> String {
    arn.parse().map_or_else(|_| String::new(), |arn| unique_id("ANPA", &arn))
}
