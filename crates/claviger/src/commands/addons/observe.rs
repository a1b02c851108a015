//! Asks EKS and IAM for the facts.
//!
//! ```text
//!   DescribeCluster --> DescribeAddon of each --> DescribeAddonVersions on its Kubernetes
//!                                            \--> DescribeAddonConfiguration of its version
//!   ListPodIdentityAssociations, DescribePodIdentityAssociation
//!   GetRole, ListAttachedRolePolicies, ListRolePolicies of the roles that matter; GetOpenIDConnectProvider
//! ```

use std::collections::{BTreeMap, BTreeSet};

use aws_client::{Aws, CallError, Client, Unusable};
use aws_model::Arn;
use aws_wire::model::ServiceId;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::facts::{
    AGENT, Addon, Association, Cluster, Facts, Installed, Needs, Offered, Role, USUAL_NAMESPACE, recommended_role,
    role_name,
};

/// The facts were not told.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unknown {
    #[error(transparent)]
    Unusable(#[from] Unusable),
    #[error(transparent)]
    Refused(#[from] CallError),
    #[error("what was answered to {call} is none of its answers: {why}")]
    Garbled { call: &'static str, why: serde_json::Error },
    #[error("the cluster `{0}` has an ARN that is none")]
    Arn(String),
    #[error("EKS offers no add-on `{addon}` for Kubernetes {kubernetes}")]
    NoAddon { addon: String, kubernetes: String },
    #[error("EKS offers no version `{version}` of {addon} for Kubernetes {kubernetes}; it offers {offered}")]
    NoVersion { addon: String, version: String, kubernetes: String, offered: String },
}

/// An add-on that somebody names, with the version that it is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) name: String,
    /// `None`: what it has, or else the default.
    pub(super) version: Option<String>,
}

impl std::str::FromStr for Named {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, version) = text.split_once('=').map_or((text, None), |(name, version)| (name, Some(version)));
        Ok(Self { name: name.to_owned(), version: version.map(str::to_owned) })
    }
}

/// What facts are asked for.
pub(super) struct Asked<'a> {
    pub(super) cluster: &'a str,
    /// The add-ons; none: all that the cluster has.
    pub(super) named: &'a [Named],
    /// Roles that somebody names, by service account.
    pub(super) roles: &'a [(String, String)],
    pub(super) annotated: BTreeMap<(String, String), String>,
    /// Whether it matters that IAM knows the cluster's issuer.
    pub(super) of_irsa: bool,
}

pub(super) struct Observer {
    pub(super) eks: Client,
    pub(super) iam: Client,
}

impl Observer {
    pub(super) fn new(aws: &Aws) -> Result<Self, Unusable> {
        Ok(Self { eks: aws.client(ServiceId::Eks)?, iam: aws.client(ServiceId::Iam)? })
    }

    pub(super) async fn facts(&self, asked: Asked<'_>) -> Result<Facts, Unknown> {
        let Asked { cluster, named, roles, annotated, of_irsa } = asked;
        let cluster = self.cluster(cluster).await?;
        let installed = self.eks.items("ListAddons", json!({ "clusterName": cluster.name }), "addons").await?;
        let installed: BTreeSet<String> = installed.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let all: Vec<Named> = installed.iter().map(|name| Named { name: name.clone(), version: None }).collect();
        let mut addons = Vec::new();
        for named in if named.is_empty() { &all } else { named } {
            addons.push(self.addon(&cluster, named, installed.contains(&named.name)).await?);
        }
        let (mut agent, mut agent_version) = (None, None);
        if installed.contains(AGENT) {
            agent = Some(self.installed(&cluster.name, AGENT).await?.0.status);
        } else {
            agent_version = self.default_version(&cluster, AGENT).await?;
        }
        let associations = self.associations(&cluster.name).await?;
        let mut names = BTreeSet::new();
        names.extend(roles.iter().map(|(_, arn)| role_name(arn).to_owned()));
        names.extend(annotated.values().map(|arn| role_name(arn).to_owned()));
        for addon in &addons {
            let irsa = addon.installed.as_ref().and_then(|installed| installed.irsa_role.as_ref());
            names.extend(irsa.map(|arn| role_name(arn).to_owned()));
            for Needs { service_account, .. } in &addon.needs {
                names.insert(recommended_role(&addon.name, service_account));
                let its = associations
                    .iter()
                    .filter(|known| known.namespace == addon.namespace && known.service_account == *service_account);
                names.extend(its.map(|known| role_name(&known.role).to_owned()));
            }
        }
        let mut roles = BTreeMap::new();
        for name in names {
            if let Some(role) = self.role(&name).await? {
                roles.insert(name, role);
            }
        }
        let has_provider = of_irsa && self.has_provider(&cluster).await?;
        Ok(Facts { cluster, addons, agent, agent_version, associations, roles, has_provider, annotated })
    }

    async fn cluster(&self, name: &str) -> Result<Cluster, Unknown> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Told {
            name: String,
            arn: String,
            version: String,
            identity: Option<Identity>,
            kubernetes_network_config: Option<Network>,
            compute_config: Option<Compute>,
        }
        #[derive(Deserialize)]
        struct Identity {
            oidc: Option<Oidc>,
        }
        #[derive(Deserialize)]
        struct Oidc {
            issuer: Option<String>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Network {
            ip_family: Option<String>,
        }
        #[derive(Deserialize)]
        struct Compute {
            enabled: Option<bool>,
        }
        let told: Told = self.told(&self.eks, "DescribeCluster", json!({ "name": name }), "cluster").await?;
        let arn: Arn = told.arn.parse().map_err(|_| Unknown::Arn(told.arn.clone()))?;
        Ok(Cluster {
            name: told.name,
            partition: arn.partition().to_owned(),
            region: arn.region().to_owned(),
            account: arn.account().to_owned(),
            arn: told.arn,
            kubernetes: told.version,
            issuer: told.identity.and_then(|identity| identity.oidc).and_then(|oidc| oidc.issuer),
            is_ipv6: told.kubernetes_network_config.and_then(|network| network.ip_family).as_deref() == Some("ipv6"),
            is_auto: told.compute_config.and_then(|compute| compute.enabled) == Some(true),
        })
    }

    async fn addon(&self, cluster: &Cluster, named: &Named, is_installed: bool) -> Result<Addon, Unknown> {
        let name = &named.name;
        let told = if is_installed { Some(self.installed(&cluster.name, name).await?) } else { None };
        let (offered, default_namespace) = self.offered(name, Some(&cluster.kubernetes)).await?;
        let kubernetes = || cluster.kubernetes.clone();
        if offered.is_empty() && told.is_none() {
            return Err(Unknown::NoAddon { addon: name.clone(), kubernetes: kubernetes() });
        }
        let default = offered.iter().find(|version| version.is_default).or(offered.first());
        let default = default.map(|version| version.version.clone()).unwrap_or_default();
        let version = match (named.version.as_deref(), &told) {
            (None, Some((installed, _))) => installed.version.clone(),
            (None | Some("default"), _) => default,
            (Some(version), _) => version.to_owned(),
        };
        let listed = offered.iter().find(|known| known.version == version);
        let is_todays = told.as_ref().is_some_and(|(installed, _)| installed.version == version);
        if listed.is_none() && !is_todays {
            let all = offered.iter().map(|known| known.version.as_str()).collect::<Vec<_>>().join(", ");
            return Err(Unknown::NoVersion { addon: name.clone(), version, kubernetes: kubernetes(), offered: all });
        }
        let requires_iam = listed.map(|known| known.requires_iam_permissions);
        let needs = if requires_iam == Some(false) { Vec::new() } else { self.needs(name, &version).await? };
        let (installed, namespace) = told.map_or((None, None), |(installed, namespace)| (Some(installed), namespace));
        let namespace = namespace.or(default_namespace).unwrap_or_else(|| USUAL_NAMESPACE.to_owned());
        Ok(Addon { name: name.clone(), installed, version, namespace, requires_iam, needs, offered })
    }

    /// An add-on that a cluster has, and the namespace that it was given.
    async fn installed(&self, cluster: &str, name: &str) -> Result<(Installed, Option<String>), Unknown> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Told {
            addon_arn: String,
            addon_version: String,
            status: String,
            service_account_role_arn: Option<String>,
            configuration_values: Option<String>,
            namespace_config: Option<Placed>,
        }
        #[derive(Deserialize)]
        struct Placed {
            namespace: Option<String>,
        }
        let input = json!({ "clusterName": cluster, "addonName": name });
        let told: Told = self.told(&self.eks, "DescribeAddon", input, "addon").await?;
        let installed = Installed {
            arn: told.addon_arn,
            version: told.addon_version,
            status: told.status,
            irsa_role: told.service_account_role_arn.filter(|role| !role.is_empty()),
            configuration: told.configuration_values.filter(|values| !values.is_empty()),
        };
        Ok((installed, told.namespace_config.and_then(|placed| placed.namespace)))
    }

    /// The versions of an add-on that run on a version of Kubernetes, newest first, and its namespace where EKS tells it.
    pub(super) async fn offered(
        &self,
        name: &str,
        kubernetes: Option<&str>,
    ) -> Result<(Vec<Offered>, Option<String>), Unknown> {
        #[derive(Deserialize, Default)]
        #[serde(rename_all = "camelCase", default)]
        struct Told {
            default_namespace: Option<String>,
            addon_versions: Vec<Version>,
        }
        #[derive(Deserialize, Default)]
        #[serde(rename_all = "camelCase", default)]
        struct Version {
            addon_version: String,
            compatibilities: Vec<Release>,
            requires_iam_permissions: bool,
        }
        #[derive(Deserialize, Default)]
        #[serde(rename_all = "camelCase", default)]
        struct Release {
            cluster_version: String,
            default_version: bool,
        }
        let call = "DescribeAddonVersions";
        let mut input = json!({ "addonName": name });
        if let (Some(release), Some(members)) = (kubernetes, input.as_object_mut()) {
            members.insert("kubernetesVersion".to_owned(), release.into());
        }
        let all = self.eks.items(call, input, "addons").await?;
        let all = all.into_iter().map(|told| read::<Told>(call, told)).collect::<Result<Vec<_>, _>>()?;
        let (mut offered, mut namespace) = (Vec::new(), None);
        for told in all {
            namespace = namespace.or(told.default_namespace);
            offered.extend(told.addon_versions.into_iter().map(|version| {
                let is_default = |release: &Release| {
                    release.default_version && kubernetes.is_none_or(|wanted| wanted == release.cluster_version)
                };
                Offered {
                    is_default: version.compatibilities.iter().any(is_default),
                    version: version.addon_version,
                    requires_iam_permissions: version.requires_iam_permissions,
                }
            }));
        }
        Ok((offered, namespace))
    }

    async fn default_version(&self, cluster: &Cluster, name: &str) -> Result<Option<String>, Unknown> {
        let (offered, _) = self.offered(name, Some(&cluster.kubernetes)).await?;
        let default = offered.iter().find(|version| version.is_default).or(offered.first());
        Ok(default.map(|version| version.version.clone()))
    }

    pub(super) async fn needs(&self, name: &str, version: &str) -> Result<Vec<Needs>, Unknown> {
        let call = "DescribeAddonConfiguration";
        let mut told = self.eks.call(call, json!({ "addonName": name, "addonVersion": version })).await?;
        told.get_mut("podIdentityConfiguration").map_or(Ok(Vec::new()), |told| read(call, told.take()))
    }

    async fn associations(&self, cluster: &str) -> Result<Vec<Association>, Unknown> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Told {
            association_id: String,
            namespace: String,
            service_account: String,
            role_arn: String,
            owner_arn: Option<String>,
        }
        let listed = self.eks.items("ListPodIdentityAssociations", json!({ "clusterName": cluster }), "associations");
        let mut all = Vec::new();
        for one in listed.await? {
            let input = json!({ "clusterName": cluster, "associationId": one.get("associationId") });
            let told: Told = self.told(&self.eks, "DescribePodIdentityAssociation", input, "association").await?;
            all.push(Association {
                id: told.association_id,
                namespace: told.namespace,
                service_account: told.service_account,
                role: told.role_arn,
                owner: told.owner_arn,
            });
        }
        Ok(all)
    }

    /// A role, with its policies; `None`: there is none.
    async fn role(&self, name: &str) -> Result<Option<Role>, Unknown> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Told {
            arn: String,
            assume_role_policy_document: String,
        }
        let named = || json!({ "RoleName": name });
        let told: Told = match self.told(&self.iam, "GetRole", named(), "Role").await {
            Err(Unknown::Refused(refused)) if refused.is("NoSuchEntity") => return Ok(None),
            told => told?,
        };
        let attached = self.iam.items("ListAttachedRolePolicies", named(), "AttachedPolicies").await?;
        let inline = self.iam.items("ListRolePolicies", named(), "PolicyNames").await?;
        let arns = attached.iter().filter_map(|policy| policy.get("PolicyArn")?.as_str());
        Ok(Some(Role {
            arn: told.arn,
            // Source: IAM API Reference, "GetRole": the document is URL-encoded.
            trust: percent_decode_str(&told.assume_role_policy_document).decode_utf8_lossy().into_owned(),
            attached: arns.map(str::to_owned).collect(),
            inline: inline.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        }))
    }

    /// The trust policy that a role has now; `None`: it has none that reads.
    pub(super) async fn trust(&self, role: &str) -> Result<Option<Value>, CallError> {
        let told = self.iam.call("GetRole", json!({ "RoleName": role })).await?;
        let text = told.pointer("/Role/AssumeRolePolicyDocument").and_then(Value::as_str).unwrap_or_default();
        Ok(serde_json::from_str(&percent_decode_str(text).decode_utf8_lossy()).ok())
    }

    async fn has_provider(&self, cluster: &Cluster) -> Result<bool, Unknown> {
        let Some(arn) = cluster.provider() else { return Ok(false) };
        match self.iam.call("GetOpenIDConnectProvider", json!({ "OpenIDConnectProviderArn": arn })).await {
            Ok(_) => Ok(true),
            Err(refused) if refused.is("NoSuchEntity") => Ok(false),
            Err(refused) => Err(refused.into()),
        }
    }

    /// One member of an answer, read.
    async fn told<T: DeserializeOwned>(
        &self,
        client: &Client,
        call: &'static str,
        input: Value,
        member: &str,
    ) -> Result<T, Unknown> {
        let mut answer = client.call(call, input).await?;
        read(call, answer.get_mut(member).map(Value::take).unwrap_or_default())
    }
}

fn read<T: DeserializeOwned>(call: &'static str, answer: Value) -> Result<T, Unknown> {
    serde_json::from_value(answer).map_err(|why| Unknown::Garbled { call, why })
}
