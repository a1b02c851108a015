//! What kubelet asks of the apiserver for a pod: a token that is bound to it. There is no kubelet here, so the pods stay pending.

use control_plane::Kubernetes;
use hyper::Method;
use serde_json::{Value, json};

use crate::{
    commands::up::pod::{AGENT, LIFETIME, NAME, NAMESPACE, POD_AUDIENCE, Tokens},
    failure::Failure,
};

/// A pod and an agent on one node, and the tokens of both.
pub(super) async fn issued(kubernetes: &Kubernetes) -> Result<Tokens, Failure> {
    create(kubernetes, "/api/v1/nodes", json!({ "metadata": { "name": NAME } })).await?;
    let of_pod = token(kubernetes, NAME, POD_AUDIENCE).await?;
    let of_agent = token(kubernetes, AGENT, pod_identity::broker::AGENT_AUDIENCE).await?;
    let discovery = get(kubernetes, "/.well-known/openid-configuration").await?;
    let issuer = discovery.get("issuer").and_then(Value::as_str).unwrap_or_default().to_owned();
    let keys = get(kubernetes, "/openid/v1/jwks").await?;
    Ok(Tokens { issuer, keys, of_pod, of_agent, signed_by: "the apiserver" })
}

/// Of a pod that is called as its service account.
async fn token(kubernetes: &Kubernetes, account: &str, audience: &str) -> Result<String, Failure> {
    let below = format!("/api/v1/namespaces/{NAMESPACE}");
    let named = json!({ "name": account });
    create(kubernetes, &format!("{below}/serviceaccounts"), json!({ "metadata": named })).await?;
    let containers = json!([{ "name": "main", "image": "none" }]);
    let spec = json!({ "serviceAccountName": account, "nodeName": NAME, "containers": containers });
    let pod = create(kubernetes, &format!("{below}/pods"), json!({ "metadata": named, "spec": spec })).await?;
    let uid = pod.pointer("/metadata/uid");
    let request = json!({ "spec": {
        "audiences": [audience], "expirationSeconds": LIFETIME,
        "boundObjectRef": { "kind": "Pod", "apiVersion": "v1", "name": account, "uid": uid },
    } });
    let issued = create(kubernetes, &format!("{below}/serviceaccounts/{account}/token"), request).await?;
    let token = issued.pointer("/status/token").and_then(Value::as_str);
    token.map(str::to_owned).ok_or_else(|| Failure::new("the apiserver answered a TokenRequest without a token"))
}

async fn create(kubernetes: &Kubernetes, path: &str, object: Value) -> Result<Value, Failure> {
    ask(kubernetes, Method::POST, path, Some(&object)).await
}

async fn get(kubernetes: &Kubernetes, path: &str) -> Result<Value, Failure> {
    ask(kubernetes, Method::GET, path, None).await
}

async fn ask(kubernetes: &Kubernetes, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
    let answer = kubernetes.request(method.clone(), path, body).await?;
    if (200..300).contains(&answer.status) {
        return Ok(answer.body);
    }
    let said = answer.body.get("message").and_then(Value::as_str).unwrap_or_default();
    Err(Failure::new(format_args!("the apiserver refuses {method} {path} ({}): {said}", answer.status)))
}
