//! A switch for each assumption that can be told apart from its opposite.

use super::{RULES, Rule, Turns, rule};

macro_rules! switches {
    ($($field:ident: $rule:ident,)*) => {
        /// Which assumptions hold: a switch for each, on by default. What is switched off is decided as the opposite of
        /// the rule's sentence.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Assumptions {
            $(
                #[doc = concat!("[`", stringify!($rule), "`](super::", stringify!($rule), ")")]
                pub $field: bool,
            )*
        }

        impl Default for Assumptions {
            fn default() -> Self {
                Self { $($field: true,)* }
            }
        }

        impl Assumptions {
            /// Whether an assumption holds. A documented rule, and one without a switch, always does.
            #[must_use]
            pub fn holds(&self, rule: &'static Rule) -> bool {
                // A rule is one static: its address tells it, faster than its id.
                $(
                    if std::ptr::eq(rule, &super::$rule) {
                        return self.$field;
                    }
                )*
                true
            }

            fn switch(&mut self, id: &str) -> Option<&mut bool> {
                match id {
                    $(id if id == super::$rule.id => Some(&mut self.$field),)*
                    _ => None,
                }
            }
        }
    };
}

switches! {
    denial_ciphertext: DENIAL_CIPHERTEXT,
    denial_foreign_key: DENIAL_FOREIGN_KEY,
    denial_key_policy_both: DENIAL_KEY_POLICY_BOTH,
    denial_order: DENIAL_ORDER,
    denial_policy_arn: DENIAL_POLICY_ARN,
    denial_scp_implicit_of_service: DENIAL_SCP_IMPLICIT_OF_SERVICE,
    denial_sts_policy_type: DENIAL_STS_POLICY_TYPE,
    denial_tag_new_key: DENIAL_TAG_NEW_KEY,
    iam_cond_arn_star: IAM_COND_ARN_STAR,
    iam_cond_bool_case: IAM_COND_BOOL_CASE,
    iam_cond_date_year: IAM_COND_DATE_YEAR,
    iam_cond_for_any_if_exists: IAM_COND_FOR_ANY_IF_EXISTS,
    iam_cond_for_any_missing_negated: IAM_COND_FOR_ANY_MISSING_NEGATED,
    iam_cond_ip_bare_v6: IAM_COND_IP_BARE_V6,
    iam_cond_ip_host_bits: IAM_COND_IP_HOST_BITS,
    iam_cond_multi_without_set: IAM_COND_MULTI_WITHOUT_SET,
    iam_cond_null_empty: IAM_COND_NULL_EMPTY,
    iam_cond_unparsable_negated: IAM_COND_UNPARSABLE_NEGATED,
    iam_eval_names_everybody: IAM_EVAL_NAMES_EVERYBODY,
    iam_eval_session_policies_union: IAM_EVAL_SESSION_POLICIES_UNION,
    iam_key_called_via_ec2: IAM_KEY_CALLED_VIA_EC2,
    iam_key_source_ip_forwarded: IAM_KEY_SOURCE_IP_FORWARDED,
    iam_match_resource_parts: IAM_MATCH_RESOURCE_PARTS,
    iam_policy_condition_date: IAM_POLICY_CONDITION_DATE,
    iam_policy_id: IAM_POLICY_ID,
    iam_policy_trust_no_resource: IAM_POLICY_TRUST_NO_RESOURCE,
    iam_policy_version_managed: IAM_POLICY_VERSION_MANAGED,
    iam_principal_deny_account: IAM_PRINCIPAL_DENY_ACCOUNT,
    iam_principal_saved_id_key: IAM_PRINCIPAL_SAVED_ID_KEY,
    iam_variable_bool: IAM_VARIABLE_BOOL,
    iam_variable_value_literal: IAM_VARIABLE_VALUE_LITERAL,
    kms_cond_context_create_grant: KMS_COND_CONTEXT_CREATE_GRANT,
    kms_cond_for_aws_resource_false: KMS_COND_FOR_AWS_RESOURCE_FALSE,
    kms_cond_via_infrastructure: KMS_COND_VIA_INFRASTRUCTURE,
    kms_denied_or_missing: KMS_DENIED_OR_MISSING,
    kms_grant_boundary: KMS_GRANT_BOUNDARY,
    kms_grant_child_source_arn: KMS_GRANT_CHILD_SOURCE_ARN,
    kms_grant_context_key_case: KMS_GRANT_CONTEXT_KEY_CASE,
    kms_grant_foreign_enough: KMS_GRANT_FOREIGN_ENOUGH,
    kms_grant_grantee_account: KMS_GRANT_GRANTEE_ACCOUNT,
    kms_grant_grantee_recreated: KMS_GRANT_GRANTEE_RECREATED,
    kms_grant_rcp: KMS_GRANT_RCP,
    kms_grant_scp: KMS_GRANT_SCP,
    kms_grant_session_grantee: KMS_GRANT_SESSION_GRANTEE,
    kms_grant_session_policy: KMS_GRANT_SESSION_POLICY,
    kms_grant_source_arn_pattern: KMS_GRANT_SOURCE_ARN_PATTERN,
    kms_lockout_identity: KMS_LOCKOUT_IDENTITY,
    kms_state_after_denial: KMS_STATE_AFTER_DENIAL,
    kms_state_pending_deletion_code: KMS_STATE_PENDING_DELETION_CODE,
    launch_dry_run_without_kms: LAUNCH_DRY_RUN_WITHOUT_KMS,
    launch_fails_inaccessible: LAUNCH_FAILS_INACCESSIBLE,
    launch_fleet_grantee_path: LAUNCH_FLEET_GRANTEE_PATH,
    launch_foreign_grant_minimum: LAUNCH_FOREIGN_GRANT_MINIMUM,
    launch_grant_operations: LAUNCH_GRANT_OPERATIONS,
    launch_karpenter_spot_caller: LAUNCH_KARPENTER_SPOT_CALLER,
    launch_no_describe_key: LAUNCH_NO_DESCRIBE_KEY,
    launch_no_encrypt: LAUNCH_NO_ENCRYPT,
    launch_not_node_role: LAUNCH_NOT_NODE_ROLE,
    launch_other_key_re_encrypt: LAUNCH_OTHER_KEY_RE_ENCRYPT,
    launch_plain_decrypt_caller: LAUNCH_PLAIN_DECRYPT_CALLER,
    launch_same_key_no_re_encrypt: LAUNCH_SAME_KEY_NO_RE_ENCRYPT,
    org_rcp_infrastructure: ORG_RCP_INFRASTRUCTURE,
    org_scp_infrastructure: ORG_SCP_INFRASTRUCTURE,
    slr_recreated: SLR_RECREATED,
    trust_named_boundary: TRUST_NAMED_BOUNDARY,
    trust_named_user_boundary: TRUST_NAMED_USER_BOUNDARY,
    trust_tag_session_inherited: TRUST_TAG_SESSION_INHERITED,
    xacct_names_session: XACCT_NAMES_SESSION,
    xacct_root_user: XACCT_ROOT_USER,
}

/// No switch goes by this id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SwitchError {
    /// It is a rule, but a document tells it.
    #[error("`{id}` is documented, not assumed: only assumptions can be switched")]
    Documented {
        /// The rule's.
        id: &'static str,
    },
    /// It is assumed, but nothing would be otherwise without it.
    #[error("`{id}` has no switch: {why}")]
    NoSwitch {
        /// The rule's.
        id: &'static str,
        /// Why nothing would.
        why: &'static str,
    },
    /// There is no such rule.
    #[error("`{id}` is no assumption; the nearest is `{nearest}`")]
    Unknown {
        /// What was asked for.
        id: String,
        /// The assumption whose id is most like it.
        nearest: &'static str,
    },
}

impl Assumptions {
    /// The same, with one assumption, told by its id, held or not.
    ///
    /// # Errors
    ///
    /// If there is no assumption of this id, or it has no switch.
    pub fn with(mut self, id: &str, holds: bool) -> Result<Self, SwitchError> {
        match self.switch(id) {
            Some(switch) => {
                *switch = holds;
                Ok(self)
            }
            None => Err(no_switch(id)),
        }
    }
}

fn no_switch(id: &str) -> SwitchError {
    match rule(id).map(|rule| (rule.id, rule.turns())) {
        Some((id, Some(Turns::Nothing(why)))) => SwitchError::NoSwitch { id, why },
        Some((id, _)) => SwitchError::Documented { id },
        None => {
            let likeness = |rule: &&&Rule| (strsim::jaro_winkler(id, rule.id) * 1e6) as u32;
            let nearest = RULES.iter().filter(|rule| rule.is_assumption()).max_by_key(likeness);
            SwitchError::Unknown { id: id.to_owned(), nearest: nearest.map_or("", |rule| rule.id) }
        }
    }
}
