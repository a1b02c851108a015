//! Which keys are multivalued, as the Service Authorization Reference and the IAM User Guide tell it.

use authz::context::ContextKey;
use aws_catalog::authorization::{ConditionKey, PREFIXES, Service, service};

fn published() -> impl Iterator<Item = &'static ConditionKey> {
    PREFIXES.iter().filter_map(|prefix| service(prefix)).flat_map(Service::condition_keys)
}

#[test]
fn a_services_key_is_multivalued_if_the_reference_says_so() {
    for key in published() {
        assert_eq!(ContextKey::new(key.name()).is_multivalued(), key.is_multivalued(), "{}", key.name());
    }
    assert!(published().filter(|key| key.is_multivalued()).count() > 40, "there are such keys");
}

/// "AWS global condition context keys": of each the value type.
#[test]
fn a_global_key_is_multivalued_if_the_guide_says_so() {
    for key in [
        "aws:CalledVia",
        "aws:PrincipalOrgPaths",
        "aws:PrincipalServiceNamesList",
        "aws:ResourceOrgPaths",
        "aws:SourceOrgPaths",
        "aws:TagKeys",
        "aws:VpceOrgPaths",
    ] {
        assert!(ContextKey::new(key).is_multivalued(), "{key}");
    }
    for key in ["aws:CalledViaFirst", "aws:PrincipalOrgID", "aws:PrincipalTag/TagKeys", "aws:SourceVpce"] {
        assert!(!ContextKey::new(key).is_multivalued(), "{key}");
    }
}
