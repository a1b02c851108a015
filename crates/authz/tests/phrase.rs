//! AWS's words for denials.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a failing test says where")]

use authz::{
    file::{NoFiles, request, world},
    phrase::AccessDenied,
    rules::Assumptions,
    text::SourceText,
};

const KEY: &str = "arn:aws:kms:us-west-2:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// Accounts 111122223333 and 444455556666 are known; the role `r` of the first may nothing.
const WORLD: &str = r#"
accounts: {"111122223333": {}, "444455556666": {}}
roles:
  arn:aws:iam::111122223333:role/r: {}
  arn:aws:iam::444455556666:role/t:
    trust: {Statement: [{Effect: Allow, Principal: {AWS: "444455556666"}, Action: "sts:AssumeRole"},
                        {Effect: Deny, Principal: {AWS: "arn:aws:iam::111122223333:user/u"}, Action: "sts:AssumeRole"}]}
users: {"arn:aws:iam::111122223333:user/u": {}}
"#;

/// What AWS answers to a request, given as YAML, in a world to which more is added.
fn refused(more_of_world: &str, request: &str, assumptions: &Assumptions) -> AccessDenied {
    let world_text = format!("{WORLD}{more_of_world}");
    let world = world::read(&SourceText::new("world", world_text), &NoFiles).unwrap_or_else(|wrong| panic!("{wrong}"));
    let request = format!("{request}\notherKeys: absent");
    let request =
        request::read(&SourceText::new("request", request), &world, &NoFiles).unwrap_or_else(|wrong| panic!("{wrong}"));
    world.explain(&request, assumptions).error.unwrap()
}

fn message(more_of_world: &str, request: &str) -> String {
    refused(more_of_world, request, &Assumptions::default()).message
}

fn on(key: &str, principal: &str, action: &str) -> String {
    format!("principal: {principal}\naction: {action}\nresource: {key}")
}

const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/r/s";
const ACCOUNT_MAY: &str =
    r#"{policy: {Statement: [{Effect: Allow, Principal: {AWS: "111122223333"}, Action: "kms:*", Resource: "*"}]}}"#;

#[test]
fn each_policy_type_has_its_phrase() {
    let own = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let start = format!("User: {SESSION} is not authorized to perform: kms:DescribeKey on resource: {own}");
    let request = on(own, SESSION, "kms:DescribeKey");
    let key = |policy: &str| format!("keys: {{\"{own}\": {{policy: {{Statement: [{policy}]}}}}}}");
    let open = r#"{Effect: Allow, Principal: {AWS: "111122223333"}, Action: "kms:*", Resource: "*"}"#;
    let deny = r#"{Effect: Deny, Principal: "*", Action: "kms:DescribeKey", Resource: "*"}"#;
    assert_eq!(
        message(&key(open), &request),
        format!("{start} because no identity-based policy allows the kms:DescribeKey action")
    );
    assert_eq!(
        message(
            &key(r#"{Effect: Allow, Principal: {Service: x.amazonaws.com}, Action: "kms:*", Resource: "*"}"#),
            &request
        ),
        format!("{start} because no resource-based policy allows the kms:DescribeKey action")
    );
    assert_eq!(message(&key(deny), &request), format!("{start} with an explicit deny in a resource-based policy"));

    let session = |policy: &str| format!("{request}\nsession: {{policies: [{{Statement: [{policy}]}}]}}");
    assert_eq!(
        message(&key(open), &session(r#"{Effect: Deny, Action: "*", Resource: "*"}"#)),
        format!("{start} with an explicit deny in a session policy")
    );
    let named =
        r#"{Effect: Allow, Principal: {AWS: "arn:aws:iam::111122223333:role/r"}, Action: "kms:*", Resource: "*"}"#;
    assert_eq!(
        message(&key(named), &session(r#"{Effect: Allow, Action: "s3:*", Resource: "*"}"#)),
        format!("{start} because no session policy allows the kms:DescribeKey action")
    );

    let deny_kms = r#"{Version: "2012-10-17", Statement: [{Effect: Deny, PRINCIPAL Action: "kms:*", Resource: "*"}]}"#;
    let (by_scp, by_rcp) = (deny_kms.replace("PRINCIPAL ", ""), deny_kms.replace("PRINCIPAL", "Principal: \"*\","));
    let organization = |scp: &str| {
        let place = r#"accounts: {"111122223333": {}}"#;
        format!(
            "{}\norganization: {{id: o-x, managementAccount: \"999999999999\", root: {{{scp}, {place}}}}}",
            key(open)
        )
    };
    let only_s3 = r#"{Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]}"#;
    let none = organization(&format!("scps: {{s3: {only_s3}}}"));
    assert_eq!(
        message(&none, &request),
        format!("{start} because no service control policy allows the kms:DescribeKey action")
    );
    let explicit = format!("{start} with an explicit deny in a service control policy");
    let denied = organization(&format!("scps: {{FullAWSAccess: aws, kms: {by_scp}}}"));
    assert_eq!(message(&denied, &request), explicit);
    let older = Assumptions { denial_scp_implicit_of_service: false, ..Assumptions::default() };
    assert_eq!(refused(&none, &request, &older).message, explicit);
    assert_eq!(
        message(&organization(&format!("rcps: {{RCPFullAWSAccess: aws, kms: {by_rcp}}}")), &request),
        format!("{start} with an explicit deny in a resource control policy")
    );
}

#[test]
fn a_boundary_has_its_phrase() {
    let may = r#"{Statement: [{Effect: Allow, Action: "kms:ListKeys", Resource: "*"}]}"#;
    let bound = |boundary: &str| {
        format!(
            "users: {{\"arn:aws:iam::111122223333:user/b\": {{policies: {{p: {may}}}, boundary: \
             \"arn:aws:iam::111122223333:policy/b\"}}}}\nmanagedPolicies: {{\"arn:aws:iam::111122223333:policy/b\": \
             {{Statement: [{boundary}]}}}}"
        )
    };
    let request = "principal: arn:aws:iam::111122223333:user/b\naction: kms:ListKeys";
    let start = "User: arn:aws:iam::111122223333:user/b is not authorized to perform: kms:ListKeys on resource: *";
    let world = WORLD.replace("users: {\"arn:aws:iam::111122223333:user/u\": {}}\n", "");
    let told = |boundary: &str| {
        let text = format!("{world}{}", bound(boundary));
        let world = world::read(&SourceText::new("world", text), &NoFiles).unwrap_or_else(|wrong| panic!("{wrong}"));
        let request = request::read(&SourceText::new("request", request), &world, &NoFiles).unwrap();
        world.explain(&request, &Assumptions::default()).error.unwrap().message
    };
    assert_eq!(
        told(r#"{Effect: Allow, Action: "s3:*", Resource: "*"}"#),
        format!("{start} because no permissions boundary allows the kms:ListKeys action")
    );
    assert_eq!(
        told(r#"{Effect: Deny, Action: "kms:*", Resource: "*"}"#),
        format!("{start} with an explicit deny in a permissions boundary: arn:aws:iam::111122223333:policy/b")
    );
}

#[test]
fn a_foreign_key_is_not_told_to_exist() {
    let concealed = "because the resource does not exist in this Region, no resource-based policies allow access, or a \
                     resource-based policy explicitly denies access";
    let closed = format!("keys: {{\"{KEY}\": {{}}}}");
    let start = format!("User: {SESSION} is not authorized to perform:");
    assert_eq!(
        message(&closed, &on(KEY, SESSION, "kms:DescribeKey")),
        format!("{start} kms:DescribeKey on this resource {concealed}")
    );
    let ciphertext = "on the resource associated with this ciphertext";
    assert_eq!(
        message(&closed, &on(KEY, SESSION, "kms:Decrypt")),
        format!("{start} kms:Decrypt {ciphertext} {concealed}")
    );
    let open = format!("keys: {{\"{KEY}\": {ACCOUNT_MAY}}}");
    assert_eq!(
        message(&open, &on(KEY, SESSION, "kms:Decrypt")),
        format!("{start} kms:Decrypt {ciphertext} because no identity-based policy allows the kms:Decrypt action")
    );
    let plain = Assumptions { denial_foreign_key: false, denial_ciphertext: false, ..Assumptions::default() };
    for action in ["kms:DescribeKey", "kms:Decrypt"] {
        assert_eq!(
            refused(&closed, &on(KEY, SESSION, action), &plain).message,
            format!("{start} {action} on resource: {KEY} because no resource-based policy allows the {action} action")
        );
    }
}

#[test]
fn a_trust_policy_has_its_phrase() {
    let role = "arn:aws:iam::444455556666:role/t";
    let user = "arn:aws:iam::111122223333:user/u";
    assert_eq!(
        message("", &on(role, SESSION, "sts:AssumeRole")),
        format!("User: {SESSION} is not authorized to perform: sts:AssumeRole on resource: {role}")
    );
    let typed = Assumptions { denial_sts_policy_type: false, ..Assumptions::default() };
    assert_eq!(
        refused("", &on(role, SESSION, "sts:AssumeRole"), &typed).message,
        format!(
            "User: {SESSION} is not authorized to perform: sts:AssumeRole on resource: {role} because no role trust \
             policy allows the sts:AssumeRole action"
        )
    );
    assert_eq!(
        message("", &on(role, user, "sts:AssumeRole")),
        format!(
            "User: {user} is not authorized to perform: sts:AssumeRole on resource: {role} with an explicit deny in \
             the role trust policy"
        )
    );
    assert_eq!(
        message("", &on(role, "federated:accounts.google.com", "sts:AssumeRoleWithWebIdentity")),
        "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    );
    assert_eq!(
        message("", &on(role, "\"111122223333\"", "sts:AssumeRole")),
        "Roles may not be assumed by root accounts."
    );
}

#[test]
fn each_service_has_its_code() {
    let code = |action: &str| {
        let error = refused("", &on("\"*\"", SESSION, action), &Assumptions::default());
        (error.code.map(|code| (code.name, code.status)), error.message)
    };
    assert_eq!(code("kms:ListKeys").0, Some(("AccessDeniedException", 400)));
    assert_eq!(code("sts:GetFederationToken").0, Some(("AccessDenied", 403)));
    assert_eq!(code("codecommit:ListRepositories").0, None);
    let (ec2, message) = code("ec2:DescribeInstances");
    assert_eq!(ec2, Some(("UnauthorizedOperation", 403)));
    assert!(message.starts_with("You are not authorized to perform this operation. User: arn:aws:sts::"), "{message}");
}

#[test]
fn an_explanation_tells_the_rules_of_the_words() {
    let error =
        refused(&format!("keys: {{\"{KEY}\": {{}}}}"), &on(KEY, SESSION, "kms:Decrypt"), &Assumptions::default());
    let ids: Vec<_> = error.rules.iter().map(|rule| rule.id).collect();
    for id in ["denial-format", "denial-ciphertext", "denial-key-policy-both", "denial-code-kms"] {
        assert!(ids.contains(&id), "{ids:?}");
    }
}
