//! Whom a `Principal` names.

use super::{
    rules,
    source::{IAM, assumed, assumed_without_switch},
};

rules! {
    IAM_PRINCIPAL_ACCOUNT "iam-principal-account":
        "An account's root ARN and its bare id mean the same: the account, which may pass on what it gets to its \
         users and roles.",
        IAM.at("AWS JSON policy elements: Principal > AWS account principals");
    IAM_PRINCIPAL_STAR "iam-principal-star":
        "`*` and `{\"AWS\": \"*\"}` are everybody, of all accounts and anonymous.",
        IAM.at("AWS JSON policy elements: Principal > All principals");
    IAM_PRINCIPAL_NO_PATTERN "iam-principal-no-pattern":
        "No principal but `*` alone takes a wildcard.",
        IAM.at("AWS JSON policy elements: Principal > Specifying a principal");
    IAM_PRINCIPAL_ROLE "iam-principal-role":
        "A role's ARN names every session of the role.",
        IAM.at("AWS JSON policy elements: Principal > IAM role principals");
    IAM_PRINCIPAL_SESSION "iam-principal-session":
        "A session's ARN names that one session of its role, and no other.",
        IAM.at("AWS JSON policy elements: Principal > Role session principals");
    IAM_PRINCIPAL_USER "iam-principal-user":
        "A user's ARN names that user, its name with case.",
        IAM.at("AWS JSON policy elements: Principal > IAM user principals");
    IAM_PRINCIPAL_FEDERATED_SESSION "iam-principal-federated-session":
        "A federated user's ARN names the sessions that GetFederationToken made under that name.",
        IAM.at("AWS JSON policy elements: Principal > AWS STS federated user principals");
    IAM_PRINCIPAL_FEDERATED_PARENT "iam-principal-federated-parent":
        "A user's ARN names the federated sessions that the user made, too.",
        IAM.at("How AWS enforcement code logic evaluates requests to allow or deny access > Resource-based policies");
    IAM_PRINCIPAL_SERVICE "iam-principal-service":
        "A service's name names the service when it calls as itself, not for somebody.",
        IAM.at("AWS JSON policy elements: Principal > AWS service principals");
    IAM_PRINCIPAL_PROVIDER "iam-principal-provider":
        "`Federated` names the identity provider that vouches for who assumes a role.",
        IAM.at("AWS JSON policy elements: Principal > OIDC and SAML federated principals");
    IAM_PRINCIPAL_NO_GROUP "iam-principal-no-group":
        "A group of users is no principal.",
        IAM.at("AWS JSON policy elements: Principal > Specifying a principal");
    IAM_PRINCIPAL_SAVED_ID "iam-principal-saved-id":
        "A trust policy that is saved keeps a named role's or user's unique id (`AROA..`, `AIDA..`), so that one \
         created anew under the same name is not meant.",
        IAM.at("AWS JSON policy elements: Principal > IAM role principals");
    IAM_PRINCIPAL_SAVED_ID_KEY "iam-principal-saved-id-key":
        "A key policy that is saved keeps unique ids as a trust policy does.",
        assumed("IAM's guide says that the id then appears \"in resource-based policies\"; KMS's guide does not",
            include_str!("probes/iam-principal-saved-id-key.probe"));
    IAM_PRINCIPAL_SAVED_ID_DENY "iam-principal-saved-id-deny":
        "A `Deny` that keeps the id of a deleted role does not reach one created anew under its name.",
        IAM.at("AWS JSON policy elements: Principal > IAM role principals");
    IAM_PRINCIPAL_ARN_CONDITION "iam-principal-arn-condition":
        "An ARN in a condition on `aws:PrincipalArn` stays an ARN and meets a role created anew.",
        IAM.at("AWS JSON policy elements: Principal > IAM role principals");
    IAM_PRINCIPAL_NOT "iam-principal-not":
        "`NotPrincipal` names everybody but those listed.",
        IAM.at("AWS JSON policy elements: NotPrincipal");
    IAM_PRINCIPAL_NOT_DENY "iam-principal-not-deny":
        "A `Deny` with `NotPrincipal` spares a session only if it lists the session, its role and its account, a user \
         only if it lists the user and its account.",
        IAM.at("AWS JSON policy elements: NotPrincipal > NotPrincipal with Deny");
    IAM_PRINCIPAL_NOT_BOUNDARY "iam-principal-not-boundary":
        "A `Deny` with `NotPrincipal` denies every principal that has a boundary, whomever it lists.",
        IAM.at("AWS JSON policy elements: NotPrincipal > NotPrincipal with Deny");
    IAM_PRINCIPAL_DENY_ACCOUNT "iam-principal-deny-account":
        "A `Deny` for an account reaches every user, role and session of it.",
        assumed("follows from the account standing for all of its principals, told only of `Allow`",
            include_str!("probes/iam-principal-deny-account.probe"));
    IAM_PRINCIPAL_ROLE_PATH "iam-principal-role-path":
        "A role is named by its ARN with its path; a session's ARN lacks the path.",
        IAM.at("IAM identifiers > IAM ARNs");
    IAM_PRINCIPAL_UNKNOWN_SESSION "iam-principal-unknown-session":
        "A policy may name a session that does not exist yet.",
        assumed_without_switch("only users and roles have an id to be kept; told nowhere",
            "to refuse such a policy takes to know every session there is, which no world tells",
            include_str!("probes/iam-principal-unknown-session.probe"));
    IAM_PRINCIPAL_ID_SHOWN "iam-principal-id-shown":
        "A kept id whose role or user is gone reads back as the id.",
        assumed_without_switch("told of trust policies and of \"resource-based policies\"",
            "it tells how a policy reads back, on which no decision hangs",
            include_str!("probes/iam-principal-id-shown.probe"));
}
