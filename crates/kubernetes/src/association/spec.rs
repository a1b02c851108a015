//! What an object says, read once. The schema refuses most of what is refused here; an object may be older than its rules.

use std::collections::BTreeMap;

use aws_model::{Arn, InvalidArn};
use eks_auth::{
    Association, InvalidNamePattern, InvalidSessionName, InvalidSessionTags, NamePattern, SessionName, SessionTags,
};
use kube::core::ObjectMeta;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::resource::PodIdentityAssociation;

/// How many characters an id has after `a-`.
const ID_LENGTH: usize = 17;

/// What it has that this version does not know may narrow it: then it is refused, not taken for wider than it is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Spec {
    namespace: String,
    service_account: String,
    role_arn: String,
    target_role_arn: Option<String>,
    external_id: Option<String>,
    #[serde(default)]
    disable_session_tags: bool,
    #[serde(default)]
    session_tags: BTreeMap<String, String>,
    session_name: Option<String>,
    policy: Option<String>,
}

/// Why an object is no association.
#[derive(Debug, thiserror::Error)]
pub(super) enum Invalid {
    #[error("spec: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error("spec.{0}: {1}")]
    Pattern(&'static str, #[source] InvalidNamePattern),
    #[error("spec.{0}: {1}")]
    Arn(&'static str, #[source] InvalidArn),
    #[error("spec.{0}: `{1}` is not the ARN of a role, as arn:aws:iam::111122223333:role/NAME")]
    Role(&'static str, Arn),
    #[error("spec.externalId: it is for the target role, and spec.targetRoleArn is missing")]
    ExternalId,
    #[error("spec.sessionTags: {0}")]
    Tags(#[source] InvalidSessionTags),
    #[error("spec.sessionName: {0}")]
    SessionName(#[source] InvalidSessionName),
    #[error("spec.sessionName: {}", SessionName::UNTOLD)]
    Untold,
    #[error("spec.policy: it needs spec.disableSessionTags: true, as at EKS")]
    PolicyWithTags,
    #[error("spec.policy: it is not a JSON object: {0}")]
    Policy(#[source] serde_json::Error),
}

/// The association that an object is.
pub(super) fn association(object: &PodIdentityAssociation) -> Result<Association, Invalid> {
    let spec = Spec::deserialize(&object.spec)?;
    let pattern = |member, text: &str| text.parse::<NamePattern>().map_err(|why| Invalid::Pattern(member, why));
    if spec.external_id.is_some() && spec.target_role_arn.is_none() {
        return Err(Invalid::ExternalId);
    }
    if let Some(policy) = &spec.policy {
        if !spec.disable_session_tags {
            return Err(Invalid::PolicyWithTags);
        }
        serde_json::from_str::<Map<String, Value>>(policy).map_err(Invalid::Policy)?;
    }
    let session_name = spec.session_name.map(|name| name.parse::<SessionName>()).transpose();
    let session_name = session_name.map_err(Invalid::SessionName)?;
    if spec.disable_session_tags && session_name.as_ref().is_some_and(|name| !name.tells_the_cluster()) {
        return Err(Invalid::Untold);
    }
    Ok(Association {
        id: id(&object.metadata),
        namespace: pattern("namespace", &spec.namespace)?,
        service_account: pattern("serviceAccount", &spec.service_account)?,
        role: role("roleArn", &spec.role_arn)?,
        target_role: spec.target_role_arn.map(|arn| role("targetRoleArn", &arn)).transpose()?,
        external_id: spec.external_id,
        session_tags: !spec.disable_session_tags,
        tags: SessionTags::new(spec.session_tags).map_err(Invalid::Tags)?,
        session_name,
        policy: spec.policy,
    })
}

/// `a-` and 17 letters and digits, as EKS's ids are. They are the first of the UID's, so that whoever reads an id in a log
/// finds the object, and one that is made anew under the same name has another.
pub(super) fn id(object: &ObjectMeta) -> String {
    let uid = object.uid.as_deref().unwrap_or_default();
    let digits = uid.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).take(ID_LENGTH);
    format!("a-{}", digits.collect::<String>())
}

fn role(member: &'static str, text: &str) -> Result<Arn, Invalid> {
    let arn: Arn = text.parse().map_err(|why| Invalid::Arn(member, why))?;
    if is_role(&arn) { Ok(arn) } else { Err(Invalid::Role(member, arn)) }
}

pub(super) fn is_role(arn: &Arn) -> bool {
    arn.service() == "iam" && arn.resource().strip_prefix("role/").is_some_and(|name| !name.is_empty())
}
