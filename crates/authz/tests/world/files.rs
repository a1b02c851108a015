use std::io;

use authz::{
    file::{NoFiles, world},
    text::SourceText,
    world::{ContextConstraint, KeyState, PolicyOrigin, World},
};
use aws_model::{Arn, KeyArn};

const KEY: &str = "arn:aws:kms:us-west-2:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn read(text: &str) -> World {
    world::read(&SourceText::new("world.yaml", text), &NoFiles).unwrap()
}

fn refusal(text: &str) -> String {
    world::read(&SourceText::new("world.yaml", text), &NoFiles).unwrap_err().to_string()
}

fn arn(text: &str) -> Arn {
    text.parse().unwrap()
}

#[test]
fn a_short_world_is_filled_with_what_aws_would_give_it() {
    let world = read(&format!("keys: {{{KEY}: {{}}}}\nroles: {{arn:aws:iam::111122223333:role/A: {{}}}}"));
    let key = world.key(&KEY.parse().unwrap()).unwrap();
    assert_eq!(key.state, Some(KeyState::Enabled));
    assert!(key.policy.policy.source().text().contains("arn:aws:iam::444455556666:root"));
    let role = world.role(&arn("arn:aws:iam::111122223333:role/A")).unwrap();
    assert!(role.trust.policy.source().text().contains("arn:aws:iam::111122223333:root"));
    assert!(role.identity.unique_id.starts_with("AROA"));
    assert_eq!(role.identity.unique_id.len(), "AROAEXAMPLEEXAMPLE001".len());
    let again = read("roles: {arn:aws:iam::111122223333:role/A: {}, arn:aws:iam::111122223333:role/B: {}}");
    let id = |name: &str| again.role(&arn(name)).unwrap().identity.unique_id.clone();
    assert_eq!(role.identity.unique_id, id("arn:aws:iam::111122223333:role/A"), "the same each time");
    assert_ne!(role.identity.unique_id, id("arn:aws:iam::111122223333:role/B"));
}

#[test]
fn every_part_of_a_world_is_read() {
    let world = read(&format!(
        r#"
accounts: {{111122223333: {{name: cluster}}, 444455556666: {{name: keys}}}}
managedPolicies:
  arn:aws:iam::111122223333:policy/kms: &kms
    Version: "2012-10-17"
    Statement: [{{Effect: Allow, Action: kms:*, Resource: "*"}}]
  arn:aws:iam::aws:policy/Power: *kms
groups:
  arn:aws:iam::111122223333:group/admins: {{managed: [arn:aws:iam::aws:policy/Power]}}
users:
  arn:aws:iam::111122223333:user/ann: {{groups: [admins], tags: {{team: a}}}}
roles:
  arn:aws:iam::111122223333:role/path/Node:
    id: AROANODE
    managed: [arn:aws:iam::111122223333:policy/kms]
    boundary: arn:aws:iam::111122223333:policy/kms
    policies: {{json: '{{"Statement":[{{"Effect":"Deny","Action":"s3:*","Resource":"*"}}]}}'}}
    maxSession: 7200
keys:
  {KEY}:
    state: PendingDeletion
    aliases: [alias/demo]
    policy:
      Statement:
        - {{Effect: Allow, Principal: {{AWS: arn:aws:iam::111122223333:role/path/Node}}, Action: kms:*, Resource: "*"}}
    grants:
      - grantee: arn:aws:iam::111122223333:role/path/Node
        operations: [Decrypt, CreateGrant]
        constraints: {{encryptionContextSubset: {{aws:ebs:id: vol-1}}}}
organization:
  id: o-example
  managementAccount: 999999999999
  root:
    scps: none
    units: {{workloads: {{accounts: {{111122223333: {{scps: {{}}}}}}}}}}
resources:
  arn:aws:s3:::backups: {{owner: 444455556666, tags: {{a: b}}}}
"#
    ));
    let node = arn("arn:aws:iam::111122223333:role/path/Node");
    let role = world.role(&node).unwrap();
    let origins: Vec<_> = role.identity.policies.iter().map(|attached| attached.origin.clone()).collect();
    let managed = PolicyOrigin::Managed("arn:aws:iam::111122223333:policy/kms".into());
    assert_eq!(origins, [PolicyOrigin::Inline("json".into()), managed.clone()]);
    assert_eq!(role.identity.boundary.as_ref().map(|boundary| &boundary.origin), Some(&managed));
    assert_eq!(role.max_session.as_secs(), 7200);

    let user = world.user(&arn("arn:aws:iam::111122223333:user/ann")).unwrap();
    assert!(matches!(&user.identity.policies[..], [one] if matches!(one.origin, PolicyOrigin::GroupManaged { .. })));

    let key = world.key(&KEY.parse::<KeyArn>().unwrap()).unwrap();
    assert_eq!(key.policy.saved_ids.get(node.as_str()).map(AsRef::as_ref), Some("AROANODE"));
    let grant = key.grants.get("grant-1").unwrap();
    assert_eq!(grant.grantee_unique_id.as_deref(), Some("AROANODE"));
    assert_eq!(grant.issuing_account, Some("444455556666".parse().unwrap()));
    assert!(
        matches!(&grant.constraints.encryption_context, Some(ContextConstraint::Subset(pairs)) if pairs.len() == 1)
    );

    let organization = world.organization().unwrap();
    let levels = &organization.accounts.get(&"111122223333".parse().unwrap()).unwrap().levels;
    let attached = |level: usize| levels[level].service_control.as_ref().map(Vec::len);
    assert_eq!((attached(0), attached(1), attached(2)), (None, Some(1), Some(0)));
    assert!(organization.accounts.contains_key(&organization.management_account));
    assert_eq!(world.account("444455556666".parse().unwrap()).unwrap().name.as_deref(), Some("keys"));
    let owner = world.account("444455556666".parse().unwrap()).unwrap();
    assert_eq!(owner.resource("arn:aws:s3:::backups").unwrap().tags.len(), 1);
}

#[test]
fn json_is_read_as_well() {
    let text = format!("{{\n\t\"keys\": {{\n\t\t\"{KEY}\": {{\"state\": \"Disabled\"}}\n\t}}\n}}");
    assert_eq!(read(&text).key(&KEY.parse().unwrap()).unwrap().state, Some(KeyState::Disabled));
}

#[test]
fn a_policy_can_be_in_a_file_of_its_own() {
    let text = format!("keys: {{{KEY}: {{policy: file:kms.json}}}}");
    let source = SourceText::new("world.yaml", text);
    let files = |path: &str| match path {
        "kms.json" => Ok("{\"Statement\": [\n  {\"Effect\": \"Allow\", \"Principal\": \"*\"}]}".to_owned()),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    let error = world::read(&source, &files).unwrap_err();
    assert_eq!((error.source_text().name(), error.place().line), ("kms.json", 2), "{error}");
    let none = |_: &str| Err(io::Error::from(io::ErrorKind::NotFound));
    let error = world::read(&source, &none).unwrap_err().to_string();
    assert!(error.contains("world.yaml:1:") && error.contains("`kms.json` cannot be read"), "{error}");
}

#[test]
fn refusals_tell_place_field_and_the_nearest_right_thing() {
    assert_eq!(
        refusal("roles:\n  arn:aws:iam::111122223333:role/A:\n    polices: {}\n"),
        "world.yaml:3:5: roles.arn:aws:iam::111122223333:role/A.polices: there is no field `polices` here; did you mean \
         `policies`?"
    );
    assert_eq!(
        refusal(&format!("keys:\n  {KEY}:\n    state: Enabledd\n")),
        format!(
            "world.yaml:3:12: keys.{KEY}.state: `Enabledd` is none of the words that can stand here; did you mean \
             `Enabled`?"
        )
    );
    assert_eq!(
        refusal("keys:\n  arn:aws:kms:us-west-2:444455556666:alias/x: {}\n"),
        "world.yaml:2:3: keys.arn:aws:kms:us-west-2:444455556666:alias/x: `arn:aws:kms:us-west-2:444455556666:alias/x` \
         is not the ARN of a KMS key: it looks like `arn:aws:kms:REGION:ACCOUNT:key/KEY-ID`"
    );
    let error = refusal(
        "roles:\n  arn:aws:iam::111122223333:role/A: {managed: [arn:aws:iam::111122223333:policy/kms]}\n\
         managedPolicies:\n  arn:aws:iam::111122223333:policy/kmss: {Statement: {Effect: Allow, Action: '*', Resource: '*'}}\n",
    );
    assert!(
        error.starts_with("world.yaml:2:48: roles.arn:aws:iam::111122223333:role/A.managed[0]: the world has no"),
        "{error}"
    );
    assert!(error.ends_with("did you mean `arn:aws:iam::111122223333:policy/kmss`?"), "{error}");
    assert!(refusal("keys: [\n").contains("this is neither YAML nor JSON"));
    assert!(refusal("keys: {}\nkeys: {}\n").starts_with("world.yaml:2:1: `keys` is there twice"));
    assert!(refusal("a: *x\n").starts_with("world.yaml:1:4: this is neither YAML nor JSON"), "{}", refusal("a: *x\n"));
}

#[test]
fn a_policy_that_aws_would_not_take_is_refused_where_it_is_written() {
    let text = "roles:\n  arn:aws:iam::111122223333:role/A:\n    policies:\n      p:\n        Statement:\n          \
                - Effect: Permit\n            Action: kms:*\n            Resource: '*'\n";
    let error = refusal(text);
    assert!(error.starts_with("world.yaml:6:21: roles.arn:aws:iam::111122223333:role/A.policies.p: "), "{error}");
}

#[test]
fn aliases_cannot_repeat_without_end() {
    let mut text = "a: &a [x]\n".to_owned();
    for (name, of) in ["b", "c", "d", "e", "f", "g"].iter().zip(["a", "b", "c", "d", "e", "f"]) {
        text += &format!("{name}: &{name} [{}]\n", vec![format!("*{of} "); 10].join(", "));
    }
    let error = refusal(&text);
    assert!(error.contains("aliases repeat more than is read"), "{error}");
    assert!(refusal(&"[".repeat(10_000)).contains("neither YAML nor JSON"));
    assert!(refusal("a: &a {b: *a}").contains("contains it"));
}
