//! What a pod's session is called.

/// How much of a cluster's and of a pod's name a session's name has.
///
/// AWS documents `eks-CLUSTER-POD-UUID`, and STS takes 64 characters. Its answers have ten of the cluster's name
/// (`eks-eks-ref-sc-app2-17903385-a093-4b17-9f47-97e9137a30fc`, in AWS's "Amazon EKS Security Immersion Day"); that it
/// cuts pods' names in the same way is assumed.
const KEPT: usize = 10;

/// The name of a session. `uuid` is as long as a UUID in text is, and no session had it before.
pub(crate) fn of(cluster: &str, pod: &str, uuid: &str) -> String {
    let cut = |name: &str| name.chars().filter(|c| is_taken(*c)).take(KEPT).collect::<String>();
    format!("eks-{}-{}-{uuid}", cut(cluster), cut(pod))
}

/// Source: AWS STS API Reference, "AssumeRole", `RoleSessionName`.
fn is_taken(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '=' | ',' | '.' | '@' | '-')
}
