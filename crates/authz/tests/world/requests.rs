use authz::{
    context::{Others, Told},
    file::{NoFiles, request, world},
    principal::Principal,
    request::Request,
    text::SourceText,
    world::{GrantOperation, GrantPrincipal, World},
};

const KEY: &str = "arn:aws:kms:us-west-2:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn a_world() -> World {
    let text = "roles: {arn:aws:iam::111122223333:role/deep/path/Karpenter: {}}";
    world::read(&SourceText::new("world.yaml", text), &NoFiles).unwrap()
}

fn read(text: &str) -> Request {
    request::read(&SourceText::new("request.yaml", text), &a_world(), &NoFiles).unwrap()
}

fn refusal(text: &str) -> String {
    request::read(&SourceText::new("request.yaml", text), &a_world(), &NoFiles).unwrap_err().to_string()
}

#[test]
fn every_part_of_a_request_is_read() {
    let request = read(&format!(
        "
principal: arn:aws:sts::111122223333:assumed-role/Karpenter/karpenter
session:
  policies: [{{Statement: {{Effect: Allow, Action: '*', Resource: '*'}}}}]
  tags: {{team: a}}
  transitiveTagKeys: [team]
  sourceIdentity: ann
  chained: true
  issued: 2026-01-01T00:00:00Z
via: ec2.amazonaws.com
action: kms:CreateGrant
resource: {KEY}
encryptionContext: {{aws:ebs:id: vol-1}}
newGrant: {{grantee: ec2.amazonaws.com, operations: [Decrypt]}}
grantTokens: [t]
requestAlias: alias/x
context:
  aws:MultiFactorAuthPresent: true
  aws:TagKeys: [a, b]
  aws:SourceVpc: absent
  aws:SourceIp: unknown
  aws:UserAgent: [absent]
otherKeys: absent
"
    ));
    let Principal::Session(session) = &request.principal else { unreachable!("{:?}", request.principal) };
    assert_eq!(session.role.as_str(), "arn:aws:iam::111122223333:role/deep/path/Karpenter");
    assert_eq!((session.name.as_deref(), session.policies.len(), session.chained), (Some("karpenter"), 1, true));
    assert_eq!(&*request.through, ["ec2.amazonaws.com".into()]);
    assert_eq!(request.region.as_ref().map(aws_model::Region::as_str), Some("us-west-2"));
    let new_grant = request.kms.new_grant.as_ref().unwrap();
    assert_eq!(new_grant.grantee, GrantPrincipal::Service("ec2.amazonaws.com".into()));
    assert!(new_grant.operations.contains(GrantOperation::Decrypt));
    assert_eq!(request.kms.encryption_context.value_of("aws:ebs:id"), Some("vol-1"));
    let told = |key: &str| request.context.told(key).unwrap().clone();
    assert_eq!(told("aws:multifactorauthpresent"), Told::Values(vec!["true".to_owned()]));
    assert_eq!(told("aws:tagkeys"), Told::Values(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!((told("aws:sourcevpc"), told("aws:sourceip")), (Told::Absent, Told::Unknown));
    assert_eq!(told("aws:useragent"), Told::Values(vec!["absent".to_owned()]));
    assert_eq!(request.context.others(), Others::Absent);
}

#[test]
fn every_kind_of_principal_is_read() {
    let of = |principal: &str| read(&format!("{{principal: '{principal}', action: s3:ListAllMyBuckets}}")).principal;
    assert!(matches!(of("111122223333"), Principal::Root(_)));
    assert!(matches!(of("arn:aws:iam::111122223333:root"), Principal::Root(_)));
    assert!(matches!(of("arn:aws:iam::111122223333:user/ann"), Principal::User(_)));
    assert!(matches!(of("arn:aws:iam::111122223333:role/A"), Principal::Session(session) if session.name.is_none()));
    assert!(matches!(of("arn:aws:sts::111122223333:federated-user/bob"), Principal::FederatedUser(_)));
    assert!(matches!(of("arn:aws:iam::111122223333:oidc-provider/host/id/X"), Principal::Federated { .. }));
    assert!(matches!(of("federated:accounts.google.com"), Principal::Federated { .. }));
    assert!(matches!(of("pods.eks.amazonaws.com"), Principal::Service(_)));
    assert!(matches!(of("anonymous"), Principal::Anonymous));
    for bad in ["KarpenterController", "arn:aws:iam::111122223333:group/g", "arn:aws:sts::111122223333:assumed-role/A"]
    {
        let error = refusal(&format!("principal: '{bad}'\naction: s3:ListAllMyBuckets"));
        assert!(error.starts_with(&format!("request.yaml:1:12: principal: `{bad}` is no principal")), "{error}");
    }
}

#[test]
fn what_a_request_cannot_say_is_refused_at_its_place() {
    assert!(refusal("principal: anonymous\naction: kms\n").starts_with("request.yaml:2:9: action: `kms` is no action"));
    assert!(refusal("principal: anonymous\n").contains("`action` is missing"));
    let error = refusal("principal: 111122223333\nsession: {name: x}\naction: kms:Decrypt\n");
    assert!(error.starts_with("request.yaml:2:1: session: only a role"), "{error}");
    let error = refusal("principal: anonymous\naction: kms:Decrypt\ncontext: {SourceVpc: x}\n");
    assert!(error.starts_with("request.yaml:3:11: context.SourceVpc: `SourceVpc` is no context key"), "{error}");
    let error = refusal("principal: anonymous\naction: kms:Decrypt\nencrytionContext: {}\n");
    assert!(error.contains("did you mean `encryptionContext`?"), "{error}");
}

#[test]
fn an_alias_stands_for_its_key_in_operations_on_keys() {
    let text = format!("keys: {{{KEY}: {{aliases: [alias/demo]}}}}");
    let world = world::read(&SourceText::new("world.yaml", text), &NoFiles).unwrap();
    let read = |action: &str, region: &str| {
        let alias = format!("arn:aws:kms:{region}:444455556666:alias/demo");
        let text = format!("principal: anonymous\naction: {action}\nresource: {alias}");
        let request = request::read(&SourceText::new("request.yaml", text), &world, &NoFiles).unwrap();
        (request.resource.arn == KEY.into(), request.kms.request_alias)
    };
    assert_eq!(read("kms:Decrypt", "us-west-2"), (true, Some("alias/demo".into())));
    assert_eq!(read("kms:Decrypt", "eu-west-1"), (false, None), "aliases are of one region");
    assert_eq!(read("kms:DeleteAlias", "us-west-2"), (false, None), "this is about the alias");
}
