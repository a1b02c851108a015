//! What the catalog says that operations ask, held against the models that the inputs are decoded by.

use std::collections::BTreeSet;

use authz::world::GrantOperation;
use aws_catalog::access::{self, Access, On, Source};
use aws_wire::model::{self, Kind, Operation, ServiceId, ServiceModel, Shape};

use crate::operations::supported;

const SERVICES: [(&str, ServiceId); 11] = [
    ("autoscaling", ServiceId::AutoScaling),
    ("cloudtrail", ServiceId::CloudTrail),
    ("ec2", ServiceId::Ec2),
    ("eks", ServiceId::Eks),
    ("eks-auth", ServiceId::EksAuth),
    ("iam", ServiceId::Iam),
    ("kms", ServiceId::Kms),
    ("organizations", ServiceId::Organizations),
    ("sqs", ServiceId::Sqs),
    ("ssm", ServiceId::Ssm),
    ("sts", ServiceId::Sts),
];

#[test]
fn the_catalog_knows_what_each_answered_operation_asks() {
    for (prefix, service) in SERVICES {
        for name in supported(service) {
            assert!(access::operation(prefix, name).is_some(), "{prefix}:{name} would be answered to anybody");
        }
    }
}

#[test]
fn every_member_that_the_catalog_names_is_in_the_model_and_of_its_kind() {
    for (prefix, service) in SERVICES {
        let model = model::service(service);
        for asked in access::operations(prefix) {
            // What its token tells is handed in as members of AssumeRole.
            let name = if asked.name() == "AssumeRoleWithWebIdentity" { "AssumeRole" } else { asked.name() };
            let operation = model.operation(name).unwrap();
            for access in asked.accesses() {
                for (path, fits) in members_of(access).into_iter().filter(|(path, _)| !is_filled_in(asked.name(), path))
                {
                    let place = format!("{path} of {}", asked.name());
                    let shape = at(model, operation, path).unwrap_or_else(|| panic!("there is no {place}"));
                    assert!(fits(&shape.kind), "{place} is {:?}", shape.kind);
                }
                tag_members_are_there(model, operation, access);
            }
        }
    }
}

/// Whether a service fills a member in that no input has: see `access/ec2.rs` and `access/autoscaling.rs` of the catalog.
fn is_filled_in(operation: &str, path: &str) -> bool {
    const OF_SPOT: [&str; 4] = ["ImageId", "KeyName", "SecurityGroupIds", "SubnetId"];
    const OF_LAUNCHES: [&str; 7] = [
        "IamInstanceProfile.Role",
        "ImageIds",
        "LaunchTemplateIds",
        "MarketType",
        "PassedRoles",
        "SnapshotIds",
        "SubnetIds",
    ];
    const OF_GROUPS: [&str; 3] = ["Subnets", "InstanceTypes", "VersionSpecified"];
    path.starts_with("TagsOf.")
        || (matches!(operation, "CreateFleet" | "RequestSpotInstances" | "RunInstances") && OF_LAUNCHES.contains(&path))
        || OF_GROUPS.contains(&path)
        || (operation == "RequestSpotInstances" && OF_SPOT.contains(&path))
}

/// What must be at a path.
type Fits = fn(&Kind) -> bool;

const TEXT: Fits = |kind| matches!(kind, Kind::String(_));
const BLOB: Fits = |kind| matches!(kind, Kind::Blob(_));
const MAP: Fits = |kind| matches!(kind, Kind::Map(_));
const LIST: Fits = |kind| matches!(kind, Kind::List(_));
const TRUTH: Fits = |kind| matches!(kind, Kind::Boolean);
const VALUES: Fits = |kind| !matches!(kind, Kind::Structure(_) | Kind::Map(_) | Kind::Blob(_));
const ANYTHING: Fits = |_| true;

/// The paths that an access names, and what must be there.
fn members_of(access: &Access) -> Vec<(&'static str, Fits)> {
    let mut members = match access.on() {
        On::Nothing | On::Caller => vec![],
        On::KeyOfCiphertext { ciphertext, or } => vec![(ciphertext, BLOB), (or, TEXT)],
        On::PodIdentityAssociation { cluster, id } => vec![(cluster, TEXT), (id, TEXT)],
        On::FargateProfile { cluster, name } | On::NodeGroup { cluster, name } => vec![(cluster, TEXT), (name, TEXT)],
        On::IdentityProvider { cluster, kind, name } => vec![(cluster, TEXT), (kind, TEXT), (name, TEXT)],
        On::AccessEntry { cluster, principal } => vec![(cluster, TEXT), (principal, TEXT)],
        On::NodeRole { role, kind } => vec![(role, TEXT), (kind, TEXT)],
        On::EksAddon { cluster, name } => vec![(cluster, TEXT), (name, TEXT)],
        On::RolesIn { list, .. } => vec![(list, LIST)],
        On::KeyInRegion { key, region } => vec![(key, TEXT), (region, TEXT)],
        On::KeyOfGrant { token, or } => vec![(token, TEXT), (or, TEXT)],
        On::Key(member)
        | On::KeyOrAlias(member)
        | On::Alias(member)
        | On::KeyOfAlias(member)
        | On::Role(member)
        | On::Principal(member)
        | On::Trail(member)
        | On::FederatedUser(member)
        | On::Named(_, member)
        | On::New(_, member)
        | On::Arn(_, member)
        | On::Identity(member)
        | On::UserOfAccessKey(member)
        | On::ServiceLinkedRole(member)
        | On::RoleOfTask(member)
        | On::InOrganization(member)
        | On::EksCluster(member)
        | On::EksArn(member)
        | On::Queue(member)
        | On::ScalingGroup(member)
        | On::ScalingGroupOf(member)
        | On::NewOrganizationPolicy(member) => vec![(member, TEXT)],
        On::NewEc2(_) => vec![],
        On::Ec2(_, member) | On::Parameter(member) => vec![(member, VALUES)],
        On::AnyEc2(member) | On::ScalingGroupsOfTags(member) => vec![(member, LIST)],
    };
    for condition in access.conditions() {
        match condition.from {
            Source::Member(path) => members.push((path, VALUES)),
            Source::InEach(path, _) => members.push((path, LIST)),
            Source::MemberOr(paths, _) => members.extend(paths.iter().map(|path| (*path, VALUES))),
            Source::WhereTrue(path, _) => members.push((path, TRUTH)),
            Source::TagValues(tags) | Source::TagKeys(tags) => members.push((tags.member, LIST)),
            Source::MapValues(path) | Source::MapKeys(path) => members.push((path, MAP)),
            Source::Fixed(_) | Source::OnSameKey => {}
        }
    }
    members.extend(access.encryption_context().iter().map(|path| (*path, MAP)));
    members.extend(access.only_with_members().iter().map(|member| (*member, ANYTHING)));
    members.extend(access.region().map(|member| (member, TEXT)));
    members
}

fn tag_members_are_there(model: &ServiceModel, operation: &Operation, access: &Access) {
    for condition in access.conditions() {
        let (Source::TagValues(tags) | Source::TagKeys(tags)) = condition.from else { continue };
        if is_filled_in(operation.name(), tags.member) {
            continue;
        }
        let Some(Kind::List(list)) = at(model, operation, tags.member).map(|shape| &shape.kind) else {
            panic!("{} of {} is no list", tags.member, operation.name())
        };
        let Kind::Structure(tag) = &model.shape(list.element).kind else { panic!("a tag is a structure") };
        for name in [tags.key, tags.value] {
            assert!(tag.members.iter().any(|member| member.name == name), "no {name} in {}", operation.name());
        }
    }
}

fn at<'m>(model: &'m ServiceModel, operation: &Operation, path: &str) -> Option<&'m Shape> {
    let input = model.shape(operation.input()?);
    path.split('.').try_fold(input, |shape, name| match &shape.kind {
        Kind::Structure(structure) => {
            let member = structure.members.iter().find(|member| member.name == name)?;
            Some(model.shape(member.shape))
        }
        _ => None,
    })
}

#[test]
fn the_authorization_model_knows_every_operation_that_a_grant_can_permit() {
    let kms = model::service(ServiceId::Kms);
    let Some(Kind::List(list)) = at(kms, kms.operation("CreateGrant").unwrap(), "Operations").map(|shape| &shape.kind)
    else {
        panic!("a grant permits several")
    };
    let Kind::String(text) = &kms.shape(list.element).kind else { panic!("an operation is a text") };
    let ours: BTreeSet<_> = GrantOperation::ALL.iter().map(|operation| operation.as_str()).collect();
    assert_eq!(text.values.iter().map(String::as_str).collect::<BTreeSet<_>>(), ours);
}
