//! `--cluster ARN,issuer=URL[,keys=..],associations=..`

use std::{path::PathBuf, str::FromStr};

use pod_identity::{KeySource, broker::ClusterArn};

/// A cluster, as the flag names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClusterFlag {
    pub(crate) arn: ClusterArn,
    pub(crate) issuer: String,
    pub(crate) keys: KeySource,
    /// Where its associations are: of two with the same patterns that of the place which is named first counts.
    pub(crate) associations: Vec<AssociationsFrom>,
}

/// Where a cluster's associations are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AssociationsFrom {
    /// In a file.
    File(PathBuf),
    /// At EKS: of the cluster of this name, or of the cluster's own.
    Eks(Option<String>),
    /// At its apiserver: that of the cluster which the broker runs in, or that of a kubeconfig.
    #[cfg(feature = "kubernetes")]
    Kubernetes(Option<PathBuf>),
    /// In annotations of its service accounts, at an apiserver as before.
    #[cfg(feature = "kubernetes")]
    Annotations(Option<PathBuf>),
}

const FORM: &str = "it is ARN,issuer=URL[,keys=FILE|URL|apiserver],associations=FILE|eks[:NAME]|kubernetes[:KUBECONFIG]|annotations[:KUBECONFIG], which may be repeated";

impl FromStr for ClusterFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split(',');
        let arn: ClusterArn = parts.next().unwrap_or_default().parse().map_err(|error| format!("{error}; {FORM}"))?;
        let (mut issuer, mut keys, mut associations) = (None, None, Vec::new());
        for part in parts {
            let (name, value) = part.split_once('=').ok_or_else(|| format!("`{part}` has no value; {FORM}"))?;
            let place = match name {
                "issuer" => &mut issuer,
                "keys" => &mut keys,
                "associations" if !value.is_empty() => {
                    associations.push(AssociationsFrom::named(value));
                    continue;
                }
                "associations" => return Err(format!("`associations` is empty; {FORM}")),
                _ => return Err(format!("`{name}` is nothing that a cluster has; {FORM}")),
            };
            if value.is_empty() || place.replace(value).is_some() {
                return Err(format!("`{name}` is there twice, or empty; {FORM}"));
            }
        }
        let issuer = issuer.ok_or_else(|| format!("`issuer` is missing; {FORM}"))?.to_owned();
        let keys = match keys {
            Some(keys) => keys.parse().map_err(|error: pod_identity::InvalidKeySource| error.to_string())?,
            None if issuer.starts_with("https://") => KeySource::Issuer(issuer.clone()),
            None => {
                return Err(format!(
                    "keys are only found by an issuer that is an https:// URL, and `{issuer}` is none: add `keys`"
                ));
            }
        };
        if associations.is_empty() {
            return Err(format!("`associations` is missing; {FORM}"));
        }
        Ok(Self { arn, issuer, keys, associations })
    }
}

impl AssociationsFrom {
    fn named(text: &str) -> Self {
        match text.split_once(':') {
            None if text == "eks" => return Self::Eks(None),
            Some(("eks", name)) => return Self::Eks(Some(name.to_owned())),
            _ => {}
        }
        #[cfg(feature = "kubernetes")]
        match text.split_once(':') {
            None if text == "kubernetes" => return Self::Kubernetes(None),
            None if text == "annotations" => return Self::Annotations(None),
            Some(("kubernetes", kubeconfig)) => return Self::Kubernetes(Some(kubeconfig.into())),
            Some(("annotations", kubeconfig)) => return Self::Annotations(Some(kubeconfig.into())),
            _ => {}
        }
        Self::File(text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:eks:us-west-2:111122223333:cluster/demo";

    #[test]
    fn a_cluster_is_an_arn_an_issuer_keys_and_associations() {
        let read: ClusterFlag =
            format!("{ARN},issuer=https://kubernetes.default.svc,keys=apiserver,associations=/a.yaml").parse().unwrap();
        assert_eq!(
            (read.arn.name(), &*read.issuer, &read.keys),
            ("demo", "https://kubernetes.default.svc", &KeySource::Apiserver)
        );
        assert_eq!(read.associations, [AssociationsFrom::File("/a.yaml".into())]);
        for (text, name) in [("eks", None), ("eks:other", Some("other".to_owned()))] {
            let read: ClusterFlag = format!("{ARN},issuer=https://a.example,associations={text}").parse().unwrap();
            assert_eq!(read.associations, [AssociationsFrom::Eks(name)]);
        }
        #[cfg(feature = "kubernetes")]
        for (text, kubeconfig) in [("kubernetes", None), ("kubernetes:/k", Some("/k".into()))] {
            let read: ClusterFlag = format!("{ARN},issuer=https://a.example,associations={text}").parse().unwrap();
            assert_eq!(read.associations, [AssociationsFrom::Kubernetes(kubeconfig)]);
        }
        #[cfg(feature = "kubernetes")]
        {
            let text = format!("{ARN},associations=a.yaml,issuer=https://a.example,associations=annotations:/k");
            let read: ClusterFlag = text.parse().unwrap();
            let both = [AssociationsFrom::File("a.yaml".into()), AssociationsFrom::Annotations(Some("/k".into()))];
            assert_eq!(read.associations, both);
        }
        let found: ClusterFlag = format!("{ARN},associations=a,issuer=https://a.example").parse().unwrap();
        assert_eq!(found.keys, KeySource::Issuer("https://a.example".to_owned()));
    }

    #[test]
    fn what_is_none_is_told() {
        for (text, told) in [
            ("demo,issuer=https://a,associations=a".to_owned(), "`demo` is no ARN of a cluster"),
            (format!("{ARN},associations=a"), "`issuer` is missing"),
            (format!("{ARN},issuer=https://a"), "`associations` is missing"),
            (format!("{ARN},issuer=https://a,associations=a,jwks=b"), "`jwks` is nothing that a cluster has"),
            (format!("{ARN},issuer=a,associations=a"), "keys are only found by an issuer that is an https:// URL"),
            (format!("{ARN},issuer=https://a,keys=ftp://b,associations=a"), "`ftp://b` is no place of keys"),
            (format!("{ARN},issuer=https://a,issuer=b,associations=a"), "`issuer` is there twice"),
            (format!("{ARN},issuer"), "`issuer` has no value"),
        ] {
            let refused = text.parse::<ClusterFlag>().unwrap_err();
            assert!(refused.starts_with(told), "{text}: {refused}");
        }
    }
}
