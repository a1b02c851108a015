//! Sizes.

use authz::policy::{
    PolicyKind,
    limits::{self, SizeQuota, TooLarge},
};
use authz::text::SourceText;

use crate::read;

#[test]
fn sizes_are_counted_as_aws_counts_them() {
    let text = "{ \"Sid\":\t\"é é\" }\n";
    for (quota, size) in [
        (SizeQuota::Managed, 12),
        (SizeQuota::RoleInline, 12),
        (SizeQuota::Trust, 12),
        (SizeQuota::Session, 17),
        (SizeQuota::ServiceControl, 17),
        (SizeQuota::Key, 19),
    ] {
        assert_eq!(quota.size_of(text), size, "{quota:?}");
    }
}

#[test]
fn what_is_too_large_is_refused_in_our_words_and_in_awss() {
    for (quota, limit, code, message) in [
        (SizeQuota::Managed, 6_144, "LimitExceeded", "Cannot exceed quota for PolicySize: 6144"),
        (SizeQuota::Trust, 2_048, "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048"),
        (SizeQuota::UserInline, 2_048, "LimitExceeded", "Maximum policy size of 2048 bytes exceeded for user me"),
        (SizeQuota::GroupInline, 5_120, "LimitExceeded", "Maximum policy size of 5120 bytes exceeded for group me"),
        (SizeQuota::RoleInline, 10_240, "LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role me"),
        (
            SizeQuota::Session,
            2_048,
            "PackedPolicyTooLarge",
            "Packed policy consumes 101% of allotted space, please use smaller policy.",
        ),
        (SizeQuota::Key, 32_768, "LimitExceededException", "a key policy may have 32768 bytes and would have 32769"),
        (
            SizeQuota::ServiceControl,
            10_240,
            "ConstraintViolationException",
            "You have exceeded the maximum policy size.",
        ),
        (
            SizeQuota::ResourceControl,
            5_120,
            "ConstraintViolationException",
            "You have exceeded the maximum policy size.",
        ),
    ] {
        assert_eq!(quota.check(limit), Ok(()));
        let refused = quota.check(limit + 1).unwrap_err();
        assert_eq!(refused, TooLarge { quota, limit, size: limit + 1 });
        assert_eq!((refused.aws_code(), refused.aws_message("me").as_str()), (code, message));
    }
    assert_eq!(
        SizeQuota::RoleInline.check(12_000).unwrap_err().to_string(),
        "the inline policies of a role together may have 10240 characters that are no white space and would have 12000"
    );
}

/// As a compiler would: the first character that is too many, underlined.
#[test]
fn the_refusal_points_at_what_is_too_much() {
    let text = format!("{{\n  \"Sid\": \"{}\"\n}}", "x".repeat(2_048));
    let refused = SizeQuota::Trust.check_policy(&SourceText::new("trust.json", text)).unwrap_err();
    assert_eq!(refused.too_large(), TooLarge { quota: SizeQuota::Trust, limit: 2_048, size: 2_058 });
    assert_eq!((refused.place().to_string(), refused.policy_text().slice(refused.span())), ("2:2051".into(), "x"));
    let shown = refused.to_string();
    assert!(shown.starts_with("trust.json:2:2051: a trust policy may have 2048 characters"), "{shown}");
    assert!(shown.contains('^') && shown.contains("\n  help: name accounts or conditions"), "{shown}");
    assert_eq!(SizeQuota::Trust.check_policy(&SourceText::new("trust.json", "{}")), Ok(()));
}

#[test]
fn managed_policies_are_made_in_the_language_of_2012() {
    let with = |version: &str| {
        let text = format!(r#"{{{version}"Statement":{{"Effect":"Allow","Action":"*","Resource":"*"}}}}"#);
        limits::check_new_managed(&read(&text, PolicyKind::Identity))
    };
    assert_eq!(with(r#""Version":"2012-10-17","#), Ok(()));
    let old = with(r#""Version":"2008-10-17","#).unwrap_err();
    assert_eq!(old.policy_text().slice(old.span()), "\"2008-10-17\"");
    assert_eq!(old.aws_message(), "Policy document must be version 2012-10-17 or greater.");
    assert_eq!(with("").unwrap_err().place().to_string(), "1:1");
}
