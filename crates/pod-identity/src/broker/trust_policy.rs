//! The policies that associations need: who may assume their roles, and for whom.
//!
//! EKS's users tie a role to a cluster by `aws:SourceArn`, which a service says of a call. A broker is no service: its calls
//! say it by the session tags, so the conditions are on those, and on them alone, since any other would be a guess.
//!
//! Sources: IAM User Guide, "Pass session tags in AWS STS" (`sts:TagSession`, `aws:RequestTag`, transitive tags as
//! `aws:PrincipalTag` of the next call) and "IAM JSON policy elements: Condition operators" (`*` and `?` of `StringLike`,
//! which mean what they mean in an association's patterns).

mod folding;
mod notes;

use std::collections::{BTreeMap, BTreeSet};

use aws_model::Arn;
use eks_auth::{Association, Associations, NamePattern};
use serde_json::{Map, Value, json};

pub use self::notes::PolicyNote;
use super::cluster::ClusterArn;

/// Who assumes the roles, as a trust policy names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerPrincipal(Arn);

impl BrokerPrincipal {
    /// Of the role or the user.
    #[must_use]
    pub fn arn(&self) -> &Arn {
        &self.0
    }
}

/// The text names nobody who could assume a role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no identity of a broker: it is the ARN of a role or a user, as arn:aws:iam::111122223333:role/broker, or of \
     a role's session, as `aws sts get-caller-identity` tells it"
)]
pub struct InvalidPrincipal(pub String);

/// What a set of associations needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policies {
    /// Trust policies by the roles' ARNs.
    pub trust: BTreeMap<String, Value>,
    /// What roles need to be allowed beside what pods do: to assume their target roles.
    pub permissions: BTreeMap<String, Value>,
    /// What the broker itself needs to be allowed.
    pub broker: Value,
    /// What is to be known of them.
    pub notes: Vec<PolicyNote>,
}

impl std::str::FromStr for BrokerPrincipal {
    type Err = InvalidPrincipal;

    fn from_str(text: &str) -> Result<Self, InvalidPrincipal> {
        let invalid = || InvalidPrincipal(text.to_owned());
        let arn: Arn = text.parse().map_err(|_| invalid())?;
        let (service, resource) = (arn.service(), arn.resource());
        if service == "iam" && (resource.starts_with("role/") || resource.starts_with("user/")) {
            return Ok(Self(arn));
        }
        // A session's ARN has the role's name without its path: a role with a path has to be named itself.
        let role = resource.strip_prefix("assumed-role/").and_then(|rest| rest.split_once('/'));
        let (role, _) = role.filter(|_| service == "sts").ok_or_else(invalid)?;
        let role = format!("arn:{}:iam::{}:role/{role}", arn.partition(), arn.account());
        role.parse().map(Self).map_err(|_| invalid())
    }
}

impl Policies {
    /// Those of a cluster's associations.
    #[must_use]
    pub fn of(broker: &BrokerPrincipal, cluster: &ClusterArn, associations: &Associations) -> Self {
        let mut trust: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        let mut targets: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut roles = BTreeSet::new();
        let mut all: Vec<_> = associations.iter().collect();
        all.sort_by_key(|one| (one.namespace.as_str(), one.service_account.as_str()));
        for association in all {
            let role = association.role.as_str().to_owned();
            add(trust.entry(role.clone()).or_default(), statement(broker.0.as_str(), cluster, association, None));
            if let Some(target) = &association.target_role {
                let target = target.as_str().to_owned();
                let of_target = statement(&role, cluster, association, association.external_id.as_deref().or(Some("")));
                add(trust.entry(target.clone()).or_default(), of_target);
                targets.entry(role.clone()).or_default().insert(target);
            }
            roles.insert(role);
        }
        let assume = |roles: &BTreeSet<String>| {
            policy(vec![
                json!({ "Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": roles }),
            ])
        };
        let broker = assume(&roles);
        let folded = trust.into_iter().map(|(role, statements)| (role, policy(folding::folded(statements))));
        let trust: BTreeMap<String, Value> = folded.collect();
        let permissions: BTreeMap<String, Value> =
            targets.iter().map(|(role, targets)| (role.clone(), assume(targets))).collect();
        let notes = notes::of_untagged(cluster, associations.iter().map(|association| &**association))
            .chain(notes::of_trust(&trust))
            .chain(permissions.iter().filter_map(|(role, policy)| notes::of_permissions(Some(role), policy)))
            .chain(notes::of_permissions(None, &broker))
            .collect();
        Self { trust, permissions, broker, notes }
    }
}

/// Who may begin a session of the role for whom. `of_target`: the external id of a target role's session, or nothing.
fn statement(principal: &str, cluster: &ClusterArn, association: &Association, of_target: Option<&str>) -> Value {
    let mut equals = Map::new();
    let mut like = Map::new();
    // A target role's session inherits its tags: they are those of who asks for it.
    let prefix = if of_target.is_some() { "aws:PrincipalTag" } else { "aws:RequestTag" };
    if association.session_tags {
        equals.insert(format!("{prefix}/eks-cluster-arn"), cluster.arn().as_str().into());
        for (key, pattern) in [
            ("kubernetes-namespace", &association.namespace),
            ("kubernetes-service-account", &association.service_account),
        ] {
            tell(pattern, format!("{prefix}/{key}"), &mut equals, &mut like);
        }
    } else {
        like.insert("sts:RoleSessionName".to_owned(), session_names(cluster, association).into());
    }
    // Of a session without the six no other tag may come: one with the six may have the same name.
    let own_keys: Vec<&str> = association.tags.iter().map(|(key, _)| key).collect();
    let only = (!association.session_tags && !own_keys.is_empty() && of_target.is_none())
        .then(|| json!({ "aws:TagKeys": own_keys }));
    if let Some(external_id) = of_target.filter(|external_id| !external_id.is_empty()) {
        equals.insert("sts:ExternalId".to_owned(), external_id.into());
    }
    let mut condition = Map::new();
    condition.extend(only.map(|only| ("ForAllValues:StringEquals".to_owned(), only)));
    for (operator, members) in [("StringEquals", equals), ("StringLike", like)] {
        if !members.is_empty() {
            condition.insert(operator.to_owned(), Value::Object(members));
        }
    }
    let is_tagged = association.session_tags || !association.tags.is_empty();
    let actions: &[&str] = if is_tagged { &["sts:AssumeRole", "sts:TagSession"] } else { &["sts:AssumeRole"] };
    json!({ "Effect": "Allow", "Principal": { "AWS": principal }, "Action": actions, "Condition": condition })
}

/// What the sessions of an association are called, as a pattern.
fn session_names(cluster: &ClusterArn, association: &Association) -> String {
    match &association.session_name {
        Some(name) => format!("{}*", name.prefix(cluster.name())),
        None => format!("eks-{}-*", cluster.name().chars().take(10).collect::<String>()),
    }
}

/// A pattern that means every name is no condition.
fn tell(pattern: &NamePattern, key: String, equals: &mut Map<String, Value>, like: &mut Map<String, Value>) {
    match pattern.as_name() {
        Some(name) => drop(equals.insert(key, name.into())),
        None if pattern.as_str() == "*" => {}
        None => drop(like.insert(key, pattern.as_str().into())),
    }
}

fn add(statements: &mut Vec<Value>, statement: Value) {
    if !statements.contains(&statement) {
        statements.push(statement);
    }
}

fn policy(statements: Vec<Value>) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn association(account: &str, role: &str) -> Association {
        Association::new(
            format!("a-{account}"),
            "shop".parse().unwrap(),
            account.parse().unwrap(),
            format!("arn:aws:iam::111122223333:role/{role}").parse().unwrap(),
        )
    }

    #[test]
    fn a_role_is_trusted_for_whom_its_associations_are() {
        let broker: BrokerPrincipal = "arn:aws:sts::111122223333:assumed-role/broker/i-1".parse().unwrap();
        let cluster: ClusterArn = "arn:aws:eks:us-west-2:111122223333:cluster/demonstration".parse().unwrap();
        let mut chained = association("chained", "first");
        chained.target_role = Some("arn:aws:iam::444455556666:role/target".parse().unwrap());
        chained.external_id = Some("x1".to_owned());
        let mut untagged = association("untagged", "untagged");
        untagged.session_tags = false;
        let mut named = association("named", "named");
        (named.session_tags, named.session_name) = (false, Some("app-{cluster}-{pod}".parse().unwrap()));
        named.tags = eks_auth::SessionTags::new([("team".to_owned(), "a".to_owned())]).unwrap();
        let all = [
            association("api", "pods"),
            association("dev-*", "pods"),
            association("*", "any"),
            chained,
            untagged,
            named,
        ];
        let policies = Policies::of(&broker, &cluster, &Associations::new(all).unwrap());
        let statements = |role: &str| policies.trust[role]["Statement"].clone();
        let tagged = |conditions: Value| {
            json!({
                "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:role/broker" },
                "Action": ["sts:AssumeRole", "sts:TagSession"], "Condition": conditions,
            })
        };
        let cluster = "arn:aws:eks:us-west-2:111122223333:cluster/demonstration";
        assert_eq!(
            statements("arn:aws:iam::111122223333:role/pods"),
            json!([
                tagged(json!({ "StringEquals": {
                    "aws:RequestTag/eks-cluster-arn": cluster, "aws:RequestTag/kubernetes-namespace": "shop",
                    "aws:RequestTag/kubernetes-service-account": "api",
                } })),
                tagged(json!({
                    "StringEquals": { "aws:RequestTag/eks-cluster-arn": cluster, "aws:RequestTag/kubernetes-namespace": "shop" },
                    "StringLike": { "aws:RequestTag/kubernetes-service-account": "dev-*" },
                })),
            ])
        );
        let any = statements("arn:aws:iam::111122223333:role/any");
        assert_eq!(any[0]["Condition"]["StringEquals"].as_object().unwrap().len(), 2, "{any}");
        let untagged = statements("arn:aws:iam::111122223333:role/untagged");
        assert_eq!(untagged[0]["Action"], json!(["sts:AssumeRole"]));
        assert_eq!(untagged[0]["Condition"], json!({ "StringLike": { "sts:RoleSessionName": "eks-demonstrat-*" } }));
        let named = statements("arn:aws:iam::111122223333:role/named");
        assert_eq!(named[0]["Action"], json!(["sts:AssumeRole", "sts:TagSession"]));
        let conditions = json!({
            "ForAllValues:StringEquals": { "aws:TagKeys": ["team"] },
            "StringLike": { "sts:RoleSessionName": "app-demonstration-*" },
        });
        assert_eq!(named[0]["Condition"], conditions);
        let target = statements("arn:aws:iam::444455556666:role/target");
        assert_eq!(target[0]["Principal"]["AWS"], "arn:aws:iam::111122223333:role/first");
        let conditions = &target[0]["Condition"]["StringEquals"];
        assert_eq!(
            (&conditions["sts:ExternalId"], &conditions["aws:PrincipalTag/kubernetes-namespace"]),
            (&json!("x1"), &json!("shop"))
        );
        let may = &policies.permissions["arn:aws:iam::111122223333:role/first"]["Statement"][0];
        assert_eq!(may["Resource"], json!(["arn:aws:iam::444455556666:role/target"]));
        assert_eq!(policies.broker["Statement"][0]["Resource"].as_array().unwrap().len(), 5);
    }

    #[test]
    fn what_iam_does_not_take_and_what_lets_in_others_is_told() {
        let broker: BrokerPrincipal = "arn:aws:iam::111122223333:role/broker".parse().unwrap();
        let cluster: ClusterArn = "arn:aws:eks:us-west-2:111122223333:cluster/demonstration".parse().unwrap();
        let of =
            |associations: Vec<Association>| Policies::of(&broker, &cluster, &Associations::new(associations).unwrap());
        let told = |associations: Vec<Association>| -> Vec<String> {
            of(associations).notes.into_iter().map(|note| note.text).collect()
        };
        // Forty service accounts of a namespace are one statement; each of a namespace of its own, a statement each.
        let many = |count: usize| (0..count).map(|at| association(&format!("account-{at}"), "pods"));
        let apart = |count: usize| {
            many(count).enumerate().map(|(at, one)| {
                let mut one = one;
                one.namespace = format!("team-{at}").parse().unwrap();
                one
            })
        };
        let folded = of(many(40).collect());
        assert_eq!(folded.trust["arn:aws:iam::111122223333:role/pods"]["Statement"].as_array().unwrap().len(), 1);
        assert!(folded.notes.is_empty(), "{:?}", folded.notes);
        let told_of = told(apart(10).collect());
        assert!(told_of[0].contains("than the 2,048 that IAM takes: have the account's quota"), "{told_of:?}");
        let told_of = told(apart(40).collect());
        assert!(told_of[0].contains("IAM takes none of more than 8,192"), "{told_of:?}");
        let told_of = told((0..200).map(|at| association(&format!("account-{at}"), &format!("pods-{at}"))).collect());
        assert!(told_of[0].starts_with("what the broker needs to be allowed has "), "{told_of:?}");

        let mut untagged = association("api", "pods");
        untagged.session_tags = false;
        let told_of = told(vec![untagged]);
        assert!(told_of[0].contains("is called `eks-demonstrat-*`"), "{told_of:?}");
    }

    #[test]
    fn who_cannot_assume_a_role_is_told() {
        for text in
            ["broker", "arn:aws:iam::111122223333:root", "arn:aws:sts::111122223333:federated-user/x", "arn:aws:s3:::b"]
        {
            assert!(text.parse::<BrokerPrincipal>().is_err(), "{text}");
        }
        for (text, arn) in [
            ("arn:aws:iam::111122223333:user/broker", "arn:aws:iam::111122223333:user/broker"),
            ("arn:aws:sts::111122223333:assumed-role/broker/i-1", "arn:aws:iam::111122223333:role/broker"),
        ] {
            assert_eq!(text.parse::<BrokerPrincipal>().unwrap().arn().as_str(), arn);
        }
    }
}
