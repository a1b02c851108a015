//! Policies that AWS would have no room for, wherever they come from.

use authz::{
    file::{FileError, NoFiles, Problem, aws_cli, request, world},
    policy::limits::SizeQuota,
    text::SourceText,
    world::World,
};

const ROLE: &str = "arn:aws:iam::111122223333:role/app";
const SERVICE_LINKED: &str = "arn:aws:iam::111122223333:role/aws-service-role/ec2.amazonaws.com/AWSServiceRoleForEC2";
const KEY: &str = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// A statement's beginning, by kind; what it says is the same everywhere.
const ABOUT_ANYTHING: &str = r#"{"Effect":"Deny","Action":"kms:Decrypt","Resource":"*","Sid":""#;
const OF_A_RESOURCE: &str = r#"{"Effect":"Deny","Action":"kms:Decrypt","Resource":"*","Principal":"*","Sid":""#;
const OF_TRUST: &str = r#"{"Effect":"Deny","Action":"sts:AssumeRole","Principal":{"AWS":"*"},"Sid":""#;

/// A policy of so many characters, none of which is white space.
fn policy(statement: &str, size: usize) -> String {
    let (before, after) = (format!(r#"{{"Version":"2012-10-17","Statement":{statement}"#), r#""}}"#);
    format!("{before}{}{after}", "x".repeat(size - before.len() - after.len()))
}

fn read(text: &str) -> Result<World, FileError> {
    world::read(&SourceText::new("world.yaml", text), &NoFiles)
}

/// Each place of a world file where a policy can stand, with its quota and the field in a refusal.
fn places() -> [(SizeQuota, &'static str, String, String); 8] {
    let of = |kind: &str, arn: &str, of: &str| format!("{kind}: {{'arn:aws:iam::111122223333:{arn}': {of}}}");
    let inline = "{policies: {p: 'POLICY'}}";
    let organization = |kind: &str| {
        format!("organization: {{id: o-1, managementAccount: '999999999999', root: {{{kind}: {{p: 'POLICY'}}}}}}")
    };
    [
        (
            SizeQuota::Managed,
            ABOUT_ANYTHING,
            of("managedPolicies", "policy/p", "'POLICY'"),
            "managedPolicies.arn:aws:iam::111122223333:policy/p".into(),
        ),
        (
            SizeQuota::UserInline,
            ABOUT_ANYTHING,
            of("users", "user/ann", inline),
            "users.arn:aws:iam::111122223333:user/ann.policies.p".into(),
        ),
        (
            SizeQuota::GroupInline,
            ABOUT_ANYTHING,
            of("groups", "group/all", inline),
            "groups.arn:aws:iam::111122223333:group/all.policies.p".into(),
        ),
        (
            SizeQuota::RoleInline,
            ABOUT_ANYTHING,
            of("roles", "role/app", inline),
            "roles.arn:aws:iam::111122223333:role/app.policies.p".into(),
        ),
        (
            SizeQuota::Trust,
            OF_TRUST,
            of("roles", "role/app", "{trust: 'POLICY'}"),
            "roles.arn:aws:iam::111122223333:role/app.trust".into(),
        ),
        (
            SizeQuota::Key,
            OF_A_RESOURCE,
            format!("keys: {{'{KEY}': {{policy: 'POLICY'}}}}"),
            format!("keys.{KEY}.policy"),
        ),
        (SizeQuota::ServiceControl, ABOUT_ANYTHING, organization("scps"), "organization.root.scps.p".into()),
        (SizeQuota::ResourceControl, OF_A_RESOURCE, organization("rcps"), "organization.root.rcps.p".into()),
    ]
}

#[test]
fn a_world_file_has_no_larger_policies_than_aws() {
    for (quota, statement, world, field) in places() {
        let with = |size: usize| read(&world.replace("POLICY", &policy(statement, size)));
        let limit = quota.limit();
        assert!(with(limit).is_ok(), "{quota:?}");
        let refusal = with(limit + 1).unwrap_err();
        assert!(matches!(refusal.problem(), Problem::Oversized(too_large) if too_large.size == limit + 1), "{refusal}");
        // The text is one of its own, and its last character the one that is too many.
        assert_eq!(refusal.place().to_string(), format!("1:{}", limit + 1), "{quota:?}");
        assert_eq!((refusal.source_text().name(), refusal.field()), (&*format!("world.yaml:1: {field}"), &*field));
    }
}

#[test]
fn a_refusal_says_how_much_there_may_be_and_what_to_do() {
    let text = format!("roles: {{'{ROLE}': {{trust: '{}'}}}}", policy(OF_TRUST, 2_050));
    assert_eq!(
        read(&text).unwrap_err().to_string(),
        format!(
            "world.yaml:1: roles.{ROLE}.trust:1:2049: roles.{ROLE}.trust: a trust policy may have 2048 characters that \
             are no white space and would have 2050; name accounts or conditions in place of so many principals; if AWS \
             raised the account's quota `Role trust policy length`, write it as `accounts.ID.roleTrustPolicyLength`"
        )
    );
}

/// The inline policies of one role count together, so the refusal is of the one that has no room any more.
#[test]
fn inline_policies_share_their_room() {
    let with = |size: usize| {
        let (a, b) = (policy(ABOUT_ANYTHING, 6_000), policy(ABOUT_ANYTHING, size));
        read(&format!("roles: {{'{ROLE}': {{policies: {{a: '{a}', b: '{b}'}}}}}}"))
    };
    assert!(with(4_240).is_ok());
    let refusal = with(4_241).unwrap_err();
    assert_eq!((refusal.field(), refusal.place().to_string()), (&*format!("roles.{ROLE}.policies.b"), "1:4241".into()));
}

/// Of a mapping nobody knows how much white space AWS will be given with it: none is counted, and the place is the
/// value's.
#[test]
fn a_mapping_is_as_large_as_it_is_without_white_space() {
    let world = |letters: usize| {
        format!(
            "keys:\n  {KEY}:\n    policy:\n      Version: '2012-10-17'\n      Statement:\n        Effect: Deny\n        \
             Action: kms:Decrypt\n        Principal: '*'\n        Resource: '*'\n        Sid: '{} {}'\n",
            "x".repeat(letters),
            "x".repeat(10),
        )
    };
    let written = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"kms:Decrypt","Principal":"*","Resource":"*","Sid":""}}"#;
    let room = SizeQuota::Key.limit() - written.len() - 11;
    let largest = read(&world(room)).unwrap();
    let refusal = read(&world(room + 1)).unwrap_err();
    // The brace that closes the policy is the character that is too many: it is of no value of its own.
    assert_eq!((refusal.place().to_string(), refusal.source_text().name()), ("10:14".to_owned(), "world.yaml"));

    // What was read can be written, and read again, though it is longer by its line breaks.
    let key = largest.key(&KEY.parse().unwrap()).unwrap();
    assert!(key.policy.policy.source().text().len() > SizeQuota::Key.limit());
    let written = world::write(&largest, 100_000).unwrap();
    let again = read(&written).unwrap();
    assert_eq!(again.key(&KEY.parse().unwrap()).unwrap().policy.policy.statements().len(), 1);
}

#[test]
fn white_space_counts_for_kms_and_organizations_only() {
    for (quota, statement, world, _) in places() {
        let text = policy(statement, quota.limit()).replacen("{", "{ \t", 1);
        let is_counted = matches!(quota, SizeQuota::Key | SizeQuota::ServiceControl | SizeQuota::ResourceControl);
        assert_eq!(read(&world.replace("POLICY", &text)).is_err(), is_counted, "{quota:?}");
    }
}

#[test]
fn an_account_may_have_a_raised_quota_for_trust_policies() {
    let with = |raised: usize, size: usize| {
        let trust = policy(OF_TRUST, size);
        read(&format!(
            "accounts: {{'111122223333': {{roleTrustPolicyLength: {raised}}}}}\nroles: {{'{ROLE}': {{trust: '{trust}'}}}}"
        ))
    };
    let world = with(4_096, 4_096).unwrap();
    assert!(read(&world::write(&world, 100_000).unwrap()).is_ok(), "the quota is written with the world");
    let refusal = with(4_096, 4_097).unwrap_err().to_string();
    assert!(refusal.contains("may have 4096 characters that are no white space and would have 4097"), "{refusal}");
    assert!(!refusal.contains("roleTrustPolicyLength"), "{refusal}");
    for impossible in [2_047, 8_193] {
        let refusal = with(impossible, 1_000).unwrap_err().to_string();
        let says = "accounts.111122223333.roleTrustPolicyLength: AWS gives every account 2048 and raises that to 8192";
        assert!(refusal.contains(says), "{refusal}");
    }
}

/// AWS attaches larger policies than it lets others make (`AWSSupportServiceRolePolicy`, say).
#[test]
fn what_is_aws_own_is_not_bounded() {
    let large = policy(ABOUT_ANYTHING, 40_000);
    let (key, trust) = (policy(OF_A_RESOURCE, 40_000), policy(OF_TRUST, 40_000));
    for world in [
        format!("managedPolicies: {{'arn:aws:iam::aws:policy/p': '{large}'}}"),
        format!("roles: {{'{SERVICE_LINKED}': {{policies: {{p: '{large}'}}, trust: '{trust}'}}}}"),
        format!("keys: {{'{KEY}': {{manager: Aws, policy: '{key}'}}}}"),
    ] {
        assert!(read(&world).is_ok());
    }
}

#[test]
fn a_session_takes_so_much_of_policies_and_arns_together() {
    const MANAGED: &str = "arn:aws:iam::111122223333:policy/p";
    let large = policy(ABOUT_ANYTHING, 6_000);
    let world = read(&format!("managedPolicies: {{'{MANAGED}': '{large}'}}")).unwrap();
    for principal in [ROLE, "arn:aws:sts::111122223333:federated-user/carol"] {
        let with = |policies: String| {
            let text = format!(
                "principal: {principal}\naction: kms:Decrypt\nresource: '{KEY}'\nsession: {{policies: [{policies}]}}"
            );
            request::read(&SourceText::new("request.yaml", text), &world, &NoFiles)
        };
        let room = SizeQuota::Session.limit() - MANAGED.len();
        let inline = |size: usize| format!("'{MANAGED}', '{}'", policy(ABOUT_ANYTHING, size));
        assert!(with(inline(room)).is_ok());
        let refusal = with(inline(room + 1)).unwrap_err();
        assert_eq!((refusal.field(), refusal.place().to_string()), ("session.policies[1]", format!("1:{}", room + 1)));
        assert!(refusal.to_string().contains("name that by its ARN"), "{refusal}");

        let refusal = with("'arn:aws:iam::111122223333:policy/q'".to_owned()).unwrap_err().to_string();
        assert!(refusal.contains("arn:aws:iam::111122223333:policy/q") && refusal.contains(MANAGED), "{refusal}");
    }
}

/// What AWS printed it has taken, so it is decided on; but somebody may have changed the file.
#[test]
fn what_the_aws_cli_prints_is_taken_and_its_size_told() {
    let details = |trust: &str, inline: &str| {
        let text = format!(
            r#"{{"UserDetailList": [], "GroupDetailList": [], "Policies": [], "RoleDetailList": [{{"Arn": "{ROLE}",
            "RoleId": "AROAAPP", "AssumeRolePolicyDocument": {trust}, "Tags": [],
            "RolePolicyList": [{{"PolicyName": "p", "PolicyDocument": {inline}}}], "AttachedManagedPolicies": []}}]}}"#
        );
        let document = aws_cli::Document {
            account: "111122223333".parse().unwrap(),
            about: None,
            source: SourceText::new("details.json", text),
        };
        let mut world = World::new();
        let remarks = aws_cli::add(&mut world, &[document]).unwrap();
        (world, remarks)
    };
    let (world, remarks) = details(&policy(OF_TRUST, 4_000), &policy(ABOUT_ANYTHING, 10_240));
    assert_eq!(remarks, []);
    let account = world.account("111122223333".parse().unwrap()).unwrap();
    assert_eq!(account.role_trust_policy_length(), 4_000, "AWS has raised it so far at least");

    let (world, remarks) = details(&policy(OF_TRUST, 8_193), &policy(ABOUT_ANYTHING, 10_241));
    assert!(world.role(&ROLE.parse().unwrap()).is_some());
    let remarks: Vec<_> = remarks.iter().map(ToString::to_string).collect();
    let [trust, inline] = remarks.as_slice() else { unreachable!("{remarks:?}") };
    assert!(trust.starts_with("details.json:2:") && trust.contains("may have 8192 "), "{trust}");
    assert!(
        inline.contains("RoleDetailList[0].RolePolicyList[0].PolicyDocument: ") && inline.contains("10241"),
        "{inline}"
    );
}
