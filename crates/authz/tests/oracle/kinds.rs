//! The kinds of disagreement, and how a case shows that it is of one.

mod recognize;

use crate::{Answer, Case, Decided, support::setting::Ask};

/// A kind of disagreement.
pub(crate) struct Kind {
    pub(crate) id: &'static str,
    /// What the simulator does.
    pub(crate) they: &'static str,
    /// What we do.
    pub(crate) we: &'static str,
    /// The document and section that decides it, or the assumption where nothing does.
    pub(crate) source: &'static str,
    pub(crate) example: &'static str,
    pub(crate) shown_by: ShownBy,
}

/// What shows that a disagreement is of a kind.
#[derive(Clone, Copy)]
pub(crate) enum ShownBy {
    /// We deny such calls whatever policies say, unless one of them denies explicitly.
    Call(fn(&Ask) -> bool),
    /// That the evaluators agree once this is taken away.
    Without(fn(&mut Case)),
    /// What is left of the case once it is as small as it can be.
    Least(fn(&Decided) -> bool),
}

const HEAD: &str = "\
# Where another evaluator disagrees

`cargo test -p authz --test oracle` decides 20,000 generated requests with `authz` and with \
`@cloud-copilot/iam-simulate` 0.1.173, which runs as a process of its own. Each disagreement is made as small as it can \
be and must be of one of these kinds; any other fails the test, and so does a kind that no longer occurs. Grants, key \
states and forward access sessions are not compared: the simulator has none. Generated from \
`crates/authz/tests/oracle/kinds.rs`; the test writes this page anew with `UPDATE_DOCS=1`.

| kind | it | `authz` | decided by | example |
|---|---|---|---|---|
";

/// `docs/reference/disagreements.md`.
pub(crate) fn page() -> String {
    let row = |kind: &Kind| {
        let Kind { id, they, we, source, example, .. } = kind;
        format!("| `{id}` | {they} | {we} | {source} | {example} |\n")
    };
    HEAD.to_owned() + &KINDS.iter().map(row).collect::<String>()
}

impl Kind {
    /// Whether a call alone tells it.
    pub(crate) fn is_told_by_call(&self, difference: &Decided) -> bool {
        match self.shown_by {
            ShownBy::Call(is_such) => difference.ours == Answer::DeniedImplicitly && is_such(&difference.case.ask),
            ShownBy::Without(_) | ShownBy::Least(_) => false,
        }
    }

    /// The case without what makes it one of this kind, if that shows it.
    pub(crate) fn without(&self, case: &Case) -> Option<Case> {
        let ShownBy::Without(take_away) = self.shown_by else { return None };
        let mut other = case.clone();
        take_away(&mut other);
        Some(other)
    }

    /// Whether a case that is as small as it can be is of this kind.
    pub(crate) fn is_told_by(&self, least: &Decided) -> bool {
        match self.shown_by {
            ShownBy::Call(_) | ShownBy::Without(_) => self.is_told_by_call(least),
            ShownBy::Least(is_such) => is_such(least),
        }
    }
}

pub(crate) const KINDS: &[Kind] = &[
    Kind {
        id: "retire-grant-by-policy",
        they: "Lets a key policy or an identity policy allow `kms:RetireGrant`.",
        we: "Only the grant tells who may retire it.",
        source: "AWS KMS Developer Guide, \"Retiring and revoking grants\"",
        example: "a role whose policy and whose key's policy allow `kms:*` retires a grant of another's",
        shown_by: ShownBy::Call(recognize::retires_grant),
    },
    Kind {
        id: "foreign-key-administration",
        they: "Lets a key policy give `kms:ScheduleKeyDeletion` to another account.",
        we: "The operation works only in the key's own account.",
        source: "AWS KMS Developer Guide, \"AWS KMS permissions\" (column \"Cross-account use\"), and \"Allowing users in \
                 other accounts to use a KMS key\"",
        example: "key policy and identity policy allow the foreign role `kms:ScheduleKeyDeletion`",
        shown_by: ShownBy::Call(recognize::administers_foreign_key),
    },
    Kind {
        id: "root-user-assumes-role",
        they: "Lets the root user assume a role that trusts the account.",
        we: "The root user assumes no role.",
        source: "AWS STS API Reference, \"AssumeRole\" (\"You cannot use AWS account root user credentials\")",
        example: "the trust policy lets in `arn:aws:iam::111122223333:root`; its root user calls `sts:AssumeRole`",
        shown_by: ShownBy::Call(recognize::root_user_assumes_role),
    },
    Kind {
        id: "federated-user-calls",
        they: "Lets a federated user call IAM and STS where policies allow it.",
        we: "It calls nothing of IAM, and of STS only `GetCallerIdentity`.",
        source: "AWS STS API Reference, \"GetFederationToken\" > \"Permissions\"",
        example: "a federated user whose user and session policy allow `iam:GetRole`",
        shown_by: ShownBy::Call(recognize::federated_user_calls_iam_or_sts),
    },
    Kind {
        id: "service-linked-roles-bound",
        they: "Holds a service-linked role to the organization's policies.",
        we: "They do not bind it.",
        source: "AWS Organizations User Guide, \"Service control policies (SCPs)\" > \"Tasks and entities not restricted \
                 by SCPs\", and \"Resource control policies (RCPs)\" > \"Resources and entities not restricted by RCPs\"",
        example: "AWSServiceRoleForAutoScaling under an SCP that denies the call",
        shown_by: ShownBy::Without(recognize::free_service_linked_role),
    },
    Kind {
        id: "named-session-capped",
        they: "Caps by the session policy what a resource's policy gives to the session or federated user by its ARN.",
        we: "An implicit deny of boundary or session policy does not limit it.",
        source: "IAM User Guide, \"How AWS enforcement code logic evaluates requests to allow or deny access\" > \
                 \"Resource-based policies\"",
        example: "a queue's policy names `assumed-role/app/s1`, whose session policy allows nothing of SQS",
        shown_by: ShownBy::Least(recognize::session_is_named),
    },
    Kind {
        id: "everybody-capped",
        they: "Caps by the session policy what a resource's policy gives to `*`.",
        we: "It does not limit it: everybody is taken as naming the session itself.",
        source: "assumption `iam-eval-names-everybody`: told only where a condition names the principal's ARN",
        example: "a queue's policy allows `*`; the session policy allows nothing of SQS",
        shown_by: ShownBy::Least(recognize::everybody_is_named),
    },
    Kind {
        id: "federated-user-parent",
        they: "Does not take the ARN of a user as naming the federated sessions that the user made.",
        we: "It names them, capped by boundary and session policy.",
        source: "IAM User Guide, \"How AWS enforcement code logic evaluates requests to allow or deny access\" > \
                 \"Resource-based policies\" > \"AWS STS federated user principal\"",
        example: "a queue's policy names `user/ann`; ann's federated session, whose session policy allows it, asks",
        shown_by: ShownBy::Least(recognize::parent_is_named),
    },
    Kind {
        id: "variables-under-2008",
        they: "Expands `${..}` whatever the policy's `Version`.",
        we: "Under `2008-10-17` it is text.",
        source: "IAM User Guide, \"IAM policy elements: Variables and tags\" > \"Introduction\"",
        example: "a policy of 2008 about `table/${aws:username}`, asked for `table/ann` by ann",
        shown_by: ShownBy::Least(recognize::has_variables_under_2008),
    },
    Kind {
        id: "unresolved-in-not-resource",
        they: "Takes a statement whose `NotResource` has a variable without a value as not about the request.",
        we: "Such a value matches nothing, so the statement is about every resource.",
        source: "IAM User Guide, \"IAM policy elements: Variables and tags\" > \"Policy variables with no value\", and \
                 \"IAM JSON policy elements: NotResource\" (every resource except those that are listed)",
        example: "`NotResource: table/${aws:username}` for a role, which has no user name",
        shown_by: ShownBy::Least(recognize::has_unresolved_not_resource),
    },
    Kind {
        id: "unresolved-negated",
        they: "Takes a negated condition whose value has a variable without a value as false.",
        we: "Negated operators are true of a value that matches nothing.",
        source: "IAM User Guide, \"IAM policy elements: Variables and tags\" > \"Policy variables with no value\"",
        example: "`StringNotEquals aws:SourceVpc ${aws:PrincipalTag/team}` without the tag",
        shown_by: ShownBy::Least(recognize::negates_unresolved),
    },
    Kind {
        id: "excepted-in-part",
        they: "Takes a Deny with `NotPrincipal` as sparing whom one of the listed principals covers.",
        we: "It spares a caller only if all that it is are listed: account and user, or account, role and session.",
        source: "IAM User Guide, \"AWS JSON policy elements: NotPrincipal\" > \"Specifying NotPrincipal with Deny\"",
        example: "`Deny`, `NotPrincipal: role/app`, asked by `assumed-role/app/s1`",
        shown_by: ShownBy::Least(recognize::excepts_principals),
    },
    Kind {
        id: "variables-within-arns",
        they: "Takes a value of an ARN operator with a variable between its colons as matching nothing.",
        we: "A variable may stand in the value of an ARN operator, and is expanded part by part.",
        source: "IAM User Guide, \"IAM policy elements: Variables and tags\" > \"Condition element\"",
        example: "`ArnEquals aws:PrincipalArn arn:aws:iam::${aws:PrincipalAccount}:user/ann`",
        shown_by: ShownBy::Least(recognize::has_variable_within_arn),
    },
    Kind {
        id: "epoch-dates",
        they: "Takes seconds since 1970 as milliseconds where the other side gives a date, so that they lie before it.",
        we: "Both forms are moments.",
        source: "IAM User Guide, \"IAM JSON policy elements: Condition operators\" > \"Date condition operators\" (both \
                 forms, and W3C's ISO 8601 profile)",
        example: "`DateLessThan aws:EpochTime 2026-01-01` at `1795600800`, which is in November of 2026",
        shown_by: ShownBy::Least(recognize::takes_seconds_as_milliseconds),
    },
    Kind {
        id: "address-families",
        they: "Takes `NotIpAddress` of an IPv4 range as false for an IPv6 address, and the other way round.",
        we: "The address lies not in the range, so it is true.",
        source: "IAM User Guide, \"IAM JSON policy elements: Condition operators\" > \"IP address condition operators\" \
                 (every address except the specified address or range)",
        example: "`NotIpAddress aws:SourceIp 203.0.113.7` from `2001:db8::1`",
        shown_by: ShownBy::Least(recognize::negates_range_of_other_family),
    },
    Kind {
        id: "range-of-all-addresses",
        they: "Takes `0.0.0.0/0` as no address at all.",
        we: "It is every IPv4 address.",
        source: "IAM User Guide, \"IAM JSON policy elements: Condition operators\" > \"IP address condition operators\" \
                 (CIDR, RFC 4632)",
        example: "`IpAddress aws:SourceIp 0.0.0.0/0` from `10.1.2.3`",
        shown_by: ShownBy::Least(recognize::has_range_of_all),
    },
    Kind {
        id: "arn-star",
        they: "Takes `*` under an ARN operator as matching nothing.",
        we: "It matches whatever the key is.",
        source: "assumption `iam-cond-arn-star`",
        example: "`ArnLike aws:SourceArn *`",
        shown_by: ShownBy::Least(recognize::has_bare_star_as_arn),
    },
    Kind {
        id: "empty-set-is-there",
        they: "Takes a key with an empty set of values as present for `Null`.",
        we: "It counts as missing.",
        source: "assumption `iam-cond-null-empty`",
        example: "`Null aws:TagKeys false` with no tag keys",
        shown_by: ShownBy::Least(recognize::asks_null_of_empty_set),
    },
];
