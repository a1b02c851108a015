//! Who may do something, and what somebody may do.
#![expect(clippy::panic, reason = "a failing test says where")]

use authz::{
    context::{Context, Others},
    decision::{Gate, Verdict},
    file::{NoFiles, world},
    policy::PolicyKind,
    principal::{Principal, RoleSession},
    query::{Access, ActsOn, Asked, BasisBy, Circumstances, WhoCan},
    request::{Action, Resource},
    rules::Assumptions,
    text::SourceText,
    world::World,
};

const KEY: &str = "arn:aws:kms:us-west-2:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn a_world() -> World {
    let allows = |action: &str, resource: &str| {
        format!(
            "{{Version: '2012-10-17', Statement: [{{Sid: Own, Effect: Allow, Action: '{action}', Resource: '{resource}'}}]}}"
        )
    };
    let yaml = format!(
        r#"
roles:
  arn:aws:iam::111122223333:role/controller: {{policies: {{kms: {}}}}}
  arn:aws:iam::111122223333:role/via: {{policies: {{kms: {{Version: '2012-10-17', Statement: [{{Effect: Allow, Action: 'kms:*', Resource: '*', Condition: {{StringEquals: {{'kms:ViaService': ec2.us-west-2.amazonaws.com}}}}}}]}}}}}}
  arn:aws:iam::111122223333:role/node: {{}}
  arn:aws:iam::111122223333:role/granted: {{}}
users:
  arn:aws:iam::444455556666:user/admin: {{policies: {{all: {}}}}}
keys:
  {KEY}:
    policy:
      Version: '2012-10-17'
      Statement:
        - {{Sid: Own, Effect: Allow, Principal: {{AWS: '444455556666'}}, Action: 'kms:*', Resource: '*'}}
        - {{Sid: Cluster, Effect: Allow, Principal: {{AWS: '111122223333'}}, Action: 'kms:Decrypt', Resource: '*'}}
        - {{Sid: Logs, Effect: Allow, Principal: {{Service: logs.us-west-2.amazonaws.com}}, Action: 'kms:Decrypt', Resource: '*'}}
    grants: [{{id: g, grantee: 'arn:aws:iam::111122223333:role/granted', operations: [Decrypt]}}]
resources:
  arn:aws:s3:::backups: {{owner: '444455556666'}}
"#,
        allows("kms:Decrypt", "arn:aws:kms:*:444455556666:key/*"),
        allows("*", "*")
    );
    world::read(&SourceText::new("world", yaml.clone()), &NoFiles).unwrap_or_else(|wrong| panic!("{wrong}\n{yaml}"))
}

fn action(text: &str) -> Action {
    text.parse().unwrap_or_else(|wrong| panic!("{wrong}"))
}

fn whole() -> Circumstances {
    Circumstances { context: Context::new(Others::Absent), ..Circumstances::default() }
}

fn who(action_name: &str, circumstances: &Circumstances) -> WhoCan {
    let resource = Resource { arn: KEY.into(), owner: None, tags: Default::default() };
    a_world().who_can(&action(action_name), &resource, circumstances, &Assumptions::default())
}

fn names(who: &WhoCan) -> Vec<String> {
    who.may.iter().map(|access| access.principal.to_string()).collect()
}

fn basis_of<'w>(who: &'w WhoCan, name: &str) -> &'w Access {
    who.may.iter().find(|access| access.principal.to_string() == name).unwrap_or_else(|| panic!("{:?}", names(who)))
}

#[test]
fn who_can_lists_users_roles_roots_grantees_and_services() {
    let who = who("kms:Decrypt", &whole());
    assert_eq!(
        names(&who),
        [
            "arn:aws:iam::111122223333:role/controller",
            "arn:aws:iam::111122223333:role/granted",
            "arn:aws:iam::111122223333:root",
            "arn:aws:iam::444455556666:root",
            "arn:aws:iam::444455556666:user/admin",
            "logs.us-west-2.amazonaws.com",
        ]
    );
    assert!(who.may.iter().all(|access| access.verdict == Verdict::Allowed));
    assert_eq!((who.asked, who.not_asked), (8, 0), "four roles, a user, two roots and a service");
}

#[test]
fn who_can_tells_by_what() {
    let who = who("kms:Decrypt", &whole());
    let granted = basis_of(&who, "arn:aws:iam::111122223333:role/granted");
    assert!(
        matches!(granted.basis.as_slice(), [only] if matches!(&only.by, BasisBy::Grant(grant) if &*grant.id == "g"))
    );
    let controller = basis_of(&who, "arn:aws:iam::111122223333:role/controller");
    let gates: Vec<_> =
        controller.basis.iter().map(|basis| (basis.gate, basis.account.map(|account| account.to_string()))).collect();
    assert_eq!(
        gates,
        [
            (Gate::Resource(PolicyKind::Key), Some("444455556666".to_owned())),
            (Gate::Identity, Some("111122223333".to_owned())),
        ]
    );
    let service = basis_of(&who, "logs.us-west-2.amazonaws.com");
    let [only] = service.basis.as_slice() else { panic!("one statement") };
    let BasisBy::Statement { policy, index, .. } = &only.by else { panic!("a statement") };
    assert_eq!(policy.statements()[*index].sid.as_ref().map(|sid| &*sid.value), Some("Logs"));
}

#[test]
fn who_can_perhaps_comes_last() {
    let through = Circumstances { through: vec!["ec2.amazonaws.com".into()], ..whole() };
    assert!(names(&who("kms:Decrypt", &through)).contains(&"arn:aws:iam::111122223333:role/via".to_owned()));
    let nothing_told = who("kms:Decrypt", &Circumstances::default());
    let is_perhaps = |access: &Access| access.verdict != Verdict::Allowed;
    assert!(nothing_told.may.is_sorted_by_key(is_perhaps));
}

#[test]
fn what_can_lists_actions_by_resource() {
    let world = a_world();
    let actions: Vec<Asked> = ["kms:Decrypt", "kms:Encrypt", "kms:ListKeys", "s3:GetObject"]
        .into_iter()
        .map(|name| action(name).into())
        .collect();
    let what_can = |principal: &Principal| {
        let what = world.what_can(principal, &actions, &whole(), &Assumptions::default());
        what.may.iter().map(|may| format!("{} {}", may.action, may.resource)).collect::<Vec<_>>()
    };
    let role = |name: &str| {
        let arn = format!("arn:aws:iam::111122223333:role/{name}").parse().unwrap_or_else(|wrong| panic!("{wrong}"));
        Principal::Session(Box::new(RoleSession::of(arn, None)))
    };
    assert_eq!(what_can(&role("controller")), [format!("kms:Decrypt {KEY}")]);
    assert_eq!(what_can(&role("granted")), [format!("kms:Decrypt {KEY}")]);
    assert!(what_can(&role("node")).is_empty());
    let admin =
        Principal::User("arn:aws:iam::444455556666:user/admin".parse().unwrap_or_else(|wrong| panic!("{wrong}")));
    let of_admin = what_can(&admin);
    for expected in
        [format!("kms:Encrypt {KEY}"), "kms:ListKeys *".to_owned(), "s3:GetObject arn:aws:s3:::backups".to_owned()]
    {
        assert!(of_admin.contains(&expected), "{expected} is among {of_admin:?}");
    }
    assert!(!of_admin.contains(&"kms:Decrypt *".to_owned()), "a key is decrypted with, not everything");
    assert!(of_admin.is_sorted_by_key(|told| told.split(' ').next_back().map(str::to_owned)), "{of_admin:?}");
}

#[test]
fn what_can_asks_of_each_thing_only_what_is_done_to_it() {
    let world = a_world();
    let asked = |name: &str, forms: &[&str], nothing: bool| Asked {
        acts_on: Some(ActsOn { forms: forms.iter().map(|form| (*form).into()).collect(), nothing }),
        action: action(name),
    };
    let actions = [
        asked("kms:ListKeys", &[], true),
        asked("s3:GetObject", &["arn:*:s3:::*/*"], false),
        asked("s3:ListBucket", &["arn:*:s3:::*"], false),
        asked("iam:GetRole", &["arn:*:iam::*:role/*"], false),
        asked("sts:AssumeRole", &["arn:*:iam::*:role/*"], false),
        asked("sts:TagSession", &["arn:*:iam::*:role/*", "arn:*:iam::*:user/*"], true),
        asked("ec2:RunInstances", &["arn:*:ec2:*:*:instance/*"], false),
    ];
    let admin =
        Principal::User("arn:aws:iam::444455556666:user/admin".parse().unwrap_or_else(|wrong| panic!("{wrong}")));
    let what = world.what_can(&admin, &actions, &whole(), &Assumptions::default());
    let found: Vec<_> = what.may.iter().map(|may| format!("{} {}", may.action, may.resource)).collect();
    // Roles of another account do not trust this user, and no policy tells of a role: `sts:TagSession` on nothing in
    // particular would say nothing. Of instances nobody tells which there are.
    assert_eq!(
        found,
        [
            "ec2:RunInstances *",
            "kms:ListKeys *",
            "s3:ListBucket arn:aws:s3:::backups",
            "s3:GetObject arn:aws:s3:::backups/*",
        ]
    );
    assert_eq!(what.asked_on.get(&("s3".into(), "arn:aws:s3:::backups".into())), Some(&1));
}
