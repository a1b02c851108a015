//! The seed's sentences about permissions, one by one.

use std::collections::BTreeSet;

use authz::rules::{self, Rule};

use crate::{grants, node_role, permissions, setup::told_by, symptoms};

/// What a sentence stems from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A line of the seed.
    Seed(u32),
    /// aws-ia/terraform-aws-eks-blueprints issue 2052, which the seed retells.
    Issue2052,
    /// AWS's own advice on the same matter, which the seed leaves out.
    Advice,
}

/// What becomes of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It holds, and the product does so.
    Followed,
    /// It does no harm, and is not needed.
    Optional,
    /// It does not hold.
    Refuted,
}

/// One sentence.
pub(crate) struct Row {
    pub(crate) origin: Origin,
    /// What it says, in own words.
    pub(crate) says: &'static str,
    pub(crate) mark: Mark,
    /// What is so instead, or how far it holds.
    pub(crate) note: &'static str,
    pub(crate) rules: &'static [&'static Rule],
    /// The test that shows it.
    pub(crate) shown_by: ShownBy,
}

pub(crate) struct ShownBy {
    pub(crate) name: &'static str,
    test: fn(),
}

/// The test's name, if there is such a test.
macro_rules! shown_by {
    ($($test:ident)::+) => {{
        ShownBy { name: stringify!($($test)::+), test: $($test)::+ }
    }};
}

use Mark::{Followed, Optional, Refuted};
use Origin::{Advice, Issue2052, Seed};

pub(crate) const ROWS: &[Row] = &[
    Row {
        origin: Seed(5),
        says: "A node whose image is under another account's key dies at once with `Client.InvalidKMSKey.InvalidState`.",
        mark: Followed,
        note: "unless something is done about the key",
        rules: &[&rules::LAUNCH_FAILS_INVALID_STATE],
        shown_by: shown_by!(symptoms::without_a_remedy_the_node_dies_with_the_seeds_code),
    },
    Row {
        origin: Seed(5),
        says: "That code shows that the controller's or the node's role lacks permission.",
        mark: Refuted,
        note: "a disabled key shows the same code; KMS's own error in CloudTrail tells them apart",
        rules: &[&rules::LAUNCH_FAILS_INVALID_STATE, &rules::KMS_STATE_DISABLED_CRYPTO],
        shown_by: shown_by!(symptoms::the_code_tells_no_denial_from_a_key_state),
    },
    Row {
        origin: Seed(8),
        says: "The controller's role needs permissions on the foreign key.",
        mark: Followed,
        note: "it is who calls KMS for Karpenter, through EC2",
        rules: &[&rules::LAUNCH_KARPENTER_CALLER, &rules::XACCT_BOTH_SIDES],
        shown_by: shown_by!(permissions::both_sides_open_the_key_to_the_controller),
    },
    Row {
        origin: Seed(11),
        says: "It needs `kms:Encrypt`.",
        mark: Optional,
        note: "no step calls it",
        rules: &[&rules::LAUNCH_NO_ENCRYPT],
        shown_by: shown_by!(permissions::encrypt_is_in_no_step),
    },
    Row {
        origin: Seed(12),
        says: "It needs `kms:Decrypt`.",
        mark: Optional,
        note: "EC2 decrypts, by the controller's grant; only where the controller's own right to make it is a grant does \
               that have to list Decrypt",
        rules: &[
            &rules::LAUNCH_ATTACH_BY_GRANT,
            &rules::KMS_GRANT_BY_POLICY,
            &rules::KMS_GRANT_CHILD_OPERATIONS,
            &rules::LAUNCH_PLAIN_DECRYPT_CALLER,
        ],
        shown_by: shown_by!(permissions::decrypt_is_for_the_grant_to_pass_on_only),
    },
    Row {
        origin: Seed(13),
        says: "It needs `kms:ReEncrypt*`.",
        mark: Followed,
        note: "`kms:ReEncryptFrom`, where the volume is under another key than the image, as it is with a shared image \
               and no key named",
        rules: &[&rules::LAUNCH_OTHER_KEY_RE_ENCRYPT, &rules::LAUNCH_SHARED_SNAPSHOT_KEY],
        shown_by: shown_by!(permissions::re_encrypt_is_for_a_volume_under_another_key),
    },
    Row {
        origin: Seed(14),
        says: "It needs `kms:GenerateDataKey*`.",
        mark: Followed,
        note: "`kms:GenerateDataKeyWithoutPlaintext`, where the volume is under the foreign key",
        rules: &[&rules::LAUNCH_ORDER_ENCRYPTED_SNAPSHOT, &rules::LAUNCH_ORDER_PLAIN_SNAPSHOT],
        shown_by: shown_by!(permissions::of_the_data_key_actions_one_is_called),
    },
    Row {
        origin: Seed(15),
        says: "It needs `kms:DescribeKey`.",
        mark: Optional,
        note: "no step calls it, though EBS's guide lists it",
        rules: &[&rules::LAUNCH_NO_DESCRIBE_KEY],
        shown_by: shown_by!(permissions::describe_key_is_in_no_step),
    },
    Row {
        origin: Seed(16),
        says: "It needs `kms:CreateGrant`.",
        mark: Followed,
        note: "where the volume is under the foreign key",
        rules: &[&rules::LAUNCH_ATTACH_CREATE_GRANT],
        shown_by: shown_by!(permissions::create_grant_is_for_a_volume_under_the_foreign_key),
    },
    Row {
        origin: Seed(18),
        says: "The node's role needs like permissions, above all to reach encrypted volumes.",
        mark: Refuted,
        note: "a node role that is denied all of KMS launches",
        rules: &[&rules::LAUNCH_NOT_NODE_ROLE],
        shown_by: shown_by!(node_role::a_node_role_that_is_denied_everything_of_kms_launches),
    },
    Row {
        origin: Seed(20),
        says: "IAM permissions alone are not enough.",
        mark: Followed,
        note: "the key's account has to allow it as well",
        rules: &[&rules::XACCT_RESOURCE_REQUIRED, &rules::KMS_KEY_POLICY_REQUIRED],
        shown_by: shown_by!(permissions::iam_alone_opens_nothing),
    },
    Row {
        origin: Seed(20),
        says: "A grant is the step without which a foreign key cannot be used.",
        mark: Optional,
        note: "for Karpenter the key policy does it, with IAM; for a service-linked role only a grant does",
        rules: &[&rules::XACCT_BOTH_SIDES, &rules::SLR_FOREIGN_KEY_POLICY],
        shown_by: shown_by!(grants::karpenter_needs_no_grant_that_somebody_makes),
    },
    Row {
        origin: Seed(20),
        says: "The grant has to be made in the key's account.",
        mark: Optional,
        note: "either account can make it; AWS advises that of the group, and so the reporter's worked. From the key's \
               account the maker's own permission is enough, from the group's both sides must allow `kms:CreateGrant`",
        rules: &[&rules::KMS_GRANT_FROM_EITHER_ACCOUNT, &rules::KMS_GRANT_FROM_GROUP_ACCOUNT],
        shown_by: shown_by!(grants::a_grant_from_either_account_lets_the_group_launch),
    },
    Row {
        origin: Seed(24),
        says: "For Karpenter the grantee is `AWSServiceRoleForAutoScaling`.",
        mark: Refuted,
        note: "that is for Auto Scaling groups and managed node groups; Karpenter's launches never call as this role",
        rules: &[
            &rules::LAUNCH_KARPENTER_CALLER,
            &rules::LAUNCH_AUTO_SCALING_CALLER,
            &rules::LAUNCH_NODE_GROUP_CALLER,
            &rules::KMS_GRANT_GRANTEE_ROLE,
        ],
        shown_by: shown_by!(grants::the_group_launches_by_the_grant_and_karpenter_does_not),
    },
    Row {
        origin: Seed(25),
        says: "The grant lists eight operations.",
        mark: Followed,
        note: "AWS's list; of volumes under the foreign key three are called, CreateGrant, Decrypt and \
               GenerateDataKeyWithoutPlaintext",
        rules: &[&rules::LAUNCH_FOREIGN_GRANT, &rules::LAUNCH_FOREIGN_GRANT_MINIMUM],
        shown_by: shown_by!(grants::three_of_the_eight_operations_are_called_under_one_key),
    },
    Row {
        origin: Seed(27),
        says: "A policy of `kms:CreateGrant` on the foreign key is all that the controller needs.",
        mark: Refuted,
        note: "the data key comes first; that statement is what makes the grant by hand, from the group's account",
        rules: &[&rules::LAUNCH_ORDER_ENCRYPTED_SNAPSHOT, &rules::LAUNCH_FOREIGN_GRANT_MANUAL],
        shown_by: shown_by!(permissions::create_grant_alone_is_not_all_that_the_controller_needs),
    },
    Row {
        origin: Seed(41),
        says: "The grant should give no more than is needed.",
        mark: Followed,
        note: "a grant of ReEncryptFrom alone serves a shared image whose volume is under another key",
        rules: &[&rules::KMS_GRANT_OPERATION_LISTED, &rules::LAUNCH_FOREIGN_GRANT_MINIMUM],
        shown_by: shown_by!(grants::three_of_the_eight_operations_are_called_under_one_key),
    },
    Row {
        origin: Seed(43),
        says: "CloudTrail shows that grants are made.",
        mark: Followed,
        note: "the record of CreateGrant has the grant's id, also where EC2 makes it for a launch",
        rules: &[&rules::KMS_GRANT_USE_NOT_TOLD, &rules::LAUNCH_ATTACH_CREATE_GRANT],
        shown_by: shown_by!(symptoms::the_record_of_a_call_tells_no_grant_that_allowed_it),
    },
    Row {
        origin: Seed(43),
        says: "CloudTrail shows that grants are used.",
        mark: Refuted,
        note: "a call is recorded with its caller and not with the grant that allowed it, so when a grant was last \
               used can only be inferred from what its grantee called",
        rules: &[&rules::KMS_GRANT_USE_NOT_TOLD],
        shown_by: shown_by!(symptoms::the_record_of_a_call_tells_no_grant_that_allowed_it),
    },
    Row {
        origin: Seed(47),
        says: "Each region needs a grant of its own.",
        mark: Followed,
        note: "and a key: the image's copy there is under a key of that region",
        rules: &[&rules::KMS_REGIONAL, &rules::KMS_GRANT_ONE_KEY],
        shown_by: shown_by!(grants::each_region_has_its_own_key_and_grant),
    },
    Row {
        origin: Seed(49),
        says: "That the node's role is passed to the instance is what lets KMS decrypt.",
        mark: Refuted,
        note: "EC2's own role decrypts, by the grant that the launch made",
        rules: &[&rules::LAUNCH_ATTACH_PRINCIPAL, &rules::LAUNCH_ATTACH_BY_GRANT],
        shown_by: shown_by!(node_role::what_decrypts_is_ec2_itself_by_the_launchers_grant),
    },
    Row {
        origin: Seed(52),
        says: "Where a node dies at once, CloudTrail shows whether permission was denied.",
        mark: Followed,
        note: "and who was denied what: the caller is the controller's role",
        rules: &[&rules::LAUNCH_KARPENTER_CALLER],
        shown_by: shown_by!(symptoms::cloud_trail_has_the_denial_with_its_caller),
    },
    Row {
        origin: Seed(54),
        says: "Where a grant has no effect, the ARN of its grantee may be wrong.",
        mark: Followed,
        note: "the account, the path, another role; or the role was made anew since",
        rules: &[&rules::KMS_GRANT_GRANTEE_ROLE, &rules::SLR_PATH],
        shown_by: shown_by!(grants::a_grant_for_another_arn_has_no_effect),
    },
    Row {
        origin: Seed(56),
        says: "Even with a grant the node's role needs permissions to ask for decryption.",
        mark: Refuted,
        note: "it asks KMS nothing",
        rules: &[&rules::LAUNCH_NOT_NODE_ROLE, &rules::LAUNCH_ATTACH_PRINCIPAL],
        shown_by: shown_by!(node_role::with_a_grant_the_node_role_still_needs_nothing),
    },
    Row {
        origin: Seed(61),
        says: "When the key is rotated, its grants are to be renewed.",
        mark: Optional,
        note: "only where another key takes its place: a grant is on one key, whatever key material that has",
        rules: &[&rules::KMS_GRANT_ONE_KEY],
        shown_by: shown_by!(grants::a_grant_serves_its_key_and_no_successor),
    },
    Row {
        origin: Seed(63),
        says: "Grants should be tagged.",
        mark: Refuted,
        note: "grants have no tags; conditions see those of the key",
        rules: &[&rules::KMS_GRANT_NO_TAGS],
        shown_by: shown_by!(permissions::a_condition_sees_the_keys_tags),
    },
    Row {
        origin: Seed(66),
        says: "With all of that Karpenter launches nodes from an image under another account's key.",
        mark: Refuted,
        note: "nowhere does the recipe let the cluster's account into the key policy, without which the controller's \
               first call is denied; what does launch by it are node groups and Auto Scaling groups, by the grant",
        rules: &[&rules::LAUNCH_KARPENTER_CALLER, &rules::XACCT_RESOURCE_REQUIRED, &rules::LAUNCH_AUTO_SCALING_CALLER],
        shown_by: shown_by!(permissions::the_recipe_as_a_whole_serves_groups_and_not_karpenter),
    },
    Row {
        origin: Issue2052,
        says: "The permissions of Auto Scaling's guide belong to the worker nodes' role.",
        mark: Refuted,
        note: "the reporter's first attempt: it changes no call and no verdict",
        rules: &[&rules::LAUNCH_NOT_NODE_ROLE],
        shown_by: shown_by!(node_role::permissions_of_the_node_role_have_no_effect),
    },
    Row {
        origin: Issue2052,
        says: "A new grant for the autoscaling role, from the account that uses the key, made it work.",
        mark: Followed,
        note: "it opens the key to node groups and Auto Scaling groups; to Karpenter's own launches it does nothing",
        rules: &[&rules::KMS_GRANT_FROM_GROUP_ACCOUNT, &rules::LAUNCH_NODE_GROUP_CALLER],
        shown_by: shown_by!(grants::the_reporters_way_launches_node_groups),
    },
    Row {
        origin: Issue2052,
        says: "`kms:CreateGrant` was added to the controller's policy as well.",
        mark: Followed,
        note: "of the two it is this that lets Karpenter launch, where its policy has the guide's other actions already",
        rules: &[&rules::LAUNCH_KARPENTER_CALLER, &rules::LAUNCH_ATTACH_CREATE_GRANT],
        shown_by: shown_by!(permissions::create_grant_added_to_the_rest_lets_karpenter_launch),
    },
    Row {
        origin: Issue2052,
        says: "A grant is to be made again when the autoscaling role is made anew.",
        mark: Followed,
        note: "the grant is for the role that was there",
        rules: &[&rules::SLR_RECREATED],
        shown_by: shown_by!(grants::a_service_linked_role_made_anew_needs_a_new_grant),
    },
    Row {
        origin: Advice,
        says: "Naming the foreign service-linked role in the key policy has no effect.",
        mark: Followed,
        note: "its own account would have to allow it too, and nobody can change that role's policies",
        rules: &[&rules::SLR_FOREIGN_KEY_POLICY, &rules::SLR_POLICIES_FIXED],
        shown_by: shown_by!(grants::naming_a_foreign_service_linked_role_in_the_key_policy_is_inert),
    },
    Row {
        origin: Advice,
        says: "Who makes the grant by hand needs `kms:CreateGrant` without a condition on `kms:GrantIsForAWSResource`.",
        mark: Followed,
        note: "copied onto either side, the condition denies the caller; what EC2 calls for the controller meets it",
        rules: &[&rules::LAUNCH_FOREIGN_GRANT_MANUAL, &rules::KMS_COND_FOR_AWS_RESOURCE],
        shown_by: shown_by!(grants::for_aws_resources_only_is_not_for_who_makes_the_grant_by_hand),
    },
    Row {
        origin: Advice,
        says: "From the group's account both sides must let the grant be made.",
        mark: Followed,
        note: "without the key policy the key's account refuses, without IAM the group's",
        rules: &[&rules::XACCT_BOTH_SIDES, &rules::LAUNCH_FOREIGN_GRANT_MANUAL],
        shown_by: shown_by!(grants::from_the_groups_account_both_sides_must_let_the_grant_be_made),
    },
    Row {
        origin: Advice,
        says: "From the key's account a permission there is enough.",
        mark: Followed,
        note: "the group's account is asked nothing",
        rules: &[&rules::KMS_GRANT_BY_POLICY, &rules::KMS_KEY_POLICY_ACCOUNT],
        shown_by: shown_by!(grants::from_the_keys_account_its_own_permission_is_enough),
    },
    Row {
        origin: Advice,
        says: "The service-linked role exists before it is granted anything.",
        mark: Followed,
        note: "nothing launches as a role that is not there",
        rules: &[&rules::SLR_EXISTS_FIRST, &rules::KMS_GRANT_GRANTEE_EXISTS],
        shown_by: shown_by!(grants::the_service_linked_role_exists_before_the_group_launches),
    },
];

/// The lines of the seed's article that no row is about, by what they are.
pub(crate) const LEFT_OUT: [(&str, &[u32]); 5] = [
    ("headings", &[6, 7, 19, 26, 39, 50, 57]),
    ("marks of lists and what leads up to one", &[9, 10, 17, 40, 42, 44, 46, 48, 51, 53, 55, 58, 60, 62, 64]),
    ("the rest of the command of lines 24 and 25", &[21, 22, 23]),
    ("the policy of line 27", &[28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38]),
    ("about no permission: automating, an account for keys, backups", &[45, 59, 65]),
];

/// Rules that no decision rests on: what CloudTrail leaves out, what KMS answers to who names a grantee that is not
/// there, and that nobody can put a policy on a service-linked role.
const TOLD_BY_NOTHING: [&str; 3] = ["kms-grant-grantee-exists", "kms-grant-use-not-told", "slr-policies-fixed"];

#[test]
fn what_the_test_of_a_row_decides_tells_the_rows_rules() {
    let mut wrong = Vec::new();
    for row in ROWS {
        let told = told_by(row.shown_by.test);
        let is_missing = |rule: &&&Rule| !told.contains(rule.id) && !TOLD_BY_NOTHING.contains(&rule.id);
        wrong.extend(row.rules.iter().filter(is_missing).map(|rule| format!("{} by {}", rule.id, row.shown_by.name)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_line_of_the_article_has_a_row_or_is_left_out_for_a_reason() {
    let of_rows: BTreeSet<u32> = ROWS
        .iter()
        .filter_map(|row| match row.origin {
            Seed(line) => Some(line),
            Issue2052 | Advice => None,
        })
        .collect();
    let left_out = LEFT_OUT.iter().flat_map(|(_, lines)| lines.iter().copied());
    let mut lines: Vec<u32> = of_rows.into_iter().chain(left_out).collect();
    lines.sort_unstable();
    // Before that stand the title and what the problem is; behind it other articles are advertised.
    assert_eq!(lines, (5..=66).collect::<Vec<_>>(), "each once");
}

#[test]
fn sentences_come_in_the_order_of_the_seed_and_say_where_they_stem_from() {
    let lines: Vec<u32> = ROWS
        .iter()
        .filter_map(|row| match row.origin {
            Seed(line) => Some(line),
            Issue2052 | Advice => None,
        })
        .collect();
    assert!(lines.is_sorted(), "{lines:?}");
    for row in ROWS {
        assert!(!row.rules.is_empty() && row.says.ends_with('.') && !row.note.ends_with('.'), "{}", row.says);
    }
}
