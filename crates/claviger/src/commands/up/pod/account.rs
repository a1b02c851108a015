//! What the account has for the pod: a role for it, and a user for the broker, who assumes it. An account's root user, who
//! makes both, may assume no role.

use std::path::PathBuf;

use aws_client::{Aws, CallError, Client};
use aws_model::{AccountId, Region};
use aws_sdk_kms::config::Credentials;
use aws_wire::model::ServiceId;
use key_service::aws::FixedCredentials;
use pod_identity::broker::{BrokerPrincipal, ClusterArn, Policies, read_associations};
use serde_json::{Value, json};

use super::{NAME, NAMESPACE, sdk, write_private};
use crate::{commands::up::directory::Directory, failure::Failure};

/// The broker's user.
const USER: &str = "claviger-up-broker";
/// The pod's role.
const ROLE: &str = "claviger-up-pod";
const POLICY: &str = "claviger-up";

/// Both, and what they are for.
pub(super) struct Account {
    pub(super) cluster_arn: String,
    /// The key that the pod may look at.
    pub(super) key_arn: String,
    pub(super) role_arn: String,
    /// The file that says that the pod's service account has the role.
    pub(super) associations: PathBuf,
    pub(super) broker_key: Credentials,
}

/// Whose account it is, and what is there already.
pub(in super::super) struct Ground<'a> {
    pub(in super::super) endpoint: &'a str,
    pub(in super::super) region: &'a Region,
    pub(in super::super) account: AccountId,
    pub(in super::super) root: &'a FixedCredentials,
    pub(in super::super) key_arn: &'a str,
}

impl Account {
    /// Makes what is not there, from a state file, and has it be as it is to be.
    ///
    /// # Errors
    /// The call that the embedded AWS refused.
    pub(super) async fn ensure(ground: &Ground<'_>, directory: &Directory) -> Result<Self, Failure> {
        let Ground { endpoint, region, account, root, key_arn } = ground;
        let secret = String::from_utf8_lossy(root.secret_access_key.expose());
        let root = Credentials::new(&root.access_key_id, secret, None, None, "up");
        let iam = Aws::new(&sdk::config(endpoint, region, &root)).client(ServiceId::Iam)?;
        let partition = region.partition();
        let cluster_arn = format!("arn:{partition}:eks:{region}:{account}:cluster/{NAME}");
        let role_arn = format!("arn:{partition}:iam::{account}:role/{ROLE}");
        let associations = write_private(directory, "associations.yaml", &association(&role_arn))?;

        unless_there(&iam, "CreateUser", json!({ "UserName": USER })).await?;
        // Those that `claviger pod-identity broker trust-policy` writes.
        let broker: BrokerPrincipal = format!("arn:{partition}:iam::{account}:user/{USER}").parse()?;
        let policies = Policies::of(&broker, &cluster_arn.parse::<ClusterArn>()?, &read_associations(&associations)?);
        let may = policies.broker.to_string();
        iam.call("PutUserPolicy", json!({ "UserName": USER, "PolicyName": POLICY, "PolicyDocument": may })).await?;
        let trust = policies.trust.get(&role_arn).map(Value::to_string).unwrap_or_default();
        unless_there(&iam, "CreateRole", json!({ "RoleName": ROLE, "AssumeRolePolicyDocument": trust })).await?;
        // A user that was deleted and made anew is another one to the policy.
        iam.call("UpdateAssumeRolePolicy", json!({ "RoleName": ROLE, "PolicyDocument": trust })).await?;
        let may = may_look_at(key_arn).to_string();
        iam.call("PutRolePolicy", json!({ "RoleName": ROLE, "PolicyName": POLICY, "PolicyDocument": may })).await?;
        let broker_key = new_key(&iam).await?;
        Ok(Self { cluster_arn, key_arn: (*key_arn).to_owned(), role_arn, associations, broker_key })
    }
}

/// As the broker's file has it.
fn association(role: &str) -> String {
    format!(
        "apiVersion: claviger.dev/v1alpha1\nkind: PodIdentityAssociation\nspec:\n  namespace: {NAMESPACE}\n  \
         serviceAccount: {NAME}\n  roleArn: {role}\n"
    )
}

/// It may look at the key and no more, and only where the session is of a pod of this namespace.
fn may_look_at(key_arn: &str) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "kms:DescribeKey", "Resource": key_arn,
        "Condition": { "StringEquals": { "aws:PrincipalTag/kubernetes-namespace": NAMESPACE } },
    }] })
}

async fn unless_there(iam: &Client, operation: &str, input: Value) -> Result<(), CallError> {
    match iam.call(operation, input).await {
        Err(error) if error.is("EntityAlreadyExists") => Ok(()),
        made => made.map(drop),
    }
}

/// A key of the user's in place of those that it had: a secret is told once.
async fn new_key(iam: &Client) -> Result<Credentials, Failure> {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    for former in iam.items("ListAccessKeys", json!({ "UserName": USER }), "AccessKeyMetadata").await? {
        let id = text(&former, "AccessKeyId");
        iam.call("DeleteAccessKey", json!({ "UserName": USER, "AccessKeyId": id })).await?;
    }
    let made = iam.call("CreateAccessKey", json!({ "UserName": USER })).await?;
    let key = made.get("AccessKey").cloned().unwrap_or_default();
    Ok(Credentials::new(text(&key, "AccessKeyId"), text(&key, "SecretAccessKey"), None, None, "up"))
}
