//! What a pod's session is called.

use std::{fmt, str::FromStr};

use crate::PodToken;

/// How much of a cluster's and of a pod's name a session's name has.
///
/// AWS documents `eks-CLUSTER-POD-UUID`, and STS takes 64 characters. Its answers have ten of the cluster's name
/// (`eks-eks-ref-sc-app2-17903385-a093-4b17-9f47-97e9137a30fc`, in AWS's "Amazon EKS Security Immersion Day"); that it
/// cuts pods' names in the same way is assumed.
const KEPT: usize = 10;

/// How long a name is. Source: AWS STS API Reference, "AssumeRole", `RoleSessionName`.
const SHORTEST: usize = 2;
const LONGEST: usize = 64;

/// How the sessions of an association are called in place of EKS's name: text, and what stands for a part of the pod's
/// identity, as `app-{namespace}-{pod}`. What is too long for STS is cut; what is too short is EKS's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionName {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Cluster,
    Namespace,
    ServiceAccount,
    Pod,
}

/// The text is no name of sessions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSessionName {
    /// A placeholder that there is not.
    #[error("`{{{0}}}` stands for nothing: there are {{cluster}}, {{namespace}}, {{serviceAccount}} and {{pod}}")]
    Placeholder(String),
    /// One that does not end.
    #[error("a `{{` has no `}}`")]
    Open,
    /// STS takes it in no name.
    #[error("`{0}` is in no name of a session: letters, digits and `_+=,.@-` are")]
    Character(char),
    /// It is empty.
    #[error("it is empty")]
    Empty,
    /// Shorter than any name.
    #[error("it has less than {SHORTEST} characters")]
    TooShort,
    /// Longer than any name, before anything stands in it.
    #[error("its own text has more than {LONGEST} characters")]
    TooLong,
}

impl SessionName {
    /// Why one is refused that does not [tell the cluster](Self::tells_the_cluster), where sessions have no tags.
    pub const UNTOLD: &str = "where session tags are disabled this begins with a text of its own or `{cluster}`: of such \
                              sessions a trust policy sees the name alone";

    /// Whether every name begins with something that no pod chooses.
    #[must_use]
    pub fn tells_the_cluster(&self) -> bool {
        matches!(self.parts.first(), Some(Part::Text(_) | Part::Cluster))
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What every name begins with on this cluster, whatever the pod: of sessions without tags only this tells the cluster.
    #[must_use]
    pub fn prefix(&self, cluster: &str) -> String {
        let mut prefix = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => prefix.push_str(text),
                Part::Cluster => prefix.extend(cluster.chars().filter(|c| is_taken(*c))),
                Part::Namespace | Part::ServiceAccount | Part::Pod => break,
            }
        }
        prefix.truncate(LONGEST);
        prefix
    }

    fn of(&self, cluster: &str, token: &PodToken) -> Option<String> {
        let mut name = String::new();
        for part in &self.parts {
            let part = match part {
                Part::Text(text) => text,
                Part::Cluster => cluster,
                Part::Namespace => &token.namespace,
                Part::ServiceAccount => &token.service_account,
                Part::Pod => &token.pod_name,
            };
            name.extend(part.chars().filter(|c| is_taken(*c)));
        }
        // Each character is one octet.
        name.truncate(LONGEST);
        Some(name).filter(|name| name.len() >= SHORTEST)
    }
}

impl FromStr for SessionName {
    type Err = InvalidSessionName;

    fn from_str(text: &str) -> Result<Self, InvalidSessionName> {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(behind) = rest.strip_prefix('{') {
                let (name, behind) = behind.split_once('}').ok_or(InvalidSessionName::Open)?;
                parts.push(match name {
                    "cluster" => Part::Cluster,
                    "namespace" => Part::Namespace,
                    "serviceAccount" => Part::ServiceAccount,
                    "pod" => Part::Pod,
                    _ => return Err(InvalidSessionName::Placeholder(name.chars().take(LONGEST).collect())),
                });
                rest = behind;
            } else {
                let (own, behind) = rest.split_at(rest.find('{').unwrap_or(rest.len()));
                if let Some(refused) = own.chars().find(|c| !is_taken(*c)) {
                    return Err(InvalidSessionName::Character(refused));
                }
                parts.push(Part::Text(own.to_owned()));
                rest = behind;
            }
        }
        let own = parts.iter().map(|part| if let Part::Text(text) = part { text.len() } else { 0 }).sum::<usize>();
        match (parts.is_empty(), own) {
            (true, _) => Err(InvalidSessionName::Empty),
            (_, own) if own > LONGEST => Err(InvalidSessionName::TooLong),
            _ if text.len() < SHORTEST => Err(InvalidSessionName::TooShort),
            _ => Ok(Self { text: text.to_owned(), parts }),
        }
    }
}

impl fmt::Display for SessionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The name of a session. `uuid` is as long as a UUID in text is, and no session had it before.
pub(crate) fn of(wanted: Option<&SessionName>, cluster: &str, token: &PodToken, uuid: &str) -> String {
    wanted.and_then(|wanted| wanted.of(cluster, token)).unwrap_or_else(|| {
        let cut = |name: &str| name.chars().filter(|c| is_taken(*c)).take(KEPT).collect::<String>();
        format!("eks-{}-{}-{uuid}", cut(cluster), cut(&token.pod_name))
    })
}

/// Source: AWS STS API Reference, "AssumeRole", `RoleSessionName`.
fn is_taken(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '=' | ',' | '.' | '@' | '-')
}
