//! Handing a role to a service.

use super::{
    rules,
    source::{EC2_API, IAM},
};

rules! {
    PASS_ROLE_REQUIRED "pass-role-required":
        "Who hands a role to a service needs `iam:PassRole` on the role's ARN, besides the call's own action.",
        IAM.at("Grant a user permissions to pass a role to an AWS service");
    PASS_ROLE_TO_SERVICE "pass-role-to-service":
        "`iam:PassedToService` is the service that gets the role.",
        IAM.at("IAM and AWS STS condition context keys > iam:PassedToService");
    PASS_ROLE_SAME_ACCOUNT "pass-role-same-account":
        "A role is handed only to a service of its own account.",
        IAM.at("Grant a user permissions to pass a role to an AWS service");
    PASS_ROLE_NO_TAGS "pass-role-no-tags":
        "`iam:PassRole` has no `aws:ResourceTag` of the role.",
        IAM.at("Grant a user permissions to pass a role to an AWS service");
    PASS_ROLE_INSTANCE_PROFILE "pass-role-instance-profile":
        "A launch with an instance profile needs `iam:PassRole` on the role in the profile, to `ec2.amazonaws.com`.",
        EC2_API.at("RunInstances > IamInstanceProfile");
}
