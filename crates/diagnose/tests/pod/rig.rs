//! A pod that has its credentials, to be changed by a test, and what a diagnosis says of it.

use std::sync::Arc;

use authz::{
    file::{NoFiles, world},
    request::Resource,
    rules::Assumptions,
    text::SourceText,
    world::World,
};
use aws_model::Arn;
use diagnose::{
    chain::{Chain, Known, Link, State},
    pod::{Agent, Calls, Decision, Facts, FarEnd, Injection, Pod, ServiceAccount, Upstream, Way, Wish, diagnose},
};
use eks_auth::{Association, Associations, Cluster};
use serde_json::{Value, json};

/// Everything that a diagnosis is made of, to be changed by a test.
pub(crate) struct Rig {
    pub(crate) pod: Value,
    pub(crate) account: Known<ServiceAccount>,
    pub(crate) associations: Known<Vec<Association>>,
    pub(crate) injection: Known<Injection>,
    pub(crate) upstream: Upstream,
    pub(crate) agent: Known<Agent>,
    pub(crate) way: Way,
    pub(crate) world: String,
    pub(crate) wish: Option<(&'static str, &'static str)>,
}

pub(crate) const WORLD: &str = r#"
accounts: {"111122223333": {}}
roles:
  arn:aws:iam::111122223333:role/node:
    trust: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: "sts:AssumeRole"}]}
    managed: [arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy]
  arn:aws:iam::111122223333:role/reader:
    trust:
      Version: "2012-10-17"
      Statement:
        - Effect: Allow
          Principal: {Service: pods.eks.amazonaws.com}
          Action: [sts:AssumeRole, sts:TagSession]
          Condition: {StringEquals: {aws:RequestTag/kubernetes-namespace: payments}}
    policies:
      own:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: s3:GetObject
            Resource: arn:aws:s3:::books/${aws:PrincipalTag/kubernetes-service-account}/*
"#;

pub(crate) const OWN: &str = "Resource: arn:aws:s3:::books/${aws:PrincipalTag/kubernetes-service-account}/*";
pub(crate) const CONDITION: &str = "{StringEquals: {aws:RequestTag/kubernetes-namespace: payments}}";

pub(crate) fn arn(text: &str) -> Arn {
    text.parse().unwrap()
}

pub(crate) fn association() -> Association {
    Association::new(
        "a-lfw52xh1ihr1szuwp".into(),
        "payments".parse().unwrap(),
        "api".parse().unwrap(),
        arn("arn:aws:iam::111122223333:role/reader"),
    )
}

pub(crate) fn decided(decision: Decision) -> Known<Injection> {
    Known::Is(Injection { left_out: Vec::new(), decision })
}

/// An agent as AWS's chart runs it.
pub(crate) fn agent(is_ready: bool) -> Agent {
    let status = if is_ready { "True" } else { "False" };
    let container = json!({
        "args": ["--port", "80", "--cluster-name", "demo", "--probe-port", "2703"],
        "env": [{"name": "AWS_REGION", "value": "us-west-2"}],
    });
    Agent::of(&json!({
        "kind": "Pod", "metadata": {"namespace": "kube-system", "name": "agent-x7"},
        "spec": {"containers": [container]}, "status": {"conditions": [{"type": "Ready", "status": status}]},
    }))
    .unwrap()
}

impl Rig {
    /// A pod that has its credentials.
    pub(crate) fn whole() -> Self {
        let injected = json!([
            {"name": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "value": "http://169.254.170.23/v1/credentials"},
            {"name": "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
             "value": "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token"},
        ]);
        let mounts = json!([{
            "name": "eks-pod-identity-token", "readOnly": true,
            "mountPath": "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount",
        }]);
        let container = |name: &str| json!({"name": name, "env": injected, "volumeMounts": mounts});
        let pod = json!({
            "kind": "Pod",
            "metadata": {
                "namespace": "payments", "name": "api-0", "uid": "fd6df8ef-d820-4a7a-92c5-97f91dafb80a",
                "ownerReferences": [{"kind": "StatefulSet", "name": "api"}],
            },
            "spec": {
                "serviceAccountName": "api", "nodeName": "ip-10-0-0-7",
                "initContainers": [container("migrate")],
                "containers": [container("api")],
                "volumes": [
                    {"name": "books", "emptyDir": {}},
                    {"name": "eks-pod-identity-token", "projected": {"sources": [{"serviceAccountToken": {
                        "audience": "pods.eks.amazonaws.com", "expirationSeconds": 86400,
                        "path": "eks-pod-identity-token"}}]}},
                ],
            },
        });
        Self {
            pod,
            account: Known::Is(ServiceAccount::default()),
            associations: Known::Is(vec![association()]),
            injection: decided(Decision::Due(Vec::new())),
            upstream: Upstream::EksAuth { node_role: Known::Is(arn("arn:aws:iam::111122223333:role/node")) },
            agent: Known::Is(agent(true)),
            way: Way {
                far_end: Known::Is(FarEnd::Elsewhere {
                    host: "eks-auth.us-west-2.api.aws:443".into(),
                    reached: Ok(()),
                }),
                calls: Known::Is(Calls { answered: 3, failed: [("away".into(), 1)].into() }),
            },
            world: WORLD.into(),
            wish: Some(("s3:GetObject", "arn:aws:s3:::books/api/1")),
        }
    }

    pub(crate) fn chain(&self) -> Chain {
        let pod = Pod::of(&self.pod).unwrap();
        let world: World = world::read(&SourceText::new("world", self.world.as_str()), &NoFiles)
            .unwrap_or_else(|wrong| panic!("{wrong}"));
        let cluster = arn("arn:aws:eks:us-west-2:111122223333:cluster/demo");
        let associations = match &self.associations {
            Known::Is(all) => Known::Is(Arc::new(Associations::new(all.clone()).unwrap())),
            Known::Absent => Known::Absent,
            Known::Unknown(why) => Known::Unknown(why.clone()),
        };
        let wish = self.wish.map(|(action, on)| Wish {
            action: action.parse().unwrap(),
            resource: Resource {
                arn: on.into(),
                owner: Some("111122223333".parse().unwrap()),
                tags: Default::default(),
            },
        });
        diagnose(&Facts {
            pod: &pod,
            service_account: self.account.clone(),
            cluster: Cluster { arn: &cluster, name: "demo" },
            associations,
            injection: self.injection.clone(),
            upstream: self.upstream.clone(),
            agent: self.agent.clone(),
            way: self.way.clone(),
            world: &world,
            assumptions: &Assumptions::default(),
            wish,
        })
    }

    /// The only link that does not hold.
    #[track_caller]
    pub(crate) fn broken(&self) -> Link {
        let chain = self.chain();
        let broken: Vec<_> = chain.links.iter().filter(|link| link.state == State::Broken).collect();
        let [broken] = broken.as_slice() else { panic!("not one link is broken: {chain:#?}") };
        assert_eq!(chain.state(), State::Broken);
        assert_eq!(chain.broken(), Some(*broken));
        (*broken).clone()
    }

    pub(crate) fn set(mut self, pointer: &str, value: Value) -> Self {
        *self.pod.pointer_mut(pointer).unwrap() = value;
        self
    }

    pub(crate) fn world(mut self, from: &str, to: &str) -> Self {
        assert!(self.world.contains(from), "{from}");
        self.world = self.world.replace(from, to);
        self
    }

    pub(crate) fn associated(mut self, change: impl FnOnce(&mut Association)) -> Self {
        let mut association = association();
        change(&mut association);
        self.associations = Known::Is(vec![association]);
        self
    }
}

/// A link and words of what it says, its details and its help.
#[track_caller]
pub(crate) fn says(link: &Link, name: &str, words: &[&str]) {
    let mut all = vec![link.says.clone()];
    all.extend(link.details.iter().cloned());
    all.extend(link.help.iter().flat_map(|help| [help.text.clone(), help.commands.join("\n")]));
    let all = all.join("\n");
    assert_eq!(link.name, name, "{all}");
    for word in words {
        assert!(all.contains(word), "`{word}` is not in:\n{all}");
    }
}
