//! Links that AWS decides: association, role, trust policy, tags, target role, permission.

use diagnose::{
    chain::{Known, State},
    pod::{ServiceAccount, Upstream},
};
use eks_auth::SessionTags;

use crate::rig::{CONDITION, OWN, Rig, arn, says};

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
