//! An organization that a world file tells: read and changed like any other, and told again as it is.

use authz::{
    file::{NoFiles, world},
    text::SourceText,
};
use local_aws::{Options, Running};
use serde_json::{Value, json};

use crate::{
    support::{
        MANAGEMENT, MEMBER, Somebody, attach, deny_encrypt, detach, done, key, open_key, options, organization, policy,
        start, start_at, unit,
    },
    wire::{self, start_with},
};

const UNIT: &str = "ou-ab12-11111111";

fn told() -> Options {
    with_policies(
        r#"{FullAWSAccess: aws,
            NoEncrypt: {Version: "2012-10-17", Statement: [{Effect: Deny, Action: "kms:Encrypt", Resource: "*"}]}}"#,
    )
}

/// A world with these policies on its unit.
fn with_policies(policies: &str) -> Options {
    let text = format!(
        r#"
accounts: {{"{MANAGEMENT}": {{identities: partial}}, "{MEMBER}": {{name: payments, identities: partial}}}}
organization:
  id: o-abcdefghij
  managementAccount: "{MANAGEMENT}"
  root:
    id: r-ab12
    units:
      prod:
        id: {UNIT}
        scps: {policies}
        accounts: {{"{MEMBER}": {{}}}}
"#
    );
    let world = world::read(&SourceText::new("world.yaml", text), &NoFiles).unwrap();
    Options { world, ..options() }
}

/// The policies on the unit, by name.
async fn policies(aws: &Running) -> Vec<(String, String)> {
    let input = json!({ "TargetId": UNIT, "Filter": "SERVICE_CONTROL_POLICY" });
    let listed = done(aws, "ListPoliciesForTarget", input).await;
    let text = |policy: &Value, name: &str| policy[name].as_str().unwrap().to_owned();
    listed["Policies"].as_array().unwrap().iter().map(|policy| (text(policy, "Name"), text(policy, "Id"))).collect()
}

#[tokio::test]
async fn it_is_read_and_changed_by_the_api_and_the_state_goes_before_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let aws = start_at(&path, told()).await;
    assert_eq!(done(&aws, "DescribeOrganization", json!({})).await["Organization"]["Id"], "o-abcdefghij");
    let account = done(&aws, "DescribeAccount", json!({ "AccountId": MEMBER })).await;
    assert_eq!(account["Account"]["Name"], "payments");
    assert_eq!(account["Account"]["Paths"], json!([format!("o-abcdefghij/r-ab12/{UNIT}/{MEMBER}/")]));
    let attached = policies(&aws).await;
    let names: Vec<&str> = attached.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let (_, deny) = attached.iter().find(|(name, _)| name == "NoEncrypt").unwrap();
    let (member, key) = (Somebody::root(&aws, MEMBER), key(&aws, MEMBER).await);
    assert!(member.encrypts(&aws, &key).await.is_err());
    detach(&aws, deny, UNIT).await;
    assert_eq!(member.encrypts(&aws, &key).await, Ok(()));
    aws.shutdown().await;

    // The file still tells the denial; the state goes before it.
    let aws = start_at(&path, told()).await;
    assert_eq!(policies(&aws).await.len(), 1);
    assert_eq!(Somebody::root(&aws, MEMBER).encrypts(&aws, &key).await, Ok(()));
    done(&aws, "RemoveAccountFromOrganization", json!({ "AccountId": MEMBER })).await;
    done(&aws, "DeleteOrganization", json!({})).await;
    aws.shutdown().await;

    let aws = start_at(&path, told()).await;
    let gone = Somebody::root(&aws, MANAGEMENT).organizations(&aws, "DescribeOrganization", json!({})).await;
    assert_eq!(gone.json_error().1, "AWSOrganizationsNotInUseException", "what was deleted does not come back");
    aws.shutdown().await;
}

#[tokio::test]
async fn a_policy_that_has_the_name_of_awss_own_says_what_the_file_tells() {
    let allow = |action: &str| {
        format!(r#"{{Version: "2012-10-17", Statement: [{{Effect: Allow, Action: "{action}", Resource: "*"}}]}}"#)
    };
    for (name, action, id) in [
        ("p-FullAWSAccess", "s3:*", None),
        ("FullAWSAccess", "s3:*", None),
        ("p-FullAWSAccess", "*", Some("p-FullAWSAccess")),
    ] {
        let aws = start_with(with_policies(&format!("{{{name}: {}}}", allow(action)))).await;
        let (member, key) = (Somebody::root(&aws, MEMBER), key_of_management(&aws).await);
        let told = policies(&aws).await;
        let [(_, told)] = told.as_slice() else { panic!("{told:?}") };
        assert!(id.is_none_or(|id| told == id) && (told == "p-FullAWSAccess") == id.is_some(), "{told}");
        let may = member.encrypts(&aws, &key).await.is_ok();
        assert_eq!(may, id.is_some(), "{name} {action}");
        // Told anew, the level's policies decide alike.
        let statement = json!({ "Effect": "Deny", "Action": "s3:GetObject", "Resource": "*" });
        attach(&aws, &policy(&aws, "SERVICE_CONTROL_POLICY", "NoObjects", statement).await, UNIT).await;
        assert_eq!(member.encrypts(&aws, &key).await.is_ok(), may, "{name} {action}, told anew");
        aws.shutdown().await;
    }
}

/// A key of the management account, which no policy of the organization binds, that the member may use.
async fn key_of_management(aws: &Running) -> String {
    let key = key(aws, MANAGEMENT).await;
    open_key(aws, MANAGEMENT, &key, json!({})).await;
    key
}

#[tokio::test]
async fn nothing_is_kept_of_one_that_is_only_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let aws = start_at(&path, told()).await;
    done(&aws, "ListAccounts", json!({})).await;
    aws.shutdown().await;

    let aws = start_at(&path, options()).await;
    let none = Somebody::root(&aws, MANAGEMENT).organizations(&aws, "DescribeOrganization", json!({})).await;
    assert_eq!(none.json_error().1, "AWSOrganizationsNotInUseException");
    aws.shutdown().await;
}

#[tokio::test]
async fn the_live_organization_is_told_as_a_world_file_that_decides_alike() {
    let aws = start().await;
    let (_, root) = organization(&aws).await;
    let unit = unit(&aws, &root, "unit").await;
    attach(&aws, &deny_encrypt(&aws).await, &unit).await;
    crate::support::move_account(&aws, &root, &unit).await;
    let key = key(&aws, MEMBER).await;
    let request = wire::Request { method: "GET", query: String::new(), headers: Vec::new(), body: Vec::new() };
    let live = request.send_to(&aws, "/_claviger/world").await;
    aws.shutdown().await;

    let read = world::read(&SourceText::new("live", live.body.as_str()), &NoFiles).unwrap();
    let told = read.organization().unwrap();
    assert!(told.has_level(&unit) && told.accounts.contains_key(&MEMBER.parse().unwrap()), "{}", live.body);
    let aws = start_with(Options { world: read, ..Options::default() }).await;
    let message = Somebody::root(&aws, MEMBER).encrypts(&aws, &key).await.unwrap_err();
    assert!(message.contains("explicit deny in a service control policy"), "{message}");
    aws.shutdown().await;
}
