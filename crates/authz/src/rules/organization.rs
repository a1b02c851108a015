//! What an organization's policies cap.

use super::{
    rules,
    source::{IAM, KMS, ORGANIZATIONS, assumed},
};

rules! {
    ORG_SCP_EVERY_LEVEL "org-scp-every-level":
        "An action needs an `Allow` of an SCP at each level: the root, every unit on the way, and the account.",
        ORGANIZATIONS.at("SCP evaluation > How SCPs work with Allow");
    ORG_SCP_ONE_OF_A_LEVEL "org-scp-one-of-a-level":
        "Of the SCPs at one level one that allows is enough.",
        ORGANIZATIONS.at("SCP evaluation > How SCPs work with Allow");
    ORG_SCP_DENY_ANY_LEVEL "org-scp-deny-any-level":
        "A `Deny` of an SCP at any level denies.",
        ORGANIZATIONS.at("SCP evaluation > How SCPs work with Deny");
    ORG_SCP_GRANTS_NOTHING "org-scp-grants-nothing":
        "An SCP allows nothing by itself.",
        ORGANIZATIONS.at("Service control policies (SCPs) > SCP effects on permissions");
    ORG_SCP_CALLER "org-scp-caller":
        "SCPs bind the principals of their accounts, not outsiders who use those accounts' resources.",
        ORGANIZATIONS.at("Service control policies (SCPs) > SCP effects on permissions");
    ORG_SCP_ROOT_USER "org-scp-root-user":
        "SCPs bind the root user of a member account.",
        ORGANIZATIONS.at("Service control policies (SCPs) > SCP effects on permissions");
    ORG_SCP_MANAGEMENT "org-scp-management":
        "SCPs do not bind the management account.",
        ORGANIZATIONS.at("Service control policies (SCPs) > Tasks and entities not restricted by SCPs");
    ORG_SCP_SERVICE_LINKED "org-scp-service-linked":
        "SCPs do not bind service-linked roles.",
        ORGANIZATIONS.at("Service control policies (SCPs) > Tasks and entities not restricted by SCPs");
    ORG_SCP_SERVICE "org-scp-service":
        "SCPs do not bind a service that calls as itself.",
        ORGANIZATIONS.at("Service control policies (SCPs) > SCP effects on permissions");
    ORG_SCP_FORWARDED "org-scp-forwarded":
        "A call that a service makes for a principal is bound by the principal's SCPs.",
        IAM.at("Forward access sessions > FAS requests and IAM policy conditions");
    ORG_SCP_RESOURCE_POLICY "org-scp-resource-policy":
        "SCPs also cap what a resource-based policy allows the account's principals.",
        IAM.at("Policy evaluation logic > Evaluating identity-based policies with Organizations SCPs and RCPs");
    ORG_RCP_OWNER "org-rcp-owner":
        "RCPs bind the use of the resources of their accounts, whoever uses them, of whatever organization.",
        ORGANIZATIONS.at("Resource control policies (RCPs) > RCP effects on permissions");
    ORG_RCP_NOT_ELSEWHERE "org-rcp-not-elsewhere":
        "RCPs of the caller's account do not bind its use of other accounts' resources.",
        ORGANIZATIONS.at("Resource control policies (RCPs) > RCP effects on permissions");
    ORG_RCP_DENY_ONLY "org-rcp-deny-only":
        "A customer's RCP only denies; the `Allow` is in `RCPFullAWSAccess`, which cannot be detached.",
        ORGANIZATIONS.at("RCP syntax > Elements summary");
    ORG_RCP_DENY_ANY_LEVEL "org-rcp-deny-any-level":
        "A `Deny` of an RCP at any level above the resource's account denies.",
        ORGANIZATIONS.at("RCP evaluation");
    ORG_RCP_PRINCIPAL "org-rcp-principal":
        "The principal of an RCP's statement is `*`.",
        ORGANIZATIONS.at("RCP syntax > Principal element");
    ORG_RCP_ROOT_USER "org-rcp-root-user":
        "RCPs bind root users, too.",
        ORGANIZATIONS.at("Resource control policies (RCPs) > RCP effects on permissions");
    ORG_RCP_SERVICE "org-rcp-service":
        "RCPs bind services that call as themselves, unless a condition on `aws:PrincipalIsAWSService` spares them.",
        KMS.at("Resource control policies in AWS KMS");
    ORG_RCP_SERVICES "org-rcp-services":
        "RCPs bind only services that support them, KMS and STS among these, EC2 and IAM not.",
        ORGANIZATIONS.at("Resource control policies (RCPs) > List of AWS services that support RCPs");
    ORG_RCP_MANAGEMENT "org-rcp-management":
        "RCPs do not bind the use of the management account's resources.",
        ORGANIZATIONS.at("Resource control policies (RCPs) > Resources and entities not restricted by RCPs");
    // No assumption: Organizations' guide says it outright, of calls by service-linked roles and of assuming them.
    ORG_RCP_SERVICE_LINKED "org-rcp-service-linked":
        "RCPs do not bind service-linked roles, nor who assumes them.",
        ORGANIZATIONS.at("Resource control policies (RCPs) > Resources and entities not restricted by RCPs");
    ORG_RCP_AWS_MANAGED_KEY "org-rcp-aws-managed-key":
        "RCPs do not bind the use of AWS managed keys.",
        ORGANIZATIONS.at("Resource control policies (RCPs) > Resources and entities not restricted by RCPs");
    ORG_RCP_RETIRE_GRANT "org-rcp-retire-grant":
        "RCPs do not reach `kms:RetireGrant`, not even with `kms:*`.",
        ORGANIZATIONS.at("Resource control policies (RCPs) > Resources and entities not restricted by RCPs");
    ORG_RCP_TRUST "org-rcp-trust":
        "An RCP on `sts:AssumeRole` binds who assumes the roles of its accounts.",
        ORGANIZATIONS.at("Resource control policies (RCPs) > List of AWS services that support RCPs");
    ORG_RCP_INFRASTRUCTURE "org-rcp-infrastructure":
        "RCPs bind the Decrypt by EC2's infrastructure role when a volume is attached.",
        assumed("it is a role, not a service-linked one and no service principal; told nowhere",
            include_str!("probes/org-rcp-infrastructure.probe"));
    ORG_SCP_INFRASTRUCTURE "org-scp-infrastructure":
        "SCPs do not bind the Decrypt by EC2's infrastructure role when a volume is attached.",
        assumed("the role is AWS's own, though its ARN bears the customer's account; told nowhere",
            include_str!("probes/org-scp-infrastructure.probe"));
}
