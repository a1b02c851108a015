//! The definition of the custom resource, as the apiserver is given it.
//!
//! What its schema refuses, nobody has to be told of later. CEL rules stand where a pattern alone would refuse without saying
//! what is wanted. Each takes its bound from AWS or Kubernetes.

use serde_json::{Value, json};

use super::{ACCEPTED, GROUP, KIND, PLURAL, VERSION};

/// Source: Kubernetes documentation, "Object Names and IDs" (a namespace is a DNS label, a service account a DNS subdomain).
const LONGEST_NAMESPACE: usize = 63;
const LONGEST_SERVICE_ACCOUNT: usize = 253;
/// Source: AWS STS API Reference, "AssumeRole", `RoleArn`.
const LONGEST_ARN: usize = 2048;
/// Source: AWS STS API Reference, "AssumeRole", `ExternalId`.
const LONGEST_EXTERNAL_ID: usize = 1224;
/// Source: AWS STS API Reference, "AssumeRole", `Policy` ("can't exceed 2,048 characters").
const LONGEST_POLICY: usize = 2048;

/// Source: AWS STS API Reference, "AssumeRole", `Tags` (50, of which six are EKS's) and "Tag", `Value`.
const MOST_TAGS: usize = 44;
const LONGEST_TAG_VALUE: usize = 256;
/// Longer than any session's name, since what its placeholders stand for may be short.
const LONGEST_SESSION_NAME: usize = 128;

/// The `CustomResourceDefinition`.
#[must_use]
pub fn definition() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{PLURAL}.{GROUP}") },
        "spec": {
            "group": GROUP,
            "names": {
                "kind": KIND,
                "listKind": format!("{KIND}List"),
                "plural": PLURAL,
                "singular": KIND.to_lowercase(),
                "shortNames": ["pia"],
            },
            "scope": "Cluster",
            "versions": [{
                "name": VERSION,
                "served": true,
                "storage": true,
                "subresources": { "status": {} },
                "additionalPrinterColumns": columns(),
                "schema": { "openAPIV3Schema": schema() },
            }],
        },
    })
}

fn columns() -> Value {
    let condition = |member: &str| format!(".status.conditions[?(@.type==\"{ACCEPTED}\")].{member}");
    // Those of priority 1 are for `kubectl get --output wide`.
    let column = |name: &str, path: &str, priority: u8| json!({ "name": name, "type": "string", "jsonPath": path, "priority": priority });
    json!([
        column("Namespace", ".spec.namespace", 0),
        column("Service Account", ".spec.serviceAccount", 0),
        column("Role", ".spec.roleArn", 0),
        column("Accepted", &condition("status"), 0),
        column("Why", &condition("reason"), 0),
        column("Target Role", ".spec.targetRoleArn", 1),
        column("Id", ".status.associationId", 1),
        { "name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp" },
    ])
}

fn schema() -> Value {
    json!({
        "type": "object",
        "description": "The role whose credentials the pods of a service account get. Administrators write it: who may, gives roles to \
            every namespace.",
        "required": ["spec"],
        "properties": {
            "apiVersion": { "type": "string" },
            "kind": { "type": "string" },
            "metadata": { "type": "object" },
            "spec": spec(),
            "status": status(),
        },
    })
}

fn spec() -> Value {
    json!({
        "type": "object",
        "description": "What EKS's CreatePodIdentityAssociation takes, with patterns for namespace and service account.",
        "required": ["namespace", "serviceAccount", "roleArn"],
        "properties": {
            "namespace": pattern(
                "The namespace of the service accounts, or a pattern: * stands for any characters or none, ? for exactly one. Of \
                    the associations that match a service account the narrowest counts.",
                LONGEST_NAMESPACE,
                "^[-a-z0-9*?]+$",
                "is a namespace or a pattern of such: a-z, 0-9, -, * for any characters and ? for one",
            ),
            "serviceAccount": pattern(
                "The service account, or a pattern as for the namespace.",
                LONGEST_SERVICE_ACCOUNT,
                "^[-a-z0-9.*?]+$",
                "is a service account or a pattern of such: a-z, 0-9, -, ., * for any characters and ? for one",
            ),
            "roleArn": role("The role. Its trust policy lets the broker assume it, and tag its session where tags are not disabled."),
            "targetRoleArn": role("The role that the first one's session assumes, in whatever account; its credentials are what pods get."),
            "externalId": {
                "type": "string",
                "description": "What the target role's trust policy may ask for as sts:ExternalId.",
                "minLength": 2,
                "maxLength": LONGEST_EXTERNAL_ID,
                "x-kubernetes-validations": [{
                    "rule": "self.matches('^[a-zA-Z0-9_+=,.@:/-]*$')",
                    "message": "has the characters that STS takes: letters, digits and _+=,.@:/-",
                }],
            },
            "disableSessionTags": {
                "type": "boolean",
                "description": "Whether sessions are without the six tags of cluster, namespace, service account and pod.",
            },
            "sessionTags": {
                "type": "object",
                "description": "Tags that sessions have beside those six, for the policies of the role.",
                "maxProperties": MOST_TAGS,
                "additionalProperties": { "type": "string", "maxLength": LONGEST_TAG_VALUE },
                "x-kubernetes-validations": [
                    {
                        "rule": "self.all(key, size(key) <= 128 && key.matches('^[a-zA-Z0-9 _.:/=+@-]+$') && self[key].matches('^[a-zA-Z0-9 _.:/=+@-]*$'))",
                        "message": "has keys (1 to 128 characters) and values of letters, digits, spaces and _.:/=+-@",
                    },
                    {
                        "rule": "self.all(key, !key.lowerAscii().startsWith('aws:') && !(key.lowerAscii() in ['eks-cluster-arn', \
                            'eks-cluster-name', 'kubernetes-namespace', 'kubernetes-service-account', 'kubernetes-pod-name', \
                            'kubernetes-pod-uid']))",
                        "message": "has no key of AWS's own: none begins with aws:, and EKS's six are there by themselves",
                    },
                ],
            },
            "sessionName": {
                "type": "string",
                "description": "What sessions are called: text, with {cluster}, {namespace}, {serviceAccount} and {pod} for what they name, cut \
                    at 64 characters. Without it eks-CLUSTER-POD-UUID, as at EKS.",
                "minLength": 1,
                "maxLength": LONGEST_SESSION_NAME,
                "x-kubernetes-validations": [{
                    "rule": "self.matches('^([a-zA-Z0-9_+=,.@-]|[{](cluster|namespace|serviceAccount|pod)[}])+$')",
                    "message": "has letters, digits, _+=,.@- and the placeholders {cluster}, {namespace}, {serviceAccount} and {pod}",
                }],
            },
            "policy": {
                "type": "string",
                "description": "A session policy, as JSON: what pods may do is what both it and the role allow. With a target role it \
                    narrows that one's session. It needs disableSessionTags, as at EKS.",
                "maxLength": LONGEST_POLICY,
                "x-kubernetes-validations": [{
                    "rule": "self.matches('^\\\\s*[{]')",
                    "message": "is a policy as JSON, as {\"Version\": \"2012-10-17\", \"Statement\": [...]}",
                }],
            },
        },
        "x-kubernetes-validations": [
            {
                "rule": "!has(self.policy) || (has(self.disableSessionTags) && self.disableSessionTags)",
                "message": "a policy needs disableSessionTags: true, as at EKS",
                "fieldPath": ".disableSessionTags",
            },
            {
                "rule": "!has(self.externalId) || has(self.targetRoleArn)",
                "message": "an externalId is for the target role: targetRoleArn is missing",
                "fieldPath": ".externalId",
            },
            {
                "rule": "!has(self.sessionName) || !has(self.disableSessionTags) || !self.disableSessionTags || \
                    self.sessionName.matches('^([^{]|[{]cluster[}])')",
                "message": "where session tags are disabled it begins with a text of its own or {cluster}: of such sessions a trust \
                    policy sees the name alone",
                "fieldPath": ".sessionName",
            },
        ],
    })
}

/// What an association is of stays, as at EKS, so that its id means the same in every record of what was done with it.
fn pattern(description: &str, longest: usize, taken: &str, message: &str) -> Value {
    json!({
        "type": "string",
        "description": description,
        "minLength": 1,
        "maxLength": longest,
        "x-kubernetes-validations": [
            { "rule": format!("self.matches('{taken}')"), "message": message },
            { "rule": "self == oldSelf", "message": "never changes, as at EKS: make another association instead" },
        ],
    })
}

fn role(description: &str) -> Value {
    json!({
        "type": "string",
        "description": description,
        "maxLength": LONGEST_ARN,
        "x-kubernetes-validations": [{
            "rule": "self.matches('^arn:aws[-a-z]*:iam::[0-9]{12}:role/.+$')",
            "message": "is the ARN of a role, as arn:aws:iam::111122223333:role/NAME",
        }],
    })
}

fn status() -> Value {
    json!({
        "type": "object",
        "description": "What the broker made of it.",
        "properties": {
            "observedGeneration": { "type": "integer", "format": "int64", "description": "Of which generation of the spec it tells." },
            "associationId": {
                "type": "string",
                "description": "The id that sessions are given by and that logs name: a- and the first 17 digits of the object's UID.",
            },
            "conditions": {
                "type": "array",
                "description": "Accepted is True where it counts. Else it says why not: Invalid, or Conflict with another of the same \
                    patterns.",
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["type"],
                "items": condition(),
            },
        },
    })
}

/// Source: Kubernetes, `metav1.Condition`.
fn condition() -> Value {
    json!({
        "type": "object",
        "required": ["type", "status", "reason", "message", "lastTransitionTime"],
        "properties": {
            "type": { "type": "string" },
            "status": { "type": "string", "enum": ["True", "False", "Unknown"] },
            "reason": { "type": "string" },
            "message": { "type": "string", "maxLength": 32768 },
            "lastTransitionTime": { "type": "string", "format": "date-time" },
            "observedGeneration": { "type": "integer", "format": "int64" },
        },
    })
}
