//! How the policies on one request add up, within an account.

use super::{
    rules,
    source::{EC2_API, IAM, KMS_API, assumed},
};

rules! {
    IAM_EVAL_EXPLICIT_DENY "iam-eval-explicit-deny":
        "One `Deny` that applies, in a policy of any type, decides against every `Allow`.",
        IAM.at("How AWS enforcement code logic evaluates requests to allow or deny access > Deny evaluation");
    IAM_EVAL_IMPLICIT_DENY "iam-eval-implicit-deny":
        "What no statement allows is denied.",
        IAM.at("The difference between explicit and implicit denies");
    IAM_EVAL_STATEMENTS_OR "iam-eval-statements-or":
        "One statement that applies is enough, whatever the order of statements and of policies.",
        IAM.at("Policies and permissions in AWS Identity and Access Management > JSON policy document structure");
    IAM_EVAL_ROOT_USER "iam-eval-root-user":
        "The root user of an account may do everything in it without an identity-based policy, unless an SCP, RCP or \
         resource-based policy denies it.",
        IAM.at("Policies and permissions in AWS Identity and Access Management > Policies and the root user");
    IAM_EVAL_IDENTITY_UNION "iam-eval-identity-union":
        "All policies of a role count, inline and managed; of a user also those of its groups.",
        IAM.at("How AWS enforcement code logic evaluates requests to allow or deny access > Identity-based policies");
    IAM_EVAL_RESOURCE_OR_IDENTITY "iam-eval-resource-or-identity":
        "Within an account an `Allow` of the resource-based policy that names the principal or one of its identity is \
         enough.",
        IAM.at("Policy evaluation logic > Evaluating identity-based policies with resource-based policies");
    IAM_EVAL_ACCOUNT_DELEGATES "iam-eval-account-delegates":
        "A resource-based policy that allows only the account allows none of its users and roles by itself.",
        IAM.at("AWS JSON policy elements: Principal > AWS account principals");
    IAM_EVAL_ANONYMOUS "iam-eval-anonymous":
        "A request without an identity is allowed only by a resource-based policy for everybody.",
        IAM.at("AWS JSON policy elements: Principal > All principals");
    IAM_EVAL_BOUNDARY "iam-eval-boundary":
        "With a boundary, what identity-based policies allow counts only if the boundary allows it as well.",
        IAM.at("Policy evaluation logic > Evaluating identity-based policies with permissions boundaries");
    IAM_EVAL_BOUNDARY_GRANTS_NOTHING "iam-eval-boundary-grants-nothing":
        "A boundary allows nothing by itself.",
        IAM.at("Permissions boundaries for IAM entities");
    IAM_EVAL_SESSION_POLICY "iam-eval-session-policy":
        "With session policies, what identity-based policies allow counts only if a session policy allows it as well.",
        IAM.at("Policies and permissions in AWS Identity and Access Management > Session policies");
    IAM_EVAL_SESSION_POLICY_ABSENT "iam-eval-session-policy-absent":
        "A role's session without session policies has all that the role's policies allow.",
        IAM.at("How AWS enforcement code logic evaluates requests to allow or deny access > Session policies");
    IAM_EVAL_SESSION_POLICIES_UNION "iam-eval-session-policies-union":
        "Of several session policies one that allows is enough.",
        assumed("as for policies of any other type; for session policies it is told nowhere",
            include_str!("probes/iam-eval-session-policies-union.probe"));
    IAM_EVAL_NAMES_ROLE "iam-eval-names-role":
        "Within an account an `Allow` that names the role's ARN is capped by boundary and session policies.",
        IAM.at("How AWS enforcement code logic evaluates requests to allow or deny access > Resource-based policies > \
                IAM role");
    IAM_EVAL_NAMES_SESSION "iam-eval-names-session":
        "Within an account an `Allow` that names the session's ARN is capped by no implicit deny of boundary or \
         session policy.",
        IAM.at("How AWS enforcement code logic evaluates requests to allow or deny access > Resource-based policies > \
                IAM role session");
    IAM_EVAL_NAMES_USER "iam-eval-names-user":
        "Within an account an `Allow` that names the user's ARN is not capped by the user's boundary.",
        IAM.at("How AWS enforcement code logic evaluates requests to allow or deny access > Resource-based policies > \
                IAM user");
    IAM_EVAL_NAMES_FEDERATED "iam-eval-names-federated":
        "Within an account an `Allow` that names the federated session's ARN is capped by no implicit deny of \
         boundary or session policy.",
        IAM.at("How AWS enforcement code logic evaluates requests to allow or deny access > Resource-based policies > \
                AWS STS federated user principal");
    IAM_EVAL_NAMES_FEDERATED_PARENT "iam-eval-names-federated-parent":
        "Within an account an `Allow` that names the user behind a federated session is capped by boundary and \
         session policies.",
        IAM.at("How AWS enforcement code logic evaluates requests to allow or deny access > Resource-based policies > \
                AWS STS federated user principal");
    IAM_EVAL_NAMES_PRINCIPAL_ARN "iam-eval-names-principal-arn":
        "Within an account an `Allow` for `*` under a condition on `aws:PrincipalArn` is capped by no implicit deny \
         of boundary or session policy.",
        IAM.at("AWS JSON policy elements: Principal > IAM role principals");
    IAM_EVAL_NAMES_EVERYBODY "iam-eval-names-everybody":
        "Within an account an `Allow` for `*` under other conditions, or none, is capped no more than one under \
         `aws:PrincipalArn`.",
        assumed("the guide tells only the case with `aws:PrincipalArn`, and a condition does not change who is \
                 named",
            include_str!("probes/iam-eval-names-everybody.probe"));
    IAM_EVAL_BOUNDARY_DENY "iam-eval-boundary-deny":
        "A `Deny` in a boundary or session policy also denies what a resource-based policy allows the session itself.",
        IAM.at("AWS JSON policy elements: Principal > IAM role principals");
    IAM_EVAL_FORWARDED "iam-eval-forwarded":
        "A call that a service makes for a principal, by forward access session, is decided as the principal's own.",
        IAM.at("Forward access sessions");
    IAM_EVAL_DRY_RUN "iam-eval-dry-run":
        "A dry run is decided as the call itself: EC2 answers DryRunOperation or UnauthorizedOperation.",
        EC2_API.at("RunInstances > DryRun");
    IAM_EVAL_DRY_RUN_KMS "iam-eval-dry-run-kms":
        "A dry run of KMS is decided as the call itself: it answers DryRunOperationException if the call would \
         succeed.",
        KMS_API.at("Decrypt > DryRun");
}
