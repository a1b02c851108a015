//! The table of what operations ask, against what AWS publishes and by what inputs tell.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeSet;

use aws_catalog::{
    access::{Access, Ec2Kind, IamKind, On, Operation, UNTOLD, Untold, operation, operations, untold},
    action, service,
};
use serde_json::{Value, json};

/// Told, though the published data does not have them for the action.
const UNPUBLISHED: &[(&str, &str)] = &[
    // AWS KMS API Reference, "GetKeyPolicy" and "PutKeyPolicy", "Required permissions".
    ("kms:GetKeyPolicy", "kms:PolicyName"),
    ("kms:PutKeyPolicy", "kms:PolicyName"),
    // AWS KMS Developer Guide, "AWS KMS condition keys": deprecated, and work as kms:KeySpec and kms:KeyUsage do.
    ("kms:CreateKey", "kms:CustomerMasterKeySpec"),
    ("kms:CreateKey", "kms:CustomerMasterKeyUsage"),
];

fn every_access() -> impl Iterator<Item = (&'static Operation, &'static Access)> {
    let all =
        ["autoscaling", "cloudtrail", "ec2", "eks", "eks-auth", "iam", "kms", "organizations", "sqs", "ssm", "sts"];
    let all = all.into_iter().flat_map(operations);
    all.flat_map(|operation| operation.accesses().iter().map(move |access| (operation, access)))
}

fn is_on_a_key(access: &Access) -> bool {
    let service = access.action().split(':').next();
    !matches!(
        service,
        Some("autoscaling" | "ec2" | "eks" | "eks-auth" | "iam" | "organizations" | "sqs" | "ssm" | "sts")
    ) && !matches!(access.on(), On::Nothing | On::Alias(_) | On::Role(_) | On::Principal(_) | On::Trail(_))
}

/// Tagging what is yet to be made takes the permission to tag, on nothing that has an ARN.
fn is_tag_of_new(access: &Access) -> bool {
    access.on() == On::Nothing && access.action().ends_with(":TagResource")
}

/// Every condition key that AWS publishes for an action that is asked for is told by the input, derived from something
/// that the access has, or listed with the reason why it is never there.
#[test]
fn every_published_condition_key_is_accounted_for() {
    for (operation, access) in every_access() {
        let published = action(access.action()).unwrap_or_else(|| panic!("{} is not published", access.action()));
        let kind = match access.on() {
            On::Alias(_) => "alias",
            On::Role(_) | On::NodeRole { .. } | On::RolesIn { .. } | On::ServiceLinkedRole(_) | On::RoleOfTask(_) => {
                "role"
            }
            On::Named(kind, _) | On::New(kind, _) | On::Arn(kind, _) => kind.name(),
            On::Identity(_) | On::UserOfAccessKey(_) | On::Caller => "user",
            On::Trail(_) => "trail",
            On::FederatedUser(_) => "federated-user",
            On::EksCluster(_) => "cluster",
            On::PodIdentityAssociation { .. } => "podidentityassociation",
            On::Ec2(kind, _) | On::NewEc2(kind) => kind.name(),
            On::EksAddon { .. } => "addon",
            On::Queue(_) => "queue",
            On::Parameter(_) => "parameter",
            On::FargateProfile { .. } => "fargateprofile",
            On::NodeGroup { .. } => "nodegroup",
            On::IdentityProvider { .. } => "identityproviderconfig",
            On::AccessEntry { .. } => "access-entry",
            On::ScalingGroup(_) | On::ScalingGroupOf(_) | On::ScalingGroupsOfTags(_) => "autoScalingGroup",
            _ => "key",
        };
        let is_meant = |name: &str| match access.on() {
            On::Nothing => false,
            On::InOrganization(_) => name != "responsibilitytransfer",
            On::NewOrganizationPolicy(_) => name == "policy",
            On::EksArn(_) => {
                matches!(
                    name,
                    "access-entry"
                        | "addon"
                        | "cluster"
                        | "fargateprofile"
                        | "identityproviderconfig"
                        | "nodegroup"
                        | "podidentityassociation"
                )
            }
            _ => name == kind,
        };
        let on = published.resource_types().iter().filter(|on| is_meant(on.name()));
        let of_type = on.clone().filter_map(|on| service(published.service())?.resource_type(on.name()));
        // Of EC2 the types have the keys of all their actions, and each action those of its own.
        let of_type = of_type.filter(|_| published.service() != "ec2");
        let of_resource = on.flat_map(|on| on.condition_keys()).chain(of_type.flat_map(|on| on.condition_keys()));
        for key in published.condition_keys().iter().chain(of_resource) {
            let place = format!("{key} of {} in {}", access.action(), operation.name());
            if access.conditions().iter().any(|condition| condition.key == key) {
                continue;
            }
            let why = untold(access.action(), key).unwrap_or_else(|| panic!("nobody tells {place}"));
            let has_source = match (why, key.trim_start_matches("kms:")) {
                (Untold::Never(_), _) => true,
                (Untold::Derived(from), _) if from.starts_with("the token of") => matches!(access.on(), On::Role(_)),
                (_, "EncryptionContext:${EncryptionContextKey}" | "EncryptionContextKeys") => {
                    !access.encryption_context().is_empty()
                }
                (_, "GrantIsForAWSResource" | "CallerAccount" | "ViaService") => true,
                (_, name) if name.starts_with("Grant") || name.starts_with("Retiring") => access.makes_grant(),
                (_, "RequestAlias") => matches!(access.on(), On::KeyOrAlias(_) | On::KeyOfCiphertext { .. }),
                // The replica that ReplicateKey makes has these of its primary key; AWS does not say that they are told.
                (_, "KeySpec" | "KeyUsage" | "KeyOrigin") if operation.name() == "ReplicateKey" => true,
                (
                    _,
                    "autoscaling:ResourceTag/${TagKey}"
                    | "aws:ResourceTag/${TagKey}"
                    | "ec2:ResourceTag/${TagKey}"
                    | "iam:ResourceTag/${TagKey}",
                ) => access.on() != On::Nothing,
                (_, "ec2:Region") => true,
                (_, name) if name.starts_with("eks:") => matches!(access.on(), On::AccessEntry { .. } | On::EksArn(_)),
                (_, "iam:ServiceSpecificCredentialServiceName") => access.on() == On::Named(IamKind::User, "UserName"),
                (_, "organizations:PolicyType") => {
                    matches!(access.on(), On::InOrganization(_)) || is_tag_of_new(access)
                }
                (_, "iam:PermissionsBoundary") => {
                    matches!(access.on(), On::Named(IamKind::Role | IamKind::User, _))
                }
                _ => is_on_a_key(access),
            };
            assert!(
                has_source,
                "{place} is said to be derived ({why:?}), and the access has nothing to derive it from"
            );
        }
    }
}

#[test]
fn what_is_told_is_published_or_excused_and_no_excuse_is_idle() {
    let mut excused = BTreeSet::new();
    for (operation, access) in every_access() {
        let published = action(access.action()).unwrap();
        for condition in access.conditions() {
            let of_resources = published.resource_types().iter().flat_map(|on| on.condition_keys());
            let of_resources = of_resources.filter(|_| matches!(published.service(), "autoscaling" | "ec2"));
            if !published.condition_keys().iter().chain(of_resources).any(|key| key == condition.key) {
                let pair = (access.action(), condition.key);
                assert!(UNPUBLISHED.contains(&pair), "{pair:?} of {} is not published", operation.name());
                excused.insert(pair);
            }
        }
    }
    assert_eq!(excused, UNPUBLISHED.iter().copied().collect());
    for gap in UNTOLD {
        let is_needed = every_access().any(|(_, access)| {
            let published = action(access.action()).unwrap();
            let resources = published.resource_types().iter();
            let of_types = resources.filter_map(|on| service(published.service())?.resource_type(on.name()));
            let of_types: Vec<&String> = of_types.flat_map(|resource| resource.condition_keys()).collect();
            published.condition_keys().iter().chain(of_types).any(|key| {
                let same = gap.key == key || gap.key.strip_suffix('*').is_some_and(|start| key.starts_with(start));
                same && gap.action.is_none_or(|only| only == access.action())
            })
        });
        assert!(is_needed, "nothing has {}", gap.key);
    }
}

#[test]
fn each_access_is_on_what_its_action_can_be_restricted_to() {
    for (operation, access) in every_access() {
        let published = action(access.action()).unwrap();
        let types: Vec<&str> = published.resource_types().iter().map(|resource| resource.name()).collect();
        let place = format!("{} in {}: {:?}, published for {types:?}", access.action(), operation.name(), access.on());
        match access.on() {
            // Published for keys that are there; a key in the making has no ARN yet.
            On::Nothing if is_tag_of_new(access) => assert_eq!(access.only_with_members(), ["Tags"]),
            On::Nothing | On::Principal(_) => assert!(types.is_empty(), "{place}"),
            On::Alias(_) => assert!(types.contains(&"alias"), "{place}"),
            On::Role(_) | On::NodeRole { .. } | On::RolesIn { .. } | On::ServiceLinkedRole(_) | On::RoleOfTask(_) => {
                assert!(types.contains(&"role"), "{place}")
            }
            On::Named(kind, _) | On::New(kind, _) | On::Arn(kind, _) => {
                assert!(types.contains(&kind.name()), "{place}")
            }
            On::Identity(_) | On::UserOfAccessKey(_) | On::Caller => assert!(types.contains(&"user"), "{place}"),
            On::Trail(_) => assert!(types.contains(&"trail"), "{place}"),
            On::InOrganization(_) => assert!(!types.is_empty(), "{place}"),
            On::NewOrganizationPolicy(_) => assert!(types.contains(&"policy"), "{place}"),
            On::EksCluster(_) | On::EksArn(_) => assert!(types.contains(&"cluster"), "{place}"),
            On::AccessEntry { .. } => assert!(types.contains(&"access-entry"), "{place}"),
            On::NodeGroup { .. } => assert!(types.contains(&"nodegroup"), "{place}"),
            On::FargateProfile { .. } => assert!(types.contains(&"fargateprofile"), "{place}"),
            On::IdentityProvider { .. } => assert!(types.contains(&"identityproviderconfig"), "{place}"),
            On::EksAddon { .. } => assert!(types.contains(&"addon"), "{place}"),
            On::Queue(_) => assert!(types.contains(&"queue"), "{place}"),
            On::Parameter(_) => assert!(types.contains(&"parameter"), "{place}"),
            On::PodIdentityAssociation { .. } => assert!(types.contains(&"podidentityassociation"), "{place}"),
            On::Ec2(kind, _) | On::NewEc2(kind) => assert!(types.contains(&kind.name()), "{place}"),
            On::ScalingGroup(_) | On::ScalingGroupOf(_) | On::ScalingGroupsOfTags(_) => {
                assert!(types.contains(&"autoScalingGroup"), "{place}");
            }
            On::AnyEc2(_) => {
                let kinds = Ec2Kind::ALL.iter().map(|kind| kind.name());
                assert!(kinds.into_iter().all(|kind| types.contains(&kind)), "{place}");
            }
            // Published for roles alone; GetFederationToken needs it, too (IAM User Guide, "Pass session tags in AWS STS").
            On::FederatedUser(_) if access.action() == "sts:TagSession" => {}
            On::FederatedUser(_) => assert!(types.contains(&"federated-user"), "{place}"),
            _ => assert!(types.contains(&"key"), "{place}"),
        }
    }
    for operation in operations("kms").iter().filter(|operation| operation.name().ends_with("Alias")) {
        let on: Vec<On> = operation.accesses().iter().map(Access::on).collect();
        assert!(on.iter().any(|on| matches!(on, On::Alias(_))) && on.len() >= 2, "{}: {on:?}", operation.name());
    }
}

#[test]
fn operations_are_found_by_their_exact_names() {
    for service in
        ["autoscaling", "cloudtrail", "ec2", "eks", "eks-auth", "iam", "kms", "organizations", "sqs", "ssm", "sts"]
    {
        for known in operations(service) {
            assert!(std::ptr::eq(operation(service, known.name()).unwrap(), known), "{}", known.name());
            assert!(!known.accesses().is_empty(), "{}", known.name());
        }
    }
    assert!(operation("kms", "encrypt").is_none() && operation("iam", "createRole").is_none());
}

/// What the accesses that this input asks for are told: action, key, values.
fn told(service: &str, name: &str, input: &Value) -> Vec<(String, String, Vec<String>)> {
    let asked = operation(service, name).unwrap().accesses().iter().filter(|access| access.is_asked_by(input));
    let of = |access: &Access| {
        let told = access.told_by(input, Some(true)).into_iter();
        told.map(|(key, values)| (access.action().to_owned(), key, values)).collect::<Vec<_>>()
    };
    asked.flat_map(of).collect()
}

fn row(action: &str, key: &str, values: &[&str]) -> (String, String, Vec<String>) {
    (action.into(), key.into(), values.iter().map(|value| (*value).into()).collect())
}

#[test]
fn parameters_that_are_not_given_have_their_defaults_as_on_aws() {
    assert_eq!(
        told("kms", "CreateKey", &json!({})),
        [
            row("kms:CreateKey", "kms:CustomerMasterKeySpec", &["SYMMETRIC_DEFAULT"]),
            row("kms:CreateKey", "kms:CustomerMasterKeyUsage", &["ENCRYPT_DECRYPT"]),
            row("kms:CreateKey", "kms:KeySpec", &["SYMMETRIC_DEFAULT"]),
            row("kms:CreateKey", "kms:KeyUsage", &["ENCRYPT_DECRYPT"]),
            row("kms:CreateKey", "kms:KeyOrigin", &["AWS_KMS"]),
            row("kms:CreateKey", "kms:MultiRegion", &["false"]),
        ]
    );
    let window = "kms:ScheduleKeyDeletionPendingWindowInDays";
    for (input, days) in [(json!({"KeyId": "k"}), "30"), (json!({"PendingWindowInDays": 7}), "7")] {
        assert_eq!(told("kms", "ScheduleKeyDeletion", &input), [row("kms:ScheduleKeyDeletion", window, &[days])]);
    }
}

#[test]
fn tags_and_truths_are_told_as_policies_ask_for_them() {
    let input = json!({
        "MultiRegion": true, "BypassPolicyLockoutSafetyCheck": false, "CustomerMasterKeySpec": "RSA_2048", "KeyUsage": null,
        "Tags": [{"TagKey": "Team", "TagValue": "a/b"}, {"TagKey": "empty", "TagValue": ""}],
    });
    let told = told("kms", "CreateKey", &input);
    for (action, key, values) in [
        ("kms:CreateKey", "kms:BypassPolicyLockoutSafetyCheck", &["false"][..]),
        ("kms:CreateKey", "kms:KeySpec", &["RSA_2048"]),
        ("kms:CreateKey", "kms:KeyUsage", &["ENCRYPT_DECRYPT"]),
        ("kms:CreateKey", "kms:MultiRegion", &["true"]),
        ("kms:CreateKey", "kms:MultiRegionKeyType", &["PRIMARY"]),
        ("kms:CreateKey", "aws:RequestTag/Team", &["a/b"]),
        ("kms:CreateKey", "aws:TagKeys", &["Team", "empty"]),
        // Tagging takes a permission of its own.
        ("kms:TagResource", "aws:RequestTag/empty", &[""]),
        ("kms:TagResource", "aws:TagKeys", &["Team", "empty"]),
    ] {
        assert!(told.contains(&row(action, key, values)), "{key} is not told: {told:?}");
    }
    let untagged = told_actions("kms", "CreateKey", &json!({"Tags": []}));
    assert_eq!(untagged, ["kms:CreateKey"]);
}

#[test]
fn both_halves_of_a_reencryption_are_asked() {
    let input = json!({"SourceEncryptionAlgorithm": "RSAES_OAEP_SHA_1", "DestinationKeyId": "alias/new"});
    let (from, to) = ("kms:ReEncryptFrom", "kms:ReEncryptTo");
    assert_eq!(
        told("kms", "ReEncrypt", &input),
        [
            row(from, "kms:EncryptionAlgorithm", &["RSAES_OAEP_SHA_1"]),
            row(from, "kms:ReEncryptOnSameKey", &["true"]),
            row(to, "kms:EncryptionAlgorithm", &["SYMMETRIC_DEFAULT"]),
            row(to, "kms:ReEncryptOnSameKey", &["true"]),
        ]
    );
}

fn told_actions(service: &str, name: &str, input: &Value) -> Vec<&'static str> {
    let accesses = operation(service, name).unwrap().accesses().iter();
    accesses.filter(|access| access.is_asked_by(input)).map(Access::action).collect()
}

#[test]
fn a_role_session_asks_for_what_it_brings() {
    let plain = json!({"RoleArn": "arn:aws:iam::111122223333:role/r", "RoleSessionName": "me"});
    assert_eq!(told_actions("sts", "AssumeRole", &plain), ["sts:AssumeRole"]);
    let rich = json!({
        "RoleSessionName": "me", "ExternalId": "x", "SourceIdentity": "alice",
        "Tags": [{"Key": "team", "Value": "a"}], "TransitiveTagKeys": ["team"],
    });
    assert_eq!(told_actions("sts", "AssumeRole", &rich), ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]);
    let told = told("sts", "AssumeRole", &rich);
    for (action, key, value) in [
        ("sts:AssumeRole", "sts:ExternalId", "x"),
        ("sts:AssumeRole", "sts:RoleSessionName", "me"),
        ("sts:AssumeRole", "sts:SourceIdentity", "alice"),
        ("sts:AssumeRole", "aws:RequestTag/team", "a"),
        ("sts:TagSession", "sts:TransitiveTagKeys", "team"),
        ("sts:TagSession", "aws:RequestTag/team", "a"),
        ("sts:SetSourceIdentity", "sts:SourceIdentity", "alice"),
    ] {
        assert!(told.contains(&row(action, key, &[value])), "{key} is not told: {told:?}");
    }
}

#[test]
fn what_is_made_with_tags_asks_for_the_permission_to_tag_it() {
    let made = json!({"RoleName": "r", "PermissionsBoundary": "arn:aws:iam::111122223333:policy/b"});
    assert_eq!(told_actions("iam", "CreateRole", &made), ["iam:CreateRole"]);
    let tagged = json!({"RoleName": "r", "Tags": [{"Key": "team", "Value": "a"}]});
    assert_eq!(told_actions("iam", "CreateRole", &tagged), ["iam:CreateRole", "iam:TagRole"]);
    let boundary = row("iam:CreateRole", "iam:PermissionsBoundary", &["arn:aws:iam::111122223333:policy/b"]);
    assert_eq!(told("iam", "CreateRole", &made), [boundary]);
    let added = json!({"InstanceProfileName": "p", "RoleName": "r"});
    assert_eq!(
        told_actions("iam", "AddRoleToInstanceProfile", &added),
        ["iam:AddRoleToInstanceProfile", "iam:PassRole"]
    );
}

#[test]
fn who_associates_a_role_must_be_let_pass_it_to_pods() {
    let input =
        json!({"clusterName": "demo", "roleArn": "arn:aws:iam::111122223333:role/r", "tags": {"team": "a", "b": ""}});
    let told = told("eks", "CreatePodIdentityAssociation", &input);
    for (action, key, values) in [
        ("eks:CreatePodIdentityAssociation", "aws:RequestTag/team", &["a"][..]),
        ("eks:CreatePodIdentityAssociation", "aws:RequestTag/b", &[""]),
        ("eks:CreatePodIdentityAssociation", "aws:TagKeys", &["b", "team"]),
        ("iam:PassRole", "iam:PassedToService", &["pods.eks.amazonaws.com"]),
    ] {
        assert!(told.contains(&row(action, key, values)), "{key} is not told: {told:?}");
    }
    let untouched = json!({"clusterName": "demo", "associationId": "a-1", "disableSessionTags": true});
    assert_eq!(told_actions("eks", "UpdatePodIdentityAssociation", &untouched), ["eks:UpdatePodIdentityAssociation"]);
}
