//! Whether a role's trust policy lets EKS lend the role to the pods of a service account, and the statements that do.
//!
//! Sources: Amazon EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity" and "IAM roles for service
//! accounts" > "Assign IAM roles to Kubernetes service accounts".

use std::sync::Arc;

use authz::{
    context::{Context, Others},
    formula::Formula,
    policy::{Effect, Policy, PolicyKind, PrincipalPattern, Statement},
    text::SourceText,
};
use serde_json::{Value, json};

use super::facts::Cluster;

/// Who lends roles to pods.
const PODS: &str = "pods.eks.amazonaws.com";

/// A service account of a cluster.
#[derive(Clone, Copy)]
pub(super) struct Pods<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) namespace: &'a str,
    pub(super) service_account: &'a str,
}

/// How a role comes to pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    PodIdentity,
    Irsa,
}

/// What a trust policy that this program makes asks of EKS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Only {
    /// Any cluster of the account, as AWS recommends its roles
    #[default]
    Any,
    /// Only for this account: `aws:SourceAccount`
    Account,
    /// Only for this cluster: `aws:SourceAccount` and `aws:SourceArn`
    Cluster,
}

impl Pods<'_> {
    /// Whether a role with this trust policy can be lent to them. What asks about something that is only known later is
    /// taken to hold.
    pub(super) fn may_have(self, trust: &str, by: By) -> bool {
        let Ok(policy) = Policy::parse(SourceText::new("trust policy", trust), PolicyKind::Trust) else { return false };
        let policy = Arc::new(policy);
        let context = self.context(by);
        let says = |effect: Effect, action: &str| {
            let about = policy.statements().iter().filter(|statement| statement.effect.value == effect);
            Formula::any(about.map(|statement| self.is_about(statement, &policy, &context, by, action)))
        };
        let actions: &[&str] = match by {
            By::PodIdentity => &["sts:assumerole", "sts:tagsession"],
            By::Irsa => &["sts:assumerolewithwebidentity"],
        };
        actions.iter().all(|action| !says(Effect::Allow, action).is_false() && !says(Effect::Deny, action).is_true())
    }

    fn is_about(self, statement: &Statement, policy: &Arc<Policy>, context: &Context, by: By, action: &str) -> Formula {
        let named = statement.principals.as_ref().is_some_and(|principals| {
            let is = |pattern: &PrincipalPattern| match (pattern, by) {
                (PrincipalPattern::Anyone, _) => true,
                (PrincipalPattern::Service(name), By::PodIdentity) => **name == *PODS,
                (PrincipalPattern::Federated(arn), By::Irsa) => {
                    self.cluster.provider().is_some_and(|provider| **arn == *provider)
                }
                _ => false,
            };
            principals.patterns.iter().any(|pattern| is(&pattern.value)) != principals.negated
        });
        let acts = statement.actions.patterns.iter().any(|pattern| pattern.value.matches(action));
        if !named || acts == statement.actions.negated {
            return Formula::False;
        }
        Formula::all(statement.conditions.iter().map(|condition| condition.holds(context, policy)))
    }

    /// What EKS, or STS for a token of the cluster, tells about the request.
    fn context(self, by: By) -> Context {
        let Self { cluster, namespace, service_account } = self;
        match (by, cluster.issuer_host()) {
            (By::Irsa, Some(issuer)) => Context::new(Others::Unknown)
                .with_value(&format!("{issuer}:sub"), self.subject())
                .with_value(&format!("{issuer}:aud"), "sts.amazonaws.com"),
            _ => Context::new(Others::Unknown)
                .with_value("aws:SourceAccount", &cluster.account)
                .with_value("aws:SourceArn", &cluster.arn)
                .with_value("aws:RequestTag/eks-cluster-arn", &cluster.arn)
                .with_value("aws:RequestTag/eks-cluster-name", &cluster.name)
                .with_value("aws:RequestTag/kubernetes-namespace", namespace)
                .with_value("aws:RequestTag/kubernetes-service-account", service_account),
        }
    }

    fn subject(self) -> String {
        format!("system:serviceaccount:{}:{}", self.namespace, self.service_account)
    }

    /// The statement that lets them have a role by IRSA; `None` where the cluster has no issuer.
    pub(super) fn irsa(self) -> Option<Value> {
        let (issuer, provider) = (self.cluster.issuer_host()?, self.cluster.provider()?);
        let mut asked = serde_json::Map::new();
        asked.insert(format!("{issuer}:aud"), "sts.amazonaws.com".into());
        asked.insert(format!("{issuer}:sub"), self.subject().into());
        Some(json!({
            "Effect": "Allow",
            "Principal": { "Federated": provider },
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": { "StringEquals": asked },
        }))
    }
}

/// The statement that lets pods have a role by Pod Identity.
pub(super) fn pod_identity(cluster: &Cluster, only: Only) -> Value {
    let mut statement = json!({
        "Effect": "Allow",
        "Principal": { "Service": PODS },
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    });
    let condition = match only {
        Only::Any => return statement,
        Only::Account => json!({ "StringEquals": { "aws:SourceAccount": cluster.account } }),
        Only::Cluster => json!({
            "StringEquals": { "aws:SourceAccount": cluster.account },
            "ArnEquals": { "aws:SourceArn": cluster.arn },
        }),
    };
    if let Value::Object(members) = &mut statement {
        members.insert("Condition".to_owned(), condition);
    }
    statement
}

/// A policy of these statements alone.
pub(super) fn document(statements: Vec<Value>) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// A policy with one statement more; what it has stays as it is. `None`: it is no policy.
pub(super) fn with(trust: &str, statement: Value) -> Option<Value> {
    let mut document: Value = serde_json::from_str(trust).ok()?;
    let members = document.as_object_mut()?;
    let mut statements = match members.remove("Statement") {
        Some(Value::Array(statements)) => statements,
        Some(one @ Value::Object(_)) => vec![one],
        _ => return None,
    };
    statements.push(statement);
    members.insert("Statement".to_owned(), Value::Array(statements));
    Some(document)
}
