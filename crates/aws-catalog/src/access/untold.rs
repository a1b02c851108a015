//! Published condition keys that no input tells: what they follow from, or why they are never there.

use crate::authorization::is_form_of;

/// Why the input of an operation does not tell a condition key that its action has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Untold {
    /// Who decides derives it, from this.
    Derived(&'static str),
    /// It is never in a request that the embedded AWS answers, for this reason.
    Never(&'static str),
}

use Untold::{Derived, Never};

/// A published key that inputs do not tell.
#[derive(Clone, Copy, Debug)]
pub struct Gap {
    /// The action that it is so for; every action that has the key, where there is none.
    pub action: Option<&'static str>,
    /// The key as AWS writes it; a name with `*` at its end stands for all that begin so.
    pub key: &'static str,
    /// Why.
    pub why: Untold,
}

const OF_NEW_GRANT: Untold = Derived("the grant that the input makes (`Access::makes_grant`)");
const OF_CONTEXT: Untold = Derived("the encryption context, or that of a new grant (`Access::encryption_context`)");
const OF_KEY: Untold = Derived("the key that is acted on");
const OF_RESOURCE: Untold = Derived("the tags of what is acted on");
const OF_SAML: Untold = Never("only sessions of AssumeRoleWithSAML have it, and there is no identity provider");
const OF_CONTEXT_PROVIDER: Untold = Never("context assertions are refused: there is no provider to check them with");
/// They would be the constraints of the grant; who may retire it the grant itself says, so nobody can be let retire by them.
const OF_RETIRED_GRANT: Untold = Never("who may retire a grant is decided by the grant");
const OF_WEB_IDENTITY: Untold =
    Derived("the token of the identity provider, when a session is asked for with it and in that session");
const OF_ISSUER: Untold = Derived("the token of the issuer, when a session is asked for with it");

const NO_SUCH_CLUSTER: Untold = Never("a cluster that asks for it is refused");

const OF_BOUNDARY: Untold = Derived("the boundary that the user or role has");
const OF_SECURITY_KEY: Untold = Never("devices are virtual, and security keys take the console");
const OF_MAKING: Untold = Never("what would have the tags is not there yet");
const OF_ENTRY: Untold = Derived("the access entry that is acted on, and what is associated with it");
const OF_EC2: Untold = Never("of EC2's own keys the embedded AWS tells those that `access/ec2.rs` has");

const NO_SUCH_GROUP: Untold = Never("a group that asks for it is refused");

/// What an action says comes before what holds for all.
pub static UNTOLD: &[Gap] = &[
    all("autoscaling:CapacityReservation*", NO_SUCH_GROUP),
    all("autoscaling:ImageId", NO_SUCH_GROUP),
    all("autoscaling:LaunchConfigurationName", NO_SUCH_GROUP),
    all("autoscaling:LoadBalancerNames", NO_SUCH_GROUP),
    all("autoscaling:OperatorPrincipal", NO_SUCH_GROUP),
    all("autoscaling:ResourceTag/${TagKey}", OF_RESOURCE),
    all("autoscaling:TargetCapacityTypes", Never("no document tells from which members of a group it follows")),
    all("autoscaling:TargetGroupARNs", NO_SUCH_GROUP),
    all("autoscaling:TrafficSourceIdentifiers", NO_SUCH_GROUP),
    all("ec2:Region", Derived("the region of the request")),
    all("ec2:ResourceTag/${TagKey}", OF_RESOURCE),
    all("ec2:*", OF_EC2),
    only("iam:CreateInstanceProfile", "aws:ResourceTag/${TagKey}", OF_MAKING),
    only("iam:CreateVirtualMFADevice", "aws:ResourceTag/${TagKey}", OF_MAKING),
    only("iam:CreateOpenIDConnectProvider", "aws:ResourceTag/${TagKey}", OF_MAKING),
    only("iam:CreatePolicy", "aws:ResourceTag/${TagKey}", OF_MAKING),
    only("iam:CreateRole", "aws:ResourceTag/${TagKey}", OF_MAKING),
    only("iam:CreateRole", "iam:ResourceTag/${TagKey}", OF_MAKING),
    only("iam:CreateUser", "aws:ResourceTag/${TagKey}", OF_MAKING),
    only("iam:CreateUser", "iam:ResourceTag/${TagKey}", OF_MAKING),
    only(
        "iam:PassRole",
        "aws:ResourceTag/${TagKey}",
        Never(
            "whether a role may be passed does not hang on its tags (IAM User Guide, \"Grant a user permissions to pass a role\")",
        ),
    ),
    only(
        "iam:PassRole",
        "iam:AssociatedResourceArn",
        Never("AWS names by it what runs with the role: an instance profile and an association are not that"),
    ),
    only(
        "sts:TagSession",
        "sts:TransitiveTagKeys",
        Never("a federated user begins no session that its tags could go on to"),
    ),
    all("iam:PermissionsBoundary", OF_BOUNDARY),
    all("eks:accessEntryType", OF_ENTRY),
    all("eks:accessScope", OF_ENTRY),
    all("eks:blockStorageEnabled", NO_SUCH_CLUSTER),
    all("eks:clusterName", OF_ENTRY),
    all("eks:computeConfigEnabled", NO_SUCH_CLUSTER),
    all("eks:controlPlaneEgressMode", Never("the service model of today has no member that it could be of")),
    all("eks:controlPlaneScalingTier", NO_SUCH_CLUSTER),
    all("eks:kubeApiServerConfig", NO_SUCH_CLUSTER),
    all("eks:kubeControllerManagerConfig", NO_SUCH_CLUSTER),
    all("eks:kubeSchedulerConfig", NO_SUCH_CLUSTER),
    all("eks:kubernetesGroups", OF_ENTRY),
    all("eks:namespaces", OF_ENTRY),
    all("eks:principalArn", OF_ENTRY),
    all("eks:username", OF_ENTRY),
    all("eks:loggingType/*", Never("no document tells its values for logs that nobody asked for")),
    all("eks:zonalShiftEnabled", NO_SUCH_CLUSTER),
    all("iam:FIDO-*", OF_SECURITY_KEY),
    all("iam:RegisterSecurityKey", OF_SECURITY_KEY),
    all("iam:ServiceSpecificCredentialServiceName", Derived("the credential that is acted on")),
    all("iam:RoleTemplateARN", Never("there are no role templates")),
    only("kms:CreateKey", "aws:ResourceTag/${TagKey}", Never("the key that would have the tags is not there yet")),
    only("organizations:CreateAccount", "aws:ResourceTag/${TagKey}", OF_MAKING),
    only("organizations:CreatePolicy", "aws:ResourceTag/${TagKey}", OF_MAKING),
    only("kms:RetireGrant", "kms:EncryptionContext:${EncryptionContextKey}", OF_RETIRED_GRANT),
    only("kms:RetireGrant", "kms:EncryptionContextKeys", OF_RETIRED_GRANT),
    only("kms:RetireGrant", "kms:GrantConstraintType", OF_RETIRED_GRANT),
    all("aws:ResourceTag/${TagKey}", OF_RESOURCE),
    all("iam:ResourceTag/${TagKey}", OF_RESOURCE),
    all("kms:CallerAccount", Derived("the caller")),
    all("kms:EncryptionContext:${EncryptionContextKey}", OF_CONTEXT),
    all("kms:EncryptionContextKeys", OF_CONTEXT),
    all("kms:GrantConstraintSourceArn", OF_NEW_GRANT),
    all("kms:GrantConstraintType", OF_NEW_GRANT),
    all("kms:GrantIsForAWSResource", Derived("the service that calls for the principal")),
    all("kms:GrantOperations", OF_NEW_GRANT),
    all("kms:GranteePrincipal", OF_NEW_GRANT),
    all("kms:GranteeServicePrincipal", OF_NEW_GRANT),
    all("kms:KeyOrigin", OF_KEY),
    all("kms:KeySpec", OF_KEY),
    all("kms:KeyUsage", OF_KEY),
    all("kms:MultiRegion", OF_KEY),
    all("kms:MultiRegionKeyType", OF_KEY),
    all(
        "kms:RecipientAttestation:*",
        Never("a call with a Recipient is refused: there is no enclave that could attest"),
    ),
    all("kms:RequestAlias", Derived("the alias by which the input names the key (`On::KeyOrAlias`)")),
    all("kms:ResourceAliases", OF_KEY),
    all("kms:RetiringPrincipal", OF_NEW_GRANT),
    all("kms:RetiringServicePrincipal", OF_NEW_GRANT),
    all("kms:TrailingDaysWithoutKeyUsage", Never("the last use of a key is noted for GetKeyLastUsage only")),
    all("kms:ViaService", Derived("the service that calls for the principal")),
    all("organizations:PolicyType", Derived("the policy that is acted on")),
    all("saml:*", OF_SAML),
    all("ssm:resourceTag/tag-key", Never("public parameters have no tags, and there are no others")),
    all("accounts.google.com:*", OF_WEB_IDENTITY),
    all("cognito-identity.amazonaws.com:*", OF_WEB_IDENTITY),
    all("graph.facebook.com:*", OF_WEB_IDENTITY),
    all("www.amazon.com:*", OF_WEB_IDENTITY),
    all("agent.*", OF_ISSUER),
    all("github.com/*", OF_ISSUER),
    all("gitlab.com:*", OF_ISSUER),
    all("idcs-*", OF_ISSUER),
    all("oidc.circleci.com/*", OF_ISSUER),
    all("token.actions.*", OF_ISSUER),
    all("sts:RoleAuthorizedByIdp", Never("no page tells the claim that it follows from")),
    all("sts:RequestContext/${ContextKey}", OF_CONTEXT_PROVIDER),
    all("sts:RequestContextProviders", OF_CONTEXT_PROVIDER),
];

/// Why no input tells a key of this name in requests for an action (`kms:Decrypt`).
#[must_use]
pub fn untold(action: &str, key: &str) -> Option<Untold> {
    let is_key = |name: &str| match name.strip_suffix('*') {
        Some(start) => key.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start)),
        None => is_form_of(name, key),
    };
    let is_action = |gap: &&Gap| gap.action.is_none_or(|only| only.eq_ignore_ascii_case(action));
    UNTOLD.iter().filter(is_action).find(|gap| is_key(gap.key)).map(|gap| gap.why)
}

const fn all(key: &'static str, why: Untold) -> Gap {
    Gap { action: None, key, why }
}

const fn only(action: &'static str, key: &'static str, why: Untold) -> Gap {
    Gap { action: Some(action), key, why }
}
