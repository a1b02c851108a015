//! The roles that services of AWS have in accounts, as far as AWS publishes what they are called.
//!
//! Source: `data/service-linked-roles/README.md`, and each line of the data.

use std::sync::LazyLock;

static ROLES: &str = include_str!("../data/service-linked-roles/roles.tsv");

static ALL: LazyLock<Vec<ServiceLinkedRole>> = LazyLock::new(|| ROLES.lines().filter_map(read).collect());

/// What a service's role is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceLinkedRole {
    service: &'static str,
    role: &'static str,
    policy: &'static str,
    takes_suffix: bool,
    source: &'static str,
}

/// All of them, by service.
#[must_use]
pub fn all() -> &'static [ServiceLinkedRole] {
    &ALL
}

/// The role of a service, by the name under which it signs: `autoscaling.amazonaws.com`.
#[must_use]
pub fn of_service(service: &str) -> Option<&'static ServiceLinkedRole> {
    ALL.iter().find(|role| role.service == service)
}

impl ServiceLinkedRole {
    /// The service, which alone is trusted.
    #[must_use]
    pub const fn service(&self) -> &'static str {
        self.service
    }

    /// What the role is called, without a suffix.
    #[must_use]
    pub const fn role(&self) -> &'static str {
        self.role
    }

    /// The name of its managed policy, behind `arn:aws:iam::aws:policy/aws-service-role/`.
    #[must_use]
    pub const fn policy(&self) -> &'static str {
        self.policy
    }

    /// Whether there may be more of them, told apart by a suffix.
    #[must_use]
    pub const fn takes_suffix(&self) -> bool {
        self.takes_suffix
    }

    /// Where AWS tells of it: `policy/NAME`, or a page.
    #[must_use]
    pub const fn source(&self) -> &'static str {
        self.source
    }
}

/// A line of the data; the tests see to it that each is one.
fn read(line: &'static str) -> Option<ServiceLinkedRole> {
    let mut fields = line.split('\t');
    Some(ServiceLinkedRole {
        service: fields.next()?,
        role: fields.next()?,
        policy: fields.next()?,
        takes_suffix: fields.next()? == "custom",
        source: fields.next()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::managed_policies;

    #[test]
    fn each_role_has_its_policy_and_its_source() {
        assert_eq!(all().len(), ROLES.lines().count(), "every line is read");
        assert!(all().is_sorted_by(|one, next| one.service < next.service), "one a service, in order");
        for role in all() {
            let ServiceLinkedRole { service, role, policy, source, .. } = role;
            let policy = format!("arn:aws:iam::aws:policy/aws-service-role/{policy}");
            assert!(managed_policies::policy(&policy).is_some(), "{service}: {policy}");
            let Some(name) = source.strip_prefix("policy/") else {
                assert!(source.contains("Guide, \""), "{service}: {source} is no page");
                continue;
            };
            let named = managed_policies::all().iter().find(|policy| policy.arn().ends_with(&format!("/{name}")));
            let document = named.unwrap_or_else(|| panic!("{service}: {source}")).document();
            assert!(document.contains(&format!("role/aws-service-role/{service}/{role}")), "{service}: {source}");
        }
    }
}
