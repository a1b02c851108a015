//! What nobody told becomes part of the answer, never a silent denial.

use authz::world::{Untold, World};

use crate::{CLUSTER, a_world, denied, explain, verdict};

const ALLOWS: &str = "{Version: 2012-10-17, Statement: [{Effect: Allow, Action: '*', Resource: '*'}]}";

fn a_key_for(principal: &str) -> World {
    a_world(&format!(
        r#"
roles: {{arn:aws:iam::111122223333:role/app: {{policies: {{p: {ALLOWS}}}}}}}
keys:
  arn:aws:kms:us-west-2:111122223333:key/k:
    policy:
      Version: 2012-10-17
      Statement: [{{Effect: Allow, Principal: {principal}, Action: 'kms:*', Resource: '*'}}]
"#
    ))
}

fn decrypt(principal: &str, key: &str) -> String {
    format!("principal: {principal}\naction: kms:Decrypt\nresource: arn:aws:kms:us-west-2:{key}")
}

const APP: &str = "arn:aws:sts::111122223333:assumed-role/app/s";

#[test]
fn a_caller_of_an_unknown_account_is_allowed_if_its_own_side_allows() {
    let world = a_key_for("{AWS: '555555555555'}");
    let asked = decrypt("arn:aws:iam::555555555555:role/r", "111122223333:key/k");
    assert_eq!(
        verdict(&world, &asked),
        "{allowedIff: 'not (a policy of the caller''s denies kms:Decrypt) and the caller''s own policies allow \
         kms:Decrypt'}"
    );
    // Its own side cannot help where the key's side surely does not allow.
    let other = decrypt("arn:aws:iam::666666666666:role/r", "111122223333:key/k");
    assert_eq!(verdict(&world, &other), denied("implicit", "key-policy", CLUSTER));
}

#[test]
fn an_unknown_key_is_used_if_its_policy_lets() {
    let world = a_key_for("{AWS: '111122223333'}");
    let foreign = verdict(&world, &decrypt(APP, "777777777777:key/k"));
    assert_eq!(
        foreign,
        "{allowedIff: 'not (the resource''s policy denies the caller kms:Decrypt on \
         arn:aws:kms:us-west-2:777777777777:key/k) and (the resource''s policy lets the caller kms:Decrypt on \
         arn:aws:kms:us-west-2:777777777777:key/k or a grant lets the caller kms:Decrypt on \
         arn:aws:kms:us-west-2:777777777777:key/k)'}"
    );
    let near = verdict(&world, &decrypt(APP, "111122223333:key/other"));
    assert!(near.starts_with("{allowedIff: "), "{near}");
}

#[test]
fn a_session_whose_name_is_unknown_is_allowed_if_it_has_the_name() {
    let world = a_key_for("{AWS: 'arn:aws:sts::111122223333:assumed-role/app/s'}");
    let asked = decrypt("arn:aws:iam::111122223333:role/app", "111122223333:key/k");
    assert_eq!(verdict(&world, &asked), "{allowedIff: 'the caller''s session is called s'}");
}

#[test]
fn a_condition_on_an_unknown_key_is_what_is_left() {
    let world = a_world(
        r#"
roles:
  arn:aws:iam::111122223333:role/app:
    policies:
      p:
        Version: 2012-10-17
        Statement:
          - {Effect: Allow, Action: 'sqs:*', Resource: '*', Condition: {StringEquals: {aws:SourceVpc: vpc-1}}}
          - {Effect: Deny, Action: 'sqs:*', Resource: '*', Condition: {IpAddress: {aws:SourceIp: 10.0.0.0/8}}}
"#,
    );
    let asked = |rest: &str| {
        let queue = "arn:aws:sqs:us-west-2:111122223333:q";
        format!("principal: {APP}\naction: sqs:SendMessage\nresource: {queue}\notherKeys: unknown\n{rest}")
    };
    assert_eq!(
        verdict(&world, &asked("")),
        "{allowedIff: 'not (aws:sourceip IpAddress [\"10.0.0.0/8\"]) and aws:sourcevpc StringEquals [\"vpc-1\"]'}"
    );
    let other_vpc = asked("context: {aws:SourceVpc: vpc-2}");
    assert_eq!(verdict(&world, &other_vpc), denied("implicit", "identity", CLUSTER));
    let inside = asked("context: {aws:SourceIp: 10.1.1.1}");
    assert_eq!(verdict(&world, &inside), denied("explicit", "identity", CLUSTER));
}

#[test]
fn the_owner_of_a_bucket_may_be_told_or_known_or_unknown() {
    let world = a_world(&format!(
        r#"
roles: {{arn:aws:iam::111122223333:role/app: {{policies: {{p: {ALLOWS}}}}}}}
resources: {{"arn:aws:s3:::known": {{owner: "111122223333"}}}}
"#
    ));
    let get = |resource: &str| format!("principal: {APP}\naction: s3:ListBucket\nresource: {resource}");
    assert_eq!(verdict(&world, &get("'arn:aws:s3:::known'")), "allowed");
    assert_eq!(verdict(&world, &get("{arn: 'arn:aws:s3:::x', owner: '111122223333'}")), "allowed");
    let unknown = verdict(&world, &get("'arn:aws:s3:::x'"));
    assert!(unknown.starts_with("{allowedIff: "), "{unknown}");
}

#[test]
fn an_explanation_names_every_gate_and_which_were_decisive() {
    let world = a_key_for("{AWS: '111122223333'}");
    let report = explain(&world, &decrypt(APP, "111122223333:key/k"));
    let gates: Vec<_> = report.gates.iter().map(|gate| (format!("{:?}", gate.gate), gate.decisive)).collect();
    let expected = [("Resource(Key)", true), ("Grants", false), ("Identity", true)];
    assert_eq!(gates, expected.map(|(gate, decisive)| (gate.to_owned(), decisive)));
    let statement = &report.gates[0].policies[0].statements[0];
    assert!(statement.principal.is_true() && statement.action.is_true() && statement.resource.is_true());
}

#[test]
fn the_boundary_of_an_unknown_caller_may_cap_what_a_policy_gives_its_role() {
    let role = "arn:aws:iam::555555555555:role/r";
    let key = |statement: &str| {
        a_world(&format!(
            r#"
keys:
  arn:aws:kms:us-west-2:555555555555:key/k:
    policy: {{Version: 2012-10-17, Statement: [{statement}]}}
accounts: {{"555555555555": {{identities: partial}}}}
"#
        ))
    };
    let named = key(&format!("{{Effect: Allow, Principal: {{AWS: '{role}'}}, Action: 'kms:*', Resource: '*'}}"));
    assert_eq!(
        verdict(&named, &decrypt(role, "555555555555:key/k")),
        "{allowedIff: 'not (a policy of the caller''s denies kms:Decrypt) and no permissions boundary of the caller''s \
         keeps it from kms:Decrypt'}"
    );
    // Who is named directly is capped by no boundary.
    let session = "arn:aws:sts::555555555555:assumed-role/r/s";
    let named = key(&format!("{{Effect: Allow, Principal: {{AWS: '{session}'}}, Action: 'kms:*', Resource: '*'}}"));
    assert_eq!(
        verdict(&named, &decrypt(session, "555555555555:key/k")),
        "{allowedIff: 'not (a policy of the caller''s denies kms:Decrypt)'}"
    );
}

#[test]
fn a_grant_that_is_to_be_made_and_of_which_nothing_is_told_has_an_unknown_constraint() {
    let world = a_world(&format!(
        r#"
roles: {{arn:aws:iam::111122223333:role/app: {{policies: {{p: {ALLOWS}}}}}}}
keys:
  arn:aws:kms:us-west-2:111122223333:key/k:
    policy:
      Version: 2012-10-17
      Statement:
        Effect: Allow
        Principal: {{AWS: '111122223333'}}
        Action: kms:CreateGrant
        Resource: '*'
        Condition: {{StringEquals: {{'kms:EncryptionContext:aws:ebs:id': vol-1}}}}
"#
    ));
    let create = "action: kms:CreateGrant\nresource: arn:aws:kms:us-west-2:111122223333:key/k\notherKeys: unknown";
    let verdict = verdict(&world, &format!("principal: {APP}\n{create}"));
    assert!(verdict.starts_with("{allowedIff: "), "{verdict}");
}

#[test]
fn an_operation_on_a_key_of_which_nobody_told_which_hangs_on_its_policy() {
    let world = a_key_for("{AWS: 'arn:aws:iam::111122223333:role/other'}");
    for resource in ["'*'", "arn:aws:kms:us-west-2:111122223333:alias/nowhere"] {
        let asked = format!("principal: {APP}\naction: kms:Decrypt\nresource: {resource}");
        let verdict = verdict(&world, &asked);
        assert!(verdict.contains("or its policy lets the caller''s account"), "{resource}: {verdict}");
    }
    // An alias is no key, and has no policy of its own.
    let alias =
        format!("principal: {APP}\naction: kms:DeleteAlias\nresource: arn:aws:kms:us-west-2:111122223333:alias/a");
    assert_eq!(verdict(&world, &alias), "allowed");
}

#[test]
fn what_nobody_told_of_a_key_besides_its_policy_is_unknown() {
    let key = "arn:aws:kms:us-west-2:111122223333:key/k".parse().unwrap_or_else(|wrong| panic!("{wrong}"));
    let mut world = a_key_for("{AWS: 'arn:aws:iam::111122223333:role/other'}");
    let untold = |world: &mut World, untold| {
        world.set_key_untold(&key, untold).unwrap_or_else(|wrong| panic!("{wrong}"));
    };
    let refused = denied("implicit", "key-policy", CLUSTER);
    let (use_it, label) =
        (decrypt(APP, "111122223333:key/k"), decrypt(APP, "111122223333:key/k").replace("Decrypt", "TagResource"));
    assert_eq!(verdict(&world, &use_it), refused);
    untold(&mut world, Untold::ALL);
    assert_eq!(
        verdict(&world, &use_it),
        "{allowedIff: 'a grant that nobody told of lets the caller kms:Decrypt on \
         arn:aws:kms:us-west-2:111122223333:key/k'}"
    );
    assert_eq!(verdict(&world, &label), refused, "no grant permits this");
    let retire = use_it.replace("Decrypt", "RetireGrant");
    let retire = verdict(&world, &format!("{retire}\ngrantId: g"));
    assert_eq!(retire, "{allowedIff: 'the grant lets the caller retire it'}");

    let mut world = a_world(&format!(
        r#"
roles: {{arn:aws:iam::111122223333:role/app: {{policies: {{p: {ALLOWS}}}}}}}
keys:
  arn:aws:kms:us-west-2:111122223333:key/k:
    policy:
      Version: 2012-10-17
      Statement:
        Effect: Allow
        Principal: {{AWS: '111122223333'}}
        Action: 'kms:*'
        Resource: '*'
        Condition:
          StringEquals: {{aws:ResourceTag/team: a}}
          'ForAnyValue:StringEquals': {{kms:ResourceAliases: alias/a}}
"#
    ));
    let open_context = format!("{use_it}\notherKeys: unknown");
    assert_eq!(verdict(&world, &open_context), refused);
    untold(&mut world, Untold { grants: false, ..Untold::ALL });
    let open = verdict(&world, &open_context);
    assert!(open.contains("aws:resourcetag/team") && open.contains("kms:resourcealiases"), "{open}");
}
