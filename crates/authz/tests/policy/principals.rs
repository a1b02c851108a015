//! Principals, by themselves.

use authz::policy::{InvalidPrincipal, PrincipalPattern, PrincipalType};

use PrincipalType::{AWS, CanonicalUser, Federated, Service};

#[test]
fn principals_of_every_kind_are_told_apart() {
    let canonical = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";
    let provider = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE";
    let account = "111122223333".parse().unwrap();
    let arn = |text: &str| text.parse().unwrap();
    for (kind, text, expected) in [
        (AWS, "*", PrincipalPattern::Anyone),
        (AWS, "111122223333", PrincipalPattern::Account(account)),
        (AWS, "arn:aws:iam::111122223333:root", PrincipalPattern::Account(account)),
        (AWS, "arn:aws-cn:iam::111122223333:root", PrincipalPattern::Account(account)),
        (AWS, "arn:aws:iam::111122223333:user/a/b/me", {
            PrincipalPattern::User(arn("arn:aws:iam::111122223333:user/a/b/me"))
        }),
        (AWS, "arn:aws-us-gov:iam::111122223333:role/R+=,.@-_", {
            PrincipalPattern::Role(arn("arn:aws-us-gov:iam::111122223333:role/R+=,.@-_"))
        }),
        (AWS, "arn:aws:sts::111122223333:assumed-role/R/i-0abc", {
            PrincipalPattern::RoleSession(arn("arn:aws:sts::111122223333:assumed-role/R/i-0abc"))
        }),
        (AWS, "arn:aws:sts::111122223333:assumed-role/aws:ec2-infrastructure/i-0abc", {
            PrincipalPattern::RoleSession(arn("arn:aws:sts::111122223333:assumed-role/aws:ec2-infrastructure/i-0abc"))
        }),
        (AWS, "arn:aws:sts::111122223333:federated-user/me", {
            PrincipalPattern::FederatedUser(arn("arn:aws:sts::111122223333:federated-user/me"))
        }),
        (AWS, "AROACKCEVSQ6C2EXAMPLE", PrincipalPattern::UniqueId("AROACKCEVSQ6C2EXAMPLE".into())),
        (AWS, "AIDACKCEVSQ6C2EXAMPLE", PrincipalPattern::UniqueId("AIDACKCEVSQ6C2EXAMPLE".into())),
        (Service, "ec2.amazonaws.com", PrincipalPattern::Service("ec2.amazonaws.com".into())),
        (Service, "states.us-east-1.amazonaws.com", PrincipalPattern::Service("states.us-east-1.amazonaws.com".into())),
        (Service, "ec2.amazonaws.com.cn", PrincipalPattern::Service("ec2.amazonaws.com.cn".into())),
        (Federated, provider, PrincipalPattern::Federated(provider.into())),
        (Federated, "cognito-identity.amazonaws.com", {
            PrincipalPattern::Federated("cognito-identity.amazonaws.com".into())
        }),
        (CanonicalUser, canonical, PrincipalPattern::CanonicalUser(canonical.into())),
    ] {
        assert_eq!(PrincipalPattern::parse(kind, text), Ok(expected), "{text}");
    }
}

#[test]
fn what_names_no_principal_is_refused() {
    for (kind, text, expected) in [
        (AWS, "", InvalidPrincipal::Unrecognised),
        (AWS, "**", InvalidPrincipal::Wildcard),
        (AWS, "11112222333", InvalidPrincipal::Account),
        (AWS, "1111222233334", InvalidPrincipal::Account),
        (AWS, "role/R", InvalidPrincipal::Unrecognised),
        (AWS, "AROASHORT", InvalidPrincipal::Unrecognised),
        (AWS, "AGPACKCEVSQ6C2EXAMPLE", InvalidPrincipal::Unrecognised),
        (AWS, "ec2.amazonaws.com", InvalidPrincipal::Unrecognised),
        (AWS, "arn:aws:iam::*:root", InvalidPrincipal::Wildcard),
        (AWS, "arn:aws:iam::111122223333:role/a?", InvalidPrincipal::Wildcard),
        (AWS, "arn:aws:iam::111122223333:group/g", InvalidPrincipal::Group),
        (AWS, "arn:amazon:iam::111122223333:root", InvalidPrincipal::Partition),
        (AWS, "arn:aws:iam::1:root", InvalidPrincipal::NotOfPrincipal),
        (AWS, "arn:aws:iam:us-east-1:111122223333:root", InvalidPrincipal::NotOfPrincipal),
        (AWS, "arn:aws:iam::111122223333:role", InvalidPrincipal::NotOfPrincipal),
        (AWS, "arn:aws:iam::111122223333:role/", InvalidPrincipal::NotOfPrincipal),
        (AWS, "arn:aws:iam::111122223333:role/a//b", InvalidPrincipal::NotOfPrincipal),
        (AWS, "arn:aws:iam::111122223333:role/a b", InvalidPrincipal::NotOfPrincipal),
        (AWS, "arn:aws:iam::111122223333:assumed-role/R/s", InvalidPrincipal::NotOfPrincipal),
        (AWS, "arn:aws:sts::111122223333:assumed-role/R", InvalidPrincipal::NotOfPrincipal),
        (AWS, "arn:aws:sts::111122223333:assumed-role/path/R/s", InvalidPrincipal::NotOfPrincipal),
        (AWS, "arn:aws:s3:::bucket", InvalidPrincipal::NotOfPrincipal),
        (AWS, "arn:aws:iam::cloudfront:role/R", InvalidPrincipal::NotOfPrincipal),
        (Service, "*", InvalidPrincipal::Wildcard),
        (Service, "ec2", InvalidPrincipal::Service),
        (Service, "https://ec2.amazonaws.com/", InvalidPrincipal::Service),
        (Federated, "", InvalidPrincipal::Federated),
        (Federated, "arn:aws:iam::111122223333:role/R", InvalidPrincipal::Federated),
        (Federated, "arn:aws:iam::111122223333:saml-provider/", InvalidPrincipal::Federated),
        (CanonicalUser, "79a59df9", InvalidPrincipal::CanonicalUser),
    ] {
        assert_eq!(PrincipalPattern::parse(kind, text), Err(expected), "{text}");
    }
}
