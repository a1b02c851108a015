//! The token of a pod's service account.

use oidc::Claims;
use serde_json::Value;

/// For whom tokens of pods are issued that want credentials.
pub const AUDIENCE: &str = "pods.eks.amazonaws.com";

/// Who asks for credentials, as a token says whose signature was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodToken {
    /// The namespace of service account and pod.
    pub namespace: String,
    /// The service account.
    pub service_account: String,
    /// The pod's name.
    pub pod_name: String,
    /// The pod's unique id.
    pub pod_uid: String,
    /// The node that the pod was on when the token was issued. Older apiservers do not say it.
    pub node: Option<Node>,
}

/// A node of a cluster. Its name may be another's later, its unique id not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its unique id.
    pub uid: String,
}

/// A token that says too little, or is for somebody else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPodToken {
    /// It was issued for somebody else.
    #[error("the token's audience is not `{0}`")]
    Audience(&'static str),
    /// It is not of a pod's service account.
    #[error("the token is not bound to a pod: its claim `kubernetes.io` has no `{0}`")]
    Unbound(&'static str),
    /// Its subject is another one than its service account.
    #[error("the token's subject is not its service account")]
    Subject,
}

impl PodToken {
    /// Whose token it is, where that is one for who gives credentials to pods.
    ///
    /// # Errors
    /// [`InvalidPodToken`].
    pub fn of(claims: &Claims) -> Result<Self, InvalidPodToken> {
        Self::for_audience(claims, AUDIENCE)
    }

    /// Whose token it is, where that is one for `audience`.
    ///
    /// Source: Kubernetes documentation, "Managing Service Accounts" > "Schema for service account private claims" (`node`
    /// from Kubernetes 1.30 on).
    ///
    /// # Errors
    /// [`InvalidPodToken`].
    pub fn for_audience(claims: &Claims, audience: &'static str) -> Result<Self, InvalidPodToken> {
        if !claims.audiences.iter().any(|one| one == audience) {
            return Err(InvalidPodToken::Audience(audience));
        }
        let private = claims.get("kubernetes.io");
        let text = |path: &'static str| {
            let value = path.split('.').try_fold(private?, |value, member| value.get(member));
            value.and_then(Value::as_str).filter(|text| !text.is_empty())
        };
        let need = |path: &'static str| text(path).map(str::to_owned).ok_or(InvalidPodToken::Unbound(path));
        let token = Self {
            namespace: need("namespace")?,
            service_account: need("serviceaccount.name")?,
            pod_name: need("pod.name")?,
            pod_uid: need("pod.uid")?,
            // The apiserver leaves the unique id of a node out that is not there (any more): then it is not known which.
            node: text("node.name")
                .zip(text("node.uid"))
                .map(|(name, uid)| Node { name: name.into(), uid: uid.into() }),
        };
        let subject = format!("system:serviceaccount:{}:{}", token.namespace, token.service_account);
        if claims.subject == subject { Ok(token) } else { Err(InvalidPodToken::Subject) }
    }
}
