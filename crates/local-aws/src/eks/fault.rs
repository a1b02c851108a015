//! EKS's errors.
//!
//! Source of the texts: what people quote of AWS's answers, mostly in issues of its Terraform provider
//! (hashicorp/terraform-provider-aws #34711, #41483, #26528) and of crossplane-contrib/provider-upjet-aws (#1437); for the
//! rest, Amazon EKS API Reference, "Errors" of each operation, and ours where that is no sentence of its own.

use aws_wire::{model::Operation, validate::ValidationError};

use super::records::Addon;
use crate::ServiceError;

pub(super) fn no_cluster(name: &str) -> ServiceError {
    let message = format!("No cluster found for name: {name}.");
    ServiceError::new("ResourceNotFoundException", message).with_status(404).with_field("clusterName", name)
}

pub(super) fn cluster_exists(name: &str) -> ServiceError {
    let message = format!("Cluster already exists with name: {name}");
    ServiceError::new("ResourceInUseException", message).with_status(409).with_field("clusterName", name)
}

/// Of a cluster that is being made or changed.
pub(super) fn cluster_is_busy(name: &str, status: &str) -> ServiceError {
    let message = format!("Cluster {name} cannot be updated as it is currently in {status} state.");
    ServiceError::new("ResourceInUseException", message).with_status(409).with_field("clusterName", name)
}

pub(super) fn no_association(cluster: &str, id: &str) -> ServiceError {
    let message = format!("No association found with associationId: {id} in cluster: {cluster}");
    ServiceError::new("ResourceNotFoundException", message).with_status(404).with_field("clusterName", cluster)
}

pub(super) fn association_exists(cluster: &str, id: &str) -> ServiceError {
    let message = format!("Association already exists: {id}");
    ServiceError::new("ResourceInUseException", message).with_status(409).with_field("clusterName", cluster)
}

pub(super) fn no_entries() -> ServiceError {
    let message =
        "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.";
    ServiceError::new("InvalidRequestException", message)
}

pub(super) fn no_access_entry() -> ServiceError {
    let message = "The specified principalArn could not be found. You can view your available access entries with 'list-access-entries'.";
    ServiceError::new("ResourceNotFoundException", message).with_status(404)
}

pub(super) fn no_associated_policy() -> ServiceError {
    let message = "The specified policyArn is not associated with the principalArn.";
    ServiceError::new("ResourceNotFoundException", message).with_status(404)
}

pub(super) fn access_entry_exists() -> ServiceError {
    let message = "The specified access entry resource is already in use on this cluster.";
    ServiceError::new("ResourceInUseException", message).with_status(409)
}

/// Of what nobody knows what EKS would answer.
pub(super) fn not_told(message: String) -> ServiceError {
    ServiceError::new("ResourceNotFoundException", message).with_status(404)
}

pub(super) fn no_addon(cluster: &str, name: &str) -> ServiceError {
    let message = format!("No addon: {name} found in cluster: {cluster}");
    ServiceError::new("ResourceNotFoundException", message)
        .with_status(404)
        .with_field("clusterName", cluster)
        .with_field("addonName", name)
}

pub(super) fn addon_exists(known: &Addon) -> ServiceError {
    let (cluster, name) = known.names();
    ServiceError::new("ResourceInUseException", "Addon already exists.")
        .with_status(409)
        .with_field("clusterName", cluster)
        .with_field("addonName", name)
}

pub(super) fn no_fargate_profile(cluster: &str, name: &str) -> ServiceError {
    let message = format!("No Fargate Profile found with name: {name}.");
    ServiceError::new("ResourceNotFoundException", message)
        .with_status(404)
        .with_field("clusterName", cluster)
        .with_field("fargateProfileName", name)
}

/// The operation that makes one has no error for what is in use.
pub(super) fn fargate_profile_exists(cluster: &str, name: &str) -> ServiceError {
    let message = format!("Fargate Profile already exists with name: {name}.");
    ServiceError::new("InvalidRequestException", message).with_field("clusterName", cluster)
}

pub(super) fn no_node_group(cluster: &str, name: &str) -> ServiceError {
    let message = format!("No node group found for name: {name}.");
    ServiceError::new("ResourceNotFoundException", message)
        .with_status(404)
        .with_field("clusterName", cluster)
        .with_field("nodegroupName", name)
}

pub(super) fn node_group_exists(cluster: &str, name: &str) -> ServiceError {
    let message = format!("NodeGroup already exists with name {name} and cluster name {cluster}");
    ServiceError::new("ResourceInUseException", message)
        .with_status(409)
        .with_field("clusterName", cluster)
        .with_field("nodegroupName", name)
}

/// Of one that is not as it has to be for a change.
pub(super) fn node_group_is_busy(cluster: &str, name: &str, status: &str) -> ServiceError {
    let message = format!("Nodegroup cannot be updated as it is currently not in Active State. It is {status}.");
    ServiceError::new("ResourceInUseException", message)
        .with_status(409)
        .with_field("clusterName", cluster)
        .with_field("nodegroupName", name)
}

/// A client's token that came with something else before (the code and its words are assumed).
pub(super) fn other_parameters(token: &str) -> ServiceError {
    invalid_parameter(format!(
        "The request has the clientRequestToken {token} of another request, with different parameters. Use another token."
    ))
}

pub(super) fn invalid_request(message: impl Into<String>) -> ServiceError {
    ServiceError::new("InvalidRequestException", message)
}

pub(super) fn no_identity_provider(cluster: &str, kind: &str, name: &str) -> ServiceError {
    let message = format!("No config found for cluster: {cluster}, config type: {kind}, config name: {name}");
    ServiceError::new("ResourceNotFoundException", message).with_status(404).with_field("clusterName", cluster)
}

pub(super) fn identity_provider_exists(cluster: &str) -> ServiceError {
    let message = format!("Cluster {cluster} already has an identity provider config associated.");
    ServiceError::new("InvalidRequestException", message).with_field("clusterName", cluster)
}

pub(super) fn update_is_going_on(cluster: &str, what: &str, update: &str) -> ServiceError {
    let message = format!("Cannot {what} because cluster {cluster} currently has update {update} in progress");
    ServiceError::new("ResourceInUseException", message).with_status(409).with_field("clusterName", cluster)
}

pub(super) fn no_update(cluster: &str, id: &str) -> ServiceError {
    let message = format!("No update found for ID: {id}");
    ServiceError::new("ResourceNotFoundException", message).with_status(404).with_field("clusterName", cluster)
}

/// Of a capability.
pub(super) fn no_part(cluster: &str, name: &str) -> ServiceError {
    let message = format!("There is no {name} in cluster: {cluster}");
    ServiceError::new("ResourceNotFoundException", message).with_status(404).with_field("clusterName", cluster)
}

/// Of one that nobody knows, and of one whose support has ended.
///
/// Source: terraform-aws-modules/terraform-aws-eks #3164, batteries-included/batteries-included #1363 (with the version, as
/// of 2024); rancher/rancher #30518 (of one that ended).
pub(super) fn unsupported_version(version: &str) -> ServiceError {
    invalid_parameter(format!("unsupported Kubernetes version {version}"))
}

pub(super) fn no_role() -> ServiceError {
    invalid_parameter("Role provided in the request does not exist.")
}

pub(super) fn untrusting_role() -> ServiceError {
    invalid_parameter("Trust policy of the role provided is invalid.")
}

pub(super) fn invalid_parameter(message: impl Into<String>) -> ServiceError {
    ServiceError::new("InvalidParameterException", message)
}

pub(super) fn too_many(what: &str) -> ServiceError {
    ServiceError::new("ResourceLimitExceededException", format!("You've reached the limit of {what}."))
}

/// Of an ARN that is tagged, or whose tags are asked for.
pub(super) fn no_resource(arn: &str) -> ServiceError {
    ServiceError::new("NotFoundException", format!("Resource Not Found: {arn}")).with_status(404)
}

pub(super) fn bad_request(message: impl Into<String>) -> ServiceError {
    ServiceError::new("BadRequestException", message)
}

/// An input that breaks the model's constraints: EKS has errors of its own for it, and not every operation has the same.
pub(crate) fn invalid(error: &ValidationError, operation: &Operation) -> ServiceError {
    let codes = ["InvalidParameterException", "BadRequestException", "InvalidRequestException", "ClientException"];
    let code = codes.into_iter().find(|code| operation.error(code).is_some()).unwrap_or("InvalidParameterException");
    ServiceError::new(code, error.to_string())
}

pub(super) fn unsupported(what: &str) -> ServiceError {
    let message = format!("{what} is not supported by the embedded AWS.");
    ServiceError::new("UnsupportedOperationException", message)
}

pub(super) fn internal() -> ServiceError {
    let message = "The request processing has failed because of an unknown error.";
    ServiceError::internal("ServerException", message)
}
