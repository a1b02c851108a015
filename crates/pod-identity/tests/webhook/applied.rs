//! What a patch makes of a pod, as the apiserver applies it (RFC 6902).

use pod_identity::webhook::{Facts, Injection, Left, Patch, Pod, ServiceAccount, Settings, inject};
use serde_json::{Value, json};

/// Applies additions, the only thing that the webhook's patches have.
pub(crate) fn apply(pod: &mut Value, patch: &Value) {
    for operation in patch.as_array().unwrap() {
        assert_eq!(operation["op"], "add", "{operation}");
        let path = operation["path"].as_str().unwrap();
        let (parent, name) = path.rsplit_once('/').unwrap();
        let name = name.replace("~1", "/").replace("~0", "~");
        let value = operation["value"].clone();
        match pod.pointer_mut(parent).unwrap_or_else(|| panic!("{path}: there is no parent")) {
            Value::Array(list) if name == "-" => list.push(value),
            Value::Array(list) => list.insert(name.parse().unwrap(), value),
            Value::Object(members) => drop(members.insert(name, value)),
            other => panic!("{path}: the parent is {other}"),
        }
    }
}

pub(crate) fn patch(patch: &Patch) -> Value {
    serde_json::to_value(patch).unwrap()
}

/// Who asks, and what is known.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) associated: bool,
    pub(crate) account: Option<ServiceAccount>,
    pub(crate) settings: Settings,
    pub(crate) jitter: u64,
}

impl Known {
    /// A service account with an association, in a cluster of us-west-2.
    pub(crate) fn associated() -> Self {
        let settings = Settings { region: Some("us-west-2".to_owned()), ..Settings::default() };
        Self { associated: true, account: None, settings, jitter: 0 }
    }

    /// One whose annotations are these, without an association.
    pub(crate) fn annotated(annotations: &[(&str, &str)]) -> Self {
        Self { associated: false, ..Self::associated() }.with(annotations)
    }

    pub(crate) fn with(self, annotations: &[(&str, &str)]) -> Self {
        let account = ServiceAccount::of(annotations.iter().copied(), &self.settings.annotation_prefix);
        Self { account: Some(account), ..self }
    }

    pub(crate) fn facts(&self) -> Facts<'_> {
        Facts {
            associated: self.associated,
            service_account: self.account.as_ref(),
            settings: &self.settings,
            jitter: self.jitter,
        }
    }

    pub(crate) fn inject(&self, pod: &Value) -> Result<Injection, Left> {
        let text = pod.to_string();
        let pod: Pod<'_> = serde_json::from_str(&text).unwrap();
        inject(&pod, &self.facts())
    }

    /// What becomes of the pod.
    pub(crate) fn injected(&self, pod: &Value) -> Value {
        let mut after = pod.clone();
        let injection = self.inject(pod).unwrap_or_else(|left| panic!("left: {left:?}"));
        apply(&mut after, &patch(&injection.patch));
        after
    }
}

/// A pod with one container, as an apiserver shows it to webhooks.
pub(crate) fn pod() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "generateName": "api-", "namespace": "shop" },
        "spec": {
            "serviceAccountName": "api", "serviceAccount": "api",
            "containers": [{ "name": "main", "image": "amazonlinux", "resources": {} }],
        },
    })
}

/// What EKS gives a container for Pod Identity.
pub(crate) fn variables() -> Value {
    json!([
        { "name": "AWS_STS_REGIONAL_ENDPOINTS", "value": "regional" },
        { "name": "AWS_DEFAULT_REGION", "value": "us-west-2" },
        { "name": "AWS_REGION", "value": "us-west-2" },
        { "name": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "value": "http://169.254.170.23/v1/credentials" },
        {
            "name": "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            "value": "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token",
        },
    ])
}

pub(crate) fn mount() -> Value {
    json!({
        "name": "eks-pod-identity-token", "readOnly": true,
        "mountPath": "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount",
    })
}

pub(crate) fn volume(expiration: i64) -> Value {
    let token = json!({
        "audience": "pods.eks.amazonaws.com", "expirationSeconds": expiration, "path": "eks-pod-identity-token",
    });
    json!({ "name": "eks-pod-identity-token", "projected": { "sources": [{ "serviceAccountToken": token }] } })
}
