//! The published authorization data, as it is asked for.

use std::collections::BTreeSet;

use aws_catalog::authorization::{AccessLevel, PREFIXES, ValueType, action, nearest_action, service};

#[test]
fn every_service_unpacks_and_finds_each_of_its_actions_in_any_case() {
    for prefix in PREFIXES {
        let service = service(prefix).unwrap();
        assert_eq!(service.prefix(), *prefix);
        assert!(!service.name().is_empty() && !service.actions().is_empty(), "{prefix}");
        for published in service.actions() {
            for name in [published.full_name(), published.full_name().to_uppercase()] {
                assert!(std::ptr::eq(action(&name).unwrap(), published), "{name}");
            }
            assert!(!published.access_levels().is_empty(), "{}", published.full_name());
        }
    }
}

#[test]
fn what_an_action_names_is_published_too() {
    for service in PREFIXES.iter().filter_map(|prefix| service(prefix)) {
        let known = |key: &String| service.condition_keys().iter().any(|published| published.name() == key);
        for action in service.actions() {
            for resource in action.resource_types() {
                let name = resource.name();
                assert!(service.resource_type(name).is_some(), "{} names {name}", action.full_name());
                for key in resource.condition_keys() {
                    assert!(known(key), "{} on {name} names {key}", action.full_name());
                }
            }
            for key in action.condition_keys() {
                assert!(known(key), "{} names {key}", action.full_name());
            }
        }
        for resource in service.resource_types() {
            assert!(resource.arn().starts_with("arn:"), "{}", resource.arn());
            for key in resource.condition_keys() {
                assert!(known(key), "{} of {} names {key}", resource.name(), service.prefix());
            }
        }
    }
}

#[test]
fn facts_that_people_rely_on_are_there() {
    let grant = action("kms:CreateGrant").unwrap();
    assert!(grant.access_levels().contains(&AccessLevel::PermissionsManagement));
    let on: Vec<_> = grant.resource_types().iter().map(|resource| (resource.name(), resource.is_required())).collect();
    assert_eq!(on, [("key", true)]);
    assert!(grant.condition_keys().iter().any(|key| key == "kms:GrantIsForAWSResource"));

    let kms = service("kms").unwrap();
    assert_eq!(kms.resource_type("key").unwrap().arn(), "arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}");
    assert!(kms.resource_type("key").unwrap().condition_keys().iter().any(|key| key == "kms:ResourceAliases"));
    let keys = kms.condition_key("kms:EncryptionContextKeys").unwrap();
    assert!(keys.is_multivalued() && keys.value_type() == ValueType::String);
    let pair = kms.condition_key("KMS:encryptioncontext:aws:ebs:id").unwrap();
    assert_eq!(pair.name(), "kms:EncryptionContext:${EncryptionContextKey}");

    // Listing keys acts on none of them.
    assert!(action("kms:ListKeys").unwrap().resource_types().is_empty());
    let launch = action("ec2:RunInstances").unwrap();
    let launched: BTreeSet<&str> = launch.resource_types().iter().map(|resource| resource.name()).collect();
    assert!(launched.is_superset(&["instance", "volume", "launch-template", "network-interface"].into()));
    assert_eq!(action("sts:TagSession").unwrap().access_levels(), [AccessLevel::Tagging, AccessLevel::Write]);
    assert!(action("iam:CreateServiceLinkedRole").is_some() && action("eks-auth:AssumeRoleForPodIdentity").is_some());
}

#[test]
fn what_is_not_published_is_not_found() {
    for name in ["kms:Decypt", "kms:", ":Decrypt", "kms", "", "nosuch:Decrypt", "kms:Decrypt:x", "kms:*"] {
        assert!(action(name).is_none(), "{name}");
    }
    assert!(service("nosuch").is_none() && service("KMS").is_some());
}

#[test]
fn a_slip_of_the_pen_is_named() {
    for (written, meant) in [
        ("kms:Decypt", "kms:Decrypt"),
        ("kms:decrpyt", "kms:Decrypt"),
        ("kms:GenerateDataKeyWithoutPlainttext", "kms:GenerateDataKeyWithoutPlaintext"),
        ("kmss:Encrypt", "kms:Encrypt"),
        ("ec2:RunInstance", "ec2:RunInstances"),
        ("sts:AssumeRoles", "sts:AssumeRole"),
        ("kms:ReEncrypt", "kms:ReEncryptTo"),
        ("ec2:DescribeInst", "ec2:DescribeInstances"),
        ("iam:PassRole", "iam:PassRole"),
    ] {
        assert_eq!(nearest_action(written).map(|action| action.full_name()).as_deref(), Some(meant), "{written}");
    }
    for nothing in ["kms:Launch", "kms:", "x", "", "whatever:Decrypt"] {
        assert!(nearest_action(nothing).is_none(), "{nothing}");
    }
}
