//! What a document says: an association, or a list of such.
//!
//! The fields and their bounds are those of the custom resource's definition, so that what is in a file can be applied to a
//! cluster, and what was had from a cluster can be put into a file.

use aws_lc_rs::digest::{SHA256, digest};
use aws_model::Arn;
use eks_auth::{Association, Associations, NamePattern, SessionName, SessionTags};

use super::{
    Flaw,
    fields::{Field, Fields},
    yaml::{self, Node, Place, Value},
};

const API_VERSION: Field = ("apiVersion", "apiVersion");
const KIND: Field = ("kind", "kind");
const METADATA: Field = ("metadata", "metadata");
const SPEC: Field = ("spec", "spec");
const STATUS: Field = ("status", "status");
const ITEMS: Field = ("items", "items");
const NAMESPACE: Field = ("namespace", "spec.namespace");
const SERVICE_ACCOUNT: Field = ("serviceAccount", "spec.serviceAccount");
const ROLE: Field = ("roleArn", "spec.roleArn");
const TARGET_ROLE: Field = ("targetRoleArn", "spec.targetRoleArn");
const EXTERNAL_ID: Field = ("externalId", "spec.externalId");
const NO_TAGS: Field = ("disableSessionTags", "spec.disableSessionTags");
const TAGS: Field = ("sessionTags", "spec.sessionTags");
const SESSION_NAME: Field = ("sessionName", "spec.sessionName");
const POLICY: Field = ("policy", "spec.policy");

/// Source: AWS STS API Reference, "AssumeRole", `RoleArn`, `ExternalId` and `Policy`.
const LONGEST_ARN: usize = 2048;
const EXTERNAL_ID_LENGTH: std::ops::RangeInclusive<usize> = 2..=1224;
const LONGEST_POLICY: usize = 2048;

/// The associations of a text.
pub(super) fn associations(text: &str) -> Result<Associations, Vec<Flaw>> {
    let documents = yaml::documents(text).map_err(|flaw| vec![flaw])?;
    let (mut read, mut flaws) = (Vec::new(), Vec::new());
    for document in documents.iter().filter(|document| !document.is_nothing()) {
        take(document, &mut read, &mut flaws);
    }
    if !flaws.is_empty() {
        return Err(flaws);
    }
    let places: Vec<_> = read.iter().map(|(association, at)| (association.id.clone(), *at)).collect();
    let (associations, refused) = Associations::all_but_refused(read.into_iter().map(|(association, _)| association));
    if refused.is_empty() {
        return Ok(associations);
    }
    // Of the same patterns is the same id: the second place of it is meant.
    Err(refused.iter().map(|same| twice(&same.second, &places)).collect())
}

fn take(node: &Node, read: &mut Vec<(Association, Place)>, flaws: &mut Vec<Flaw>) {
    let Some(mut fields) = Fields::of(node, None, flaws) else { return };
    let kind = fields.required(KIND, |text| match text {
        "PodIdentityAssociation" => Ok(false),
        "List" | "PodIdentityAssociationList" => Ok(true),
        _ => Err("this is `PodIdentityAssociation`, or `List`"),
    });
    match kind {
        Some(true) => {
            fields.only(&[API_VERSION, KIND, METADATA, ITEMS]);
            let items = fields.get(ITEMS);
            match items.map(|items| (&items.value, items.at)) {
                Some((Value::List(items), _)) => items.iter().for_each(|item| take(item, read, flaws)),
                Some((_, at)) => drop(fields.refuse::<()>(ITEMS, at, "this has to be a list".to_owned())),
                None => {}
            }
        }
        Some(false) => {
            fields.only(&[API_VERSION, KIND, METADATA, SPEC, STATUS]);
            fields.required(API_VERSION, |text| match text {
                "claviger.dev/v1alpha1" => Ok(()),
                _ => Err("this is `claviger.dev/v1alpha1`"),
            });
            match fields.get(SPEC) {
                Some(spec) => read.extend(association(spec, flaws).map(|association| (association, spec.at))),
                None => drop(fields.refuse::<()>(SPEC, node.at, "this is missing".to_owned())),
            }
        }
        None => {}
    }
}

fn association(spec: &Node, flaws: &mut Vec<Flaw>) -> Option<Association> {
    let before = flaws.len();
    let mut fields = Fields::of(spec, Some("spec"), flaws)?;
    fields.only(&[NAMESPACE, SERVICE_ACCOUNT, ROLE, TARGET_ROLE, EXTERNAL_ID, NO_TAGS, TAGS, SESSION_NAME, POLICY]);
    let namespace = fields.required(NAMESPACE, str::parse::<NamePattern>);
    let service_account = fields.required(SERVICE_ACCOUNT, str::parse::<NamePattern>);
    let own_role = fields.required(ROLE, role);
    let target_role = fields.text(TARGET_ROLE, role);
    let external_id = fields.text(EXTERNAL_ID, external_id_of);
    let session_tags = !fields.truth(NO_TAGS);
    let tags = fields.texts(TAGS, SessionTags::new).unwrap_or_default();
    let session_name = fields.text(SESSION_NAME, str::parse::<SessionName>);
    let policy = fields.text(POLICY, policy_of);
    if let Some(at) = fields.get(SESSION_NAME).map(|node| node.at)
        && !session_tags
        && session_name.as_ref().is_some_and(|name| !name.tells_the_cluster())
    {
        fields.refuse::<()>(SESSION_NAME, at, SessionName::UNTOLD.to_owned());
    }
    if let Some(at) = fields.get(EXTERNAL_ID).map(|node| node.at)
        && fields.get(TARGET_ROLE).is_none()
    {
        fields.refuse::<()>(EXTERNAL_ID, at, "this is for the target role: `targetRoleArn` is missing".to_owned());
    }
    // Source: Amazon EKS API Reference, "CreatePodIdentityAssociation", `policy`.
    if let Some(at) = fields.get(POLICY).map(|node| node.at)
        && session_tags
    {
        fields.refuse::<()>(POLICY, at, "this takes `disableSessionTags: true`, as at EKS".to_owned());
    }
    if flaws.len() > before {
        return None;
    }
    let (namespace, service_account) = (namespace?, service_account?);
    let id = id(&namespace, &service_account);
    Some(Association {
        id,
        namespace,
        service_account,
        role: own_role?,
        target_role,
        external_id,
        session_tags,
        tags,
        session_name,
        policy,
    })
}

fn role(text: &str) -> Result<Arn, &'static str> {
    const WANTED: &str = "this is the ARN of a role, as arn:aws:iam::111122223333:role/NAME";
    let arn: Arn = text.parse().map_err(|_| WANTED)?;
    let is_account = arn.account().len() == 12 && arn.account().chars().all(|c| c.is_ascii_digit());
    let is_role = arn.resource().strip_prefix("role/").is_some_and(|name| !name.is_empty());
    let is_taken = arn.service() == "iam" && arn.region().is_empty() && is_account && is_role;
    if is_taken && text.len() <= LONGEST_ARN { Ok(arn) } else { Err(WANTED) }
}

fn external_id_of(text: &str) -> Result<String, &'static str> {
    let is_taken = |c: char| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c);
    if EXTERNAL_ID_LENGTH.contains(&text.len()) && text.chars().all(is_taken) {
        return Ok(text.to_owned());
    }
    Err("this has 2 to 1224 letters, digits and characters of `_+=,.@:/-`")
}

fn policy_of(text: &str) -> Result<String, String> {
    if text.chars().count() > LONGEST_POLICY {
        return Err(format!("this is longer than the {LONGEST_POLICY} characters that STS takes"));
    }
    match serde_json::from_str::<serde_json::Map<_, serde_json::Value>>(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("this is no policy as JSON: {error}")),
    }
}

/// As EKS's ids look: `a-`, and 17 letters and digits. It stays while the patterns do, and every replica says the same.
fn id(namespace: &NamePattern, service_account: &NamePattern) -> String {
    const DIGITS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let hash = digest(&SHA256, format!("{namespace}/{service_account}").as_bytes());
    let digits = hash.as_ref().iter().take(17);
    let digits = digits.filter_map(|octet| DIGITS.get(usize::from(*octet) % DIGITS.len()));
    format!("a-{}", digits.map(|digit| char::from(*digit)).collect::<String>())
}

fn twice(association: &Association, places: &[(String, Place)]) -> Flaw {
    let mut of_id = places.iter().filter(|(id, _)| *id == association.id).map(|(_, at)| *at);
    let (first, second) = (of_id.next(), of_id.next());
    let (namespace, service_account) = (&association.namespace, &association.service_account);
    let line = first.map_or(0, |(line, _)| line);
    let message = format!(
        "service account {service_account} in namespace {namespace} has an association already, in line {line}"
    );
    Flaw { at: second, field: Some("spec"), message }
}

#[cfg(test)]
mod tests;
