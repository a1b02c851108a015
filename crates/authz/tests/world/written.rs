//! Worlds that are written, and read again.

use std::{collections::BTreeSet, fs, io, path::Path};

use authz::{
    file::{
        NoFiles,
        case::{self, Cases, Expected},
        world::{self, NotWritten},
    },
    policy::PolicyKind,
    request::Request,
    rules::Assumptions,
    text::SourceText,
    world::{
        AttachedPolicy, Grant, GrantOperation, Organization, OrganizationNode, OtherResource, PolicyOrigin, World,
    },
};
use aws_model::{Arn, KeyArn};
use jiff::SignedDuration;

use super::{facts::facts, identity_policy, policy};

const ACCOUNT: &str = "111122223333";
const ROLE: &str = "arn:aws:iam::111122223333:role/Node";
const KEY: &str = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const PLENTY: usize = 1 << 20;

fn read(text: &str) -> World {
    world::read(&SourceText::new("world.json", text), &NoFiles).unwrap()
}

/// The world that was written and read again, if it can be; and that it says what it said.
fn again(world: &World) -> World {
    let text = world::write(world, PLENTY).unwrap();
    let again = read(&text);
    assert_eq!(facts(&again), facts(world), "{text}");
    assert_eq!(world::write(&again, PLENTY).unwrap(), text, "the same each time");
    again
}

fn arn(text: &str) -> Arn {
    text.parse().unwrap()
}

fn key() -> KeyArn {
    KEY.parse().unwrap()
}

/// A role that a key policy and a grant name.
fn named_role() -> World {
    let statement = format!(r#"{{Effect: Allow, Principal: {{AWS: "{ROLE}"}}, Action: kms:*, Resource: "*"}}"#);
    let grant = format!(r#"{{grantee: "{ROLE}", operations: [Decrypt]}}"#);
    read(&format!(
        "roles: {{{ROLE}: {{id: AROANEW}}}}\nkeys: {{{KEY}: {{policy: {{Statement: [{statement}]}}, grants: [{grant}]}}}}"
    ))
}

#[test]
fn on_every_case_of_the_corpus_the_world_that_was_read_again_decides_the_same() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus/authorization");
    let files = |path: &str| -> io::Result<String> { fs::read_to_string(root.join(path)) };
    let mut asked = 0;
    let mut explain = |world: &World, request: &Request| {
        asked += 1;
        let assumptions = Assumptions::default();
        let (of_first, of_second) = (world.explain(request, &assumptions), again(world).explain(request, &assumptions));
        let told = |of: &authz::decision::Explanation| {
            let rules: BTreeSet<_> = of.rules.iter().map(|rule| rule.id).collect();
            let (verdict, error) = (Expected::of(&of.verdict), of.error.as_ref().map(|error| &error.message));
            format!("{verdict} {:?} {error:?} {rules:?}", of.key_state)
        };
        assert_eq!(told(&of_first), told(&of_second));
    };
    for entry in fs::read_dir(&root).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !name.ends_with(".yaml") {
            continue;
        }
        let source = SourceText::new(name.as_str(), files(&name).unwrap());
        let Cases { requests, launches, .. } = case::read(&source, &files).unwrap();
        for case in requests {
            for question in std::iter::once(&case.question).chain(&case.mutant) {
                explain(&question.world, &question.request);
            }
        }
        for case in launches {
            again(&case.question.world);
        }
    }
    assert!(asked > 800, "only {asked} questions were asked");
}

#[test]
fn places_in_policies_stay() {
    let json = "{\"Version\": \"2012-10-17\",\n  \"Statement\": {\n\t\"Effect\": \"Allow\", \"Action\": \"kms:*\", \"Resource\": \"*\"}}";
    let mut world = World::new();
    world.put_role(&arn(ROLE), "AROAEXAMPLE", trust()).unwrap();
    world.put_inline_policy(&arn(ROLE), "p", policy(PolicyKind::Identity, "p.json", json)).unwrap();
    let again = again(&world);
    let role = again.role(&arn(ROLE)).unwrap();
    let written = &role.identity.policies[0].policy;
    let action = written.statements()[0].actions.patterns[0].span;
    assert_eq!((written.source().text(), written.source().place(action).to_string()), (json, "3:31".to_owned()));
}

fn trust() -> std::sync::Arc<authz::policy::Policy> {
    let text =
        r#"{"Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    policy(PolicyKind::Trust, "trust", text)
}

/// What no case of the corpus has: what goes by the name alone, what nobody told, what was made for another one of the
/// same name, odd texts, and an organization with a unit that nobody is in.
#[test]
fn what_is_unknown_or_gone_stays_so() {
    let mut world = named_role();
    world.remove_identity(&arn(ROLE)).unwrap();
    world.put_role(&arn(ROLE), "AROANEWER", trust()).unwrap();
    let known = again(&world).key(&key()).unwrap().clone();
    assert_eq!(known.policy.saved_ids.get(ROLE).map(AsRef::as_ref), Some("AROANEW"), "that of the one that is gone");

    let mut by_name = known.clone();
    by_name.policy.saved_ids.clear();
    by_name.state = None;
    by_name.untold.aliases = true;
    by_name.tags = [("a\"\\\u{7f}\u{85}\u{2028}\u{feff}ä😀\n\u{1}", "~"), ("", "null"), ("true", "*a")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    let grant = by_name.grants.remove("grant-1").unwrap();
    by_name.grants.insert(Grant {
        propagated: None,
        grantee_unique_id: None,
        issuing_account: None,
        ..(*grant).clone()
    });
    by_name.grants.insert(Grant {
        id: "empty".into(),
        operations: [GrantOperation::Decrypt].into_iter().collect(),
        constraints: authz::world::GrantConstraints {
            encryption_context: Some(authz::world::ContextConstraint::Subset(Default::default())),
            source_arn: None,
        },
        ..(*grant).clone()
    });
    world.put_key(by_name).unwrap();
    let mut organization = Organization::new("o-example", "999999999999".parse().unwrap());
    let full = AttachedPolicy {
        origin: PolicyOrigin::Managed("none".into()),
        policy: policy(
            PolicyKind::ServiceControl,
            "scp",
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
        ),
    };
    let node = |id: &str, scps: Option<Vec<AttachedPolicy>>| OrganizationNode {
        service_control: scps,
        ..OrganizationNode::new(id)
    };
    organization.put_level(None, node("r-abcd", Some(vec![full]))).unwrap();
    organization.put_level(Some("r-abcd"), node("999999999999", Some(Vec::new()))).unwrap();
    let mut above = "r-abcd".to_owned();
    for deep in 0..29 {
        let id = format!("ou-{deep}");
        organization.put_level(Some(&above), node(&id, None)).unwrap();
        above = id;
    }
    world.set_organization(Some(organization));
    again(&world);
}

fn why_not(change: impl FnOnce(&mut World)) -> String {
    let mut world = named_role();
    change(&mut world);
    match world::write(&world, PLENTY) {
        Err(refused @ NotWritten::NoForm { .. }) => refused.to_string(),
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn what_has_no_form_is_refused_by_its_name() {
    let refused = why_not(|world| {
        world.set_max_session(&arn(ROLE), SignedDuration::from_millis(1500)).unwrap();
    });
    assert!(refused.contains("role/Node` cannot be told in a world file: its sessions last no whole"), "{refused}");
    let refused = why_not(|world| world.put_alias(&key(), "demo").unwrap());
    assert!(refused.starts_with("`demo` cannot"), "{refused}");
    let refused = why_not(|world| {
        world.put_role(&arn(ROLE), "none", trust()).unwrap();
        world.put_grant(&key(), (**named_role().key(&key()).unwrap().grants.get("grant-1").unwrap()).clone()).unwrap();
        let mut old = world.key(&key()).unwrap().clone();
        old.policy.saved_ids = [(ROLE.into(), "none".into())].into();
        world.put_role(&arn(ROLE), "AROANEW", trust()).unwrap();
        world.put_key(old).unwrap();
    });
    assert!(refused.starts_with("`none` cannot"), "{refused}");
    let bucket = "arn:aws:s3:::backups";
    let refused = why_not(|world| {
        world.put_resource(ACCOUNT.parse().unwrap(), bucket, OtherResource::default());
        world.put_resource("444455556666".parse().unwrap(), bucket, OtherResource::default());
    });
    assert!(refused.contains("backups` cannot be told in a world file: it is there in two accounts"), "{refused}");
    let refused = why_not(|world| world.put_resource(ACCOUNT.parse().unwrap(), "backups", OtherResource::default()));
    assert!(refused.contains("has to have an ARN"), "{refused}");
}

#[test]
fn an_organization_that_has_no_form_is_refused() {
    let organization = |levels: &[(Option<&str>, &str)]| {
        let mut organization = Organization::new("o-example", ACCOUNT.parse().unwrap());
        for (above, id) in levels {
            organization.put_level(*above, OrganizationNode::new(id)).unwrap();
        }
        why_not(|world| world.set_organization(Some(organization)))
    };
    assert!(organization(&[]).contains("exactly one root"));
    assert!(organization(&[(None, "r-a"), (None, "r-b")]).contains("exactly one root"));
    assert!(organization(&[(None, "r-a")]).contains("the management account is nowhere"));
    let below_account = [(None, "r-a"), (Some("r-a"), ACCOUNT), (Some(ACCOUNT), "ou-a")];
    assert!(organization(&below_account).contains("something below this account"));
    let deep: Vec<_> = (0..40).map(|deep| format!("ou-{deep}")).collect();
    let deeper = deep.iter().zip(&deep[1..]).map(|(above, id)| (Some(above.as_str()), id.as_str()));
    let levels: Vec<_> =
        [(None, "r-a"), (Some("r-a"), ACCOUNT), (Some("r-a"), "ou-0")].into_iter().chain(deeper).collect();
    assert!(organization(&levels).contains("nests deeper"));
}

#[test]
fn a_world_is_no_longer_than_it_may_be() {
    let mut world = World::new();
    for user in 0..100 {
        let user = arn(&format!("arn:aws:iam::111122223333:user/u{user}"));
        world.put_user(&user, &format!("AIDA{user}")).unwrap();
        world.put_inline_policy(&user, "p", identity_policy("p")).unwrap();
    }
    let whole = world::write(&world, PLENTY).unwrap();
    assert_eq!(world::write(&world, whole.len()).unwrap(), whole);
    for most_bytes in [0, 1, whole.len() / 2, whole.len() - 1] {
        assert_eq!(world::write(&world, most_bytes), Err(NotWritten::TooLarge { most_bytes }));
    }
}

/// No name of AWS's is that long.
#[test]
fn names_are_as_long_as_they_are_read() {
    let tagged = |name: String| {
        let mut world = named_role();
        world.set_key_tags(&key(), [(name, "v".repeat(100_000))].into()).unwrap();
        world
    };
    again(&tagged("k".repeat(1022)));
    let refused = world::write(&tagged("k".repeat(1023)), PLENTY).unwrap_err().to_string();
    assert!(
        refused.ends_with("kkk...` cannot be told in a world file: a name has up to 1,024 characters"),
        "{refused}"
    );
}
