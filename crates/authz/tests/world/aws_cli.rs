use authz::{
    file::{
        FileError,
        aws_cli::{Document, add},
    },
    text::SourceText,
    world::{ContextConstraint, KeyManager, KeyState, Untold, World},
};

const ACCOUNT: &str = "111122223333";
const KEY: &str = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn document(name: &str, about: Option<&str>, text: &str) -> Document {
    let source = SourceText::new(name, text);
    Document { account: ACCOUNT.parse().unwrap(), about: about.map(str::to_owned), source }
}

fn read(documents: &[Document]) -> Result<(World, Vec<FileError>), FileError> {
    let mut world = World::new();
    let left_out = add(&mut world, documents)?;
    Ok((world, left_out))
}

/// What the command prints for a small account; documents decoded, as the `aws` command prints them.
const DETAILS: &str = r#"{
    "UserDetailList": [
        {
            "Path": "/", "UserName": "ann", "UserId": "AIDAEXAMPLEEXAMPLE001", "CreateDate": "2026-01-01T00:00:00+00:00",
            "Arn": "arn:aws:iam::111122223333:user/ann",
            "GroupList": ["admins"], "AttachedManagedPolicies": [], "Tags": [{"Key": "team", "Value": ""}]
        }
    ],
    "GroupDetailList": [
        {
            "Path": "/", "GroupName": "admins", "GroupId": "AGPAEXAMPLEEXAMPLE001",
            "Arn": "arn:aws:iam::111122223333:group/admins", "GroupPolicyList": [],
            "AttachedManagedPolicies": [{"PolicyName": "kms", "PolicyArn": "arn:aws:iam::111122223333:policy/kms"}]
        }
    ],
    "RoleDetailList": [
        {
            "Path": "/", "RoleName": "Node", "RoleId": "AROAEXAMPLEEXAMPLE001",
            "Arn": "arn:aws:iam::111122223333:role/Node",
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/Other"}, "Action": "sts:AssumeRole"}]
            },
            "InstanceProfileList": [{"InstanceProfileName": "Node"}],
            "RolePolicyList": [
                {"PolicyName": "inline", "PolicyDocument": "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22s3%3A%2A%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D"}
            ],
            "AttachedManagedPolicies": [],
            "PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": "arn:aws:iam::aws:policy/Power"},
            "RoleLastUsed": {}
        },
        {
            "Path": "/", "RoleName": "Other", "RoleId": "AROAEXAMPLEEXAMPLE002",
            "Arn": "arn:aws:iam::111122223333:role/Other",
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Principal": {"AWS": "AROAGONEGONEGONEGONE1"}, "Action": "sts:AssumeRole"}]
            },
            "RolePolicyList": [], "AttachedManagedPolicies": []
        }
    ],
    "Policies": [
        {
            "PolicyName": "kms", "Arn": "arn:aws:iam::111122223333:policy/kms", "DefaultVersionId": "v2",
            "PolicyVersionList": [
                {"Document": {"Statement": [{"Effect": "Allow", "Action": "kms:Old", "Resource": "*"}]}, "VersionId": "v1", "IsDefaultVersion": false},
                {"Document": {"Statement": [{"Effect": "Allow", "Action": "kms:New", "Resource": "*"}]}, "VersionId": "v2", "IsDefaultVersion": true}
            ]
        },
        {
            "PolicyName": "Power", "Arn": "arn:aws:iam::aws:policy/Power", "DefaultVersionId": "v1",
            "PolicyVersionList": [
                {"Document": {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}, "VersionId": "v1", "IsDefaultVersion": true}
            ]
        }
    ]
}"#;

#[test]
fn an_account_is_read_whole() {
    let (world, left_out) = read(&[document("iam.json", None, DETAILS)]).unwrap();
    assert_eq!(left_out, []);
    assert!(!world.account(ACCOUNT.parse().unwrap()).unwrap().identities_are_partial);
    let node = world.role(&"arn:aws:iam::111122223333:role/Node".parse().unwrap()).unwrap();
    assert_eq!(&*node.identity.unique_id, "AROAEXAMPLEEXAMPLE001");
    assert_eq!(
        node.identity.boundary.as_ref().map(|boundary| boundary.origin.name()),
        Some("arn:aws:iam::aws:policy/Power")
    );
    assert_eq!(
        node.trust.saved_ids.values().map(AsRef::as_ref).collect::<Vec<&str>>(),
        ["AROAEXAMPLEEXAMPLE002"],
        "a role that comes later in the text is meant too"
    );
    let inline = &node.identity.policies[0];
    assert_eq!((inline.origin.name(), inline.policy.statements().len()), ("inline", 1));

    let ann = world.user(&"arn:aws:iam::111122223333:user/ann".parse().unwrap()).unwrap();
    assert!(ann.identity.policies[0].policy.source().text().contains("kms:New"), "the default version counts");
    assert_eq!(ann.identity.tags.get("team").map(String::as_str), Some(""));
}

#[test]
fn what_an_account_prints_is_refused_at_its_place() {
    let refusal = |text: &str| read(&[document("iam.json", None, text)]).unwrap_err().to_string();
    let error = refusal(&DETAILS.replace(r#""DefaultVersionId": "v2""#, r#""DefaultVersionId": "v3""#));
    assert!(error.starts_with("iam.json:43:9: Policies[0]: its default version `v3` is not in this text"), "{error}");
    let error = refusal(&DETAILS.replace("111122223333:role/Node\"", "999999999999:role/Node\""));
    assert!(error.contains("RoleDetailList[0].Arn: ") && error.contains("is not of account 111122223333"), "{error}");
    let error = refusal(&DETAILS.replace(r#""Action": "kms:New""#, r#""Actoin": "kms:New""#));
    assert!(error.starts_with("iam.json:47:"), "{error}");
    assert!(error.contains("Policies[0].PolicyVersionList[1].Document: "), "{error}");
    let error = refusal(&DETAILS.replacen('{', r#"{"IsTruncated": true,"#, 1));
    assert!(error.contains("only a part of the answer"), "{error}");
    assert!(refusal(r#"{"Users": []}"#).contains("no command whose answers are read here prints this"));
}

const GRANTS: &str = r#"{
    "Grants": [
        {
            "KeyId": "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "GrantId": "g1", "Name": "", "CreationDate": "2026-01-01T00:00:00+00:00",
            "GranteePrincipal": "arn:aws:iam::111122223333:role/Node",
            "RetiringPrincipal": "ec2.us-west-2.amazonaws.com",
            "IssuingAccount": "arn:aws:iam::111122223333:root",
            "Operations": ["Decrypt", "CreateGrant"],
            "Constraints": {"EncryptionContextSubset": {"aws:ebs:id": "vol-1"}}
        },
        {
            "KeyId": "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "GrantId": "g2", "GranteePrincipal": "AROAGONEGONEGONEGONE1",
            "IssuingAccount": "arn:aws:iam::111122223333:root", "Operations": ["Decrypt"]
        },
        {
            "KeyId": "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "GrantId": "g3", "GranteeServicePrincipal": "dynamodb.amazonaws.com",
            "RetiringServicePrincipal": "dynamodb.amazonaws.com",
            "IssuingAccount": "arn:aws:iam::111122223333:root", "Operations": ["Decrypt"],
            "Constraints": {"SourceArn": "arn:aws:dynamodb:us-west-2:111122223333:table/orders"}
        }
    ]
}"#;

#[test]
fn a_key_is_read_from_what_five_commands_print_in_any_order() {
    let policy = r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/Node"}, "Action": "kms:*", "Resource": "*"}]}"#;
    let wrapped = serde_json::json!({ "Policy": policy, "PolicyName": "default" }).to_string();
    let metadata = format!(
        r#"{{"KeyMetadata": {{"Arn": "{KEY}", "KeyState": "PendingDeletion", "KeyUsage": "ENCRYPT_DECRYPT",
            "KeyManager": "CUSTOMER", "KeySpec": "SYMMETRIC_DEFAULT", "Origin": "AWS_KMS", "MultiRegion": false}}}}"#
    );
    let aliases = r#"{"Aliases": [
        {"AliasName": "alias/demo", "AliasArn": "arn:aws:kms:us-west-2:111122223333:alias/demo", "TargetKeyId": "1234abcd-12ab-34cd-56ef-1234567890ab"},
        {"AliasName": "alias/aws/ebs", "AliasArn": "arn:aws:kms:us-west-2:111122223333:alias/aws/ebs"}
    ]}"#;
    let tags = r#"{"Tags": [{"TagKey": "team", "TagValue": "a"}], "Truncated": false}"#;
    for policy in [policy, wrapped.as_str()] {
        let (world, left_out) = read(&[
            document("grants.json", None, GRANTS),
            document("tags.json", Some(KEY), tags),
            document("aliases.json", None, aliases),
            document("key.json", None, &metadata),
            document("policy.json", Some(KEY), policy),
            document("iam.json", None, DETAILS),
        ])
        .unwrap();
        let key = world.key(&KEY.parse().unwrap()).unwrap();
        assert_eq!((key.state, key.manager), (Some(KeyState::PendingDeletion), KeyManager::Customer));
        assert_eq!(key.attributes.get("kms:keyorigin").map(AsRef::as_ref), Some("AWS_KMS"));
        assert_eq!(key.policy.saved_ids.values().map(AsRef::as_ref).collect::<Vec<&str>>(), ["AROAEXAMPLEEXAMPLE001"]);
        assert_eq!(key.aliases.iter().map(AsRef::as_ref).collect::<Vec<&str>>(), ["alias/demo"]);
        assert_eq!((key.tags.len(), key.untold), (1, Untold::default()));
        let grant = key.grants.get("g1").unwrap();
        assert_eq!(grant.grantee_unique_id.as_deref(), Some("AROAEXAMPLEEXAMPLE001"));
        assert_eq!((&grant.name, grant.issuing_account), (&None, Some(ACCOUNT.parse().unwrap())));
        assert!(matches!(&grant.constraints.encryption_context, Some(ContextConstraint::Subset(_))));
        assert!(key.grants.get("g2").is_none());
        let (of_service, service) = (key.grants.get("g3").unwrap(), "dynamodb.amazonaws.com".parse().unwrap());
        assert_eq!((&of_service.grantee, of_service.retiring.as_ref()), (&service, Some(&service)));
        assert!(of_service.constraints.source_arn.is_some());
        assert!(
            matches!(&left_out[..], [one] if one.field() == "Grants[1].GranteePrincipal" && one.place().line == 14),
            "{left_out:?}"
        );
    }
}

#[test]
fn what_a_key_needs_is_asked_for_and_what_it_does_not_tell_stays_unknown() {
    let error = read(&[document("grants.json", None, GRANTS)]).unwrap_err().to_string();
    assert!(error.starts_with("grants.json:4:22: Grants[0].KeyId: the policy of `arn:"), "{error}");
    let bare = r#"{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}]}"#;
    let error = read(&[document("policy.json", None, bare)]).unwrap_err().to_string();
    assert!(error.contains("does not say which key"), "{error}");
    let (world, _) = read(&[document("policy.json", Some(KEY), bare)]).unwrap();
    let account = world.account(ACCOUNT.parse().unwrap()).unwrap();
    assert!(account.identities_are_partial, "who else is in the account, a key policy does not tell");
    let untold = |world: &World| world.key(&KEY.parse().unwrap()).unwrap().untold;
    assert_eq!(untold(&world), Untold::ALL);
    let none = document("grants.json", Some(KEY), r#"{"Grants": []}"#);
    let (world, _) = read(&[document("policy.json", Some(KEY), bare), none]).unwrap();
    assert_eq!(untold(&world), Untold { grants: false, ..Untold::ALL });
    let flawed = bare.replace("Allow", "Permit");
    let error = read(&[document("policy.json", Some(KEY), &flawed)]).unwrap_err();
    assert_eq!((error.source_text().name(), error.place().to_string()), ("policy.json", "1:27".to_owned()));
}

#[test]
fn an_organization_is_put_together() {
    let organization =
        r#"{"Organization": {"Id": "o-example", "MasterAccountId": "999999999999", "FeatureSet": "ALL"}}"#;
    let parent = |id: &str, kind: &str| format!(r#"{{"Parents": [{{"Id": "{id}", "Type": "{kind}"}}]}}"#);
    let policy = r#"{"Policy": {"PolicySummary": {"Id": "p-1", "Name": "FullAWSAccess", "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": true},
        "Content": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}]}"}}"#;
    let targets = r#"{"Targets": [{"TargetId": "r-abcd", "Type": "ROOT"}, {"TargetId": "111122223333", "Type": "ACCOUNT"}, {"TargetId": "ou-else", "Type": "ORGANIZATIONAL_UNIT"}]}"#;
    let (unit, root) = (parent("ou-abcd-1", "ORGANIZATIONAL_UNIT"), parent("r-abcd", "ROOT"));
    let all = [
        document("targets.json", Some("p-1"), targets),
        document("policy.json", None, policy),
        document("account.json", Some(ACCOUNT), &unit),
        document("unit.json", Some("ou-abcd-1"), &root),
        document("organization.json", None, organization),
    ];
    let (world, _) = read(&all).unwrap();
    let organization = world.organization().unwrap();
    let levels = &organization.accounts.get(&ACCOUNT.parse().unwrap()).unwrap().levels;
    let told: Vec<_> = levels
        .iter()
        .map(|level| (&*level.id, level.service_control.as_ref().map(Vec::len), level.resource_control.is_some()))
        .collect();
    assert_eq!(told, [("r-abcd", Some(1), false), ("ou-abcd-1", Some(0), false), (ACCOUNT, Some(1), false)]);

    let error = read(&[&all[..3], &all[4..]].concat()).unwrap_err().to_string();
    assert!(error.contains("list-parents --child-id ou-abcd-1"), "{error}");
}
