//! Service-linked roles.

use super::{
    rules,
    source::{AUTO_SCALING, IAM, MANAGED_POLICIES, assumed},
};

rules! {
    SLR_PATH "slr-path":
        "A service-linked role's ARN has the path `/aws-service-role/<service>/`.",
        IAM.at("Create a service-linked role");
    SLR_POLICIES_FIXED "slr-policies-fixed":
        "Nobody attaches, detaches or changes policies or the trust policy of a service-linked role.",
        IAM.at("Create a service-linked role");
    SLR_NO_BOUNDARY "slr-no-boundary":
        "A service-linked role has no boundary.",
        IAM.at("IAM roles > Roles terms and concepts > Permissions boundary");
    SLR_ASSUMED_BY_SERVICE "slr-assumed-by-service":
        "Only its service assumes a service-linked role.",
        IAM.at("Create a service-linked role");
    SLR_CREATE "slr-create":
        "Creating a service-linked role needs `iam:CreateServiceLinkedRole` on its ARN, with `iam:AWSServiceName` its \
         service.",
        IAM.at("Create a service-linked role > Service-linked role permissions");
    SLR_NO_KMS "slr-no-kms":
        "The policies of AWSServiceRoleForAutoScaling, AWSServiceRoleForEC2Spot and AWSServiceRoleForEC2Fleet allow \
         no action of KMS.",
        MANAGED_POLICIES.at("AutoScalingServiceRolePolicy");
    SLR_FOREIGN_KEY_POLICY "slr-foreign-key-policy":
        "Naming a foreign service-linked role in a key policy alone has no effect, for its own policies cannot allow \
         the key.",
        AUTO_SCALING.at("Required AWS KMS key policy for use with encrypted volumes > Example 2: cross-account access");
    SLR_OWN_KEY_POLICY "slr-own-key-policy":
        "Naming a service-linked role in the policy of a key of its account is enough.",
        AUTO_SCALING.at("Required AWS KMS key policy for use with encrypted volumes > Example 1: access to the key");
    SLR_EXISTS_FIRST "slr-exists-first":
        "A service-linked role must exist before a key policy (else MalformedPolicyDocumentException) or a grant (else \
         InvalidArnException) names it.",
        AUTO_SCALING.at("Required AWS KMS key policy for use with encrypted volumes");
    SLR_RECREATED "slr-recreated":
        "A grant does not reach a service-linked role that was deleted and created anew.",
        assumed("key policies keep ids of roles, and grants would otherwise pass to whoever takes the name",
            include_str!("probes/slr-recreated.probe"));
}
