//! What is behind a cluster: a server that somebody runs, and tokens for pods.
//!
//! EKS runs the servers of its clusters. Here nobody does until a program says where one is that it started, and which keys
//! sign its service accounts' tokens. Where no such server is, the embedded AWS itself signs tokens, with a key that is the
//! cluster's own.

use aws_model::Arn;
use jiff::{SignedDuration, Timestamp};
use oidc::KeySet;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Eks, issuer,
    records::{Cluster, Told},
    state::{Place, Realm},
};
use crate::{issuers::OwnIssuers, store::WriteFailed};

/// What somebody tells.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub(crate) struct Behind {
    cluster: Arn,
    told: Told,
}

impl TryFrom<Map<String, Value>> for Behind {
    type Error = serde_json::Error;

    /// The cluster, and beside it what is told of it.
    fn try_from(mut all: Map<String, Value>) -> Result<Self, Self::Error> {
        let cluster = serde_json::from_value(all.remove("cluster").unwrap_or_default())?;
        Ok(Self { cluster, told: serde_json::from_value(Value::Object(all))? })
    }
}

/// A token that somebody wants.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Wanted {
    cluster: Arn,
    namespace: String,
    service_account: String,
    /// The pod that it is bound to.
    #[serde(default = "pod")]
    pod: String,
    #[serde(default = "audience")]
    audience: String,
    /// How long it is good.
    #[serde(default = "day")]
    seconds: u32,
}

fn pod() -> String {
    "pod".to_owned()
}

fn audience() -> String {
    eks_auth::AUDIENCE.to_owned()
}

/// As the webhook asks for it.
fn day() -> u32 {
    86_400
}

/// Nothing was told, or no token made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoSuchCluster {
    #[error("there is no cluster `{0}`")]
    Cluster(Arn),
    #[error("`jwks` is no JWK set: {0}")]
    Keys(#[from] oidc::InvalidKeySet),
    #[error("the token could not be signed")]
    Signature,
}

impl Eks {
    /// Keeps what is behind a cluster, instead of what was told before. Answers the cluster.
    pub(crate) fn put_behind(&self, behind: Behind, now: Timestamp) -> Result<Value, NoSuchCluster> {
        let Behind { cluster: arn, told } = behind;
        if let Some(jwks) = &told.jwks {
            KeySet::parse(jwks.to_string().as_bytes())?;
        }
        let mut change = self.state.change();
        let known = change.cluster(&Place::in_arn(&arn), name(&arn)).ok().filter(|known| known.arn == arn);
        let mut cluster =
            known.map(|known| Cluster::clone(known)).ok_or_else(|| NoSuchCluster::Cluster(arn.clone()))?;
        cluster.behind = (told != Told::default()).then_some(told);
        let answer = json!({ "cluster": cluster.told(now) });
        change.put(cluster);
        change.commit();
        Ok(answer)
    }

    /// Waits until what was told would survive a kill.
    ///
    /// # Errors
    /// [`WriteFailed`].
    pub(crate) async fn kept(&self) -> Result<(), WriteFailed> {
        self.state.durable().await
    }

    /// A token of a pod, signed with the cluster's own key.
    pub(crate) fn token(&self, wanted: &Wanted, now: Timestamp) -> Result<String, NoSuchCluster> {
        let realm = self.state.read();
        let arn = &wanted.cluster;
        let known = realm.cluster(&Place::in_arn(arn), name(arn)).ok().filter(|known| known.arn == *arn);
        let cluster = known.ok_or_else(|| NoSuchCluster::Cluster(arn.clone()))?;
        let ends = now.checked_add(SignedDuration::from_secs(wanted.seconds.into())).unwrap_or(Timestamp::MAX);
        let (namespace, account, pod) = (&wanted.namespace, &wanted.service_account, &wanted.pod);
        // Names are told apart by their ids; the same name has the same one each time.
        let uid = |kind: &str, name: &str| issuer::uid(&format!("{arn}/{kind}/{namespace}/{name}"));
        let claims = json!({
            "aud": [wanted.audience],
            "exp": ends.as_second(),
            "iat": now.as_second(),
            "iss": cluster.issuer(),
            "kubernetes.io": {
                "namespace": namespace,
                "pod": { "name": pod, "uid": uid("pod", pod) },
                "serviceaccount": { "name": account, "uid": uid("serviceaccount", account) },
            },
            "nbf": now.as_second(),
            "sub": format!("system:serviceaccount:{namespace}:{account}"),
        });
        let key = realm.issuer_key(cluster).ok_or(NoSuchCluster::Signature)?;
        key.sign(&claims).ok_or(NoSuchCluster::Signature)
    }

    /// The keys of the issuer with this id, as its URL publishes them on AWS; and the configuration that names that URL.
    pub(crate) fn published(&self, id: &str, document: &str) -> Option<Value> {
        let realm = self.state.read();
        let cluster = realm.cluster_with_id(id)?;
        match document {
            "keys" => Some(json!({ "keys": keys_of(&realm, cluster) })),
            ".well-known/openid-configuration" => {
                let issuer = cluster.issuer();
                Some(json!({
                    "issuer": issuer,
                    "jwks_uri": format!("{issuer}/keys"),
                    "authorization_endpoint": "urn:kubernetes:programmatic_authorization",
                    "response_types_supported": ["id_token"],
                    "subject_types_supported": ["public"],
                    "claims_supported": ["sub", "iss"],
                    "id_token_signing_alg_values_supported": [issuer::ALGORITHM],
                }))
            }
            _ => None,
        }
    }

    /// The keys that sign tokens of a cluster: its own, and those that were told.
    pub(crate) fn keys_of(&self, cluster: &Cluster) -> Vec<Value> {
        keys_of(&self.state.read(), cluster)
    }

    /// Who issues tokens of a cluster: its own issuer, and who was told.
    pub(crate) fn issues(&self, cluster: &Cluster, issuer: &str) -> bool {
        let told = cluster.behind.as_ref().and_then(|behind| behind.issuer.as_deref());
        issuer == cluster.issuer() || told == Some(issuer)
    }
}

/// So that roles trust a cluster's service accounts as soon as IAM knows its issuer.
///
/// Source: Amazon EKS User Guide, "IAM roles for service accounts".
impl OwnIssuers for Eks {
    fn key_set(&self, issuer: &str) -> Option<String> {
        let realm = self.state.read();
        let cluster = realm.cluster_that(|cluster| self.issues(cluster, issuer))?;
        Some(json!({ "keys": keys_of(&realm, cluster) }).to_string())
    }
}

fn keys_of(realm: &Realm, cluster: &Cluster) -> Vec<Value> {
    let own = realm.issuer_key(cluster).map(issuer::Key::jwk);
    let jwks = cluster.behind.as_ref().and_then(|behind| behind.jwks.as_ref());
    let told = jwks.and_then(|jwks| jwks.get("keys")?.as_array()).into_iter().flatten();
    own.into_iter().chain(told.cloned()).collect()
}

fn name(arn: &Arn) -> &str {
    arn.resource().strip_prefix("cluster/").unwrap_or_default()
}
