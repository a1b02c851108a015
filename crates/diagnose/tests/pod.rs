//! What a diagnosis of a pod says, link by link: first of one that is as it should be, then with one thing wrong at a time.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

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
    pod::{
        Agent, Asks, Behind, Calls, Decision, Facts, FarEnd, Injection, Pod, Service, ServiceAccount, Upstream, Way,
        Wish, diagnose,
    },
};
use eks_auth::{Association, Associations, Cluster, SessionTags};
use serde_json::{Value, json};

/// Everything that a diagnosis is made of, to be changed by a test.
struct Rig {
    pod: Value,
    account: Known<ServiceAccount>,
    associations: Known<Vec<Association>>,
    injection: Known<Injection>,
    upstream: Upstream,
    agent: Known<Agent>,
    way: Way,
    world: String,
    wish: Option<(&'static str, &'static str)>,
}

const WORLD: &str = r#"
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

const OWN: &str = "Resource: arn:aws:s3:::books/${aws:PrincipalTag/kubernetes-service-account}/*";
const CONDITION: &str = "{StringEquals: {aws:RequestTag/kubernetes-namespace: payments}}";

fn arn(text: &str) -> Arn {
    text.parse().unwrap()
}

fn association() -> Association {
    Association::new(
        "a-lfw52xh1ihr1szuwp".into(),
        "payments".parse().unwrap(),
        "api".parse().unwrap(),
        arn("arn:aws:iam::111122223333:role/reader"),
    )
}

fn decided(decision: Decision) -> Known<Injection> {
    Known::Is(Injection { left_out: Vec::new(), decision })
}

/// An agent as AWS's chart runs it.
fn agent(is_ready: bool) -> Agent {
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
    fn whole() -> Self {
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

    fn chain(&self) -> Chain {
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
    fn broken(&self) -> Link {
        let chain = self.chain();
        let broken: Vec<_> = chain.links.iter().filter(|link| link.state == State::Broken).collect();
        let [broken] = broken.as_slice() else { panic!("not one link is broken: {chain:#?}") };
        assert_eq!(chain.state(), State::Broken);
        assert_eq!(chain.broken(), Some(*broken));
        (*broken).clone()
    }

    fn set(mut self, pointer: &str, value: Value) -> Self {
        *self.pod.pointer_mut(pointer).unwrap() = value;
        self
    }

    fn world(mut self, from: &str, to: &str) -> Self {
        assert!(self.world.contains(from), "{from}");
        self.world = self.world.replace(from, to);
        self
    }

    fn associated(mut self, change: impl FnOnce(&mut Association)) -> Self {
        let mut association = association();
        change(&mut association);
        self.associations = Known::Is(vec![association]);
        self
    }
}

/// A link and words of what it says, its details and its help.
#[track_caller]
fn says(link: &Link, name: &str, words: &[&str]) {
    let mut all = vec![link.says.clone()];
    all.extend(link.details.iter().cloned());
    all.extend(link.help.iter().flat_map(|help| [help.text.clone(), help.commands.join("\n")]));
    let all = all.join("\n");
    assert_eq!(link.name, name, "{all}");
    for word in words {
        assert!(all.contains(word), "`{word}` is not in:\n{all}");
    }
}

#[test]
fn a_whole_chain_holds_from_the_pod_to_what_it_may_do() {
    let chain = Rig::whole().chain();
    let links: Vec<_> = chain.links.iter().map(|link| (link.name, link.state)).collect();
    let names = [
        "pod",
        "service account",
        "association",
        "injection",
        "token",
        "agent",
        "connection",
        "upstream",
        "role",
        "trust policy",
        "permission",
    ];
    assert_eq!(links, names.map(|name| (name, State::Ok)), "{chain:#?}");
    assert_eq!((chain.state(), chain.broken()), (State::Ok, None));
    // What nobody asked is no part of the chain.
    let chain = Rig { wish: None, ..Rig::whole() }.chain();
    assert_eq!((chain.state(), chain.links.last().unwrap().state), (State::Ok, State::Skipped));
}

#[test]
fn service_account_and_association() {
    let none = Rig { account: Known::Absent, ..Rig::whole() };
    let command = "kubectl create serviceaccount api --namespace payments";
    says(&none.broken(), "service account", &["no service account api", command]);

    let rig = Rig::whole().associated(|association| association.service_account = "apy".parse().unwrap());
    let broken = rig.broken();
    says(&broken, "association", &["payments/api", "the nearest is a-lfw52xh1ihr1szuwp: of payments/apy"]);
    let command =
        "aws eks create-pod-identity-association --cluster-name demo --namespace payments --service-account api";
    says(&broken, "association", &[command]);
    // Without one there is no role, which is no second fault.
    let skipped: Vec<_> = rig.chain().links;
    let skipped = skipped.iter().filter(|link| link.state == State::Skipped).map(|link| link.name);
    assert!(skipped.eq(["role", "trust policy", "permission"]));

    let role = "arn:aws:iam::111122223333:role/old".to_owned();
    let irsa = ServiceAccount { annotations: [("eks.amazonaws.com/role-arn".to_owned(), role)].into() };
    let rig = Rig { account: Known::Is(irsa), associations: Known::Is(Vec::new()), ..Rig::whole() };
    says(&rig.broken(), "association", &["has arn:aws:iam::111122223333:role/old by IRSA"]);

    let why = "eks:ListPodIdentityAssociations is denied";
    let rig = Rig { associations: Known::Unknown(why.into()), ..Rig::whole() };
    assert_eq!(rig.chain().state(), State::Unknown);
}

#[test]
fn tags_that_sts_may_refuse_are_told_with_the_pods_own_names() {
    let tagged = |length: usize| {
        let tags = [("CostCentre".to_owned(), "a".repeat(length))];
        let rig = Rig::whole().associated(|association| association.tags = SessionTags::new(tags).unwrap());
        rig.chain().links.into_iter().find(|link| link.name == "association").unwrap()
    };
    let large = tagged(250);
    assert_eq!(large.state, State::Ok, "STS may take it yet");
    let words = [
        "STS may refuse it",
        "an estimate",
        "CostCentre 260 characters",
        "eks-cluster-arn 62",
        "fewer or shorter tags",
    ];
    says(&large, "association", &words);
    assert!(tagged(100).help.is_empty());
}

#[test]
fn injection() {
    const ENV: &str = "/spec/containers/0/env";
    let lacking = |names: &[&str]| decided(Decision::Due(names.iter().map(|name| (*name).to_owned()).collect()));
    let mut bare = Rig::whole().set(ENV, json!([])).set("/spec/initContainers/0/env", json!([]));
    bare.injection = lacking(&["migrate", "api"]);
    let words = ["nothing was injected", "kubectl delete pod api-0 --namespace payments", "controller makes it again"];
    says(&bare.broken(), "injection", &words);
    let mut orphan = Rig::whole().set(ENV, json!([])).set("/metadata/ownerReferences", json!([]));
    orphan.injection = lacking(&["api"]);
    says(&orphan.broken(), "injection", &["SDKs in api", "nothing else does"]);

    let mut opted_out = Rig::whole().set(ENV, json!([]));
    opted_out.injection = decided(Decision::OptedOut);
    says(&opted_out.broken(), "injection", &["label eks.amazonaws.com/skip-pod-identity-webhook"]);
    let mut left_out = Rig::whole().set(ENV, json!([]));
    let (names, decision) = (["web", "api"].map(String::from).to_vec(), Decision::Due(Vec::new()));
    left_out.injection = Known::Is(Injection { left_out: names, decision });
    let chain = left_out.chain();
    let link = chain.links.iter().find(|link| link.name == "injection").unwrap();
    assert_eq!(link.state, State::Ok);
    says(link, "injection", &["container migrate is told", "skip-containers leaves out web, api"]);
    let elsewhere = Rig::whole()
        .set("/spec/containers/0/env/0", json!({"name": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "valueFrom": {}}));
    assert_eq!(elsewhere.chain().state(), State::Unknown);
    let mut whole_maps = Rig::whole();
    whole_maps.pod["spec"]["containers"][0]["envFrom"] = json!([{"secretRef": {"name": "keys"}}]);
    let chain = whole_maps.chain();
    says(
        chain.links.iter().find(|link| link.name == "injection").unwrap(),
        "injection",
        &["what its envFrom brings is not looked at"],
    );

    let half = Rig::whole().set(
        "/spec/containers/0/env",
        json!([{"name": "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "value":
        "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token"}]),
    );
    says(&half.broken(), "injection", &["TOKEN_FILE is set without", "the webhook adds to neither"]);
    let taken = Rig { injection: decided(Decision::VolumeTaken), ..Rig::whole() };
    says(&taken.broken(), "injection", &["a volume of its own called eks-pod-identity-token", "call that volume"]);
    let web = |lacking: &[&str]| decided(Decision::WebIdentity(lacking.iter().map(|it| (*it).to_owned()).collect()));
    let lacks = Rig { injection: web(&["api"]), ..Rig::whole() };
    says(&lacks.broken(), "injection", &["api were not given", "by IRSA", "kubectl delete pod api-0"]);
    let chain = Rig { injection: web(&[]), ..Rig::whole() }.chain();
    assert_eq!(chain.links.iter().find(|link| link.name == "injection").unwrap().state, State::Skipped);

    let keys = json!([{"name": "AWS_ACCESS_KEY_ID", "value": "AKIAIOSFODNN7EXAMPLE"},
                      {"name": "AWS_SECRET_ACCESS_KEY", "value": "wJalrXUtnFEMI"}]);
    let web = json!([{"name": "AWS_ROLE_ARN", "value": "arn:aws:iam::111122223333:role/old"},
                     {"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": "/token"}]);
    let relative = json!([{"name": "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "value": "/v2"}]);
    for (more, words) in [
        (keys, "SDKs take access keys before"),
        (web, "a web identity, as IRSA gives it"),
        (relative, "another container's"),
    ] {
        let mut rig = Rig::whole();
        let env = rig.pod.pointer_mut(ENV).unwrap().as_array_mut().unwrap();
        env.extend(more.as_array().unwrap().iter().cloned());
        let broken = rig.broken();
        says(&broken, "injection", &["SDKs in api", words]);
        let told = format!("{broken:?}{:?}", Pod::of(&rig.pod).unwrap());
        assert!(!told.contains("wJalrXUtnFEMI") && !told.contains("AKIAIOSFODNN7EXAMPLE"), "a secret: {told}");
    }
    let elsewhere = Rig::whole().set("/spec/containers/0/env/0/value", json!("http://localhost:8080/"));
    says(&elsewhere.broken(), "injection", &["is `http://localhost:8080/`, which is not the agent"]);
}

#[test]
fn token() {
    const SOURCE: &str = "/spec/volumes/1/projected/sources/0/serviceAccountToken";
    let other = Rig::whole().set(&format!("{SOURCE}/audience"), json!("sts.amazonaws.com"));
    says(&other.broken(), "token", &["in 2 containers", "is for sts.amazonaws.com, not for pods.eks.amazonaws.com"]);
    let elsewhere = Rig::whole().set("/spec/containers/0/env/1/value", json!("/tokens/a"));
    says(&elsewhere.broken(), "token", &["in container api, nothing is mounted at /tokens/a"]);
    let named = Rig::whole().set(&format!("{SOURCE}/path"), json!("token"));
    says(&named.broken(), "token", &["projects no token of the service account as eks-pod-identity-token"]);
}

#[test]
fn agent_and_upstream() {
    let none = Rig { agent: Known::Absent, ..Rig::whole() };
    says(&none.broken(), "agent", &["no Pod Identity agent is on node ip-10-0-0-7"]);
    let ill = Rig { agent: Known::Is(agent(false)), ..Rig::whole() };
    says(&ill.broken(), "agent", &["kubectl logs --namespace kube-system agent-x7"]);
    let mut fargate = Rig::whole();
    fargate.pod["metadata"]["labels"] = json!({"eks.amazonaws.com/fargate-profile": "small"});
    says(&fargate.broken(), "agent", &["on Fargate (profile small)"]);

    let rig = Rig::whole().world("managed: [arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy]", "managed: []");
    let denied = "eks-auth:AssumeRoleForPodIdentity is denied to arn:aws:iam::111122223333:role/node";
    says(&rig.broken(), "upstream", &[denied, "aws iam put-role-policy --role-name node"]);
}

#[test]
fn whom_an_agent_asks_is_in_its_arguments_and_environment() {
    let of = |container: Value| {
        let pod = json!({"metadata": {"namespace": "a", "name": "b"}, "spec": {"containers": [container]}});
        let agent = Agent::of(&pod).unwrap();
        (agent.asks, agent.metrics_port)
    };
    let eks_auth = |region: Option<&str>, endpoint: Option<&str>| {
        Some(Asks::EksAuth { region: region.map(str::to_owned), endpoint: endpoint.map(str::to_owned) })
    };
    assert_eq!(of(json!({})), (None, Some(2705)));
    assert_eq!(of(json!({"args": ["server"]})), (eks_auth(None, None), Some(2705)));
    let flags = json!({"args": ["--endpoint=https://auth.$(ZONE)", "--metrics-port", "none"],
                       "env": [{"name": "ZONE", "value": "example.com"}, {"name": "AWS_REGION", "value": "eu-west-1"}]});
    assert_eq!(of(flags), (eks_auth(Some("eu-west-1"), Some("https://auth.example.com")), None));
    let broker =
        json!({"args": ["--broker=https://broker.claviger.svc:8443", "--broker-ca=/ca.crt", "--metrics-port=9"]});
    let url = "https://broker.claviger.svc:8443".to_owned();
    assert_eq!(of(broker), (Some(Asks::Broker { url, ca: Some("/ca.crt".into()) }), Some(9)));
}

#[test]
fn connection() {
    let link = |rig: &Rig| rig.chain().links.into_iter().find(|link| link.name == "connection").unwrap();
    let counts = |answered, away| {
        let failed = if away == 0 { Default::default() } else { [("away".to_owned(), away)].into() };
        Known::Is(Calls { answered, failed })
    };
    let whole = Rig::whole();
    says(
        &link(&whole),
        "connection",
        &[
            "EKS Auth of us-west-2 answers to kube-system/agent-x7",
            "answered: 3, away: 1",
            "from here, not from the node: eks-auth.us-west-2.api.aws:443 can be connected to",
        ],
    );
    let with = |far_end: Known<FarEnd>, calls: Known<Calls>| Rig { way: Way { far_end, calls }, ..Rig::whole() };
    let far_end = || whole.way.far_end.clone();
    let silent = with(far_end(), counts(0, 7));
    says(
        &silent.broken(),
        "connection",
        &["gets no answer of EKS Auth", "away: 7", "kubectl logs --namespace kube-system"],
    );
    // That it answers here says nothing of the node.
    for calls in [counts(0, 0), Known::Absent, Known::Unknown("forbidden".into())] {
        let link = link(&with(far_end(), calls));
        assert_eq!(link.state, State::Unknown, "{link:#?}");
    }

    let pod = |is_ready, says| Behind { name: "broker-1".into(), is_ready, says };
    let service = |ready, pods| {
        let (namespace, name) = ("claviger".to_owned(), "broker".to_owned());
        Known::Is(FarEnd::Service(Service { namespace, name, ready, pods }))
    };
    let ready = || service(Known::Is(1), vec![pod(true, Known::Is((200, "ok".into())))]);
    assert_eq!(link(&with(ready(), counts(0, 0))).state, State::Ok);
    assert_eq!(link(&with(ready(), Known::Unknown("forbidden".into()))).state, State::Unknown);
    // Calls that were answered say nothing of a broker that has gone since.
    let gone = with(service(Known::Absent, Vec::new()), counts(5, 0));
    says(
        &gone.broken(),
        "connection",
        &["there is no Service broker in namespace claviger", "correct the agent's --broker"],
    );
    let none = with(service(Known::Is(0), Vec::new()), counts(5, 0));
    says(&none.broken(), "connection", &["has no ready endpoint", "no pod has the labels"]);
    let ill = with(service(Known::Is(0), vec![pod(false, Known::Is((503, "no keys".into())))]), counts(5, 0));
    says(&ill.broken(), "connection", &["kubectl logs broker-1 --namespace claviger", "its probe says 503: no keys"]);
    let says_ill = with(service(Known::Is(1), vec![pod(true, Known::Is((503, "no keys".into())))]), counts(5, 0));
    says(&says_ill.broken(), "connection", &["says that it is not ready", "kubectl logs broker-1"]);
}

#[test]
fn role_and_trust_policy() {
    let moved = arn("arn:aws:iam::111122223333:role/app/reader");
    let chain = Rig::whole().associated(|association| association.role = moved).chain();
    let role = chain.links.iter().find(|link| link.name == "role").unwrap();
    assert_eq!(role.state, State::Broken);
    let there = "the role of that name is arn:aws:iam::111122223333:role/reader";
    says(role, "role", &["there is no role arn:aws:iam::111122223333:role/app/reader", there]);

    let rig = Rig::whole().world("Action: [sts:AssumeRole, sts:TagSession]", "Action: [sts:AssumeRole]");
    let command = "update-assume-role-policy --role-name reader";
    says(&rig.broken(), "trust policy", &["sts:TagSession is denied to pods.eks.amazonaws.com", command]);
    // Without tags none have to be allowed.
    let mut untagged = rig.associated(|association| association.session_tags = false);
    untagged.world = untagged.world.replace(&format!("          Condition: {CONDITION}\n"), "");
    untagged.wish = None;
    assert_eq!(untagged.chain().state(), State::Ok, "{:#?}", untagged.chain());

    let rig = Rig::whole().world("kubernetes-namespace: payments", "kubernetes-namespace: shipping");
    says(&rig.broken(), "trust policy", &["sts:AssumeRole is denied to pods.eks.amazonaws.com"]);
    let other = "{ArnLike: {aws:SourceArn: \"arn:aws:eks:us-west-2:111122223333:cluster/other\"}}";
    says(&Rig::whole().world(CONDITION, other).broken(), "trust policy", &["sts:AssumeRole is denied"]);
}

#[test]
fn a_service_account_that_names_its_role_itself_is_followed_and_not_called_certain() {
    let named = |role: &str| {
        let annotations = [("pod-identity.claviger.dev/role-arn".to_owned(), role.to_owned())].into();
        Rig {
            account: Known::Is(ServiceAccount { annotations }),
            associations: Known::Absent,
            upstream: Upstream::Broker { identity: Known::Is(arn("arn:aws:iam::111122223333:role/broker")) },
            ..Rig::whole()
        }
    };
    let state = |rig: &Rig, name: &str| rig.chain().links.into_iter().find(|link| link.name == name).unwrap().state;
    let rig = named("arn:aws:iam::111122223333:role/reader");
    assert_eq!(state(&rig, "association"), State::Unknown);
    assert_ne!(state(&rig, "role"), State::Skipped, "it is followed");
    assert_eq!(state(&named("reader"), "association"), State::Broken);
    // At EKS it is of no account.
    let at_eks = Rig { upstream: Rig::whole().upstream, ..named("arn:aws:iam::111122223333:role/reader") };
    assert_eq!(state(&at_eks, "association"), State::Broken);
}

#[test]
fn the_brokers_identity_assumes_the_role_where_there_is_no_eks() {
    let broker = r#"
  arn:aws:iam::111122223333:role/broker:
    policies:
      assume:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Action: [sts:AssumeRole, sts:TagSession], Resource: "*"}]
"#;
    let mut rig =
        Rig::whole().world("{Service: pods.eks.amazonaws.com}", "{AWS: arn:aws:iam::111122223333:role/broker}");
    rig.world.push_str(broker);
    rig.upstream = Upstream::Broker { identity: Known::Is(arn("arn:aws:iam::111122223333:role/broker")) };
    assert_eq!(rig.chain().state(), State::Ok, "{:#?}", rig.chain());
    let trusted = "Principal: {AWS: arn:aws:iam::111122223333:role/broker}";
    let forgotten = rig.world(trusted, "Principal: {AWS: arn:aws:iam::111122223333:role/node}");
    let denied = "sts:AssumeRole is denied to arn:aws:iam::111122223333:role/broker";
    says(&forgotten.broken(), "trust policy", &[denied]);
}

#[test]
fn a_target_role_is_assumed_by_the_first_ones_session() {
    let target = |external_id: &str| {
        let mut rig = Rig::whole().associated(|association| {
            association.target_role = Some(arn("arn:aws:iam::111122223333:role/target"));
            association.external_id = Some("us-west-2/111122223333/demo/payments/api".into());
        });
        let may = "- {Effect: Allow, Action: [sts:AssumeRole, sts:TagSession], Resource: \"*\"}";
        rig = rig.world(OWN, &format!("{OWN}\n          {may}"));
        rig.world.push_str(&format!(
            r#"
  arn:aws:iam::111122223333:role/target:
    trust:
      Version: "2012-10-17"
      Statement:
        - Effect: Allow
          Principal: {{AWS: arn:aws:iam::111122223333:role/reader}}
          Action: [sts:AssumeRole, sts:TagSession]
          Condition: {{StringEquals: {{sts:ExternalId: {external_id}}}}}
"#
        ));
        rig.wish = None;
        rig
    };
    let whole = target("us-west-2/111122223333/demo/payments/api").chain();
    assert_eq!(whole.state(), State::Ok, "{whole:#?}");
    assert!(whole.links.iter().any(|link| link.name == "target role" && link.state == State::Ok));
    let denied = "sts:AssumeRole is denied to arn:aws:sts::111122223333:assumed-role/reader/";
    says(&target("another").broken(), "target role", &[denied]);
    // The pod's tags go on to it.
    let mut untaggable = target("us-west-2/111122223333/demo/payments/api");
    let trusted =
        "Principal: {AWS: arn:aws:iam::111122223333:role/reader}\n          Action: [sts:AssumeRole, sts:TagSession]";
    untaggable = untaggable.world(trusted, &trusted.replace(", sts:TagSession", ""));
    says(
        &untaggable.broken(),
        "target role",
        &["sts:TagSession is denied to arn:aws:sts::111122223333:assumed-role/reader/"],
    );
}

#[test]
fn what_the_pod_may_do_hangs_on_its_sessions_tags_and_policy() {
    let other = Rig { wish: Some(("s3:GetObject", "arn:aws:s3:::books/web/1")), ..Rig::whole() };
    says(&other.broken(), "permission", &["s3:GetObject is denied to", "AWS says: "]);
    let narrow =
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}"#;
    let narrowed = Rig::whole().associated(|association| association.policy = Some(narrow.into()));
    says(&narrowed.broken(), "permission", &["no session policy allows"]);
}

#[test]
fn what_is_no_pod_is_said() {
    let refused = Pod::of(&json!({"kind": "Deployment", "metadata": {"name": "api"}})).unwrap_err().to_string();
    assert_eq!(refused, "it is no pod as the apiserver tells it: its kind is `Deployment`");
    assert!(Pod::of(&json!({"metadata": {}})).unwrap_err().to_string().contains("missing field `name`"));
}
