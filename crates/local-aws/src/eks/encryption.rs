//! Encryption of what a cluster keeps, under a key of the customer's.
//!
//! ```text
//!   keyArn --DescribeKey--> a symmetric key of the region, enabled --CreateGrant--> the cluster's role may use it
//!                    both as the caller, through EKS: decided by KMS, written to the trail
//! ```
//!
//! There is no way back.
//!
//! Sources: Amazon EKS API Reference, "AssociateEncryptionConfig" and "Provider"; Amazon EKS User Guide, "Encrypt Kubernetes
//! secrets with KMS on existing clusters" (the caller must be allowed kms:DescribeKey and kms:CreateGrant; the answer);
//! messages as people quote them (hashicorp/terraform-provider-aws #19968, aws-controllers-k8s/community #1175,
//! terraform-aws-modules/terraform-aws-eks #2678, kubernetes-sigs/cluster-api-provider-aws #2432). To whom the grant is and for
//! which operations nobody has published: it is assumed to be the cluster's role, which calls KMS for EKS, and what a
//! KMS provider calls.

use aws_model::{Arn, KeyArn};
use aws_wire::model::{self, ServiceId};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    call::{Call, input},
    fault,
    records::{Cluster, Encryption},
    roles::CLUSTERS,
    updates,
};
use crate::{
    CallContext, ServiceError,
    trail::{Answered, Notes, Trail},
};

/// What the cluster's role may do with the key (assumed).
const OPERATIONS: [&str; 3] = ["Encrypt", "Decrypt", "DescribeKey"];

/// What is asked for: one configuration at most, as the model has it.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    resources: Vec<String>,
    provider: Option<Provider>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Provider {
    key_arn: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Associate {
    cluster_name: String,
    encryption_config: Vec<Asked>,
}

pub(super) async fn associate(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: Associate = input(value)?;
    let role = {
        let realm = call.read();
        if let Some(answer) = updates::again(&realm, call, &asked.cluster_name)? {
            return Ok(answer);
        }
        may_be_encrypted(realm.cluster(&call.place(), &asked.cluster_name)?, call)?.role.clone()
    };
    let Some(encryption) = enable(call, &asked.encryption_config, &role).await? else {
        return Err(fault::invalid_parameter("KeyArn is required"));
    };

    let mut change = call.change();
    // Something may have come in between, this very request among it.
    match updates::again(&change, call, &asked.cluster_name) {
        Ok(None) => {}
        Ok(Some(answer)) => {
            end(call, Some(&encryption));
            return Ok(answer);
        }
        Err(refused) => {
            end(call, Some(&encryption));
            return Err(refused);
        }
    }
    let known = change.cluster(&call.place(), &asked.cluster_name).and_then(|known| may_be_encrypted(known, call));
    let mut cluster = match known {
        Ok(known) => Cluster::clone(known),
        Err(refused) => {
            end(call, Some(&encryption));
            return Err(refused);
        }
    };
    let told = Value::Array(vec![encryption.told()]).to_string();
    cluster.encryption = Some(encryption);
    cluster.updated = Some(call.now());
    let kind = ("AssociateEncryptionConfig", updates::Of::Itself);
    let answer = updates::begin(&mut change, call, &cluster, kind, [("EncryptionConfig", Some(told))]);
    change.put(cluster);
    change.commit();
    Ok(answer)
}

/// Has KMS let a cluster's role use the key; `None` where none is asked for.
pub(super) async fn enable(call: &Call<'_>, asked: &[Asked], role: &Arn) -> Result<Option<Encryption>, ServiceError> {
    let Some(asked) = asked.first() else { return Ok(None) };
    let named = asked.provider.as_ref().and_then(|provider| provider.key_arn.as_deref());
    let named =
        named.filter(|named| !named.is_empty()).ok_or_else(|| fault::invalid_parameter("KeyArn is required"))?;
    if asked.resources != ["secrets"] {
        return Err(fault::invalid_parameter("The only resource of an encryptionConfig is secrets."));
    }
    let arn: Arn = named.parse().map_err(|_| fault::invalid_parameter(format!("keyArn {named} is invalid.")))?;
    let is_key = arn.resource().starts_with("key/") || arn.resource().starts_with("alias/");
    if arn.service() != "kms" || !is_key {
        return Err(fault::invalid_parameter(format!("keyArn {named} is invalid.")));
    }
    if arn.region() != call.ctx.region.as_str() {
        return Err(fault::invalid_parameter(
            "The keyArn for encryptionConfig must be in the same region as the cluster.",
        ));
    }
    let described = make(call, "DescribeKey", json!({ "KeyId": named })).await?;
    let told = |member: &str| described.pointer(&format!("/KeyMetadata/{member}")).and_then(Value::as_str);
    if told("KeySpec") != Some("SYMMETRIC_DEFAULT") || told("KeyUsage") != Some("ENCRYPT_DECRYPT") {
        return Err(fault::invalid_parameter("The keyArn for encryptionConfig must be of a symmetric encryption key."));
    }
    if told("KeyState") != Some("Enabled") {
        return Err(fault::invalid_parameter("The keyArn for encryptionConfig must be of an enabled key."));
    }
    let key: KeyArn = told("Arn").and_then(|arn| arn.parse().ok()).ok_or_else(fault::internal)?;
    let granted =
        make(call, "CreateGrant", json!({ "KeyId": key, "GranteePrincipal": role, "Operations": OPERATIONS })).await?;
    let grant = granted.get("GrantId").and_then(Value::as_str).ok_or_else(fault::internal)?.to_owned();
    Ok(Some(Encryption { named: named.to_owned(), key, grant }))
}

/// Ends what the cluster's role may, where the cluster is no more, or did not come to be.
pub(super) fn end(call: &Call<'_>, encryption: Option<&Encryption>) {
    call.kms.end_grants(encryption.into_iter().map(|encryption| (&encryption.key, encryption.grant.as_str())));
}

fn may_be_encrypted<'c, C: AsRef<Cluster>>(cluster: &'c C, call: &Call<'_>) -> Result<&'c Cluster, ServiceError> {
    let cluster = cluster.as_ref();
    if cluster.encryption.is_some() {
        let message = "Encryption is already enabled on the cluster";
        return Err(fault::invalid_parameter(message).with_field("clusterName", cluster.name()));
    }
    match cluster.status(call.ctx.now) {
        "ACTIVE" => Ok(cluster),
        busy => Err(fault::cluster_is_busy(cluster.name(), busy)),
    }
}

/// Makes a call of KMS for the caller, and has its event written.
async fn make(call: &Call<'_>, operation: &'static str, input: Value) -> Result<Value, ServiceError> {
    let modelled = model::service(ServiceId::Kms).operation(operation).ok_or_else(fault::internal)?;
    let (notes, id) = (Notes::default(), Uuid::new_v4().to_string());
    let ctx = CallContext { request_id: &id, peer: None, notes: Some(&notes), invoked_by: Some(CLUSTERS), ..*call.ctx };
    let parameters = Trail::parameters(ServiceId::Kms, modelled, &input);
    let answer = call.kms.call(&ctx, operation, input).await;
    call.trail.record(Answered {
        service: ServiceId::Kms,
        operation: modelled,
        context: &ctx,
        parameters,
        answer: answer.as_ref(),
        noted: notes.take(),
    });
    answer.map_err(|refused| match refused.code() {
        "AccessDeniedException" => {
            let message = format!("User not authorized to perform kms:{operation} operation");
            ServiceError::new("InvalidRequestException", message)
        }
        _ => fault::invalid_parameter(refused.message()),
    })
}
